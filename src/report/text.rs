//! What people read.

use std::collections::BTreeMap;

use crate::audit::{Audit, ElfAudit, Finding, MinimumMusl, Severity, WheelKind, libc_name};
use crate::elf::{ElfEdit, RunPathEdit};
use crate::musl::Releases;
use crate::repair::{Note, Plan, RepairResult};
use crate::resolve::{Origin, SystemPackages};

use super::lines::Lines;
use super::sentences::{
    LIBRARIES, NO_LIBRARIES, NO_VERSIONED_SYMBOLS, VERSIONED_SYMBOLS, consistent_sentence,
    external_versioned_symbols, no_elf_sentence,
};

/// The report of `show`, in auditwheel's sentences where it has them.
#[must_use]
pub fn show_text(audit: &Audit, packages: &SystemPackages) -> String {
    let mut text = Lines::default();
    let invalid: Vec<Finding> = audit.wrong_machine().cloned().collect();
    if !invalid.is_empty() {
        text.add(format_args!("{} is not a valid binary wheel:", audit.wheel));
        findings(&invalid, Severity::Error, &mut text);
        return text.into_text();
    }
    if audit.kind != WheelKind::Platform {
        text.add(format_args!("{}: {}", audit.wheel, no_elf_sentence()));
        let found: Vec<Finding> = audit.findings().cloned().collect();
        findings(&found, Severity::Note, &mut text);
        return text.into_text();
    }
    text.add(format_args!("{}", consistent_sentence(audit)));
    if audit.elf.findings.iter().any(|finding| finding.code == "unsupported-isa") {
        text.blank();
        text.add(format_args!("This wheel depends on unsupported ISA extensions."));
    }
    examination(&audit.elf, "wheel", packages, &mut text);
    text.into_text()
}

/// The report of `show` about a tree of installed files.
#[must_use]
pub fn show_tree_text(tree: &str, elf: &ElfAudit, packages: &SystemPackages) -> String {
    let arch = elf.arch.map_or_else(String::new, |arch| format!(" for {arch}"));
    let files = match elf.members().count() {
        1 => "one ELF file".to_owned(),
        count => format!("{count} ELF files"),
    };
    let mut text = Lines::default();
    text.add(format_args!("{tree} is a tree with {files}{arch}."));
    examination(elf, "tree", packages, &mut text);
    text.into_text()
}

/// What wheels and trees have in common.
fn examination(elf: &ElfAudit, what: &str, packages: &SystemPackages, text: &mut Lines) {
    let symbols = external_versioned_symbols(elf);
    if symbols.is_empty() {
        text.blank();
        text.add(format_args!("{NO_VERSIONED_SYMBOLS}"));
    } else {
        text.blank();
        text.add(format_args!("{VERSIONED_SYMBOLS}"));
        for (library, versions) in symbols {
            let versions: Vec<String> = versions.into_iter().collect();
            text.add(format_args!("    {library} with versions {}", versions.join(", ")));
        }
    }
    external_libraries(elf, packages, text);
    minimum(elf, what, text);
    objects(elf, what, text);
    if !elf.findings.is_empty() {
        text.blank();
        text.add(format_args!("Findings:"));
        findings(&elf.findings, Severity::Note, text);
    }
}

/// Findings of at least this severity, with their details and hints.
#[must_use]
pub fn findings_text(all: &[Finding], least: Severity) -> String {
    let mut text = Lines::default();
    findings(all, least, &mut text);
    text.into_text()
}

fn findings(all: &[Finding], least: Severity, text: &mut Lines) {
    for finding in all.iter().filter(|finding| finding.severity >= least) {
        text.add(format_args!("    {}[{}]: {}", finding.severity, finding.code, finding.message));
        for detail in &finding.details {
            text.add(format_args!("        {detail}"));
        }
        if let Some(hint) = &finding.hint {
            text.add(format_args!("        hint: {hint}"));
        }
    }
}

/// `loads on musl 1.2.4 or newer (Alpine 3.18)`, of what was examined: as it is, or repaired. Nothing where an error was
/// found, or something loads on no musl: whatever else holds then, it does not work.
#[must_use]
pub fn minimum_text(elf: &ElfAudit, minimum: &MinimumMusl) -> Option<String> {
    let version = minimum.version.filter(|_| elf.errors().next().is_none())?;
    let alpine = minimum.alpine.map_or_else(String::new, |alpine| format!(" (Alpine {alpine})"));
    Some(format!("loads on musl {version} or newer{alpine}"))
}

fn external_libraries(elf: &ElfAudit, packages: &SystemPackages, text: &mut Lines) {
    let external = elf.external_libraries();
    if external.is_empty() {
        text.blank();
        text.add(format_args!("{NO_LIBRARIES}"));
        return;
    }
    text.blank();
    text.add(format_args!("{LIBRARIES}"));
    for library in external {
        let object = library.object.and_then(|index| elf.graph.objects.get(index));
        match object.map(|object| (&object.origin, object.size)) {
            Some((Origin::File { file, .. }, size)) => {
                let owner = packages
                    .owner(file)
                    .map_or_else(String::new, |p| format!(", package {} {}", p.name, p.version));
                let (name, path, size) = (&library.name, &file.path, human_size(size));
                text.add(format_args!("    {name} => {path} ({size}{owner})"));
            }
            _ => text.add(format_args!("    {} => not found", library.name)),
        }
    }
}

fn minimum(elf: &ElfAudit, what: &str, text: &mut Lines) {
    let (now, repaired) = (&elf.minimum_musl, &elf.minimum_musl_repaired);
    let Some(loads) = minimum_text(elf, now) else { return };
    text.blank();
    text.add(format_args!("The {what} {loads}."));
    reasons(now, text);
    if let Some(loads) = minimum_text(elf, repaired).filter(|_| repaired.version != now.version) {
        text.add(format_args!("Repaired, it {loads}."));
        reasons(repaired, text);
    }
}

/// What decides a minimum, the first few.
fn reasons(minimum: &MinimumMusl, text: &mut Lines) {
    let reasons = minimum.because.iter().filter(|requirement| requirement.met_by != Releases::ALL);
    for requirement in reasons.take(8) {
        text.add(format_args!("    {requirement}"));
    }
}

fn objects(elf: &ElfAudit, what: &str, text: &mut Lines) {
    text.blank();
    text.add(format_args!("ELF files in the {what}:"));
    for (index, path, _, object) in elf.members() {
        let facts = &object.facts;
        let arch = facts.arch.map_or_else(|| format!("machine {}", facts.machine), |arch| arch.to_string());
        let libc = libc_name(&elf.graph, index).map_or_else(String::new, |libc| format!(", {libc}"));
        let run_path = facts.run_path().map_or_else(String::new, |path| format!(", run path {path}"));
        let relr = if facts.relr { ", RELR" } else { "" };
        text.add(format_args!("    {path} ({arch}, {}{libc}{run_path}{relr})", human_size(object.size)));
    }
}

/// The plan of a repair, as `--dry-run` prints it.
#[must_use]
pub fn plan_text(plan: &Plan) -> String {
    let mut text = Lines::default();
    if plan.is_copy() {
        text.add(format_args!("{} stays as it is", plan.input));
        return text.into_text();
    }
    text.add(format_args!("{} -> {}", plan.input, plan.output));
    for graft in &plan.grafts {
        let aliases: BTreeMap<&str, ()> = graft.aliases.iter().map(|alias| (alias.as_str(), ())).collect();
        let aliases: Vec<&str> = aliases.into_keys().collect();
        let size = human_size(graft.size);
        let needed = match aliases.is_empty() {
            true => "needed by nothing that says so".to_owned(),
            false => format!("needed as {}", aliases.join(", ")),
        };
        text.add(format_args!("graft {} as {} ({size}), {needed}", graft.source, graft.member));
        edit(&graft.edit, &mut text);
    }
    for renamed in &plan.renamed {
        text.add(format_args!("rename {} to {}", renamed.from, renamed.to));
    }
    for moved in &plan.moved {
        text.add(format_args!("move {} to {}, leave a script that starts it", moved.script, moved.program));
    }
    plan_edits(plan, &mut text);
    // Whether a pattern is good for anything is seen when all wheels of a call are.
    for note in plan.notes.iter().filter(|note| !matches!(note, Note::PatternUnused { .. })) {
        text.add(format_args!("note: {note}"));
    }
    text.into_text()
}

/// What a plan changes in members that stay, and in the metadata.
pub(super) fn plan_edits(plan: &Plan, text: &mut Lines) {
    for member in &plan.edits {
        text.add(format_args!("edit {}", member.member));
        edit(&member.edit, text);
    }
    if let Some(tags) = &plan.metadata.tags {
        text.add(format_args!("tag {}", tags.join(", ")));
    }
    if plan.metadata.root_is_purelib == Some(false) {
        text.add(format_args!("set Root-Is-Purelib to false"));
    }
    if let Some(build) = &plan.metadata.build {
        text.add(format_args!("set Build to {build}"));
    }
}

fn edit(edit: &ElfEdit, text: &mut Lines) {
    if let Some(soname) = &edit.soname {
        text.add(format_args!("    SONAME {soname}"));
    }
    for (old, new) in &edit.rename_needed {
        text.add(format_args!("    NEEDED {old} -> {new}"));
    }
    for name in &edit.remove_needed {
        text.add(format_args!("    NEEDED {name} removed"));
    }
    match &edit.run_path {
        RunPathEdit::Keep => {}
        RunPathEdit::Clear => text.add(format_args!("    run path removed")),
        RunPathEdit::Set(path) => text.add(format_args!("    run path {path}")),
    }
    if edit.lower_relr {
        text.add(format_args!("    DT_RELR lowered to ordinary relocations"));
    }
    if let Some(strip) = edit.strip {
        text.add(format_args!("    stripped ({})", format!("{strip:?}").to_lowercase()));
    }
}

/// What the grafts of a result weigh, for people: a line for each, with `detailed`, and one for all.
#[must_use]
pub fn size_text(result: &RepairResult, detailed: bool) -> String {
    let mut text = Lines::default();
    if result.grafts.is_empty() {
        return text.into_text();
    }
    if detailed {
        for graft in &result.grafts {
            let size = match graft.size == graft.source_size {
                true => human_size(graft.size),
                false => format!("{} -> {}", human_size(graft.source_size), human_size(graft.size)),
            };
            text.add(format_args!("    {} ({size}) from {}", graft.member, graft.source));
        }
    }
    let libraries = if result.grafts.len() == 1 { "library" } else { "libraries" };
    text.add(format_args!(
        "Grafted {} {libraries} of {}; the wheel grew from {} to {}",
        result.grafts.len(),
        human_size(result.grafts.iter().map(|graft| graft.size).sum()),
        human_size(result.input_size),
        human_size(result.output_size)
    ));
    text.into_text()
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
