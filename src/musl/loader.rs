//! The rules of musl's dynamic loader, one function each.
//!
//! Source: `ldso/dynlink.c` of musl 1.2.5. The functions named below have not changed since 1.1.20 in what
//! matters here.

use crate::platform::Arch;

/// The directories that musl searches if there is no path file (`load_library`: `sys_path =
/// "/lib:/usr/local/lib:/usr/lib"`).
pub const DEFAULT_PATH: [&str; 3] = ["/lib", "/usr/local/lib", "/usr/lib"];

/// The stems of names that musl answers itself, whatever follows the dot (`load_library`: `reserved[]`).
const RESERVED_STEMS: [&str; 7] = ["c", "pthread", "rt", "m", "dl", "util", "xnet"];

/// The size of the buffer in which `load_library` joins directory and name (`2*NAME_MAX+2`).
const PATH_BUFFER: usize = 512;

/// Whether musl answers a `DT_NEEDED` of this name itself, before any search: `lib` followed by one of `c.`,
/// `pthread.`, `rt.`, `m.`, `dl.`, `util.`, `xnet.` (`load_library` in `ldso/dynlink.c`).
///
/// The dot is part of the match: `libc.so.6` and `libc.musl-x86_64.so.1` are reserved, `libcrypt.so.1` and
/// `libm-0a1b2c3d.so` are not. A path that starts this way is reserved as well: `libm.d/libq.so`.
#[must_use]
pub fn is_reserved(name: &str) -> bool {
    let Some(rest) = name.strip_prefix("lib") else { return false };
    rest.split_once('.').is_some_and(|(stem, _)| RESERVED_STEMS.contains(&stem))
}

/// Whether the name means musl itself: a reserved name, or that of the loader. The loader's name is the path
/// in programs (`load_library`: `ldso.name`), or its file name alone, which is found in `/lib` and recognised
/// once it is mapped (it defines `__libc_start_main` and `stdin`).
#[must_use]
pub fn is_libc(name: &str) -> bool {
    let file = name.strip_prefix("/lib/").unwrap_or(name);
    let stem = file.strip_prefix("ld-musl-").and_then(|rest| rest.strip_suffix(".so.1"));
    is_reserved(name) || stem.is_some_and(|arch| !arch.contains('/'))
}

/// The path of the loader for an architecture, which programs name as their interpreter (`LDSO_PATHNAME` in
/// musl's `Makefile`).
#[must_use]
pub fn loader_path(arch: Arch) -> String {
    format!("/lib/ld-musl-{}.so.1", arch.musl_loader_name())
}

/// The path file for an architecture, relative to the loader's prefix (`load_library`:
/// `etc/ld-musl-<LDSO_ARCH>.path`).
#[must_use]
pub fn path_file(arch: Arch) -> String {
    format!("etc/ld-musl-{}.path", arch.musl_loader_name())
}

/// Splits a search path: colons and newlines separate, empty entries are skipped (`path_open`).
pub fn search_path_entries(text: &str) -> impl Iterator<Item = &str> {
    text.split([':', '\n']).filter(|entry| !entry.is_empty())
}

/// Whether musl skips this candidate because directory, slash and name do not fit into its buffer
/// (`path_open`).
#[must_use]
pub fn too_long(directory: &str, name: &str) -> bool {
    directory.len() + 1 + name.len() >= PATH_BUFFER
}

/// A run path as musl parses it (`fixup_rpath`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunPath<'a> {
    /// The entries, with `$ORIGIN` not expanded.
    Entries(Vec<&'a str>),
    /// A `$` that does not start `$ORIGIN` or `${ORIGIN}`: musl ignores the whole run path.
    Void,
}

impl<'a> RunPath<'a> {
    /// Parses the text of `DT_RUNPATH` or `DT_RPATH`.
    #[must_use]
    pub fn parse(text: &'a str) -> Self {
        if Self::is_void(text) { Self::Void } else { Self::Entries(search_path_entries(text).collect()) }
    }

    /// Whether musl ignores the whole run path.
    #[must_use]
    pub fn is_void(text: &str) -> bool {
        text.match_indices('$').any(|(at, _)| {
            let rest = text.get(at..).unwrap_or_default();
            !rest.starts_with("$ORIGIN") && !rest.starts_with("${ORIGIN}")
        })
    }

    /// The entries that musl searches; empty if it ignores the run path.
    #[must_use]
    pub fn entries(&self) -> &[&'a str] {
        match self {
            Self::Entries(entries) => entries,
            Self::Void => &[],
        }
    }

    /// One entry with `$ORIGIN` replaced by the directory of the object, as it was opened: symlinks are not
    /// resolved and the result is not normalised (`fixup_rpath`).
    #[must_use]
    pub fn expand(entry: &str, origin: &str) -> String {
        entry.replace("${ORIGIN}", origin).replace("$ORIGIN", origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_names_are_libc_whatever_follows_the_dot() {
        for name in [
            "libc.so",
            "libc.so.6",
            "libc.musl-x86_64.so.1",
            "libm.so.6",
            "libutil.private.so",
            "libxnet.x",
            "libm.d/libq.so",
        ] {
            assert!(is_reserved(name), "{name}");
        }
        for name in [
            "libcrypt.so.1",
            "libm-0a1b2c3d.so",
            "libc",
            "libcc.so",
            "mylibc.so",
            "/opt/libc.so",
            "libresolv.so.2",
        ] {
            assert!(!is_reserved(name), "{name}");
        }
    }

    #[test]
    fn the_name_of_the_loader_means_libc() {
        assert!(is_libc("ld-musl-x86_64.so.1"));
        assert!(is_libc("/lib/ld-musl-armhf.so.1"));
        assert!(is_libc("libm.d/libq.so"));
        for name in [
            "ld-linux-x86-64.so.2",
            "/opt/ld-musl-x86_64.so.1",
            "x/ld-musl-x86_64.so.1",
            "/lib/ld-musl-x/y.so.1",
        ] {
            assert!(!is_libc(name), "{name}");
        }
    }

    #[test]
    fn path_file_uses_the_loaders_name_of_the_architecture() {
        assert_eq!(path_file(Arch::I686), "etc/ld-musl-i386.path");
        assert_eq!(path_file(Arch::Ppc64le), "etc/ld-musl-powerpc64le.path");
    }

    #[test]
    fn search_paths_split_at_colons_and_newlines_and_skip_empty_entries() {
        let entries: Vec<_> = search_path_entries("/a:/b\n\n/c::").collect();
        assert_eq!(entries, ["/a", "/b", "/c"]);
    }

    #[test]
    fn any_other_dollar_voids_the_whole_run_path() {
        assert_eq!(RunPath::parse("/x/$LIB:$ORIGIN/libs"), RunPath::Void);
        assert_eq!(RunPath::parse("$ORIGIN:${ORIGIN}/x:/y").entries(), ["$ORIGIN", "${ORIGIN}/x", "/y"]);
        assert_eq!(RunPath::expand("${ORIGIN}/../x.libs", "/site/pkg"), "/site/pkg/../x.libs");
    }

    #[test]
    fn candidates_of_512_bytes_are_skipped() {
        let directory = "/".repeat(500);
        assert!(!too_long(&directory, "libabcd.so"));
        assert!(too_long(&directory, "libabcde.so"));
    }
}
