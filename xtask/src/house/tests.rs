//! Small crates, some of them with faults.

use std::fs;

use super::inspect;

/// The rooms of the crates below.
const ROOMS: &[&[&str]] = &[&["ground", "cellar"], &["middle"], &["top"], &["lib"]];

/// The drawing of a crate with these files, and its faults.
fn house(files: &[(&str, &str)]) -> (String, Vec<String>) {
    let directory = std::env::temp_dir().join(format!("house-{}-{:p}", std::process::id(), files));
    for (name, text) in files {
        let path = directory.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let (drawing, faults) = inspect(&directory, ROOMS).unwrap();
    fs::remove_dir_all(directory).unwrap();
    (drawing, faults.0)
}

const LIB: (&str, &str) = ("lib.rs", "mod ground; mod middle; mod top;");
const GROUND: (&str, &str) = ("ground.rs", "pub struct Stone;");
const MIDDLE: (&str, &str) = ("middle/mod.rs", "mod a; mod b; pub use a::A; pub use b::B;");
const B: (&str, &str) = ("middle/b.rs", "pub struct B;");

#[test]
fn arrows_that_go_down_are_no_fault_and_the_floors_are_drawn() {
    let (drawing, faults) = house(&[
        LIB,
        GROUND,
        MIDDLE,
        ("middle/a.rs", "use crate::ground::Stone; use super::B; pub struct A(Stone, B);"),
        B,
        ("top.rs", "use crate::middle::{A, B};"),
    ]);
    assert_eq!(faults, Vec::<String>::new());
    let lines: Vec<&str> = drawing.lines().collect();
    assert!(lines[1].starts_with("floor 2  top") && lines[1].ends_with("imports middle"), "{drawing}");
    assert!(lines[2].contains("3 files, 3 lines") && lines[2].ends_with("imports ground"), "{drawing}");
    assert!(lines[3].ends_with("imports nothing"), "{drawing}");
}

#[test]
fn an_arrow_up_is_a_fault_however_it_is_written() {
    for ground in [
        "use crate::top::Roof;",
        "use super::top::Roof as Other;",
        "use crate::{top::{self}}; fn f() { top::build() }",
        "fn f() -> bool { crate::top::build() }",
        "fn f() { println!(\"{}\", crate::top::build()) }",
        "fn f() { use crate::top::Roof; }",
        "fn f(x: &dyn crate::top::Built) {}",
        "pub use crate::top::Roof;",
    ] {
        let (_, faults) =
            house(&[LIB, ("ground.rs", ground), MIDDLE, ("middle/a.rs", "pub struct A;"), B, ("top.rs", "")]);
        assert_eq!(faults.len(), 1, "{ground}: {faults:?}");
        assert!(faults[0].contains("`ground.rs` (ground) imports `top.rs`"), "{faults:?}");
    }
}

#[test]
fn what_only_tests_import_does_not_count() {
    for ground in [
        "#[cfg(test)] mod tests { use crate::top::Roof; }",
        "#[cfg(test)] use crate::top::Roof;",
        "#[cfg(test)] fn f() { crate::top::build() }",
        "//! [`crate::top::Roof`]",
        "fn f() { let _ = \"crate::top::Roof\"; }",
    ] {
        let (_, faults) =
            house(&[LIB, ("ground.rs", ground), MIDDLE, ("middle/a.rs", "pub struct A;"), B, ("top.rs", "")]);
        assert_eq!(faults, Vec::<String>::new(), "{ground}");
    }
}

#[test]
fn files_that_import_each_other_are_a_circle_also_through_the_names_their_room_hands_on() {
    for (a, b) in [
        ("use super::b::B; pub struct A;", "use super::a::A; pub struct B;"),
        ("use crate::middle::B; pub struct A;", "use super::A; pub struct B;"),
        (
            "pub struct A; fn f() { super::B::new() }",
            "pub struct B; fn f() { vec![crate::middle::A::new()] }",
        ),
    ] {
        let (_, faults) =
            house(&[LIB, GROUND, MIDDLE, ("middle/a.rs", a), ("middle/b.rs", b), ("top.rs", "")]);
        assert_eq!(faults.len(), 1, "{a} {b}: {faults:?}");
        assert!(faults[0].starts_with("a circle of 2 files:"), "{faults:?}");
        assert!(faults[0].contains("middle/a.rs -> middle/b.rs: `B`"), "{faults:?}");
    }
}

#[test]
fn what_a_room_itself_defines_ties_its_files_to_it() {
    let middle = ("middle/mod.rs", "mod a; mod b; pub use b::B; pub struct Own(a::A);");
    let (_, faults) =
        house(&[LIB, GROUND, middle, ("middle/a.rs", "use super::Own; pub struct A;"), B, ("top.rs", "")]);
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].contains("middle/a.rs -> middle/mod.rs: `Own`"), "{faults:?}");
}

#[test]
fn rooms_beside_each_other_do_not_import_each_other_and_every_file_has_a_room() {
    let lib = ("lib.rs", "mod ground; mod cellar; mod attic;");
    let (_, faults) =
        house(&[lib, GROUND, ("cellar.rs", "use crate::ground::Stone;"), ("attic.rs", "pub struct Trunk;")]);
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(faults[0].contains("`attic.rs` belongs to no room"), "{faults:?}");
    assert!(faults[1].contains("`cellar.rs` (cellar) imports `ground.rs`"), "{faults:?}");
}
