//! Plans for people.

use std::collections::BTreeSet;

use crate::elf::{ElfEdit, RunPathEdit};
use crate::repair::{Note, Plan};

use super::human_size;
use super::styled::{StyledLine, StyledText, Tone};

/// All changes of a plan, one line each, or the reason why there are none.
#[must_use]
pub fn plan_text(plan: &Plan) -> StyledText {
    let mut text = Steps::default();
    if let Some(reason) = plan.copy_reason() {
        text.step(format!("{} stays as it is: {reason}", plan.input));
    } else {
        text.step(format!("{} -> {}", plan.input, plan.output));
    }
    for graft in &plan.grafts {
        let aliases: BTreeSet<&str> = graft.aliases.iter().map(String::as_str).collect();
        let aliases: Vec<&str> = aliases.into_iter().collect();
        let needed = match aliases.is_empty() {
            true => "requested with `--include`".to_owned(),
            false => format!("needed as {}", aliases.join(", ")),
        };
        let size = human_size(graft.size);
        text.step(format!("graft {} as {} ({size}), {needed}", graft.source, graft.member));
        text.edit(&graft.edit);
    }
    for renamed in &plan.renamed {
        text.step(format!("rename {} to {}", renamed.from, renamed.to));
    }
    for moved in &plan.moved {
        text.step(format!("move {} to {}, and start it by a script", moved.script, moved.program));
    }
    text.edits(plan);
    // Unused patterns are known only after all wheels of a call are planned.
    for note in plan.notes.iter().filter(|note| !matches!(note, Note::PatternUnused { .. })) {
        let (tone, label) =
            if note.is_warning() { (Tone::Warning, "warning") } else { (Tone::Plain, "note") };
        let line = StyledLine::default().column(2).piece(tone, label);
        text.0.add(line.plain(format!(": {note}")).hanging(6));
    }
    text.0
}

/// The steps of a plan, one line each.
#[derive(Default)]
pub(super) struct Steps(pub(super) StyledText);

impl Steps {
    /// Adds a step.
    pub(super) fn step(&mut self, step: String) {
        self.0.add(StyledLine::default().column(2).plain(step).hanging(6));
    }

    fn part(&mut self, part: impl std::fmt::Display) {
        self.0.add(StyledLine::default().column(6).piece(Tone::Faint, part).hanging(8));
    }

    /// Adds the edits of members and the changes to metadata.
    pub(super) fn edits(&mut self, plan: &Plan) {
        for member in &plan.edits {
            self.step(format!("edit {}", member.member));
            self.edit(&member.edit);
        }
        if let Some(tags) = &plan.metadata.tags {
            self.step(format!("tag {}", tags.join(", ")));
        }
        if plan.metadata.root_is_purelib == Some(false) {
            self.step("set Root-Is-Purelib to false".to_owned());
        }
        if let Some(build) = &plan.metadata.build {
            self.step(format!("set Build to {build}"));
        }
    }

    fn edit(&mut self, edit: &ElfEdit) {
        if let Some(soname) = &edit.soname {
            self.part(format_args!("SONAME {soname}"));
        }
        for (old, new) in &edit.rename_needed {
            self.part(format_args!("NEEDED {old} -> {new}"));
        }
        for name in &edit.remove_needed {
            self.part(format_args!("NEEDED {name} removed"));
        }
        match &edit.run_path {
            RunPathEdit::Keep => {}
            RunPathEdit::Clear => self.part("run path removed"),
            RunPathEdit::Set(path) => self.part(format_args!("run path {path}")),
        }
        if edit.lower_relr {
            self.part("DT_RELR lowered to ordinary relocations");
        }
        if let Some(strip) = edit.strip {
            self.part(format_args!("stripped ({})", format!("{strip:?}").to_lowercase()));
        }
    }
}
