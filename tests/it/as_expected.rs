//! What a user would expect of options where nothing else decides.

use crate::support::sandbox::{Sandbox, object};
use crate::support::wheel_builder::WheelBuilder;

fn with_module() -> WheelBuilder {
    WheelBuilder::new("demo-1.0-cp312-cp312-linux_x86_64.whl").file_with_mode(
        "demo/_core.cpython-312-x86_64-linux-musl.so",
        object("x86_64/ext_plain.so"),
        0o755,
    )
}

#[test]
fn a_build_tag_is_given_to_pure_wheels_too() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&WheelBuilder::new("demo-1.0-py3-none-any.whl").purelib().file("demo.py", ""));
    sandbox.repair(&["--build-tag", "7"]).success();
    let result = sandbox.result();
    assert_eq!(result.wheel.filename().to_string(), "demo-1.0-7-py3-none-any.whl");
    assert_eq!((result.wheel.info().build(), result.wheel.info().root_is_purelib()), (Some("7"), true));
    sandbox.run(&["verify", "out"]).success();
    // The tag that it has already changes nothing.
    let sandbox = Sandbox::new();
    let path = sandbox.wheel(&WheelBuilder::new("demo-1.0-7-py3-none-any.whl").purelib().file("demo.py", ""));
    sandbox.repair(&["--build-tag", "7"]).success();
    let copy = sandbox.out().join("demo-1.0-7-py3-none-any.whl");
    assert_eq!(std::fs::read(path).unwrap(), std::fs::read(copy).unwrap());
}

#[test]
fn a_bracket_that_nothing_closes_is_a_pattern_that_matches_nothing_here() {
    for pattern in ["lib[x", "lib[]"] {
        let sandbox = Sandbox::new();
        sandbox.wheel(&with_module());
        let run = sandbox.repair(&["--exclude", pattern]).success();
        assert!(run.stderr.contains(&format!("`--exclude {pattern}` matched nothing")), "{}", run.stderr);
    }
}

#[test]
fn a_call_that_is_refused_makes_no_cache_directory() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&with_module());
    for refused in [["--sysroot", "missing"], ["--plat", "manylinux_2_28_x86_64"], ["-z", "10"]] {
        let run =
            sandbox.run(&[&["repair", ".", "-w", "out", "--cache-dir", "cache"], &refused[..]].concat());
        assert_eq!(run.status, 2, "{}", run.stderr);
        assert!(!sandbox.path().join("cache").exists(), "{refused:?}");
    }
    sandbox.repair(&["--cache-dir", "cache"]).success();
    assert!(sandbox.path().join("cache").exists());
}
