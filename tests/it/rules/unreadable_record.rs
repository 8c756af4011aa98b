//! `unreadable-record`.

use muslrepair::audit::Severity;

use super::Case;
use super::wheels::{SOUND, found_in, found_in_of, with_module};

pub const CASE: Case = Case {
    code: "unreadable-record",
    breaks: || found_in(&with_module(SOUND).record("a,b\n")),
    keeps: || found_in(&with_module(SOUND).record("")),
};

#[test]
fn rows_that_installers_cannot_read_are_one_error() {
    for (text, said) in [
        ("\n", "line 1: a row must not be empty"),
        ("a,b\n", "line 1: a row must have 3 fields, this one has 2"),
        ("\"a,,\n", "line 1: a quoted field must be closed"),
        ("/etc/passwd,,\n", "a member name must be relative"),
        ("demo/a,,\n../../x,,\n", "line 2: invalid member name `../../x`"),
        ("demo/a\u{2028}/etc/x,,\n", "must not have a line separator"),
        ("demo/a\r/etc/x,,\n", "must not have control characters"),
        ("demo/a,,1\u{2029}/etc/x\n", "a row must not have a line separator"),
    ] {
        let found = found_in_of("unreadable-record", &with_module(SOUND).record(text));
        assert_eq!((found.len(), found[0].severity), (1, Severity::Error), "{found:?}");
        assert!(found[0].message.contains(said), "{found:?}");
        assert!(found[0].hint.as_ref().unwrap().contains("--allow unreadable-record"), "{found:?}");
    }
}

#[test]
fn many_such_rows_are_counted() {
    let found = found_in_of("unreadable-record", &with_module(SOUND).record(&"a,b\n".repeat(300_000)));
    assert!(found[0].message.ends_with(", and 299999 more rows cannot be read"), "{found:?}");
    assert_eq!(found[0].details.len(), 7);
}
