//! `not-loadable`.

use muslrepair::audit::Severity;

use super::Case;
use super::scene::PLAIN;
use super::wheels::{SOUND, found_in, found_in_of, with_module};

pub const CASE: Case = Case {
    code: "not-loadable",
    breaks: || found_in(&with_module(SOUND).file("demo/_x.abi3.so", "")),
    keeps: || found_in(&with_module(SOUND).file("demo/_x.txt", "")),
};

const MODULE: &str = "demo/_x.cpython-312-x86_64-linux-musl.so";

#[test]
fn a_file_named_as_a_module_must_be_a_shared_object() {
    let mut object_file = PLAIN.to_vec();
    object_file[16] = 1;
    let zeros_behind_a_header = [&PLAIN[..64], &[0; 4096][..]].concat();
    let noise_behind_a_header = [&PLAIN[..64], &[0xa5; 4096][..]].concat();
    let lfs = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n";
    for (content, why) in [
        (&b""[..], "it is empty"),
        (b"print('x')", "it is text"),
        (lfs.as_bytes(), "it is a pointer of Git LFS in place of the file"),
        (&[0; 100], "it is full of zeros"),
        (&[0xa5; 100], "it is not an ELF file"),
        (b"\xcf\xfa\xed\xfe\x0c\0\0\x01", "it is a file for macOS"),
        (&PLAIN[..40], "ELF header reaches past the end of the file"),
        (&PLAIN[..600], "reaches past the end of the file"),
        (&zeros_behind_a_header, "cannot be loaded: "),
        (&noise_behind_a_header, "cannot be loaded: "),
        (&object_file, "it is an object file that was not linked"),
    ] {
        let found = found_in_of("not-loadable", &with_module(SOUND).file(MODULE, content));
        assert_eq!(found.len(), 1, "{why}: {found:?}");
        assert_eq!((found[0].object.as_str(), found[0].severity), (MODULE, Severity::Error));
        assert!(found[0].message.contains(why), "{}", found[0].message);
    }
}

#[test]
fn a_damaged_library_is_an_error_and_damaged_data_is_not() {
    let library = |name: &str| with_module(SOUND).file(name, &PLAIN[..600]);
    for name in ["demo/libx.so", "demo/libx.so.1"] {
        let found = found_in_of("not-loadable", &library(name));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].message.starts_with(&format!("`{name}` is named as a library")), "{found:?}");
    }
    for name in ["demo/fixture.bin", "demo/libx.so.1.debug"] {
        assert_eq!(found_in_of("not-loadable", &library(name)), [], "{name}");
    }
}

#[test]
fn files_with_one_reason_are_one_finding() {
    let wheel = with_module(SOUND).file(MODULE, "").file("demo/_y.abi3.so", "");
    let found = found_in_of("not-loadable", &wheel);
    assert_eq!((found.len(), found[0].count), (1, 2), "{found:?}");
    assert!(
        found[0].message.ends_with("are named as extension modules, but cannot be loaded: each is empty")
    );
}

#[test]
fn musl_asks_for_no_magic_so_a_library_without_it_is_an_error() {
    for (at, byte) in [(0, 0), (3, b'X'), (4, 9), (5, 0)] {
        let mut unmarked = PLAIN.to_vec();
        unmarked[at] = byte;
        for name in ["demo/_x.so", "demo/libx.so.2", MODULE] {
            let found = found_in_of("not-loadable", &with_module(SOUND).file(name, &unmarked));
            assert_eq!(found.len(), 1, "{name} {at}: {found:?}");
            assert!(found[0].message.contains("musl loads such a file nevertheless"), "{found:?}");
        }
        let data = with_module(SOUND).file("demo/x.bin", &unmarked);
        assert_eq!(found_in_of("not-loadable", &data), []);
    }
}
