//! Repairs, from a wheel on disk to a wheel on disk, through the program.

use muslrepair::wheel::Sha256Digest;

use crate::support::sandbox::{Repaired, Sandbox, object, testdata};
use crate::support::wheel_builder::WheelBuilder;

const NAME: &str = "demo-1.0-cp312-cp312-linux_x86_64.whl";
const CORE: &str = "demo/_core.cpython-312-x86_64-linux-musl.so";

fn wheel_with(extension: &str) -> WheelBuilder {
    WheelBuilder::new(NAME).file("demo/__init__.py", "from demo._core import *\n").file_with_mode(
        CORE,
        object(extension),
        0o755,
    )
}

fn repaired(builder: &WheelBuilder, arguments: &[&str]) -> (Sandbox, Repaired) {
    let sandbox = Sandbox::new();
    sandbox.wheel(builder);
    sandbox.repair(arguments).success();
    let result = sandbox.result();
    (sandbox, result)
}

#[test]
fn a_library_is_grafted_renamed_and_found() {
    let (sandbox, result) = repaired(&wheel_with("x86_64/core.so"), &[]);
    assert_eq!(sandbox.outputs(), ["demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl"]);
    let graft = result.one("demo.libs", "libgreet-");
    assert!(graft.ends_with(".so.3.1") && graft.len() == "libgreet-01234567.so.3.1".len(), "{graft}");
    let core = result.facts(CORE);
    assert_eq!(core.needed, [graft.as_str(), "libc.so"]);
    assert_eq!((core.rpath.as_deref(), core.runpath), (Some("$ORIGIN/../demo.libs"), None));
    let library = result.facts(&format!("demo.libs/{graft}"));
    assert_eq!(library.soname, Some(graft));
    assert_eq!(library.run_path(), None);
}

#[test]
fn unchanged_members_are_copied_as_they_lie() {
    // Bytes that no compression makes smaller.
    let noise: Vec<u8> = (0..32u8).flat_map(|i| *Sha256Digest::of(&[i]).as_bytes()).collect();
    let builder = wheel_with("x86_64/core.so").stored("demo/data.bin", noise);
    let (_, result) = repaired(&builder, &[]);
    let before = builder.open().unwrap();
    for name in ["demo/__init__.py", "demo/data.bin", "demo-1.0.dist-info/METADATA"] {
        let (a, b) = (before.member(name).unwrap(), result.wheel.member(name).unwrap());
        assert_eq!(
            (a.crc32, a.compressed_size, a.method, a.mode, a.modified),
            (b.crc32, b.compressed_size, b.method, b.mode, b.modified),
            "{name}"
        );
    }
}

#[test]
fn chains_are_followed_and_a_graft_that_needs_a_graft_finds_it() {
    let (_, result) = repaired(&wheel_with("x86_64/ext_chain.so"), &[]);
    let (a, b) = (result.one("demo.libs", "libchain_a-"), result.one("demo.libs", "libchain_b-"));
    let first = result.facts(&format!("demo.libs/{a}"));
    assert_eq!(first.needed[0], b);
    assert_eq!(first.run_path(), Some("$ORIGIN"));
    assert_eq!(result.facts(&format!("demo.libs/{b}")).run_path(), None);
}

#[test]
fn two_files_behind_one_name_are_two_grafts_and_each_requester_gets_its_own() {
    let builder =
        wheel_with("x86_64/ext_one.so").file_with_mode("demo/two.so", object("x86_64/ext_two.so"), 0o755);
    let (_, result) = repaired(&builder, &[]);
    let grafts = result.below("demo.libs");
    assert_eq!(grafts.len(), 2, "{grafts:?}");
    let needed = |member: &str| result.facts(member).needed[0].clone();
    assert_ne!(needed(CORE), needed("demo/two.so"));
    let original = |needed: &str| {
        let hash = needed.strip_prefix("libtwin-").unwrap()[..8].to_owned();
        ["one", "two"].into_iter().find(|place| {
            let bytes = std::fs::read(testdata(&format!("rootfs/opt/{place}/libtwin.so.1"))).unwrap();
            muslrepair::wheel::Sha256Digest::of(&bytes).hex().starts_with(&hash)
        })
    };
    assert_eq!(original(&needed(CORE)), Some("one"));
    assert_eq!(original(&needed("demo/two.so")), Some("two"));
}

#[test]
fn stale_run_paths_go_whether_something_is_grafted_or_not() {
    let (_, result) = repaired(&wheel_with("x86_64/ext_stale.so"), &[]);
    assert_eq!(result.facts(CORE).run_path(), Some("$ORIGIN/../demo.libs"));
    let library = result.one("demo.libs", "libstale-");
    assert_eq!(result.facts(&format!("demo.libs/{library}")).run_path(), Some("$ORIGIN"));
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel_with("x86_64/ext_stale.so"));
    let run = sandbox.repair(&["--exclude", "libstale.so.1"]).success();
    assert!(run.stderr.contains("`/build/prefix/lib`"), "{}", run.stderr);
    assert_eq!(sandbox.result().facts(CORE).run_path(), None);
}

#[test]
fn libpython_is_removed_and_said() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel_with("x86_64/ext_python.so"));
    let run = sandbox.repair(&[]).success();
    assert!(
        run.stderr.contains("Removing libpython3.12.so.1.0 dependency from demo/_core"),
        "{}",
        run.stderr
    );
    let core = sandbox.result().facts(CORE);
    assert_eq!(core.needed, ["libc.so"]);
    assert_eq!(core.run_path(), None);
}

#[test]
fn a_program_in_scripts_moves_behind_a_script() {
    let script = "demo-1.0.data/scripts/tool";
    let builder = wheel_with("x86_64/ext_plain.so").file_with_mode(script, object("x86_64/tool"), 0o755);
    let (_, result) = repaired(&builder, &[]);
    let shim = result.text(script);
    assert!(shim.starts_with("#!python\n") && shim.contains("\"demo.scripts/tool\""), "{shim}");
    assert_eq!(result.wheel.member(script).unwrap().mode, Some(0o755));
    assert_eq!(result.wheel.member("demo.scripts/tool").unwrap().mode, Some(0o755));
    let program = result.facts("demo.scripts/tool");
    assert_eq!(program.run_path(), Some("$ORIGIN/../demo.libs"));
    assert_eq!(program.needed[0], result.one("demo.libs", "libgreet-"));
}

#[test]
fn a_program_in_scripts_that_needs_nothing_stays() {
    let script = "demo-1.0.data/scripts/tool";
    let builder = WheelBuilder::new("demo-1.0-py3-none-any.whl").purelib().file_with_mode(
        script,
        object("x86_64/tool_static"),
        0o755,
    );
    let (sandbox, result) = repaired(&builder, &[]);
    assert_eq!(sandbox.outputs(), ["demo-1.0-py3-none-musllinux_1_2_x86_64.whl"]);
    assert_eq!(result.read(script), object("x86_64/tool_static"));
    assert!(!result.wheel.info().root_is_purelib());
}

#[test]
fn run_paths_lead_between_installed_places() {
    let member = "demo-1.0.data/platlib/demo/_core.abi3.so";
    let builder = WheelBuilder::new("demo-1.0-cp37-abi3-linux_x86_64.whl").file_with_mode(
        member,
        object("x86_64/core.so"),
        0o755,
    );
    let (_, result) = repaired(&builder, &[]);
    assert_eq!(result.facts(member).run_path(), Some("$ORIGIN/../demo.libs"));
}

#[test]
fn what_is_installed_below_the_prefix_gets_grafts_below_the_prefix() {
    let member = "demo-1.0.data/data/bin/tool";
    let builder = wheel_with("x86_64/core.so").file_with_mode(member, object("x86_64/tool"), 0o755);
    let (_, result) = repaired(&builder, &[]);
    let (site, prefix) =
        (result.one("demo.libs", "lib"), result.one("demo-1.0.data/data/lib/demo.libs", "lib"));
    assert_eq!(site, prefix);
    assert_eq!(result.facts(member).run_path(), Some("$ORIGIN/../lib/demo.libs"));
}

#[test]
fn libraries_that_are_grafted_twice_are_two_components_that_need_what_lies_beside_them() {
    let member = "demo-1.0.data/data/lib/plugin.so";
    let chain = object("x86_64/ext_chain.so");
    let (_, result) = repaired(&wheel_with("x86_64/ext_chain.so").file_with_mode(member, chain, 0o755), &[]);
    let sbom = result.text("demo-1.0.dist-info/sboms/muslrepair.cdx.json");
    let sbom: serde_json::Value = serde_json::from_str(&sbom).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let listed = |list: &str, key: &str| -> Vec<String> {
        sbom[list].as_array().unwrap().iter().map(|entry| text(&entry[key])).collect()
    };
    let components = listed("components", "bom-ref");
    assert_eq!(components.len(), 4, "{components:?}");
    assert_eq!(listed("dependencies", "ref")[1..], components);
    let directory =
        |reference: &str| reference.rsplit_once('/').unwrap().0.rsplit_once('#').unwrap().1.to_owned();
    let mut needs = 0;
    for entry in &sbom["dependencies"].as_array().unwrap()[1..] {
        for need in entry["dependsOn"].as_array().into_iter().flatten() {
            assert_eq!(directory(&text(need)), directory(&text(&entry["ref"])));
            needs += 1;
        }
    }
    assert_eq!(needs, 2);
}

#[test]
fn zlib_is_left_to_the_system_unless_asked_for() {
    let (_, result) = repaired(&wheel_with("x86_64/ext_zlib.so"), &[]);
    assert_eq!(result.below("demo.libs"), [""; 0]);
    let (_, result) = repaired(&wheel_with("x86_64/ext_zlib.so"), &["--bundle-zlib"]);
    assert_eq!(result.facts(CORE).needed[0], result.one("demo.libs", "libz-"));
}

#[test]
fn private_symbols_of_zlib_are_refused_and_bundling_it_helps() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel_with("x86_64/ext_zlib_private.so"));
    sandbox.repair(&[]).failure(1, &["`inflate_table`", "hint: pass `--bundle-zlib`"]);
    assert_eq!(sandbox.outputs(), [""; 0]);
    sandbox.repair(&["--bundle-zlib"]).success();
}

#[test]
fn relr_is_lowered_unless_kept() {
    let (_, result) = repaired(&wheel_with("x86_64/ext_relr.so"), &[]);
    assert!(!result.facts(CORE).relr);
    let (_, result) = repaired(&wheel_with("x86_64/ext_relr.so"), &["--keep-relr"]);
    assert!(result.facts(CORE).relr);
}

#[test]
fn every_missing_library_is_reported_at_once_and_nothing_is_written() {
    let builder =
        wheel_with("x86_64/ext_missing.so").file_with_mode("demo/other.so", object("x86_64/core.so"), 0o755);
    let sandbox = Sandbox::new();
    sandbox.wheel(&builder);
    let run = sandbox.run(&["repair", NAME, "-w", "out", "--no-system-paths"]).failure(
        1,
        &[
            "error: cannot repair `demo-1.0-cp312-cp312-linux_x86_64.whl`\n",
            "  `libabsent.so.7`, needed by `demo/_core.cpython-312-x86_64-linux-musl.so`, was not found\n",
            "  `libgreet.so.3`, needed by `demo/other.so`, was not found\n",
            "hint: ",
        ],
    );
    assert!(run.stdout.is_empty());
    assert_eq!(sandbox.outputs(), [""; 0]);
}

#[test]
fn rejected_candidates_are_named_with_the_reason() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel_with("x86_64/core.so"));
    let lib = sandbox.path().join("lib");
    std::fs::create_dir_all(lib.join("dir/libgreet.so.3")).unwrap();
    std::fs::create_dir_all(lib.join("other")).unwrap();
    std::fs::create_dir_all(lib.join("text")).unwrap();
    std::fs::write(lib.join("other/libgreet.so.3"), object("aarch64/libgreet.so.3")).unwrap();
    std::fs::write(lib.join("text/libgreet.so.3"), "/* GNU ld script */\nINPUT(libgreet.so)\n").unwrap();
    let run = ["repair", NAME, "-w", "out", "--ldpaths", "lib/dir:lib/other:lib/text:lib/none"];
    sandbox.run(&run).failure(
        1,
        &[
            "  searched: `lib/dir`, `lib/other`, `lib/text`, `lib/none`\n",
            "  rejected: `lib/dir/libgreet.so.3` (a directory)\n",
            "  rejected: `lib/other/libgreet.so.3` (aarch64, the requester is x86_64)\n",
            "  rejected: `lib/text/libgreet.so.3` (a linker script, not a library)\n",
        ],
    );
}

#[test]
fn glibc_objects_are_refused_with_the_evidence() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel_with("x86_64/ext_glibc.so"));
    sandbox.repair(&[]).failure(1, &["was built for glibc: it", "`libc.so.6`"]);
    assert_eq!(sandbox.outputs(), [""; 0]);
}

#[test]
fn the_elf_files_decide_the_architecture_and_the_name_must_agree() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel_with("aarch64/core.so"));
    sandbox.repair(&[]).failure(1, &["is built for aarch64, but the file name says x86_64"]);
    let mixed = Sandbox::new();
    mixed.wheel(&wheel_with("x86_64/ext_plain.so").file("demo/b.abi3.so", object("s390x/core.so")));
    mixed.repair(&[]).failure(
        1,
        &["`demo/b.abi3.so` is built for s390x, but `demo/_core", "a wheel has one architecture"],
    );
}

#[test]
fn every_architecture_is_repaired_on_any_host() {
    for arch in ["aarch64", "armv6l", "armv7l", "i686", "loongarch64", "ppc64le", "riscv64", "s390x"] {
        let sandbox = Sandbox::new();
        let name = format!("demo-1.0-cp312-cp312-linux_{arch}.whl");
        sandbox.wheel(&WheelBuilder::new(&name).file("demo/_core.so", object(&format!("{arch}/core.so"))));
        let libraries = testdata(&format!("objects/{arch}"));
        sandbox.run(&["repair", &name, "-w", "out", "--ldpaths", libraries.to_str().unwrap()]).success();
        assert_eq!(sandbox.outputs(), [format!("demo-1.0-cp312-cp312-musllinux_1_2_{arch}.whl")]);
        let result = sandbox.result();
        assert_eq!(result.facts("demo/_core.so").needed[0], result.one("demo.libs", "libgreet-"), "{arch}");
    }
}

#[test]
fn thirty_two_bit_arm_on_a_64_bit_kernel_becomes_what_the_objects_are() {
    for (arch, expected) in [("armv7l", "armv7l"), ("aarch64", "aarch64")] {
        let sandbox = Sandbox::new();
        let name = "demo-1.0-cp312-cp312-linux_armv8l.whl";
        sandbox.wheel(&WheelBuilder::new(name).file("demo/_core.so", object(&format!("{arch}/core.so"))));
        let libraries = testdata(&format!("objects/{arch}"));
        sandbox.run(&["repair", name, "-w", "out", "--ldpaths", libraries.to_str().unwrap()]).success();
        assert_eq!(sandbox.outputs(), [format!("demo-1.0-cp312-cp312-musllinux_1_2_{expected}.whl")]);
    }
}

#[test]
fn pure_wheels_are_copied_byte_for_byte() {
    let sandbox = Sandbox::new();
    let builder = WheelBuilder::new("demo-1.0-py3-none-any.whl").purelib().file("demo.py", "x = 1\n");
    let input = sandbox.wheel(&builder);
    sandbox.repair(&[]).success();
    assert_eq!(
        std::fs::read(sandbox.out().join("demo-1.0-py3-none-any.whl")).unwrap(),
        std::fs::read(input).unwrap()
    );
}

#[test]
fn a_linux_wheel_without_elf_is_an_error_with_a_hint() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&WheelBuilder::new("demo-1.0-py3-none-linux_x86_64.whl").file("demo.py", "x = 1\n"));
    sandbox.repair(&[]).failure(1, &["`linux_x86_64`", "no ELF file", "hint: if it is pure Python"]);
    assert_eq!(sandbox.outputs(), [""; 0]);
}

#[test]
fn repairing_the_result_again_is_a_byte_identical_copy() {
    for extension in ["x86_64/core.so", "x86_64/ext_chain.so", "x86_64/ext_stale.so", "x86_64/ext_relr.so"] {
        let (sandbox, _) = repaired(&wheel_with(extension), &[]);
        let first = sandbox.out().join(&sandbox.outputs()[0]);
        sandbox.run(&["repair", first.to_str().unwrap(), "-w", "again", "--no-system-paths"]).success();
        let second = sandbox.path().join("again").join(first.file_name().unwrap());
        assert_eq!(std::fs::read(&first).unwrap(), std::fs::read(second).unwrap(), "{extension}");
    }
}

#[test]
fn threads_and_directories_do_not_reach_the_output() {
    let builder =
        wheel_with("x86_64/ext_chain.so").file_with_mode("demo/b.so", object("x86_64/core.so"), 0o755);
    let (one, _) = repaired(&builder, &["-j1"]);
    let (eight, _) = repaired(&builder, &["-j8"]);
    let bytes = |sandbox: &Sandbox| std::fs::read(sandbox.out().join(&sandbox.outputs()[0])).unwrap();
    assert_eq!(bytes(&one), bytes(&eight));
}

#[test]
fn times_come_from_source_date_epoch_or_from_the_input() {
    let (_, result) = repaired(&wheel_with("x86_64/core.so"), &[]);
    assert_eq!(result.wheel.member(CORE).unwrap().modified.to_string(), "2020-02-02 12:34:56");
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel_with("x86_64/core.so"));
    let root = testdata("rootfs");
    let mut command = sandbox.command();
    command.args(["repair", NAME, "-w", "out", "--sysroot", root.to_str().unwrap()]);
    assert!(command.env("SOURCE_DATE_EPOCH", "650203201").output().unwrap().status.success());
    let result = sandbox.result();
    let graft = format!("demo.libs/{}", result.one("demo.libs", "lib"));
    for member in [CORE, &graft, "demo-1.0.dist-info/WHEEL", "demo-1.0.dist-info/RECORD"] {
        assert_eq!(
            result.wheel.member(member).unwrap().modified.to_string(),
            "1990-08-09 12:00:00",
            "{member}"
        );
    }
    assert_eq!(result.wheel.member("demo/__init__.py").unwrap().modified.to_string(), "2020-02-02 12:34:56");
}

#[test]
fn a_batch_goes_on_past_a_failure_and_exits_1() {
    let sandbox = Sandbox::new();
    let other = WheelBuilder::new("other-1.0-cp312-cp312-linux_x86_64.whl")
        .file("_o.so", object("x86_64/ext_missing.so"));
    sandbox.wheel(&other);
    sandbox.wheel(&wheel_with("x86_64/core.so"));
    sandbox.wheel(&WheelBuilder::new("pure-1.0-py3-none-any.whl").file("pure.py", ""));
    let run = sandbox.repair(&[]).failure(1, &["cannot repair `other-1.0-cp312-cp312-linux_x86_64.whl`"]);
    assert_eq!(
        sandbox.outputs(),
        ["demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl", "pure-1.0-py3-none-any.whl"]
    );
    let order: Vec<usize> = ["Repairing demo", "cannot repair `other", "Copying pure"]
        .iter()
        .map(|text| run.stderr.find(text).unwrap())
        .collect();
    assert!(order.is_sorted(), "{}", run.stderr);
}

#[test]
fn two_wheels_that_give_one_file_are_not_both_written() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel_with("x86_64/core.so"));
    sandbox.wheel(
        &WheelBuilder::new("demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl")
            .file(CORE, object("x86_64/ext_plain.so")),
    );
    let said = [
        "cannot repair `./demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl`: `./demo-1.0-cp312-cp312-linux_x86_64.whl` of \
         this call gives `demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl` as well",
        "hint: repair each in a call of its own",
    ];
    sandbox.repair(&[]).failure(1, &said);
    assert!(sandbox.result().below("demo.libs").len() == 1);
}

#[test]
fn success_ends_with_one_line_that_names_the_absolute_path() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel_with("x86_64/core.so"));
    let run = sandbox.repair(&[]).success();
    assert!(run.stdout.is_empty());
    let path =
        sandbox.path().canonicalize().unwrap().join("out/demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl");
    let last = run.stderr.lines().last().unwrap();
    assert_eq!(last, format!("Fixed-up wheel written to {}", path.display()));
    assert_eq!(run.stderr.matches(path.to_str().unwrap()).count(), 1);
}

#[test]
fn a_dry_run_prints_the_plan_and_writes_nothing() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel_with("x86_64/core.so"));
    let run = sandbox.repair(&["--dry-run"]).success();
    assert!(run.stdout.contains("graft /usr/lib/libgreet.so.3.1 as demo.libs/libgreet-"), "{}", run.stdout);
    assert!(run.stdout.contains("    run path $ORIGIN/../demo.libs\n"), "{}", run.stdout);
    assert!(!sandbox.out().exists());
}

#[test]
fn the_input_may_be_the_output() {
    let sandbox = Sandbox::new();
    let name = "demo-1.0-1muslrepair-cp312-cp312-musllinux_1_2_x86_64.whl";
    sandbox.wheel(&WheelBuilder::new(name).file(CORE, object("x86_64/core.so")));
    let root = testdata("rootfs");
    sandbox.run(&["repair", name, "-w", ".", "--sysroot", root.to_str().unwrap()]).success();
    let result = Repaired::open(&sandbox.path().join(name));
    assert_eq!(result.below("demo.libs").len(), 1);
    let names: Vec<_> =
        std::fs::read_dir(sandbox.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, [name]);
}

#[test]
fn linux_platforms_graft_and_keep_the_name() {
    let (sandbox, result) = repaired(&wheel_with("x86_64/core.so"), &["--plat", "linux_x86_64"]);
    assert_eq!(sandbox.outputs(), [NAME]);
    assert_eq!(result.below("demo.libs").len(), 1);
}

#[test]
fn platforms_are_checked_before_anything_is_done() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel_with("x86_64/core.so"));
    sandbox.repair(&["--plat", "manylinux_2_28_x86_64"]).failure(2, &["manylinux is for glibc"]);
    sandbox.repair(&["--plat", "musllinux_1_2_vax"]).failure(2, &["unknown architecture `vax`"]);
    sandbox
        .repair(&["--plat", "musllinux_1_2_arm64"])
        .failure(2, &["cannot repair a wheel for x86_64 to `musllinux_1_2_aarch64`"]);
    sandbox
        .repair(&["--plat", "musllinux_1_7_x86_64"])
        .failure(2, &["impossible platform `musllinux_1_7_x86_64`"]);
    sandbox.repair(&["--plat", "musllinux_1_1_amd64"]).success();
    assert_eq!(sandbox.outputs(), ["demo-1.0-cp312-cp312-musllinux_1_1_x86_64.whl"]);
}

#[test]
fn exclusion_leaves_a_library_and_all_it_needs_to_the_user() {
    let (_, result) = repaired(&wheel_with("x86_64/ext_chain.so"), &["--exclude", "libchain_a*"]);
    assert_eq!(result.below("demo.libs"), [""; 0]);
    assert_eq!(result.facts(CORE).needed[0], "libchain_a.so.1");
    let (_, result) = repaired(&wheel_with("x86_64/ext_chain.so"), &["--exclude", "/opt/chain/*"]);
    assert_eq!(result.below("demo.libs").len(), 1);
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel_with("x86_64/core.so"));
    let run = sandbox.repair(&["--exclude", "libnothing.so*"]).success();
    assert!(run.stderr.contains("warning: `--exclude libnothing.so*` matched nothing"), "{}", run.stderr);
}

#[test]
fn the_bill_of_materials_lists_every_graft() {
    let (_, result) = repaired(&wheel_with("x86_64/core.so"), &[]);
    let sbom = result.text("demo-1.0.dist-info/sboms/muslrepair.cdx.json");
    let sbom: serde_json::Value = serde_json::from_str(&sbom).unwrap();
    assert_eq!(sbom["components"][0]["name"], "greet-libs");
    assert!(
        sbom["components"][0]["purl"]
            .as_str()
            .unwrap()
            .starts_with("pkg:apk/alpine/greet-libs@3.1-r2?arch=x86_64")
    );
    let (_, result) = repaired(&wheel_with("x86_64/core.so"), &["--no-sbom"]);
    assert_eq!(result.below("demo-1.0.dist-info/sboms"), [""; 0]);
}

#[test]
fn the_directory_of_grafts_follows_the_suffix() {
    let (_, result) = repaired(&wheel_with("x86_64/core.so"), &["-L", "/.libs"]);
    assert_eq!(result.below("demo/.libs").len(), 1);
    assert_eq!(result.facts(CORE).run_path(), Some("$ORIGIN/.libs"));
}

#[test]
fn members_that_record_forgot_are_listed_in_the_result() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel_with("x86_64/ext_plain.so").unlisted("demo/__init__.py"));
    let run = sandbox.repair(&[]).success();
    assert!(
        run.stderr.contains("`demo/__init__.py` is not listed in `demo-1.0.dist-info/RECORD`"),
        "{}",
        run.stderr
    );
    sandbox.result();
}

#[test]
fn missing_input_and_a_bare_call_behave_as_callers_expect() {
    let sandbox = Sandbox::new();
    sandbox.run(&["repair", "dist/*.whl"]).failure(2, &["cannot access `dist/*.whl`. No such file"]);
    sandbox.run(&["repair", "--frobnicate"]).failure(2, &["--frobnicate"]);
    let run = sandbox.run(&[]).success();
    assert!(run.stdout.contains("Usage: muslrepair"), "{}", run.stdout);
    assert!(sandbox.run(&["--version"]).success().stdout.starts_with("muslrepair "));
}

#[test]
fn what_would_have_to_be_patched_is_an_error_without_a_patcher() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel_with("x86_64/core.so"));
    sandbox.repair(&["--patcher", "none"]).failure(1, &["has to be patched, but the patcher is `none`"]);
    assert_eq!(sandbox.outputs(), [""; 0]);
    let plain = Sandbox::new();
    plain.wheel(&wheel_with("x86_64/ext_plain.so"));
    plain.repair(&["--patcher", "none"]).success();
}

#[cfg(feature = "arwen")]
#[test]
fn arwen_patches_to_the_same_facts_where_it_can_and_says_where_it_cannot() {
    let bytes = std::fs::read(testdata("elf/x86_64/bfd-plain.so")).unwrap();
    let builder = WheelBuilder::new(NAME).file_with_mode("demo/_core.so", bytes, 0o755);
    let libraries = testdata("elf/x86_64/libs");
    let repair = |patcher: &str| {
        let sandbox = Sandbox::new();
        sandbox.wheel(&builder);
        let run =
            ["repair", NAME, "-w", "out", "--patcher", patcher, "--ldpaths", libraries.to_str().unwrap()];
        sandbox.run(&run).success();
        let facts = sandbox.result().facts("demo/_core.so");
        (facts.needed, facts.rpath, facts.runpath, facts.soname)
    };
    assert_eq!(repair("builtin"), repair("arwen"));
    let refused = Sandbox::new();
    refused.wheel(&wheel_with("x86_64/core.so"));
    refused.repair(&["--patcher", "arwen"]).failure(1, &[CORE, "arwen"]);
    assert_eq!(refused.outputs(), [""; 0]);
}
