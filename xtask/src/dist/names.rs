//! The machines that a release is for, and what its files are called for each.

use anyhow::{Context, Result};

/// A machine.
#[derive(Debug)]
pub struct Machine {
    /// What rustc calls the target that is built.
    pub target: &'static str,
    /// What the names of archives call it: the word that `uname -m`, ubi and mise have for it. Every program is static, so
    /// all of them are for musl and for glibc.
    pub name: &'static str,
    /// What container engines call it, `TARGETARCH` and `TARGETVARIANT` of a Dockerfile in one word.
    pub container: &'static str,
}

/// Every machine. x86_64 and s390x have glibc linked in: for the one its allocator is faster than musl's (it is what
/// `cargo xtask bench` measures), for the other there is no compiled standard library for musl.
pub const MACHINES: &[Machine] = &[
    Machine { target: "x86_64-unknown-linux-gnu", name: "x86_64", container: "amd64" },
    Machine { target: "i686-unknown-linux-musl", name: "i686", container: "386" },
    Machine { target: "aarch64-unknown-linux-musl", name: "aarch64", container: "arm64" },
    Machine { target: "armv7-unknown-linux-musleabihf", name: "armv7", container: "armv7" },
    Machine { target: "powerpc64le-unknown-linux-musl", name: "ppc64le", container: "ppc64le" },
    Machine { target: "s390x-unknown-linux-gnu", name: "s390x", container: "s390x" },
    Machine { target: "riscv64gc-unknown-linux-musl", name: "riscv64", container: "riscv64" },
    Machine { target: "loongarch64-unknown-linux-musl", name: "loongarch64", container: "loong64" },
];

impl Machine {
    /// The machine of a target.
    pub fn of(target: &str) -> Result<&'static Self> {
        let machine = MACHINES.iter().find(|machine| machine.target == target);
        machine.with_context(|| format!("nothing is released for `{target}`"))
    }

    /// How the names of its files begin: `muslrepair-0.1.0-x86_64-linux-musl`.
    pub fn stem(&self, version: &str) -> String {
        format!("muslrepair-{version}-{}-linux-musl", self.name)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::process::root;

    fn text(path: &str) -> String {
        fs::read_to_string(root().join(path)).unwrap()
    }

    #[test]
    fn the_release_is_built_for_every_machine_and_for_no_other() {
        let workflow = text(".github/workflows/release.yml");
        for machine in MACHINES {
            let entry = format!("{{ target: {}, name: {}, ", machine.target, machine.name);
            assert!(workflow.contains(&entry), "no `{entry}` in release.yml");
            let platform = machine.container.replace("armv7", "arm/v7");
            assert!(workflow.contains(&format!("linux/{platform}")), "{platform} has no image");
        }
        assert_eq!(workflow.matches("{ target: ").count(), MACHINES.len());
    }

    /// cargo-binstall asks for the target of the machine it runs on, which is a musl one on Alpine.
    #[test]
    fn binstall_finds_an_archive_for_each_target_of_a_machine_with_either_libc() {
        let manifest = text("Cargo.toml");
        for machine in MACHINES {
            let (processor, _) = machine.target.split_once('-').unwrap();
            let end = if processor == "armv7" { "eabihf" } else { "" };
            for libc in ["gnu", "musl"] {
                let target = format!("{processor}-unknown-linux-{libc}{end}");
                let table = format!("[package.metadata.binstall.overrides.{target}]\npkg-url = ");
                let value = manifest.split(&table).nth(1).and_then(|rest| rest.lines().next());
                let stem = machine.stem("{ version }");
                let wanted = format!("\"{{ repo }}/releases/download/v{{ version }}/{stem}.tar.gz\"");
                assert_eq!(value, Some(wanted.as_str()), "{target}");
            }
        }
        assert!(manifest.contains("bin-dir = \"muslrepair-{ version }/{ bin }{ binary-ext }\""));
    }

    #[test]
    fn the_action_asks_for_files_of_these_names() {
        let action = text("action.yml");
        assert!(action.contains("name=muslrepair-$version-$machine-linux-musl"));
        for machine in MACHINES {
            let case = action.lines().find(|line| line.contains(&format!("machine={} ;;", machine.name)));
            assert!(case.is_some(), "the action knows no `{}`", machine.name);
        }
    }
}
