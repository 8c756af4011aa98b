//! `wrong-machine`: objects for another architecture.

use crate::audit::arch::ArchConflict;
use crate::audit::finding::{Code, Finding, Severity, grouped, subject};
use crate::audit::subject::Subject;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("wrong-machine"),
    severity: Severity::Error,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "An object is built for another architecture than the wheel.",
    explanation: "\
A wheel has one architecture: that of its ELF files, which the platform tag of its file name must name. musl does not
compare the architecture of a library with its own: it maps the file, and the process crashes when it runs the
instructions of another machine. ARMv6 and ARMv7 may be mixed, because ARMv7 runs code for ARMv6.",
    source: "`map_library` in musl's `ldso/dynlink.c`, which reads `e_type` and not `e_machine`; gABI, \"ELF Header\".",
    symptom: Some("Segmentation fault (core dumped)"),
    fix: "Build the wheel for one architecture, and put that into its name. `repair` does not choose between architectures.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let others = audit.arch_conflicts.iter().filter_map(|conflict| match conflict {
        ArchConflict::OtherArch { object, arch, first, first_arch } => {
            Some(((*arch, first.as_str(), *first_arch), object.as_str()))
        }
        _ => None,
    });
    let others = grouped(others).into_iter().map(|((arch, first, first_arch), objects)| {
        let built = subject(&objects, "is", "are");
        let message =
            format!("{built} built for {arch}, but `{first}` for {first_arch}: a wheel has one architecture");
        RULE.finding_about(&objects, message)
    });
    let names = audit.arch_conflicts.iter().filter_map(|conflict| match conflict {
        ArchConflict::FileName { object, arch, claim } => {
            let message = format!("`{object}` is built for {arch}, but the file name says {claim}");
            let hint = "build the wheel for one architecture, and put that into its name";
            Some(RULE.finding(object, message).with_hint(hint))
        }
        _ => None,
    });
    others.chain(names).collect()
}
