//! `wrong-suffix`: extension modules with a name that no interpreter looks for.

use crate::audit::finding::{Code, Finding, Severity, grouped, subject};
use crate::audit::importable::unimportable_modules;
use crate::audit::rename::is_renamed;
use crate::audit::subject::Subject;
use crate::platform::Arch;
use crate::resolve::Object;
use crate::wheel::Suffix;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("wrong-suffix"),
    severity: Severity::Error,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "An extension module has a name that the Pythons of the tags do not look for.",
    explanation: "\
CPython looks for extension modules with the suffixes that it was built with, such as
`.cpython-312-x86_64-linux-musl.so`, `.abi3.so` and `.so`. The first names the version, the architecture and, since
3.11, the C library. Before, CPython on musl used `-linux-gnu`, as on glibc. A module with another suffix is never
found.

Each module must be found by a Python of the wheel's tags: if none of the modules is, that is an error; if some are
not, a warning. For `abi3` and `abi3t`, every Python that the tag covers must find each module:
`.abi3-x86_64-linux-musl.so` and `.abi3t.so` are found only since CPython 3.15, and free-threaded builds do not import
`.abi3.so`.",
    source: "`PLATFORM_TRIPLET` in CPython's `configure`, `importlib.machinery.EXTENSION_SUFFIXES`, `Python/dynload_shlib.c`; PEP 384, PEP 703, PEP 803.",
    symptom: Some("ModuleNotFoundError: No module named 'demo._core'"),
    fix: "\
Build the wheel with a Python that runs on musl; where it is cross-compiled, with the `EXT_SUFFIX` of the machine that it is for.
`repair` takes the platform out of the names of modules for the stable ABI (`.abi3-x86_64-linux-musl.so`) where some Python of the tags does not
find them, nothing has the new name, and nothing needs the old one. It renames no others.",
    check,
};

/// Why no interpreter on musl looks for a module.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Mismatch<'a> {
    /// The suffix is for another architecture than the object.
    Arch { ending: &'a str, arch: Arch },
    /// The suffix is for glibc.
    Glibc { ending: &'a str },
}

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let found = audit.members().filter_map(|object| {
        let is_renamed = is_renamed(audit.renames, &object.origin);
        Some(((mismatch(object)?, is_renamed), object.origin.display_name()))
    });
    let named = grouped(found).into_iter().map(|((mismatch, is_renamed), modules)| match mismatch {
        Mismatch::Arch { ending, arch } => {
            let message = format!(
                "{} for {arch}, whose interpreter does not look for names that end in `{ending}`",
                subject(&modules, "is", "are")
            );
            let hint = "when cross-compiling, name modules after the target machine, not the build machine";
            RULE.finding_about(&modules, message).with_hint(hint)
        }
        Mismatch::Glibc { ending } => {
            let message = format!(
                "{} named for glibc; no Python on musl looks for names that end in `{ending}`",
                subject(&modules, "is", "are")
            );
            let mut finding = RULE.finding_about(&modules, message);
            finding.fixed_by_repair = is_renamed;
            finding.with_hint("build the wheel with a Python that runs on musl")
        }
    });
    let tagged = unimportable_modules(audit).into_iter().map(|problem| {
        let modules: Vec<&str> = problem.modules.iter().map(String::as_str).collect();
        let mut finding = RULE.finding_about(&modules, problem.message).with_hint(problem.hint);
        finding.fixed_by_repair = problem.is_renamed;
        finding.with_severity(problem.severity)
    });
    named.chain(tagged).collect()
}

/// The problem of an extension module whose suffix no interpreter on musl for its architecture looks for.
fn mismatch(object: &Object) -> Option<Mismatch<'_>> {
    let name = object.origin.display_name();
    let file = name.rsplit('/').next().unwrap_or(name);
    let (module, suffix) = Suffix::of(file)?;
    let ending = file.strip_prefix(module).unwrap_or(file);
    let other = object.facts.arch.filter(|arch| suffix.other_arch(*arch).is_some());
    match other {
        Some(arch) => Some(Mismatch::Arch { ending, arch }),
        None => suffix.is_for_glibc().then_some(Mismatch::Glibc { ending }),
    }
}
