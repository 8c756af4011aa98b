//! A directory in which the program runs, and its results there.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use muslrepair::Limits;
use muslrepair::elf::ElfFacts;
use muslrepair::wheel::{Wheel, WheelFilename};
use tempfile::TempDir;

use super::wheel_builder::WheelBuilder;

/// A file below `testdata`.
pub(crate) fn testdata(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(path)
}

/// The bytes of an object below `testdata/objects`.
pub(crate) fn object(path: &str) -> Vec<u8> {
    std::fs::read(testdata("objects").join(path)).unwrap()
}

/// Removes the host's environment, except for the variable that coverage measurement needs.
pub(crate) fn clear_environment(command: &mut Command) {
    const PROFILE: &str = "LLVM_PROFILE_FILE";
    command.env_clear();
    if let Some(profile) = std::env::var_os(PROFILE) {
        command.env(PROFILE, profile);
    }
}

/// A temporary directory with wheels in it; results go to `out`.
pub(crate) struct Sandbox {
    directory: TempDir,
}

/// How the program ended.
pub(crate) struct Run {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    fn of(Output { status, stdout, stderr }: Output) -> Self {
        Self {
            status: status.code().unwrap(),
            stdout: String::from_utf8(stdout).unwrap(),
            stderr: String::from_utf8(stderr).unwrap(),
        }
    }

    /// Fails the test unless the program succeeded.
    pub(crate) fn success(self) -> Self {
        assert_eq!(self.status, 0, "{}{}", self.stdout, self.stderr);
        self
    }

    /// Fails the test unless the program ended with this status and printed these texts to standard error.
    pub(crate) fn failure(self, status: i32, said: &[&str]) -> Self {
        assert_eq!(self.status, status, "{}{}", self.stdout, self.stderr);
        for text in said {
            assert!(self.stderr.contains(text), "no `{text}` in:\n{}", self.stderr);
        }
        self
    }
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.path().join("out")
    }

    /// Adds a wheel in this directory.
    pub(crate) fn wheel_in(&self, directory: &str, builder: &WheelBuilder) -> PathBuf {
        let directory = self.path().join(directory);
        std::fs::create_dir_all(&directory).unwrap();
        builder.write_to(&directory)
    }

    /// Adds a wheel.
    pub(crate) fn wheel(&self, builder: &WheelBuilder) -> PathBuf {
        builder.write_to(self.path())
    }

    /// The program with an environment that has nothing from the host.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_muslrepair"));
        command.current_dir(self.path());
        clear_environment(&mut command);
        command
    }

    /// Runs the program.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        Run::of(self.command().args(arguments).output().unwrap())
    }

    /// Runs the program with a standard output that was closed by its reader before anything was written.
    pub(crate) fn run_unread(&self, arguments: &[&str]) -> Run {
        let (_, writer) = std::io::pipe().unwrap();
        Run::of(self.command().args(arguments).stdout(writer).output().unwrap())
    }

    /// Runs the program under auditwheel's name.
    pub(crate) fn run_as_auditwheel(&self, arguments: &[&str]) -> Run {
        use std::os::unix::process::CommandExt as _;
        Run::of(self.command().arg0("auditwheel").args(arguments).output().unwrap())
    }

    /// Runs a command line in a shell whose `PATH` has the program under its own name and as `auditwheel`.
    /// The libraries of `testdata/rootfs` are on the library path.
    pub(crate) fn shell(&self, line: &str) -> Run {
        let bin = self.path().join("bin");
        if !bin.exists() {
            std::fs::create_dir(&bin).unwrap();
            for name in ["muslrepair", "auditwheel"] {
                std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_muslrepair"), bin.join(name)).unwrap();
            }
        }
        let mut command = Command::new("/bin/sh");
        command.args(["-euc", line]).current_dir(self.path());
        clear_environment(&mut command);
        command.env("PATH", format!("{}:/usr/bin:/bin", bin.display()));
        command.env("MUSLREPAIR_LD_LIBRARY_PATH", testdata("rootfs/usr/lib"));
        Run::of(command.output().unwrap())
    }

    /// Runs `repair` on everything in the sandbox, with the libraries of `testdata/rootfs`.
    pub(crate) fn repair(&self, arguments: &[&str]) -> Run {
        let root = testdata("rootfs");
        let mut all = vec!["repair", ".", "-w", "out", "--sysroot", root.to_str().unwrap()];
        all.extend(arguments);
        self.run(&all)
    }

    /// The names in the output directory, sorted.
    pub(crate) fn outputs(&self) -> Vec<String> {
        self.names("out")
    }

    /// The names in a directory of the sandbox, sorted.
    pub(crate) fn names(&self, directory: &str) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path().join(directory)) else { return Vec::new() };
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Opens the only result.
    pub(crate) fn result(&self) -> Repaired {
        let outputs = self.outputs();
        assert_eq!(outputs.len(), 1, "{outputs:?}");
        Repaired::open(&self.out().join(&outputs[0]))
    }
}

/// A repaired wheel, with shortcuts for tests.
pub(crate) struct Repaired {
    pub(crate) wheel: Wheel,
}

impl Repaired {
    pub(crate) fn open(path: &Path) -> Self {
        let wheel = Wheel::open(path, &Limits::default()).unwrap();
        // Whatever the test is about, RECORD must be complete and correct.
        assert_eq!(wheel.check_record().unwrap(), []);
        let filename: &WheelFilename = wheel.filename();
        assert_eq!(wheel.info().tags(), filename.tags());
        Self { wheel }
    }

    pub(crate) fn read(&self, member: &str) -> Vec<u8> {
        self.wheel.read(&member.parse().unwrap()).unwrap()
    }

    pub(crate) fn text(&self, member: &str) -> String {
        String::from_utf8(self.read(member)).unwrap()
    }

    pub(crate) fn facts(&self, member: &str) -> ElfFacts {
        ElfFacts::parse(&self.read(member)).unwrap()
    }

    /// File names below a directory, in archive order.
    pub(crate) fn below(&self, directory: &str) -> Vec<String> {
        let members = self.wheel.members().iter().filter(|member| !member.is_dir);
        members
            .filter_map(|member| member.path.as_str().strip_prefix(directory)?.strip_prefix('/'))
            .map(str::to_owned)
            .collect()
    }

    /// The only file below a directory whose name starts with `start`.
    pub(crate) fn one(&self, directory: &str, start: &str) -> String {
        let found: Vec<String> =
            self.below(directory).into_iter().filter(|name| name.starts_with(start)).collect();
        assert_eq!(found.len(), 1, "{start} in {:?}", self.below(directory));
        found[0].clone()
    }
}
