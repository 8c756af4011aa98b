//! Libraries that no `DT_NEEDED` names: `dlopen` asks for them at run time.

use std::path::Path;

use crate::resolve::{Object, Origin, Resolution, Resolver, Shape};
use crate::wheel::PlatformTag;

use super::finding::listed;
use super::options::AuditOptions;

/// A library of `--include` that cannot be grafted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IncludeFailure {
    /// The name or path that was asked for.
    pub(crate) library: String,
    /// Why, as the end of a sentence that begins with the name.
    pub(crate) why: String,
    /// Where it was looked for.
    pub(crate) details: Vec<String>,
    /// Whether nothing tells for which architecture the library is wanted: the wheel has no ELF files and is for `any`
    /// platform. Such a wheel stays as it is.
    pub(crate) no_arch: bool,
}

impl IncludeFailure {
    fn without_arch(library: &str) -> Self {
        let why = "is not grafted: the wheel has no ELF files, and its tag names no architecture".to_owned();
        Self { library: library.to_owned(), why, details: Vec::new(), no_arch: true }
    }
}

/// Looks for libraries that are to be grafted although nothing needs them. One with a slash in it is the path of a file, in
/// the root file system or else on this machine; any other is searched as if an object of the wheel needed it. What is not
/// found, or is no library for these objects, is a failure. A wheel without ELF files, whose Python code opens libraries with
/// `ctypes`, is for the architecture of its tag.
pub(super) fn include(
    own: &[Object],
    platforms: &[PlatformTag],
    resolver: &Resolver,
    options: &AuditOptions,
    failures: &mut Vec<IncludeFailure>,
) -> Vec<Object> {
    let mut included: Vec<Object> = Vec::new();
    let of_tag = || platforms.iter().find_map(PlatformTag::arch);
    let shape = own.first().map(|object| Shape::of(&object.facts)).or_else(|| of_tag().map(Shape::for_arch));
    for library in &options.include {
        let found = match shape {
            Some(shape) => find(shape, resolver, library),
            None => Err(IncludeFailure::without_arch(library)),
        };
        match found {
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

fn find(shape: Shape, resolver: &Resolver, library: &str) -> Result<Object, IncludeFailure> {
    let refused = |why: &str| IncludeFailure {
        library: library.to_owned(),
        why: why.to_owned(),
        details: Vec::new(),
        no_arch: false,
    };
    // A name with a slash is opened in the root file system, whoever needs it.
    let in_root = library.starts_with('/') && resolver.options().places.sysroot.resolve(library).is_ok();
    if library.contains('/') && !in_root {
        let root = resolver
            .root(Path::new(library))
            .map_err(|reason| refused(&format!("cannot be taken: {reason}")))?;
        if root.facts.arch != shape.arch {
            return Err(refused("is for another architecture than the wheel"));
        }
        return Ok(root);
    }
    match resolver.by_name(library, shape) {
        (_, Some(object)) => Ok(object),
        (Resolution::Missing { searched, rejected }, None) => {
            let mut details = vec![format!("searched: {}", listed(&searched))];
            details
                .extend(rejected.iter().map(|file| format!("rejected: `{}` ({})", file.path, file.reason)));
            Err(IncludeFailure { details, ..refused("was not found") })
        }
        (Resolution::Excluded { pattern, .. }, None) => {
            Err(refused(&format!("is excluded by `--exclude {pattern}`")))
        }
        (Resolution::Allowed { .. }, None) => {
            Err(refused("is left to the system by policy; pass `--bundle-zlib`"))
        }
        _ => Err(refused("belongs to musl or to the interpreter")),
    }
}
