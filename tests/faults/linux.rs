//! The faults that Linux can make.

#[path = "../support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Trial};
use muslrepair::audit::{AuditOptions, audit};
use muslrepair::repair::{RepairError, RepairOptions, apply, plan};
use muslrepair::resolve::{Resolver, ResolverOptions, SearchPaths, Sysroot, SystemPackages};
use muslrepair::wheel::{Sha256Digest, Wheel};
use muslrepair::{Error, Limits};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use support::sandbox::{Sandbox, object, testdata};
use support::wheel_builder::WheelBuilder;

const NAME: &str = "demo-1.0-cp312-cp312-linux_x86_64.whl";
const OUTPUT: &str = "demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl";

type Test = (&'static str, fn());

const TESTS: &[Test] = &[
    (
        "a_library_that_changes_after_it_was_looked_at_is_not_grafted",
        a_library_that_changes_after_it_was_looked_at_is_not_grafted,
    ),
    (
        "a_wheel_that_changes_after_it_was_looked_at_is_not_repaired",
        a_wheel_that_changes_after_it_was_looked_at_is_not_repaired,
    ),
    (
        "killed_at_any_moment_it_leaves_the_output_whole_or_absent",
        killed_at_any_moment_it_leaves_the_output_whole_or_absent,
    ),
    ("what_a_killed_process_left_is_removed_by_the_next", what_a_killed_process_left_is_removed_by_the_next),
    (
        "two_processes_into_one_directory_give_one_whole_result",
        two_processes_into_one_directory_give_one_whole_result,
    ),
    (
        "killed_while_it_writes_over_its_input_it_leaves_one_of_the_two",
        killed_while_it_writes_over_its_input_it_leaves_one_of_the_two,
    ),
    (
        "an_output_directory_that_cannot_be_made_is_an_error_that_names_it",
        an_output_directory_that_cannot_be_made_is_an_error_that_names_it,
    ),
    (
        "a_directory_that_vanishes_is_an_error_and_not_made_again_in_part",
        a_directory_that_vanishes_is_an_error_and_not_made_again_in_part,
    ),
];

/// Tests that need a file system of their own.
const MOUNTING: &[Test] = &[
    ("a_full_disk_is_an_error_that_leaves_nothing", a_full_disk_is_an_error_that_leaves_nothing),
    ("another_file_system_and_a_read_only_one", another_file_system_and_a_read_only_one),
];

pub(super) fn run() {
    let arguments = Arguments::from_args();
    let can_mount = Mounted::tmpfs(tempfile::tempdir().unwrap().path().join("x"), "size=4k").is_some();
    if !can_mount {
        eprintln!("ignored: tests of full and read-only file systems, because this user may not mount one");
    }
    let trial = |(name, test): &Test| {
        let test = *test;
        Trial::test(*name, move || {
            test();
            Ok(())
        })
    };
    let mut trials: Vec<Trial> = TESTS.iter().map(trial).collect();
    trials.extend(MOUNTING.iter().map(trial).map(|trial| trial.with_ignored_flag(!can_mount)));
    libtest_mimic::run(&arguments, trials).exit();
}

/// A wheel that takes some time: data that does not compress, and modules to patch.
fn slow_wheel() -> WheelBuilder {
    let mut state = 1u32;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    })
    .take(6 << 20)
    .collect();
    let builder = WheelBuilder::new(NAME).stored("demo/data.bin", noise);
    (0..40).fold(builder, |builder, n| {
        builder.file_with_mode(&format!("demo/m{n}.so"), object("x86_64/core.so"), 0o755)
    })
}

fn start(sandbox: &Sandbox, arguments: &[&str]) -> Child {
    let root = testdata("rootfs");
    let mut command = sandbox.command();
    command.args(["repair", "-q", "--sysroot", root.to_str().unwrap()]).args(arguments);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn root() -> String {
    testdata("rootfs").to_str().unwrap().to_owned()
}

/// A call that repairs everything into a directory.
fn into<'a>(directory: &'a str, root: &'a str) -> [&'a str; 6] {
    ["repair", NAME, "-w", directory, "--sysroot", root]
}

fn hash(path: &Path) -> Sha256Digest {
    Sha256Digest::of(&std::fs::read(path).unwrap())
}

fn names(directory: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Every wheel in a directory can be opened, and its `RECORD` is right.
fn all_whole(directory: &Path) {
    for name in names(directory).iter().filter(|name| name.ends_with(".whl")) {
        let wheel = Wheel::open(&directory.join(name), &Limits::default()).unwrap();
        assert_eq!(wheel.check_record().unwrap(), []);
    }
}

fn is_temporary(name: &str) -> bool {
    name.starts_with(".muslrepair-") && name.ends_with(".part")
}

fn killed_at_any_moment_it_leaves_the_output_whole_or_absent() {
    let kills: u32 = std::env::var("MUSLREPAIR_KILLS").map_or(30, |text| text.parse().unwrap());
    let sandbox = Sandbox::new();
    let input = sandbox.wheel(&slow_wheel());
    let before = hash(&input);
    let started = Instant::now();
    assert!(start(&sandbox, &[NAME, "-w", "out"]).wait().unwrap().success());
    let mut whole = started.elapsed();
    let output = sandbox.out().join(OUTPUT);
    let expected = hash(&output);
    let (mut killed, mut finished, mut temporary) = (0, 0, 0);
    while killed < kills {
        let number = killed + finished;
        assert!(number < 50 * kills, "it is always done before the signal: {whole:?}");
        // With and without a file in the way, because a taken name goes through a temporary one.
        if number % 2 == 0 {
            std::fs::remove_file(&output).ok();
        }
        let existed = output.exists();
        let signal = [Signal::SIGKILL, Signal::SIGTERM, Signal::SIGINT][number as usize % 3];
        let started = Instant::now();
        let mut child = start(&sandbox, &[NAME, "-w", "out"]);
        // Spread over the run, and always somewhere else: multiples of the golden ratio.
        let share = (f64::from(number) * 0.618_033_988_749_895).fract();
        std::thread::sleep(whole.mul_f64(share));
        let _ = kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal);
        let done = child.wait().unwrap().success();
        assert_eq!(hash(&input), before, "the input, after {signal} number {number}");
        let left = names(&sandbox.out());
        let parts: Vec<&String> = left.iter().filter(|name| is_temporary(name)).collect();
        assert!(parts.is_empty() || signal == Signal::SIGKILL, "{signal} left {left:?}");
        assert!(output.exists() || !(existed || done), "{left:?}");
        if output.exists() {
            assert_eq!(hash(&output), expected, "the output, after {signal} number {number}");
        }
        temporary += parts.len();
        for name in parts {
            std::fs::remove_file(sandbox.out().join(name)).unwrap();
        }
        if done {
            // The machine has become faster, or was slow when it was measured.
            whole = whole.min(started.elapsed());
            finished += 1;
        } else {
            killed += 1;
        }
    }
    println!(
        "killed {killed} times within {whole:?}, {finished} signals came too late, {temporary} temporary files left"
    );
}

fn what_a_killed_process_left_is_removed_by_the_next() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&WheelBuilder::new(NAME).file_with_mode("demo/m.so", object("x86_64/core.so"), 0o755));
    std::fs::create_dir(sandbox.out()).unwrap();
    let stale = sandbox.out().join(".muslrepair-abc123.part");
    let file = std::fs::File::create(&stale).unwrap();
    file.set_modified(std::time::SystemTime::now() - Duration::from_secs(60)).unwrap();
    drop(file);
    sandbox.repair(&[]).success();
    assert_eq!(sandbox.outputs(), [OUTPUT]);
}

fn two_processes_into_one_directory_give_one_whole_result() {
    let sandbox = Sandbox::new();
    let input = sandbox.wheel(&slow_wheel());
    let before = hash(&input);
    for _ in 0..3 {
        let mut both = [start(&sandbox, &[NAME, "-w", "out"]), start(&sandbox, &[NAME, "-w", "out"])];
        for child in &mut both {
            assert!(child.wait().unwrap().success());
        }
        assert_eq!(names(&sandbox.out()), [OUTPUT]);
        all_whole(&sandbox.out());
    }
    assert_eq!(hash(&input), before);
}

fn killed_while_it_writes_over_its_input_it_leaves_one_of_the_two() {
    let sandbox = Sandbox::new();
    let built = slow_wheel().write_to(sandbox.path());
    let input = sandbox.path().join(OUTPUT);
    std::fs::rename(built, &input).unwrap();
    let original = std::fs::read(&input).unwrap();
    for number in 0..8u32 {
        std::fs::write(&input, &original).unwrap();
        let mut child = start(&sandbox, &[OUTPUT, "-w", "."]);
        std::thread::sleep(Duration::from_millis(u64::from(number) * 40));
        child.kill().unwrap();
        child.wait().unwrap();
        all_whole(sandbox.path());
        for name in names(sandbox.path()).iter().filter(|name| is_temporary(name)) {
            std::fs::remove_file(sandbox.path().join(name)).unwrap();
        }
        assert_eq!(names(sandbox.path()), [OUTPUT]);
    }
}

fn an_output_directory_that_cannot_be_made_is_an_error_that_names_it() {
    let sandbox = Sandbox::new();
    let input =
        sandbox.wheel(&WheelBuilder::new(NAME).file_with_mode("demo/m.so", object("x86_64/core.so"), 0o755));
    let before = hash(&input);
    sandbox.run(&["repair", NAME, "-w", "/proc/nothing/here"]).failure(1, &["/proc/nothing/here"]);
    std::fs::write(sandbox.path().join("file"), "").unwrap();
    sandbox.run(&["repair", NAME, "-w", "file"]).failure(2, &["`--wheel-dir file` is not a directory"]);
    assert_eq!(hash(&input), before);
    assert_eq!(names(sandbox.path()), [NAME, "file"]);
}

fn a_directory_that_vanishes_is_an_error_and_not_made_again_in_part() {
    let sandbox = Sandbox::new();
    let input = sandbox.wheel(&slow_wheel());
    let before = hash(&input);
    for delay in [0, 20, 60, 120] {
        let mut child = start(&sandbox, &[NAME, "-w", "out/below"]);
        std::thread::sleep(Duration::from_millis(delay));
        let _ = std::fs::remove_dir_all(sandbox.out());
        let _ = child.wait().unwrap();
        all_whole(&sandbox.out().join("below"));
        assert!(!names(&sandbox.out().join("below")).iter().any(|name| is_temporary(name)));
        let _ = std::fs::remove_dir_all(sandbox.out());
    }
    assert_eq!(hash(&input), before);
}

fn a_library_that_changes_after_it_was_looked_at_is_not_grafted() {
    /// What is read in several pieces.
    const LARGE: usize = 9 << 20;
    for size in [0, LARGE] {
        let sandbox = Sandbox::new();
        let wheel = WheelBuilder::new(NAME).file_with_mode("demo/m.so", object("x86_64/core.so"), 0o755);
        let input = sandbox.wheel(&wheel);
        let libraries = sandbox.path().join("libraries");
        std::fs::create_dir(&libraries).unwrap();
        let library = libraries.join("libgreet.so.3");
        let mut bytes = std::fs::read(testdata("rootfs/usr/lib/libgreet.so.3.1")).unwrap();
        bytes.resize(bytes.len().max(size), 0);
        std::fs::write(&library, &bytes).unwrap();
        let search_paths = SearchPaths { first: vec![libraries], ..SearchPaths::default() };
        let resolver = || {
            Resolver::new(ResolverOptions {
                search_paths: search_paths.clone(),
                ..ResolverOptions::default()
            })
        };
        let options = RepairOptions::default();
        let wheel = Wheel::open(&input, &Limits::default()).unwrap();
        let planned = || {
            let audit = audit(&wheel, &resolver(), &AuditOptions::default()).unwrap();
            let plan = plan(&wheel, &audit, &options).unwrap();
            (audit, plan)
        };
        let out = |name: &str| {
            let out = sandbox.path().join(name);
            std::fs::create_dir(&out).unwrap();
            out
        };
        let packages = SystemPackages::default();
        let apply = |(audit, plan): &(_, _), out: &Path| {
            apply(&wheel, audit, plan, &options, out, &packages).map(|result| result.path)
        };
        apply(&planned(), &out("unchanged")).unwrap();
        let planned = planned();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(&library, bytes).unwrap();
        std::fs::create_dir(sandbox.out()).unwrap();
        let error = apply(&planned, &sandbox.out()).unwrap_err();
        assert!(
            matches!(&error, RepairError::Read(Error::Changed { path }) if *path == library.canonicalize().unwrap()),
            "{error}"
        );
        assert_eq!(names(&sandbox.out()), [""; 0]);
    }
}

fn a_wheel_that_changes_after_it_was_looked_at_is_not_repaired() {
    // One that is repaired, and one that is copied.
    for object_of_wheel in [Some("x86_64/core.so"), None] {
        let sandbox = Sandbox::new();
        let data = [b'x'; 1000];
        let name = if object_of_wheel.is_some() { NAME } else { "demo-1.0-py3-none-any.whl" };
        let mut builder = WheelBuilder::new(name).stored("demo/data.bin", data);
        if let Some(name) = object_of_wheel {
            builder = builder.file_with_mode("demo/m.so", object(name), 0o755);
        }
        let input = sandbox.wheel(&builder);
        let file = std::fs::File::options().append(true).open(&input).unwrap();
        file.set_modified(std::time::SystemTime::now() - Duration::from_secs(60)).unwrap();
        let search_paths =
            SearchPaths { sysroot: Sysroot::new(testdata("rootfs")), ..SearchPaths::default() };
        let resolver = Resolver::new(ResolverOptions { search_paths, ..ResolverOptions::default() });
        let options = RepairOptions::default();
        let wheel = Wheel::open(&input, &Limits::default()).unwrap();
        let audit = audit(&wheel, &resolver, &AuditOptions::default()).unwrap();
        let plan = plan(&wheel, &audit, &options).unwrap();
        assert_eq!(plan.is_copy(), object_of_wheel.is_none());
        let mut bytes = std::fs::read(&input).unwrap();
        let at = bytes.windows(data.len()).position(|window| window == data).unwrap();
        bytes[at] ^= 1;
        std::fs::write(&input, bytes).unwrap();
        let packages = SystemPackages::default();
        let error = apply(&wheel, &audit, &plan, &options, &sandbox.out(), &packages).unwrap_err();
        assert_eq!(error.to_string(), format!("`{}` changed while it was being read", input.display()));
        assert_eq!(error.hints(), ["run again when nothing writes to it"]);
        assert_eq!(names(&sandbox.out()), [""; 0]);
    }
}

/// A file system of this size, unmounted at the end; `None` without the right to mount.
struct Mounted(PathBuf);

impl Mounted {
    fn tmpfs(at: PathBuf, options: &str) -> Option<Self> {
        std::fs::create_dir_all(&at).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&at).output();
        let ok = mounted.is_ok_and(|output| output.status.success());
        ok.then_some(Self(at))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

fn a_full_disk_is_an_error_that_leaves_nothing() {
    let sandbox = Sandbox::new();
    let input = sandbox.wheel(&slow_wheel());
    let before = hash(&input);
    let Some(small) = Mounted::tmpfs(sandbox.path().join("small"), "size=2m") else { return };
    sandbox.run(&into("small", &root())).failure(1, &["cannot write `small/", "No space left"]);
    assert_eq!(names(&small.0), [""; 0]);
    assert_eq!(hash(&input), before);
}

fn another_file_system_and_a_read_only_one() {
    let sandbox = Sandbox::new();
    let input = sandbox.wheel(&slow_wheel());
    let before = hash(&input);
    let Some(other) = Mounted::tmpfs(sandbox.path().join("other"), "size=64m") else { return };
    sandbox.run(&into("other", &root())).success();
    assert_eq!(names(&other.0), [OUTPUT]);
    all_whole(&other.0);
    let Some(fixed) = Mounted::tmpfs(sandbox.path().join("fixed"), "size=64m,ro") else { return };
    sandbox
        .run(&into("fixed", &root()))
        .failure(1, &["`fixed", "cannot create a file in `fixed`: read-only filesystem"]);
    assert_eq!(names(&fixed.0), [""; 0]);
    assert_eq!(hash(&input), before);
}
