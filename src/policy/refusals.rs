//! What no musl loads, whatever it is loaded with.

use crate::resolve::Object;

use super::binding::Cause;
use super::findings::{Code, Finding};

/// What of an object itself keeps every musl from loading it. A program that was linked statically relocates itself, and
/// what is not dynamic is not loaded.
pub(super) fn refusals(object: &Object) -> Vec<Cause> {
    let facts = &object.facts;
    if !facts.dynamic || facts.is_static_program() {
        return Vec::new();
    }
    let mut causes = Vec::new();
    if let Some(number) = facts.relocations.unsupported {
        causes.push(Cause::UnsupportedRelocation { number });
    }
    causes
}

/// What is to be said of each.
pub(super) fn refused(object: &Object, findings: &mut Vec<Finding>) {
    let name = object.origin.shown();
    for cause in refusals(object) {
        let (code, message, hint) = match cause {
            Cause::UnsupportedRelocation { number } => (
                Code::UnsupportedRelocation,
                format!("`{name}` has a relocation of type {number}, which musl does not have"),
                "do without what asks for it: `@SIZE`, or the distance to a symbol in a word of data",
            ),
            _ => continue,
        };
        findings.push(Finding::new(code, name, message).with_hint(hint));
    }
}
