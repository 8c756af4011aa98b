//! `hash-word-size`.

use muslrepair::audit::Severity;
use muslrepair::elf::ElfFacts;
use muslrepair::resolve::Object;

use super::Case;
use super::scene::{changed, found, never_loads, only};

pub const CASE: Case = Case {
    code: "hash-word-size",
    breaks: || found(vec![with_short_words(false)]),
    keeps: || found(vec![changed("a.so", |object| object.facts.gnu_hash_table = false)]),
};

fn with_short_words(gnu_hash_table: bool) -> Object {
    changed("a.so", |object| {
        (object.facts.short_hash_words, object.facts.gnu_hash_table) = (true, gnu_hash_table);
    })
}

#[test]
fn a_hash_table_with_words_of_another_size_is_an_error_unless_there_is_another_table() {
    let finding = never_loads("hash-word-size", with_short_words(false));
    assert!(finding.message.contains("musl on s390x reads eight"), "{finding:?}");
    assert_eq!(only("hash-word-size", vec![with_short_words(true)]).severity, Severity::Warning);
}

#[test]
fn the_size_of_words_is_seen_in_the_table_of_s390x() {
    let facts = |table: &[u8]| ElfFacts::parse(&with_hash(table)).unwrap();
    // One bucket and four chains, as LLD writes them and as GNU ld does.
    let short = facts(&[1_u32, 4].map(u32::to_be_bytes).concat());
    assert!(short.short_hash_words && !short.gnu_hash_table);
    let wide = facts(&[1_u64, 4].map(u64::to_be_bytes).concat());
    assert!(!wide.short_hash_words && wide.hash_table);
    assert!(!ElfFacts::parse(OBJECT).unwrap().short_hash_words, "it has only `DT_GNU_HASH`");
}

/// A library for s390x with `DT_GNU_HASH` alone.
const OBJECT: &[u8] = include_bytes!("../../../testdata/objects/s390x/core.so");

/// The same with a `DT_HASH` instead, which begins so.
fn with_hash(table: &[u8]) -> Vec<u8> {
    let mut bytes = OBJECT.to_vec();
    let tag = 0x6fff_fef5_u64.to_be_bytes();
    let entry = bytes.windows(8).position(|window| window == tag).unwrap();
    bytes[entry..entry + 8].copy_from_slice(&4_u64.to_be_bytes());
    let place = u64::from_be_bytes(bytes[entry + 8..entry + 16].try_into().unwrap());
    let place = usize::try_from(place).unwrap();
    bytes[place..place + table.len()].copy_from_slice(table);
    bytes
}
