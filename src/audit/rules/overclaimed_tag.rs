//! `overclaimed-tag`: wheels that need a newer musl than was requested.

use crate::audit::finding::{Code, Finding, Severity, subject};
use crate::audit::minimum::MinimumMusl;
use crate::audit::requirement::Requirement;
use crate::audit::requirements::Module;
use crate::audit::subject::Subject;
use crate::musl::MuslRelease;
use crate::platform::Arch;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("overclaimed-tag"),
    severity: Severity::Error,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "The wheel needs a newer musl than was requested, or than the root has.",
    explanation: "\
A wheel needs a certain release of musl or a newer one: the first with all the symbols, relocations and ports that it
uses. `--min-musl` sets the oldest release that the result must run on, `--plat` sets it through a tag, and a root
file system given with `--sysroot` has a release of its own. The wheel does not load on that release; the lines below
the message say which objects need what.",
    source: "PEP 656 (\"this version or later\"); `find_sym2` and `do_relocs` in musl's `ldso/dynlink.c`.",
    symptom: Some("Error relocating /path/x.so: qsort_r: symbol not found"),
    fix: "\
Build on the oldest Alpine that the wheel has to support, or request a newer musl. `muslrepair repair` first fixes
what it can, such as `DT_RELR`.",
    check,
};

/// The number of requirements listed below a message.
const MOST_REQUIREMENTS: usize = 8;

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let minimum = audit.minimum_of_musl;
    let asked = audit.options.min_musl.filter(|asked| minimum.exceeds(*asked));
    let too_new = asked.map(|asked| overclaimed(minimum, audit.name, audit.arch, asked));
    let on_root = audit.options.root_musl.and_then(|root| not_on_root(audit, root));
    too_new.into_iter().chain(on_root).collect()
}

/// The finding that a wheel needs a newer musl than was requested.
pub(crate) fn overclaimed(
    minimum: &MinimumMusl,
    name: &str,
    arch: Option<Arch>,
    asked: MuslRelease,
) -> Finding {
    let needs = match minimum.version {
        Some(version) => format!("needs musl {}", version.with_alpine(arch)),
        None => "loads on no current release of musl".to_owned(),
    };
    let message = format!("`{name}` {needs}, but musl {} was requested", asked.with_alpine(arch));
    let finding = RULE.finding(name, message).with_details(details(minimum.because.iter(), arch));
    match minimum.version {
        Some(version) => finding
            .with_hint(format!("build on an older Alpine, or request musl {}", version.with_alpine(arch))),
        None => finding,
    }
}

/// The finding that modules do not load on the only musl that the root file system has.
fn not_on_root(audit: &Subject<'_>, root: MuslRelease) -> Option<Finding> {
    let blocking = |module: &Module| -> Vec<&Requirement> {
        let requirements = module.requirements.iter().filter_map(|index| audit.requirements.get(*index));
        requirements.filter(|requirement| !requirement.met_by.contains(root)).collect()
    };
    // An object that no current release loads breaks another rule.
    let loads_later = |module: &&Module| blocking(module).iter().all(|one| one.met_by.since().is_some());
    let failing = audit.modules.iter().filter(|module| !module.loads_on.contains(root));
    let failing: Vec<&Module> = failing.filter(loads_later).collect();
    let mut requirements: Vec<&Requirement> = failing.iter().flat_map(|module| blocking(module)).collect();
    requirements.sort();
    requirements.dedup();
    let modules: Vec<&str> = failing.iter().map(|module| module.path.as_str()).collect();
    let message = format!(
        "{} not load on musl {} of the root file system",
        subject(&modules, "does", "do"),
        root.with_alpine(audit.arch)
    );
    let finding =
        RULE.finding_about(&modules, message).with_details(details(requirements.into_iter(), audit.arch));
    (!failing.is_empty())
        .then(|| finding.with_hint("build on an older Alpine, or use a newer root file system"))
}

fn details<'a>(
    requirements: impl ExactSizeIterator<Item = &'a Requirement>,
    arch: Option<Arch>,
) -> Vec<String> {
    let more = requirements.len().saturating_sub(MOST_REQUIREMENTS);
    let mut lines: Vec<String> =
        requirements.take(MOST_REQUIREMENTS).map(|one| one.with_alpine(arch)).collect();
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines
}
