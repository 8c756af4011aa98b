//! `wrong-suffix`: a name of an extension module that no interpreter looks for.

use crate::audit::finding::{Code, Finding, Severity, grouped, subject};
use crate::audit::subject::Subject;
use crate::platform::Arch;
use crate::resolve::Object;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("wrong-suffix"),
    severity: Severity::Error,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "An extension module is named for glibc or for another architecture, so it cannot be imported.",
    explanation: "\
CPython looks for extension modules by the endings that it was built with, such as `.cpython-312-x86_64-linux-musl.so`, `.abi3.so`
and `.so`. The first names the version, the architecture and, since 3.11, the C library. Before, CPython on musl
had `-linux-gnu` in it, as on glibc. A module with another ending is not seen at all.",
    source: "`PLATFORM_TRIPLET` in CPython's `configure`, and `importlib.machinery.EXTENSION_SUFFIXES`.",
    symptom: Some("ModuleNotFoundError: No module named 'demo._core'"),
    fix: "\
Build the wheel with a Python that runs on musl; where it is cross-compiled, with the `EXT_SUFFIX` of the machine that it is for.
`repair` renames no modules.",
    check,
};

/// Why no interpreter looks for a name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Mismatch<'a> {
    /// The ending is for another architecture than the object.
    Arch { tag: &'a str, arch: Arch },
    /// The ending is for glibc.
    Glibc { tag: &'a str, version: &'a str },
}

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let found = audit.members().filter_map(|object| Some((mismatch(object)?, object.origin.shown())));
    let findings = grouped(found).into_iter().map(|(mismatch, modules)| match mismatch {
        Mismatch::Arch { tag, arch } => {
            let message = format!(
                "{} for {arch}, whose interpreter does not look for names that end in `.{tag}.so`",
                subject(&modules, "is", "are")
            );
            let hint = "name modules that are cross-compiled after the machine they are for, not the one that builds";
            RULE.finding_about(&modules, message).with_hint(hint)
        }
        Mismatch::Glibc { tag, version } => {
            let message = format!(
                "{} named for glibc; CPython 3.{version} on musl does not look for names that end in `.{tag}.so`",
                subject(&modules, "is", "are")
            );
            RULE.finding_about(&modules, message).with_hint("build the wheel with a Python that runs on musl")
        }
    });
    findings.collect()
}

/// `.cpython-312-x86_64-linux-gnu.so`: CPython looks for its own architecture only, and since 3.11 CPython on musl for
/// `-linux-musl` only.
fn mismatch(object: &Object) -> Option<Mismatch<'_>> {
    let name = object.origin.shown();
    let file = name.rsplit('/').next().unwrap_or(name);
    let mut parts = file.rsplitn(3, '.');
    let (Some("so"), Some(tag)) = (parts.next(), parts.next()) else { return None };
    let version = tag.strip_prefix("cpython-3")?.split('-').next()?;
    let minor: Option<u16> = version.trim_end_matches(|c: char| c.is_ascii_lowercase()).parse().ok();
    let named_for = tag.split('-').nth(2).and_then(interpreters_arch).filter(|_| tag.contains("-linux-"));
    if let (Some(named), Some(arch)) = (named_for, object.facts.arch)
        && !named.contains(&arch)
    {
        return Some(Mismatch::Arch { tag, arch });
    }
    let is_gnu = tag.ends_with("-linux-gnu") || tag.contains("-linux-gnueabi");
    (is_gnu && minor.is_some_and(|minor| minor >= 11)).then_some(Mismatch::Glibc { tag, version })
}

/// The architectures whose CPython has this word in the names of extension modules (`PLATFORM_TRIPLET` in its `configure`).
fn interpreters_arch(word: &str) -> Option<&'static [Arch]> {
    Some(match word {
        "x86_64" => &[Arch::X86_64],
        "i386" => &[Arch::I686],
        "aarch64" => &[Arch::Aarch64],
        "arm" => &[Arch::Armv7l, Arch::Armv6l],
        "powerpc64le" => &[Arch::Ppc64le],
        "s390x" => &[Arch::S390x],
        "riscv64" => &[Arch::Riscv64],
        "loongarch64" => &[Arch::Loongarch64],
        _ => return None,
    })
}
