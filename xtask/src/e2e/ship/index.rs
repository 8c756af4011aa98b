//! Uploads to private indexes, and installs from them with several clients.

use std::path::Path;

use anyhow::{Result, bail};

use super::{PIPS, PROJECTS, Ship, UV};
use crate::e2e::server::{Server, TOOLS, pypiserver_of};
use crate::image::{self, file_starting};
use crate::install;
use crate::process::{command, empty, entries, name, output};

const DEVPI: &[&str] = &["devpi-server==6.20.3", "devpi-client==7.3.0"];

/// The clients, downloaded once.
pub fn fetch_clients(ship: &mut Ship) -> Result<()> {
    let pip = install::python_tools("sources", super::SOURCES)?.join("pip");
    let clients = ship.directory.join("clients");
    image::fetch_python(&pip, &clients, &["--only-binary=:all:"], PIPS)?;
    let musl = ["--only-binary=:all:", "--platform=musllinux_1_1_x86_64", "--platform=musllinux_1_2_x86_64"];
    image::fetch_python(&pip, &clients, &musl, &[UV])
}

pub fn pypiserver(ship: &mut Ship) -> Result<()> {
    let bin = install::python_tools("index", TOOLS)?;
    let packages = empty(ship.directory.join("pypiserver"))?;
    let server = pypiserver_of(&packages, &ship.directory.join("pypiserver.log"))?;
    let url = server.url();
    upload(ship, &bin, &url)?;
    // A common mistake, because it is the URL for pip.
    match upload(ship, &bin, &format!("{url}simple/")) {
        Err(refused) if format!("{refused:#}").contains("405 Method Not Allowed") => {}
        other => bail!("uploading to /simple/ should be refused with 405 Method Not Allowed: {other:?}"),
    }
    install_everywhere(ship, "pypiserver", &format!("{url}simple/"))
}

pub fn devpi(ship: &mut Ship) -> Result<()> {
    let bin = install::python_tools("devpi", DEVPI)?;
    let state = ship.directory.join("devpi");
    image::remove(&state)?;
    output(command(bin.join("devpi-init")).args(["--no-root-pypi", "--serverdir"]).arg(&state))?;
    let arguments = |port: u16| {
        let list =
            ["--host", "127.0.0.1", "--port", &port.to_string(), "--serverdir", &state.display().to_string()];
        list.map(str::to_owned).to_vec()
    };
    let server = Server::start(&bin.join("devpi-server"), arguments, &ship.directory.join("devpi.log"))?;
    let url = server.url();
    let clientdir = state.join("client").display().to_string();
    for arguments in [
        vec!["use", &url],
        vec!["login", "root", "--password="],
        vec!["user", "-c", "ci", "password=secret"],
        vec!["login", "ci", "--password=secret"],
        vec!["index", "-c", "ci/wheels", "bases="],
    ] {
        output(command(bin.join("devpi")).args(arguments).args(["--clientdir", &clientdir]))?;
    }
    upload(ship, &install::python_tools("index", TOOLS)?, &format!("{url}ci/wheels/"))?;
    install_everywhere(ship, "devpi", &format!("{url}ci/wheels/+simple/"))
}

fn upload(ship: &Ship, bin: &Path, url: &str) -> Result<()> {
    let mut twine = command(bin.join("twine"));
    twine.args(["upload", "--non-interactive", "--disable-progress-bar", "--repository-url", url]);
    twine.env("TWINE_USERNAME", "ci").env("TWINE_PASSWORD", "secret");
    twine.args(entries(&ship.builder()?.path("/wheels"))?);
    // twine prints part of its errors to standard output.
    let done = twine.output()?;
    if !done.status.success() {
        let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        bail!("twine upload to {url}: {}\n{out}{err}", done.status);
    }
    Ok(())
}

/// Installs from the index with every client, each into a separate environment, and uses the installed
/// packages.
fn install_everywhere(ship: &Ship, server: &str, index: &str) -> Result<()> {
    let root = ship.image_ref()?.copy_to(&ship.directory.join(format!("runtime-{server}")))?;
    root.put(&ship.directory.join("clients"), "/clients")?;
    root.put(&ship.directory.join("smoke.py"), "/smoke.py")?;
    let names: Vec<&str> = PROJECTS.iter().map(|project| project.requirement).collect();
    let names = names.join(" ");
    let uv = name(&file_starting(&ship.directory.join("clients"), "uv-")?);
    root.run(&format!("pip install --no-index /clients/{uv}"))?;
    for client in PIPS.iter().chain([&UV]) {
        root.run("rm -rf /v && python3 -m venv --without-pip /v")?;
        if *client == UV {
            root.run(&format!(
                "uv pip install --no-cache --python /v/bin/python --index-url {index} {names}"
            ))?;
        } else {
            let wheel = format!("{}-", client.replace("==", "-"));
            let wheel = name(&file_starting(&ship.directory.join("clients"), &wheel)?);
            root.run(&format!(
                "PYTHONPATH=/clients/{wheel} /v/bin/python -m pip install --no-cache-dir --index-url {index} {names}"
            ))?;
        }
        println!("{server}, {}: {}", client.replace("==", " "), root.run("/v/bin/python /smoke.py")?.trim());
    }
    Ok(())
}
