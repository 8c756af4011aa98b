//! The recipes that are Dockerfiles.

use std::fs;

use anyhow::{Context, Result, bail};

use super::{Container, Kitchen, PASSWORD, USER, directory, pypiserver_of};
use crate::dist::HOST;
use crate::install;
use crate::process::{command, empty, output, root, run as run_command, target};

/// Builds a stage twice, from nothing: its wheels are the same bytes, and so are the inputs of the layers that copy them.
fn twice<'a>(
    kitchen: &'a Kitchen,
    (recipe, stage, place): (&str, &str, &str),
    options: &[String],
) -> Result<Container<'a>> {
    // Without the wheels that pip keeps.
    let options = [options, &["--env=PIP_NO_CACHE_DIR=1".to_owned()]].concat();
    let first = kitchen.build(recipe, stage, &options)?.digests(place)?;
    let container = kitchen.build(recipe, stage, &options)?;
    let second = container.digests(place)?;
    match first == second && !first.is_empty() {
        true => Ok(container),
        false => bail!("two builds of `{recipe}` differ in {place}:\n{first:#?}\n{second:#?}"),
    }
}

pub fn single_stage(kitchen: &Kitchen) -> Result<()> {
    let stage = kitchen.build("single-stage", "runtime", &[])?;
    stage.root.fails("gcc --version")?;
    stage.starts("works: true")
}

pub fn builder(kitchen: &Kitchen) -> Result<()> {
    kitchen.build("builder", "runtime", &[])?.starts("works: true")?;
    let wheels = twice(kitchen, ("builder", "wheels", "/"), &[])?.files("/")?;
    if wheels.len() != 4 || !wheels.iter().all(|name| name.ends_with(".whl") && !name.contains("-linux_")) {
        bail!("the stage for export should have three wheels, pycparser, and nothing else");
    }
    Ok(())
}

pub fn private_index(kitchen: &Kitchen) -> Result<()> {
    // `pip install twine` takes it from the index, like everything else.
    let bin = install::python_tools("sources", super::ship::SOURCES)?;
    let mut download = command(bin.join("pip"));
    download.args(["download", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"]);
    download.args(["--platform=musllinux_1_2_x86_64", "--platform=musllinux_1_1_x86_64"]);
    run_command(download.args(["--python-version=3.11", "twine==7.0.0", "--dest"]).arg(&kitchen.packages))?;
    let server =
        pypiserver_of(&empty(kitchen.work.join("own-packages"))?, &kitchen.work.join("own-index.log"))?;
    let url = server.url();
    let options = [
        format!("--env=TWINE_USERNAME={USER}"),
        format!("--env=TWINE_PASSWORD={PASSWORD}"),
        format!("--build-arg=INDEX_UPLOAD_URL={url}"),
        format!("--build-arg=INDEX_URL={url}simple/"),
    ];
    // No stage needs another: the first uploads what the second installs. When it is built again, nothing is uploaded.
    twice(kitchen, ("private-index", "publish", "/wheels"), &options)?;
    kitchen.build("private-index", "runtime", &options)?.starts("works: True")
}

pub fn unbundled(kitchen: &Kitchen) -> Result<()> {
    let builder = twice(kitchen, ("unbundled", "builder", "/wheels"), &[])?;
    let list = fs::read_to_string(builder.root.path("/runtime-packages"))?;
    if list.lines().collect::<Vec<_>>() != ["so:libffi.so.8", "so:libyaml-0.so.2"] {
        bail!("what is needed at run time: {list}");
    }
    kitchen.build("unbundled", "runtime", &[])?.starts("works: true")
}

pub fn wheel_image(kitchen: &Kitchen) -> Result<()> {
    let options =
        ["MODULE=cffi", "VERSION=1.17.1", "PACKAGES=libffi-dev"].map(|arg| format!("--build-arg={arg}"));
    for (stage, end) in [("bundled", "-musllinux_1_2_x86_64.whl"), ("unbundled", "-linux_x86_64.whl")] {
        let image = twice(kitchen, ("wheel-image", stage, "/"), &options)?;
        if !image.files("/")?.iter().any(|name| name.ends_with(end)) {
            bail!("each image should have wheels of its own kind");
        }
    }
    // Runs the script with a stand-in for docker that prints its arguments.
    let mut script = command(directory("wheel-image").join("build.sh"));
    script
        .args(["--push", "--ssl", "libressl", "cffi==1.17.1-pyall", "lz4==4.4.4"])
        .env("PYTHONS", "3.12 3.13");
    script.env("REGISTRY", "registry.example.com").env("DOCKER", "echo");
    let said = output(&mut script)?;
    for expected in [
        "--target bundled --build-arg PYTHON=3.13 --build-arg MODULE=cffi --build-arg VERSION=1.17.1",
        "--build-arg SSL=libressl --build-arg BUILD_TAG=1libressl",
        "--tag registry.example.com/python-musl-wheels:cffi1.17.1-py3.12-libressl",
        "--tag registry.example.com/python-alpine-wheels:cffi1.17.1-py3.13-libressl",
        "--tag registry.example.com/python-musl-wheels:lz44.4.4-py3.13-libressl",
    ] {
        if !said.contains(expected) {
            bail!("build.sh does not call docker with `{expected}` but:\n{said}");
        }
    }
    Ok(())
}

pub fn home_assistant(kitchen: &Kitchen) -> Result<()> {
    let place = "/usr/src/wheels";
    let wheels = twice(kitchen, ("home-assistant", "builder", place), &[])?.files(place)?;
    let native: Vec<_> = wheels.iter().filter(|name| !name.ends_with("-none-any.whl")).collect();
    // The builder itself requires names with one tag, with versions of one digit.
    let good =
        |name: &&String| name.ends_with("-musllinux_1_2_x86_64.whl") && name.matches("linux").count() == 1;
    if native.len() != 3 || !native.iter().all(good) {
        bail!("not what the builder expects");
    }
    Ok(())
}

/// The files that the Dockerfile copies from the repository, and a function for the text after a keyword.
fn dockerfile() -> Result<(Vec<String>, impl Fn(&str) -> Option<String>)> {
    let text = fs::read_to_string(root().join("Dockerfile"))?;
    let copies =
        text.lines().filter_map(|line| line.strip_prefix("COPY ")).filter(|line| !line.starts_with("--"));
    let sources = |line: &str| {
        line.rsplit_once(' ')
            .map_or(line, |(sources, _)| sources)
            .split(' ')
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let copied = copies.flat_map(sources).collect();
    Ok((copied, move |start: &str| text.lines().find(|line| line.starts_with(start)).map(str::to_owned)))
}

/// A directory with the files that the Dockerfile copies.
fn copied(place: &str) -> Result<std::path::PathBuf> {
    let source = empty(target().join(place))?;
    for path in dockerfile()?.0 {
        run_command(command("cp").arg("-a").arg(root().join(path)).arg(&source))?;
    }
    Ok(source)
}

/// Our own image: the copied files are enough to build the program with the Dockerfile's command, and the
/// program alone is enough for the last stage. This machine replaces the image of Rust.
pub fn own_image(kitchen: &Kitchen) -> Result<()> {
    let source = copied("e2e/Dockerfile-source")?;
    let (_, line) = dockerfile()?;
    let script = line("RUN cargo ").context("no RUN line calls cargo")?;
    let mut build = command("sh");
    build
        .args(["-ec", script.trim_start_matches("RUN ")])
        .current_dir(&source)
        .env("CARGO_TARGET_DIR", target());
    build.env("CARGO_BUILD_TARGET", HOST).env("RUSTFLAGS", "-C target-feature=+crt-static");
    run_command(&mut build)?;
    line("COPY --from=builder /src/target/release/muslrepair /muslrepair")
        .context("not what is expected here")?;
    let last = empty(kitchen.work.join("Dockerfile-scratch"))?;
    fs::copy(target().join(HOST).join("release/muslrepair"), last.join("muslrepair"))?;
    let entry = line("ENTRYPOINT ").context("no ENTRYPOINT")?;
    let entry: Vec<String> = serde_json::from_str(entry.trim_start_matches("ENTRYPOINT "))?;
    let mut start = install::as_root("chroot")?;
    println!("   FROM scratch: {}", output(start.arg(&last).args(entry).arg("--version"))?.trim());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::cargo;

    #[test]
    fn what_the_image_copies_has_all_that_cargo_toml_names() {
        let source = copied("tmp/Dockerfile-source").unwrap();
        // Downloads nothing, because everything is present, but reads the manifests like a build.
        let mut fetch = cargo();
        fetch.args(["fetch", "--locked", "--offline", "--target", HOST]);
        run_command(fetch.current_dir(&source)).unwrap();
        fs::remove_dir_all(&source).unwrap();
    }
}
