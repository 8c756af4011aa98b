//! `wrong-interpreter`: programs that no musl starts.

use crate::audit::finding::{Code, Finding, Severity, grouped, subject};
use crate::audit::libc::evidence_of_glibc;
use crate::audit::requirement::RequirementKind;
use crate::audit::subject::Subject;
use crate::musl;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("wrong-interpreter"),
    severity: Severity::Error,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "A program asks for a loader that musl does not have, or for none.",
    explanation: "\
The kernel starts a program by the loader that its `PT_INTERP` names, a fixed path: `/lib/ld-musl-x86_64.so.1` on x86_64.
Where there is no such file, the program does not start, and the message names the program, not the loader. A program that was
linked without an interpreter, and needs libraries all the same, is started as it is: nobody loads the libraries or
relocates it. Static programs have no interpreter and need none. A loader of glibc is the rule `glibc-object`.

Only programs are judged so: what is named `*.so` or `*.so.*`, or is needed by another file, is opened by musl, which does not
read its `PT_INTERP`.",
    source: "`PT_INTERP` in the gABI; the loader's name is `LDSO_PATHNAME` in musl's `Makefile`.",
    symptom: Some("FileNotFoundError: [Errno 2] No such file or directory: '/path/tool'"),
    fix: "\
Link the program with a musl toolchain of its architecture, without `-Wl,--no-dynamic-linker`, and without a path of the build
machine in `-Wl,--dynamic-linker`. `muslrepair repair` does not change the interpreter.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let mut findings = with_another_loader(audit);
    let objects: Vec<&str> = audit.objects_that_need(&RequirementKind::NoInterpreter).collect();
    if !objects.is_empty() {
        let is = subject(&objects, "is a program that needs", "are programs that need");
        let has = if objects.len() == 1 { "has" } else { "have" };
        let hint = "link with a musl toolchain, without `-Wl,--no-dynamic-linker`";
        let message = format!("{is} libraries, but {has} no interpreter");
        findings.push(RULE.finding_about(&objects, message).with_hint(hint));
    }
    findings
}

fn with_another_loader(audit: &Subject<'_>) -> Vec<Finding> {
    let programs = audit.objects_and_indices().filter(|(index, _)| audit.graph.starts_a_process(*index));
    let found = programs.filter_map(|(index, object)| {
        let (interpreter, arch) = (object.facts.interpreter.as_deref()?, object.facts.arch?);
        let expected = musl::loader_path(arch);
        let wrong = interpreter != expected && evidence_of_glibc(audit.graph, index).is_none();
        wrong.then(|| ((interpreter, expected, arch.as_str()), object.origin.display_name()))
    });
    let findings = grouped(found).into_iter().map(|((interpreter, expected, arch), objects)| {
        let message = format!(
            "{} the interpreter `{interpreter}`, but that of musl on {arch} is `{expected}`",
            subject(&objects, "has", "have")
        );
        let hint = format!("link with `-Wl,--dynamic-linker={expected}`");
        RULE.finding_about(&objects, message).with_hint(hint)
    });
    findings.collect()
}
