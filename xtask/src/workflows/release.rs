//! The steps of the workflows that need nothing but a shell and files as a release has them.

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};

use super::Bench;
use super::step::Step;
use crate::process::{command, output, root};

/// Two files of a machine, and their sums, as `dist` leaves them.
fn dist(bench: &Bench, directory: &Path) -> Result<()> {
    fs::create_dir_all(directory.join("image/amd64"))?;
    fs::copy(&bench.program, directory.join("image/amd64/muslrepair"))?;
    for machine in ["x86_64", "s390x"] {
        let stem = format!("muslrepair-{}-{machine}-linux-musl", bench.version);
        let (archive, wheel) =
            (format!("{stem}.tar.gz"), format!("muslrepair-{}-py3-none-{machine}.whl", bench.version));
        fs::write(directory.join(&archive), machine)?;
        fs::write(directory.join(&wheel), machine)?;
        let sums = output(command("sha256sum").args([&archive, &wheel]).current_dir(directory))?;
        fs::write(directory.join(format!("{stem}.sha256")), sums)?;
    }
    Ok(())
}

/// The tree, for steps that read files of it.
fn tree(bench: &Bench, name: &str) -> Result<std::path::PathBuf> {
    let directory = bench.directory(name)?;
    for file in ["Cargo.toml", "CHANGELOG.md"] {
        fs::copy(root().join(file), directory.join(file))?;
    }
    output(command("cp").arg("-a").arg(root().join("testdata")).arg(&directory))?;
    Ok(directory)
}

/// The version is found; a tag must name it, and the changelog must have it.
pub fn version(bench: &Bench, step: &Step) -> Result<()> {
    let directory = tree(bench, "version")?;
    let result = directory.join("output").display().to_string();
    let run = |reference: &str, tag: &str| {
        step.run(
            &directory,
            &[("GITHUB_REF", reference), ("GITHUB_REF_NAME", tag), ("GITHUB_OUTPUT", &result)],
        )
    };
    run("refs/heads/main", "main")?.expect(0, "")?;
    if fs::read_to_string(&result)? != format!("version={}\n", bench.version) {
        bail!("it says {}", fs::read_to_string(&result)?);
    }
    run("refs/tags/v9.9.9", "v9.9.9")?.expect(1, "Cargo.toml has version")?;
    let tag = format!("v{}", bench.version);
    fs::write(directory.join("CHANGELOG.md"), "# Changelog\n\n## Unreleased\n")?;
    run(&format!("refs/tags/{tag}"), &tag)?.expect(1, "CHANGELOG.md has no section")?;
    fs::write(directory.join("CHANGELOG.md"), format!("# Changelog\n\n## {} (today)\n", bench.version))?;
    run(&format!("refs/tags/{tag}"), &tag)?.expect(0, "")
}

/// Sums that are right pass, and others do not.
pub fn sums(bench: &Bench, step: &Step) -> Result<()> {
    let directory = bench.directory("sums")?;
    dist(bench, &directory)?;
    step.run(&directory, &[])?.expect(0, "OK")?;
    fs::write(directory.join(format!("muslrepair-{}-s390x-linux-musl.tar.gz", bench.version)), "else")?;
    step.run(&directory, &[])?.expect(1, "FAILED")
}

/// As on every machine, here on this one.
pub fn program(bench: &Bench, step: &Step) -> Result<()> {
    let directory = tree(bench, "program")?;
    dist(bench, &directory.join("dist"))?;
    let given = [("CONTAINER", "amd64"), ("PLATFORM", "linux/amd64")];
    step.run(&directory, &given)?.expect(0, &format!("muslrepair {}", bench.version))
}

/// One list has the sums of every file of every machine, and no image is among what is attested.
pub fn one_list(bench: &Bench, step: &Step) -> Result<()> {
    let directory = bench.directory("one-list")?;
    dist(bench, &directory)?;
    step.run(&directory, &[])?.expect(0, "OK")?;
    let list = fs::read_to_string(directory.join("SHA256SUMS"))?;
    if list.lines().count() != 4 || directory.join("image").exists() {
        bail!("the list is\n{list}");
    }
    output(command("sha256sum").args(["--check", "SHA256SUMS"]).current_dir(&directory)).map(drop)
}

/// Wheels, and nothing else, are what is uploaded.
pub fn wheels(bench: &Bench, step: &Step) -> Result<()> {
    let directory = bench.directory("wheels")?;
    dist(bench, &directory.join("dist"))?;
    step.run(&directory, &[])?.expect(0, "")?;
    match fs::read_dir(directory.join("wheels"))?.count() {
        2 => Ok(()),
        count => bail!("{count} files are uploaded"),
    }
}

/// Whether a version is in the index, with an index that has one.
pub fn published(bench: &Bench, step: &Step) -> Result<()> {
    let directory = bench.directory("published")?;
    let index = "#!/bin/sh\necho '{\"name\":\"muslrepair\",\"vers\":\"0.0.1\",\"deps\":[]}'\n";
    fs::write(directory.join("curl"), index)?;
    output(command("chmod").arg("+x").arg(directory.join("curl")))?;
    let path = format!("{}:/usr/bin:/bin", directory.display());
    let result = directory.join("output").display().to_string();
    for (version, said) in
        [("0.0.1", "published=true\n"), ("0.0.2", "published=false\n"), ("0.0", "published=false\n")]
    {
        fs::write(&result, "")?;
        step.run(&directory, &[("VERSION", version), ("PATH", &path), ("GITHUB_OUTPUT", &result)])?
            .expect(0, "")?;
        if fs::read_to_string(&result)? != said {
            bail!("of {version} it says {}", fs::read_to_string(&result)?);
        }
    }
    Ok(())
}

/// The program of this tree, which cargo would start.
pub fn host(bench: &Bench, step: &Step) -> Result<()> {
    let directory = tree(bench, "host")?;
    let cargo = format!(
        "#!/bin/sh\nset -eu\n[ \"$1\" = run ]\nwhile [ \"$1\" != -- ]; do shift; done\nshift\nexec '{}' \"$@\"\n",
        bench.program.display()
    );
    fs::write(directory.join("cargo"), cargo)?;
    output(command("chmod").arg("+x").arg(directory.join("cargo")))?;
    let path = format!("{}:/usr/bin:/bin", directory.display());
    step.run(&directory, &[("PATH", &path)])?.expect(0, "demo-1.0")
}
