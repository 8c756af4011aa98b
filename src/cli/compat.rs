//! The mode of auditwheel, which the program speaks with when it is started under that name.

use std::ffi::OsStr;
use std::path::Path;

use muslrepair::repair::RepairError;
use muslrepair::repair::{Note, Plan, PlatformChoice};
use muslrepair::report;
use muslrepair::wheel::{PlatformTag, WheelFilename};

/// Whose words are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OutputMode {
    /// Our own.
    Own,
    /// auditwheel's: every line of standard error is a record of its log.
    Auditwheel,
}

impl OutputMode {
    /// By the name the program was started under.
    pub(super) fn of(program: Option<&OsStr>) -> Self {
        let name = program.and_then(|program| Path::new(program).file_name());
        if name == Some(OsStr::new("auditwheel")) { Self::Auditwheel } else { Self::Own }
    }
}

/// What `--version` says after the name: whoever reads the second word for a version gets auditwheel's.
pub(super) const VERSION: &str = concat!("6.8.2 (spoken by muslrepair ", env!("CARGO_PKG_VERSION"), ")");

/// What auditwheel's own option parser would say of an error that it finds with a policy, and exits with 2 for.
pub(super) fn gate(shown: &str, asked: &str, error: &RepairError) -> Option<String> {
    let because = match error {
        RepairError::Unrepairable { findings } if findings.iter().any(|f| f.code == "forbidden-symbol") => {
            "depends on black-listed symbols"
        }
        RepairError::Unrepairable { findings } if findings.iter().any(|f| f.code == "unsupported-isa") => {
            "depends on unsupported ISA extensions"
        }
        RepairError::WrongPlatform { built, asked } => {
            return Some(format!(
                "can't repair wheel {shown} with {built} architecture to a wheel targeting {asked}"
            ));
        }
        _ => return None,
    };
    Some(format!("cannot repair \"{shown}\" to \"{asked}\" ABI because it {because}"))
}

/// What auditwheel says of a name that does not fit the platform asked for, before it opens the wheel.
pub(super) fn name_gate(path: &Path, choice: &PlatformChoice) -> Option<String> {
    let shown = path.file_name()?.to_string_lossy();
    let name: WheelFilename = shown.parse().ok()?;
    let PlatformChoice::Tag(asked) = choice else { return None };
    let named = name.platforms().iter().find(|tag| tag.arch_name().is_some())?;
    let spelt =
        |tag: &PlatformTag| Some(tag.arch().map_or(tag.arch_name()?.to_owned(), |arch| arch.to_string()));
    let (built, wanted) = (spelt(named)?, spelt(asked)?);
    let cannot = format!("can't repair wheel {shown} with");
    if built != wanted && built != "armv8l" && wanted != "armv8l" {
        return Some(format!("{cannot} {built} architecture to a wheel targeting {wanted}"));
    }
    let glibc = name.platforms().iter().any(|tag| matches!(tag, PlatformTag::Manylinux(_)));
    let musl = matches!(asked, PlatformTag::Musllinux { .. });
    (glibc && musl).then(|| format!("{cannot} GLIBC libc to a wheel targeting MUSL"))
}

/// The record of a note: level, logger and text.
pub(super) fn note(note: &Note) -> (&'static str, &'static str, String) {
    match note {
        Note::Excluded { library, .. } => ("INFO", "lddtree", format!("Excluding {library}")),
        Note::LibpythonRemoved { .. } => ("WARNING", "repair", note.to_string()),
        Note::PatternUnused { .. }
        | Note::TagDropped { .. }
        | Note::PublishedCopied { .. }
        | Note::RecordFixed { .. } => ("WARNING", "main_repair", note.to_string()),
        _ => ("INFO", "repair", note.to_string()),
    }
}

/// What is said about the tags of the file name and of `WHEEL`.
pub(super) fn tag_lines(plan: &Plan) -> Vec<String> {
    let platforms = |name: &WheelFilename| {
        name.platforms().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    let (before, after) = (platforms(&plan.input), platforms(&plan.output));
    let mut lines = vec![format!("Previous filename tags: {before}")];
    lines.push(match before == after {
        true => "No filename tags change needed.".to_owned(),
        false => format!("New filename tags: {after}"),
    });
    lines.push(format!("Previous WHEEL info tags: {}", plan.input.tags().join(", ")));
    lines.push(match &plan.metadata.tags {
        None => "No WHEEL info change needed.".to_owned(),
        Some(tags) => format!("New WHEEL info tags: {}", tags.join(", ")),
    });
    lines
}

/// What is said of a wheel without ELF files.
pub(super) fn not_a_platform_wheel() -> &'static str {
    report::no_elf_sentence()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_decides_whose_words_are_used() {
        for (name, mode) in [
            ("/usr/local/bin/auditwheel", OutputMode::Auditwheel),
            ("auditwheel", OutputMode::Auditwheel),
            ("muslrepair", OutputMode::Own),
            ("/auditwheel/muslrepair", OutputMode::Own),
        ] {
            assert_eq!(OutputMode::of(Some(OsStr::new(name))), mode, "{name}");
        }
        assert_eq!(OutputMode::of(None), OutputMode::Own);
    }
}
