//! The architecture of a wheel: the ELF files decide it, and the file name must agree.

use crate::elf::ElfFacts;
use crate::platform::Arch;
use crate::wheel::PlatformTag;

/// A contradiction about the architecture of a wheel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ArchConflict {
    /// An object is for a machine that no tag of musl wheels names.
    UnknownMachine { object: String, machine: u16 },
    /// An object is for another architecture than the first one.
    OtherArch { object: String, arch: Arch, first: String, first_arch: Arch },
    /// The file name has another architecture than the ELF files.
    FileName { object: String, arch: Arch, claim: String },
}

/// Decides the architecture of a wheel, and returns the contradictions. `platforms` are the tags of the file
/// name; `objects` are the loadable ELF files with their names.
pub(super) fn decide<'a>(
    platforms: &[PlatformTag],
    objects: impl Iterator<Item = (&'a str, &'a ElfFacts)> + Clone,
) -> (Option<Arch>, Vec<ArchConflict>) {
    let mut conflicts = Vec::new();
    for (name, facts) in objects.clone().filter(|(_, facts)| facts.arch.is_none()) {
        conflicts.push(ArchConflict::UnknownMachine { object: name.to_owned(), machine: facts.machine });
    }
    let known = objects.filter_map(|(name, facts)| facts.arch.map(|arch| (name, arch)));
    let Some((first_name, first)) = known.clone().next() else { return (None, conflicts) };
    // ARMv7 runs ARMv6 code too, so the newest 32-bit ARM object decides.
    let built = known.clone().map(|(_, arch)| arch).filter(|arch| same_family(*arch, first));
    let built = if built.clone().any(|arch| arch == Arch::Armv7l) { Arch::Armv7l } else { first };
    for (name, arch) in known.filter(|(_, arch)| !same_family(*arch, first)) {
        let (object, first_name) = (name.to_owned(), first_name.to_owned());
        conflicts.push(ArchConflict::OtherArch { object, arch, first: first_name, first_arch: first });
    }
    let mut decided = built;
    for claim in platforms.iter().filter_map(PlatformTag::arch_name) {
        match fits(built, claim) {
            Some(arch) => decided = arch,
            None => {
                let object = first_name.to_owned();
                conflicts.push(ArchConflict::FileName { object, arch: built, claim: claim.to_owned() });
            }
        }
    }
    (Some(decided), conflicts)
}

/// The architecture of a wheel with `built` code and the architecture `claim` in its name, if they agree.
/// ARMv6 code may be called `armv7l`; `armv8l` is the name of a 32-bit process on a 64-bit kernel, and fits
/// both; `armhf` is ARMv6 on Alpine and ARMv7 on Debian. Other spellings (`amd64`) are those of [`Arch`].
pub(super) fn fits(built: Arch, claim: &str) -> Option<Arch> {
    match (built, claim) {
        (Arch::Armv6l | Arch::Armv7l, "armv8l") => Some(Arch::Armv7l),
        (Arch::Aarch64, "armv8l") => Some(Arch::Aarch64),
        (Arch::Armv6l | Arch::Armv7l, "armhf") => Some(built),
        (built, claim) => match (built, claim.parse()) {
            (Arch::Armv6l, Ok(Arch::Armv7l)) => Some(Arch::Armv7l),
            (built, claimed) => (claimed == Ok(built)).then_some(built),
        },
    }
}

pub(super) fn same_family(a: Arch, b: Arch) -> bool {
    let arm = |arch| matches!(arch, Arch::Armv6l | Arch::Armv7l);
    a == b || (arm(a) && arm(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_architecture_in_the_name_may_be_vague_but_not_wrong() {
        assert_eq!(fits(Arch::X86_64, "x86_64"), Some(Arch::X86_64));
        assert_eq!(fits(Arch::X86_64, "aarch64"), None);
        assert_eq!(fits(Arch::Armv7l, "armv6l"), None);
        assert_eq!(fits(Arch::Armv6l, "armv6l"), Some(Arch::Armv6l));
        assert_eq!(fits(Arch::Armv6l, "armv7l"), Some(Arch::Armv7l));
        assert_eq!(fits(Arch::Armv7l, "armv8l"), Some(Arch::Armv7l));
        assert_eq!(fits(Arch::Aarch64, "armv8l"), Some(Arch::Aarch64));
        assert_eq!(fits(Arch::X86_64, "amd64"), Some(Arch::X86_64));
        assert_eq!(fits(Arch::X86_64, "arm64"), None);
        assert_eq!(fits(Arch::Armv7l, "armhf"), Some(Arch::Armv7l));
        assert_eq!(fits(Arch::Armv6l, "armhf"), Some(Arch::Armv6l));
    }
}
