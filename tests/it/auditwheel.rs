//! The rules of auditwheel's own tests, with our own fixtures; under our own name, and under auditwheel's
//! name where the results differ.

use crate::support::sandbox::{Repaired, Sandbox, object, testdata};
use crate::support::wheel_builder::WheelBuilder;
use muslrepair::elf::{ElfEdit, RunPathEdit, patch};

const NAME: &str = "demo-1.0-cp312-cp312-linux_x86_64.whl";
const CORE: &str = "demo/_core.cpython-312-x86_64-linux-musl.so";

fn wheel_with(extension: &str) -> WheelBuilder {
    WheelBuilder::new(NAME).file_with_mode(CORE, object(extension), 0o755)
}

/// A note that requires a level of x86-64 instead of control flow protection.
fn with_isa(level: u32) -> Vec<u8> {
    let mut bytes = std::fs::read(testdata("elf/x86_64/bfd-ibt-shstk.so")).unwrap();
    let property: Vec<u8> = [0xc000_0002_u32, 4].iter().flat_map(|word| word.to_le_bytes()).collect();
    let at = bytes.windows(8).position(|window| window == property).unwrap();
    bytes[at..at + 4].copy_from_slice(&0xc000_8002_u32.to_le_bytes());
    bytes[at + 8..at + 12].copy_from_slice(&level.to_le_bytes());
    bytes
}

#[test]
fn without_plat_every_architecture_gets_its_musllinux_tag() {
    for arch in ["aarch64", "armv7l", "i686", "ppc64le", "riscv64", "s390x", "x86_64"] {
        let sandbox = Sandbox::new();
        let library = match arch {
            "x86_64" => object("x86_64/ext_plain.so"),
            other => object(&format!("{other}/libgreet.so.3")),
        };
        let name = format!("demo-1.0-cp312-cp312-linux_{arch}.whl");
        sandbox.wheel(&WheelBuilder::new(&name).file("demo/_core.so", library));
        sandbox.run_as_auditwheel(&["repair", "--plat", "auto", "-w", "out", &name]).success();
        assert_eq!(sandbox.outputs(), [format!("demo-1.0-cp312-cp312-musllinux_1_2_{arch}.whl")]);
    }
}

#[test]
fn armv6_is_never_tagged_armv7() {
    let sandbox = Sandbox::new();
    let name = "demo-1.0-cp312-cp312-linux_armv6l.whl";
    sandbox.wheel(&WheelBuilder::new(name).file("demo/_core.so", object("armv6l/libgreet.so.3")));
    sandbox.repair(&[]).success();
    assert_eq!(sandbox.outputs(), ["demo-1.0-cp312-cp312-musllinux_1_2_armv6l.whl"]);
}

#[test]
fn extensions_of_pythons_before_3_11_may_be_named_for_glibc() {
    for arguments in [&[][..], &["--plat", "musllinux_1_2_x86_64"]] {
        let sandbox = Sandbox::new();
        let member = "demo/_core.cpython-310-x86_64-linux-gnu.so";
        let name = "demo-1.0-cp310-cp310-linux_x86_64.whl";
        sandbox.wheel(&WheelBuilder::new(name).file(member, object("x86_64/core.so")));
        sandbox.repair(arguments).success();
        assert_eq!(sandbox.outputs(), ["demo-1.0-cp310-cp310-musllinux_1_2_x86_64.whl"]);
    }
}

#[test]
fn source_date_epoch_is_clipped_to_what_zip_can_say() {
    for (epoch, expected) in [
        ("0", "1980-01-01 00:00:00"),
        ("315532799", "1980-01-01 00:00:00"),
        ("315532801", "1980-01-01 00:00:00"),
        ("315532802", "1980-01-01 00:00:02"),
        ("650203201", "1990-08-09 12:00:00"),
    ] {
        let sandbox = Sandbox::new();
        sandbox.wheel(&wheel_with("x86_64/ext_plain.so"));
        let run =
            sandbox.command().args(["repair", NAME, "-w", "out"]).env("SOURCE_DATE_EPOCH", epoch).output();
        assert!(run.unwrap().status.success());
        let result = sandbox.result();
        for member in ["demo-1.0.dist-info/WHEEL", "demo-1.0.dist-info/RECORD"] {
            assert_eq!(result.wheel.member(member).unwrap().modified.to_string(), expected, "{epoch}");
        }
    }
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel_with("x86_64/ext_plain.so"));
    let run = sandbox.command().args(["repair", NAME]).env("SOURCE_DATE_EPOCH", "today").output().unwrap();
    assert_eq!(run.status.code(), Some(2));
}

#[test]
fn machines_that_no_wheel_can_name_are_refused() {
    let sandbox = Sandbox::new();
    let mut mips = object("i686/libgreet.so.3");
    mips[18] = 8;
    sandbox.wheel(&WheelBuilder::new(NAME).file("demo/_core.so", mips));
    for run in [sandbox.repair(&[]), sandbox.repair(&["--allow-pure-python-wheel"])] {
        run.failure(1, &["`demo/_core.so` is built for the ELF machine 8"]);
    }
    assert_eq!(sandbox.outputs(), [""; 0]);
}

#[test]
fn a_name_for_another_architecture_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&WheelBuilder::new(NAME).file("demo/_core.so", object("s390x/libgreet.so.3")));
    sandbox.repair(&[]).failure(1, &["is built for s390x, but the file name says x86_64"]);
}

#[test]
fn pure_wheels_are_refused_as_auditwheel_and_copied_otherwise() {
    let sandbox = Sandbox::new();
    let names = ["six-1.0-py3-none-any.whl", "two-1.0-py3-none-any.whl"];
    let paths = names.map(|name| sandbox.wheel(&WheelBuilder::new(name).purelib().file("six.py", "x = 1\n")));
    let sentence = "This does not look like a platform wheel";
    let run = sandbox.run_as_auditwheel(&["repair", "-w", "out", names[0]]).failure(1, &[sentence]);
    assert!(run.stderr.starts_with("INFO:auditwheel.main_repair:"), "{}", run.stderr);
    sandbox.run_as_auditwheel(&["show", names[0]]).failure(1, &[sentence]);
    assert_eq!(sandbox.outputs(), [""; 0]);
    let allowed = "--allow-pure-python-wheel";
    assert!(sandbox.run_as_auditwheel(&["show", allowed, names[0]]).success().stderr.contains(sentence));
    for (directory, out) in [("out", sandbox.out()), (".", sandbox.path().to_owned())] {
        let before = paths.clone().map(|path| std::fs::read(path).unwrap());
        let run =
            sandbox.run_as_auditwheel(&["repair", allowed, "-w", directory, names[0], names[1]]).success();
        assert_eq!(run.stderr.matches(sentence).count(), 2, "{}", run.stderr);
        assert_eq!(before, names.map(|name| std::fs::read(out.join(name)).unwrap()));
    }
    // Under our own name, the wheel is copied; `show` still distinguishes the kinds.
    sandbox.run(&["repair", "-w", "own", names[0]]).success();
    assert_eq!(sandbox.names("own"), [names[0]]);
    assert_eq!(sandbox.run(&["show", names[0]]).status, 1);
}

#[test]
fn static_programs_need_nothing() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.path().join("tool"), object("x86_64/tool_static")).unwrap();
    let run = sandbox.run_as_auditwheel(&["lddtree", "tool"]).success();
    let json = run.stderr.strip_prefix("INFO:auditwheel.main_lddtree:").unwrap();
    let tree: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(tree["needed"], serde_json::json!([]));
    assert_eq!(tree["libraries"], serde_json::json!({}));
    assert_eq!(tree["platform"]["_base_arch"], "<Architecture.x86_64: 'x86_64'>");
}

#[test]
fn wheels_that_are_not_there_are_refused_in_auditwheels_words() {
    let sandbox = Sandbox::new();
    for command in ["repair", "show", "lddtree"] {
        let run = sandbox.run_as_auditwheel(&[command, "absent.whl"]);
        run.failure(2, &["auditwheel: error: cannot access absent.whl. No such file"]);
    }
    assert!(sandbox.run_as_auditwheel(&[]).success().stdout.contains("Usage: auditwheel"));
    assert!(sandbox.run_as_auditwheel(&["-V"]).success().stdout.starts_with("auditwheel 6.8.2"));
    assert_eq!(sandbox.run_as_auditwheel(&["repair"]).status, 2);
}

#[test]
fn names_that_do_not_fit_the_platform_are_refused_before_the_wheel_is_opened() {
    let sandbox = Sandbox::new();
    for (platform, asked, said) in [
        (
            "manylinux1_aarch64",
            "musllinux_1_2_x86_64",
            "with aarch64 architecture to a wheel targeting x86_64",
        ),
        ("musllinux_1_1_x86_64", "musllinux_1_1_i686", "with x86_64 architecture to a wheel targeting i686"),
        ("manylinux1_x86_64", "musllinux_1_1_x86_64", "with GLIBC libc to a wheel targeting MUSL"),
    ] {
        let name = format!("foo-1.0-py3-none-{platform}.whl");
        std::fs::write(sandbox.path().join(&name), b"").unwrap();
        let run = sandbox.run_as_auditwheel(&["repair", "--plat", asked, &name]);
        run.failure(2, &[&format!("can't repair wheel {name} {said}")]);
    }
}

#[test]
fn options_beat_our_environment_which_beats_auditwheels() {
    let run = |arguments: &[&str], environment: &[(&str, &str)]| {
        let sandbox = Sandbox::new();
        sandbox.wheel(&wheel_with("x86_64/ext_plain.so"));
        let mut command = sandbox.command();
        command.args(["repair", NAME, "-w", "out"]).args(arguments).envs(environment.iter().copied());
        (command.output().unwrap().status.code().unwrap(), sandbox.outputs().first().cloned())
    };
    let tag = |minor: u8| (0, Some(format!("demo-1.0-cp312-cp312-musllinux_1_{minor}_x86_64.whl")));
    let (old, new) = ("musllinux_1_1_x86_64", "musllinux_1_2_x86_64");
    assert_eq!(run(&[], &[("AUDITWHEEL_PLAT", old)]), tag(1));
    assert_eq!(run(&[], &[("AUDITWHEEL_PLAT", old), ("MUSLREPAIR_PLAT", new)]), tag(2));
    assert_eq!(run(&["--plat", old], &[("MUSLREPAIR_PLAT", new)]), tag(1));
    assert_eq!(run(&[], &[("AUDITWHEEL_PLAT", "")]), tag(2));
    assert_eq!(run(&[], &[("AUDITWHEEL_PLAT", "manylinux_2_28_x86_64")]), (2, None));
    // The variables set in the musllinux images; the architecture is always that of the wheel.
    assert_eq!(run(&[], &[("AUDITWHEEL_POLICY", "musllinux_1_1"), ("AUDITWHEEL_ARCH", "armv7l")]), tag(1));
    for level in ["foo", "10", "-1"] {
        assert_eq!(run(&[], &[("AUDITWHEEL_ZIP_COMPRESSION_LEVEL", level)]), (2, None), "{level}");
    }
    assert_eq!(run(&["-z", "0"], &[("AUDITWHEEL_ZIP_COMPRESSION_LEVEL", "foo")]).0, 0);
    assert_eq!(run(&[], &[("AUDITWHEEL_PATCHER", "hammer")]), (2, None));
    assert_eq!(run(&["--patcher", "patchelf"], &[("AUDITWHEEL_PATCHER", "hammer")]).0, 0);
}

#[test]
fn modes_of_members_survive_a_repair() {
    let mut builder = wheel_with("x86_64/core.so");
    let modes: Vec<u32> = (0..0o1000).step_by(37).collect();
    for mode in &modes {
        builder = builder.file_with_mode(&format!("demo/mode{mode:o}.txt"), "x", *mode);
    }
    let sandbox = Sandbox::new();
    sandbox.wheel(&builder);
    sandbox.repair(&[]).success();
    let result = sandbox.result();
    for mode in modes {
        let member = result.wheel.member(&format!("demo/mode{mode:o}.txt")).unwrap();
        assert_eq!(member.mode, Some(mode), "{mode:o}");
    }
}

#[test]
fn directories_stay_and_the_metadata_is_last() {
    let sandbox = Sandbox::new();
    sandbox.wheel(
        &wheel_with("x86_64/core.so").directory("demo/empty").file("demo/zeros.bin", vec![0; 1 << 20]),
    );
    sandbox.repair(&[]).success();
    let result = sandbox.result();
    assert!(result.wheel.member("demo/empty/").or(result.wheel.member("demo/empty")).unwrap().is_dir);
    assert!(result.wheel.member("demo/zeros.bin").unwrap().compressed_size < 10_000);
    let names: Vec<&str> = result.wheel.members().iter().map(|member| member.path.as_str()).collect();
    let first = names.iter().position(|name| name.starts_with("demo-1.0.dist-info")).unwrap();
    assert!(names[first..].iter().all(|name| name.starts_with("demo-1.0.dist-info")), "{names:?}");
    assert_eq!(names.last(), Some(&"demo-1.0.dist-info/RECORD"));
}

#[test]
fn a_wheel_for_any_platform_with_elf_files_becomes_one_for_a_platform() {
    for purelib in [true, false] {
        let mut builder =
            WheelBuilder::new("demo-1.0-py3-none-any.whl").file("demo/x.so", object("x86_64/ext_plain.so"));
        if purelib {
            builder = builder.purelib();
        }
        let sandbox = Sandbox::new();
        sandbox.wheel(&builder);
        sandbox.repair(&[]).success();
        assert_eq!(sandbox.outputs(), ["demo-1.0-py3-none-musllinux_1_2_x86_64.whl"]);
        let info = sandbox.result().text("demo-1.0.dist-info/WHEEL");
        let lines: Vec<&str> = info.lines().filter(|line| line.starts_with("Root-Is-Purelib")).collect();
        assert_eq!(lines, ["Root-Is-Purelib: false"]);
    }
}

#[test]
fn platforms_of_two_architectures_are_refused_and_others_repaired() {
    for (platforms, status) in [
        ("linux_x86_64.linux_aarch64", 1),
        ("any.linux_x86_64", 0),
        ("manylinux1_x86_64.musllinux_1_1_x86_64", 0),
    ] {
        let sandbox = Sandbox::new();
        let name = format!("demo-1.0-py3-none-{platforms}.whl");
        sandbox.wheel(&WheelBuilder::new(&name).file("demo/x.so", object("x86_64/ext_plain.so")));
        let run = sandbox.run(&["repair", &name, "-w", "out"]);
        assert_eq!(run.status, status, "{platforms}: {}", run.stderr);
    }
}

#[test]
fn exclude_patterns_match_a_name_or_a_whole_path() {
    let lib = testdata("rootfs/usr/lib").canonicalize().unwrap();
    let by_path = format!("{}/*", lib.display());
    for (pattern, variable, excluded) in [
        ("libgreet.so.3", "LD_LIBRARY_PATH", true),
        ("libgreet.so.4", "LD_LIBRARY_PATH", false),
        ("libgreet.so.[3,4]", "AUDITWHEEL_LD_LIBRARY_PATH", true),
        ("libgreet.so.[!3]", "AUDITWHEEL_LD_LIBRARY_PATH", false),
        ("libgree?.so*", "LD_LIBRARY_PATH", true),
        ("*", "LD_LIBRARY_PATH", true),
        (&by_path, "LD_LIBRARY_PATH", true),
        (&by_path, "AUDITWHEEL_LD_LIBRARY_PATH", true),
    ] {
        let sandbox = Sandbox::new();
        sandbox.wheel(&wheel_with("x86_64/core.so"));
        let mut command = sandbox.command();
        command.args(["repair", NAME, "-w", "out", "--no-system-paths", "--exclude", pattern]);
        assert!(command.env(variable, &lib).output().unwrap().status.success(), "{pattern}");
        let result = sandbox.result();
        assert_eq!(result.below("demo.libs").is_empty(), excluded, "{pattern}");
        assert_eq!(result.facts(CORE).needed[0] == "libgreet.so.3", excluded, "{pattern}");
    }
    // A path that no search finds matches nothing, and the library is missing.
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel_with("x86_64/core.so"));
    let arguments = ["repair", NAME, "-w", "out", "--no-system-paths", "--exclude", &by_path];
    sandbox.run(&arguments).failure(1, &["`libgreet.so.3`", "was not found"]);
}

#[test]
fn libpython_is_removed_from_extensions_and_shown_as_the_interpreters() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel_with("x86_64/ext_python.so"));
    let run = sandbox.run_as_auditwheel(&["repair", NAME, "-w", "out"]).success();
    assert!(
        run.stderr.contains("WARNING:auditwheel.repair:Removing libpython3.12.so.1.0 dependency from"),
        "{}",
        run.stderr
    );
    std::fs::write(sandbox.path().join("x.so"), object("x86_64/ext_python.so")).unwrap();
    let tree = sandbox.run(&["lddtree", "x.so", "--json"]).success().stdout;
    let tree: serde_json::Value = serde_json::from_str(&tree).unwrap();
    assert_eq!(tree["libraries"]["libpython3.12.so.1.0"]["path"], serde_json::Value::Null);
}

#[test]
fn private_symbols_of_zlib_are_a_gate_of_the_policy() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel_with("x86_64/ext_zlib_private.so"));
    let platform = "musllinux_1_2_x86_64";
    let run = sandbox.run_as_auditwheel(&["repair", NAME, "-w", "out", "--plat", platform]);
    run.failure(
        2,
        &["auditwheel: error: cannot repair \"demo-1.0-cp312-cp312-linux_x86_64.whl\" to \
           \"musllinux_1_2_x86_64\" ABI because it depends on black-listed symbols"],
    );
    assert_eq!(sandbox.outputs(), [""; 0]);
    let shown = sandbox.run_as_auditwheel(&["show", NAME]).success().stdout;
    let words: Vec<&str> = shown.split_whitespace().collect();
    let words = words.join(" ");
    assert!(words.contains("the following black-listed symbol dependencies will need to be"), "{shown}");
    assert!(words.contains("From libz.so.1: inflate_table"), "{shown}");
    assert!(shown.lines().all(|line| line.len() <= 70), "{shown}");
}

#[test]
fn run_paths_into_the_wheel_are_kept_and_others_dropped() {
    let edit = ElfEdit {
        run_path: RunPathEdit::Set(
            "/build/lib:$ORIGIN/sub:relative:${ORIGIN}/../demo/./sub:$ORIGIN/sub:$ORIGIN/../../../../../.."
                .to_owned(),
        ),
        ..ElfEdit::default()
    };
    let crafted = patch(object("x86_64/core.so"), &edit).unwrap().bytes;
    let sandbox = Sandbox::new();
    let builder =
        WheelBuilder::new(NAME).file(CORE, crafted).file("demo/sub/x.so", object("x86_64/ext_plain.so"));
    sandbox.wheel(&builder);
    sandbox.repair(&[]).success();
    let path = sandbox.result().facts(CORE).rpath.unwrap();
    assert_eq!(path, "$ORIGIN/sub:${ORIGIN}/../demo/./sub:$ORIGIN/../demo.libs");
}

#[test]
fn the_environment_beats_ldpaths() {
    let (one, two) = (testdata("rootfs/opt/one"), testdata("rootfs/opt/two"));
    let twin = |arguments: &[&str], environment: Option<(&str, &std::path::Path)>| {
        let sandbox = Sandbox::new();
        // Without the run path that would find one of them.
        let edit = ElfEdit { run_path: RunPathEdit::Clear, ..ElfEdit::default() };
        let extension = patch(object("x86_64/ext_one.so"), &edit).unwrap().bytes;
        sandbox.wheel(&WheelBuilder::new(NAME).file(CORE, extension));
        let mut command = sandbox.command();
        command.args(["repair", NAME, "-w", "out"]).args(arguments).envs(environment);
        assert!(command.output().unwrap().status.success());
        sandbox.result().one("demo.libs", "libtwin-")
    };
    let ldpaths = ["--ldpaths", one.to_str().unwrap()];
    let first = twin(&ldpaths, None);
    assert_ne!(twin(&ldpaths, Some(("AUDITWHEEL_LD_LIBRARY_PATH", &two))), first);
    assert_eq!(twin(&ldpaths, Some(("LD_LIBRARY_PATH", &two))), first);
}

#[test]
fn objects_for_glibc_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel_with("x86_64/ext_glibc.so"));
    for run in [sandbox.repair(&[]), sandbox.repair(&["--plat", "musllinux_1_2_x86_64"])] {
        run.failure(1, &["was built for glibc"]);
    }
    sandbox.run_as_auditwheel(&["repair", NAME, "-w", "out"]).failure(1, &["was built for glibc"]);
    assert_eq!(sandbox.outputs(), [""; 0]);
}

#[test]
fn a_library_of_the_wheel_finds_others_through_the_extension_that_loads_it() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel_with("x86_64/ext_chain.so"));
    sandbox.repair(&[]).success();
    let first = sandbox.result();
    let (a, b) = (first.one("demo.libs", "libchain_a-"), first.one("demo.libs", "libchain_b-"));
    // Now only the extension's run path finds the second library.
    let edit = ElfEdit { run_path: RunPathEdit::Clear, ..ElfEdit::default() };
    let a_member = format!("demo.libs/{a}");
    let bare = patch(first.read(&a_member), &edit).unwrap().bytes;
    let again = Sandbox::new();
    let name = &sandbox.outputs()[0];
    let b_member = format!("demo.libs/{b}");
    again.wheel(
        &WheelBuilder::new(name)
            .file(CORE, first.read(CORE))
            .file(&a_member, &bare)
            .file(&b_member, first.read(&b_member)),
    );
    again.run(&["repair", name, "-w", "out", "--no-system-paths"]).success();
    let result = Repaired::open(&again.out().join(name));
    assert_eq!(result.below("demo.libs").len(), 2);
    assert_eq!(result.read(&a_member), bare);
}

#[test]
fn levels_of_x86_64_above_the_baseline_are_a_gate_that_can_be_opened() {
    for (level, name) in [(2, "x86_64_v2"), (4, "x86_64_v3"), (8, "x86_64_v4")] {
        let sandbox = Sandbox::new();
        sandbox.wheel(&WheelBuilder::new(NAME).file("demo/_core.so", with_isa(level)));
        let libraries = testdata("elf/x86_64/libs");
        let call = ["repair", NAME, "-w", "out", "--ldpaths", libraries.to_str().unwrap()];
        let said = format!("`demo/_core.so` needs instructions of {name}");
        sandbox.run(&call).failure(1, &[&said, "hint: ", "--disable-isa-ext-check"]);
        let said = "because it depends on unsupported ISA extensions";
        sandbox.run_as_auditwheel(&call).failure(2, &[said]);
        assert_eq!(sandbox.outputs(), [""; 0]);
        let open = [&call[..], &["--disable-isa-ext-check"]].concat();
        sandbox.run(&open).success();
        let result = format!("out/{}", sandbox.outputs()[0]);
        let json = |arguments: &[&str]| -> serde_json::Value {
            let all = [&["show", "--json", &result], arguments].concat();
            serde_json::from_str(&sandbox.run(&all).success().stdout).unwrap()
        };
        assert_eq!(
            (json(&[])["unsupported_isa"].clone(), json(&[])["overall_tag"].clone()),
            (true.into(), "linux_x86_64".into())
        );
        let unchecked = json(&["--disable-isa-ext-check"]);
        assert_eq!(unchecked["overall_tag"], "musllinux_1_2_x86_64");
        let shown = sandbox.run_as_auditwheel(&["show", &result]).success().stdout;
        assert!(shown.trim_end().ends_with("This wheel depends on unsupported ISA extensions."), "{shown}");
    }
    let sandbox = Sandbox::new();
    sandbox.wheel(&WheelBuilder::new(NAME).file("demo/_core.so", with_isa(1)));
    let libraries = testdata("elf/x86_64/libs");
    sandbox.run(&["repair", NAME, "-w", "out", "--ldpaths", libraries.to_str().unwrap()]).success();
}
