//! Whether the Pythons named by a wheel's tags can import its extension modules.

use std::collections::{BTreeMap, BTreeSet};

use crate::resolve::{Object, Origin};
use crate::wheel::{Covered, InstallLocation, Python, Suffix, WheelPath, covered};

use super::finding::{Severity, listed, subject};
use super::module_rename::ModuleRename;
use super::subject::Subject;

/// One extension module of the wheel.
pub(super) struct Module<'a> {
    pub(super) path: &'a WheelPath,
    /// The name under which it is imported, with the directory it is installed in; files that have it in common are one module for several
    /// Pythons.
    pub(super) name: (Option<WheelPath>, &'a str),
    pub(super) suffix: Suffix,
}

impl<'a> Module<'a> {
    /// `None` for what is no module, or is one for another architecture, which is a finding already.
    fn of(path: &'a WheelPath, place: &'a InstallLocation, object: &Object) -> Option<Self> {
        let (name, suffix) = Suffix::of(place.path.file_name())?;
        if suffix == Suffix::Plain && !object.is_extension_module() {
            return None;
        }
        let elsewhere = object.facts.arch.is_some_and(|arch| suffix.other_arch(arch).is_some());
        (!elsewhere).then(|| Self { path, name: (place.path.parent(), name), suffix })
    }
}

/// Modules that Pythons of the tags cannot import, with the common reason.
pub(super) struct Unimportable {
    pub(super) modules: Vec<String>,
    pub(super) severity: Severity,
    pub(super) message: String,
    pub(super) hint: String,
    /// Whether a repair renames them.
    pub(super) is_renamed: bool,
}

/// The modules of a wheel.
fn modules<'a>(audit: &Subject<'a>) -> Vec<Module<'a>> {
    let modules = audit.members().filter_map(|object| match &object.origin {
        Origin::Member { path, place } => Module::of(path, place, object),
        _ => None,
    });
    modules.collect()
}

/// Under tags of the stable ABI: the files that are one module each, and the Pythons of which each has to find it.
pub(super) fn stable_groups<'a>(audit: &Subject<'a>) -> (Vec<Vec<Module<'a>>>, BTreeSet<Python>) {
    let pairs = audit.package.map(|package| package.wheel.filename().python_abi_pairs()).unwrap_or_default();
    let covered =
        pairs.iter().filter_map(|pair| pair.split_once('-')).map(|(python, abi)| covered(python, abi));
    let every: BTreeSet<Python> = covered.flat_map(|covered| pythons(&covered, true).to_vec()).collect();
    let mut groups: BTreeMap<(Option<WheelPath>, &str), Vec<Module<'_>>> = BTreeMap::new();
    if !every.is_empty() {
        for module in modules(audit) {
            groups.entry(module.name.clone()).or_default().push(module);
        }
    }
    (groups.into_values().collect(), every)
}

/// The modules that Pythons of the tags cannot import. For the stable ABI, each of these Pythons has to find each module;
/// otherwise one of them has to, because wheels may have modules for several Pythons (`cp310.cp311-none`).
pub(super) fn unimportable_modules(audit: &Subject<'_>) -> Vec<Unimportable> {
    let Some(package) = audit.package else { return Vec::new() };
    let wheel = package.wheel.filename();
    // What is named for glibc no Python on musl looks for, which is a finding already.
    let modules: Vec<Module<'_>> =
        modules(audit).into_iter().filter(|module| !module.suffix.is_for_glibc()).collect();
    let pairs = wheel.python_abi_pairs();
    let covered: Vec<Covered> = pairs
        .iter()
        .filter_map(|pair| pair.split_once('-').map(|(python, abi)| covered(python, abi)))
        .collect();
    let tags = pairs.iter().map(String::as_str).collect::<Vec<_>>().join("`, `");
    let every: BTreeSet<&Python> = covered.iter().flat_map(|covered| pythons(covered, true)).collect();
    if !every.is_empty() {
        return stable(&modules, &every, &tags, audit.renames);
    }
    if covered.contains(&Covered::Any) {
        return generic(&modules, &tags);
    }
    if covered.contains(&Covered::Unknown) {
        return Vec::new();
    }
    let named: Vec<&Python> = covered.iter().flat_map(|covered| pythons(covered, false)).collect();
    let fits = |module: &&Module<'_>| named.iter().any(|python| python.looks_for(&module.suffix));
    let others: Vec<&str> =
        modules.iter().filter(|module| !fits(module)).map(|module| module.path.as_str()).collect();
    let message = format!("no Python that `{tags}` names imports {}", listed(&others));
    let hint = "was the file renamed? give it the tags of the Python that its modules were built with";
    problem(&others, message, hint, others.len() == modules.len()).into_iter().collect()
}

/// The interpreters of a pair of tags, if the pair promises the stable ABI (`stable`), or if it does not.
fn pythons(covered: &Covered, stable: bool) -> &[Python] {
    match covered {
        Covered::Listed { pythons, every } if *every == stable => pythons,
        _ => &[],
    }
}

/// Modules that one of the Pythons of the stable ABI does not find under any of their names.
fn stable(
    modules: &[Module<'_>],
    every: &BTreeSet<&Python>,
    tags: &str,
    renames: &[ModuleRename],
) -> Vec<Unimportable> {
    let mut names: BTreeMap<&(Option<WheelPath>, &str), Vec<&Module<'_>>> = BTreeMap::new();
    for module in modules {
        names.entry(&module.name).or_default().push(module);
    }
    let mut found = Vec::new();
    for ((_, name), files) in names {
        let finds = |python: &&&Python| files.iter().any(|file| python.looks_for(&file.suffix));
        let missing: Vec<String> =
            every.iter().filter(|python| !finds(python)).map(ToString::to_string).collect();
        let Some(first) = files.first().filter(|_| !missing.is_empty()) else { continue };
        let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
        let them = subject(&paths, "is", "are");
        let message = format!("{them} not imported by {}, which `{tags}` covers", missing.join(", "));
        let hint = match first.suffix {
            Suffix::Stable { threaded: false, platform: Some(_) } => {
                format!(
                    "name it `{name}.abi3.so`, which every Python with the stable ABI imports, except free-threaded builds"
                )
            }
            Suffix::Stable { threaded: true, .. } => {
                "`.abi3t` is for Python 3.15 and later: restrict the tags to these, or build for `abi3` too"
                    .to_owned()
            }
            _ => "build the module for the stable ABI, or give the wheel the tags of the Python it is for"
                .to_owned(),
        };
        let is_renamed = files.iter().any(|file| renames.iter().any(|rename| rename.from == *file.path));
        let modules = paths.into_iter().map(str::to_owned).collect();
        found.push(Unimportable { modules, severity: Severity::Error, message, hint, is_renamed });
    }
    found
}

/// For `py3-none`: the modules that only one Python finds, although others may install the wheel.
fn generic(modules: &[Module<'_>], tags: &str) -> Vec<Unimportable> {
    let elsewhere: BTreeSet<_> = modules
        .iter()
        .filter(|module| !module.suffix.is_for_one_python())
        .map(|module| &module.name)
        .collect();
    let bound = modules.iter().filter(|module| !elsewhere.contains(&module.name));
    let bound: Vec<&str> = bound.map(|module| module.path.as_str()).collect();
    let message =
        format!("{} for one Python only, but the wheel is tagged `{tags}`", subject(&bound, "is", "are"));
    let hint = "give the wheel the tags of the Python that its modules are for";
    problem(&bound, message, hint, false).into_iter().collect()
}

/// The problem of these modules; `None` if there are no modules.
fn problem(modules: &[&str], message: String, hint: &str, is_error: bool) -> Option<Unimportable> {
    let severity = if is_error { Severity::Error } else { Severity::Warning };
    let names = modules.iter().map(|module| (*module).to_owned()).collect();
    (!modules.is_empty()).then(|| Unimportable {
        modules: names,
        severity,
        message,
        hint: hint.to_owned(),
        is_renamed: false,
    })
}
