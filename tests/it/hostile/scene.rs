//! A directory for one case, which is watched for changes.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use muslrepair::wheel::Sha256Digest;
use nix::sys::resource::{UsageWho, getrusage};
use tempfile::TempDir;

use crate::support::sandbox::clear_environment;
use crate::support::wheel_builder::WheelBuilder;

pub(super) const NAME: &str = "demo-1.0-cp312-cp312-linux_x86_64.whl";
pub(super) const CORE: &str = "demo/_core.cpython-312-x86_64-linux-musl.so";

/// A directory with a wheel, a root file system and an output directory, some levels deep, so that files
/// written above it are noticed.
pub(super) struct Scene {
    directory: TempDir,
}

/// How the program ended.
pub(super) struct Run {
    pub(super) status: Option<i32>,
    pub(super) stderr: String,
}

/// The result of a run.
pub(super) struct Watched {
    pub(super) run: Run,
    /// Processor time.
    pub(super) time: Duration,
    /// The peak memory, in bytes.
    pub(super) memory: u64,
    /// Files outside the output directory that have changed.
    pub(super) changed: Vec<PathBuf>,
    /// Names in the output directory.
    pub(super) outputs: Vec<String>,
}

impl Scene {
    pub(super) fn new() -> Self {
        let scene = Self { directory: tempfile::tempdir().unwrap() };
        std::fs::create_dir_all(scene.place()).unwrap();
        std::fs::create_dir_all(scene.root().join("usr/lib")).unwrap();
        std::fs::create_dir_all(scene.root().join("lib")).unwrap();
        scene
    }

    fn place(&self) -> PathBuf {
        self.directory.path().join("a/b/c")
    }

    /// The root file system.
    pub(super) fn root(&self) -> PathBuf {
        self.place().join("root")
    }

    /// A directory of the host.
    pub(super) fn host(&self) -> PathBuf {
        let path = self.place().join("host");
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    /// Puts a file into the root file system.
    pub(super) fn install(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// Writes the input with these bytes.
    pub(super) fn bytes(&self, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.place().join(NAME), bytes).unwrap();
    }

    /// Writes the input, valid except for one defect.
    pub(super) fn wheel(&self, builder: &WheelBuilder) {
        builder.write_to(&self.place());
    }

    /// Gives the input another name.
    pub(super) fn rename(&self, name: &str) {
        std::fs::rename(self.place().join(NAME), self.place().join(name)).unwrap();
    }

    /// Writes the input: a wheel with this extension module.
    pub(super) fn module(&self, bytes: impl AsRef<[u8]>) {
        self.wheel(&wheel().file_with_mode(CORE, bytes, 0o755));
    }

    /// Runs the program on everything in the scene.
    pub(super) fn watch(&self, options: &[&str]) -> Watched {
        let before = self.tree();
        let figures = self.directory.path().with_extension("figures");
        // Through a new process of this test program: a process inherits the peak memory of its parent, and
        // this process has made the input.
        let mut command = Command::new(std::env::current_exe().unwrap());
        clear_environment(&mut command);
        let output = command
            .args(["--exact", "hostile::scene::measure", "--nocapture"])
            .current_dir(self.place())
            .env(MEASURED, options.join("\n"))
            .env(FIGURES, &figures)
            .output()
            .unwrap();
        let text = std::fs::read_to_string(&figures).unwrap_or_default();
        let _ = std::fs::remove_file(&figures);
        let figures: Vec<i64> = text.split(' ').filter_map(|number| number.parse().ok()).collect();
        let [status, time, memory] = figures[..] else { panic!("no figures: {output:?}") };
        let after = self.tree();
        let changed = before.iter().filter(|(path, old)| after.get(*path) != Some(old));
        let new = after.iter().filter(|(path, _)| !before.contains_key(*path));
        let changed = changed.chain(new).map(|(path, _)| path.clone()).collect();
        let names = std::fs::read_dir(self.place().join("out")).into_iter().flatten();
        Watched {
            run: Run {
                status: i32::try_from(status).ok(),
                stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            },
            time: Duration::from_micros(time.unsigned_abs()),
            memory: memory.unsigned_abs(),
            changed,
            outputs: names.map(|name| name.unwrap().file_name().into_string().unwrap()).collect(),
        }
    }

    /// Everything below the temporary directory except the output directory, with properties that show
    /// changes.
    fn tree(&self) -> BTreeMap<PathBuf, String> {
        let mut tree = BTreeMap::new();
        let out = self.place().join("out");
        let walk = walkdir::WalkDir::new(self.directory.path()).into_iter().filter_entry(|e| e.path() != out);
        for entry in walk {
            let entry = entry.unwrap();
            let metadata = entry.metadata().unwrap();
            // Creating `out` changes the time of this directory.
            let time =
                if entry.path() == self.place() { 0 } else { metadata.mtime_nsec() + metadata.mtime() };
            let small = metadata.is_file() && metadata.len() < 1 << 22;
            let hash = if small { hash(entry.path()) } else { String::new() };
            tree.insert(entry.into_path(), format!("{} {time} {hash}", metadata.mode()));
        }
        tree
    }
}

fn hash(path: &Path) -> String {
    std::fs::read(path).map_or_else(|error| error.to_string(), |bytes| Sha256Digest::of(&bytes).to_string())
}

/// The options of the program, one per line.
const MEASURED: &str = "MUSLREPAIR_MEASURED";
/// The file for status, processor time in microseconds and peak memory in bytes.
const FIGURES: &str = "MUSLREPAIR_MEASURED_TO";

/// Not a test, but the process that [`Scene::watch`] starts; does nothing without its environment.
#[test]
fn measure() {
    let (Ok(options), Some(figures)) = (std::env::var(MEASURED), std::env::var_os(FIGURES)) else { return };
    let mut command = Command::new(env!("CARGO_BIN_EXE_muslrepair"));
    clear_environment(&mut command);
    command.args(["repair", ".", "-w", "out", "--sysroot", "root"]).args(options.lines());
    let status = command.status().unwrap();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let micros = |time: nix::sys::time::TimeVal| time.tv_sec() * 1_000_000 + time.tv_usec();
    let time = micros(usage.user_time()) + micros(usage.system_time());
    // The system counts in KiB (getrusage(2)).
    let memory = usage.max_rss() << 10;
    std::fs::write(figures, format!("{} {time} {memory}", status.code().unwrap_or(-1))).unwrap();
}

/// A wheel to which a test adds something.
pub(super) fn wheel() -> WheelBuilder {
    WheelBuilder::new(NAME).file("demo/__init__.py", "")
}
