//! Output keeps its form, whatever names a hostile wheel contains.

use std::os::unix::ffi::OsStrExt as _;

use crate::support::elf_builder::*;
use crate::support::sandbox::{Run, Sandbox, testdata};
use crate::support::wheel_builder::WheelBuilder;

const NAME: &str = "demo-1.0-cp312-cp312-linux_x86_64.whl";

/// As the runner of GitHub reads lines: blanks at the start are removed.
fn assert_no_command(run: &Run) {
    for line in run.stdout.lines().chain(run.stderr.lines()) {
        let own = line.starts_with("::error title=") || line.starts_with("::warning title=");
        assert!(own || !line.trim_start().starts_with("::"), "{line}");
        assert!(!line.contains("##[") && !line.contains("##vso["), "{line}");
    }
}

#[test]
fn no_name_is_a_command_to_the_service_that_reads_the_log() {
    let names = ["libx\n::set-output name=x::y.so", "::stop-commands::t", "##[error]x", "  ::add-mask::x"];
    for name in names {
        let elf = ElfBuilder::new().needed(name).text(DT_RUNPATH, name).text(DT_SONAME, name).build();
        let sandbox = Sandbox::new();
        sandbox
            .wheel(&WheelBuilder::new(NAME).file("::set-output name=x::y.so", &elf).file("demo/m.so", &elf));
        std::fs::create_dir(sandbox.path().join("root")).unwrap();
        std::fs::write(sandbox.path().join("m.so"), &elf).unwrap();
        let tree = sandbox.path().join(format!("tree/{name}"));
        std::fs::create_dir_all(&tree).unwrap();
        std::fs::write(tree.join("m.so"), &elf).unwrap();
        let strange = sandbox.path().join(format!("wheels/{name}-1.0-py3-none-any.whl"));
        std::fs::create_dir_all(strange.parent().unwrap()).unwrap();
        std::fs::write(&strange, b"").unwrap();
        for subject in [".", "tree", "wheels", tree.to_str().unwrap()] {
            for command in [
                &["show", subject][..],
                &["show", "--format", "json", subject],
                &["verify", subject],
                &["--annotations", "github", "verify", subject],
                &["needs", subject],
                &["repair", subject, "-w", "out"],
                &["repair", subject, "-w", "out", "--dry-run"],
            ] {
                let all: Vec<&str> = command.iter().copied().chain(["--sysroot", "root"]).collect();
                assert_no_command(&sandbox.run(&all));
                assert_no_command(&sandbox.run_as_auditwheel(&all));
            }
        }
        for format in [&["lddtree", "m.so"][..], &["lddtree", "--json", "m.so"]] {
            assert_no_command(&sandbox.run(&[format, &["--sysroot", "root"]].concat()));
        }
        assert_no_command(&sandbox.run(&["show", &format!("--{name}")]));
        assert_no_command(&sandbox.run(&["repair", NAME, "--plat", name]));
    }
}

#[test]
fn what_is_wrong_with_the_call_is_said_without_escape_codes() {
    let sandbox = Sandbox::new();
    for arguments in [
        &["show", "--\u{1b}]0;x\u{7}\u{1b}[2J.whl"][..],
        &["show", "-\u{1b}[2J"],
        &["\u{1b}[2J"],
        &["show", "--format", "\u{1b}[2J", "x.whl"],
        &["show", "--\u{3164}", "x.whl"],
        &["verify", "--min-musl", "\u{1b}[2J", "x.whl"],
    ] {
        let run = sandbox.run(arguments).failure(2, &["error: ", "\\u{"]);
        assert!(
            !run.stderr.contains(|c: char| c != '\n' && muslrepair::Escaped::hides(c)),
            "{:?}",
            run.stderr
        );
    }
}

#[test]
fn a_directory_whose_name_is_not_utf8_is_written_to_and_reported() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&WheelBuilder::new(NAME).file("demo/m.so", ElfBuilder::new().needed("libc.so").build()));
    let name = std::ffi::OsStr::from_bytes(b"out\xff");
    let output =
        sandbox.command().args(["repair", NAME, "--format", "json", "-w"]).arg(name).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(document["path"].as_str().unwrap().starts_with("out\u{fffd}/demo-1.0-"), "{document}");
    assert_eq!(std::fs::read_dir(sandbox.path().join(name)).unwrap().count(), 1);
}

#[test]
fn where_no_thread_can_be_started_one_does_everything() {
    let sandbox = Sandbox::new();
    let needs = ElfBuilder::new().needed("libgreet.so.3").build();
    sandbox.wheel(&WheelBuilder::new(NAME).file("demo/m.so", needs));
    let module = sandbox.path().join("m.so");
    std::fs::copy(testdata("rootfs/usr/lib/libgreet.so.3.1"), &module).unwrap();
    let root = testdata("rootfs");
    for arguments in [
        &["show", NAME][..],
        &["verify", NAME],
        &["needs", NAME],
        &["lddtree", "m.so"],
        &["repair", NAME, "-w", "out"],
    ] {
        // No address space has enough room for such a stack.
        let output = (sandbox.command().env("RUST_MIN_STACK", (1u64 << 55).to_string()))
            .args(arguments)
            .args(["--sysroot", root.to_str().unwrap()])
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{arguments:?}: {stderr}");
        assert!(!stderr.contains("panicked"), "{arguments:?}: {stderr}");
    }
    assert_eq!(sandbox.outputs().len(), 1);
}

#[test]
fn more_wheels_than_open_files_are_repaired() {
    const WHEELS: usize = 1_200;
    let sandbox = Sandbox::new();
    let elf = ElfBuilder::new().needed("libc.so").build();
    for number in 0..WHEELS {
        let name = format!("d{number}-1.0-cp312-cp312-linux_x86_64.whl");
        sandbox.wheel_in("w", &WheelBuilder::new(&name).file("demo/m.so", &elf));
    }
    let run =
        sandbox.shell("ulimit -n 64; muslrepair -q repair w -w out; muslrepair -q verify out").success();
    assert_eq!((run.stderr.as_str(), sandbox.outputs().len()), ("", WHEELS));
}
