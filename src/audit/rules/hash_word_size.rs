//! `hash-word-size`: hash tables that musl reads with words of another size.

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
The hash table `DT_HASH` has words of four bytes on most machines, and of eight on 64-bit s390. GNU ld writes it so; LLD writes four
bytes everywhere. musl then takes two words for one, and reads far outside of the table at the first symbol that it looks for.

If the file has a `DT_GNU_HASH` as well, musl looks up symbols in that, and the file loads. This is a warning then, because `dladdr`
counts symbols by `DT_HASH` and reads outside of the symbol table.",
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
        (crashing, Severity::Error, "musl crashes when it looks for a symbol there"),
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
