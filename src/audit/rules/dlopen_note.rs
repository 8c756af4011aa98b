//! `dlopen-note`: libraries that an object declares to open with `dlopen`.

use std::collections::BTreeSet;

use crate::audit::finding::{Code, Finding, Severity, grouped, listed, subject};
use crate::audit::subject::Subject;
use crate::elf::DlopenNote;
use crate::musl;
use crate::resolve::{Object, Origin, is_apk_name};

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("dlopen-note"),
    severity: Severity::Note,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "An object names a library for `dlopen` that the wheel does not have.",
    explanation: "\
The note `.note.dlopen` of a file lists the libraries that its code tries to open with `dlopen`, with their purpose
and priority. No `DT_NEEDED` names them, so `repair` does not graft them automatically.",
    source: "UAPI group, \"ELF dlopen metadata\"; `dlopen` in musl's `ldso/dynlink.c`.",
    symptom: None,
    fix: "\
`repair --include NAME` grafts such a library. Because the graft has a new name, only code that searches the directory
of grafts finds it. Otherwise ask users to install the library.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let outside: BTreeSet<&str> = audit.objects().filter_map(name_outside).collect();
    let found = audit.objects().flat_map(|object| {
        let notes = object.facts.dlopen_notes.iter();
        notes
            .filter(|note| !is_at_hand(audit, &outside, note))
            .map(|note| (note, object.origin.display_name()))
    });
    let findings = grouped(found).into_iter().map(|(note, objects)| {
        let about = [note.priority.as_deref(), note.feature.as_deref()];
        let about: Vec<&str> = about.into_iter().flatten().collect();
        let about = if about.is_empty() { String::new() } else { format!(" ({})", about.join(", ")) };
        let says = subject(&objects, "says that it opens", "say that they open");
        let names = listed(&note.sonames);
        let message = format!("{says} {names} with `dlopen`{about}");
        let first = note.sonames.iter().find(|name| is_apk_name(name));
        let hint = first.map(|name| format!("`muslrepair repair --include {name}` grafts it"));
        RULE.finding_about(&objects, message).with_hint_if(hint)
    });
    findings.collect()
}

/// The name under which an outside library was found.
fn name_outside(object: &Object) -> Option<&str> {
    match &object.origin {
        Origin::File { found, .. } => found.rsplit('/').next(),
        _ => None,
    }
}

/// Whether one of the libraries is musl itself, is in the wheel, or is a library that a repair grafts.
fn is_at_hand(audit: &Subject<'_>, outside: &BTreeSet<&str>, note: &DlopenNote) -> bool {
    let at_hand = |name: &String| {
        musl::is_libc(name) || audit.layout.named(name).next().is_some() || outside.contains(name.as_str())
    };
    note.sonames.iter().any(at_hand)
}
