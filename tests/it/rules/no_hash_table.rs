//! `no-hash-table`.

use super::Case;
use super::scene::{changed, found, module, never_loads};

pub const CASE: Case = Case {
    code: "no-hash-table",
    breaks: || found(vec![changed("a.so", |object| object.facts.hash_table = false)]),
    keeps: || found(vec![module("a.so")]),
};

#[test]
fn musl_looks_into_no_object_without_a_hash_table() {
    never_loads("no-hash-table", changed("a.so", |object| object.facts.hash_table = false));
}
