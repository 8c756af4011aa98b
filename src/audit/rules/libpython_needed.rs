//! `libpython-needed`: modules that need the interpreter's library.

use crate::audit::finding::{Code, Finding, Severity, grouped, subject};
use crate::audit::subject::{Subject, needed_libpython};

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("libpython-needed"),
    severity: Severity::Warning,
    concern: Concern::Loading,
    fixed_by_repair: true,
    summary: "An object needs libpython, which many interpreters are not linked with.",
    explanation: "\
The process that imports a module is the interpreter, and already has its functions. If a module also needs
`libpython3.x.so.1.0`, only an interpreter that uses a shared library of that name can import it. With other
interpreters, musl does not find the file, or loads a second interpreter.",
    source: "`load_deps` and `load_library` in musl's `ldso/dynlink.c`; PEP 513, on `libpythonX.Y.so.1`.",
    symptom: Some(
        "Error loading shared library libpython3.12.so.1.0: No such file or directory (needed by /path/x.so)",
    ),
    fix: "\
`muslrepair repair` removes the library from `DT_NEEDED`. Or link modules without `-lpython3.x`, as `python3-config
--ldflags` without `--embed` does.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    // Libraries of a program have their own rule, and are not repaired.
    let by_programs = audit.graph.loaded_by_programs();
    let found = (0..audit.graph.objects.len()).filter(|index| !by_programs.contains_key(index));
    let found = found.filter_map(|index| {
        let object = audit.object(index)?;
        Some((needed_libpython(object)?, object.origin.display_name()))
    });
    let findings = grouped(found).into_iter().map(|(libpython, objects)| {
        let message = format!(
            "{} `{libpython}`, and cannot be imported by a Python without shared libpython",
            subject(&objects, "needs", "need")
        );
        let hint = format!("{} removes that dependency", audit.repair_command());
        RULE.finding_about(&objects, message).with_hint(hint)
    });
    findings.collect()
}
