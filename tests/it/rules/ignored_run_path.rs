//! `ignored-run-path`.

use super::Case;
use super::linked::{found_of, with_run_path};
use super::scene::found;

pub const CASE: Case = Case {
    code: "ignored-run-path",
    breaks: || found(vec![with_run_path("a.so", "$ORIGIN/lib:/x/$LIB")]),
    keeps: || found(vec![with_run_path("a.so", "$ORIGIN/../demo.libs:${ORIGIN}")]),
};

#[test]
fn a_dollar_sign_other_than_origin_makes_musl_ignore_the_run_path() {
    let modules = ["a.so", "b.so"].map(|name| with_run_path(name, "$ORIGIN/lib:/x/$LIB"));
    let found = found(modules.to_vec());
    assert_eq!((found.len(), found[0].count), (1, 2), "{found:?}");
    let message = "musl ignores the run path of `demo/a.so`, `demo/b.so`: it has a `$` other than `$ORIGIN`: \
        `$ORIGIN/lib:/x/$LIB`";
    assert_eq!(found[0].message, message);
}

#[test]
fn a_repair_fixes_it_only_where_the_entry_is_outside_the_wheel() {
    let fixed =
        |text: &str| found_of("ignored-run-path", vec![with_run_path("a.so", text)])[0].fixed_by_repair;
    assert!(fixed("$ORIGIN:/x/$LIB"));
    assert!(!fixed("$ORIGIN/$LIB"));
}
