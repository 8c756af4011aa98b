//! The archive with the program, its manual, completions and licences.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{Program, directory, version};
use crate::process::{self, cargo, command, empty, output, root, target};

/// Files that are copied into the archive.
const DOCUMENTS: &[&str] = &["README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"];

/// The shells with completions, and the file names that they expect.
const SHELLS: &[(&str, &str)] =
    &[("bash", "muslrepair.bash"), ("zsh", "_muslrepair"), ("fish", "muslrepair.fish")];

pub fn pack(program: &Program) -> Result<PathBuf> {
    let name = format!("muslrepair-{}-{}", version(), program.triple);
    let tree = empty(directory().join("tree").join(&name))?;
    fs::copy(&program.path, tree.join("muslrepair"))?;
    for document in DOCUMENTS {
        fs::copy(root().join(document), tree.join(document))?;
    }
    reference(&speaking(program)?, &tree)?;
    let archive = directory().join(format!("{name}.tar.gz"));
    compress(&tree, &archive)?;
    Ok(archive)
}

/// The documentation that the program prints.
fn reference(program: &Path, tree: &Path) -> Result<()> {
    let (completions, man) = (tree.join("completions"), tree.join("man"));
    fs::create_dir_all(&completions)?;
    fs::create_dir_all(&man)?;
    for (shell, file) in SHELLS {
        fs::write(completions.join(file), output(Command::new(program).args(["completions", shell]))?)?;
    }
    fs::write(man.join("muslrepair.1"), output(Command::new(program).arg("man"))?)?;
    for command in ["repair", "show", "verify", "needs", "lddtree"] {
        let page = output(Command::new(program).args(["man", command]))?;
        fs::write(man.join(format!("muslrepair-{command}.1")), page)?;
    }
    Ok(())
}

/// The program itself, or if it runs on other machines, one for this machine: both print the same.
fn speaking(program: &Program) -> Result<PathBuf> {
    if program.is_native() {
        return Ok(program.path.clone());
    }
    process::run(cargo().args(["build", "--package", "muslrepair", "--bin", "muslrepair"]))?;
    Ok(target().join("debug/muslrepair"))
}

/// The same tree gives the same bytes: no owners, one time, sorted names.
fn compress(tree: &Path, archive: &Path) -> Result<()> {
    let (parent, name) = (tree.parent().context("no parent")?, tree.file_name().context("no name")?);
    process::run(
        command("tar")
            .args(["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mode=u+rwX,go=rX"])
            .arg(format!("--mtime=@{}", time()))
            .args(["--use-compress-program=gzip -9n", "-cf"])
            .arg(archive)
            .arg("-C")
            .arg(parent)
            .arg(name),
    )
}

/// `SOURCE_DATE_EPOCH`, or the time of the last commit, or zero in a tree without history.
pub(super) fn time() -> String {
    if let Ok(time) = std::env::var("SOURCE_DATE_EPOCH") {
        return time;
    }
    let commit = output(command("git").args(["log", "-1", "--format=%ct"]));
    commit.map_or_else(|_| "0".to_owned(), |time| time.trim().to_owned())
}
