//! Options and behaviour of the command line that no other test covers.

use crate::support::sandbox::{Sandbox, object, testdata};
use crate::support::wheel_builder::WheelBuilder;

const NAME: &str = "demo-1.0-cp312-cp312-linux_x86_64.whl";
const CORE: &str = "demo/_core.so";

fn wheel_with(extension: &str) -> WheelBuilder {
    WheelBuilder::new(NAME).file_with_mode(CORE, object(extension), 0o755)
}

fn sandbox_with(extension: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel_with(extension));
    sandbox
}

#[test]
fn a_library_that_only_dlopen_asks_for_is_grafted_with_all_it_needs() {
    let sandbox = sandbox_with("x86_64/ext_plain.so");
    let run = sandbox.repair(&["--include", "libchain_a.so.1"]).success();
    let result = sandbox.result();
    let (a, b) = (result.one("demo.libs", "libchain_a-"), result.one("demo.libs", "libchain_b-"));
    assert_eq!(result.facts(&format!("demo.libs/{a}")).needed[0], b);
    assert!(run.stderr.contains(&format!("Including `demo.libs/{a}`")), "{}", run.stderr);
    assert_eq!(result.facts(CORE).run_path(), None);
    // A repaired wheel stays unchanged.
    let first = sandbox.out().join(&sandbox.outputs()[0]);
    sandbox.run(&["repair", first.to_str().unwrap(), "-w", "again", "--no-system-paths"]).success();
    assert_eq!(
        std::fs::read(&first).unwrap(),
        std::fs::read(sandbox.path().join("again").join(&sandbox.outputs()[0])).unwrap()
    );
}

#[test]
fn a_library_to_include_may_be_needed_as_well_or_be_given_by_its_path() {
    let sandbox = sandbox_with("x86_64/core.so");
    sandbox.repair(&["--include", "libgreet.so.3"]).success();
    assert_eq!(sandbox.result().below("demo.libs").len(), 1);
    let sandbox = sandbox_with("x86_64/ext_plain.so");
    let path = testdata("rootfs/usr/lib/libgreet.so.3");
    sandbox.repair(&["--include", path.to_str().unwrap()]).success();
    assert_eq!(sandbox.result().below("demo.libs").len(), 1);
}

#[test]
fn a_library_to_include_is_judged_like_any_other() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel_with("x86_64/core.so"));
    let path = sandbox.path().join("libplugin.so");
    std::fs::write(&path, object("x86_64/ext_relr.so")).unwrap();
    let include = ["--include", path.to_str().unwrap(), "--min-musl", "1.2.0"];
    let kept: Vec<&str> = include.into_iter().chain(["--keep-relr"]).collect();
    sandbox.repair(&kept).failure(1, &["/libplugin.so` has DT_RELR, available since musl 1.2.4"]);
    sandbox.repair(&include).success();
    let plugin = sandbox.result().one("demo.libs", "libplugin-");
    assert!(!sandbox.result().facts(&format!("demo.libs/{plugin}")).relr);
}

#[test]
fn what_cannot_be_included_is_said_all_at_once() {
    let sandbox = sandbox_with("x86_64/ext_plain.so");
    let wrong = testdata("objects/aarch64/libgreet.so.3");
    sandbox
        .repair(&["--include", "libnone.so.1", "--include", "libc.so", "--include", wrong.to_str().unwrap()])
        .failure(
            1,
            &[
                "`libnone.so.1`, requested with `--include`, was not found",
                "searched: `/lib`",
                "`libc.so`, requested with `--include`, belongs to musl",
                "is for another architecture than the wheel",
            ],
        );
    assert_eq!(sandbox.outputs(), [""; 0]);
}

#[test]
fn memory_bounds_waves_and_not_results() {
    let bytes = |arguments: &[&str]| {
        let sandbox = sandbox_with("x86_64/ext_chain.so");
        sandbox.repair(arguments).success();
        std::fs::read(sandbox.out().join(&sandbox.outputs()[0])).unwrap()
    };
    assert_eq!(bytes(&["--memory", "1"]), bytes(&["--memory", "2GiB"]));
    sandbox_with("x86_64/core.so").repair(&["--memory", "lots"]).failure(2, &["`lots` is not a size"]);
}

#[test]
fn settings_come_from_the_project_and_options_beat_them() {
    let sandbox = sandbox_with("x86_64/core.so");
    let project = sandbox.path().join("pyproject.toml");
    let settings = "[project]\nname = 'demo'\n[tool.muslrepair]\nexclude = ['libgreet.*']\nsbom = false\n";
    std::fs::write(&project, settings).unwrap();
    let run = sandbox.repair(&[]).success();
    assert!(run.stderr.contains("Excluding libgreet.so.3 (`libgreet.*`)"), "{}", run.stderr);
    std::fs::write(&project, "[tool.muslrepair]\nexcludes = ['x']\n").unwrap();
    sandbox.repair(&[]).failure(2, &["`pyproject.toml`", "unknown field `excludes`"]);
    // A named file replaces the project's, with the keys at the top.
    std::fs::write(sandbox.path().join("release.toml"), "strip = 'debug'\nsbom = false\n").unwrap();
    let run = sandbox.repair(&["--config", "release.toml", "--dry-run"]).success();
    assert!(run.stdout.contains("stripped (debug)"), "{}", run.stdout);
    let run = sandbox.repair(&["--config", "release.toml", "--dry-run", "--strip"]).success();
    assert!(run.stdout.contains("stripped (all)"), "{}", run.stdout);
    std::fs::write(sandbox.path().join("release.toml"), "[tool.muslrepair]\nstrip = 'all'\n").unwrap();
    let run = sandbox.repair(&["--config", "release.toml", "--dry-run"]).success();
    assert!(run.stdout.contains("stripped (all)"), "{}", run.stdout);
    std::fs::write(sandbox.path().join("release.toml"), "strip = 'everything'\n").unwrap();
    sandbox.repair(&["--config", "release.toml"]).failure(2, &["`strip` is `true`, `false`, `\"debug\"`"]);
    sandbox.repair(&["--config", "absent.toml"]).failure(2, &["cannot read `absent.toml`"]);
    std::fs::write(sandbox.path().join("release.toml"), "min-musl = '1.1.x'\n").unwrap();
    sandbox.repair(&["--config", "release.toml"]).failure(2, &["`min-musl` of the configuration"]);
}

#[test]
fn fail_fast_starts_nothing_after_a_failure() {
    let sandbox = Sandbox::new();
    sandbox.wheel(
        &WheelBuilder::new("a-1.0-cp312-cp312-linux_x86_64.whl")
            .file("a.so", object("x86_64/ext_missing.so")),
    );
    sandbox.wheel(&wheel_with("x86_64/core.so"));
    let run = sandbox
        .repair(&["--fail-fast", "-j1"])
        .failure(1, &["cannot repair `./a-1.0", "  an earlier wheel failed\n"]);
    assert_eq!(sandbox.outputs(), [""; 0], "{}", run.stderr);
    sandbox.repair(&["-j1"]).failure(1, &["cannot repair `./a-1.0"]);
    assert_eq!(sandbox.outputs().len(), 1);
}

#[test]
fn annotations_are_one_line_each_on_standard_error() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel_with("x86_64/ext_missing.so").file("demo/other.so", object("x86_64/core.so")));
    let run = sandbox.run(&["--annotations=github", "repair", NAME, "--no-system-paths"]);
    let lines: Vec<&str> = run.stderr.lines().filter(|line| line.starts_with("::")).collect();
    assert_eq!(lines.len(), 1, "{}", run.stderr);
    assert!(
        lines[0].starts_with(&format!("::error title=cannot repair `{NAME}`::`libabsent.so.7`, needed")),
        "{}",
        lines[0]
    );
    assert!(lines[0].contains("%0A`libgreet.so.3`, needed"), "{}", lines[0]);
    let run = sandbox.run(&["repair", "a:b,c%.whl", "--annotations", "github"]);
    assert!(
        run.stderr.contains("::error title=cannot access `a%3Ab%2Cc%25.whl`. No such file::"),
        "{}",
        run.stderr
    );
    assert!(!sandbox.run(&["repair", NAME, "--no-system-paths"]).stderr.contains("::error"));
}

#[cfg(target_os = "linux")]
#[test]
fn directories_of_the_environment_need_not_be_utf_8() {
    use std::os::unix::ffi::OsStringExt as _;
    let sandbox = sandbox_with("x86_64/core.so");
    let directory = sandbox.path().join(std::ffi::OsString::from_vec(b"lib\xff".to_vec()));
    std::fs::create_dir(&directory).unwrap();
    std::fs::copy(testdata("rootfs/usr/lib/libgreet.so.3"), directory.join("libgreet.so.3")).unwrap();
    let mut command = sandbox.command();
    command.args(["repair", ".", "-w", "out", "--no-system-paths"]);
    let output = command.env("MUSLREPAIR_LD_LIBRARY_PATH", directory).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(sandbox.result().below("demo.libs").len(), 1);
}

#[test]
fn what_is_grafted_is_summed_up() {
    let sandbox = sandbox_with("x86_64/ext_chain.so");
    let run = sandbox.repair(&[]).success();
    assert!(run.stderr.contains("  +2 libraries, ") && run.stderr.contains(" kB -> "), "{}", run.stderr);
    assert!(!run.stderr.contains("    demo.libs/"), "{}", run.stderr);
    let run = sandbox.repair(&["-v", "-w", "verbose"]).success();
    assert!(run.stderr.contains("    demo.libs/libchain_a-"), "{}", run.stderr);
    let quiet = sandbox.repair(&["-q", "-w", "quiet"]).success();
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
}

#[test]
fn of_an_option_that_is_given_twice_the_last_counts() {
    let sandbox = sandbox_with("x86_64/core.so");
    let run = ["--plat", "musllinux_1_1_x86_64", "--plat", "musllinux_1_2_x86_64", "--strip", "--strip"];
    sandbox.repair(&run).success();
    assert_eq!(sandbox.outputs(), ["demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl"]);
    let root = testdata("rootfs");
    let abbreviated =
        ["repair", NAME, "--wheel", "short", "--ldp", "usr/lib", "--sysroot", root.to_str().unwrap()];
    assert_eq!(sandbox.run(&abbreviated).status, 2);
    let libraries = root.join("usr/lib");
    let abbreviated = ["repair", NAME, "--wheel", "short", "--ldp", libraries.to_str().unwrap()];
    sandbox.run_as_auditwheel(&abbreviated).success();
    assert_eq!(sandbox.names("short").len(), 1);
}

#[test]
fn colours_follow_the_conventions() {
    let sandbox = sandbox_with("x86_64/ext_missing.so");
    let coloured = |environment: &[(&str, &str)], arguments: &[&str]| {
        let mut command = sandbox.command();
        command.args(["repair", NAME]).args(arguments).envs(environment.iter().copied());
        String::from_utf8(command.output().unwrap().stderr).unwrap().contains('\u{1b}')
    };
    assert!(!coloured(&[], &[]));
    assert!(coloured(&[("CLICOLOR_FORCE", "1")], &[]));
    assert!(coloured(&[], &["--color", "always"]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "1")], &["--color", "never"]));
    assert!(coloured(&[("NO_COLOR", "1")], &["--color", "always"]));
    assert!(!coloured(&[("NO_COLOR", "1")], &[]));
}

#[test]
fn scripts_and_pages_are_made_from_the_command_line() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = sandbox.run(&["completions", shell]).success();
        assert!(run.stdout.contains("muslrepair") && run.stdout.contains("repair"), "{shell}");
        assert!(!run.stdout.contains("addtag"), "{shell}");
    }
    sandbox.run(&["completions", "csh"]).failure(2, &["csh"]);
    assert!(sandbox.run(&["man"]).success().stdout.contains(".TH muslrepair 1"));
    let page = sandbox.run(&["man", "repair"]).success().stdout;
    assert!(page.contains("muslrepair-repair") && page.contains("bundle\\-zlib"), "{page}");
    sandbox.run(&["man", "addtag"]).failure(2, &["there is no command `addtag`"]);
}

#[cfg(target_os = "linux")]
mod terminal {
    use std::process::Stdio;

    use super::*;
    use crate::support::terminal::Terminal;

    /// Runs a repair with a terminal as standard error, and returns the terminal's content.
    fn on_a_terminal(sandbox: &Sandbox, term: &str, arguments: &[&str]) -> String {
        let (terminal, shown) = Terminal::open(0);
        let mut command = sandbox.command();
        command.args(["repair", "-j1", ".", "-w", "out"]).args(arguments).env("TERM", term);
        let mut child = command.stderr(terminal.output()).stdout(Stdio::null()).spawn().unwrap();
        drop((command, terminal));
        assert!(child.wait().unwrap().success());
        String::from_utf8_lossy(&shown.bytes()).into_owned()
    }

    /// Four files of this many MiB, which take time to hash.
    fn long_work(size: usize) -> Sandbox {
        let sandbox = Sandbox::new();
        let mut builder = wheel_with("x86_64/ext_plain.so");
        for number in 0..4_u8 {
            builder = builder.stored(&format!("demo/data{number}.bin"), vec![number; size << 20]);
        }
        sandbox.wheel(&builder);
        sandbox
    }

    #[test]
    fn long_work_draws_one_line_and_takes_it_off_again() {
        // What counts as long depends on machine and build. No machine does the last of these in half a
        // second.
        let seen = [4, 32, 128].into_iter().find_map(|size| {
            let seen = on_a_terminal(&long_work(size), "xterm", &["-z", "0"]);
            seen.contains("\u{1b}[2K").then_some(seen)
        });
        let seen = seen.unwrap();
        let drawn: Vec<&str> = seen.split("\u{1b}[2K").collect();
        assert!(drawn.len() > 2, "{seen:?}");
        assert!(seen.contains("reading ") && seen.contains(" of "), "{seen:?}");
        // A line of text begins where the drawn one was, and at the end nothing is left of that.
        let lines: Vec<&str> = drawn.iter().copied().filter(|part| part.contains('\n')).collect();
        assert!(lines.iter().any(|line| line.starts_with("Fixed-up wheel written to ")), "{seen:?}");
        assert!(seen.ends_with("\r\u{1b}[2K"), "{seen:?}");
    }

    #[test]
    fn nothing_is_drawn_on_a_dumb_terminal_or_when_quiet() {
        let sandbox = long_work(4);
        assert!(!on_a_terminal(&sandbox, "dumb", &[]).contains('\u{1b}'));
        assert_eq!(on_a_terminal(&sandbox, "xterm", &["-q"]), "");
    }
}

#[test]
fn grafts_are_kept_for_the_next_call_and_what_is_damaged_there_is_made_anew() {
    let plain = sandbox_with("x86_64/core.so");
    plain.repair(&[]).success();
    let sandbox = sandbox_with("x86_64/core.so");
    let bytes = |out: &str| std::fs::read(sandbox.path().join(out).join(&sandbox.outputs()[0])).unwrap();
    sandbox.repair(&["--cache-dir", "kept/here"]).success();
    let expected = std::fs::read(plain.out().join(&plain.outputs()[0])).unwrap();
    assert_eq!(std::fs::read(sandbox.out().join(&sandbox.outputs()[0])).unwrap(), expected);
    let cache = sandbox.path().join("kept/here");
    let files = || -> Vec<_> {
        let mut files: Vec<_> =
            std::fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    };
    let kept = files();
    assert!(!kept.is_empty());
    let before: Vec<_> = kept.iter().map(|file| std::fs::read(file).unwrap()).collect();
    let stamps = || -> Vec<_> {
        kept.iter().map(|file| std::fs::metadata(file).unwrap().modified().unwrap()).collect()
    };
    let written = stamps();

    // Read from the cache, and not written again.
    sandbox.repair(&["--cache-dir", "kept/here", "-w", "second"]).success();
    assert_eq!(bytes("second"), expected);
    assert_eq!((files(), stamps()), (kept.clone(), written));

    // A damaged entry is made and stored again.
    let mut damaged = before[0].clone();
    *damaged.last_mut().unwrap() ^= 1;
    std::fs::write(&kept[0], damaged).unwrap();
    sandbox.repair(&["--cache-dir", "kept/here", "-w", "third"]).success();
    assert_eq!(bytes("third"), expected);
    assert_eq!(std::fs::read(&kept[0]).unwrap(), before[0]);

    // Another level is another entry.
    sandbox.repair(&["--cache-dir", "kept/here", "-w", "fourth", "-z", "9"]).success();
    assert_eq!(files().len(), 2 * kept.len());
}
