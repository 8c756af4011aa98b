//! No input of a call is overwritten by the result of another one.

use std::path::Path;

use crate::support::sandbox::{Run, Sandbox, object, testdata};
use crate::support::wheel_builder::WheelBuilder;

const NAME: &str = "demo-1.0-cp312-cp312-linux_x86_64.whl";
const RESULT: &str = "demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl";
const PURE: &str = "six-1.0-py3-none-any.whl";

fn wheel(name: &str, text: &str) -> WheelBuilder {
    let builder = WheelBuilder::new(name).file("demo/__init__.py", text);
    builder.file_with_mode("demo/_core.so", object("x86_64/core.so"), 0o755)
}

fn pure(text: &str) -> WheelBuilder {
    WheelBuilder::new(PURE).purelib().file("six.py", text)
}

/// A wheel that is valid for musl unchanged, and is not the result of another one.
fn unrelated() -> WheelBuilder {
    let builder = WheelBuilder::new(RESULT).file("demo/__init__.py", "another wheel");
    builder.file_with_mode("demo/_core.so", object("x86_64/ext_zlib.so"), 0o755)
}

fn repair(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    let root = testdata("rootfs");
    sandbox.run(&[&["repair", "--sysroot", root.to_str().unwrap()], arguments].concat())
}

fn link(sandbox: &Sandbox, target: impl AsRef<Path>, name: &str) {
    std::os::unix::fs::symlink(target, sandbox.path().join(name)).unwrap();
}

/// Checks that a call fails because the result of one wheel would replace another input, that a dry run
/// reports the same, and that the file is not overwritten.
fn is_refused(sandbox: &Sandbox, kept: &str, arguments: &[&str]) {
    let path = sandbox.path().join(kept);
    let before = std::fs::read(&path).unwrap();
    for how in [&["--dry-run"][..], &["-j1"], &["-j4"], &["--format", "json"]] {
        let run = repair(sandbox, &[arguments, how].concat());
        let refused = run.stderr.matches("  its result would replace `").count();
        assert_eq!((run.status, refused), (1, 1), "{arguments:?} {how:?}\n{}", run.stderr);
        assert!(run.stderr.contains("\nhint: name only the wheels to repair"), "{}", run.stderr);
        assert_eq!(std::fs::read(&path).unwrap(), before, "{arguments:?} {how:?}");
    }
}

#[test]
fn a_result_replaces_no_other_input() {
    let sandbox = Sandbox::new();
    sandbox.wheel_in("d", &wheel(NAME, ""));
    sandbox.wheel_in("d", &unrelated());
    let kept = format!("d/{RESULT}");
    let linux = format!("d/{NAME}");
    is_refused(&sandbox, &kept, &["d", "-w", "d"]);
    // In any order, and with any path to the directory.
    is_refused(&sandbox, &kept, &[&kept, &linux, "-w", "d"]);
    is_refused(&sandbox, &kept, &[&linux, &kept, "-w", "d/../d"]);
    link(&sandbox, "d", "way");
    is_refused(&sandbox, &kept, &[&format!("way/{RESULT}"), &linux, "-w", "d"]);
    is_refused(&sandbox, &kept, &[&kept, &linux, &kept, "-w", "way"]);
    assert_eq!(sandbox.names("d"), [NAME, RESULT]);
    // The other wheels are repaired.
    sandbox.wheel_in("d", &wheel("two-1.0-cp312-cp312-linux_x86_64.whl", ""));
    let run = repair(&sandbox, &["d", "-w", "d"]).failure(1, &[]);
    assert!(run.stderr.contains(" s: 1 repaired, 1 copied, 1 failed (demo); "), "{}", run.stderr);
}

#[test]
fn a_result_replaces_no_input_that_cannot_be_read_or_is_not_tried() {
    for bytes in ["", "cut short"] {
        let sandbox = Sandbox::new();
        sandbox.wheel_in("d", &wheel(NAME, ""));
        std::fs::write(sandbox.path().join("d").join(RESULT), bytes).unwrap();
        is_refused(&sandbox, &format!("d/{RESULT}"), &["d", "-w", "d"]);
        is_refused(&sandbox, &format!("d/{RESULT}"), &["d", "-w", "d", "--fail-fast"]);
    }
}

#[test]
fn a_copy_replaces_no_other_input() {
    let sandbox = Sandbox::new();
    sandbox.wheel_in("a", &pure("old = True"));
    sandbox.wheel_in("b", &pure("old = False"));
    let kept = format!("b/{PURE}");
    is_refused(&sandbox, &kept, &["a", "b", "-w", "b"]);
    is_refused(&sandbox, &kept, &["b", "a", "-w", "b"]);
    // Two equal files count as one.
    std::fs::copy(sandbox.path().join("a").join(PURE), sandbox.path().join(&kept)).unwrap();
    for inputs in [["a", "b"], ["b", "a"]] {
        let run = repair(&sandbox, &[&inputs[..], &["-w", "b"]].concat()).success();
        assert!(run.stderr.contains("which is repaired again\n"), "{}", run.stderr);
    }
}

#[test]
fn an_input_that_is_the_result_already_is_kept_as_it_lies() {
    use std::os::unix::fs::MetadataExt as _;
    let sandbox = Sandbox::new();
    sandbox.wheel_in("d", &wheel(NAME, ""));
    repair(&sandbox, &["d", "-w", "d"]).success();
    let path = sandbox.path().join("d").join(RESULT);
    let inode = || std::fs::metadata(&path).unwrap().ino();
    let first = inode();
    for how in ["--dry-run", "-j1", "-v"] {
        let run = repair(&sandbox, &["d", "-w", "d", how]).success();
        let said = format!("result of {NAME}, which is repaired again\n");
        assert!((run.stdout + &run.stderr).contains(&said), "{how}");
        assert_eq!((inode(), sandbox.names("d").len()), (first, 2), "{how}");
    }
    // With other options the result differs.
    is_refused(&sandbox, &format!("d/{RESULT}"), &["d", "-w", "d", "--no-sbom"]);
}

#[test]
fn a_result_that_is_no_input_is_replaced() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel(NAME, ""));
    sandbox.wheel_in("d", &unrelated());
    let path = sandbox.path().join("d").join(RESULT);
    let before = std::fs::read(&path).unwrap();
    // An input that has the same file under another name keeps it.
    sandbox.wheel_in("e", &pure(""));
    let other = sandbox.path().join("e/demo-1.0-7-cp312-cp312-musllinux_1_2_x86_64.whl");
    std::fs::hard_link(&path, &other).unwrap();
    repair(&sandbox, &[NAME, "e", "-w", "d"]).success();
    assert_ne!(std::fs::read(&path).unwrap(), before);
    assert_eq!(std::fs::read(&other).unwrap(), before);
}

#[test]
fn what_an_input_leads_to_is_an_input() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel(NAME, ""));
    sandbox.wheel_in("d", &unrelated());
    std::fs::create_dir(sandbox.path().join("e")).unwrap();
    // Through a link with another name, and through a second link.
    let other = "e/demo-1.0-7-cp312-cp312-musllinux_1_2_x86_64.whl";
    link(&sandbox, format!("../d/{RESULT}"), "e/second");
    link(&sandbox, "second", other);
    is_refused(&sandbox, &format!("d/{RESULT}"), &[NAME, other, "-w", "d"]);
    // An input that is a link at the path of the result stays a link.
    link(&sandbox, format!("../d/{RESULT}"), &format!("e/{RESULT}"));
    is_refused(&sandbox, &format!("d/{RESULT}"), &[NAME, &format!("e/{RESULT}"), "-w", "e"]);
    assert!(sandbox.path().join("e").join(RESULT).is_symlink());
}

#[test]
fn a_wheel_may_replace_itself_under_any_of_its_paths() {
    let sandbox = Sandbox::new();
    sandbox.wheel_in("d", &wheel(NAME, ""));
    link(&sandbox, format!("d/{NAME}"), NAME);
    link(&sandbox, "d", "way");
    let arguments =
        [NAME, "d", "way", &format!("d/../d/{NAME}"), "-w", "way", "--plat", "linux_x86_64", "--no-sbom"];
    let run = repair(&sandbox, &arguments).success();
    assert!(run.stderr.contains("warning: the result replaces its input"), "{}", run.stderr);
    assert_eq!(sandbox.names("d"), [NAME]);
}
