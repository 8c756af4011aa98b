//! How an object that was built for glibc is told.

use crate::elf::ElfFacts;
use crate::musl;
use crate::resolve::{Object, Origin};

use super::audit::Examination;

/// Libraries that only glibc has under these names. musl's loader takes the first six for itself
/// (`load_library`: `reserved[]`), so that such an object may even load; it is refused by policy.
const GLIBC_LIBRARIES: [&str; 9] = [
    "libc.so.6",
    "libm.so.6",
    "libpthread.so.0",
    "libdl.so.2",
    "librt.so.1",
    "libutil.so.1",
    "libresolv.so.2",
    "libanl.so.1",
    "libmvec.so.1",
];

/// What shows that an object was built for glibc, if anything does: its interpreter, the libraries it needs, the
/// symbol versions it wants of them. Version names alone prove nothing: `GLIBC_2.0` of `libgcc_s.so.1` is ordinary
/// on musl.
#[must_use]
pub fn glibc_evidence(facts: &ElfFacts) -> Option<String> {
    if let Some(interpreter) = &facts.interpreter {
        let file = interpreter.rsplit('/').next().unwrap_or(interpreter);
        if !file.starts_with("ld-musl-") {
            return Some(format!("its interpreter is `{interpreter}`"));
        }
    }
    if let Some(need) = facts.version_needs.iter().find(|need| is_glibc_library(&need.file)) {
        let version = need.versions.first().map_or("a version", String::as_str);
        return Some(format!("it wants `{version}` of `{}`", need.file));
    }
    // Of a name that musl takes for itself nothing follows: toolchains for musl write them, too.
    let library = facts.needed.iter().find(|name| is_glibc_library(name) && !musl::is_libc(name))?;
    Some(format!("it needs `{library}`"))
}

fn is_glibc_library(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    GLIBC_LIBRARIES.contains(&file) || file.starts_with("ld-linux") || file.starts_with("ld64.so.")
}

/// The C library an object shows that it was built for: `musl`, `glibc`, or nothing that tells.
#[must_use]
pub fn libc_name(object: &Object) -> Option<&'static str> {
    if glibc_evidence(&object.facts).is_some() {
        return Some("glibc");
    }
    let musl =
        object.facts.interpreter.is_some() || object.facts.needed.iter().any(|name| musl::is_libc(name));
    musl.then_some("musl")
}

/// The first object, of a wheel or outside it, that shows it was built for musl. Programs that are linked statically, and
/// libraries that need no C library, show nothing: they may well be for both.
#[must_use]
pub(crate) fn built_for_musl(elf: &Examination) -> Option<&str> {
    let own = elf.graph.objects.iter().filter(|object| !matches!(object.origin, Origin::Neighbour { .. }));
    own.filter(|object| libc_name(object) == Some("musl")).map(|object| object.origin.shown()).next()
}

#[cfg(test)]
mod tests {
    use super::is_glibc_library;

    #[test]
    fn glibcs_own_libraries_are_known() {
        for name in ["libc.so.6", "ld-linux-x86-64.so.2", "ld-linux.so.2", "ld64.so.1", "librt.so.1"] {
            assert!(is_glibc_library(name), "{name}");
        }
        for name in ["libc.so", "libc.musl-x86_64.so.1", "libgcc_s.so.1", "ld-musl-x86_64.so.1"] {
            assert!(!is_glibc_library(name), "{name}");
        }
    }
}
