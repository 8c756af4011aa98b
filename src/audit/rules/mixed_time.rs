//! `mixed-time`: objects that disagree on the size of `time_t`.

use crate::audit::finding::{Code, Finding, Severity, subject};
use crate::audit::subject::Subject;
use crate::musl::{self, MuslRelease};
use crate::platform::Arch;
use crate::resolve::Object;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("mixed-time"),
    severity: Severity::Warning,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "Some objects use 64-bit time and others 32-bit time.",
    explanation: "\
musl 1.2.0 (Alpine 3.13) made `time_t` 64 bits wide on i686 and 32-bit ARM. Code compiled against it calls functions
with new names (`__clock_gettime64`); code compiled against musl 1.1 calls the old ones (`clock_gettime`), which still
use 32 bits. Each works on its own. If one passes a `time_t`, a `timespec` or a `stat` to the other, they disagree on
its size and read wrong values.",
    source: "musl 1.2.0's release notes on time64; `arch/*/bits/alltypes.h.in` and `_REDIR_TIME64` in its headers.",
    symptom: None,
    fix: "\
Build everything in the wheel against musl 1.2 (Alpine 3.13 or newer), prebuilt static libraries included. `muslrepair
repair` cannot change it.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let mut wide: Option<(&str, &str)> = None;
    let mut narrow: Vec<(&str, &str)> = Vec::new();
    for object in audit.members() {
        let Some(arch @ (Arch::I686 | Arch::Armv7l | Arch::Armv6l)) = object.facts.arch else { continue };
        let name = object.origin.display_name();
        wide = wide
            .or_else(|| first_symbol(object, |symbol| is_time64(arch, symbol)).map(|symbol| (name, symbol)));
        narrow.extend(
            first_symbol(object, |symbol| has_time64_variant(arch, symbol)).map(|symbol| (name, symbol)),
        );
    }
    let (Some((wide, wide_symbol)), Some((_, narrow_symbol))) = (wide, narrow.first()) else {
        return Vec::new();
    };
    let objects: Vec<&str> = narrow.iter().map(|(object, _)| *object).collect();
    let message = format!(
        "{} 32-bit time (`{narrow_symbol}`), but `{wide}` uses 64-bit time (`{wide_symbol}`): they disagree on the size \
         of `time_t`",
        subject(&objects, "uses", "use")
    );
    vec![RULE.finding_about(&objects, message).with_hint("build everything on Alpine 3.13 or newer")]
}

fn first_symbol(object: &Object, counts: impl Fn(&str) -> bool) -> Option<&str> {
    let mut symbols = object.symbols.undefined.iter().filter_map(|name| std::str::from_utf8(name).ok());
    symbols.find(|name| counts(name))
}

/// Whether this is a name that musl 1.2.0 added on 32-bit architectures for 64-bit time: `__clock_gettime64`, `__stat_time64`.
fn is_time64(arch: Arch, name: &str) -> bool {
    let spelt_so = name.starts_with("__") && (name.ends_with("64") || name.ends_with("64_r"));
    spelt_so && musl::exports(arch, name.as_bytes()).and_then(|on| on.since()) == Some(MuslRelease::V1_2_0)
}

/// Whether such a name exists for this one, so that this one is for 32-bit time.
fn has_time64_variant(arch: Arch, name: &str) -> bool {
    let stem = name.strip_suffix("_r").unwrap_or(name);
    let variants = [format!("__{name}_time64"), format!("__{name}64"), format!("__{stem}64_r")];
    !is_time64(arch, name) && variants.iter().any(|variant| is_time64(arch, variant))
}
