//! A second opinion: patchelf makes the same edit of every fixture, and the facts of both results
//! agree wherever patchelf takes the file. Without patchelf the tests are listed as ignored;
//! `cargo xtask test` brings it in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Failed, Trial};
use muslrepair::elf::{ElfEdit, ElfFacts, RunPathEdit, patch};

const ARCHES: [&str; 8] =
    ["x86_64", "i686", "aarch64", "armv7l", "ppc64le", "s390x", "riscv64", "loongarch64"];

const SONAME: &str = "libfixture-1a2b3c4d.so.1";
const RUN_PATH: &str = "$ORIGIN/../fixture.libs";
const RENAMED: [(&str, &str); 2] =
    [("libone.so.1", "libone-1a2b3c4d.so.1"), ("libfour.so.4", "libfour-1a2b3c4d.so.4")];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let patchelf = std::env::var_os("MUSLREPAIR_PATCHELF").map(PathBuf::from);
    let trials = ARCHES.map(|arch| match patchelf.clone() {
        Some(patchelf) => Trial::test(arch, move || {
            agree_on(arch, &patchelf).map_err(|error| Failed::from(error.to_string()))
        }),
        None => Trial::test(arch, || Ok(())).with_kind("no patchelf").with_ignored_flag(true),
    });
    libtest_mimic::run(&arguments, trials.into()).exit_code()
}

fn agree_on(arch: &str, patchelf: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/elf").join(arch);
    let copies = tempfile::tempdir()?;
    let (mut compared, mut wrong) = (0, Vec::new());
    for fixture in fs::read_dir(fixtures)? {
        let fixture = fixture?;
        let name = fixture.file_name().to_string_lossy().into_owned();
        if !name.ends_with(".so") {
            continue;
        }
        let copy = copies.path().join(&name);
        fs::copy(fixture.path(), &copy)?;
        // patchelf leaves files with odd hash tables or no room as they are and says so.
        if !run(patchelf, &copy)? {
            continue;
        }
        let Ok(theirs) = ElfFacts::parse(&fs::read(&copy)?) else { continue };
        let ours = patch(fs::read(fixture.path())?, &edit())?.facts;
        compared += 1;
        let facts = |facts: ElfFacts| {
            (
                facts.soname,
                facts.needed,
                facts.rpath,
                facts.runpath,
                facts.version_needs,
                facts.version_definitions,
            )
        };
        let (ours, theirs) = (facts(ours), facts(theirs));
        if ours != theirs {
            wrong.push(format!("{name}:\n  ours     {ours:?}\n  patchelf {theirs:?}"));
        }
    }
    // The architecture with the fewest fixtures has 23; refusing all of them proves nothing.
    if wrong.is_empty() && compared > 20 {
        return Ok(());
    }
    Err(format!("{compared} compared\n{}", wrong.join("\n")).into())
}

fn edit() -> ElfEdit {
    ElfEdit {
        soname: Some(SONAME.to_owned()),
        rename_needed: RENAMED.map(|(old, new)| (old.to_owned(), new.to_owned())).into(),
        run_path: RunPathEdit::Set(RUN_PATH.to_owned()),
        ..ElfEdit::default()
    }
}

/// The same edit by patchelf; whether it took the file.
fn run(patchelf: &Path, file: &Path) -> std::io::Result<bool> {
    let mut command = Command::new(patchelf);
    command.args(["--set-soname", SONAME, "--force-rpath", "--set-rpath", RUN_PATH]);
    for (old, new) in RENAMED {
        command.args(["--replace-needed", old, new]);
    }
    Ok(command.arg(file).output()?.status.success())
}
