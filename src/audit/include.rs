//! Libraries that no `DT_NEEDED` names: `dlopen` asks for them at run time.

use std::path::Path;

use crate::resolve::{InstalledLayout, Object, Origin, Resolution, Resolver};

use super::finding::listed;

/// A library of `--include` that cannot be grafted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IncludeFailure {
    /// The name or path that was asked for.
    pub(crate) library: String,
    /// Why, as the end of a sentence that begins with the name.
    pub(crate) why: String,
    /// Where it was looked for.
    pub(crate) details: Vec<String>,
}

/// Looks for libraries that are to be grafted although nothing needs them. One with a slash in it is the path of a file, in
/// the root file system or else on this machine; any other is searched as if an object of the wheel needed it. What is not
/// found, or is no library for these objects, is a failure.
pub(super) fn include(
    own: &[Object],
    resolver: &Resolver,
    libraries: &[String],
    failures: &mut Vec<IncludeFailure>,
) -> Vec<Object> {
    let mut included: Vec<Object> = Vec::new();
    // A wheel without ELF files has nobody to open a library.
    let Some(requester) = own.first() else { return included };
    for library in libraries {
        match find(requester, resolver, library) {
            Ok(object) if included.iter().any(|known| location(known) == location(&object)) => {}
            Ok(object) => included.push(object),
            Err(failure) => failures.push(failure),
        }
    }
    included
}

fn location(object: &Object) -> Option<&Path> {
    match &object.origin {
        Origin::File { file, .. } => Some(&file.location),
        _ => None,
    }
}

fn find(requester: &Object, resolver: &Resolver, library: &str) -> Result<Object, IncludeFailure> {
    let refused =
        |why: &str| IncludeFailure { library: library.to_owned(), why: why.to_owned(), details: Vec::new() };
    // A name with a slash is opened in the root file system, whoever needs it.
    let in_root = library.starts_with('/') && resolver.options().places.sysroot.resolve(library).is_ok();
    if library.contains('/') && !in_root {
        let root = resolver
            .root(Path::new(library))
            .map_err(|reason| refused(&format!("cannot be taken: {reason}")))?;
        if root.facts.arch != requester.facts.arch {
            return Err(refused("is for another architecture than the wheel"));
        }
        return Ok(root);
    }
    let mut requester = requester.clone();
    requester.facts.needed = vec![library.to_owned()];
    (requester.facts.rpath, requester.facts.runpath) = (None, None);
    requester.dependencies.clear();
    let graph = resolver.resolve(vec![requester], &InstalledLayout::default());
    let resolution = graph.objects.first().and_then(|object| object.dependencies.first());
    match resolution.map(|dependency| &dependency.resolution) {
        Some(Resolution::Object { index }) => {
            let object = graph.objects.get(*index).ok_or_else(|| refused("was not found"))?;
            Ok(Object { dependencies: Vec::new(), ..object.clone() })
        }
        Some(Resolution::Missing { searched, rejected }) => {
            let mut details = vec![format!("searched: {}", listed(searched))];
            details
                .extend(rejected.iter().map(|file| format!("rejected: `{}` ({})", file.path, file.reason)));
            Err(IncludeFailure { details, ..refused("was not found") })
        }
        Some(Resolution::Excluded { pattern, .. }) => {
            Err(refused(&format!("is excluded by `--exclude {pattern}`")))
        }
        Some(Resolution::Allowed) => Err(refused("is left to the system by policy; pass `--bundle-zlib`")),
        _ => Err(refused("belongs to musl or to the interpreter")),
    }
}
