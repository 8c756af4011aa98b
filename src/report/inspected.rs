//! The summary that `show` gives of wheels and trees.

use crate::audit::{Audit, Code, ElfAudit, Finding, MinimumMusl, Requirement, Severity, WheelKind};
use crate::repair::default_target;
use crate::wheel::PlatformTag;

use super::findings::{counted, names, subjects};
use super::styled::{StyledLine, StyledText, Tone};
use super::table::Table;
use super::verified::loads_on;

/// Whether a repair can make a wheel for musl.
#[derive(Clone, Debug)]
pub(super) enum Repairable {
    /// Yes: a wheel with this tag.
    To(String),
    /// Nothing has to be repaired.
    Nothing,
    /// No, because of this rule.
    Not(Code),
}

/// The summary of a wheel or tree.
#[derive(Clone, Debug)]
pub(super) struct Inspected {
    /// The platform tags of its name; empty for a tree.
    pub(super) tag: String,
    pub(super) repairable: Repairable,
    /// Where it loads unrepaired: `musl 1.2.3, Alpine 3.16 or newer`.
    pub(super) loads_as_built: Option<String>,
    /// Where it loads after a repair, and the deciding requirement.
    pub(super) loads_on: Option<String>,
    pub(super) because: Vec<Requirement>,
    /// The same in the form for a table.
    alpine: String,
    /// The number of libraries of the system, and of those that are missing.
    pub(super) libraries: usize,
    pub(super) missing: usize,
    errors: usize,
    warnings: usize,
}

impl Inspected {
    pub(super) fn wheel(audit: &Audit) -> Self {
        let tags: Vec<String> = audit.wheel.platforms().iter().map(PlatformTag::to_string).collect();
        let findings: Vec<Finding> = audit.findings().cloned().collect();
        let elf = &audit.elf;
        let blocked = findings.iter().find(|one| one.severity == Severity::Error && !one.fixed_by_repair);
        let tag = tags.join(".");
        let is_platform = audit.kind == WheelKind::Platform;
        let target = default_target(audit).filter(|_| is_platform).map(|target| target.to_string());
        let is_done = elf.external_libraries().is_empty()
            && target.as_ref().is_none_or(|target| *target == tag)
            && !findings.iter().any(|finding| finding.fixed_by_repair);
        let repairable = match (blocked, target) {
            (Some(finding), _) => Repairable::Not(finding.code),
            (None, Some(target)) if !is_done => Repairable::To(target),
            (None, _) => Repairable::Nothing,
        };
        let inspected = Self { tag, repairable, ..Self::of(elf, &elf.minimum_musl_repaired, &findings) };
        if is_platform {
            return inspected;
        }
        let alpine = if audit.kind == WheelKind::Pure { "anywhere" } else { "-" };
        Self { alpine: alpine.to_owned(), loads_as_built: None, loads_on: None, ..inspected }
    }

    pub(super) fn tree(elf: &ElfAudit) -> Self {
        Self::of(elf, &elf.minimum_musl, &elf.findings)
    }

    fn of(elf: &ElfAudit, minimum: &MinimumMusl, findings: &[Finding]) -> Self {
        let count = |severity: Severity| findings.iter().filter(|one| one.severity == severity).count();
        let external = elf.external_libraries();
        Self {
            tag: String::new(),
            repairable: Repairable::Nothing,
            loads_as_built: loads(elf, &elf.minimum_musl),
            loads_on: loads(elf, minimum),
            because: minimum.because.clone(),
            alpine: loads_on(elf, minimum).unwrap_or_else(|| "-".to_owned()),
            missing: external.iter().filter(|library| library.object.is_none()).count(),
            libraries: external.len(),
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
        }
    }

    fn problems(&self) -> (Tone, String) {
        let tone = match (self.errors, self.warnings) {
            (0, 0) => Tone::Plain,
            (0, _) => Tone::Warning,
            _ => Tone::Error,
        };
        (tone, counted(self.errors, self.warnings).join(", "))
    }
}

/// `musl 1.2.3, Alpine 3.16 or newer`.
fn loads(elf: &ElfAudit, minimum: &MinimumMusl) -> Option<String> {
    let version = minimum.version.filter(|_| elf.errors().next().is_none())?;
    let alpine = minimum.alpine.map_or_else(String::new, |alpine| format!(", Alpine {alpine}"));
    Some(format!("musl {version}{alpine} or newer"))
}

/// A table of several wheels and trees with their future tags: a row for each, and totals.
#[derive(Clone, Debug)]
pub struct ShowTable {
    table: Table,
    wheels: usize,
    trees: usize,
    to_repair: usize,
    failed: Vec<String>,
}

impl Default for ShowTable {
    fn default() -> Self {
        let header = ["WHEEL", "TAG NOW", "REPAIRED", "LOADS ON", "LIBRARIES", "PROBLEMS"];
        Self { table: Table::new(&header), wheels: 0, trees: 0, to_repair: 0, failed: Vec::new() }
    }
}

impl ShowTable {
    /// The table.
    #[must_use]
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.wheels + self.trees == 0
    }

    /// Adds a wheel. Its name is the given path, or a shorter one that is unique in the table.
    pub fn add_wheel(&mut self, name: &str, audit: &Audit) {
        let inspected = Inspected::wheel(audit);
        let short_name = audit.wheel.distribution().to_owned();
        self.wheels += 1;
        self.add(name, short_name, &inspected, audit.kind == WheelKind::Platform);
    }

    /// Adds a tree of installed files.
    pub fn add_tree(&mut self, path: &str, elf: &ElfAudit) {
        let inspected = Inspected { tag: "-".to_owned(), ..Inspected::tree(elf) };
        self.trees += 1;
        self.add(path, path.to_owned(), &inspected, true);
    }

    /// Adds a wheel or tree that cannot be read.
    pub fn add_unread(&mut self, path: &str, short_name: &str) {
        self.wheels += 1;
        self.failed.push(short_name.to_owned());
        let empty = || (Tone::Plain, "-".to_owned());
        let name = (Tone::Plain, path.to_owned());
        let problem = (Tone::Error, "cannot be read".to_owned());
        self.table.row(vec![name, empty(), empty(), empty(), empty(), problem]);
    }

    fn add(&mut self, name: &str, short_name: String, inspected: &Inspected, has_elf: bool) {
        if inspected.errors > 0 {
            self.failed.push(short_name);
        }
        let plain = |text: &str| (Tone::Plain, text.to_owned());
        let repaired = match &inspected.repairable {
            Repairable::To(tag) => {
                self.to_repair += 1;
                (Tone::Good, tag.clone())
            }
            Repairable::Nothing => plain("-"),
            Repairable::Not(_) => (Tone::Error, "not possible".to_owned()),
        };
        let libraries = match (inspected.libraries, inspected.missing) {
            _ if !has_elf => "-".to_owned(),
            (all, 0) => all.to_string(),
            (all, missing) => format!("{all} ({missing} missing)"),
        };
        self.table.row(vec![
            plain(name),
            plain(&inspected.tag),
            repaired,
            plain(&inspected.alpine),
            plain(&libraries),
            inspected.problems(),
        ]);
    }

    /// `43 wheels: 20 to repair, 1 with errors (cachebox)`.
    #[must_use]
    pub fn totals(&self) -> StyledText {
        let mut line = StyledLine::default().plain(subjects(self.wheels, self.trees));
        line = line.plain(format!(": {} to repair", self.to_repair));
        if !self.failed.is_empty() {
            line = line.plain(", ").piece(Tone::Error, format!("{} with errors", self.failed.len()));
            line = line.plain(format!(" ({})", names(&self.failed)));
        }
        let mut text = StyledText::default();
        text.add(line);
        text
    }
}
