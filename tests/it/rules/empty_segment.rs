//! `empty-segment`.

use muslrepair::audit::Severity;
use muslrepair::elf::Segment;
use muslrepair::musl::MuslRelease;
use muslrepair::resolve::Object;

use super::Case;
use super::scene::{TAG, audit, changed, found, module, never_loads, only};

pub const CASE: Case = Case {
    code: "empty-segment",
    breaks: || found(vec![with_empty_segment("a.so", |_| 0x90_0000)]),
    // In the middle of a page that has no other content.
    keeps: || found(vec![with_empty_segment("a.so", |_| 0x90_0010), module("b.so")]),
};

/// With an empty segment at an address computed from the last segment's.
fn with_empty_segment(name: &str, address: impl Fn(u64) -> u64) -> Object {
    changed(name, |object| {
        let load = object.facts.segments.iter().rfind(|segment| segment.kind == 1).copied().unwrap();
        let address = address(load.address);
        object.facts.segments.push(Segment { memory_size: 0, file_size: 0, flags: 4, address, ..load });
    })
}

#[test]
fn an_empty_segment_raises_the_minimum() {
    let objects = vec![with_empty_segment("a.so", |_| 0x90_0000), with_empty_segment("b.so", |_| 0x90_0000)];
    assert_eq!(audit(TAG, objects.clone()).minimum_musl.version, Some(MuslRelease::V1_2_3));
    let finding = only("empty-segment", objects);
    assert_eq!((finding.severity, finding.count), (Severity::Warning, 2));
    assert!(finding.message.contains("since 1.2.3 (Alpine 3.16)"), "{finding:?}");
}

#[test]
fn an_empty_segment_that_hides_another_is_an_error() {
    let finding = never_loads("empty-segment", with_empty_segment("a.so", |last| (last | 0xfff) - 7));
    assert!(finding.message.contains("over another segment"), "{finding:?}");
}
