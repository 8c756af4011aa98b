//! `mixed-time`.

use muslrepair::platform::Arch;
use muslrepair::resolve::Object;

use super::Case;
use super::scene::{asks, audit, changed, on, only_under, sound};

pub const CASE: Case = Case {
    code: "mixed-time",
    breaks: || audit(I686, vec![asking("a.so", "__clock_gettime64"), asking("b.so", "stat")]).findings,
    keeps: || {
        audit(I686, vec![asking("a.so", "__clock_gettime64"), asking("b.so", "__stat_time64")]).findings
    },
};

const I686: &str = "musllinux_1_2_i686";

fn asking(name: &str, symbol: &str) -> Object {
    changed(name, |object| {
        on(Arch::I686, object);
        asks(object, &[symbol]);
    })
}

#[test]
fn two_widths_of_time_in_one_wheel_are_one_warning() {
    let objects = vec![asking("a.so", "__clock_gettime64"), asking("b.so", "stat"), asking("c.so", "time")];
    let finding = only_under(I686, "mixed-time", objects);
    assert_eq!(finding.objects, ["demo/b.so", "demo/c.so"]);
    assert_eq!(
        finding.message,
        "`demo/b.so`, `demo/c.so` use 32-bit time (`stat`), but `demo/a.so` uses 64-bit time (`__clock_gettime64`): \
         they disagree on the size of `time_t`"
    );
}

#[test]
fn one_width_of_time_is_fine_and_so_are_64_bit_architectures() {
    assert!(audit(I686, vec![asking("a.so", "stat"), asking("b.so", "time")]).findings.is_empty());
    sound(vec![changed("a.so", |object| asks(object, &["stat"]))]);
}
