//! What people read.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::audit::{Audit, ElfAudit, Finding, MinimumMusl, Severity, WheelKind, libc_name};
use crate::elf::{ElfEdit, RunPathEdit};
use crate::musl::Releases;
use crate::repair::{Note, Plan, RepairResult};
use crate::resolve::{Origin, SystemPackages};

use super::sentences::{
    LIBRARIES, NO_LIBRARIES, NO_VERSIONED_SYMBOLS, VERSIONED_SYMBOLS, consistent_sentence, no_elf_sentence,
    versioned_symbols,
};

/// The report of `show`, in auditwheel's sentences where it has them.
#[must_use]
pub fn show_text(audit: &Audit, packages: &SystemPackages) -> String {
    let mut text = String::new();
    let invalid: Vec<Finding> = audit.wrong_machine().cloned().collect();
    if !invalid.is_empty() {
        let _ = writeln!(text, "{} is not a valid binary wheel:", audit.wheel);
        text.push_str(&findings_text(&invalid, Severity::Error));
        return text;
    }
    if audit.kind != WheelKind::Platform {
        let _ = writeln!(text, "{}: {}", audit.wheel, no_elf_sentence());
        let findings: Vec<Finding> = audit.findings().cloned().collect();
        text.push_str(&findings_text(&findings, Severity::Note));
        return text;
    }
    let _ = writeln!(text, "{}", consistent_sentence(audit));
    if audit.elf.findings.iter().any(|finding| finding.code == "unsupported-isa") {
        text.push_str("\nThis wheel depends on unsupported ISA extensions.\n");
    }
    examination(&audit.elf, "wheel", packages, &mut text);
    text
}

/// The report of `show` about a tree of installed files.
#[must_use]
pub fn show_tree_text(tree: &str, elf: &ElfAudit, packages: &SystemPackages) -> String {
    let arch = elf.arch.map_or_else(String::new, |arch| format!(" for {arch}"));
    let files = match elf.members().count() {
        1 => "one ELF file".to_owned(),
        count => format!("{count} ELF files"),
    };
    let mut text = format!("{tree} is a tree with {files}{arch}.\n");
    examination(elf, "tree", packages, &mut text);
    text
}

/// What wheels and trees have in common.
fn examination(elf: &ElfAudit, what: &str, packages: &SystemPackages, text: &mut String) {
    let symbols = versioned_symbols(elf);
    if symbols.is_empty() {
        let _ = writeln!(text, "\n{NO_VERSIONED_SYMBOLS}");
    } else {
        let _ = writeln!(text, "\n{VERSIONED_SYMBOLS}");
        for (library, versions) in symbols {
            let versions: Vec<String> = versions.into_iter().collect();
            let _ = writeln!(text, "    {library} with versions {}", versions.join(", "));
        }
    }
    external_libraries(elf, packages, text);
    minimum(elf, what, text);
    objects(elf, what, text);
    if !elf.findings.is_empty() {
        text.push_str("\nFindings:\n");
        text.push_str(&findings_text(&elf.findings, Severity::Note));
    }
}

/// Findings of at least this severity, with their details and hints.
#[must_use]
pub fn findings_text(findings: &[Finding], least: Severity) -> String {
    let mut text = String::new();
    for finding in findings.iter().filter(|finding| finding.severity >= least) {
        let _ = writeln!(text, "    {}[{}]: {}", finding.severity, finding.code, finding.message);
        for detail in &finding.details {
            let _ = writeln!(text, "        {detail}");
        }
        if let Some(hint) = &finding.hint {
            let _ = writeln!(text, "        hint: {hint}");
        }
    }
    text
}

/// `loads on musl 1.2.4 or newer (Alpine 3.18)`, of what was examined: as it is, or repaired. Nothing where an error was
/// found, or something loads on no musl: whatever else holds then, it does not work.
#[must_use]
pub fn minimum_text(elf: &ElfAudit, minimum: &MinimumMusl) -> Option<String> {
    let version = minimum.version.filter(|_| elf.errors().next().is_none())?;
    let alpine = minimum.alpine.map_or_else(String::new, |alpine| format!(" (Alpine {alpine})"));
    Some(format!("loads on musl {version} or newer{alpine}"))
}

fn external_libraries(elf: &ElfAudit, packages: &SystemPackages, text: &mut String) {
    let external = elf.external_libraries();
    if external.is_empty() {
        let _ = writeln!(text, "\n{NO_LIBRARIES}");
        return;
    }
    let _ = writeln!(text, "\n{LIBRARIES}");
    for library in external {
        let object = library.object.and_then(|index| elf.graph.objects.get(index));
        let _ = match object.map(|object| (&object.origin, object.size)) {
            Some((Origin::File { file, .. }, size)) => {
                let owner = packages
                    .owner(file)
                    .map_or_else(String::new, |p| format!(", package {} {}", p.name, p.version));
                writeln!(text, "    {} => {} ({}{owner})", library.name, file.path, human_size(size))
            }
            _ => writeln!(text, "    {} => not found", library.name),
        };
    }
}

fn minimum(elf: &ElfAudit, what: &str, text: &mut String) {
    let (now, repaired) = (&elf.minimum_musl, &elf.minimum_musl_repaired);
    let Some(loads) = minimum_text(elf, now) else { return };
    let _ = writeln!(text, "\nThe {what} {loads}.");
    if let Some(loads) = minimum_text(elf, repaired).filter(|_| repaired.version != now.version) {
        let _ = writeln!(text, "Repaired, it {loads}.");
    }
    for requirement in now.because.iter().filter(|requirement| requirement.met_by != Releases::ALL).take(8) {
        let _ = writeln!(text, "    {requirement}");
    }
}

fn objects(elf: &ElfAudit, what: &str, text: &mut String) {
    let _ = writeln!(text, "\nELF files in the {what}:");
    for (index, path, _, object) in elf.members() {
        let facts = &object.facts;
        let arch = facts.arch.map_or_else(|| format!("machine {}", facts.machine), |arch| arch.to_string());
        let libc = libc_name(&elf.graph, index).map_or_else(String::new, |libc| format!(", {libc}"));
        let run_path = facts.run_path().map_or_else(String::new, |path| format!(", run path {path}"));
        let relr = if facts.relr { ", RELR" } else { "" };
        let _ = writeln!(text, "    {path} ({arch}, {}{libc}{run_path}{relr})", human_size(object.size));
    }
}

/// The plan of a repair, as `--dry-run` prints it.
#[must_use]
pub fn plan_text(plan: &Plan) -> String {
    let mut text = String::new();
    if plan.is_copy() {
        let _ = writeln!(text, "{} stays as it is", plan.input);
        return text;
    }
    let _ = writeln!(text, "{} -> {}", plan.input, plan.output);
    for graft in &plan.grafts {
        let aliases: BTreeMap<&str, ()> = graft.aliases.iter().map(|alias| (alias.as_str(), ())).collect();
        let aliases: Vec<&str> = aliases.into_keys().collect();
        let size = human_size(graft.size);
        let _ = write!(text, "graft {} as {} ({size})", graft.source, graft.member);
        let _ = match aliases.is_empty() {
            true => writeln!(text, ", needed by nothing that says so"),
            false => writeln!(text, ", needed as {}", aliases.join(", ")),
        };
        edit(&graft.edit, &mut text);
    }
    for moved in &plan.moved {
        let _ = writeln!(text, "move {} to {}, leave a script that starts it", moved.script, moved.program);
    }
    for member in &plan.edits {
        let _ = writeln!(text, "edit {}", member.member);
        edit(&member.edit, &mut text);
    }
    if let Some(tags) = &plan.metadata.tags {
        let _ = writeln!(text, "tag {}", tags.join(", "));
    }
    if plan.metadata.root_is_purelib == Some(false) {
        text.push_str("set Root-Is-Purelib to false\n");
    }
    if let Some(build) = &plan.metadata.build {
        let _ = writeln!(text, "set Build to {build}");
    }
    // Whether a pattern is good for anything is seen when all wheels of a call are.
    for note in plan.notes.iter().filter(|note| !matches!(note, Note::PatternUnused { .. })) {
        let _ = writeln!(text, "note: {note}");
    }
    text
}

fn edit(edit: &ElfEdit, text: &mut String) {
    if let Some(soname) = &edit.soname {
        let _ = writeln!(text, "    SONAME {soname}");
    }
    for (old, new) in &edit.rename_needed {
        let _ = writeln!(text, "    NEEDED {old} -> {new}");
    }
    for name in &edit.remove_needed {
        let _ = writeln!(text, "    NEEDED {name} removed");
    }
    let _ = match &edit.run_path {
        RunPathEdit::Keep => Ok(()),
        RunPathEdit::Clear => writeln!(text, "    run path removed"),
        RunPathEdit::Set(path) => writeln!(text, "    run path {path}"),
    };
    if edit.lower_relr {
        text.push_str("    DT_RELR lowered to ordinary relocations\n");
    }
    if let Some(strip) = edit.strip {
        let _ = writeln!(text, "    stripped ({})", format!("{strip:?}").to_lowercase());
    }
}

/// What the grafts of a result weigh, for people: a line for each, with `detailed`, and one for all.
#[must_use]
pub fn size_text(result: &RepairResult, detailed: bool) -> String {
    let mut text = String::new();
    if result.grafts.is_empty() {
        return text;
    }
    if detailed {
        for graft in &result.grafts {
            let size = match graft.size == graft.source_size {
                true => human_size(graft.size),
                false => format!("{} -> {}", human_size(graft.source_size), human_size(graft.size)),
            };
            let _ = writeln!(text, "    {} ({size}) from {}", graft.member, graft.source);
        }
    }
    let libraries = if result.grafts.len() == 1 { "library" } else { "libraries" };
    let _ = writeln!(
        text,
        "Grafted {} {libraries} of {}; the wheel grew from {} to {}",
        result.grafts.len(),
        human_size(result.grafts.iter().map(|graft| graft.size).sum()),
        human_size(result.input_size),
        human_size(result.output_size)
    );
    text
}

/// Bytes for people: `512 B`, `1.5 kB`, `12.3 MB` (powers of ten).
#[must_use]
pub fn human_size(bytes: u64) -> String {
    let units = [("GB", 1_000_000_000_u64), ("MB", 1_000_000), ("kB", 1_000)];
    match units.into_iter().find(|(_, unit)| bytes >= *unit) {
        None => format!("{bytes} B"),
        Some((name, unit)) => format!("{}.{} {name}", bytes / unit, bytes % unit / (unit / 10)),
    }
}

#[cfg(test)]
mod tests {
    use super::human_size;

    #[test]
    fn sizes_read_well() {
        assert_eq!(human_size(512), "512 B");
        assert_eq!(human_size(1_549), "1.5 kB");
        assert_eq!(human_size(12_345_678), "12.3 MB");
        assert_eq!(human_size(3_000_000_000), "3.0 GB");
    }
}
