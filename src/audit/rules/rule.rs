//! The definition of a rule.

use crate::audit::finding::{Code, Finding, MOST_OBJECTS, Severity, sentence};
use crate::audit::subject::Subject;

/// A problem that a wheel can have: its name, its documentation, and the check that finds it.
///
/// The texts are Markdown. The symptom is the literal message that a user sees at run time.
#[derive(Debug)]
#[non_exhaustive]
pub struct Rule {
    /// Its name: `relr`.
    pub code: Code,
    /// The severity of its findings, unless the evidence changes it.
    pub severity: Severity,
    /// Its concern.
    pub concern: Concern,
    /// Whether `repair` fixes the problem.
    pub fixed_by_repair: bool,
    /// One sentence with a full stop.
    pub summary: &'static str,
    /// The problem and its causes, in one or two paragraphs.
    pub explanation: &'static str,
    /// The function of musl, the PEP or the specification that it is based on.
    pub source: &'static str,
    /// What a user sees, if the problem has a visible symptom.
    pub symptom: Option<&'static str>,
    /// How to fix the problem, and what `repair` does.
    pub fix: &'static str,
    /// The check.
    pub(crate) check: fn(&Subject<'_>) -> Vec<Finding>,
}

/// The concern of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// Whether ELF files load and run on musl.
    Loading,
    /// Whether installers and package indexes accept the wheel.
    Packaging,
}

impl Rule {
    /// A finding about one object, or about the wheel.
    pub(crate) fn finding(&self, object: &str, message: impl Into<String>) -> Finding {
        self.finding_about(&[object], message)
    }

    /// A finding about all objects with the same cause.
    pub(crate) fn finding_about(&self, objects: &[&str], message: impl Into<String>) -> Finding {
        Finding {
            code: self.code,
            severity: self.severity,
            object: objects.first().copied().unwrap_or_default().to_owned(),
            objects: objects.iter().take(MOST_OBJECTS).map(|object| (*object).to_owned()).collect(),
            count: objects.len(),
            message: sentence(&message.into()),
            details: Vec::new(),
            hint: None,
            fixed_by_repair: self.fixed_by_repair,
            install: None,
        }
    }
}
