//! How to recognise an object that was built for glibc.

use super::loader::{is_libc, is_reserved};
use crate::elf::ElfFacts;

/// Library names that only glibc uses. musl's loader answers the first six itself (`load_library`:
/// `reserved[]`), so such an object may even load; the policy refuses it.
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

/// Libraries that programs open by name on glibc systems and that musl systems lack. (`libc.so.6` is not
/// listed: musl answers it itself.)
pub(crate) const GLIBC_DLOPEN_NAMES: [&[u8]; 4] =
    [b"libcrypt.so.1", b"libresolv.so.2", b"libnss_dns.so.2", b"libnss_files.so.2"];

/// Evidence that a program was built for another libc: its interpreter. That of a library is no evidence,
/// because nothing reads it.
#[must_use]
pub fn glibc_interpreter(facts: &ElfFacts) -> Option<String> {
    let interpreter = facts.interpreter.as_deref().filter(|path| !is_musl_loader(path))?;
    Some(format!("its interpreter is `{interpreter}`"))
}

/// Whether the file name of an interpreter is that of musl's loader.
pub(crate) fn is_musl_loader(interpreter: &str) -> bool {
    interpreter.rsplit('/').next().is_some_and(|file| file.starts_with("ld-musl-"))
}

/// Evidence that an object was built for glibc: the libraries it needs, and the symbol versions it requires
/// from them. Version names alone prove nothing: `GLIBC_2.0` of `libgcc_s.so.1` is ordinary on musl. For
/// interpreters see [`glibc_interpreter`].
#[must_use]
pub fn glibc_evidence(facts: &ElfFacts) -> Option<String> {
    if let Some(need) = facts.version_needs.iter().find(|need| is_glibc_library(&need.file)) {
        let version = need.versions.first().map_or("a version", String::as_str);
        return Some(format!("it needs the version `{version}` of `{}`", need.file));
    }
    // A name that musl answers itself proves nothing: toolchains for musl write them too.
    let library = facts.needed.iter().find(|name| is_glibc_library(name) && !is_libc(name))?;
    Some(format!("it needs `{library}`"))
}

/// Whether this is a name under which toolchains link the C library, musl's or glibc's, and thus no project's
/// own library.
#[must_use]
pub fn is_usual_libc_name(name: &str) -> bool {
    let is_usual = || name == "libc.so" || name.starts_with("libc.musl-") || is_glibc_library(name);
    is_libc(name) && (!is_reserved(name) || is_usual())
}

fn is_glibc_library(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    GLIBC_LIBRARIES.contains(&file) || file.starts_with("ld-linux") || file.starts_with("ld64.so.")
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
