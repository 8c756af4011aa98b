//! Whose wheel it is: the tags of the file name, those of `WHEEL`, and the Pythons that find the modules.

use crate::support::sandbox::{Sandbox, object};
use crate::support::wheel_builder::WheelBuilder;
use serde_json::Value;

fn wheel(tags: &str, modules: &[&str]) -> WheelBuilder {
    let start = WheelBuilder::new(&format!("demo-1.0-{tags}-musllinux_1_2_x86_64.whl"));
    modules.iter().fold(start, |wheel, module| {
        let path = module.strip_prefix("../").map_or_else(|| format!("demo/{module}"), str::to_owned);
        wheel.file_with_mode(&path, object("x86_64/ext_plain.so"), 0o755)
    })
}

/// What `verify` says of it: each severity and message with code `wrong-suffix`; nothing else is wrong with it.
fn said(tags: &str, modules: &[&str]) -> Vec<(String, String)> {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel(tags, modules));
    let verdict: Value =
        serde_json::from_str(&sandbox.run(&["verify", ".", "--format", "json"]).stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let findings = verdict["findings"].as_array().unwrap().iter().map(|finding| {
        assert_eq!(finding["code"], "wrong-suffix", "{finding}");
        (text(&finding["severity"]), text(&finding["message"]))
    });
    findings.collect()
}

fn fits(tags: &str, modules: &[&str]) {
    assert_eq!(said(tags, modules), [], "{tags} {modules:?}");
}

fn finds(severity: &str, tags: &str, modules: &[&str], message: &str) {
    let said = said(tags, modules);
    assert_eq!(said.len(), 1, "{tags} {modules:?}: {said:?}");
    assert_eq!(said[0].0, severity, "{said:?}");
    assert!(said[0].1.contains(message), "{said:?}");
}

const OF_311: &str = "_core.cpython-311-x86_64-linux-musl.so";
const OF_312: &str = "_core.cpython-312-x86_64-linux-musl.so";

#[test]
fn python_and_abi_tags_of_name_and_wheel_file_must_agree() {
    for (tags, name, right) in [
        ("cp311-cp311", "demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl", true),
        ("cp312-abi3", "demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl", true),
        ("py2.py3-none", "demo-1.0-py3-none-musllinux_1_2_x86_64.whl", true),
        ("py3-none", "demo-1.0-py2.py3-none-musllinux_1_2_x86_64.whl", true),
    ] {
        let sandbox = Sandbox::new();
        let path = sandbox.wheel(&wheel(tags, &[OF_311]));
        std::fs::rename(&path, sandbox.path().join(name)).unwrap();
        for command in ["verify", "show", "repair"] {
            let run = sandbox.run(&[command, name]);
            let hint = format!("`demo-1.0-{tags}-musllinux_1_2_x86_64.whl`");
            run.failure(1, &["`demo-1.0.dist-info/WHEEL` says", if right { &hint } else { "" }]);
        }
        assert!(sandbox.names("wheelhouse").is_empty());
    }
    // Of a wheel without modules as well.
    let sandbox = Sandbox::new();
    let path = sandbox.wheel(&WheelBuilder::new("demo-1.0-py3-none-any.whl").purelib().file("demo.py", ""));
    std::fs::rename(path, sandbox.path().join("demo-1.0-py2-none-any.whl")).unwrap();
    sandbox
        .repair(&[])
        .failure(1, &["`demo-1.0.dist-info/WHEEL` says `py3-none`, the file name says `py2-none`"]);
    assert_eq!(sandbox.outputs(), [""; 0]);
}

#[test]
fn compressed_tags_in_wheel_files_are_the_tags_they_stand_for() {
    let text = |tags: &str| format!("Wheel-Version: 1.0\nRoot-Is-Purelib: false\n{tags}");
    let name = "demo-1.0-py2.py3-none-musllinux_1_1_x86_64.musllinux_1_2_x86_64.whl";
    for (tags, right) in [
        ("Tag: py2.py3-none-musllinux_1_2_x86_64.musllinux_1_1_x86_64\n", true),
        (
            "Tag: py2-none-musllinux_1_1_x86_64.musllinux_1_2_x86_64\nTag: py3-none-musllinux_1_1_x86_64\n",
            false,
        ),
    ] {
        let sandbox = Sandbox::new();
        let module = object("x86_64/ext_plain.so");
        let wheel = WheelBuilder::new(name).file_with_mode("demo/_core.so", module, 0o755);
        let path = sandbox.wheel(&wheel.metadata("WHEEL", text(tags)));
        let run = sandbox.run(&["verify", name]);
        assert_eq!(run.stdout.contains("error[wrong-tag]"), !right, "{tags}{}", run.stdout);
        sandbox.repair(&["--published", "fix"]).success();
        let result = std::fs::read(sandbox.out().join(&sandbox.outputs()[0])).unwrap();
        let same = std::fs::read(path).unwrap() == result;
        assert_eq!(same, right, "{tags}");
    }
}

#[test]
fn modules_for_none_of_the_tags_are_an_error_and_some_a_warning() {
    fits("cp312-cp312", &[OF_312]);
    fits("cp312-cp312", &["_core.so", "_other.abi3.so"]);
    fits("cp311.cp312-none", &[OF_311, OF_312]);
    fits("cp311.cp312-cp311.cp312", &[OF_311, OF_312]);
    finds(
        "error",
        "cp312-cp312",
        &[OF_311],
        "no Python that `cp312-cp312` names imports `demo/_core.cpython-311",
    );
    finds("error", "cp313-cp313t", &["_core.cpython-313-x86_64-linux-musl.so"], "no Python");
    finds("error", "cp312-cp312", &["_core.cpython-312d-x86_64-linux-musl.so"], "no Python");
    finds("error", "cp312-cp312", &["_core.pypy311-pp73-x86_64-linux-gnu.so"], "no Python");
    finds("error", "pp311-pypy311_pp73", &[OF_311], "no Python");
    finds("warning", "cp312-cp312", &[OF_311, OF_312], "imports `demo/_core.cpython-311");
    // It is an error that stands in the way of a repair, and can be allowed.
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel("cp312-cp312", &[OF_311]));
    sandbox.repair(&[]).failure(1, &["no Python that `cp312-cp312` names imports"]);
    sandbox.run(&["verify", ".", "--allow", "wrong-suffix"]).success();
}

#[test]
fn a_module_for_one_python_under_py3_is_a_warning() {
    fits("py3-none", &["_core.so"]);
    fits("py3-none", &["_core.abi3.so", OF_312]);
    finds("warning", "py3-none", &[OF_312], "is for one Python only, but the wheel is tagged `py3-none`");
    finds("warning", "py2.py3-none", &[OF_311, OF_312], "`py2-none`, `py3-none`");
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel("py3-none", &[OF_312]));
    sandbox.repair(&[]).success();
}

#[test]
fn every_python_of_a_stable_abi_finds_the_module() {
    fits("cp312-abi3", &["_core.abi3.so"]);
    fits("cp312-abi3", &["_core.abi3.so", OF_312]);
    // One module is what is installed as one.
    let elsewhere = "../demo-1.0.data/platlib/demo/_core.abi3.so";
    fits("cp312-abi3", &[elsewhere, OF_312]);
    fits("cp315-abi3", &["_core.abi3-x86_64-linux-musl.so"]);
    fits("cp315-abi3.abi3t", &["_core.abi3t.so"]);
    fits("cp315-abi3.abi3t", &["_core.abi3.so", "_core.abi3t-x86_64-linux-musl.so"]);
    let old = "is not imported by CPython 3.12, CPython 3.13, CPython 3.14, which `cp312-abi3` covers";
    finds("error", "cp312-abi3", &["_core.abi3-x86_64-linux-musl.so"], old);
    finds("error", "cp312-abi3", &["_core.abi3t.so"], old);
    finds("error", "cp312-abi3", &[OF_312], "CPython 3.13, CPython 3.14, CPython 3.15");
    finds("error", "cp315-abi3.abi3t", &["_core.abi3.so"], "is not imported by free-threaded CPython 3.15");
    finds("error", "cp315-abi3t", &["_core.abi3-x86_64-linux-musl.so"], "free-threaded CPython 3.15");
    finds("error", "cp312-abi3", &["_core.abi3-x86_64-linux-gnu.so"], "is named for glibc");
    finds(
        "error",
        "cp312-abi3",
        &["_core.abi3-x86_64-linux-musl.so", "_core.abi3t.so"],
        "not imported by CPython 3.12",
    );
    // Two modules, of which one is not found.
    finds(
        "error",
        "cp312-abi3",
        &["_core.abi3.so", "_fast.cpython-312-x86_64-linux-musl.so"],
        "`demo/_fast.",
    );
}

#[test]
fn a_module_for_the_stable_abi_is_renamed_where_every_python_of_the_tags_finds_it_then() {
    let long = "_core.abi3-x86_64-linux-musl.so";
    for (tags, module, name) in [
        ("cp312-abi3", long, "_core.abi3.so"),
        ("cp312-abi3", "_core.abi3-x86_64-linux-gnu.so", "_core.abi3.so"),
        ("cp314-abi3", "../demo-1.0.data/platlib/demo/_core.abi3-x86_64-linux-musl.so", "_core.abi3.so"),
        ("cp315-abi3t", "_core.abi3t-x86_64-linux-gnu.so", "_core.abi3t.so"),
    ] {
        let sandbox = Sandbox::new();
        let original = wheel(tags, &[module]);
        sandbox.wheel(&original);
        let run = sandbox.repair(&[]).success();
        assert!(run.stderr.contains("which every Python of the tags imports"), "{}", run.stderr);
        let result = sandbox.result();
        let members: Vec<_> = result.wheel.members().iter().map(|member| member.path.to_string()).collect();
        assert!(members.iter().any(|member| member.ends_with(&format!("demo/{name}"))), "{members:?}");
        assert!(!members.iter().any(|member| member.contains("x86_64-linux")), "{members:?}");
        sandbox.run(&["verify", "out"]).success();
        // The plan says the same, and nothing is left to rename.
        let plan = sandbox.repair(&["--dry-run", "--format", "json"]).success().stdout;
        let plan: Value = serde_json::from_str(&plan).unwrap();
        assert!(plan["renamed"][0]["to"].as_str().unwrap().ends_with(name), "{plan}");
        sandbox.run(&["repair", "out", "-w", "again"]).success();
        let (first, second) = (sandbox.names("out"), sandbox.names("again"));
        let read = |at: &str, name: &str| std::fs::read(sandbox.path().join(at).join(name)).unwrap();
        assert_eq!(read("out", &first[0]), read("again", &second[0]));
    }
}

#[test]
fn a_module_is_not_renamed_where_that_would_not_help_or_is_not_safe() {
    let long = "_core.abi3-x86_64-linux-musl.so";
    for (tags, modules) in [
        // Free-threaded builds look for no `.abi3.so`.
        ("cp315-abi3.abi3t", &[long][..]),
        // Nobody knows whether it keeps to the stable ABI.
        ("cp312-abi3", &[OF_312]),
        // The new name is taken, by a file that is no module of this one's name.
        ("cp312-abi3", &["_core.cpython-312-x86_64-linux-gnu.so"]),
    ] {
        let sandbox = Sandbox::new();
        sandbox.wheel(&wheel(tags, modules));
        sandbox.repair(&[]).failure(1, &["error"]);
        assert_eq!(sandbox.outputs(), [""; 0], "{tags}");
    }
    // Another object is linked with it.
    let needing = muslrepair::elf::ElfEdit {
        rename_needed: [("libgreet.so.3".to_owned(), long.to_owned())].into(),
        run_path: muslrepair::elf::RunPathEdit::Set("$ORIGIN".to_owned()),
        ..muslrepair::elf::ElfEdit::default()
    };
    let needing = muslrepair::elf::patch(object("x86_64/core.so"), &needing).unwrap().bytes;
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel("cp312-abi3", &[long]).file_with_mode("demo/libx.so", needing, 0o755));
    sandbox.repair(&[]).failure(1, &["not imported by CPython 3.12"]);
    // What is found by all under its own name stays, and so does what was allowed.
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel("cp315-abi3", &[long]));
    sandbox.repair(&[]).success();
    assert_eq!(sandbox.result().below("demo"), [long]);
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel("cp312-abi3", &[long]));
    sandbox.repair(&["--allow", "wrong-suffix"]).success();
    assert_eq!(sandbox.result().below("demo"), [long]);
}
