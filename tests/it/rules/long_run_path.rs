//! `long-run-path`.

use muslrepair::resolve::Object;

use super::Case;
use super::linked::with_run_path;
use super::scene::found;

pub const CASE: Case = Case {
    code: "long-run-path",
    breaks: || found(vec![long("a.so", 150)]),
    keeps: || found(vec![long("a.so", 146)]),
};

fn long(name: &str, directories: usize) -> Object {
    with_run_path(name, &format!("$ORIGIN/{}", "d/".repeat(directories)))
}

#[test]
fn an_entry_that_leaves_no_room_in_musls_buffer_is_told_once() {
    let found = found(vec![long("a.so", 150), long("b.so", 150)]);
    assert_eq!((found.len(), found[0].count), (1, 2), "{found:?}");
    let start = "the run path of `demo/a.so`, `demo/b.so` has an entry of 308 bytes; musl's buffer has 512";
    assert!(found[0].message.starts_with(start), "{found:?}");
}
