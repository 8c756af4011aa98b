//! The text of `verify`.

use crate::audit::{ElfAudit, Finding, MinimumMusl, Severity};

use super::findings::{FindingGroups, counted, findings_text, in_one_line, names, subjects};
use super::styled::{StyledLine, StyledText, Tone};

/// The column where the path starts, after `ok` or `failed`.
const PATH: usize = 8;

/// `Alpine 3.16+`: the oldest on which everything loads, unrepaired or repaired. `None` if there is an error,
/// or something loads on no musl.
pub(super) fn loads_on(elf: &ElfAudit, minimum: &MinimumMusl) -> Option<String> {
    let version = minimum.version.filter(|_| elf.errors().next().is_none())?;
    Some(match minimum.alpine {
        Some(alpine) => format!("Alpine {alpine}+"),
        None => format!("musl {version}+"),
    })
}

/// One line of `verify`: whether a wheel or tree loads and may be published, where it loads, and its worst
/// finding.
#[derive(Clone, Copy, Debug)]
pub struct VerifyLine<'a> {
    /// The path as it was given.
    pub path: &'a str,
    /// The width of the column of paths.
    pub width: usize,
    /// The audit, if there are ELF files.
    pub elf: Option<&'a ElfAudit>,
    /// All findings.
    pub findings: &'a [Finding],
}

impl VerifyLine<'_> {
    /// The line alone, for one of several wheels.
    #[must_use]
    pub fn text(&self) -> StyledText {
        let mut text = StyledText::default();
        let findings = self.findings.iter().any(|finding| finding.severity >= Severity::Warning);
        let line = match findings {
            true => in_one_line(self.start().column(self.end()).cut_from_here(), self.findings),
            false => self.start().hanging(PATH),
        };
        text.add(line);
        text
    }

    /// The line, followed by all findings of at least this severity with evidence and hints.
    #[must_use]
    pub fn detailed(&self, least: Severity) -> StyledText {
        let mut text = StyledText::default();
        text.add(self.start().hanging(PATH));
        text.extend(findings_text(self.findings, least));
        text
    }

    fn is_ok(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity < Severity::Error)
    }

    fn start(&self) -> StyledLine {
        let line = match self.is_ok() {
            true => StyledLine::default().piece(Tone::Good, "ok"),
            false => StyledLine::default().piece(Tone::Error, "failed"),
        };
        let line = line.column(PATH).plain(self.path);
        match self.elf.and_then(|elf| loads_on(elf, &elf.minimum_musl)) {
            Some(alpine) => line.column(PATH + self.width + 2).piece(Tone::Faint, alpine),
            None => line,
        }
    }

    /// The column where the findings start.
    fn end(&self) -> usize {
        PATH + self.width + 2 + "Alpine 3.16+".len() + 2
    }
}

/// The line of a wheel that cannot be read; the reason is printed elsewhere.
#[must_use]
pub fn unread_line(path: &str) -> StyledText {
    let mut text = StyledText::default();
    let line = StyledLine::default().piece(Tone::Error, "failed").column(PATH).plain(path);
    text.add(line.plain("  cannot be read").hanging(PATH));
    text
}

/// The totals of a `verify`.
#[derive(Clone, Debug, Default)]
pub struct VerifyTotals {
    wheels: usize,
    trees: usize,
    failed: Vec<String>,
    errors: usize,
    warnings: usize,
    fixed_by_repair: usize,
    groups: FindingGroups,
}

impl VerifyTotals {
    /// Counts a wheel or tree with this name and its findings; `None` if it cannot be read.
    pub fn add(&mut self, name: &str, is_tree: bool, findings: Option<&[Finding]>) {
        if is_tree {
            self.trees += 1;
        } else {
            self.wheels += 1;
        }
        let Some(findings) = findings else {
            self.failed.push(name.to_owned());
            return;
        };
        let count = |severity: Severity| findings.iter().filter(|one| one.severity == severity).count();
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        self.errors += errors;
        self.warnings += warnings;
        if errors > 0 {
            self.failed.push(name.to_owned());
        }
        let counted = findings.iter().filter(|finding| finding.severity >= Severity::Warning);
        // A tree cannot be repaired.
        self.fixed_by_repair += counted.filter(|finding| finding.fixed_by_repair && !is_tree).count();
        self.groups.add(name, findings);
    }

    /// The findings of several wheels, by rule.
    #[must_use]
    pub fn findings(&self) -> StyledText {
        self.groups.text()
    }

    /// `3 wheels: 2 ok, 1 failed (cachebox); 1 error, 1 warning.` and what to do next; for one wheel only
    /// what to do.
    #[must_use]
    pub fn text(&self) -> StyledText {
        let mut line = StyledLine::default();
        let all = self.wheels + self.trees;
        if all > 1 {
            line = line.plain(format!("{}: ", subjects(self.wheels, self.trees)));
            let ok = all - self.failed.len();
            if ok > 0 {
                line = line.piece(Tone::Good, format!("{ok} ok"));
            }
            if !self.failed.is_empty() {
                line = line.plain(if ok > 0 { ", " } else { "" });
                line = line.piece(Tone::Error, format!("{} failed", self.failed.len()));
                line = line.plain(format!(" ({})", names(&self.failed)));
            }
            let found = counted(self.errors, self.warnings);
            let found = if found.is_empty() { String::new() } else { format!("; {}", found.join(", ")) };
            line = line.plain(format!("{found}. "));
        }
        if self.fixed_by_repair > 0 {
            line = line.plain(match self.errors + self.warnings {
                1 => "`muslrepair repair` fixes this. ".to_owned(),
                found if found == self.fixed_by_repair => {
                    "`muslrepair repair` fixes all of this. ".to_owned()
                }
                _ if all > 1 => format!("`muslrepair repair` fixes {} of them. ", self.fixed_by_repair),
                found => format!("`muslrepair repair` fixes {} of {found} findings. ", self.fixed_by_repair),
            });
        }
        if let Some(code) = self.groups.first_code() {
            line = line.plain(format!("`muslrepair explain {code}` says more."));
        }
        let mut text = StyledText::default();
        if line.width() > 0 {
            text.add(line);
        }
        text
    }
}
