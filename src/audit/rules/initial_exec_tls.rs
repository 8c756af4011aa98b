//! `initial-exec-tls`: thread-local variables that need space reserved at program start.

use crate::audit::finding::{Code, Finding, Severity, subject};
use crate::audit::requirement::RequirementKind;
use crate::audit::subject::Subject;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("initial-exec-tls"),
    severity: Severity::Error,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "A library uses initial-exec TLS, which musl refuses after program start.",
    explanation: "\
Thread-local variables of the initial-exec model have an offset from the thread pointer that is fixed when the program
starts. glibc reserves some space for libraries that are opened later. musl reserves none, and since 1.1.20 refuses
such libraries, however small the variables are. Python opens every extension module after program start, with all the
libraries it needs. Programs may use the model.

The allocators mimalloc and jemalloc use it by default, and so does Go with `-buildmode=c-shared`. musl's message may
name an unrelated symbol, and some builds of musl crash instead.",
    source: "`do_relocs` (`REL_TPOFF`) in musl's `ldso/dynlink.c`.",
    symptom: Some("Error relocating /path/x.so: counter: initial-exec TLS resolves to dynamic definition in /path/x.so"),
    fix: "\
Compile without `-ftls-model=initial-exec`: mimalloc with `-DMI_LOCAL_DYNAMIC_TLS=ON` (in Rust the feature
`local_dynamic_tls`), jemalloc with `--disable-initial-exec-tls` (in Rust `disable_initial_exec_tls`). `muslrepair
repair` cannot change it: the model is in the code.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let objects: Vec<&str> = audit.objects_that_need(&RequirementKind::InitialExecTls).collect();
    if objects.is_empty() {
        return Vec::new();
    }
    let message = format!(
        "{} initial-exec TLS, which musl refuses in a library that is loaded after the program started",
        subject(&objects, "uses", "use")
    );
    let hint = "compile without `-ftls-model=initial-exec` (allocators such as mimalloc and jemalloc set it)";
    vec![RULE.finding_about(&objects, message).with_hint(hint)]
}
