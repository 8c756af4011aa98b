//! `textrel`.

use muslrepair::elf::Kind;
use muslrepair::resolve::Object;

use super::Case;
use super::scene::{changed, found, never_loads, program, sound};

pub const CASE: Case = Case {
    code: "textrel",
    breaks: || found(vec![with_text_relocations(false)]),
    keeps: || found(vec![with_text_relocations(true)]),
};

fn with_text_relocations(tag: bool) -> Object {
    changed("a.so", |object| {
        object.facts.relocations.text = true;
        (object.facts.textrel_flag, object.facts.textrel_tag) = (true, tag);
    })
}

#[test]
fn text_relocations_need_the_tag() {
    let finding = never_loads("textrel", with_text_relocations(false));
    assert!(finding.message.contains("not the tag `DT_TEXTREL`"), "{finding:?}");
    sound(vec![with_text_relocations(true)]);
    sound(vec![changed("a.so", |object| object.facts.textrel_flag = true)]);
}

#[test]
fn text_relocations_in_a_program_are_an_error_whatever_tag_it_has() {
    let mut tool = program("tool");
    tool.facts = with_text_relocations(true).facts;
    (tool.facts.kind, tool.facts.interpreter) =
        (Kind::Executable, Some("/lib/ld-musl-x86_64.so.1".to_owned()));
    let finding = never_loads("textrel", tool);
    assert!(finding.message.starts_with("`demo/tool` is a program"), "{finding:?}");
}
