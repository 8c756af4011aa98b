//! The text of `show`: one wheel or tree in a few lines, and all details with `--verbose`.

use crate::audit::{Audit, ElfAudit, Finding, Requirement, RequirementKind, Severity, WheelKind, libc_name};
use crate::musl::Releases;
use crate::resolve::{Object, Origin, SystemPackages};
use crate::wheel::WheelFilename;

use super::findings::{findings_text, plural, shortened_findings};
use super::human_size;
use super::inspected::{Inspected, Repairable};
use super::sentences::external_versioned_symbols;
use super::styled::{StyledLine, StyledText, Tone};

/// The column where the text of a line starts, after its label.
const TEXT: usize = 13;

/// The report of `show` about a wheel, with all details if `detailed`.
#[must_use]
pub fn show_text(audit: &Audit, packages: &SystemPackages, detailed: bool) -> StyledText {
    let name = &audit.wheel;
    let mut title = vec![format!("{} {}", name.distribution(), name.version()), python(name)];
    let findings: Vec<Finding> = audit.findings().cloned().collect();
    let inspected = Inspected::wheel(audit);
    let mut text = StyledText::default();
    match audit.kind {
        WheelKind::Platform => title.extend(contents(&audit.elf)),
        WheelKind::Pure => title.push("pure Python".to_owned()),
        WheelKind::PlatformWithoutElf => title.push("no ELF files".to_owned()),
    }
    text.add(StyledLine::default().plain(title.join(" · ")).hanging(2));
    text.add(
        row("as built").piece(Tone::Plain, &inspected.tag).plain(as_built(audit, &inspected)).hanging(TEXT),
    );
    text.add(repaired(&inspected));
    elf_text(&audit.elf, &findings, packages, detailed, &mut text);
    text
}

/// The report of `show` about a tree of installed files.
#[must_use]
pub fn show_tree_text(tree: &str, elf: &ElfAudit, packages: &SystemPackages, detailed: bool) -> StyledText {
    let mut text = StyledText::default();
    let title: Vec<String> = std::iter::once(tree.to_owned()).chain(contents(elf)).collect();
    text.add(StyledLine::default().plain(title.join(" · ")).hanging(2));
    let inspected = Inspected::tree(elf);
    let loads = inspected.loads_on.clone().unwrap_or_else(|| "does not load as it is".to_owned());
    text.add(row("installed").plain(loads).plain(reasons(&elf.minimum_musl.because)).hanging(TEXT));
    elf_text(elf, &elf.findings, packages, detailed, &mut text);
    text
}

/// Adds the libraries and findings of a wheel or tree.
fn elf_text(
    elf: &ElfAudit,
    findings: &[Finding],
    packages: &SystemPackages,
    detailed: bool,
    text: &mut StyledText,
) {
    libraries(elf, text);
    if !detailed {
        text.extend(shortened_findings(findings));
        return;
    }
    text.extend(findings_text(findings, Severity::Note));
    every_library(elf, packages, text);
    modules(elf, text);
    requirements(elf, text);
}

fn row(what: &str) -> StyledLine {
    StyledLine::default().column(2).piece(Tone::Faint, what).column(TEXT)
}

/// The Pythons of a wheel, such as `cp312`.
fn python(name: &WheelFilename) -> String {
    name.tags().first().and_then(|tag| tag.split('-').next()).unwrap_or_default().to_owned()
}

/// Architecture and number of the ELF files.
fn contents(elf: &ElfAudit) -> Vec<String> {
    let mut contents: Vec<String> = elf.arch.iter().map(ToString::to_string).collect();
    let (files, modules) = (elf.members().count(), elf.modules.len());
    contents.push(plural(modules, "module", "modules"));
    if files > modules {
        contents.push(format!("{} inside", plural(files - modules, "library", "libraries")));
    }
    contents
}

/// The unrepaired wheel: its needs, or where it loads.
fn as_built(audit: &Audit, inspected: &Inspected) -> String {
    let needs = match (inspected.libraries, inspected.missing) {
        _ if audit.kind != WheelKind::Platform => "no libraries needed".to_owned(),
        (0, _) => match &inspected.loads_as_built {
            Some(loads) => format!("no libraries needed, {loads}"),
            None => "no libraries needed".to_owned(),
        },
        (all, 0) => format!("needs {} of the user's system", plural(all, "library", "libraries")),
        (all, missing) => {
            format!("needs {} of the user's system, {missing} not found", plural(all, "library", "libraries"))
        }
    };
    format!("  {needs}")
}

fn repaired(inspected: &Inspected) -> StyledLine {
    let line = row("repaired");
    let line = match &inspected.repairable {
        Repairable::Nothing => line.plain("the same: there is nothing to repair"),
        Repairable::Not(because) => {
            line.piece(Tone::Error, "cannot be repaired").plain(format!(": error[{because}]"))
        }
        Repairable::To(tag) => {
            let line = line.piece(Tone::Good, tag);
            match &inspected.loads_on {
                Some(loads) => line.plain(format!("  {loads}{}", reasons(&inspected.because))),
                None => line,
            }
        }
    };
    line.hanging(TEXT)
}

/// ` (libzstd.so.1 needs qsort_r)`: the first requirement that decides the oldest musl.
fn reasons(because: &[Requirement]) -> String {
    let mut reasons = because.iter().filter(|requirement| requirement.met_by != Releases::ALL);
    let Some(first) = reasons.next() else { return String::new() };
    let object = first.object.rsplit('/').next().unwrap_or_default();
    let first = match &first.kind {
        RequirementKind::Symbol { symbol, .. } => format!("{object} needs {symbol}"),
        RequirementKind::Relr => format!("{object} has DT_RELR"),
        _ => first.to_string(),
    };
    match reasons.count() {
        0 => format!(" ({first})"),
        more => format!(" ({first}, and {more} more)"),
    }
}

/// Adds the external libraries in one line.
fn libraries(elf: &ElfAudit, text: &mut StyledText) {
    /// As many as fit on a line.
    const MOST: usize = 6;
    let external = elf.external_libraries();
    let object = |index: Option<usize>| elf.graph.objects.get(index?);
    let (found, missing): (Vec<_>, Vec<_>) =
        external.iter().partition(|library| object(library.object).is_some());
    let listed = |names: &[&str]| {
        let more = if names.len() > MOST { " … (all with --verbose)" } else { "" };
        format!("{}{more}", names.iter().take(MOST).copied().collect::<Vec<_>>().join(" "))
    };
    if !found.is_empty() {
        let size = found.iter().filter_map(|library| object(library.object)).map(|object| object.size).sum();
        let names: Vec<&str> = found.iter().map(|library| library.name.as_str()).collect();
        let line = row("libraries").plain(format!("{} found, {}: ", names.len(), human_size(size)));
        text.add(line.piece(Tone::Faint, listed(&names)).hanging(TEXT));
    }
    if !missing.is_empty() {
        let names: Vec<&str> = missing.iter().map(|library| library.name.as_str()).collect();
        let line = row("missing").piece(Tone::Error, format!("{} not found", names.len()));
        text.add(line.plain(format!(": {}", listed(&names))).hanging(TEXT));
    }
}

/// Adds every external library: path, size and package.
fn every_library(elf: &ElfAudit, packages: &SystemPackages, text: &mut StyledText) {
    let external = elf.external_libraries();
    if external.is_empty() {
        return;
    }
    heading("Libraries of the system:", text);
    for library in external {
        let object = library.object.and_then(|index| elf.graph.objects.get(index));
        let found = match object {
            Some(Object { origin: Origin::File { file, .. }, size, .. }) => {
                let owner = packages
                    .owner(file)
                    .map_or_else(String::new, |p| format!(", package {} {}", p.name, p.version));
                format!("{} ({}{owner})", file.path, human_size(*size))
            }
            _ => "not found".to_owned(),
        };
        text.add(StyledLine::default().plain(format!("    {} => {found}", library.name)).hanging(8));
    }
}

/// Adds every ELF file of the wheel or tree.
fn modules(elf: &ElfAudit, text: &mut StyledText) {
    heading("ELF files:", text);
    for (index, path, _, object) in elf.members() {
        let facts = &object.facts;
        let arch = facts.arch.map_or_else(|| format!("machine {}", facts.machine), |arch| arch.to_string());
        let libc = libc_name(&elf.graph, index).map_or_else(String::new, |libc| format!(", {libc}"));
        let run_path = facts.run_path().map_or_else(String::new, |path| format!(", run path {path}"));
        let relr = if facts.relr { ", DT_RELR" } else { "" };
        let size = human_size(object.size);
        text.add(
            StyledLine::default()
                .plain(format!("    {path} ({arch}, {size}{libc}{run_path}{relr})"))
                .hanging(8),
        );
    }
}

/// Adds the requirements that decide the oldest musl, and the versions required from libraries.
fn requirements(elf: &ElfAudit, text: &mut StyledText) {
    /// More would not be read.
    const MOST: usize = 8;
    for (what, minimum) in [("as it is", &elf.minimum_musl), ("repaired", &elf.minimum_musl_repaired)] {
        let Some(version) = minimum.version.filter(|_| elf.errors().next().is_none()) else { continue };
        let alpine = minimum.alpine.map_or_else(String::new, |alpine| format!(" (Alpine {alpine})"));
        heading(&format!("Oldest musl, {what}: {version}{alpine}"), text);
        let because = minimum.because.iter().filter(|requirement| requirement.met_by != Releases::ALL);
        for requirement in because.take(MOST) {
            text.add(StyledLine::default().plain(format!("    {requirement}")).hanging(8));
        }
    }
    let symbols = external_versioned_symbols(elf);
    if !symbols.is_empty() {
        heading("Versions of symbols that are asked for, which musl does not read:", text);
    }
    for (library, versions) in symbols {
        let versions: Vec<String> = versions.into_iter().collect();
        text.add(StyledLine::default().plain(format!("    {library}: {}", versions.join(", "))).hanging(8));
    }
}

fn heading(title: &str, text: &mut StyledText) {
    text.add(StyledLine::default().column(2).plain(title));
}
