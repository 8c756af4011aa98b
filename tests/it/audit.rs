//! The results of an audit other than findings: the oldest musl, the modules, the suppressed rules.

use muslrepair::audit::AuditOptions;
use muslrepair::elf::Segment;
use muslrepair::musl::{MuslRelease, ObjectSymbols};
use muslrepair::platform::Arch;

use super::rules::scene::{TAG, asks, audit, audit_with, changed, codes, module, on};

#[test]
fn a_sound_module_has_no_finding_and_loads_on_every_musl() {
    let audit = audit(TAG, vec![module("a.so"), module("b.so")]);
    assert_eq!(codes(&audit.findings), [""; 0]);
    assert_eq!(audit.minimum_musl.version, Some(MuslRelease::OLDEST));
    assert_eq!(audit.modules.len(), 2);
}

#[test]
fn a_finding_can_be_turned_off_by_its_code() {
    let object = changed("a.so", |object| asks(object, &["__memcpy_chk", "pthread_create"]));
    let allow = vec!["unresolved-symbol".parse().unwrap()];
    let options = AuditOptions { allow, ..AuditOptions::default() };
    assert_eq!(codes(&audit_with(TAG, vec![object], &options).findings), ["small-stacks"]);
}

#[test]
fn relative_relocations_raise_the_minimum_until_they_are_lowered() {
    let audit = audit(TAG, vec![changed("a.so", |object| object.facts.relr = true)]);
    assert_eq!(codes(&audit.findings), ["relr"]);
    assert_eq!(audit.minimum_musl.version, Some(MuslRelease::V1_2_4));
    assert_eq!(audit.minimum_musl_repaired.version, Some(MuslRelease::OLDEST));
}

#[test]
fn ports_and_tls_descriptors_raise_the_minimum() {
    let minimum = |tlsdesc| {
        let object = changed("a.so", |object| {
            on(Arch::Loongarch64, object);
            object.facts.relocations.tlsdesc = tlsdesc;
            object.facts.segments.clear();
            object.symbols = ObjectSymbols::default();
        });
        audit("musllinux_1_2_loongarch64", vec![object]).minimum_musl.version
    };
    assert_eq!((minimum(0), minimum(1)), (Some(MuslRelease::V1_2_5), Some(MuslRelease::V1_2_6)));
}

#[test]
fn a_static_program_asks_nothing_of_musl() {
    let program = changed("tool", |object| {
        object.facts.needed.clear();
        object.facts.pie_flag = true;
        object.facts.relr = true;
        object.facts.relocations.irelative = 3;
        object.facts.relocations.initial_exec_tls = 1;
        let empty = Segment { memory_size: 0, ..*object.facts.segments.last().unwrap() };
        object.facts.segments.push(Segment { kind: 1, ..empty });
    });
    let minimum = audit(TAG, vec![program]).minimum_musl;
    assert_eq!(minimum.version, Some(MuslRelease::OLDEST), "{minimum:?}");
}
