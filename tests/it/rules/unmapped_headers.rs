//! `unmapped-headers`.

use super::Case;
use super::scene::{changed, found, module, only, sound};

pub const CASE: Case = Case {
    code: "unmapped-headers",
    breaks: || found(vec![changed("a.so", |object| object.facts.headers_mapped = false)]),
    keeps: || found(vec![module("a.so")]),
};

#[test]
fn headers_that_are_not_mapped_are_a_warning_where_something_is_loaded() {
    let unmapped = |name: &str| changed(name, |object| object.facts.headers_mapped = false);
    let finding = only("unmapped-headers", vec![unmapped("a.so"), unmapped("b.so")]);
    assert_eq!(
        finding.message,
        "`demo/a.so`, `demo/b.so` have program headers that are not mapped: exceptions cannot pass through them"
    );
    let mut not_loaded = unmapped("a.so");
    not_loaded.facts.dynamic = false;
    sound(vec![not_loaded]);
}
