//! `legacy-init`: constructors that are not called.

use crate::audit::finding::{Code, Finding, Severity, grouped, subject};
use crate::audit::subject::Subject;
use crate::platform::Arch;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("legacy-init"),
    severity: Severity::Warning,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "An object has `DT_INIT` or `DT_FINI`, which musl does not call on ARM.",
    explanation: "\
`DT_INIT` and `DT_FINI` are the old way to run code when a library is loaded and when the process ends; arrays of
functions (`DT_INIT_ARRAY`, `DT_FINI_ARRAY`) are the new one. musl calls both, except on aarch64 and 32-bit ARM, where
it calls only the arrays. There the library loads, but its constructor never runs.",
    source: "`do_init_fini` and `NO_LEGACY_INITFINI` in musl's `ldso/dynlink.c` and `arch/{arm,aarch64}/reloc.h`.",
    symptom: None,
    fix: "\
Mark constructors with `__attribute__((constructor))` instead of `-Wl,-init`, and link with the compiler, not with
`ld`. `muslrepair repair` does not change it.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let found = audit.objects().filter(|object| object.facts.dynamic && object.facts.legacy_init_only);
    let found = found.filter_map(|object| {
        let arch = object.facts.arch?;
        let arm = matches!(arch, Arch::Aarch64 | Arch::Armv7l | Arch::Armv6l);
        arm.then(|| (arch.as_str(), object.origin.display_name()))
    });
    let findings = grouped(found).into_iter().map(|(arch, objects)| {
        let message = format!(
            "{} only `DT_INIT` or `DT_FINI`, which musl does not call on {arch}",
            subject(&objects, "has", "have")
        );
        let hint = "mark constructors with `__attribute__((constructor))`, which makes an init array";
        RULE.finding_about(&objects, message).with_hint(hint)
    });
    findings.collect()
}
