//! Platform tags of the result, and spellings of architectures.

use crate::support::sandbox::{Sandbox, object};
use crate::support::wheel_builder::WheelBuilder;

fn wheel(platforms: &str) -> WheelBuilder {
    WheelBuilder::new(&format!("demo-1.0-cp312-cp312-{platforms}.whl")).file_with_mode(
        "demo/_core.cpython-312-x86_64-linux-musl.so",
        object("x86_64/ext_plain.so"),
        0o755,
    )
}

/// The platforms of the result, and the messages.
fn repaired(platforms: &str, arguments: &[&str]) -> (String, String) {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel(platforms));
    let run = sandbox.repair(arguments).success();
    let result = sandbox.result();
    let tags: Vec<String> = result.wheel.filename().platforms().iter().map(ToString::to_string).collect();
    (tags.join("."), run.stderr)
}

const MUSL: &str = "musllinux_1_2_x86_64";

#[test]
fn tags_that_no_python_has_are_dropped_with_a_note_and_those_of_other_systems_stay() {
    for dropped in ["linux", "alpine_3_18_x86_64"] {
        for platforms in [format!("{dropped}.{MUSL}"), dropped.to_owned(), format!("{dropped}.linux_x86_64")]
        {
            let (tags, said) = repaired(&platforms, &[]);
            assert_eq!(tags, MUSL, "{platforms}");
            let note = format!("Dropping the tag {dropped}: no Python has this platform tag");
            assert!(said.contains(&note), "{said}");
        }
    }
    let (tags, said) = repaired("alpine_3_18_x86_64.macosx_11_0_x86_64.linux_x86_64.win_amd64.win32", &[]);
    assert_eq!(tags, format!("macosx_11_0_x86_64.{MUSL}.win32.win_amd64"));
    assert_eq!(said.matches("Dropping").count(), 1, "{said}");
    let kept = format!("alpine_3_18_x86_64.{MUSL}");
    assert_eq!(repaired(&kept, &["--no-update-tags"]).0, kept);
}

#[test]
fn architectures_are_read_as_others_spell_them_and_written_as_wheels_do() {
    for platforms in ["linux_amd64", "musllinux_1_2_amd64", "linux_amd64.linux_x86_64"] {
        let (tags, said) = repaired(platforms, &[]);
        assert_eq!(tags, MUSL, "{platforms}");
        assert!(said.contains("_amd64: no Python has this platform tag"), "{said}");
        assert_eq!(repaired(platforms, &["--plat", MUSL]).0, MUSL);
    }
    for (platforms, said) in
        [("linux_arm64", "arm64"), ("linux_i386", "i386"), ("musllinux_1_2_aarch64", "aarch64")]
    {
        let sandbox = Sandbox::new();
        sandbox.wheel(&wheel(platforms));
        sandbox.repair(&[]).failure(1, &[said, "x86_64"]);
    }
}

#[test]
fn verify_says_that_no_python_has_a_misspelt_tag() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel("linux_amd64"));
    let run = sandbox.run(&["verify", "."]);
    assert_eq!(run.status, 1, "{}", run.stdout);
    assert!(run.stdout.contains("unknown-platform-tag"), "{}", run.stdout);
    assert!(!run.stdout.contains("wrong-machine"), "{}", run.stdout);
}
