//! Checks that `docs/architecture.md` is true of the tree.

use std::fs;

use super::ROOMS;
use crate::process::root;

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn page() -> String {
    read("docs/architecture.md")
}

#[test]
fn the_page_has_every_floor_with_its_rooms() {
    let page = page();
    let found = page.lines().filter(|line| line.starts_with("| ") && line.as_bytes()[2].is_ascii_digit());
    let floors: Vec<String> = found.map(|line| line.rsplitn(3, '|').nth(2).unwrap().to_owned()).collect();
    let rooms = |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let expected =
        ROOMS.iter().enumerate().rev().map(|(floor, names)| format!("| {floor} | {} ", rooms(names)));
    assert_eq!(floors, expected.collect::<Vec<_>>());
}

#[test]
fn files_that_the_page_names_exist() {
    let page = page();
    let names = page.split('`').skip(1).step_by(2);
    let paths = names
        .filter(|name| ["src/", "tests/", "testdata/", "xtask/"].iter().any(|top| name.starts_with(top)));
    for path in paths.map(str::trim) {
        assert!(root().join(path).exists(), "{path}");
    }
}

#[test]
fn lines_that_the_page_quotes_are_in_their_files() {
    let page = page();
    let mut quoted = 0;
    for block in page.split("```rust ").skip(1) {
        let (path, rest) = block.split_once('\n').unwrap();
        let text = read(path);
        for line in rest.split("```").next().unwrap().lines().map(str::trim).filter(|line| !line.is_empty()) {
            assert!(text.lines().any(|own| own.trim() == line), "{path}: {line}");
            quoted += 1;
        }
    }
    assert!(quoted > 20, "{quoted}");
}
