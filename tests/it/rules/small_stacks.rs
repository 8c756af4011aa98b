//! `small-stacks`.

use muslrepair::audit::Severity;
use muslrepair::resolve::Object;

use super::Case;
use super::scene::{asks, changed, found, only, sound};

pub const CASE: Case = Case {
    code: "small-stacks",
    breaks: || found(vec![asking("a.so", &["pthread_create"])]),
    keeps: || found(vec![asking("a.so", &["pthread_attr_setstacksize", "pthread_create"])]),
};

fn asking(name: &str, symbols: &[&str]) -> Object {
    changed(name, |object| asks(object, symbols))
}

#[test]
fn threads_with_the_default_stack_are_noted_once() {
    let finding =
        only("small-stacks", vec![asking("a.so", &["pthread_create"]), asking("b.so", &["pthread_create"])]);
    assert_eq!((finding.severity, finding.count), (Severity::Note, 2));
    sound(vec![asking("a.so", &["pthread_attr_setstacksize", "pthread_create"])]);
}
