//! `hash-word-size`: hash tables whose word size is not the one that musl reads.

use crate::audit::finding::{Code, Finding, Severity, subject};
use crate::audit::requirement::RequirementKind;
use crate::audit::subject::Subject;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("hash-word-size"),
    severity: Severity::Error,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "A hash table on s390x has words of four bytes, where musl reads eight.",
    explanation: "\
The hash table `DT_HASH` has words of four bytes on most machines, and of eight on 64-bit s390. GNU ld writes eight;
LLD writes four everywhere. musl then reads two words as one, and at the first symbol lookup reads far outside the
table.

If the file has a `DT_GNU_HASH` as well, musl looks up symbols in that, and the file loads. Then this is a warning,
because `dladdr` counts symbols with `DT_HASH` and reads outside the symbol table.",
    source: "`sysv_lookup` and `count_syms` in musl's `ldso/dynlink.c`; `Elf_Symndx` in its `arch/s390x/bits/link.h`.",
    symptom: Some("Segmentation fault (core dumped)"),
    fix: "Link the file again with `-Wl,--hash-style=gnu`. `muslrepair repair` does not change the table.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let crashing: Vec<&str> = audit.objects_that_need(&RequirementKind::ShortHashWords).collect();
    let with_another = audit.objects().map(|object| (object, &object.facts));
    let with_another = with_another.filter(|(_, facts)| facts.short_hash_words && facts.gnu_hash_table);
    let with_another: Vec<&str> = with_another.map(|(object, _)| object.origin.display_name()).collect();
    let found = [
        (crashing, Severity::Error, "musl crashes when it looks up a symbol there"),
        (with_another, Severity::Warning, "musl may crash in `dladdr`"),
    ];
    let found = found.into_iter().filter(|(objects, ..)| !objects.is_empty());
    let findings = found.map(|(objects, severity, outcome)| {
        let has = subject(&objects, "has", "have");
        let message =
            format!("{has} a `DT_HASH` with words of four bytes, but musl on s390x reads eight: {outcome}");
        let finding = RULE.finding_about(&objects, message).with_severity(severity);
        finding.with_hint("link again with `-Wl,--hash-style=gnu`")
    });
    findings.collect()
}
