//! How calls of the program are answered: what is named twice or not there, values that cannot be, what goes where.

use crate::support::sandbox::{Sandbox, object, testdata};
use crate::support::wheel_builder::WheelBuilder;
use serde_json::Value;

const NAME: &str = "demo-1.0-cp312-cp312-linux_x86_64.whl";
const RESULT: &str = "demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl";

fn wheel(name: &str, extension: &str) -> WheelBuilder {
    WheelBuilder::new(name).file_with_mode("demo/_core.so", object(extension), 0o755)
}

fn pure() -> WheelBuilder {
    WheelBuilder::new("six-1.0-py3-none-any.whl").purelib().file("six.py", "")
}

fn sandbox_with(extension: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel(NAME, extension));
    sandbox
}

#[test]
fn fail_fast_finishes_what_comes_before_the_failure() {
    let sandbox = sandbox_with("x86_64/core.so");
    sandbox.wheel(&wheel("z-1.0-cp312-cp312-linux_x86_64.whl", "x86_64/ext_missing.so"));
    for jobs in ["-j1", "-j4"] {
        sandbox.repair(&["--fail-fast", jobs]).failure(1, &["cannot repair `z-1.0"]);
        assert_eq!(sandbox.outputs(), [RESULT]);
        std::fs::remove_dir_all(sandbox.out()).unwrap();
    }
}

#[test]
fn where_nothing_is_written_nothing_is_left_behind() {
    let sandbox = sandbox_with("x86_64/ext_missing.so");
    sandbox.repair(&["-w", "new/wheels"]).failure(1, &[]);
    assert!(!sandbox.path().join("new").exists());
    // What was there before stays.
    std::fs::create_dir(sandbox.path().join("old")).unwrap();
    sandbox.repair(&["-w", "old"]).failure(1, &[]);
    assert!(sandbox.path().join("old").exists());
}

#[test]
fn a_report_goes_where_it_is_sent_and_leaves_there_what_is_no_file() {
    let sandbox = sandbox_with("x86_64/core.so");
    let run = sandbox.repair(&["--report", "-"]).success();
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["wheels"][0]["outcome"], "repaired");
    let bytes = std::fs::read(sandbox.out().join(RESULT)).unwrap();
    let sha256 = muslrepair::wheel::Sha256Digest::of(&bytes).hex();
    assert_eq!(report["wheels"][0]["sha256"], sha256.as_str());
    assert_eq!(sandbox.names("."), [NAME, "out"]);
    for other in [&["--dry-run"][..], &["--format", "json"]] {
        sandbox
            .repair(&[&["--report", "-"], other].concat())
            .failure(2, &["`--report -`: standard output has the plans or documents already", "hint: "]);
    }
    std::os::unix::fs::symlink("there.json", sandbox.path().join("link.json")).unwrap();
    sandbox.repair(&["--report", "link.json"]).success();
    assert!(sandbox.path().join("link.json").is_symlink());
    assert_eq!(std::fs::read_to_string(sandbox.path().join("there.json")).unwrap(), run.stdout);
}

#[test]
fn threads_are_counted_within_reason() {
    let sandbox = sandbox_with("x86_64/core.so");
    for wrong in ["257", "100000", "-1", "many"] {
        sandbox.repair(&["--jobs", wrong]).failure(2, &[wrong]);
    }
    for right in ["0", "1", "256"] {
        sandbox.repair(&["--jobs", right]).success();
    }
}

#[test]
fn one_wheel_under_two_paths_is_one_wheel() {
    let sandbox = sandbox_with("x86_64/core.so");
    let absolute = sandbox.path().join(NAME);
    let run = sandbox.repair(&[NAME, absolute.to_str().unwrap()]).success();
    assert_eq!(run.stderr.matches("Repairing ").count(), 1, "{}", run.stderr);
    std::fs::remove_dir_all(sandbox.out()).unwrap();
    let shown = sandbox.run(&["show", NAME, ".", NAME]).success();
    assert_eq!(shown.stdout.matches("ELF files in the wheel").count(), 1, "{}", shown.stdout);
}

#[test]
fn a_directory_that_holds_its_results_can_be_repaired_again() {
    let sandbox = sandbox_with("x86_64/core.so");
    sandbox.wheel(&pure());
    sandbox.repair(&["-w", "."]).success();
    let bytes = || std::fs::read(sandbox.path().join(RESULT)).unwrap();
    let first = bytes();
    let run = sandbox.repair(&["-w", ".", "--format", "json"]).success();
    assert!(
        run.stderr.contains(&format!("Passing over {RESULT}: it is the result of {NAME}")),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("\n3 wheels: 1 repaired, 1 copied, 1 passed over; "), "{}", run.stderr);
    assert_eq!(run.stdout.lines().count(), 2, "{}", run.stdout);
    assert_eq!(bytes(), first);
    // What is named without its result is repaired whatever lies there.
    std::fs::write(sandbox.path().join(RESULT), "cut sh").unwrap();
    let root = testdata("rootfs");
    sandbox.run(&["repair", NAME, "-w", ".", "--sysroot", root.to_str().unwrap()]).success();
    assert_eq!(bytes(), first);
}

#[test]
fn each_wheel_is_said_to_be_repaired_or_copied_and_all_are_counted() {
    let sandbox = sandbox_with("x86_64/ext_chain.so");
    sandbox.wheel(&wheel("two-1.0-cp312-cp312-linux_x86_64.whl", "x86_64/core.so"));
    sandbox.wheel(&wheel("bad-1.0-cp312-cp312-linux_x86_64.whl", "x86_64/ext_missing.so"));
    sandbox.wheel(&pure());
    let said = ["Copying six-1.0-py3-none-any.whl: there is nothing to repair\n", "Repairing demo-1.0"];
    let run = sandbox.repair(&[]).failure(1, &said);
    let last = run.stderr.lines().last().unwrap();
    let counts = "4 wheels: 2 repaired, 1 copied, 1 failed; grafted 3 libraries of ";
    assert!(last.starts_with(counts) && last.ends_with(" into 2"), "{}", run.stderr);
    assert_eq!(run.stderr.matches("Fixed-up wheel written to /").count(), 3, "{}", run.stderr);
}

#[test]
fn a_pattern_that_matches_nowhere_is_told_once_for_all_wheels() {
    let sandbox = sandbox_with("x86_64/core.so");
    sandbox.wheel(&pure());
    sandbox.wheel(&wheel("two-1.0-cp312-cp312-linux_x86_64.whl", "x86_64/ext_plain.so"));
    let settings = "[tool.muslrepair]\nexclude = ['libcuda*', 'libgreet.*']\n";
    std::fs::write(sandbox.path().join("pyproject.toml"), settings).unwrap();
    let expected = [
        "warning: `--exclude libnone*` matched nothing",
        "warning: `libcuda*` of `exclude` in the configuration matched nothing",
        "warning: `libgreet.*` of `exclude` in the configuration matched nothing",
    ];
    let excludes = ["--exclude", "libgree*", "--exclude", "libnone*"];
    for command in [&["repair", "--dry-run"][..], &["repair", "-w", "out"], &["verify"]] {
        let run = sandbox.run(&[command, &["."], &excludes].concat()).success();
        let warnings: Vec<&str> =
            run.stderr.lines().filter(|line| line.contains("matched nothing")).collect();
        assert_eq!(warnings, expected, "{command:?}");
        assert!(!run.stdout.contains("matched nothing"), "{}", run.stdout);
    }
    let run = sandbox.run(&["needs", NAME, "--exclude", "libnone*"]).success();
    assert_eq!(run.stderr, "warning: `--exclude libnone*` matched nothing\n");
}

#[test]
fn values_that_cannot_be_are_errors_of_the_call() {
    let sandbox = sandbox_with("x86_64/core.so");
    for (arguments, said) in [
        (&["--build-tag", "local"][..], "`--build-tag local`: the build tag must start with a digit"),
        (&["-L", ".libs/"], "`--lib-sdir .libs/` is not a valid directory name: "),
        (&["--plat", "musllinux_1_3"], "impossible platform `musllinux_1_3`: the policies are"),
        (&["-l", NAME], "is not a directory"),
    ] {
        sandbox.repair(arguments).failure(2, &[said]);
    }
    for command in ["repair", "show", "verify", "needs"] {
        sandbox
            .run(&[command, NAME, "--sysroot", "absent"])
            .failure(2, &["`--sysroot absent` is not a directory"]);
        sandbox.run(&[command, NAME, "-l", "absent"]).failure(2, &["`--library-path absent` is not"]);
    }
    sandbox.repair(&["--ldpaths", "absent", "--exclude", "libgreet*"]).success();
    let said = [
        "cannot access `debug`. No such file",
        "hint: the level of `--strip` follows a `=`: `--strip=debug`",
    ];
    sandbox.run(&["repair", NAME, "--strip", "debug"]).failure(2, &said);
    std::fs::write(sandbox.path().join("demo-1.0.tar.gz"), "").unwrap();
    sandbox.run(&["repair", "demo-1.0.tar.gz"]).failure(2, &["hint: build a wheel of it first"]);
    for (variable, value) in [("MUSLREPAIR_PATCHER", "patch"), ("AUDITWHEEL_ZIP_COMPRESSION_LEVEL", "10")] {
        let mut command = sandbox.command();
        let output = command.args(["repair", NAME]).env(variable, value).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(&format!("(from {variable})")), "{said}");
    }
}

#[test]
fn a_path_that_leads_nowhere_says_why() {
    let sandbox = Sandbox::new();
    std::os::unix::fs::symlink("nothing", sandbox.path().join(NAME)).unwrap();
    for command in ["repair", "show", "verify", "needs"] {
        for argument in [NAME, "."] {
            sandbox.run(&[command, argument]).failure(2, &[NAME, "`: dangling symbolic link"]);
        }
    }
}

#[test]
fn a_limit_that_is_exceeded_is_named() {
    let sandbox = sandbox_with("x86_64/core.so");
    for (limit, more) in [
        ("members", &[][..]),
        ("member-size", &[]),
        ("total-size", &[]),
        ("metadata-size", &[]),
        ("name-length", &[]),
        ("ratio", &["--limit", "ratio-floor=1"]),
        ("program-headers", &[]),
        ("dynamic-entries", &[]),
        ("symbols", &[]),
        ("objects", &[]),
        ("dependencies", &[]),
        ("search-path", &[]),
        ("lookups", &[]),
    ] {
        let value = format!("{limit}=0");
        let (named, hint) =
            (format!("the limit `{limit}` of 0"), format!("hint: `--limit {limit}=VALUE` raises it"));
        sandbox.repair(&[&["--limit", value.as_str()], more].concat()).failure(1, &[&named, &hint]);
    }
    sandbox.repair(&["--limit", "graft-size=9"]).failure(1, &["more than the limit `graft-size` of 9"]);
    sandbox.run(&["needs", NAME, "--limit", "dependencies=0"]).failure(1, &["the limit `dependencies` of 0"]);
}

#[test]
fn an_older_musl_can_be_allowed_by_code() {
    let sandbox = sandbox_with("x86_64/ext_relr.so");
    let needed = ["--keep-relr", "--min-musl", "1.2.3"];
    sandbox
        .repair(&needed)
        .failure(1, &["needs musl 1.2.4 (Alpine 3.18), but musl 1.2.3 (Alpine 3.16) was requested"]);
    sandbox.repair(&[&needed[..], &["--allow", "overclaimed-tag"]].concat()).success();
}

#[test]
fn a_library_to_include_is_a_path_of_the_root_file_system() {
    let sandbox = sandbox_with("x86_64/ext_plain.so");
    let run = sandbox.repair(&["--include", "/usr/lib/libgreet.so.3", "--dry-run"]).success();
    assert!(run.stdout.contains("graft /usr/lib/libgreet.so.3.1 as demo.libs/libgreet-"), "{}", run.stdout);
    assert!(!run.stdout.contains("needed as \n"), "{}", run.stdout);
    sandbox
        .repair(&["--include", "/usr/lib/libnone.so"])
        .failure(1, &["requested with `--include`, cannot be grafted: No such file"]);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let sandbox = Sandbox::new();
    for command in ["--help", "repair --help", "man"] {
        let run = sandbox.shell(&format!("{{ muslrepair {command}; echo status $? >&2; }} | true"));
        assert_eq!(run.success().stderr, "status 0\n", "{command}");
    }
}

#[test]
fn a_cache_that_cannot_be_used_is_said_once_and_the_repair_goes_on() {
    let sandbox = sandbox_with("x86_64/ext_chain.so");
    sandbox.wheel(&wheel("two-1.0-cp312-cp312-linux_x86_64.whl", "x86_64/core.so"));
    std::fs::write(sandbox.path().join("file"), "").unwrap();
    let run = sandbox.repair(&["--cache-dir", "file"]).success();
    assert_eq!(run.stderr.matches("warning: `--cache-dir file` cannot be used").count(), 1, "{}", run.stderr);
    assert_eq!(sandbox.outputs().len(), 2);
    // What is in the way of one file of it does no harm either.
    sandbox.repair(&["--cache-dir", "kept", "-w", "first"]).success();
    for name in sandbox.names("kept") {
        let file = sandbox.path().join("kept").join(name);
        std::fs::remove_file(&file).unwrap();
        std::fs::create_dir(file).unwrap();
    }
    sandbox.repair(&["--cache-dir", "kept", "-w", "second"]).success();
    assert_eq!(sandbox.names("second"), sandbox.names("first"));
}

#[test]
fn a_tag_for_glibc_is_dropped_from_what_was_built_for_musl() {
    // The second may be on an index, and its fixed form must not have its name.
    let fixed = "demo-1.0-1muslrepair-cp312-cp312-musllinux_1_2_x86_64.whl";
    for (platforms, result) in
        [("manylinux_2_17_x86_64", RESULT), ("manylinux_2_17_x86_64.musllinux_1_2_x86_64", fixed)]
    {
        let name = format!("demo-1.0-cp312-cp312-{platforms}.whl");
        let sandbox = Sandbox::new();
        sandbox.wheel(&wheel(&name, "x86_64/core.so"));
        let before = sandbox.run(&["verify", &name, "--exclude", "*"]);
        assert_eq!(before.status, 1);
        let found = "error[manylinux-tag-on-musl]: `manylinux_2_17_x86_64` is for glibc, but `demo/_core.so` was built for musl";
        assert!(before.stdout.contains(found), "{}", before.stdout);
        let note = "Dropping the tag manylinux_2_17_x86_64: it is for glibc, and `demo/_core.so` was built";
        let run = sandbox.repair(&[]).success();
        assert!(run.stderr.contains(note), "{}", run.stderr);
        assert_eq!(sandbox.outputs(), [result]);
        sandbox.run(&["verify", "out"]).success();
    }
}
