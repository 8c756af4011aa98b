//! `new-symbol`: symbols that some releases of musl under the tag lack.

use crate::audit::finding::{Code, Finding, Severity, grouped_by_symbols, listed, subject};
use crate::audit::requirement::RequirementKind;
use crate::audit::subject::Subject;
use crate::musl::{MuslRelease, Releases};
use crate::platform::Arch;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("new-symbol"),
    severity: Severity::Warning,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "An object needs a symbol that is newer than the musl of the tag.",
    explanation: "\
The tag `musllinux_1_2` promises musl 1.2.0 or later, and later releases added functions: `gettid` and `reallocarray`
(1.2.2), `qsort_r` (1.2.3), `statx` (1.2.5). `configure` and CMake find them on a new Alpine and use them; on an older
one the import fails. One symbol also went missing for a while: `posix_fallocate64`, in 1.2.4 and 1.2.5.",
    source: "PEP 656 (\"this version or later\"); `find_sym2` and `do_relocs` in musl's `ldso/dynlink.c`.",
    symptom: Some("Error relocating /path/x.so: qsort_r: symbol not found"),
    fix: "\
Build on the oldest Alpine that the wheel has to support, or avoid the function. `muslrepair repair` cannot add
functions to musl. With `--min-musl`, `repair` and `verify` fail if the wheel needs a newer musl than that.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let found = audit.requirements.iter().filter_map(|requirement| {
        let RequirementKind::Symbol { symbol, .. } = &requirement.kind else { return None };
        // A symbol that no current release has is an `unresolved-symbol`.
        let since = requirement.met_by.since().filter(|since| *since > audit.promised)?;
        Some(((since, requirement.met_by), Some(symbol.as_str()), requirement.object.as_str()))
    });
    let groups = grouped_by_symbols(found).into_iter();
    let findings = groups.map(|((since, met_by), symbols, objects)| {
        let needs = format!("{} {}", subject(&objects, "needs", "need"), listed(&symbols));
        finding(&objects, &needs, (since, met_by), audit.promised, audit.arch)
    });
    findings.collect()
}

fn finding(
    objects: &[&str],
    needs: &str,
    (since, met_by): (MuslRelease, Releases),
    promised: MuslRelease,
    arch: Option<Arch>,
) -> Finding {
    if met_by.contains(promised) {
        let without =
            MuslRelease::ALL.into_iter().filter(|release| *release > promised && !met_by.contains(*release));
        let without: Vec<String> = without.map(|release| release.with_alpine(arch)).collect();
        let message = format!("{needs}, which is missing from musl {}", without.join(" and "));
        let hint = format!("avoid the symbol; musl has it again since {}", since.with_alpine(arch));
        return RULE.finding_about(objects, message).with_hint(hint);
    }
    let message = format!(
        "{needs}, available since musl {}, but the tag promises {}",
        since.with_alpine(arch),
        promised.with_alpine(arch)
    );
    let hint = match (promised.first_alpine(arch), since.first_alpine(arch)) {
        (promised, since) if promised == since => {
            "every Alpine that the tag promises has it; pass `--allow new-symbol` if no other system counts"
                .to_owned()
        }
        (Some(alpine), _) => format!("build on Alpine {alpine}, whose musl does not have it"),
        _ => "avoid the symbol".to_owned(),
    };
    RULE.finding_about(objects, message).with_hint(hint)
}
