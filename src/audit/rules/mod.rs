//! The rules, one file for each: the problems that a wheel can have.
//!
//! A rule has a permanent name, its code. A new rule needs a file here, a line in the list, and
//! `tests/it/rules/<code>.rs` with an input that breaks it and a similar one that does not.

mod damaged_elf;
mod dlopen_glibc_library;
mod dlopen_note;
mod duplicate_name;
mod empty_segment;
mod forbidden_symbol;
mod foreign_elf;
mod glibc_object;
mod hash_word_size;
mod ifunc;
mod ignored_run_path;
mod inherited_run_path;
mod initial_exec_tls;
mod interposed;
mod legacy_init;
mod libpython_in_program;
mod libpython_needed;
mod library_in_scripts;
mod limit_exceeded;
mod linux_tag;
mod long_run_path;
mod manylinux_tag_on_musl;
mod missing_library;
mod mixed_time;
mod needed_path;
mod new_symbol;
mod no_hash_table;
mod not_loadable;
mod outside_run_path;
mod overclaimed_tag;
mod purelib;
mod record_mismatch;
mod refused_by_index;
mod relr;
mod reserved_name;
mod rule;
mod several_systems;
mod small_alignment;
mod small_stacks;
mod textrel;
mod unknown_machine;
mod unknown_platform_tag;
mod unlisted;
mod unmapped_headers;
mod unreadable_record;
mod unresolved_symbol;
mod unsupported_isa;
mod unsupported_relocation;
mod wrong_interpreter;
mod wrong_machine;
mod wrong_script;
mod wrong_suffix;
mod wrong_tag;

use std::cmp::Reverse;
use std::str::FromStr;

use super::finding::{Code, Finding};
use super::subject::Subject;

pub(crate) use forbidden_symbol::private_symbols;
pub(crate) use overclaimed_tag::overclaimed;
pub use rule::{Concern, Rule};

/// Every rule, in the order of the documentation: rules about loading come first.
pub const RULES: &[&Rule] = &[
    &not_loadable::RULE,
    &glibc_object::RULE,
    &unresolved_symbol::RULE,
    &new_symbol::RULE,
    &missing_library::RULE,
    &inherited_run_path::RULE,
    &needed_path::RULE,
    &relr::RULE,
    &initial_exec_tls::RULE,
    &ifunc::RULE,
    &unsupported_relocation::RULE,
    &textrel::RULE,
    &no_hash_table::RULE,
    &hash_word_size::RULE,
    &empty_segment::RULE,
    &wrong_interpreter::RULE,
    &libpython_in_program::RULE,
    &libpython_needed::RULE,
    &library_in_scripts::RULE,
    &reserved_name::RULE,
    &duplicate_name::RULE,
    &interposed::RULE,
    &forbidden_symbol::RULE,
    &wrong_machine::RULE,
    &unknown_machine::RULE,
    &foreign_elf::RULE,
    &damaged_elf::RULE,
    &unsupported_isa::RULE,
    &wrong_suffix::RULE,
    &ignored_run_path::RULE,
    &outside_run_path::RULE,
    &long_run_path::RULE,
    &unmapped_headers::RULE,
    &small_alignment::RULE,
    &legacy_init::RULE,
    &mixed_time::RULE,
    &small_stacks::RULE,
    &dlopen_glibc_library::RULE,
    &dlopen_note::RULE,
    &limit_exceeded::RULE,
    &overclaimed_tag::RULE,
    &unreadable_record::RULE,
    &record_mismatch::RULE,
    &unlisted::RULE,
    &wrong_script::RULE,
    &wrong_tag::RULE,
    &purelib::RULE,
    &linux_tag::RULE,
    &several_systems::RULE,
    &manylinux_tag_on_musl::RULE,
    &unknown_platform_tag::RULE,
    &refused_by_index::RULE,
];

/// The rule with this code.
#[must_use]
pub fn find(code: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.code == code)
}

/// The findings of the rules with this concern, except for those that the options allow.
pub(super) fn findings(subject: &Subject<'_>, concern: Concern) -> Vec<Finding> {
    let asked = RULES.iter().filter(|rule| rule.concern == concern);
    let wanted = asked.filter(|rule| !subject.options.allow.contains(&rule.code));
    wanted.flat_map(|rule| bounded(rule, (rule.check)(subject))).collect()
}

/// The number of findings of one rule that are listed separately.
const MOST_FINDINGS: usize = 100;

/// The worst findings of a rule, and one that counts the rest: a hostile wheel can cause any number.
fn bounded(rule: &Rule, mut findings: Vec<Finding>) -> Vec<Finding> {
    if findings.len() <= MOST_FINDINGS {
        return findings;
    }
    findings.sort_by_key(|finding| Reverse(finding.severity));
    let rest = findings.split_off(MOST_FINDINGS);
    if let Some(worst) = rest.first() {
        let message = format!("{} more findings like these are not listed", rest.len());
        let fixed_by_repair = rest.iter().all(|finding| finding.fixed_by_repair);
        let severity = worst.severity;
        findings.push(Finding { severity, fixed_by_repair, ..rule.finding(&worst.object, message) });
    }
    findings
}

/// There is no rule with this code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no rule `{0}`; {hint}", hint = self.hint())]
pub struct UnknownCode(pub String);

impl UnknownCode {
    /// The most similar code, if there is one, and the command that lists all.
    #[must_use]
    pub fn hint(&self) -> String {
        let meant = self.nearest().map(|code| format!("did you mean `{code}`? ")).unwrap_or_default();
        format!("{meant}`muslrepair explain` lists all rules")
    }

    fn nearest(&self) -> Option<Code> {
        // The threshold that clap uses for suggestions.
        const SIMILAR: f64 = 0.7;
        let scored = RULES.iter().map(|rule| (strsim::jaro(&self.0, rule.code.as_str()), rule.code));
        let similar = scored.filter(|(score, _)| *score > SIMILAR);
        similar.max_by(|(score, _), (other, _)| score.total_cmp(other)).map(|(_, code)| code)
    }
}

impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(name: &str) -> Result<Self, UnknownCode> {
        find(name).map(|rule| rule.code).ok_or_else(|| UnknownCode(name.to_owned()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::audit::Severity;

    #[test]
    fn of_many_findings_the_worst_are_listed_and_the_rest_is_counted() {
        let rule = find("missing-library").unwrap();
        let finding = |number: usize| rule.finding(&format!("{number}.so"), "is missing");
        let few: Vec<Finding> = (0..MOST_FINDINGS).map(finding).collect();
        assert_eq!(bounded(rule, few.clone()), few);
        let warnings = (0..150).map(|number| finding(number).with_severity(Severity::Warning));
        let told = bounded(rule, warnings.chain([finding(150)]).collect());
        assert_eq!((told.len(), told[0].object.as_str()), (MOST_FINDINGS + 1, "150.so"));
        let last = told.last().unwrap();
        assert_eq!(last.message, "51 more findings like these are not listed");
        assert_eq!((last.severity, last.fixed_by_repair), (Severity::Warning, false));
        assert_eq!(bounded(rule, (0..150).map(finding).collect()).last().unwrap().severity, Severity::Error);
    }

    #[test]
    fn codes_are_unique_and_every_text_is_present() {
        for (index, rule) in RULES.iter().enumerate() {
            assert_eq!(rule.code.as_str().parse::<Code>().unwrap(), rule.code);
            assert!(RULES.iter().skip(index + 1).all(|other| other.code != rule.code), "{}", rule.code);
            assert!(rule.summary.ends_with('.') && !rule.summary.contains('\n'), "{}", rule.code);
            for text in [rule.explanation, rule.source, rule.fix] {
                assert!(text.ends_with('.'), "{}: {text}", rule.code);
            }
        }
    }

    #[test]
    fn an_unknown_code_is_an_error_that_names_the_nearest_one() {
        assert_eq!(
            "rlr".parse::<Code>().unwrap_err().to_string(),
            "there is no rule `rlr`; did you mean `relr`? `muslrepair explain` lists all rules"
        );
        assert_eq!(
            "0815".parse::<Code>().unwrap_err().to_string(),
            "there is no rule `0815`; `muslrepair explain` lists all rules"
        );
        let nearest = UnknownCode("unresolved_symbols".to_owned()).nearest();
        assert_eq!(nearest.unwrap(), "unresolved-symbol");
    }
}
