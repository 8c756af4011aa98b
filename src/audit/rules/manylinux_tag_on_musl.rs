//! `manylinux-tag-on-musl`: a tag for glibc on a wheel that was built for musl.

use crate::audit::finding::{Code, Finding, Severity, subject};
use crate::audit::libc::built_for_musl;
use crate::audit::subject::Subject;
use crate::wheel::PlatformTag;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("manylinux-tag-on-musl"),
    severity: Severity::Error,
    concern: Concern::Packaging,
    fixed_by_repair: true,
    summary: "The file name has a tag for glibc, but the ELF files were built for musl.",
    explanation: "\
A `manylinux` tag promises that the wheel runs on systems with glibc. An object of this wheel needs musl's own library
or loader, which these systems do not have. A wheel may have tags for both only if its objects need neither, such as
programs that are linked statically.",
    source: "PEP 600; PEP 656.",
    symptom: Some("ImportError: libc.musl-x86_64.so.1: cannot open shared object file: No such file or directory"),
    fix: "`muslrepair repair` drops the tag. Build a separate wheel for glibc.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let manylinux = audit.platforms.iter().filter(|tag| matches!(tag, PlatformTag::Manylinux(_)));
    let tags: Vec<String> = manylinux.map(ToString::to_string).collect();
    let Some(object) = built_for_musl(audit.graph).filter(|_| !tags.is_empty()) else { return Vec::new() };
    let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
    let message = format!("{} for glibc, but `{object}` was built for musl", subject(&tags, "is", "are"));
    let dropped = if tags.len() == 1 { "the tag" } else { "the tags" };
    let hint = format!("{} drops {dropped}", audit.repair_command());
    vec![RULE.finding(audit.name, message).with_hint(hint)]
}
