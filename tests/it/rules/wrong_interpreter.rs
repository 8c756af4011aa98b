//! `wrong-interpreter`.

use muslrepair::elf::Kind;
use muslrepair::musl::ObjectSymbols;
use muslrepair::resolve::Object;

use super::Case;
use super::scene::{changed, found, never_loads, only, program, sound};

pub const CASE: Case = Case {
    code: "wrong-interpreter",
    breaks: || found(vec![with_interpreter("tool", "/opt/lib/ld-musl-x86_64.so.1")]),
    keeps: || found(vec![with_interpreter("tool", "/lib/ld-musl-x86_64.so.1")]),
};

fn with_interpreter(name: &str, interpreter: &str) -> Object {
    let mut object = program(name);
    object.facts.interpreter = Some(interpreter.to_owned());
    object
}

#[test]
fn a_program_asks_for_the_loader_of_its_architecture() {
    for interpreter in ["/opt/lib/ld-musl-x86_64.so.1", "/lib/ld-musl-aarch64.so.1"] {
        let finding = only("wrong-interpreter", vec![with_interpreter("tool", interpreter)]);
        assert_eq!(
            finding.message,
            format!(
                "`demo/tool` has the interpreter `{interpreter}`, but that of musl on x86_64 is \
                 `/lib/ld-musl-x86_64.so.1`"
            )
        );
        assert_eq!(finding.hint.unwrap(), "link with `-Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1`");
    }
    sound(vec![program("tool")]);
}

#[test]
fn programs_with_one_wrong_loader_are_one_finding() {
    let tools = ["a", "b"].map(|name| with_interpreter(name, "/opt/lib/ld-musl-x86_64.so.1")).to_vec();
    assert_eq!(only("wrong-interpreter", tools).count, 2);
}

#[test]
fn a_program_that_needs_libraries_asks_for_a_loader() {
    let bare = |kind, needed: &[&str]| {
        changed("tool", |object| {
            (object.facts.kind, object.facts.pie_flag) = (kind, true);
            object.symbols = ObjectSymbols::default();
            object.facts.needed = needed.iter().map(|name| (*name).to_owned()).collect();
        })
    };
    for kind in [Kind::Executable, Kind::Dynamic] {
        never_loads("wrong-interpreter", bare(kind, &["libc.so"]));
        // A static program.
        sound(vec![bare(kind, &[])]);
    }
    // A module that is also a program is imported.
    sound(vec![changed("a.so", |object| object.facts.pie_flag = true)]);
}
