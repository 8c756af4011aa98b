//! `--cache-dir`: only what belongs to the user, cannot be written by others, and is whole is taken from it.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;

use crate::support::elf_builder::ElfBuilder;
use crate::support::sandbox::{Run, Sandbox};
use crate::support::wheel_builder::WheelBuilder;

const NAME: &str = "demo-1.0-cp312-cp312-linux_x86_64.whl";

struct Cached {
    sandbox: Sandbox,
    file: PathBuf,
    kept: Vec<u8>,
    result: Vec<u8>,
}

impl Cached {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let elf = ElfBuilder::new().needed("libgreet.so.3").build();
        sandbox.wheel(&WheelBuilder::new(NAME).file("demo/m.so", elf));
        sandbox.repair(&["--cache-dir", "cache"]).success();
        let names = sandbox.names("cache");
        assert_eq!(names.len(), 1, "{names:?}");
        let file = sandbox.path().join("cache").join(&names[0]);
        let result = std::fs::read(sandbox.out().join(&sandbox.outputs()[0])).unwrap();
        let kept = std::fs::read(&file).unwrap();
        Self { sandbox, file, kept, result }
    }

    /// Repairs again; whatever is in the cache, the result is the same.
    fn repair(&self) -> Run {
        std::fs::remove_dir_all(self.sandbox.out()).unwrap();
        let input = self.sandbox.path().join(NAME);
        let root = crate::support::sandbox::testdata("rootfs");
        let run = self.sandbox.run(&[
            "repair",
            input.to_str().unwrap(),
            "-w",
            "out",
            "--cache-dir",
            "cache",
            "--sysroot",
            root.to_str().unwrap(),
        ]);
        let run = run.success();
        assert!(std::fs::read(self.sandbox.out().join(&self.sandbox.outputs()[0])).unwrap() == self.result);
        run
    }
}

#[test]
fn kept_grafts_belong_to_the_user_alone() {
    let cached = Cached::new();
    let mode = |cached: &Cached| std::fs::metadata(&cached.file).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&cached), 0o600);
    assert!(!cached.repair().stderr.contains("not used"));
    std::fs::set_permissions(&cached.file, std::fs::Permissions::from_mode(0o666)).unwrap();
    let run = cached.repair();
    assert!(run.stderr.contains("(it is writable by other users)"), "{}", run.stderr);
    // It is written again, by the user.
    assert_eq!(mode(&cached), 0o600);
}

#[test]
fn what_is_no_file_is_neither_waited_for_nor_read_and_said() {
    let cached = Cached::new();
    let remove = || std::fs::remove_file(&cached.file).unwrap();
    remove();
    nix::unistd::mkfifo(&cached.file, nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert!(cached.repair().stderr.contains("(not a regular file)"));
    remove();
    symlink("/dev/zero", &cached.file).unwrap();
    assert!(cached.repair().stderr.contains("(not a regular file)"));
    remove();
    // A link to a file of the user is none of the cache's, either.
    let elsewhere = cached.sandbox.path().join("elsewhere");
    std::fs::write(&elsewhere, &cached.kept).unwrap();
    symlink(&elsewhere, &cached.file).unwrap();
    assert!(cached.repair().stderr.contains("(not a regular file)"));
    assert_eq!(std::fs::read(&elsewhere).unwrap(), cached.kept);
}

#[test]
fn a_forged_graft_is_not_taken() {
    use muslrepair::wheel::Sha256Digest;
    // A line, the hash of the rest, and in the rest: method, CRC-32, size, hash of the file, stream.
    const HEAD: usize = "muslrepair graft 1\n".len();
    const STREAM: usize = HEAD + 32 + 1 + 4 + 8 + 32;
    let cached = Cached::new();
    for place in [STREAM, cached.kept.len() - 1, HEAD + 32 + 1, HEAD + 32 + 1 + 4, STREAM - 1] {
        let mut forged = cached.kept.clone();
        forged[place] ^= 0x55;
        let hash = Sha256Digest::of(&forged[HEAD + 32..]);
        forged[HEAD..HEAD + 32].copy_from_slice(hash.as_bytes());
        std::fs::write(&cached.file, &forged).unwrap();
        cached.repair();
        assert!(std::fs::read(&cached.file).unwrap() == cached.kept, "{place}");
    }
    // A size that would take all memory.
    let mut forged = cached.kept.clone();
    forged[HEAD + 32 + 5..HEAD + 32 + 13].copy_from_slice(&(1u64 << 40).to_le_bytes());
    let hash = Sha256Digest::of(&forged[HEAD + 32..]);
    forged[HEAD..HEAD + 32].copy_from_slice(hash.as_bytes());
    std::fs::write(&cached.file, &forged).unwrap();
    cached.repair();
}
