//! `WHEEL.json` (PEP 819), which says what `WHEEL` says.

use crate::support::sandbox::{Sandbox, object};
use crate::support::wheel_builder::WheelBuilder;

const MEMBER: &str = "demo-1.0.dist-info/WHEEL.json";

fn wheel(platform: &str, json: &str) -> WheelBuilder {
    WheelBuilder::new(&format!("demo-1.0-cp312-cp312-{platform}.whl"))
        .file_with_mode("demo/_core.cpython-312-x86_64-linux-musl.so", object("x86_64/ext_plain.so"), 0o755)
        .metadata("WHEEL.json", json)
}

#[test]
fn wheel_json_is_changed_with_wheel_and_what_is_unknown_stays() {
    for (tag, purelib) in [("tag", "root_is_purelib"), ("tags", "root-is-purelib")] {
        let json = format!(
            r#"{{"wheel_version": "1.1", "{purelib}": true, "{tag}": ["cp312-cp312-linux_x86_64"], "x": {{"b": 1.0, "a": [] }} }}"#
        );
        let sandbox = Sandbox::new();
        sandbox.wheel(&wheel("linux_x86_64", &json));
        sandbox.repair(&["--build-tag", "7"]).success();
        let result = sandbox.result();
        let expected = format!(
            r#"{{"wheel_version":"1.1","{purelib}":false,"{tag}":["cp312-cp312-musllinux_1_2_x86_64"],"x":{{"b": 1.0, "a": [] }},"build":"7"}}"#
        );
        assert_eq!(result.text(MEMBER).trim_end(), expected);
        assert_eq!(result.wheel.info().build(), Some("7"));
        assert!(sandbox.run(&["verify", "out"]).success().stdout.contains("demo-1.0-7-"));
    }
    let json = r#"{"tag": ["cp312-cp312-linux_x86_64"], "root_is_purelib": false}"#;
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel("linux_x86_64", json));
    sandbox.repair(&["--no-update-tags"]).success();
    assert_eq!(sandbox.result().text(MEMBER), json);
}

#[test]
fn a_wheel_json_with_other_tags_than_wheel_is_an_error_that_repair_fixes() {
    for json in [
        r#"{"root_is_purelib": false, "tag": ["cp312-cp312-linux_x86_64"]}"#,
        r#"{"root_is_purelib": false}"#,
    ] {
        let sandbox = Sandbox::new();
        sandbox.wheel(&wheel("musllinux_1_2_x86_64", json));
        let run = sandbox.run(&["verify", "."]);
        assert_eq!(run.status, 1, "{}", run.stdout);
        assert!(run.stdout.contains("wrong-tag") && run.stdout.contains("WHEEL.json`"), "{}", run.stdout);
        sandbox.repair(&["--published", "fix"]).success();
        assert!(sandbox.result().text(MEMBER).contains(r#""tag":["cp312-cp312-musllinux_1_2_x86_64"]"#));
        sandbox.run(&["verify", "out"]).success();
    }
}

#[test]
fn a_wheel_json_that_is_no_object_is_an_error() {
    for json in ["[]", "", "{", "Tag: x"] {
        let sandbox = Sandbox::new();
        sandbox.wheel(&wheel("linux_x86_64", json));
        sandbox.repair(&[]).failure(1, &["`demo-1.0.dist-info/WHEEL.json` is not a JSON object"]);
        assert_eq!(sandbox.run(&["verify", "."]).status, 1);
        assert_eq!(sandbox.outputs(), [""; 0]);
    }
}
