//! `legacy-init`.

use muslrepair::platform::Arch;
use muslrepair::resolve::Object;

use super::Case;
use super::scene::{TAG, audit, changed, on, only_under, sound};

pub const CASE: Case = Case {
    code: "legacy-init",
    breaks: || audit(ARM, vec![legacy("a.so", Arch::Aarch64)]).findings,
    keeps: || audit(TAG, vec![legacy("a.so", Arch::X86_64)]).findings,
};

const ARM: &str = "musllinux_1_2_aarch64";

fn legacy(name: &str, arch: Arch) -> Object {
    changed(name, |object| {
        on(arch, object);
        object.facts.legacy_init_only = true;
        object.facts.segments.clear();
    })
}

#[test]
fn init_without_an_array_is_a_warning_on_arm_and_fine_elsewhere() {
    let finding = only_under(ARM, "legacy-init", vec![legacy("a.so", Arch::Aarch64)]);
    assert!(finding.message.ends_with("which musl does not call on aarch64"), "{finding:?}");
    sound(vec![legacy("a.so", Arch::X86_64)]);
}
