//! The output of `lddtree` and `show --json` under auditwheel's name, value by value.

use std::fs;

use muslrepair::elf::{ElfEdit, RunPathEdit, patch};
use serde_json::{Value, json};

use crate::support::sandbox::{Sandbox, object, testdata};
use crate::support::wheel_builder::WheelBuilder;

/// The logged tree for a file of the sandbox.
fn tree(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    let run = sandbox.run_as_auditwheel(&[&["lddtree"], arguments].concat()).success();
    assert_eq!(run.stdout, "");
    serde_json::from_str(run.stderr.strip_prefix("INFO:auditwheel.main_lddtree:").unwrap()).unwrap()
}

#[test]
fn the_interpreter_of_a_program_is_among_the_libraries_under_auditwheels_name() {
    let sandbox = Sandbox::new();
    fs::write(sandbox.path().join("tool"), object("x86_64/tool")).unwrap();
    // In the root, the interpreter is a link.
    fs::create_dir_all(sandbox.path().join("root/lib")).unwrap();
    fs::write(sandbox.path().join("root/lib/libc.so"), "").unwrap();
    std::os::unix::fs::symlink("libc.so", sandbox.path().join("root/lib/ld-musl-x86_64.so.1")).unwrap();
    for (arguments, realpath) in [
        (&["tool", "--sysroot", "root"][..], "/lib/libc.so"),
        (&["tool", "--sysroot", "."][..], "/lib/ld-musl-x86_64.so.1"),
    ] {
        let tree = tree(&sandbox, arguments);
        let interpreter = &tree["libraries"]["ld-musl-x86_64.so.1"];
        assert_eq!(interpreter["path"], "/lib/ld-musl-x86_64.so.1");
        assert_eq!(interpreter["realpath"], realpath);
        assert_eq!(interpreter["needed"], json!([]));
        assert_eq!(interpreter["platform"], tree["platform"]);
        assert_eq!(tree["interpreter"], "/lib/ld-musl-x86_64.so.1");
    }
}

#[test]
fn paths_are_as_given_and_run_paths_expanded_under_auditwheels_name() {
    let sandbox = Sandbox::new();
    let text = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    let here = text(&sandbox.path().canonicalize().unwrap());
    for directory in ["demo", "libs"] {
        fs::create_dir(sandbox.path().join(directory)).unwrap();
    }
    fs::write(sandbox.path().join("libs/libgreet.so.3.1"), object("x86_64/ext_plain.so")).unwrap();
    std::os::unix::fs::symlink("libgreet.so.3.1", sandbox.path().join("libs/libgreet.so.3")).unwrap();
    for (run_path, directories) in [
        ("$ORIGIN/../libs:${ORIGIN}/./../libs/:$ORIGIN/absent", vec![format!("{here}/libs")]),
        ("$ORIGIN:$ORIGIN/../libs:/absent", vec![format!("{here}/demo"), format!("{here}/libs")]),
        ("/absent", vec![]),
    ] {
        let edit = ElfEdit { run_path: RunPathEdit::Set(run_path.to_owned()), ..ElfEdit::default() };
        let module = patch(object("x86_64/core.so"), &edit).unwrap().bytes;
        fs::write(sandbox.path().join("demo/m.so"), module).unwrap();
        let tree = tree(&sandbox, &["./demo/../demo/m.so"]);
        assert_eq!((&tree["path"], &tree["realpath"]), (&json!("./demo/../demo/m.so"), &tree["path"]));
        assert_eq!((&tree["rpath"], &tree["runpath"]), (&json!(directories), &json!([])), "{run_path}");
        let library = &tree["libraries"]["libgreet.so.3"];
        if directories.iter().any(|directory| directory.ends_with("libs")) {
            assert!(library["path"].as_str().unwrap().ends_with("/libgreet.so.3"), "{library}");
            assert_eq!(library["realpath"], format!("{here}/libs/libgreet.so.3.1"));
        } else {
            assert_eq!((&library["path"], &library["realpath"]), (&Value::Null, &Value::Null));
        }
    }
}

#[test]
fn the_os_abi_and_the_level_of_the_processor_are_auditwheels_words() {
    let sandbox = Sandbox::new();
    for (os_abi, said) in [(0, json!("ELFOSABI_SYSV")), (3, json!("ELFOSABI_LINUX")), (77, json!(77))] {
        let mut module = object("x86_64/core.so");
        module[7] = os_abi;
        fs::write(sandbox.path().join("m.so"), module).unwrap();
        let platform = &tree(&sandbox, &["m.so"])["platform"];
        let words = json!({
            "_elf_osabi": said,
            "_elf_class": 64,
            "_elf_little_endian": true,
            "_elf_machine": "EM_X86_64",
            "_base_arch": "<Architecture.x86_64: 'x86_64'>",
            "_ext_arch": null,
            "_error_msg": null,
        });
        assert_eq!(*platform, words);
    }
    let mut module = fs::read(testdata("elf/x86_64/bfd-ibt-shstk.so")).unwrap();
    let property: Vec<u8> = [0xc000_0002_u32, 4].iter().flat_map(|word| word.to_le_bytes()).collect();
    let at = module.windows(8).position(|window| window == property).unwrap();
    module[at..at + 4].copy_from_slice(&0xc000_8002_u32.to_le_bytes());
    module[at + 8..at + 12].copy_from_slice(&5_u32.to_le_bytes());
    fs::write(sandbox.path().join("m.so"), module).unwrap();
    let platform = &tree(&sandbox, &["m.so"])["platform"];
    assert_eq!(platform["_ext_arch"], "<Architecture.x86_64_v3: 'x86_64_v3'>");
}

#[test]
fn versions_of_libraries_in_the_wheel_are_listed_too() {
    let name = "demo-1.0-cp312-cp312-linux_x86_64.whl";
    let edit = ElfEdit { run_path: RunPathEdit::Set("$ORIGIN".to_owned()), ..ElfEdit::default() };
    let module = fs::read(testdata("elf/x86_64/bfd-versions.so")).unwrap();
    let module = patch(module, &edit).unwrap().bytes;
    let library = fs::read(testdata("elf/x86_64/libs/libfour.so.4")).unwrap();
    let alone = || WheelBuilder::new(name).file("demo/m.so", &module);
    for wheel in [alone(), alone().file("demo/libfour.so.4", library)] {
        let sandbox = Sandbox::new();
        sandbox.wheel(&wheel);
        let shown = sandbox.run_as_auditwheel(&["show", "--json", name]).success().stdout;
        let shown: Value = serde_json::from_str(&shown).unwrap();
        let versions = shown["versioned_symbols"]["libfour.so.4"].as_array().unwrap();
        assert_eq!(versions.len(), 1, "{shown}");
    }
}
