//! Which symbol names musl provides, and which belong to others: the interpreter, zlib, glibc.
//!
//! The data is in `testdata/symbols/`; `docs/musl.md` says how it was collected and how it is checked.

use crate::platform::Arch;

use super::names::Names;
use super::release::{MuslRelease, Releases};
use super::table;

/// One letter for the class, then the name; with slots for twice as many names as there are.
static EXPORTS: Names<4096> = Names::new(table::EXPORTS, 1);
static GLIBC_ONLY: Names<8192> = Names::new(table::GLIBC_ONLY, 0);
static ZLIB: Names<256> = Names::new(table::ZLIB, 0);
static LFS64: Names<128> = Names::new(table::LFS64, 0);

/// The releases of musl for this architecture in which a *relocation* against the name finds a definition in
/// libc. `None` if no release has one.
///
/// libc either exports the name (`find_sym2` in `ldso/dynlink.c`), or the LFS64 rule applies: since 1.2.4,
/// relocations against [some names with 64](is_lfs64) use the name without it (`get_lfs64`). Neither `dlsym`
/// nor the link editor applies that rule.
#[must_use]
pub fn exports(arch: Arch, name: &[u8]) -> Option<Releases> {
    let mut releases = exported(arch, name);
    if is_lfs64(name) {
        releases = releases.union(lfs64_releases(name).intersection(releases_for(arch)));
    }
    (!releases.is_empty()).then_some(releases)
}

/// The releases whose `.dynsym` has the name, so that `dlsym` finds it.
#[must_use]
pub fn exported(arch: Arch, name: &[u8]) -> Releases {
    let class = EXPORTS.find(name).and_then(|start| EXPORTS.mark(start));
    let class = class.and_then(|letter| letter.checked_sub(b'a'));
    let masks = class.and_then(|class| table::CLASSES.get(usize::from(class)));
    masks.and_then(|masks| masks.get(column(arch))).map_or(Releases::NONE, |bits| Releases::from_bits(*bits))
}

/// Whether libc itself defines the name in any release. Such a definition takes precedence over that of any
/// library, because libc comes before every library of a wheel in musl's single global scope. `crypt`,
/// `res_query`, `iconv`, `getopt`.
#[must_use]
pub fn libc_defines(arch: Arch, name: &[u8]) -> bool {
    exports(arch, name).is_some()
}

/// Whether it is one of the 60 names for large files that musl 1.2.4 removed from `.dynsym` and that its
/// loader translates: `open64`, `readdir64_r` (`get_lfs64`: `lfs64_list`).
#[must_use]
pub fn is_lfs64(name: &[u8]) -> bool {
    // As in the loader, the cheap check comes first.
    (name.ends_with(b"64") || name.ends_with(b"64_r")) && LFS64.find(name).is_some()
}

/// From 1.2.4 on, with one exception: `posix_fallocate64` does not fit into the 16 bytes that `get_lfs64` of
/// 1.2.4 and 1.2.5 has for a name (fixed in musl's commit 53ac44ff, 1.2.6).
fn lfs64_releases(name: &[u8]) -> Releases {
    let since = if name == b"posix_fallocate64" { MuslRelease::V1_2_6 } else { MuslRelease::V1_2_4 };
    Releases::from_on(since)
}

/// Whether the interpreter provides the name: CPython's exports begin with `Py` and a capital letter or an
/// underscore, after up to two underscores; `PY_TIMEOUT_MAX` is the only exception.
///
/// Checked against the exports of libpython 3.6 to 3.13: all 2581 names match.
#[must_use]
pub fn is_python_api(name: &[u8]) -> bool {
    let rest = name.strip_prefix(b"__").or_else(|| name.strip_prefix(b"_")).unwrap_or(name);
    let py = rest.strip_prefix(b"Py").and_then(<[u8]>::first);
    py.is_some_and(|byte| byte.is_ascii_uppercase() || *byte == b'_') || name == b"PY_TIMEOUT_MAX"
}

/// Whether `libz.so.1` exports the name for general use. It is the only library besides libc that the
/// policies let a wheel take from the system. Only objects that need it see its symbols.
#[must_use]
pub fn is_zlib_export(name: &[u8]) -> bool {
    ZLIB.find(name).is_some()
}

/// Whether glibc up to 2.42 defines the name on any architecture of wheels while no release of musl does:
/// `__memcpy_chk`, `__isoc23_strtol`, `backtrace`. If nothing else defines it either, the object was built
/// for glibc; libraries that add what musl lacks (`fts_open`, `argp_parse`) define some of these names too.
#[must_use]
pub fn is_glibc_only(name: &[u8]) -> bool {
    GLIBC_ONLY.find(name).is_some()
}

/// The first known release that supports the architecture. riscv64 came with musl 1.1.23, which is not in the
/// table: 1.1.24 stands for it. loongarch64 came with 1.2.5.
#[must_use]
pub fn arch_floor(arch: Arch) -> MuslRelease {
    releases_for(arch).first().unwrap_or(MuslRelease::NEWEST)
}

/// The releases that support the architecture.
#[must_use]
pub fn releases_for(arch: Arch) -> Releases {
    table::PORTS.get(column(arch)).map_or(Releases::NONE, |bits| Releases::from_bits(*bits))
}

/// The architecture's column in every row of the table (`ARCHES` there). musl's armhf covers both ARMv7 and
/// ARMv6.
const fn column(arch: Arch) -> usize {
    match arch {
        Arch::X86_64 => 0,
        Arch::I686 => 1,
        Arch::Aarch64 => 2,
        Arch::Armv7l | Arch::Armv6l => 3,
        Arch::Ppc64le => 4,
        Arch::S390x => 5,
        Arch::Riscv64 => 6,
        Arch::Loongarch64 => 7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn since(arch: Arch, name: &str) -> Option<MuslRelease> {
        exports(arch, name.as_bytes()).and_then(Releases::since)
    }

    #[test]
    fn the_table_is_of_these_releases_and_architectures() {
        assert_eq!(table::RELEASES, MuslRelease::ALL.map(|release| release.to_string()));
        for arch in Arch::ALL {
            assert_eq!(table::ARCHES[column(arch)], arch.musl_loader_name());
        }
    }

    #[test]
    fn every_name_of_the_data_is_found() {
        for line in table::EXPORTS.lines() {
            let start = EXPORTS.find(&line.as_bytes()[1..]);
            assert_eq!(start.and_then(|start| EXPORTS.mark(start)), Some(line.as_bytes()[0]), "{line}");
        }
        for (names, predicate) in [
            (table::LFS64, is_lfs64 as fn(&[u8]) -> bool),
            (table::GLIBC_ONLY, is_glibc_only),
            (table::ZLIB, is_zlib_export),
        ] {
            for name in names.lines() {
                assert!(predicate(name.as_bytes()), "{name}");
            }
        }
    }

    #[test]
    fn names_resolve_from_the_release_that_added_them() {
        for (name, release) in [
            ("malloc", MuslRelease::V1_1_19),
            ("getrandom", MuslRelease::V1_1_24),
            ("reallocarray", MuslRelease::V1_2_2),
            ("gettid", MuslRelease::V1_2_2),
            ("qsort_r", MuslRelease::V1_2_3),
            ("pthread_getname_np", MuslRelease::V1_2_3),
            ("statx", MuslRelease::V1_2_5),
            ("__getauxval", MuslRelease::V1_2_6),
        ] {
            assert_eq!(since(Arch::X86_64, name), Some(release), "{name}");
        }
        for name in ["__cxa_thread_atexit_impl", "backtrace", "gnu_get_libc_version", "", "malloc\n"] {
            assert_eq!(exports(Arch::X86_64, name.as_bytes()), None, "{name:?}");
        }
    }

    #[test]
    fn removed_names_no_longer_resolve() {
        let releases = exports(Arch::X86_64, b"__expand_heap").unwrap_or_default();
        assert!(releases.contains(MuslRelease::V1_1_19) && releases.since().is_none());
    }

    #[test]
    fn lfs64_names_resolve_though_they_are_not_exported() {
        assert_eq!(since(Arch::X86_64, "open64"), Some(MuslRelease::V1_1_19));
        assert!(!exported(Arch::X86_64, b"open64").contains(MuslRelease::V1_2_4));
        // 32-bit musl 1.2.0 to 1.2.3 had these two the other way round.
        assert_eq!(since(Arch::I686, "__xstat64"), Some(MuslRelease::V1_1_19));
        assert_eq!(since(Arch::I686, "__xstat"), Some(MuslRelease::V1_2_4));
        // The rule also applies to a port that never exported the names, from its first release on.
        assert_eq!(exports(Arch::Loongarch64, b"readdir64_r"), Some(Releases::from_on(MuslRelease::V1_2_5)));
        for name in ["fcntl64", "epoll_wait64", "__open64_2"] {
            assert_eq!(exports(Arch::X86_64, name.as_bytes()), None, "{name}");
        }
    }

    #[test]
    fn posix_fallocate64_does_not_resolve_on_1_2_4_and_1_2_5() {
        for arch in Arch::ALL {
            let releases = exports(arch, b"posix_fallocate64").unwrap_or_default();
            assert!(
                !releases.contains(MuslRelease::V1_2_4) && !releases.contains(MuslRelease::V1_2_5),
                "{arch}"
            );
            assert_eq!(releases.since(), Some(MuslRelease::V1_2_6), "{arch}");
        }
        assert!(exported(Arch::X86_64, b"posix_fallocate64").contains(MuslRelease::V1_2_3));
    }

    #[test]
    fn time64_names_are_of_32_bit_architectures_from_1_2_0() {
        for arch in Arch::ALL {
            let expected =
                matches!(arch, Arch::I686 | Arch::Armv7l | Arch::Armv6l).then_some(MuslRelease::V1_2_0);
            assert_eq!(since(arch, "__clock_gettime64"), expected, "{arch}");
        }
    }

    #[test]
    fn names_of_one_architecture_are_not_of_others() {
        for (name, arch, other) in [
            ("arch_prctl", Arch::X86_64, Arch::Aarch64),
            ("___tls_get_addr", Arch::I686, Arch::X86_64),
            ("__aeabi_memcpy", Arch::Armv6l, Arch::Aarch64),
            ("__tls_get_offset", Arch::S390x, Arch::X86_64),
            ("__riscv_flush_icache", Arch::Riscv64, Arch::Loongarch64),
        ] {
            assert!(libc_defines(arch, name.as_bytes()), "{name}");
            assert!(!libc_defines(other, name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn architectures_start_with_the_release_that_added_the_port() {
        for arch in Arch::ALL {
            let expected = match arch {
                Arch::Riscv64 => MuslRelease::V1_1_24,
                Arch::Loongarch64 => MuslRelease::V1_2_5,
                _ => MuslRelease::V1_1_19,
            };
            assert_eq!(arch_floor(arch), expected, "{arch}");
            assert_eq!(since(arch, "malloc"), Some(expected), "{arch}");
        }
    }

    #[test]
    fn libc_defines_names_that_bundled_libraries_often_define_too() {
        for name in ["crypt", "crypt_r", "res_query", "iconv", "getopt_long", "gettext"] {
            assert!(libc_defines(Arch::X86_64, name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn cpython_names_begin_with_py_and_a_capital() {
        for name in
            ["PyList_New", "_PyLong_Sign", "_Py_NoneStruct", "__PyCodeExtraState_Get", "PY_TIMEOUT_MAX"]
        {
            assert!(is_python_api(name.as_bytes()), "{name}");
        }
        for name in ["Python", "Py", "PY_VERSION", "___Py_X", "xPyList_New", "Pyramid_New", "py_new", ""] {
            assert!(!is_python_api(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn zlib_has_88_public_names() {
        assert_eq!(table::ZLIB.lines().count(), 88);
        assert!(is_zlib_export(b"inflateInit2_") && is_zlib_export(b"crc32_combine_op"));
        for name in ["_tr_flush_block", "inflate_table", "zcalloc", "ZLIB_1.2.9", "inflat"] {
            assert!(!is_zlib_export(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn glibc_only_names_are_in_no_release_of_musl() {
        for name in [
            "__memcpy_chk",
            "__isoc23_strtol",
            "_ZGVbN2v_sin",
            "backtrace",
            "strtoull_l",
            "_IO_2_1_stdout_",
            "fts_open",
        ] {
            assert!(is_glibc_only(name.as_bytes()), "{name}");
        }
        for name in table::GLIBC_ONLY.lines() {
            assert!(Arch::ALL.iter().all(|arch| !libc_defines(*arch, name.as_bytes())), "{name}");
        }
        // musl 1.2.6 has both.
        assert!(!is_glibc_only(b"renameat2") && !is_glibc_only(b"__getauxval"));
    }
}
