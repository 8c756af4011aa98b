//! `glibc-object`.

use muslrepair::elf::VersionNeed;
use muslrepair::resolve::Object;

use super::Case;
use super::scene::{changed, codes, found, only, program, sound};

pub const CASE: Case = Case {
    code: "glibc-object",
    breaks: || found(vec![wanting("a.so", "libc.so.6", "GLIBC_2.17")]),
    keeps: || found(vec![wanting("a.so", "libgcc_s.so.1", "GLIBC_2.0")]),
};

fn wanting(name: &str, file: &str, version: &str) -> Object {
    let need = VersionNeed { file: file.to_owned(), versions: vec![version.to_owned()] };
    changed(name, |object| object.facts.version_needs = vec![need])
}

#[test]
fn glibc_objects_are_told_by_versions_libraries_and_interpreters() {
    let message = only("glibc-object", vec![wanting("a.so", "libc.so.6", "GLIBC_2.17")]).message;
    assert!(message.contains("`GLIBC_2.17` of `libc.so.6`"), "{message}");
    let loader = changed("a.so", |object| object.facts.needed = vec!["ld-linux-x86-64.so.2".to_owned()]);
    assert!(codes(&found(vec![loader])).contains(&"glibc-object"));
    let mut tool = program("tool");
    tool.facts.interpreter = Some("/lib64/ld-linux-x86-64.so.2".to_owned());
    only("glibc-object", vec![tool]);
}

#[test]
fn names_that_musl_takes_for_itself_and_versions_of_libgcc_prove_nothing() {
    // Some toolchains for musl write the names that musl takes for itself.
    let reserved = changed("a.so", |object| {
        object.facts.needed = vec!["libm.so.6".to_owned(), "libc.so.6".to_owned()];
    });
    sound(vec![reserved]);
    sound(vec![wanting("a.so", "libgcc_s.so.1", "GLIBC_2.0")]);
}

#[test]
fn objects_for_glibc_are_one_finding_with_the_evidence_of_the_first() {
    let objects =
        vec![wanting("a.so", "libc.so.6", "GLIBC_2.17"), wanting("b.so", "libc.so.6", "GLIBC_2.34")];
    let finding = only("glibc-object", objects);
    assert_eq!(finding.objects, ["demo/a.so", "demo/b.so"]);
    let start = "`demo/a.so`, `demo/b.so` were built for glibc, as `demo/a.so` shows: it needs the version `GLIBC_2.17`";
    assert!(finding.message.starts_with(start), "{}", finding.message);
}
