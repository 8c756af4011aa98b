//! `several-systems`: a wheel for any platform with programs or libraries for several systems.

use crate::audit::finding::{Code, Finding, Severity};
use crate::audit::subject::Subject;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("several-systems"),
    severity: Severity::Warning,
    concern: Concern::Packaging,
    fixed_by_repair: false,
    summary: "A wheel for any platform has programs or libraries for several systems.",
    explanation: "\
The tag `any` says that a wheel works everywhere. This one contains programs or libraries for several systems and
chooses among them at run time. No platform tag would be right: with a tag for one architecture, users of the others
could no longer install it. So the wheel keeps its tag, and its programs and libraries are not checked.",
    source: "PEP 425, \"Platform Tag\".",
    symptom: None,
    fix: "\
Build one wheel for each platform, with the files that it needs. `repair` copies the wheel unchanged.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    if audit.systems.is_empty() {
        return Vec::new();
    }
    let systems = audit.systems.join(", ");
    let message = format!(
        "the wheel is tagged `any`, but has programs or libraries for several systems ({systems}); it keeps its tag, and \
         they are not checked"
    );
    vec![RULE.finding(audit.name, message)]
}
