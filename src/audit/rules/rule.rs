//! What a rule is.

use crate::audit::finding::{Code, Finding, MOST_OBJECTS, Severity, sentence};
use crate::audit::subject::Subject;

/// Something that can be wrong with a wheel: how it is named, what it means, and how it is found.
///
/// The texts are Markdown. The symptom is what a user sees at run time, literally.
#[derive(Debug)]
#[non_exhaustive]
pub struct Rule {
    /// Its name: `relr`.
    pub code: Code,
    /// How bad a finding is, unless the evidence says otherwise.
    pub severity: Severity,
    /// What it is about.
    pub concern: Concern,
    /// Whether `repair` fixes what it finds.
    pub fixed_by_repair: bool,
    /// One sentence with a full stop.
    pub summary: &'static str,
    /// What it is, in a paragraph or two.
    pub explanation: &'static str,
    /// Which function of musl, which PEP or which specification says so.
    pub source: &'static str,
    /// What a user sees when it goes wrong, where that is something to see.
    pub symptom: Option<&'static str>,
    /// How to fix it, and what `repair` does.
    pub fix: &'static str,
    /// Finds it.
    pub(crate) check: fn(&Subject<'_>) -> Vec<Finding>,
}

/// What a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// Whether ELF files load and run on musl.
    Loading,
    /// Whether installers and package indexes take the wheel.
    Packaging,
}

impl Rule {
    /// A finding about one object, or about the wheel.
    pub(crate) fn finding(&self, object: &str, message: impl Into<String>) -> Finding {
        self.finding_about(&[object], message)
    }

    /// A finding about all objects that share a cause.
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
        }
    }
}
