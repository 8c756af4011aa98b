//! `foreign-elf`.

use muslrepair::audit::Severity;

use super::Case;
use super::scene::PLAIN;
use super::wheels::{SOUND, found_in, found_in_of, with_module};

pub const CASE: Case = Case {
    code: "foreign-elf",
    breaks: || found_in(&with_module(SOUND).file("demo/kernel.hsaco", for_machine(224))),
    keeps: || found_in(&with_module(SOUND).file("demo/libx.so", PLAIN)),
};

/// A shared object for another machine.
pub fn for_machine(machine: u8) -> Vec<u8> {
    let mut bytes = PLAIN.to_vec();
    bytes[18] = machine;
    bytes
}

#[test]
fn files_for_one_machine_are_one_note() {
    let wheel = with_module(SOUND).file("demo/a", for_machine(94)).file("demo/b", for_machine(94));
    let found = found_in_of("foreign-elf", &wheel);
    assert_eq!((found.len(), found[0].count, found[0].severity), (1, 2, Severity::Note), "{found:?}");
    let message = "`demo/a`, `demo/b` are built for the ELF machine 94 and have no role in this wheel; they stay as they are";
    assert_eq!(found[0].message, message);
}

#[test]
fn a_library_for_another_architecture_is_data_but_a_module_is_not() {
    let aarch64 = for_machine(183);
    let library = with_module(SOUND).file("demo/libx.so", &aarch64);
    assert_eq!(found_in_of("foreign-elf", &library)[0].count, 1);
    assert_eq!(found_in_of("wrong-machine", &library), []);
    let module = with_module(SOUND).file("demo/_x.abi3.so", &aarch64);
    assert_eq!(found_in_of("foreign-elf", &module), []);
    assert_eq!(found_in_of("wrong-machine", &module).len(), 1);
}

#[test]
fn a_shared_object_without_the_name_of_a_library_is_one_if_another_needs_it() {
    let plugin = with_module(SOUND).file("demo/plugin", PLAIN);
    let found = found_in_of("foreign-elf", &plugin);
    assert!(
        found[0].message.starts_with("`demo/plugin` is neither named as a library nor needed"),
        "{found:?}"
    );
    let user = crate::support::elf_builder::ElfBuilder::new().needed("plugin").build();
    let needed = plugin.file("demo/libuser.so", user);
    assert_eq!(found_in_of("foreign-elf", &needed), []);
}
