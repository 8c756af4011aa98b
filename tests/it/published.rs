//! Wheels that come with a musllinux tag: those that load are copied, others are fixed under a build tag.

use muslrepair::elf::{ElfEdit, RunPathEdit, patch};
use muslrepair::wheel::Sha256Digest;
use serde_json::Value;

use crate::support::sandbox::{Repaired, Run, Sandbox, object};
use crate::support::wheel_builder::WheelBuilder;

const CORE: &str = "demo/_core.cpython-312-x86_64-linux-musl.so";
const NAME: &str = "demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl";
const FIXED: &str = "demo-1.0-1muslrepair-cp312-cp312-musllinux_1_2_x86_64.whl";

fn named(name: &str, extension: &str) -> WheelBuilder {
    WheelBuilder::new(name).file_with_mode(CORE, object(extension), 0o755)
}

fn published(extension: &str) -> WheelBuilder {
    named(NAME, extension)
}

/// A wheel whose grafts have `DT_RELR`, as auditwheel leaves them.
fn with_relr() -> WheelBuilder {
    let (_sandbox, result) = {
        let (sandbox, run) =
            run(&named("demo-1.0-cp312-cp312-linux_x86_64.whl", "x86_64/ext_relr.so"), &["--keep-relr"]);
        run.success();
        let result = sandbox.result();
        (sandbox, result)
    };
    let graft = format!("demo.libs/{}", result.below("demo.libs")[0]);
    let builder = WheelBuilder::new(NAME).file_with_mode(CORE, result.read(CORE), 0o755);
    builder.file_with_mode(&graft, result.read(&graft), 0o755)
}

/// A wheel with a run path to a directory of the builder.
fn with_run_path() -> WheelBuilder {
    let edit = ElfEdit { run_path: RunPathEdit::Set("/usr/local/lib".to_owned()), ..ElfEdit::default() };
    let bytes = patch(object("x86_64/ext_plain.so"), &edit).unwrap().bytes;
    WheelBuilder::new(NAME).file_with_mode(CORE, bytes, 0o755)
}

/// Repairs one wheel.
fn run(builder: &WheelBuilder, arguments: &[&str]) -> (Sandbox, Run) {
    let sandbox = Sandbox::new();
    sandbox.wheel(builder);
    let run = sandbox.repair(arguments);
    (sandbox, run)
}

/// Whether the only result is the input, byte for byte and under its name.
fn is_copied(sandbox: &Sandbox, name: &str) -> bool {
    let read = |directory: &str| std::fs::read(sandbox.path().join(directory).join(name));
    sandbox.outputs() == [name] && read("out").unwrap() == read(".").unwrap()
}

#[test]
fn a_published_wheel_that_loads_is_copied_byte_for_byte() {
    for (builder, would) in [
        (published("x86_64/ext_plain.so"), None),
        (with_relr(), Some("would lower DT_RELR (for musl before 1.2.4) in 1 file")),
        (with_run_path(), Some("would change the run path of 1 file")),
        (published("x86_64/ext_zlib.so"), None),
    ] {
        let (sandbox, run) = run(&builder, &[]);
        let run = run.success();
        assert!(is_copied(&sandbox, NAME), "{would:?}: {:?}", sandbox.outputs());
        match would {
            Some(would) => {
                let warning = "warning: copied as published, it loads as it is; `--published fix` ";
                assert!(run.stderr.contains(&format!("{warning}{would}")), "{}", run.stderr);
            }
            None => assert!(!run.stderr.contains("--published"), "{}", run.stderr),
        }
    }
}

#[test]
fn a_wheel_with_a_wrong_record_is_copied_with_a_warning() {
    let builder = published("x86_64/ext_plain.so").file("demo/x.py", "").unlisted("demo/x.py");
    let (sandbox, run) = run(&builder, &[]);
    let run = run.success();
    assert!(is_copied(&sandbox, NAME));
    assert!(run.stderr.contains("warning[unlisted]"), "{}", run.stderr);
    assert!(run.stderr.contains("`muslrepair repair --published fix`"), "{}", run.stderr);
}

#[test]
fn a_record_that_no_installer_reads_is_written_anew() {
    let record = format!("{CORE},,\n\n../../x,,\n");
    let (sandbox, run) = run(&published("x86_64/ext_plain.so").record(&record), &[]);
    run.success();
    assert_eq!(sandbox.outputs(), [FIXED]);
}

#[test]
fn a_published_wheel_that_lacks_a_library_is_fixed_under_a_build_tag() {
    let (sandbox, run) = run(&published("x86_64/core.so"), &[]);
    run.success();
    assert_eq!(sandbox.outputs(), [FIXED]);
    let result = sandbox.result();
    assert!(result.one("demo.libs", "libgreet-").ends_with(".so.3.1"));
    assert!(result.text("demo-1.0.dist-info/WHEEL").contains("Build: 1muslrepair\n"));
}

#[test]
fn a_wheel_whose_library_is_excluded_loads_as_it_is() {
    let (sandbox, run) = run(&published("x86_64/core.so"), &["--exclude", "libgreet.so.3"]);
    run.success();
    assert!(is_copied(&sandbox, NAME));
}

#[test]
fn relr_is_lowered_where_an_older_musl_is_asked_for() {
    for (musl, outputs) in [("1.2.3", FIXED), ("1.2.4", NAME), ("1.2.5", NAME)] {
        let (sandbox, run) = run(&with_relr(), &["--min-musl", musl]);
        run.success();
        assert_eq!(sandbox.outputs(), [outputs], "{musl}");
    }
    let result = run(&with_relr(), &["--min-musl", "1.2.3"]).0.result();
    let graft = format!("demo.libs/{}", result.below("demo.libs")[0]);
    assert!(!result.facts(&graft).relr);
}

#[test]
fn the_build_tag_of_a_published_wheel_gets_ours_behind_it_once() {
    for (own, fixed) in [("2", "2muslrepair"), ("2muslrepair", "2muslrepair"), ("1local", "1localmuslrepair")]
    {
        let name = format!("demo-1.0-{own}-cp312-cp312-musllinux_1_2_x86_64.whl");
        let (sandbox, run) = run(&named(&name, "x86_64/core.so"), &[]);
        run.success();
        assert_eq!(sandbox.outputs(), [format!("demo-1.0-{fixed}-cp312-cp312-musllinux_1_2_x86_64.whl")]);
    }
}

#[test]
fn options_that_ask_for_a_change_mean_fix() {
    for (arguments, output) in [
        (&["--published", "fix"][..], FIXED),
        (&["--plat", "musllinux_1_2_x86_64"], FIXED),
        (&["--plat", "musllinux_1_2"], FIXED),
        (&["--plat", "musllinux_1_2", "--published", "auto"], FIXED),
        (&["--plat", "auto"], NAME),
        (&["--strip"], FIXED),
        (&["--include", "libgreet.so.3"], FIXED),
        (&["--build-tag", "7mine"], "demo-1.0-7mine-cp312-cp312-musllinux_1_2_x86_64.whl"),
        (&["--published", "copy", "--strip"], NAME),
        (&["--published", "copy", "--plat", "musllinux_1_2"], NAME),
        (&["--published", "fix", "--no-update-tags"], NAME),
    ] {
        let (sandbox, run) = run(&with_relr(), arguments);
        run.success();
        assert_eq!(sandbox.outputs(), [output], "{arguments:?}");
    }
}

#[test]
fn fix_leaves_what_has_nothing_to_fix() {
    let (sandbox, run) = run(&published("x86_64/ext_plain.so"), &["--published", "fix"]);
    run.success();
    assert!(is_copied(&sandbox, NAME));
}

#[test]
fn copy_never_fixes_and_says_that_the_wheel_does_not_load() {
    let (sandbox, run) = run(&published("x86_64/core.so"), &["--published", "copy"]);
    let run = run.success();
    assert!(is_copied(&sandbox, NAME));
    let warning = "copied as published, it does not load as it is; `--published fix` would change the run path of \
                   1 file, graft `libgreet.so.3`";
    assert!(run.stderr.contains(warning), "{}", run.stderr);
}

#[test]
fn what_no_repair_cures_is_an_error_in_every_mode_and_nothing_is_written() {
    for choice in ["auto", "copy", "fix"] {
        for extension in ["x86_64/ext_glibc.so", "x86_64/ext_missing.so"] {
            let (sandbox, run) = run(&published(extension), &["--published", choice]);
            run.failure(1, &["cannot repair"]);
            assert!(sandbox.outputs().is_empty(), "{choice} {extension}");
        }
    }
    let arguments = ["--published", "copy", "--min-musl", "1.2.3"];
    let (sandbox, run) = run(&with_relr(), &arguments);
    run.failure(1, &["1.2.4"]);
    assert!(sandbox.outputs().is_empty());
}

#[test]
fn wheels_that_were_never_published_have_no_build_tag() {
    for platform in ["linux_x86_64", "linux_x86_64.musllinux_1_2_x86_64", "linux.musllinux_1_2_x86_64", "any"]
    {
        let name = format!("demo-1.0-cp312-cp312-{platform}.whl");
        for choice in ["auto", "copy", "fix"] {
            let (sandbox, run) = run(&named(&name, "x86_64/core.so"), &["--published", choice]);
            run.success();
            assert_eq!(sandbox.outputs(), [NAME], "{platform} {choice}");
        }
    }
}

#[test]
fn results_of_our_own_are_copied() {
    for extension in ["x86_64/core.so", "x86_64/ext_relr.so", "x86_64/ext_stale.so"] {
        let (sandbox, run) = run(&named("demo-1.0-cp312-cp312-linux_x86_64.whl", extension), &[]);
        run.success();
        let again = sandbox.run(&["repair", "out", "-w", "again", "--no-system-paths"]).success();
        assert_eq!(sandbox.names("again"), [NAME]);
        let read = |directory: &str| std::fs::read(sandbox.path().join(directory).join(NAME)).unwrap();
        assert_eq!(read("again"), read("out"));
        assert!(!again.stderr.contains("warning"), "{}", again.stderr);
    }
}

#[test]
fn under_auditwheels_name_a_published_wheel_is_repaired_under_its_own() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&with_run_path());
    sandbox.run_as_auditwheel(&["repair", NAME, "-w", "out"]).success();
    assert_eq!(sandbox.outputs(), [NAME]);
    assert!(!is_copied(&sandbox, NAME));
}

#[test]
fn the_configuration_chooses_and_the_option_beats_it() {
    let builder = with_relr();
    for (arguments, output) in [(&[][..], FIXED), (&["--published", "auto"], NAME)] {
        let sandbox = Sandbox::new();
        sandbox.wheel(&builder);
        let text = "[tool.muslrepair]\npublished = 'fix'\n";
        std::fs::write(sandbox.path().join("pyproject.toml"), text).unwrap();
        sandbox.repair(arguments).success();
        assert_eq!(sandbox.outputs(), [output]);
    }
}

#[test]
fn the_platform_of_the_environment_leaves_wheels_that_have_it() {
    for (platform, output) in [("musllinux_1_2_x86_64", NAME), ("linux_x86_64", FIXED)] {
        let sandbox = Sandbox::new();
        sandbox.wheel(&published("x86_64/ext_plain.so"));
        let mut command = sandbox.command();
        command.args(["repair", NAME, "-w", "out", "--no-system-paths"]).env("AUDITWHEEL_PLAT", platform);
        assert!(command.status().unwrap().success());
        let expected = output.replace("musllinux_1_2_x86_64", platform);
        assert_eq!(sandbox.outputs(), [expected], "{platform}");
    }
}

#[test]
fn the_plan_says_what_is_done_with_a_published_wheel() {
    let linux = named("demo-1.0-cp312-cp312-linux_x86_64.whl", "x86_64/core.so");
    for (builder, choice, said) in [
        (with_relr(), "auto", Some("loads")),
        (published("x86_64/core.so"), "auto", Some("fixed")),
        (published("x86_64/core.so"), "copy", Some("kept")),
        (linux, "auto", None),
    ] {
        let arguments = ["--dry-run", "--format", "json", "--published", choice];
        let (_, run) = run(&builder, &arguments);
        let plan: Value = serde_json::from_str(&run.success().stdout).unwrap();
        assert_eq!(plan.get("published").and_then(Value::as_str), said, "{choice}");
    }
}

#[test]
fn requirements_pin_what_is_in_the_wheel_directory_with_hashes() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&published("x86_64/core.so"));
    sandbox.wheel(&WheelBuilder::new("Zope.Event_x-2.0.post1-py3-none-any.whl").file("x.py", ""));
    sandbox.wheel(&WheelBuilder::new("abc-1!0.5-py3-none-any.whl").file("y.py", ""));
    sandbox.repair(&["--requirements", "pins.txt"]).success();
    let hash = |name: &str| Sha256Digest::of(&std::fs::read(sandbox.out().join(name)).unwrap()).hex();
    let text = std::fs::read_to_string(sandbox.path().join("pins.txt")).unwrap();
    let expected = format!(
        "abc==1!0.5 --hash=sha256:{}\ndemo==1.0 --hash=sha256:{}\nzope-event-x==2.0.post1 --hash=sha256:{}\n",
        hash("abc-1!0.5-py3-none-any.whl"),
        hash(FIXED),
        hash("Zope.Event_x-2.0.post1-py3-none-any.whl"),
    );
    assert_eq!(text, expected);
    assert_eq!(sandbox.repair(&["--requirements", "-"]).success().stdout, expected);
}

#[test]
fn requirements_name_every_wheel_of_a_version_but_not_the_unrepaired_one() {
    let sandbox = Sandbox::new();
    let linux = sandbox.wheel_in("out", &named("demo-1.0-cp312-cp312-linux_x86_64.whl", "x86_64/core.so"));
    let other =
        sandbox.wheel_in("out", &named("demo-1.0-cp311-cp311-musllinux_1_2_x86_64.whl", "x86_64/tool"));
    let root = crate::support::sandbox::testdata("rootfs");
    let arguments = ["repair", linux.to_str().unwrap(), "-w", "out", "--sysroot", root.to_str().unwrap()];
    let run = sandbox.run(&[&arguments[..], &["--requirements", "-"]].concat()).success();
    let hash = |name: &std::path::Path| Sha256Digest::of(&std::fs::read(name).unwrap()).hex();
    let mut hashes = [hash(&other), hash(&sandbox.out().join(NAME))];
    hashes.sort();
    let [first, second] = hashes;
    assert_eq!(run.stdout, format!("demo==1.0 --hash=sha256:{first} --hash=sha256:{second}\n"));
}

#[test]
fn requirements_cannot_pin_two_versions() {
    let sandbox = Sandbox::new();
    for version in ["1.0", "2.0"] {
        sandbox.wheel(&WheelBuilder::new(&format!("demo-{version}-py3-none-any.whl")).file("x.py", ""));
    }
    let said = "cannot pin `demo`: `out` has several versions of it (1.0, 2.0), and pip takes one";
    sandbox.repair(&["--requirements", "pins.txt"]).failure(1, &[said]);
    assert!(!sandbox.path().join("pins.txt").exists());
}

#[test]
fn requirements_are_not_written_over_wheels_or_beside_other_results() {
    let (sandbox, run) = run(&published("x86_64/ext_plain.so"), &["--requirements", "out/x.whl"]);
    run.failure(2, &["`--requirements out/x.whl` names a wheel", "--requirements requirements.lock"]);
    sandbox.repair(&["--requirements", "-", "--format", "json"]).failure(2, &["`--requirements -`"]);
    sandbox.repair(&["--requirements", "-", "--dry-run"]).failure(2, &["--dry-run"]);
}

#[test]
fn a_glibc_wheel_of_pips_cache_is_named_as_such_and_nothing_else_is_missed() {
    let glibc =
        |name: &str| named(name, "x86_64/ext_glibc.so").file("demo/b.so", object("x86_64/ext_missing.so"));
    let (_, run) = run(&glibc("demo-1.0-cp312-cp312-linux_x86_64.whl"), &[]);
    let run = run.failure(1, &["built for glibc", "pip cache remove demo", "pip wheel --no-cache-dir"]);
    assert!(!run.stderr.contains("was not found"), "{}", run.stderr);
    let (_, run) = self::run(&glibc(NAME), &[]);
    let run = run.failure(1, &["built for glibc"]);
    assert!(!run.stderr.contains("pip cache"), "{}", run.stderr);
}

#[test]
fn a_fixed_wheel_beside_the_published_one_is_its_result_and_not_a_conflict() {
    let sandbox = Sandbox::new();
    sandbox.wheel_in("out", &published("x86_64/core.so"));
    let root = crate::support::sandbox::testdata("rootfs");
    let arguments = ["repair", "out", "-w", "out", "--sysroot", root.to_str().unwrap()];
    for _ in 0..2 {
        sandbox.run(&arguments).success();
        let mut names = sandbox.outputs();
        names.sort();
        assert_eq!(names, [FIXED, NAME]);
    }
    Repaired::open(&sandbox.out().join(FIXED));
}
