//! Objects that lead to each other, and what an audit finds of one rule. Layouts of which the outcome depends on the order of
//! loading were loaded by musl 1.2.3 and 1.2.5, with the same outcome.

use muslrepair::audit::{ElfAudit, Finding};
use muslrepair::musl::{MuslRelease, ObjectSymbols};
use muslrepair::resolve::Object;

use super::scene::{TAG, audit, module};

/// A library in `demo/`, with what it needs and its run path.
pub fn library(name: &str, needed: &[&str], run_path: &str) -> Object {
    let mut object = module(name);
    object.symbols = ObjectSymbols::default();
    object.facts.needed = needed.iter().map(|name| (*name).to_owned()).collect();
    object.facts.runpath = (!run_path.is_empty()).then(|| run_path.to_owned());
    object
}

/// The same, imported by the interpreter.
pub fn extension(name: &str, needed: &[&str], run_path: &str) -> Object {
    defining(library(name, needed, run_path), "PyInit_x")
}

/// The same with a symbol that others can bind to.
pub fn defining(mut object: Object, name: &str) -> Object {
    object.symbols.defined = [name.as_bytes()].into_iter().collect();
    object
}

/// A module with this run path.
pub fn with_run_path(name: &str, run_path: &str) -> Object {
    let mut object = module(name);
    object.facts.runpath = Some(run_path.to_owned());
    object
}

/// Whether a module loads on the newest musl.
pub fn loads(audit: &ElfAudit, path: &str) -> bool {
    let module = audit.modules.iter().find(|module| module.path == format!("demo/{path}"));
    module.unwrap().loads_on.contains(MuslRelease::NEWEST)
}

/// The findings of one rule in these objects.
pub fn found_of(code: &str, objects: Vec<Object>) -> Vec<Finding> {
    of(code, audit(TAG, objects).findings)
}

/// The findings of one rule.
pub fn of(code: &str, findings: Vec<Finding>) -> Vec<Finding> {
    findings.into_iter().filter(|finding| finding.code == code).collect()
}
