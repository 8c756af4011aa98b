//! `--summary`, `verify --deny warnings` and `--min-alpine`.

use crate::support::sandbox::{Sandbox, object, testdata};
use crate::support::wheel_builder::WheelBuilder;

const NAME: &str = "demo-1.0-cp312-cp312-linux_x86_64.whl";
const RESULT: &str = "demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl";

fn sandbox_with(extension: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.wheel(&WheelBuilder::new(NAME).file_with_mode("demo/_core.so", object(extension), 0o755));
    sandbox
}

fn summary(sandbox: &Sandbox) -> String {
    std::fs::read_to_string(sandbox.path().join("summary.md")).unwrap()
}

/// The text with the character references of Markdown resolved.
fn read(text: &str) -> String {
    let mut parts = text.split("&#");
    let mut plain = parts.next().unwrap().to_owned();
    for part in parts {
        let (number, rest) = part.split_once(';').unwrap();
        plain.push(char::from_u32(number.parse().unwrap()).unwrap());
        plain.push_str(rest);
    }
    plain
}

#[test]
fn a_summary_of_a_repair_has_wheels_libraries_and_both_diagrams() {
    let sandbox = sandbox_with("x86_64/core.so");
    sandbox.repair(&["--summary", "summary.md"]).success();
    let text = summary(&sandbox);
    let plain = read(&text);
    assert!(plain.starts_with("## muslrepair repair\n\n1 wheel: 1 repaired\n"), "{plain}");
    assert!(plain.contains(&format!("| {RESULT} | repaired | 3.13 | 1 (")), "{plain}");
    assert!(plain.contains("### Grafted libraries") && plain.contains("| libgreet-"), "{plain}");
    assert!(plain.contains("Libraries before") && plain.contains("Libraries after"), "{plain}");
    assert_eq!(text.matches("```mermaid\nflowchart LR\n").count(), 2, "{text}");
    let (before, after) = text.split_once("Libraries after").unwrap();
    assert!(before.contains("[\"on the system\"]") && !after.contains("[\"on the system\"]"), "{text}");
}

#[test]
fn a_summary_names_package_and_license_of_a_graft() {
    let sandbox = sandbox_with("x86_64/core.so");
    sandbox.repair(&["--summary", "summary.md"]).success();
    let plain = read(&summary(&sandbox));
    let database = std::fs::read_to_string(testdata("rootfs/lib/apk/db/installed")).unwrap();
    let package = database.split("\n\n").find(|package| package.contains("R:libgreet.so.3")).unwrap();
    let field = |letter: &str| package.lines().find_map(|line| line.strip_prefix(letter)).unwrap().to_owned();
    let row = format!("| {} {} | {} |", field("P:"), field("V:"), field("L:"));
    assert!(plain.contains(&row), "no `{row}` in\n{plain}");
}

#[test]
fn a_summary_is_appended_and_has_failed_wheels_with_their_explanation() {
    let sandbox = sandbox_with("x86_64/ext_missing.so");
    std::fs::write(sandbox.path().join("summary.md"), "# Before\n\n").unwrap();
    sandbox.repair(&["--summary", "summary.md"]).failure(1, &[]);
    sandbox.run(&["verify", NAME, "--summary", "summary.md"]).failure(1, &[]);
    let plain = read(&summary(&sandbox));
    assert!(plain.starts_with("# Before\n\n## muslrepair repair\n\n1 wheel: 1 failed\n"), "{plain}");
    assert!(plain.contains("## muslrepair verify\n\n1 wheel: 1 failed\n"), "{plain}");
    let folded = "<details><summary>error[missing-library] in demo-1.0";
    assert!(plain.matches(folded).count() >= 2, "{plain}");
    assert!(plain.contains("musl searches the run path of the object"), "{plain}");
}

#[test]
fn a_summary_never_grows_beyond_what_the_service_shows() {
    let sandbox = sandbox_with("x86_64/core.so");
    let there = "x".repeat(899 << 10);
    std::fs::write(sandbox.path().join("summary.md"), &there).unwrap();
    sandbox.repair(&["--summary", "summary.md"]).success();
    assert!(summary(&sandbox).len() <= 900 << 10);
    assert!(summary(&sandbox).starts_with(&there));
}

#[test]
fn a_summary_is_written_over_no_input() {
    let sandbox = sandbox_with("x86_64/core.so");
    let before = std::fs::read(sandbox.path().join(NAME)).unwrap();
    sandbox.repair(&["--summary", NAME]).failure(2, &["names an input", "hint: "]);
    assert_eq!(std::fs::read(sandbox.path().join(NAME)).unwrap(), before);
}

#[test]
fn denied_warnings_are_errors() {
    let sandbox = sandbox_with("x86_64/ext_relr.so");
    sandbox.repair(&["--keep-relr"]).success();
    let result = format!("out/{RESULT}");
    let run = sandbox.run(&["verify", &result]);
    assert!(run.status == 0 && run.stdout.contains("warning["), "{}", run.stdout);
    let denied = sandbox.run(&["verify", &result, "--deny", "warnings"]);
    assert_eq!(denied.status, 1);
    assert!(denied.stdout.contains("error[") && !denied.stdout.contains("warning["), "{}", denied.stdout);
    let clean = sandbox_with("x86_64/core.so");
    clean.repair(&[]).success();
    clean.run(&["verify", &result, "--deny", "warnings"]).success();
}

#[test]
fn the_oldest_alpine_stands_for_its_musl() {
    let sandbox = sandbox_with("x86_64/ext_relr.so");
    let needed = ["--keep-relr", "--min-alpine", "3.17"];
    let said = "needs musl 1.2.4 (Alpine 3.18), but musl 1.2.3 (Alpine 3.16) was requested";
    sandbox.repair(&needed).failure(1, &[said]);
    sandbox.repair(&["--keep-relr", "--min-alpine", "3.18"]).success();
    std::fs::write(sandbox.path().join("pyproject.toml"), "[tool.muslrepair]\nmin-alpine = '3.16'\n")
        .unwrap();
    sandbox.repair(&["--keep-relr"]).failure(1, &[said]);
    sandbox.repair(&["--keep-relr", "--min-musl", "1.2.4"]).success();
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_says_how_many_wheels_were_written() {
    use std::io::{BufRead as _, BufReader, Read as _};
    use std::process::Stdio;

    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    let sandbox = Sandbox::new();
    sandbox.wheel(
        &WheelBuilder::new("a-1.0-cp312-cp312-linux_x86_64.whl").file("a.so", object("x86_64/ext_plain.so")),
    );
    let data = vec![0; 96 << 20];
    for name in ["y-1.0-cp312-cp312-linux_x86_64.whl", "z-1.0-cp312-cp312-linux_x86_64.whl"] {
        let large = WheelBuilder::new(name).file("demo.so", object("x86_64/ext_plain.so"));
        sandbox.wheel(&large.stored("data.bin", &data));
    }
    let mut command = sandbox.command();
    command.args(["repair", "-j1", ".", "-w", "out"]).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    // The first wheel is written, and the next ones take their time.
    while !line.contains("Fixed-up wheel written to ") {
        line.clear();
        assert!(stderr.read_line(&mut line).unwrap() > 0);
    }
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGINT).unwrap();
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest}");
    assert!(rest.contains("interrupted: 1 of 3 wheels written\n"), "{rest}");
    assert_eq!(sandbox.outputs(), ["a-1.0-cp312-cp312-musllinux_1_2_x86_64.whl"]);
}

#[test]
fn one_command_installs_what_all_wheels_lack() {
    let sandbox = sandbox_with("x86_64/ext_missing.so");
    let other = WheelBuilder::new("two-1.0-cp312-cp312-linux_x86_64.whl");
    sandbox.wheel(
        &other.file("two.so", crate::support::elf_builder::ElfBuilder::new().needed("libother.so.2").build()),
    );
    let root = sandbox.path().join("root");
    std::fs::create_dir_all(root.join("etc")).unwrap();
    std::fs::write(root.join("etc/os-release"), "ID=alpine\n").unwrap();
    let run = sandbox.run(&["repair", ".", "-w", "out", "--sysroot", "root"]);
    let said = "hint: for all 2 wheels: `apk --root root add so:libabsent.so.7 so:libother.so.2`";
    run.failure(1, &[said]);
}

/// A hint is cut when it is too long to read; the command for all wheels has every library nevertheless.
#[test]
fn the_command_for_all_wheels_is_whole_however_long_their_hints_are() {
    let sandbox = Sandbox::new();
    for wheel in ["one", "two"] {
        let names = (0..300).map(|n| format!("lib{wheel}-with-a-long-name-{n:03}.so.1"));
        let elf = names.fold(crate::support::elf_builder::ElfBuilder::new(), |elf, name| elf.needed(&name));
        let builder = WheelBuilder::new(&format!("{wheel}-1.0-cp312-cp312-linux_x86_64.whl"));
        sandbox.wheel(&builder.file(&format!("{wheel}.so"), elf.build()));
    }
    let root = sandbox.path().join("root");
    std::fs::create_dir_all(root.join("etc")).unwrap();
    std::fs::write(root.join("etc/os-release"), "ID=alpine\n").unwrap();
    let run = sandbox.run(&["repair", ".", "-w", "out", "--sysroot", "root"]);
    let command = run.stderr.split("hint: for all 2 wheels: `").nth(1).unwrap().split('`').next().unwrap();
    assert_eq!(command.matches(" so:lib").count(), 600, "{command}");
}
