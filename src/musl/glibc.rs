//! How an object that was built for glibc is told.

use super::loader::{is_libc, is_reserved};
use crate::elf::ElfFacts;

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

/// Libraries that programs open by name on glibc systems and that musl systems do not have. (`libc.so.6` is not among
/// them: musl takes it for itself.)
pub(crate) const OPENED_NAMES: [&[u8]; 4] =
    [b"libcrypt.so.1", b"libresolv.so.2", b"libnss_dns.so.2", b"libnss_files.so.2"];

/// What shows that a program was built for another libc: its interpreter. That of a library shows nothing, nobody reads it.
#[must_use]
pub fn glibc_interpreter(facts: &ElfFacts) -> Option<String> {
    let interpreter = facts.interpreter.as_deref().filter(|path| !is_musl_loader(path))?;
    Some(format!("its interpreter is `{interpreter}`"))
}

/// Whether an interpreter has the file name of musl's.
pub(crate) fn is_musl_loader(interpreter: &str) -> bool {
    interpreter.rsplit('/').next().is_some_and(|file| file.starts_with("ld-musl-"))
}

/// What shows that an object was built for glibc, if anything does: the libraries it needs, the symbol versions it wants
/// of them. Version names alone prove nothing: `GLIBC_2.0` of `libgcc_s.so.1` is ordinary on musl. What its interpreter
/// shows is [`glibc_interpreter`].
#[must_use]
pub fn glibc_evidence(facts: &ElfFacts) -> Option<String> {
    if let Some(need) = facts.version_needs.iter().find(|need| is_glibc_library(&need.file)) {
        let version = need.versions.first().map_or("a version", String::as_str);
        return Some(format!("it wants `{version}` of `{}`", need.file));
    }
    // Of a name that musl takes for itself nothing follows: toolchains for musl write them, too.
    let library = facts.needed.iter().find(|name| is_glibc_library(name) && !is_libc(name))?;
    Some(format!("it needs `{library}`"))
}

/// Whether it is a name under which toolchains need a C library, musl's or glibc's: no library of any project is meant.
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
