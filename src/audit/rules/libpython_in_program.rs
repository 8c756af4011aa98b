//! `libpython-in-program`: programs that need the interpreter's library.

use crate::audit::finding::{Code, Finding, Severity, grouped, subject};
use crate::audit::subject::{Subject, needed_libpython};

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("libpython-in-program"),
    severity: Severity::Error,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "A program needs the interpreter's library, which the system may not have.",
    explanation: "\
An extension module finds the interpreter in its process, whether or not that is a library. A program starts a new
process and needs the file `libpython3.x.so.1.0`. Many interpreters do not have it, or have it in a directory that no
run path of the wheel can name, and a copy in the wheel would be another interpreter without a standard library.",
    source: "`load_deps` and `load_library` in musl's `ldso/dynlink.c`; PEP 513, on `libpythonX.Y.so.1`.",
    symptom: Some(
        "Error loading shared library libpython3.12.so.1.0: No such file or directory (needed by /path/tool)",
    ),
    fix: "\
Link the program without libpython, or turn it into a Python module with an entry point. `muslrepair repair` refuses
such a wheel, unless you pass `--exclude 'libpython*'` because the user provides the library.",
    check,
};

/// The object that needs the library: a program itself, or a library that it loads.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Needed<'a> {
    ByProgram { libpython: &'a str },
    For { program: &'a str, libpython: &'a str },
}

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let loaded = audit.graph.loaded_by_programs();
    let found = loaded.into_iter().filter_map(|(index, program)| {
        let (object, program) =
            (audit.object(index)?, audit.graph.objects.get(program)?.origin.display_name());
        let libpython = needed_libpython(object)?;
        let name = object.origin.display_name();
        let needed = match program == name {
            true => Needed::ByProgram { libpython },
            false => Needed::For { program, libpython },
        };
        Some((needed, name))
    });
    let findings = grouped(found).into_iter().map(|(needed, objects)| {
        let only = "only the interpreter itself has that library";
        let (message, libpython) = match needed {
            Needed::ByProgram { libpython } => {
                let need = subject(&objects, "is a program that needs", "are programs that need");
                (format!("{need} `{libpython}`, and {only}"), libpython)
            }
            Needed::For { program, libpython } => {
                let need = subject(&objects, "needs", "need");
                let them = if objects.len() == 1 { "it" } else { "them" };
                (format!("{need} `{libpython}`, and the program `{program}` loads {them}, but {only}"), libpython)
            }
        };
        let hint = format!(
            "link the program without libpython, start it through a Python module, or pass `--exclude {libpython}` if \
             the user must provide it"
        );
        RULE.finding_about(&objects, message).with_hint(hint)
    });
    findings.collect()
}
