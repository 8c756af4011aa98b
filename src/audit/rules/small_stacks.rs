//! `small-stacks`: threads that rely on a large stack.

use crate::audit::finding::{Code, Finding, Severity, subject};
use crate::audit::subject::Subject;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("small-stacks"),
    severity: Severity::Note,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "Threads are started with musl's default stack size, which is 128 KiB.",
    explanation: "\
By default a thread has a stack of 128 KiB on musl (80 KiB before 1.1.21) and usually of 8 MiB on glibc. Code that
recurses deeply or keeps large arrays on the stack runs on glibc and crashes on musl. This note is for files that call
`pthread_create` and never `pthread_attr_setstacksize`; whether the stack is really too small for their threads cannot
be seen from the files.",
    source: "`DEFAULT_STACK_SIZE` in musl's `src/internal/pthread_impl.h` and `pthread_create` in `src/thread/pthread_create.c`.",
    symptom: Some("Segmentation fault (core dumped)"),
    fix: "\
Set the size with `pthread_attr_setstacksize`, or with an option of the library (`OMP_STACKSIZE`). `-Wl,-z,stack-size`
has an effect only in programs. `muslrepair repair` does not change it.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let found = audit.members().filter(|object| {
        let symbols = &object.symbols;
        symbols.imports(b"pthread_create") && !symbols.imports(b"pthread_attr_setstacksize")
    });
    let objects: Vec<&str> = found.map(|object| object.origin.display_name()).collect();
    if objects.is_empty() {
        return Vec::new();
    }
    let message =
        format!("{} threads with musl's default stack of 128 KiB", subject(&objects, "starts", "start"));
    let hint = "set the size with `pthread_attr_setstacksize` if threads recurse or hold large buffers";
    vec![RULE.finding_about(&objects, message).with_hint(hint)]
}
