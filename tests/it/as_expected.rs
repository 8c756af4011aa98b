//! The behaviour that users expect from options, where nothing else specifies it.

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
    // The tag that the wheel already has changes nothing.
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

#[test]
fn a_library_of_the_root_keeps_its_package_however_it_was_found() {
    let sandbox = Sandbox::new();
    let name = "demo-1.0-cp312-cp312-linux_x86_64.whl";
    let core = crate::support::sandbox::object("x86_64/core.so");
    sandbox.wheel(&WheelBuilder::new(name).file_with_mode("demo/_core.so", core, 0o755));
    let root = crate::support::sandbox::testdata("rootfs");
    let libraries = root.join("usr/lib");
    std::os::unix::fs::symlink(&libraries, sandbox.path().join("way")).unwrap();
    let [root, libraries] = [&root, &libraries].map(|path| path.to_str().unwrap());
    let ways: [(&[&str], Option<&str>); 5] = [
        (&[], None),
        (&["-l", libraries], None),
        (&["-l", "way"], None),
        (&["--ldpaths", libraries], None),
        (&[], Some(libraries)),
    ];
    for (arguments, variable) in ways {
        let mut command = sandbox.command();
        command.args(["repair", name, "-w", "out", "--sysroot", root]).args(arguments);
        command.envs(variable.map(|path| ("AUDITWHEEL_LD_LIBRARY_PATH", path)));
        assert!(command.output().unwrap().status.success());
        let sbom = sandbox.result().text("demo-1.0.dist-info/sboms/muslrepair.cdx.json");
        assert!(sbom.contains("pkg:apk/alpine/greet-libs@3.1-r2"), "{arguments:?} {variable:?}: {sbom}");
    }
}
