//! Files with data after their ELF content, in wheels and as libraries outside.

use crate::support::sandbox::{Sandbox, object, testdata};
use crate::support::wheel_builder::WheelBuilder;
use muslrepair::elf::{ElfEdit, RunPathEdit, patch};

const NAME: &str = "demo-1.0-cp312-cp312-linux_x86_64.whl";
const CORE: &str = "demo/_core.cpython-312-x86_64-linux-musl.so";
const TOOL: &str = "demo/bin/tool";
const PAYLOAD: &[u8] = b"PK\x03\x04 an archive PK\x05\x06";

fn with_payload(file: Vec<u8>) -> Vec<u8> {
    [file, PAYLOAD.to_vec()].concat()
}

/// A program as built next to its libraries: its run path has enough room for the names of a repair.
fn roomy_tool() -> Vec<u8> {
    let run_path = RunPathEdit::Set(format!("/build/{}", "long/".repeat(30)));
    patch(object("x86_64/tool"), &ElfEdit { run_path, ..ElfEdit::default() }).unwrap().bytes
}

fn repair(
    core: Vec<u8>,
    tool: (&str, Vec<u8>),
    arguments: &[&str],
) -> (Sandbox, crate::support::sandbox::Run) {
    let sandbox = Sandbox::new();
    sandbox.wheel(
        &WheelBuilder::new(NAME).file_with_mode(CORE, core, 0o755).file_with_mode(tool.0, tool.1, 0o755),
    );
    let run = sandbox.repair(arguments);
    (sandbox, run)
}

#[test]
fn a_payload_is_still_the_end_of_a_repaired_program() {
    for script in [TOOL, "demo-1.0.data/scripts/tool"] {
        for strip in [&[][..], &["--strip"][..]] {
            let before = with_payload(roomy_tool());
            let (sandbox, run) = repair(object("x86_64/core.so"), (script, before.clone()), strip);
            run.success();
            let moved = if script == TOOL { TOOL } else { "demo.scripts/tool" };
            let after = sandbox.result().read(moved);
            assert_eq!(after.len(), before.len(), "{script} {strip:?}");
            assert!(after.ends_with(PAYLOAD), "{script} {strip:?}");
            assert!(sandbox.result().facts(moved).needed[0].starts_with("libgreet-"));
        }
    }
}

#[test]
fn a_file_that_would_have_to_grow_behind_a_payload_is_refused_by_name() {
    let (core, tool) = (object("x86_64/core.so"), object("x86_64/tool"));
    let reason = "20 bytes of data behind the ELF content";
    for strip in [&[][..], &["--strip"][..]] {
        let wrong = [
            (core.clone(), with_payload(tool.clone()), TOOL),
            (with_payload(core.clone()), tool.clone(), CORE),
        ];
        for (core, tool, name) in wrong {
            let (sandbox, run) = repair(core, (TOOL, tool), strip);
            let run = run.failure(1, &[reason, name, "`--exclude LIBRARY`"]);
            let line = run.stderr.lines().find(|line| line.contains(reason)).unwrap();
            assert!(line.contains(name), "{line}");
            assert!(sandbox.outputs().is_empty());
        }
    }
    // The hint works as typed.
    let before = with_payload(tool);
    let arguments = ["--exclude", "libgreet.so.3", "--keep-relr"];
    let (sandbox, run) = repair(core, (TOOL, before.clone()), &arguments);
    run.success();
    assert!(sandbox.result().read(TOOL) == before);
}

#[test]
fn a_graft_that_would_have_to_grow_behind_a_payload_is_refused_by_its_path() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&WheelBuilder::new(NAME).file_with_mode(CORE, object("x86_64/core.so"), 0o755));
    let library = std::fs::read(testdata("rootfs/usr/lib/libgreet.so.3")).unwrap();
    let directory = sandbox.path().join("lib");
    std::fs::create_dir(&directory).unwrap();
    std::fs::write(directory.join("libgreet.so.3"), with_payload(library)).unwrap();
    sandbox.repair(&["-l", "lib"]).failure(1, &["data behind the ELF content", "lib/libgreet.so.3"]);
}
