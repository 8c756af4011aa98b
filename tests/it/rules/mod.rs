//! Every rule, with an input that breaks it and a similar one that does not.

mod damaged_elf;
mod dlopen_glibc_library;
mod dlopen_note;
mod duplicate_name;
mod empty_segment;
mod forbidden_symbol;
pub mod foreign_elf;
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
pub mod linked;
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
pub mod scene;
pub mod several_systems;
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
mod wheels;
mod wrong_interpreter;
mod wrong_machine;
mod wrong_script;
mod wrong_suffix;
mod wrong_tag;

use muslrepair::audit::Finding;
use muslrepair::audit::rules::RULES;

/// The two inputs of a rule, as the findings of an audit.
pub struct Case {
    /// The code of the rule.
    pub code: &'static str,
    /// The findings of an input that breaks it.
    pub breaks: fn() -> Vec<Finding>,
    /// The findings of a similar input that does not break it.
    pub keeps: fn() -> Vec<Finding>,
}

/// One case for each rule, in the order of the rules.
const CASES: &[Case] = &[
    not_loadable::CASE,
    glibc_object::CASE,
    unresolved_symbol::CASE,
    new_symbol::CASE,
    missing_library::CASE,
    inherited_run_path::CASE,
    needed_path::CASE,
    relr::CASE,
    initial_exec_tls::CASE,
    ifunc::CASE,
    unsupported_relocation::CASE,
    textrel::CASE,
    no_hash_table::CASE,
    hash_word_size::CASE,
    empty_segment::CASE,
    wrong_interpreter::CASE,
    libpython_in_program::CASE,
    libpython_needed::CASE,
    library_in_scripts::CASE,
    reserved_name::CASE,
    duplicate_name::CASE,
    interposed::CASE,
    forbidden_symbol::CASE,
    wrong_machine::CASE,
    wrong_script::CASE,
    unknown_machine::CASE,
    foreign_elf::CASE,
    damaged_elf::CASE,
    unsupported_isa::CASE,
    wrong_suffix::CASE,
    ignored_run_path::CASE,
    outside_run_path::CASE,
    long_run_path::CASE,
    unmapped_headers::CASE,
    small_alignment::CASE,
    legacy_init::CASE,
    mixed_time::CASE,
    small_stacks::CASE,
    dlopen_glibc_library::CASE,
    dlopen_note::CASE,
    limit_exceeded::CASE,
    overclaimed_tag::CASE,
    unreadable_record::CASE,
    record_mismatch::CASE,
    unlisted::CASE,
    wrong_tag::CASE,
    purelib::CASE,
    linux_tag::CASE,
    several_systems::CASE,
    manylinux_tag_on_musl::CASE,
    unknown_platform_tag::CASE,
    refused_by_index::CASE,
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
