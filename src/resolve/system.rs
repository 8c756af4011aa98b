//! Facts about a root file system that decide what can be installed there.

use std::path::PathBuf;

use crate::musl;
use crate::platform::Arch;
use crate::regular_file::read_regular;

use super::apk::ApkDatabase;
use super::sysroot::Sysroot;

/// The system whose libraries are examined, and its role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct System {
    /// The directory named as its root; `None` for this machine.
    pub root: Option<PathBuf>,
    /// What its libraries are used for.
    pub purpose: Purpose,
    /// Whether `apk` installs libraries there: it is Alpine or based on Alpine.
    pub has_apk: bool,
    /// The architectures whose programs run there; empty if unknown.
    pub arches: Vec<Arch>,
}

/// What the libraries of a system are used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// They are grafted. The wheel runs on another system.
    Build,
    /// The wheel will run there.
    Run,
    /// They are not used.
    Nothing,
}

impl Default for System {
    /// An Alpine system for repairing wheels of any architecture.
    fn default() -> Self {
        Self { root: None, purpose: Purpose::Build, has_apk: true, arches: Vec::new() }
    }
}

impl System {
    /// Examines a root file system: the distribution in its `os-release`, and the loaders in its `/lib`.
    /// Files that cannot be read are ignored.
    #[must_use]
    pub fn of(sysroot: &Sysroot, purpose: Purpose) -> Self {
        let is_host = *sysroot == Sysroot::default();
        let exists = |path: &str| sysroot.resolve(path).is_ok();
        let mut arches: Vec<Arch> =
            Arch::ALL.into_iter().filter(|arch| exists(&musl::loader_path(*arch))).collect();
        if is_host && arches.is_empty() {
            arches.extend(std::env::consts::ARCH.parse::<Arch>());
        }
        Self {
            root: (!is_host).then(|| sysroot.root().to_owned()),
            purpose,
            has_apk: has_apk(sysroot),
            arches,
        }
    }

    /// Whether programs of an architecture run there; true if unknown.
    #[must_use]
    pub fn is_for(&self, arch: Option<Arch>) -> bool {
        self.arches.is_empty() || arch.is_none_or(|arch| self.arches.contains(&arch))
    }
}

/// Whether the distribution is Alpine or says that it is based on it (`os-release(5)`); without an
/// `os-release`, whether it has an apk database.
fn has_apk(sysroot: &Sysroot) -> bool {
    /// Larger than any such file.
    const LARGEST: u64 = 1 << 20;
    let places = ["/etc/os-release", "/usr/lib/os-release"];
    let text = places.iter().find_map(|place| {
        let (_, location) = sysroot.resolve(place).ok()?;
        read_regular(&location, LARGEST).ok()
    });
    let Some(text) = text else {
        return ApkDatabase::PLACES.iter().any(|place| sysroot.resolve(place).is_ok());
    };
    let text = String::from_utf8_lossy(&text);
    let values = text.lines().filter_map(|line| line.strip_prefix("ID=").or(line.strip_prefix("ID_LIKE=")));
    let mut names = values.flat_map(|value| value.split([' ', '"', '\'']));
    names.any(|name| name == "alpine")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_system_is_what_its_os_release_and_its_loaders_say() {
        let root = tempfile::tempdir().unwrap();
        let system = || System::of(&Sysroot::new(root.path()), Purpose::Run);
        assert_eq!((system().has_apk, system().arches), (false, vec![]));
        std::fs::create_dir(root.path().join("lib")).unwrap();
        std::fs::write(root.path().join("lib/ld-musl-armhf.so.1"), "").unwrap();
        assert_eq!(system().arches, [Arch::Armv7l, Arch::Armv6l]);
        assert!(system().is_for(Some(Arch::Armv7l)) && !system().is_for(Some(Arch::X86_64)));
        std::fs::create_dir(root.path().join("etc")).unwrap();
        for (text, has_apk) in [
            ("ID=alpine\n", true),
            ("ID=postmarketos\nID_LIKE=\"alpine\"\n", true),
            ("ID=debian\nNAME=alpine\n", false),
        ] {
            std::fs::write(root.path().join("etc/os-release"), text).unwrap();
            assert_eq!(system().has_apk, has_apk, "{text}");
        }
    }
}
