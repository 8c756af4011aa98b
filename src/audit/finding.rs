//! Findings: the problems that an audit reports.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Serialize, Serializer};

use crate::escaped::Sentence;

use super::install::Install;

/// The severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// For information.
    Note,
    /// It can fail in some cases.
    Warning,
    /// It cannot work, or it breaks the promise of the tag.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// The permanent name of a rule, such as `relr`. [`super::rules`] lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(&'static str);

impl Code {
    /// The code for the declaration of a rule.
    pub(super) const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl PartialEq<&str> for Code {
    fn eq(&self, name: &&str) -> bool {
        self.0 == *name
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

/// One problem, with the objects that have it, the evidence, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The broken rule.
    pub code: Code,
    /// Its severity.
    pub severity: Severity,
    /// The first affected object, as named in the wheel or on disk; or the wheel itself.
    pub object: String,
    /// The first affected objects, at most [`MOST_OBJECTS`].
    pub objects: Vec<String>,
    /// The number of affected objects.
    pub count: usize,
    /// One sentence in lower case, without a full stop. In the message, the details and the hint, names are
    /// escaped and long texts are cut; `objects` has the names unchanged.
    pub message: String,
    /// Further lines: directories searched, files rejected.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
    /// What to do: a command or an option that works as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Whether `repair` fixes it.
    pub fixed_by_repair: bool,
    /// The command of the hint, if it installs libraries. Commands for several wheels can be joined.
    #[serde(skip)]
    pub install: Option<Install>,
}

impl Finding {
    /// The same finding with a hint.
    #[must_use]
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(sentence(&hint.into()));
        self
    }

    /// The same finding with a hint, if there is one.
    #[must_use]
    pub(crate) fn with_hint_if(self, hint: Option<String>) -> Self {
        match hint {
            Some(hint) => self.with_hint(hint),
            None => self,
        }
    }

    /// The same finding with another severity than that of its rule.
    #[must_use]
    pub(crate) fn with_severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// The same finding with further lines.
    #[must_use]
    pub(crate) fn with_details(mut self, details: Vec<String>) -> Self {
        self.details = details.iter().map(|line| sentence(line)).collect();
        self
    }
}

/// The number of objects that a finding lists by name.
pub const MOST_OBJECTS: usize = 8;

/// The number of objects that a message names.
const MOST_IN_MESSAGE: usize = 3;

/// The number of symbols that a message names.
const MOST_SYMBOLS: usize = 8;

/// A message with all names escaped, cut to a readable length.
pub(super) fn sentence(message: &str) -> String {
    Sentence(message).to_string()
}

/// The first few of many symbols or paths, and the number of the others.
pub(crate) fn listed<S: AsRef<str>>(names: &[S]) -> String {
    first_of(names, MOST_SYMBOLS)
}

/// Objects as the subject of a sentence: `` `a.so` has ``, `` `a.so`, `b.so`, `c.so` and 88 more have ``.
pub(crate) fn subject(objects: &[&str], singular: &str, plural: &str) -> String {
    let verb = if objects.len() == 1 { singular } else { plural };
    format!("{} {verb}", first_few(objects))
}

/// The same without the verb, for other positions in a sentence.
pub(crate) fn first_few(objects: &[&str]) -> String {
    first_of(objects, MOST_IN_MESSAGE)
}

fn first_of<S: AsRef<str>>(names: &[S], most: usize) -> String {
    let names_shown: Vec<String> =
        names.iter().take(most).map(|name| format!("`{}`", name.as_ref())).collect();
    let shown = names_shown.join(", ");
    match names.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Groups objects by their cause: causes in the order of their first object, each object once.
pub(crate) fn grouped<'a, C: Ord + Clone>(
    pairs: impl IntoIterator<Item = (C, &'a str)>,
) -> Vec<(C, Vec<&'a str>)> {
    let mut groups: Vec<(C, Vec<&str>)> = Vec::new();
    let mut places: BTreeMap<C, usize> = BTreeMap::new();
    let mut known: BTreeSet<(usize, &str)> = std::collections::BTreeSet::new();
    for (cause, object) in pairs {
        let place = *places.entry(cause.clone()).or_insert_with(|| {
            groups.push((cause, Vec::new()));
            groups.len() - 1
        });
        if known.insert((place, object))
            && let Some((_, objects)) = groups.get_mut(place)
        {
            objects.push(object);
        }
    }
    groups
}

/// Groups objects by cause and set of symbols: cause, symbols in order, objects. Causes without a symbol have
/// an empty set.
pub(crate) fn grouped_by_symbols<'a, C: Ord + Clone>(
    found: impl IntoIterator<Item = (C, Option<&'a str>, &'a str)>,
) -> Vec<(C, Vec<&'a str>, Vec<&'a str>)> {
    let mut by_object: BTreeMap<(&str, C), BTreeSet<&str>> = BTreeMap::new();
    for (cause, symbol, object) in found {
        by_object.entry((object, cause)).or_default().extend(symbol);
    }
    let groups = grouped(by_object.into_iter().map(|((object, cause), symbols)| ((cause, symbols), object)));
    groups
        .into_iter()
        .map(|((cause, symbols), objects)| (cause, symbols.into_iter().collect(), objects))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_with_the_same_cause_are_one_finding_and_the_rest_is_counted() {
        let pairs = [("x", "b.so"), ("y", "a.so"), ("x", "a.so"), ("x", "b.so")];
        assert_eq!(grouped(pairs), [("x", vec!["b.so", "a.so"]), ("y", vec!["a.so"])]);
        assert_eq!(subject(&["a.so"], "has", "have"), "`a.so` has");
        assert_eq!(subject(&["a", "b", "c", "d"], "has", "have"), "`a`, `b`, `c` and 1 more have");
    }

    #[test]
    fn objects_with_the_same_symbols_are_one_group() {
        let found = [
            (1, Some("y"), "a.so"),
            (1, Some("x"), "a.so"),
            (1, Some("x"), "b.so"),
            (1, Some("y"), "b.so"),
            (1, Some("x"), "c.so"),
            (2, None, "a.so"),
        ];
        let groups = [
            (1, vec!["x", "y"], vec!["a.so", "b.so"]),
            (2, vec![], vec!["a.so"]),
            (1, vec!["x"], vec!["c.so"]),
        ];
        assert_eq!(grouped_by_symbols(found), groups);
    }
}
