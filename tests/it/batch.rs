//! Many wheels in one call: what they share, and what is freed.

use std::path::Path;
use std::time::Duration;

use muslrepair::audit::Audit;
use muslrepair::repair::{Plan, RepairResult};

use super::support::sandbox::{Run, Sandbox, object, testdata};
use super::support::wheel_builder::WheelBuilder;

const NAME: &str = "demo-1.0-cp312-cp312-linux_x86_64.whl";
const RESULT: &str = "demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl";

fn wheel(name: &str) -> WheelBuilder {
    WheelBuilder::new(name).file_with_mode("demo/_core.so", object("x86_64/core.so"), 0o755)
}

/// Wheels of different projects that graft the same library.
fn wheels(sandbox: &Sandbox, count: usize) {
    for number in 0..count {
        sandbox.wheel_in("in", &wheel(&format!("demo{number}-1.0-cp312-cp312-linux_x86_64.whl")));
    }
}

fn repair(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    let root = testdata("rootfs");
    sandbox.run(&[&["repair", "--sysroot", root.to_str().unwrap(), "-w", "out"], arguments].concat())
}

fn read(sandbox: &Sandbox, path: &str) -> Vec<u8> {
    std::fs::read(sandbox.path().join(path)).unwrap()
}

#[test]
fn audits_plans_and_results_are_plain_data() {
    fn is_plain<T: serde::Serialize + Clone + PartialEq + Send + Sync + 'static>() {}
    is_plain::<Audit>();
    is_plain::<Plan>();
    is_plain::<RepairResult>();
}

#[test]
fn a_batch_needs_few_open_files_however_many_wheels_it_has() {
    let sandbox = Sandbox::new();
    wheels(&sandbox, 200);
    let root = testdata("rootfs");
    let limited = |command: &str| sandbox.shell(&format!("ulimit -n 64; muslrepair {command}"));
    limited(&format!("repair in -j 4 -w out --sysroot {}", root.display())).success();
    assert_eq!(sandbox.outputs().len(), 200);
    limited(&format!("verify out --sysroot {} --allow relr", root.display())).success();
}

/// The peak memory of the program, in KiB.
#[cfg(target_os = "linux")]
fn peak(sandbox: &Sandbox, arguments: &[&str]) -> u64 {
    let mut command = sandbox.command();
    let mut child = command.args(arguments).stderr(std::process::Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let size = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
        peak = peak.max(size.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(child.wait().unwrap().success());
    peak
}

#[cfg(target_os = "linux")]
#[test]
fn the_memory_of_a_batch_does_not_grow_with_the_number_of_its_wheels() {
    let sandbox = Sandbox::new();
    let name = |number: usize| format!("large-1.0-{number}-py3-none-any.whl");
    let files = (0..1_500).map(|number| format!("large/a_module_with_a_long_name_{number}.py"));
    let builder = WheelBuilder::new(&name(1)).purelib();
    let large = sandbox.wheel_in("few", &files.fold(builder, |wheel, file| wheel.stored(&file, "x = 1\n")));
    std::fs::create_dir(sandbox.path().join("many")).unwrap();
    for number in 1..=16 {
        let directories: &[&str] = if number <= 4 { &["few", "many"] } else { &["many"] };
        for directory in directories {
            let copy = sandbox.path().join(directory).join(name(number));
            if copy != large {
                std::fs::copy(&large, copy).unwrap();
            }
        }
    }
    let [few, many] = ["few", "many"].map(|directory| peak(&sandbox, &["repair", "-j2", "-q", directory]));
    assert!(many * 4 < few * 5, "{few} KiB for 4 wheels, {many} KiB for 16");
}

#[test]
fn a_graft_that_wheels_share_is_the_same_as_if_each_were_alone() {
    let sandbox = Sandbox::new();
    wheels(&sandbox, 8);
    repair(&sandbox, &["in", "-j4"]).success();
    let names = sandbox.outputs();
    assert_eq!(names.len(), 8);
    for (number, name) in names.iter().enumerate() {
        let batch = read(&sandbox, &format!("out/{name}"));
        let input = format!("in/demo{number}-1.0-cp312-cp312-linux_x86_64.whl");
        repair(&sandbox, &[&input]).success();
        assert!(batch == read(&sandbox, &format!("out/{name}")), "{name}");
    }
}

#[test]
fn of_two_wheels_with_one_output_the_first_is_written_whichever_is_faster() {
    for slow in ["a", "b"] {
        let sandbox = Sandbox::new();
        for directory in ["a", "b"] {
            let files = if directory == slow { 0..400 } else { 0..1 };
            let file = |number| format!("demo/{directory}{number}.py");
            let builder = files.fold(wheel(NAME), |wheel, number| wheel.file(&file(number), "x = 1\n"));
            sandbox.wheel_in(directory, &builder);
        }
        repair(&sandbox, &["a"]).success();
        let first = read(&sandbox, &format!("out/{RESULT}"));
        for jobs in ["-j1", "-j2", "-j8"] {
            let run = repair(&sandbox, &["a", "b", jobs]);
            let because =
                format!("error: cannot repair `b/{NAME}`\n  `a/{NAME}` would also be written to `{RESULT}`");
            assert!(run.status == 1 && run.stderr.contains(&because), "{jobs}: {}", run.stderr);
            assert!(first == read(&sandbox, &format!("out/{RESULT}")), "{jobs}");
        }
    }
}

#[test]
fn a_result_of_an_earlier_call_is_skipped_wherever_it_stands() {
    let sandbox = Sandbox::new();
    sandbox.wheel_in("out", &wheel(NAME));
    repair(&sandbox, &["out"]).success();
    let (input, result) = (format!("out/{NAME}"), format!("out/{RESULT}"));
    for inputs in [[&input, &result], [&result, &input]] {
        for jobs in ["-j1", "-j4"] {
            let run = repair(&sandbox, &[inputs[0], inputs[1], jobs]).success();
            let said = format!("result of {NAME}, which is repaired again\n");
            assert!(run.stderr.contains(&said), "{inputs:?} {jobs}: {}", run.stderr);
        }
    }
}

#[test]
fn repair_prints_what_the_plan_does_not_fix() {
    let sandbox = Sandbox::new();
    sandbox.wheel_in("in", &WheelBuilder::new(NAME).file("demo/m.so", object("x86_64/ext_relr.so")));
    let findings = |arguments: &[&str]| {
        let run = repair(&sandbox, &[arguments, &["in", "--format", "json"]].concat()).success();
        let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        let plan = document.get("plan").unwrap_or(&document);
        let codes = plan["findings"].as_array().unwrap().iter();
        codes.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let says = "warning[relr]: `demo/m.so` has `DT_RELR`";
    for dry_run in [&[][..], &["--dry-run"]] {
        // A lowered table is not a fault of the result, nor is a tag that it does not have.
        assert_eq!(findings(dry_run), [""; 0]);
        let kept = [dry_run, &["--keep-relr"]].concat();
        assert!(findings(&kept).contains(&"relr".to_owned()));
        for (arguments, printed) in [(&kept[..], true), (dry_run, false)] {
            let run = repair(&sandbox, &[arguments, &["in"]].concat()).success();
            let text = if dry_run.is_empty() { run.stderr } else { run.stdout };
            assert_eq!(text.contains(says), printed, "{text}");
        }
    }
    assert!(findings(&["--plat", "linux_x86_64"]).contains(&"linux-tag".to_owned()));
    // A warning that `--quiet` does not print still counts.
    let run = repair(&sandbox, &["in", "--keep-relr", "--quiet"]).success();
    assert_eq!(run.stderr, "");
}

#[test]
fn a_copy_fixes_nothing() {
    let sandbox = Sandbox::new();
    let name = "Six.Pkg-1.0-py3-none-any.whl";
    let builder = WheelBuilder::new(name).purelib().file("six.py", "");
    sandbox.wheel_in("in", &builder);
    let verified = sandbox.run(&["verify", "in"]);
    let repaired = repair(&sandbox, &["in"]);
    let lines = |text: &str| {
        let findings = text.lines().filter(|line| line.contains("warning[") || line.contains("error["));
        findings.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(lines(&verified.stdout).len(), 1, "{}", verified.stdout);
    assert_eq!(lines(&repaired.stderr), lines(&verified.stdout));
    assert!(Path::new(&sandbox.out().join(name)).exists());
}
