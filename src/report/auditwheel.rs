//! Output in auditwheel's form: its sentences, and the JSON of its `show` (schema version 1).

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::audit::{Audit, WheelKind};
use crate::escaped::Line;
use crate::policy::Policy;
use crate::resolve::Origin;

use super::json_text::render;
use super::sentences::{
    LIBRARIES, NO_LIBRARIES, NO_VERSIONED_SYMBOLS, VERSIONED_SYMBOLS, consistent_sentence,
    invalid_wheel_sentence, no_elf_sentence, versioned_symbols,
};

/// The column at which auditwheel wraps paragraphs.
const WIDTH: usize = 70;

/// The path of each external library, by name.
fn external_libraries(audit: &Audit) -> BTreeMap<String, Option<String>> {
    let libraries = audit.elf.external_libraries().into_iter().map(|library| {
        let object = library.object.and_then(|index| audit.elf.graph.objects.get(index));
        let path = object.and_then(|object| match &object.origin {
            Origin::File { file, .. } => Some(file.path.clone()),
            Origin::Member { .. } | Origin::Sibling { .. } => None,
        });
        (library.name, path)
    });
    libraries.collect()
}

/// Whether the audit found objects that need instructions beyond those of the tag.
fn needs_other_processor(audit: &Audit) -> bool {
    audit.elf.findings.iter().any(|finding| finding.code == "unsupported-isa")
}

/// Symbols that the policies forbid to use from a library, by library.
fn forbidden_symbols(audit: &Audit) -> BTreeMap<String, BTreeSet<String>> {
    let mut forbidden: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (_, _, _, object) in audit.elf.members() {
        for (library, symbols) in crate::audit::rules::private_symbols(object) {
            let symbols = symbols.into_iter().map(str::to_owned);
            forbidden.entry(library.to_owned()).or_default().extend(symbols);
        }
    }
    forbidden
}

/// The tag of the newest policy for the wheel's architecture.
fn best_tag(audit: &Audit) -> Option<String> {
    let arch = audit.elf.arch?;
    Policy::default_for(arch).map(|policy| policy.version.platform(arch).to_string())
}

#[derive(Serialize)]
struct Platform<'a> {
    version: u32,
    wheel: &'a str,
    pure: bool,
    overall_tag: String,
    sym_tag: String,
    pyfpe: bool,
    ucs2: bool,
    unsupported_isa: bool,
    versioned_symbols: BTreeMap<String, BTreeSet<String>>,
    external_libs: BTreeMap<String, Option<String>>,
    policy_upgrades: BTreeMap<String, Upgrade>,
}

#[derive(Serialize)]
struct Upgrade {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    libs_to_eliminate: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    blacklisted_symbols: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Serialize)]
struct Pure<'a> {
    version: u32,
    wheel: &'a str,
    pure: bool,
}

#[derive(Serialize)]
struct Failure<'a> {
    version: u32,
    wheel: &'a str,
    error: &'a str,
}

/// auditwheel's `show --json` for a wheel: the keys of its schema, and no others.
#[must_use]
pub fn show_json(audit: &Audit, allow_pure: bool) -> String {
    let wheel = audit.wheel.to_string();
    if audit.kind != WheelKind::Platform {
        let errors: Vec<&str> = audit.elf.errors().map(|finding| finding.message.as_str()).collect();
        if !errors.is_empty() {
            return show_error_json(&wheel, &errors.join("; "));
        }
        return if allow_pure && audit.kind == WheelKind::Pure {
            render(&Pure { version: 1, wheel: &wheel, pure: true })
        } else {
            show_error_json(&wheel, no_elf_sentence())
        };
    }
    if let Some(invalid) = invalid_wheel_sentence(audit) {
        return show_error_json(&wheel, &invalid);
    }
    let external = external_libraries(audit);
    let forbidden = forbidden_symbols(audit);
    let best = best_tag(audit);
    let mut policy_upgrades = BTreeMap::new();
    if let (Some(best), false) = (&best, external.is_empty() && forbidden.is_empty()) {
        let libs_to_eliminate = external.keys().cloned().collect();
        policy_upgrades.insert(best.clone(), Upgrade { libs_to_eliminate, blacklisted_symbols: forbidden });
    }
    render(&Platform {
        version: 1,
        wheel: &wheel,
        pure: false,
        overall_tag: audit.overall_tag(),
        sym_tag: best.unwrap_or_else(|| "linux".to_owned()),
        pyfpe: false,
        ucs2: false,
        unsupported_isa: needs_other_processor(audit),
        versioned_symbols: versioned_symbols(&audit.elf),
        external_libs: external,
        policy_upgrades,
    })
}

/// auditwheel's `show --json` for a wheel that cannot be audited.
#[must_use]
pub fn show_error_json(wheel: &str, error: &str) -> String {
    render(&Failure { version: 1, wheel, error })
}

/// The report of `show` in auditwheel's layout: paragraphs of 70 columns, a blank line before each, libraries
/// as a JSON object. The part after unsupported instructions is shown only if `verbose`.
#[must_use]
pub fn show_paragraphs(audit: &Audit, verbose: bool) -> String {
    let mut text = String::new();
    paragraph(&consistent_sentence(audit), &mut text);
    if audit.kind != WheelKind::Platform {
        return text;
    }
    if needs_other_processor(audit) {
        paragraph("This wheel depends on unsupported ISA extensions.", &mut text);
        if !verbose {
            return text;
        }
    }
    let versions: Vec<String> = versioned_symbols(&audit.elf)
        .into_iter()
        .map(|(library, versions)| {
            let versions: Vec<String> = versions.iter().map(|version| format!("'{version}'")).collect();
            format!("{library} with versions {{{}}}", versions.join(", "))
        })
        .collect();
    if versions.is_empty() {
        paragraph(NO_VERSIONED_SYMBOLS, &mut text);
    } else {
        paragraph(&format!("{} {}", VERSIONED_SYMBOLS, versions.join(", ")), &mut text);
    }
    let external = external_libraries(audit);
    if external.is_empty() {
        paragraph(NO_LIBRARIES, &mut text);
    } else {
        paragraph(LIBRARIES, &mut text);
        text.push_str(&render(&external));
        text.push('\n');
    }
    let Some(best) = best_tag(audit) else { return text };
    let eliminate = |what: &str, text: &mut String| {
        let start = format!("In order to achieve the tag platform tag '{best}' the following");
        paragraph(&format!("{start} {what} dependencies will need to be eliminated:"), text);
    };
    if !external.is_empty() {
        eliminate("shared library", &mut text);
        paragraph(&external.into_keys().collect::<Vec<_>>().join(", "), &mut text);
    }
    let forbidden = forbidden_symbols(audit);
    if !forbidden.is_empty() {
        eliminate("black-listed symbol", &mut text);
        for (library, symbols) in forbidden {
            let symbols: Vec<String> = symbols.into_iter().collect();
            paragraph(&format!("From {library}: {}", symbols.join(", ")), &mut text);
        }
    }
    text
}

/// A blank line, then the words in lines of at most [`WIDTH`] columns; a longer word has its own line.
fn paragraph(words: &str, text: &mut String) {
    text.push('\n');
    let mut column = 0;
    // Blanks in a name are line breaks too, and no name may look like a CI command at the start of a line.
    for word in words.split_ascii_whitespace().map(|word| Line(word).to_string()) {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > WIDTH {
            text.push('\n');
            column = 0;
        } else if column > 0 {
            text.push(' ');
            column += 1;
        }
        text.push_str(&word);
        column += length;
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::paragraph;

    #[test]
    fn paragraphs_break_at_seventy_columns() {
        let mut text = String::new();
        let long = "x".repeat(80);
        paragraph(&format!("{} {} {long} end", "a".repeat(34), "b".repeat(35)), &mut text);
        assert_eq!(text, format!("\n{} {}\n{long}\nend\n", "a".repeat(34), "b".repeat(35)));
    }
}
