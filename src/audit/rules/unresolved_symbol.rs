//! `unresolved-symbol`: symbols that nothing provides.

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::finding::{Code, Finding, Severity, grouped_by_symbols, listed, subject};
use crate::audit::requirement::{Requirement, RequirementKind};
use crate::audit::subject::Subject;
use crate::musl::{self, MuslRelease, Releases};
use crate::platform::Arch;
use crate::resolve::Resolution;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("unresolved-symbol"),
    severity: Severity::Error,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "An object needs a symbol that neither musl nor its libraries provide.",
    explanation: "\
When musl loads a file, it looks up every symbol that a relocation refers to: in the program, in itself, and in the
libraries that the file is linked with. If none of them has it, the import fails. Typical causes are a file that was
built for glibc (`__memcpy_chk`) and a library that is missing from the link line.

A definition in the file itself does not help if musl ignores it, because its version is not the default one or its
value is 0. A weak symbol may stay undefined, but not a weak thread-local one: musl crashes on it.

If another file of the wheel defines the symbol and the two are not linked, this is a warning: the import works only
if that file was loaded before with `RTLD_GLOBAL`. It is also a warning if a program of the wheel exports the symbol,
such as a server that loads the file as a plugin: the file works only in that program. This does not apply to modules
that Python imports.",
    source: "`find_sym2` and `do_relocs` in musl's `ldso/dynlink.c`.",
    symptom: Some("Error relocating /path/x.so: __memcpy_chk: symbol not found"),
    fix: "\
Link the file with the library that defines the symbol, or build the wheel on Alpine if only glibc has it. `muslrepair
repair` grafts the libraries that a file is linked with; it cannot guess a missing one.",
    check,
};

/// Why a symbol is not found.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cause<'a> {
    /// Its own definition is ignored.
    IgnoredDefinition,
    /// It is a weak thread-local symbol.
    WeakThreadLocal,
    /// Only an object that is not linked defines it, or nothing does.
    Undefined { elsewhere: Option<&'a str>, exported: Releases },
}

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let found = audit.requirements.iter().filter_map(cause);
    let groups = grouped_by_symbols(found).into_iter();
    let named = Named::of(audit);
    groups.map(|(cause, symbols, objects)| finding(&named, cause, &symbols, &objects)).collect()
}

fn cause(requirement: &Requirement) -> Option<(Cause<'_>, Option<&str>, &str)> {
    let (cause, symbol) = match &requirement.kind {
        // A symbol of a later release is a `new-symbol`.
        RequirementKind::Symbol { symbol, elsewhere } if requirement.met_by.since().is_none() => {
            (Cause::Undefined { elsewhere: elsewhere.as_deref(), exported: requirement.met_by }, symbol)
        }
        RequirementKind::IneligibleDefinition { symbol } => (Cause::IgnoredDefinition, symbol),
        RequirementKind::WeakThreadLocal { symbol } => (Cause::WeakThreadLocal, symbol),
        _ => return None,
    };
    Some((cause, Some(symbol), &requirement.object))
}

fn finding(named: &Named<'_>, cause: Cause<'_>, symbols: &[&str], objects: &[&str]) -> Finding {
    let (names, its) = (listed(symbols), if objects.len() == 1 { "its" } else { "their" });
    let noun = if symbols.len() == 1 { "symbol" } else { "symbols" };
    let needs = subject(objects, "needs", "need");
    match cause {
        Cause::IgnoredDefinition => {
            let defines = subject(objects, "defines", "define");
            let message = format!(
                "{defines} {names} in a way that musl ignores, and none of {its} libraries provides another definition"
            );
            let hint = "give the symbol its default version (`@@` instead of `@`), and a value other than 0";
            RULE.finding_about(objects, message).with_hint(hint)
        }
        Cause::WeakThreadLocal => {
            let message = format!(
                "{needs} the weak thread-local {noun} {names}, which none of {its} libraries provides: musl crashes"
            );
            let hint = "link with the library that defines it: musl leaves weak symbols undefined, but not thread-local ones";
            RULE.finding_about(objects, message).with_hint(hint)
        }
        Cause::Undefined { elsewhere: Some(program), .. } if named.programs.contains(program) => {
            let loads = if objects.len() == 1 { "loads" } else { "load" };
            let message = format!(
                "{needs} the {noun} {names}, which only the program `{program}` exports, and {loads} only in it"
            );
            let finding = RULE.finding_about(objects, message).with_severity(Severity::Warning);
            glibc_hint(symbols).map_or(finding.clone(), |hint| finding.with_hint(hint))
        }
        Cause::Undefined { elsewhere: Some(elsewhere), .. } => {
            let is_not = subject(objects, "is not linked", "are not linked");
            let message = format!("{is_not} with `{elsewhere}`, which defines {names}");
            // It works if something else has loaded that object with RTLD_GLOBAL.
            let finding = RULE.finding_about(objects, message).with_severity(Severity::Warning);
            let hint = format!("link with `{elsewhere}`, so that `DT_NEEDED` names it");
            finding.with_hint(glibc_hint(symbols).unwrap_or(hint))
        }
        Cause::Undefined { elsewhere: None, exported } => {
            let since = lost_in(exported)
                .map_or_else(String::new, |release| format!(" since {}", release.with_alpine(named.arch)));
            let message = format!(
                "{needs} the {noun} {names}, which no release of musl{since} and none of {its} libraries provides"
            );
            let finding = RULE.finding_about(objects, message).with_details(named.reserved_names(objects));
            match glibc_hint(symbols) {
                Some(hint) => finding.with_hint(hint),
                None => finding,
            }
        }
    }
}

/// The objects by name, with the facts that decide the message.
struct Named<'a> {
    arch: Option<Arch>,
    programs: BTreeSet<&'a str>,
    /// Names that musl reserves for itself, although some project may have meant its own library.
    reserved: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> Named<'a> {
    fn of(audit: &Subject<'a>) -> Self {
        let mut named = Self { arch: audit.arch, programs: BTreeSet::new(), reserved: BTreeMap::new() };
        for (index, object) in audit.objects_and_indices() {
            let name = object.origin.display_name();
            if audit.graph.starts_a_process(index) {
                named.programs.insert(name);
            }
            let needed = object.dependencies.iter().filter(|one| one.resolution == Resolution::Libc);
            let needed = needed.map(|one| one.name.as_str());
            let reserved: Vec<&str> = needed.filter(|name| !musl::is_usual_libc_name(name)).collect();
            if !reserved.is_empty() {
                named.reserved.insert(name, reserved);
            }
        }
        named
    }

    /// A line about the reserved names that these objects need, if any.
    fn reserved_names(&self, objects: &[&str]) -> Vec<String> {
        let names: BTreeSet<&str> =
            objects.iter().filter_map(|object| self.reserved.get(object)).flatten().copied().collect();
        let names: Vec<&str> = names.into_iter().collect();
        let (noun, them) = if names.len() == 1 { ("name", "it") } else { ("names", "them") };
        let line =
            format!("musl answers the {noun} {} itself and loads no library for {them}", listed(&names));
        if names.is_empty() { Vec::new() } else { vec![line] }
    }
}

fn glibc_hint(symbols: &[&str]) -> Option<String> {
    let symbol = symbols.iter().find(|symbol| musl::is_glibc_only(symbol.as_bytes()))?;
    Some(format!("only glibc has `{symbol}`: build on Alpine or with a musl toolchain"))
}

/// The first release after the last that exports a symbol.
fn lost_in(exported: Releases) -> Option<MuslRelease> {
    let last = exported.iter().next_back()?;
    MuslRelease::ALL.into_iter().find(|release| *release > last)
}
