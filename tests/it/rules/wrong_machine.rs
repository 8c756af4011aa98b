//! `wrong-machine`.

use muslrepair::audit::Finding;
use muslrepair::platform::Arch;
use muslrepair::resolve::Object;

use super::Case;
use super::linked::{found_of, of};
use super::scene::{audit, changed, found, module, on};

pub const CASE: Case = Case {
    code: "wrong-machine",
    breaks: || found(vec![module("a.so"), foreign("b.so")]),
    keeps: || found_under("musllinux_1_2_aarch64", vec![foreign("b.so")]),
};

fn foreign(name: &str) -> Object {
    changed(name, |object| {
        on(Arch::Aarch64, object);
        object.facts.segments.clear();
    })
}

fn found_under(platform: &str, objects: Vec<Object>) -> Vec<Finding> {
    of("wrong-machine", audit(platform, objects).findings)
}

#[test]
fn objects_of_another_architecture_are_one_finding() {
    let found = found_of("wrong-machine", vec![module("a.so"), foreign("b.so"), foreign("c.so")]);
    assert_eq!((found.len(), found[0].count), (1, 2), "{found:?}");
    let message = "`demo/b.so`, `demo/c.so` are built for aarch64, but `demo/a.so` for x86_64: a wheel has one \
        architecture";
    assert_eq!(found[0].message, message);
}

#[test]
fn the_file_name_names_the_architecture_of_the_objects() {
    let found = found_under("musllinux_1_2_aarch64", vec![module("a.so")]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].message, "`demo/a.so` is built for x86_64, but the file name says aarch64");
}
