//! `wrong-interpreter`: programs that do not start on musl.

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
    summary: "A program needs a loader that musl systems do not have, or has none.",
    explanation: "\
The kernel starts a program through the loader named in its `PT_INTERP`, a fixed path: `/lib/ld-musl-x86_64.so.1` on
x86_64. If there is no such file, the program does not start, and the message names the program, not the loader. If a
program needs libraries, but was linked without an interpreter, the kernel starts it directly: nothing loads the
libraries or relocates the program. Static programs have no interpreter and need none. For glibc's loader see
`glibc-object`.

Only programs are checked: musl opens files that are named `*.so` or `*.so.*`, or that another file needs, without
reading their `PT_INTERP`.",
    source: "`PT_INTERP` in the gABI; the loader's name is `LDSO_PATHNAME` in musl's `Makefile`.",
    symptom: Some("FileNotFoundError: [Errno 2] No such file or directory: '/path/tool'"),
    fix: "\
Link the program with a musl toolchain of its architecture, without `-Wl,--no-dynamic-linker`, and without a path of
the build machine in `-Wl,--dynamic-linker`. `muslrepair repair` does not change the interpreter.",
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
