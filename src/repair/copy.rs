//! The plan for copying a published wheel, and the changes that a repair would make.

use std::collections::BTreeSet;

use super::note::Note;
use super::plan::Plan;
use super::published::PublishedWheel;
use crate::audit::{Audit, listed};
use crate::wheel::PlatformTag;

impl Plan {
    /// The plan that copies a wheel, and lists what a repair would change, if that can be planned.
    pub(super) fn copy_of_published(
        audit: &Audit,
        published: PublishedWheel,
        repair: Option<Self>,
        target: Option<PlatformTag>,
    ) -> Self {
        let mut notes = Vec::new();
        if let Some(repair) = repair {
            let changes = repair.changes();
            if !changes.is_empty() {
                notes.push(Note::PublishedCopied { loads: published == PublishedWheel::Loads, changes });
            }
            let kept = |note: &Note| matches!(note, Note::Excluded { .. } | Note::PatternUnused { .. });
            notes.extend(repair.notes.into_iter().filter(kept));
        }
        Self { target, published: Some(published), notes, ..Self::unchanged(&audit.wheel) }
    }

    /// The changes, one phrase for each kind.
    fn changes(&self) -> Vec<String> {
        let edits = || self.edits.iter().map(|edit| (&edit.member, &edit.edit));
        let count = |changed: usize| match changed {
            1 => "1 file".to_owned(),
            more => format!("{more} files"),
        };
        let mut changes = Vec::new();
        let mut change = |changed: usize, text: &str| {
            if changed > 0 {
                changes.push(format!("{text} {}", count(changed)));
            }
        };
        change(
            edits().filter(|(_, edit)| edit.lower_relr).count(),
            "lower DT_RELR (for musl before 1.2.4) in",
        );
        change(edits().filter(|(_, edit)| !edit.run_path.is_keep()).count(), "change the run path of");
        change(edits().filter(|(_, edit)| edit.strip.is_some()).count(), "strip");
        let dropped: BTreeSet<&String> = edits().flat_map(|(_, edit)| &edit.remove_needed).collect();
        if !dropped.is_empty() {
            changes.push(format!("remove the dependency on {}", listed(&Vec::from_iter(dropped))));
        }
        let grafts: Vec<&String> = self.grafts.iter().flat_map(|graft| &graft.aliases).collect();
        if !grafts.is_empty() {
            changes.push(format!("graft {}", listed(&grafts)));
        }
        let renames = edits().filter(|(_, edit)| !edit.rename_needed.is_empty()).count();
        if grafts.is_empty() && renames > 0 {
            changes.push(format!("replace needed paths by names in {}", count(renames)));
        }
        if !self.renamed.is_empty() {
            changes.push(format!("rename {}", count(self.renamed.len())));
        }
        if self.input.platforms() != self.output.platforms() {
            changes.push("change the platform tag".to_owned());
        }
        if !self.metadata.is_empty() {
            changes.push("correct `WHEEL`".to_owned());
        }
        if self.complete_record {
            changes.push("write a correct `RECORD`".to_owned());
        }
        changes
    }
}
