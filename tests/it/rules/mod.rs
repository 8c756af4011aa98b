//! Every rule: an input that breaks it, and the nearest one that does not.

mod relr;
mod scene;

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
const CASES: &[Case] = &[relr::CASE];

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
