//! The role of every file: what is judged, patched and stripped, and what is data.

use crate::rules::foreign_elf::for_machine;
use crate::rules::several_systems::windows_program;
use crate::support::elf_builder::{ElfBuilder, PT_LOAD, SHF_ALLOC, SHT_NOTE, Section};
use crate::support::sandbox::{Repaired, Sandbox, object};
use crate::support::wheel_builder::WheelBuilder;

const LINUX: &str = "demo-1.0-cp312-cp312-linux_x86_64.whl";
const MUSL: &str = "demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl";
const ANY: &str = "demo-1.0-py3-none-any.whl";
const SHT_NOBITS: u32 = 8;

fn core(filename: &str) -> WheelBuilder {
    WheelBuilder::new(filename).file_with_mode("demo/_core.abi3.so", object("x86_64/core.so"), 0o755)
}

/// Files that start like an ELF file, and that nothing loads.
fn data() -> Vec<(&'static str, Vec<u8>)> {
    let plain = object("x86_64/ext_plain.so");
    let mut firmware = object("x86_64/tool_static");
    firmware[18] = 94;
    let mut object_file = for_machine(247);
    object_file[16] = 1;
    vec![
        ("kernels/k.hsaco", for_machine(224)),
        ("kernels/k.cubin", for_machine(190)),
        ("kernels/k.bpf", object_file),
        ("firmware/xtensa.elf", firmware),
        ("arm/libx.so", for_machine(183)),
        ("tests/truncated.elf", plain[..700].to_vec()),
        ("tests/short", b"\x7fELF".to_vec()),
        ("tests/blob", [b"\x7fELF\x02\x01\x01", &[0xff; 200][..]].concat()),
        ("plugin.node", plain),
    ]
}

#[test]
fn data_is_no_error_and_is_copied_byte_for_byte() {
    for arguments in [&[][..], &["--strip"], &["--strip=debug"], &["--strip", "--allow", "unknown-machine"]] {
        let mut builder = core(LINUX);
        for (name, bytes) in data() {
            builder = builder.file_with_mode(&format!("demo/{name}"), bytes, 0o755);
        }
        let sandbox = Sandbox::new();
        sandbox.wheel(&builder);
        sandbox.repair(arguments).success();
        let result = sandbox.result();
        assert_eq!(sandbox.outputs(), [MUSL]);
        for (name, bytes) in data() {
            assert!(result.read(&format!("demo/{name}")) == bytes, "{arguments:?} changed {name}");
        }
        assert!(result.facts("demo/_core.abi3.so").run_path().is_some());
        let verified = sandbox.run(&["verify", "out", "--format", "json"]).success();
        assert!(verified.stdout.contains("foreign-elf") && verified.stdout.contains("damaged-elf"));
    }
}

#[test]
fn a_wheel_with_nothing_but_data_keeps_its_tag() {
    for name in [ANY, "demo-1.0-py3-none-musllinux_1_2_x86_64.whl", "demo-1.0-py3-none-macosx_11_0_arm64.whl"]
    {
        let mut builder = WheelBuilder::new(name);
        for (file, bytes) in
            data().into_iter().filter(|(file, _)| !["arm/libx.so", "plugin.node"].contains(file))
        {
            builder = builder.file(&format!("demo/{file}"), bytes);
        }
        let sandbox = Sandbox::new();
        let path = sandbox.wheel(&builder);
        sandbox.repair(&["--strip"]).success();
        assert_eq!(sandbox.outputs(), [name]);
        assert!(std::fs::read(sandbox.out().join(name)).unwrap() == std::fs::read(path).unwrap());
        sandbox.run(&["verify", "out"]).success();
    }
}

/// As selenium and debugpy have them: one program for each system, in a wheel for all of them.
#[test]
fn a_wheel_for_any_platform_with_programs_for_several_systems_is_copied_with_a_warning() {
    let tool = object("x86_64/tool_static");
    let mut other = tool.clone();
    other[18] = 183;
    for (name, bytes) in [("linux-arm64/tool", other), ("windows/tool.exe", windows_program())] {
        let sandbox = Sandbox::new();
        let builder = WheelBuilder::new(ANY)
            .file_with_mode("demo/linux-x86_64/tool", &tool, 0o755)
            .file_with_mode(&format!("demo/{name}"), bytes, 0o755);
        let path = sandbox.wheel(&builder);
        let run = sandbox.repair(&["--strip"]).success();
        assert!(
            run.stderr
                .contains("the wheel is tagged `any`, but has programs or libraries for several systems"),
            "{}",
            run.stderr
        );
        assert_eq!(sandbox.outputs(), [ANY]);
        assert!(std::fs::read(sandbox.out().join(ANY)).unwrap() == std::fs::read(path).unwrap());
        let run = sandbox.run(&["verify", "out"]).success();
        assert!(run.stdout.contains("warning[several-systems]"), "{}", run.stdout);
    }
    // For one system it becomes a wheel of that system.
    let sandbox = Sandbox::new();
    sandbox.wheel(&WheelBuilder::new(ANY).file_with_mode("demo/linux-x86_64/tool", &tool, 0o755));
    sandbox.repair(&[]).success();
    assert_eq!(sandbox.outputs(), ["demo-1.0-py3-none-musllinux_1_2_x86_64.whl"]);
}

/// Firmware is linked as static programs are; a wheel does not become one for the machine of a chip.
#[test]
fn firmware_does_not_decide_the_tag_of_a_wheel() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&WheelBuilder::new(ANY).file("demo/firmware.elf", object("x86_64/tool_static")));
    sandbox.repair(&[]).success();
    assert_eq!(sandbox.outputs(), [ANY]);
}

#[test]
fn modules_of_other_systems_are_not_judged_in_their_wheels() {
    let sandbox = Sandbox::new();
    let name = "demo-1.0-cp312-abi3-macosx_11_0_arm64.whl";
    sandbox.wheel(&WheelBuilder::new(name).file("demo/_core.abi3.so", b"\xcf\xfa\xed\xfe\x0c\0\0\x01"));
    sandbox.repair(&[]).success();
    assert_eq!(sandbox.outputs(), [name]);
}

#[test]
fn a_module_that_cannot_be_loaded_is_refused_by_repair_and_verify() {
    for content in [&b""[..], b"text", b"\x7fELF", &[0; 64]] {
        let sandbox = Sandbox::new();
        sandbox.wheel(&WheelBuilder::new(MUSL).file("demo/_x.abi3.so", content));
        let said = ["`demo/_x.abi3.so` is named as an extension module, but cannot be loaded"];
        sandbox.repair(&[]).failure(1, &said);
        assert!(sandbox.outputs().is_empty());
        let run = sandbox.run(&["verify", MUSL]).failure(1, &[]);
        assert!(run.stdout.contains("not sound") && run.stdout.contains(said[0]), "{}", run.stdout);
        sandbox.run(&["show", MUSL]).failure(1, &[]);
        sandbox.repair(&["--allow", "not-loadable"]).success();
    }
}

#[test]
fn show_of_a_wheel_for_another_machine_than_its_name_says_is_a_failure() {
    let mut mips = object("x86_64/ext_plain.so");
    (mips[18], mips[4]) = (8, 2);
    for (name, member, bytes, code) in [
        (
            "demo-1.0-cp312-cp312-musllinux_1_2_aarch64.whl",
            "demo/_core.abi3.so",
            object("x86_64/ext_plain.so"),
            "wrong-machine",
        ),
        (
            "demo-1.0-cp312-cp312-linux_aarch64.whl",
            "demo/libx.so",
            object("x86_64/ext_plain.so"),
            "wrong-machine",
        ),
        ("demo-1.0-cp312-cp312-linux_x86_64.whl", "demo/_core.abi3.so", mips.clone(), "unknown-machine"),
        ("demo-1.0-cp312-cp312-linux_mips64.whl", "demo/libx.so", mips, "unknown-machine"),
    ] {
        let sandbox = Sandbox::new();
        sandbox.wheel(&WheelBuilder::new(name).file(member, bytes));
        let run = sandbox.run(&["show", name]).failure(1, &[]);
        assert!(run.stdout.contains(&format!("error[{code}]")), "{}", run.stdout);
        assert!(!run.stdout.contains("is consistent with"), "{}", run.stdout);
        let run = sandbox
            .run_as_auditwheel(&["show", name])
            .failure(1, &["Invalid binary wheel: no ELF executable or"]);
        assert!(run.stderr.contains(&format!("    {member}: ")), "{}", run.stderr);
        let run = sandbox.run_as_auditwheel(&["show", "--json", name]).failure(1, &[]);
        assert!(run.stdout.contains("Invalid binary wheel"), "{}", run.stdout);
        sandbox.run(&["verify", name]).failure(1, &[]);
    }
}

/// musl reads no section header, so what one says hides nothing.
#[test]
fn section_headers_never_hide_a_library() {
    let nothing = |kind: u32| Section {
        kind,
        flags: SHF_ALLOC,
        address: 0x1000,
        offset: 0x1000,
        size: 16,
        ..Section::default()
    };
    let hidden =
        ElfBuilder::new().needed("libhidden.so").sections([nothing(SHT_NOBITS), nothing(SHT_NOTE)]).build();
    for name in ["demo/_x.so", "demo/_x.abi3.so", "demo/libx.so.1"] {
        let sandbox = Sandbox::new();
        sandbox.wheel(&core(MUSL).file(name, &hidden));
        let run = sandbox.run(&["verify", MUSL]).failure(1, &[]);
        assert!(run.stdout.contains("libhidden.so"), "{}", run.stdout);
        sandbox.repair(&[]).failure(1, &["libhidden.so"]);
    }
}

/// `map_library` maps whole pages: of two segments that show different parts of the file in one page, the later one is seen.
#[test]
fn segments_that_hide_each_other_are_refused() {
    let library =
        |segment: [u64; 5]| ElfBuilder::new().needed("libc.so").segment(segment).behind(&[0; 0x3000]).build();
    // By bytes, and by page; type, offset, address, size in the file and in memory.
    for segment in
        [[PT_LOAD, 0x2000, 0, 0x100, 0x100], [PT_LOAD, 0x2f00, 0xf00, 0x10, 0x10], [PT_LOAD, 0, 0, 0, 0x1000]]
    {
        let sandbox = Sandbox::new();
        sandbox.wheel(&core(MUSL).file("demo/libx.so", library(segment)));
        let said = ["maps other content over a page of another segment"];
        sandbox.repair(&[]).failure(1, &said);
        let run = sandbox.run(&["verify", MUSL]).failure(1, &[]);
        assert!(run.stdout.contains(said[0]), "{}", run.stdout);
    }
    // Segments that share a page of the file, and one that shows the same once more.
    for segment in [[PT_LOAD, 0x100, 0x1100, 0x10, 0x10], [PT_LOAD, 0x10, 0x10, 0x10, 0x10]] {
        let sandbox = Sandbox::new();
        sandbox.wheel(&core(LINUX).file("demo/libx.so", library(segment)));
        sandbox.repair(&[]).success();
        let result = Repaired::open(&sandbox.out().join(MUSL));
        assert_eq!(result.facts("demo/libx.so").needed, ["libc.so"]);
    }
}

#[test]
fn a_tree_is_judged_by_the_same_roles() {
    let sandbox = Sandbox::new();
    let site = sandbox.path().join("site/demo");
    std::fs::create_dir_all(&site).unwrap();
    std::fs::write(site.join("_core.abi3.so"), object("x86_64/ext_plain.so")).unwrap();
    std::fs::write(site.join("kernel.hsaco"), for_machine(224)).unwrap();
    std::fs::write(site.join("libarm.so"), for_machine(183)).unwrap();
    sandbox.run(&["verify", "site"]).success();
    std::fs::write(site.join("_x.abi3.so"), "").unwrap();
    let run = sandbox.run(&["verify", "site"]).failure(1, &[]);
    assert!(run.stdout.contains("error[not-loadable]"), "{}", run.stdout);
}
