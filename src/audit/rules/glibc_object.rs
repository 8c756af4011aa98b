//! `glibc-object`: objects that were built for glibc.

use crate::audit::finding::{Code, Finding, Severity, subject};
use crate::audit::libc::evidence_of_glibc;
use crate::audit::subject::Subject;
use crate::wheel::PlatformTag;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("glibc-object"),
    severity: Severity::Error,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "An object was built for glibc.",
    explanation: "\
The interpreter of a program, a library that a file needs, or a symbol version that it requires exists only in glibc.
musl has other data structures and lacks many of glibc's functions. It answers some of glibc's library names itself
(`libc.so.6`, `libm.so.6`), so such a file may even load, and then fail at the first call that differs. Version names
alone prove nothing: `GLIBC_2.0` of `libgcc_s.so.1` is ordinary on musl, and so is `libc.so.6` if no version of it is
required.",
    source: "`load_library` (`reserved`) in musl's `ldso/dynlink.c`; PEP 656, which promises musl.",
    symptom: Some(
        "Error loading shared library ld-linux-x86-64.so.2: No such file or directory (needed by /path/x.so)",
    ),
    fix: "\
Build the wheel on Alpine or with a musl toolchain, and check that no library comes prebuilt for glibc. `muslrepair
repair` refuses such a wheel: an object for glibc cannot be turned into one for musl.

pip keeps the wheels that it builds, as `linux_x86_64`, in its cache. If Debian and Alpine images share that cache,
`pip wheel` on Alpine takes the wheel that was built for glibc. Remove it with `pip cache remove NAME`, build with
`--no-cache-dir`, or give each base image a cache of its own.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let found = audit.objects_and_indices().filter_map(|(index, object)| {
        Some((object.origin.display_name(), evidence_of_glibc(audit.graph, index)?))
    });
    let (objects, evidence): (Vec<&str>, Vec<String>) = found.unzip();
    let (Some(first), Some(evidence)) = (objects.first(), evidence.first()) else { return Vec::new() };
    let built = subject(&objects, "was built", "were built");
    let message = match objects.len() {
        1 => format!("{built} for glibc: {evidence}"),
        _ => format!("{built} for glibc, as `{first}` shows: {evidence}"),
    };
    vec![RULE.finding_about(&objects, message).with_hint(hint(audit))]
}

/// What to do: pip does not distinguish between C libraries when it takes a wheel that it has built before.
fn hint(audit: &Subject<'_>) -> String {
    let build = "build the wheel on Alpine or with a musl toolchain";
    let filename = audit.package.map(|package| package.wheel.filename());
    let built_here = audit.platforms.iter().any(|tag| matches!(tag, PlatformTag::Linux(_)));
    match filename.filter(|_| built_here) {
        Some(name) => format!(
            "{build}; if pip took this wheel from a cache shared with a glibc image: `pip cache remove {}`, or \
             `pip wheel --no-cache-dir`",
            name.distribution()
        ),
        None => format!("{build}; a glibc object cannot be repaired into a musl one"),
    }
}
