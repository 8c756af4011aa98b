//! Every rule: an input that breaks it, and the nearest one that does not.

mod empty_segment;
mod glibc_object;
mod ifunc;
mod initial_exec_tls;
mod legacy_init;
mod libpython_in_program;
mod libpython_needed;
mod limit_exceeded;
mod mixed_time;
mod new_symbol;
mod no_hash_table;
mod overclaimed_tag;
mod relr;
mod scene;
mod small_alignment;
mod small_stacks;
mod textrel;
mod unmapped_headers;
mod unresolved_symbol;
mod unsupported_isa;
mod unsupported_relocation;
mod wrong_interpreter;

use muslrepair::audit::Finding;
use muslrepair::audit::rules::RULES;

/// The two inputs of a rule, as what an audit of each finds.
pub struct Case {
    /// The code of the rule.
    pub code: &'static str,
    /// The findings of an input that breaks it.
    pub breaks: fn() -> Vec<Finding>,
    /// The findings of the nearest one that does not.
    pub keeps: fn() -> Vec<Finding>,
}

/// One case for each rule, in the order of the rules.
const CASES: &[Case] = &[
    glibc_object::CASE,
    unresolved_symbol::CASE,
    new_symbol::CASE,
    relr::CASE,
    initial_exec_tls::CASE,
    ifunc::CASE,
    unsupported_relocation::CASE,
    textrel::CASE,
    no_hash_table::CASE,
    empty_segment::CASE,
    wrong_interpreter::CASE,
    libpython_in_program::CASE,
    libpython_needed::CASE,
    unsupported_isa::CASE,
    unmapped_headers::CASE,
    small_alignment::CASE,
    legacy_init::CASE,
    mixed_time::CASE,
    small_stacks::CASE,
    limit_exceeded::CASE,
    overclaimed_tag::CASE,
];

#[test]
fn every_rule_has_an_input_that_breaks_it_and_one_that_does_not() {
    for rule in RULES {
        let case = CASES.iter().find(|case| rule.code == case.code);
        let case = case.unwrap_or_else(|| panic!("tests/it/rules has no case for `{}`", rule.code));
        let found = (case.breaks)();
        let finding = found.iter().find(|finding| finding.code == rule.code);
        let finding = finding.unwrap_or_else(|| panic!("`{}` is not found: {found:?}", rule.code));
        assert!(!finding.object.is_empty() && !finding.message.is_empty(), "{finding:?}");
        assert!(finding.objects.first() == Some(&finding.object) && finding.count > 0, "{finding:?}");
        let found = (case.keeps)();
        assert!(found.iter().all(|finding| finding.code != rule.code), "`{}`: {found:?}", rule.code);
    }
    assert_eq!(RULES.len(), CASES.len(), "a case without a rule");
}
