//! Libraries that no `DT_NEEDED` names: `dlopen` asks for them at run time.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::Error;
use crate::policy::{Audit, Code, Finding, WheelKind, glibc_evidence, quoted};
use crate::resolve::{Graph, InstalledLayout, Object, Origin, Resolution, Resolver};

/// The objects of an audit's graph that are grafted although nothing needs them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Included(pub(super) Vec<usize>);

/// Looks for libraries and adds them, and what they need, to the graph of an audit. A library with a slash in it is the
/// path of a file, in the root file system or else on this machine; any other is searched as if an object of the wheel
/// needed it. Nothing is added to a wheel without ELF files.
///
/// # Errors
///
/// When one is not found, or is no library that can be grafted.
pub fn include(audit: &mut Audit, resolver: &Resolver, libraries: &[String]) -> Result<Included, Error> {
    if audit.kind != WheelKind::Platform {
        return Ok(Included::default());
    }
    let mut included = Included::default();
    let mut findings = Vec::new();
    for library in libraries {
        match find(audit, resolver, library) {
            Ok((graph, index)) => {
                let index = merge(audit, graph, index, &mut findings);
                if !included.0.contains(&index) {
                    included.0.push(index);
                }
            }
            Err(finding) => findings.push(finding),
        }
    }
    if findings.is_empty() { Ok(included) } else { Err(Error::Unrepairable { findings }) }
}

/// The library as an object of a graph of its own.
fn find(audit: &Audit, resolver: &Resolver, library: &str) -> Result<(Graph, usize), Finding> {
    let refused =
        |why: &str| error(library, format!("`{library}`, asked for with `--include`, {why}"), Vec::new());
    let layout = InstalledLayout::default();
    // A name with a slash is opened in the root file system, whoever needs it.
    let in_root = library.starts_with('/') && resolver.options().places.sysroot.resolve(library).is_ok();
    if library.contains('/') && !in_root {
        let root = resolver
            .root(Path::new(library))
            .map_err(|reason| refused(&format!("cannot be taken: {reason}")))?;
        if root.facts.arch != audit.elf.arch {
            return Err(refused("is for another architecture than the wheel"));
        }
        return Ok((resolver.resolve(vec![root], &layout), 0));
    }
    let Some((_, _, _, member)) = audit.elf.members().next() else {
        return Err(refused("has nobody to use it"));
    };
    let mut requester = member.clone();
    requester.facts.needed = vec![library.to_owned()];
    (requester.facts.rpath, requester.facts.runpath) = (None, None);
    requester.dependencies.clear();
    let graph = resolver.resolve(vec![requester], &layout);
    let resolution = graph.objects.first().and_then(|object| object.dependencies.first());
    match resolution.map(|dependency| &dependency.resolution) {
        Some(Resolution::Object { index }) => {
            let index = *index;
            Ok((graph, index))
        }
        Some(Resolution::Missing { searched, rejected }) => {
            let mut details = vec![format!("searched: {}", quoted(searched.iter().map(String::as_str)))];
            details
                .extend(rejected.iter().map(|file| format!("rejected: `{}` ({})", file.path, file.reason)));
            let message = format!("`{library}`, asked for with `--include`, was not found");
            Err(error(library, message, details))
        }
        Some(Resolution::Excluded { pattern, .. }) => {
            Err(refused(&format!("is excluded by `--exclude {pattern}`")))
        }
        Some(Resolution::Allowed) => Err(refused("is left to the system by policy; pass `--bundle-zlib`")),
        _ => Err(refused("belongs to musl or to the interpreter")),
    }
}

/// Moves the files of `graph` that the audit does not know yet into its graph. Returns the place of object `index` there.
fn merge(audit: &mut Audit, graph: Graph, index: usize, findings: &mut Vec<Finding>) -> usize {
    let mut places: BTreeMap<usize, usize> = BTreeMap::new();
    let mut new: Vec<Object> = Vec::new();
    for (at, object) in graph.objects.into_iter().enumerate() {
        let Origin::File { file, .. } = &object.origin else { continue };
        let location = file.bytes.location();
        let is_same = |object: &Object| matches!(&object.origin, Origin::File { file, .. } if file.bytes.location() == location);
        let known = audit.elf.graph.objects.iter().position(is_same);
        places.insert(at, known.unwrap_or(audit.elf.graph.objects.len() + new.len()));
        if known.is_none() {
            new.push(object);
        }
    }
    for mut object in new {
        judge(&object, findings);
        for dependency in &mut object.dependencies {
            if let Resolution::Object { index } = &mut dependency.resolution {
                *index = places.get(index).copied().unwrap_or(*index);
            }
        }
        audit.elf.graph.objects.push(object);
    }
    places.get(&index).copied().unwrap_or(index)
}

fn judge(object: &Object, findings: &mut Vec<Finding>) {
    let name = object.origin.shown();
    if let Some(evidence) = glibc_evidence(&object.facts) {
        let message = format!("`{name}` was built for glibc: {evidence}");
        findings.push(Finding::new(Code::GlibcObject, name, message));
    }
    for dependency in &object.dependencies {
        if let Resolution::Missing { searched, .. } = &dependency.resolution {
            let message = format!("`{}`, needed by `{name}`, was not found", dependency.name);
            let searched = format!("searched: {}", quoted(searched.iter().map(String::as_str)));
            findings.push(error(name, message, vec![searched]));
        }
    }
}

fn error(object: &str, message: String, details: Vec<String>) -> Finding {
    Finding { details, ..Finding::new(Code::MissingLibrary, object, message) }
}
