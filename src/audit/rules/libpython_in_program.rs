//! `libpython-in-program`: programs that need the interpreter's library.

use crate::audit::finding::{Code, Finding, Severity, grouped, subject};
use crate::audit::subject::Subject;
use crate::resolve::Resolution;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("libpython-in-program"),
    severity: Severity::Error,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "A program needs the interpreter's library, which the system may not have.",
    explanation: "\
An extension module finds the interpreter in its process, whether or not that is a library. A program starts a process of its own
and needs `libpython3.x.so.1.0` as a file. Many interpreters have none, or keep it where no run path of the wheel leads, and a
copy in the wheel would be another interpreter, without a standard library.",
    source: "`load_deps` and `load_library` in musl's `ldso/dynlink.c`; PEP 513, on `libpythonX.Y.so.1`.",
    symptom: Some(
        "Error loading shared library libpython3.12.so.1.0: No such file or directory (needed by /path/tool)",
    ),
    fix: "\
Link the program without libpython, or make it a Python module that an entry point starts. `muslrepair repair` refuses such a
wheel, unless `--exclude 'libpython*'` says that the user provides the library.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let programs = audit.objects().filter(|object| object.starts_a_process());
    let found = programs.filter_map(|object| {
        let libpython = object.dependencies.iter().find(|one| one.resolution == Resolution::Interpreter)?;
        Some((libpython.name.as_str(), object.origin.shown()))
    });
    let findings = grouped(found).into_iter().map(|(libpython, objects)| {
        let message = format!(
            "{} `{libpython}`, which only the interpreter itself has",
            subject(&objects, "is a program that needs", "are programs that need")
        );
        let hint = "link the program without libpython, or start it through a Python module";
        RULE.finding_about(&objects, message).with_hint(hint)
    });
    findings.collect()
}
