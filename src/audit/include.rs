//! Libraries that no `DT_NEEDED` names, because they are opened with `dlopen` at run time.

use std::path::Path;

use crate::resolve::{Object, Origin, Resolution, Resolver, Shape};
use crate::wheel::PlatformTag;

use super::finding::listed;
use super::options::AuditOptions;

/// A library of `--include` that cannot be grafted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IncludeFailure {
    /// The requested name or path.
    pub(crate) library: String,
    /// The reason, as the end of a sentence that begins with the name.
    pub(crate) why: String,
    /// The directories searched.
    pub(crate) details: Vec<String>,
    /// Whether the architecture of the library is unknown: the wheel has no ELF files and is for `any`
    /// platform. Such a wheel is not changed.
    pub(crate) no_arch: bool,
}

impl IncludeFailure {
    fn without_arch(library: &str) -> Self {
        let why = "is not grafted: the wheel has no ELF files, and its tag names no architecture".to_owned();
        Self { library: library.to_owned(), why, details: Vec::new(), no_arch: true }
    }
}

/// Finds libraries to graft although nothing needs them. A name with a slash is the path of a file, in the
/// root file system or else on this machine; any other name is searched as if an object of the wheel needed
/// it. A library that is not found, or does not fit these objects, is a failure. For a wheel without ELF
/// files, whose Python code opens libraries with `ctypes`, the architecture is that of its tag.
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
    // A name with a slash is opened in the root file system, whichever object needs it.
    let in_root =
        library.starts_with('/') && resolver.options().search_paths.sysroot.resolve(library).is_ok();
    if library.contains('/') && !in_root {
        let root = resolver
            .root(Path::new(library))
            .map_err(|reason| refused(&format!("cannot be grafted: {reason}")))?;
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
