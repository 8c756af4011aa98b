//! `unsupported-isa`.

use muslrepair::audit::{AuditOptions, Severity};
use muslrepair::platform::Arch;
use muslrepair::resolve::Object;

use super::Case;
use super::scene::{TAG, audit_with, changed, codes, found, on, only, sound};

pub const CASE: Case = Case {
    code: "unsupported-isa",
    breaks: || found(vec![needing("a.so", 2)]),
    keeps: || found(vec![needing("a.so", 1)]),
};

/// Bit 0 is the baseline, bits 1 to 3 are v2 to v4.
fn needing(name: &str, bits: u32) -> Object {
    changed(name, |object| object.facts.isa_needed = bits)
}

#[test]
fn instructions_above_the_baseline_are_an_error() {
    for (bits, level) in [(2, "x86_64_v2"), (4, "x86_64_v3"), (6, "x86_64_v3"), (9, "x86_64_v4")] {
        let finding = only("unsupported-isa", vec![needing("a.so", bits)]);
        assert_eq!(finding.severity, Severity::Error);
        assert_eq!(
            finding.message,
            format!("`demo/a.so` needs instructions of {level}, which not every x86_64 processor has")
        );
        assert!(finding.hint.unwrap().contains("`--disable-isa-ext-check`"));
    }
    sound(vec![needing("a.so", 1)]);
}

#[test]
fn a_level_is_one_finding_that_can_be_allowed() {
    let objects = || vec![needing("a.so", 4), needing("b.so", 2), needing("c.so", 4)];
    let counts: Vec<usize> = found(objects()).iter().map(|finding| finding.count).collect();
    assert_eq!(counts, [2, 1]);
    let options = AuditOptions { allow: vec!["unsupported-isa".parse().unwrap()], ..AuditOptions::default() };
    assert_eq!(codes(&audit_with(TAG, objects(), &options).findings), [""; 0]);
}

#[test]
fn the_note_means_nothing_on_other_architectures() {
    let object = changed("a.so", |object| {
        on(Arch::I686, object);
        object.facts.isa_needed = 4;
    });
    let findings = audit_with("musllinux_1_2_i686", vec![object], &AuditOptions::default()).findings;
    assert!(!codes(&findings).contains(&"unsupported-isa"), "{findings:?}");
}
