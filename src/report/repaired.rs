//! The text of `repair`.

use std::time::Duration;

use crate::audit::{Finding, Severity};
use crate::repair::{Plan, RepairResult};

use super::findings::{counted, names, plural};
use super::human_size;
use super::styled::{StyledLine, StyledText, Tone};

/// The column where the name of the wheel starts.
const NAME: usize = 10;

/// The outcome for a wheel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RepairStatus {
    /// It is repaired.
    Repaired,
    /// The result is an exact copy of the input.
    Copied,
    /// There is no result.
    Failed,
    /// It was skipped.
    Skipped,
}

impl RepairStatus {
    /// The status of a plan that is carried out.
    fn of(plan: &Plan) -> Self {
        if plan.is_copy() { Self::Copied } else { Self::Repaired }
    }

    fn piece(self, is_plan: bool) -> (Tone, &'static str) {
        match (self, is_plan) {
            (Self::Repaired, false) => (Tone::Good, "repaired"),
            (Self::Repaired, true) => (Tone::Good, "repair"),
            (Self::Copied, false) => (Tone::Good, "copied"),
            (Self::Copied, true) => (Tone::Good, "copy"),
            (Self::Failed, _) => (Tone::Error, "failed"),
            (Self::Skipped, _) => (Tone::Warning, "skipped"),
        }
    }
}

/// The line of a wheel that is not repaired, with the reason. A long reason is cut: [`super::Failure`] has
/// the complete one.
#[must_use]
pub fn unrepaired_line(status: RepairStatus, name: &str, width: usize, why: &str) -> StyledText {
    /// The length of a sentence that names one or two modules, in characters.
    const LONGEST: usize = 200;
    let mut why = why.to_owned();
    if let Some((end, _)) = why.char_indices().nth(LONGEST) {
        why.truncate(end);
        why.push('…');
    }
    let mut text = StyledText::default();
    text.add(start(status, false, name, width).hanging(NAME).cut_from_here().plain(why));
    text
}

/// The line of a wheel that is repaired or copied, with the changes, or the reason why there are none.
/// Without a result, it describes what a repair would do.
#[must_use]
pub fn repaired_line(plan: &Plan, result: Option<&RepairResult>, width: usize) -> StyledText {
    let line = start(RepairStatus::of(plan), result.is_none(), &plan.output.to_string(), width);
    let mut line = line.plain(match plan.copy_reason() {
        Some(reason) => reason.to_string(),
        None => done(plan, result).join(", "),
    });
    let count = |severity: Severity| {
        plan.findings.iter().filter(|finding: &&Finding| finding.severity == severity).count()
    };
    for found in counted(count(Severity::Error), count(Severity::Warning)) {
        line = line.plain(", ").piece(Tone::Warning, found);
    }
    let mut text = StyledText::default();
    text.add(line.hanging(NAME));
    text
}

fn start(status: RepairStatus, is_plan: bool, name: &str, width: usize) -> StyledLine {
    let (tone, status) = status.piece(is_plan);
    let line = StyledLine::default().piece(tone, status).column(NAME).plain(name);
    line.column(NAME + width + 2)
}

/// The changes to a wheel, a few words for each kind.
fn done(plan: &Plan, result: Option<&RepairResult>) -> Vec<String> {
    let mut done = Vec::new();
    if !plan.grafts.is_empty() {
        done.push(format!("+{}", plural(plan.grafts.len(), "library", "libraries")));
        if let Some(result) = result {
            done.push(format!("{} -> {}", human_size(result.input_size), human_size(result.output_size)));
        }
    }
    let edits =
        || plan.edits.iter().map(|member| &member.edit).chain(plan.grafts.iter().map(|graft| &graft.edit));
    if edits().any(|edit| edit.lower_relr) {
        done.push("relr lowered".to_owned());
    }
    if edits().any(|edit| edit.strip.is_some()) {
        done.push("stripped".to_owned());
    }
    if !plan.renamed.is_empty() {
        done.push(format!("{} renamed", plural(plan.renamed.len(), "module", "modules")));
    }
    if !plan.moved.is_empty() {
        done.push(format!("{} moved", plural(plan.moved.len(), "program", "programs")));
    }
    if done.is_empty() && !plan.edits.is_empty() {
        done.push(format!("{} edited", plural(plan.edits.len(), "file", "files")));
    }
    if done.is_empty() && (plan.metadata.tags.is_some() || plan.input != plan.output) {
        done.push("new tag".to_owned());
    }
    if done.is_empty() {
        done.push(
            if plan.metadata.is_empty() { "RECORD corrected" } else { "metadata corrected" }.to_owned(),
        );
    }
    done
}

/// The grafts of a result, one line each: path in the wheel, size, and original path.
#[must_use]
pub fn grafts_text(result: &RepairResult) -> StyledText {
    let mut text = StyledText::default();
    for graft in &result.grafts {
        let size = match graft.size == graft.source_size {
            true => human_size(graft.size),
            false => format!("{} -> {}", human_size(graft.source_size), human_size(graft.size)),
        };
        let line = StyledLine::default().plain(format!("    {} ({size})", graft.member));
        text.add(line.piece(Tone::Faint, format!(" from {}", graft.source)).hanging(6));
    }
    text
}

/// The totals of a `repair`.
#[derive(Clone, Debug, Default)]
pub struct RepairTotals {
    /// Wheels that are repaired.
    pub repaired: usize,
    /// Wheels whose result is the input.
    pub copied: usize,
    /// Wheels that were skipped.
    pub skipped: usize,
    /// The distributions of the wheels that failed.
    pub failed: Vec<String>,
    grafts: usize,
    grafted_bytes: u64,
}

impl RepairTotals {
    /// Counts the grafts of a wheel, by their sizes in bytes.
    pub fn add_grafts(&mut self, sizes: impl IntoIterator<Item = u64>) {
        for size in sizes {
            self.grafts += 1;
            self.grafted_bytes = self.grafted_bytes.saturating_add(size);
        }
    }

    /// `4 wheels in 0.9 s: 1 repaired, 2 copied, 1 failed (pyodbc)`; for a dry run, without a time, what
    /// would be done.
    #[must_use]
    pub fn text(&self, took: Option<Duration>) -> StyledText {
        let all = self.repaired + self.copied + self.skipped + self.failed.len();
        let time = took.map_or_else(String::new, |took| format!(" in {}", seconds(took)));
        let (repaired, copied) =
            if took.is_some() { ("repaired", "copied") } else { ("to repair", "to copy") };
        let mut line = StyledLine::default().plain(format!("{}{time}: ", plural(all, "wheel", "wheels")));
        let counts = [
            (self.repaired, repaired, Tone::Good),
            (self.copied, copied, Tone::Good),
            (self.skipped, "skipped", Tone::Warning),
            (self.failed.len(), "failed", Tone::Error),
        ];
        let counts = counts.into_iter().filter(|(count, _, _)| *count > 0);
        for (number, (count, what, tone)) in counts.enumerate() {
            line = line.plain(if number > 0 { ", " } else { "" }).piece(tone, format!("{count} {what}"));
        }
        if !self.failed.is_empty() {
            line = line.plain(format!(" ({})", names(&self.failed)));
        }
        if self.grafts > 0 {
            let grafts = plural(self.grafts, "library", "libraries");
            let grafted = if took.is_some() { "grafted" } else { "to graft" };
            line = line.plain(format!("; {grafts} {grafted}, {}", human_size(self.grafted_bytes)));
        }
        if took.is_none() {
            line = line.plain("; nothing was written");
        }
        let mut text = StyledText::default();
        text.add(line);
        text
    }
}

/// `0.9 s`, `75.0 s`.
fn seconds(took: Duration) -> String {
    format!("{}.{} s", took.as_secs(), took.subsec_millis() / 100)
}
