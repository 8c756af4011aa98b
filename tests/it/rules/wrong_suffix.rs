//! `wrong-suffix`.

use super::Case;
use super::scene::{TAG, audit, found, module};

pub const CASE: Case = Case {
    code: "wrong-suffix",
    breaks: || found(vec![module("_x.cpython-312-x86_64-linux-gnu.so")]),
    keeps: || found(vec![module("_x.cpython-312-x86_64-linux-musl.so")]),
};

#[test]
fn the_suffix_of_glibc_is_not_looked_for_since_3_11_nor_that_of_another_architecture() {
    for name in [
        "_x.cpython-311-x86_64-linux-gnu.so",
        "_x.cpython-313t-x86_64-linux-gnu.so",
        "_x.cpython-312-arm-linux-gnueabihf.so",
        "_x.cpython-312-aarch64-linux-musl.so",
        "_x.cpython-39-aarch64-linux-gnu.so",
    ] {
        let found = found(vec![module(name), module("sound.so")]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].code.as_str(), found[0].count), ("wrong-suffix", 1));
    }
    for name in [
        "_x.cpython-310-x86_64-linux-gnu.so",
        "_x.cpython-312-x86_64-linux-musl.so",
        "_x.abi3.so",
        "libcpython-3-gnu.so",
    ] {
        assert_eq!(audit(TAG, vec![module(name)]).findings, [], "{name}");
    }
}

#[test]
fn modules_with_one_suffix_are_one_finding() {
    let names = ["_x.cpython-312-x86_64-linux-gnu.so", "_y.cpython-312-x86_64-linux-gnu.so"];
    let found = found(names.map(module).to_vec());
    assert_eq!((found.len(), found[0].count), (1, 2), "{found:?}");
    assert!(found[0].message.contains(" are named for glibc; no Python on musl looks for"));
}
