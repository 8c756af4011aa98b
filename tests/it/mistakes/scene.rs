//! A directory with everything that the calls are about.

use std::path::{Path, PathBuf};

use crate::support::sandbox::{Sandbox, object, testdata};
use crate::support::wheel_builder::WheelBuilder;

pub(super) const NAME: &str = "demo-1.0-cp312-cp312-linux_x86_64.whl";

/// Wheels, files, root file systems and settings.
pub(super) struct Scene {
    sandbox: Sandbox,
}

/// What the program says.
pub(super) struct Answer {
    pub(super) status: i32,
    /// Errors and warnings with what belongs to them.
    pub(super) text: String,
    /// All of it.
    pub(super) all: String,
}

fn wheel(extension: &str) -> WheelBuilder {
    WheelBuilder::new(NAME).file_with_mode("demo/_core.so", object(extension), 0o755)
}

impl Scene {
    pub(super) fn new() -> Self {
        let scene = Self { sandbox: Sandbox::new() };
        scene.add_wheels();
        scene.add_broken_wheels();
        scene.add_roots();
        for (name, text) in [
            ("README.txt", "text"),
            ("demo-1.0.tar.gz", ""),
            ("unknown.toml", "excludes = ['x']\n"),
            ("strip.toml", "strip = 'everything'\n"),
            ("both.toml", "min-musl = '1.2.3'\nmin-alpine = '3.16'\n"),
            ("alpine.toml", "min-alpine = '1.2.3'\n"),
            ("broken.toml", "exclude = [\n"),
        ] {
            scene.write(name, text);
        }
        std::fs::create_dir(scene.path("empty")).unwrap();
        std::os::unix::fs::symlink("gone", scene.path("dangling-1.0-py3-none-any.whl")).unwrap();
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.sandbox.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    fn copy(&self, from: &Path, name: &str) {
        self.write(name, std::fs::read(from).unwrap());
    }

    fn add_wheels(&self) {
        let sandbox = &self.sandbox;
        sandbox.wheel(&wheel("x86_64/core.so"));
        sandbox.wheel(&WheelBuilder::new("six-1.0-py3-none-any.whl").purelib().file("six.py", ""));
        for (directory, extension) in [
            ("a", "x86_64/core.so"),
            ("b", "x86_64/core.so"),
            ("missing", "x86_64/ext_missing.so"),
            ("glibc", "x86_64/ext_glibc.so"),
            ("relr", "x86_64/ext_relr.so"),
        ] {
            sandbox.wheel_in(directory, &wheel(extension));
        }
        let arm = WheelBuilder::new("demo-1.0-cp312-cp312-linux_aarch64.whl");
        sandbox.wheel_in("arm-wheel", &arm.file("demo/_core.so", object("aarch64/core.so")));
        self.write("m.so", object("x86_64/core.so"));
    }

    fn add_broken_wheels(&self) {
        let sandbox = &self.sandbox;
        let whole = wheel("x86_64/core.so").build();
        self.write(&format!("html/{NAME}"), "<html><body>404 Not Found</body></html>");
        self.write(&format!("nothing/{NAME}"), "");
        self.write(&format!("truncated/{NAME}"), &whole[..whole.len() / 2]);
        let mut damaged = whole.clone();
        // In the data of the first member, which is the module.
        damaged[200] ^= 0xff;
        self.write(&format!("damaged/{NAME}"), damaged);
        self.write("renamed/other-2.0-cp312-cp312-linux_x86_64.whl", &whole);
        self.write("retagged/demo-1.0-cp311-cp311-linux_x86_64.whl", &whole);
        self.write("badname/demo.whl", &whole);
        self.write("dashes/my-demo-1.0-cp312-cp312-linux_x86_64.whl", &whole);
        sandbox.wheel_in("no-record", &wheel("x86_64/core.so").no_record());
        sandbox.wheel_in("no-metadata", &wheel("x86_64/core.so").metadata("METADATA", ""));
        sandbox.wheel_in("no-wheel", &wheel("x86_64/core.so").metadata("WHEEL", ""));
        sandbox.wheel_in("two-dist-infos", &wheel("x86_64/core.so").file("other-1.0.dist-info/METADATA", ""));
        sandbox.wheel_in("climbing", &wheel("x86_64/core.so").file("../evil.py", ""));
        sandbox.wheel_in("no-elf", &WheelBuilder::new(NAME).file("demo/__init__.py", ""));
        let mut bare = crate::support::raw_zip::RawZip { ..crate::support::raw_zip::RawZip::wheel() };
        bare.members.clear();
        bare.add("demo/__init__.py", "");
        self.write(&format!("no-dist-info/{NAME}"), bare.to_bytes());
    }

    fn add_roots(&self) {
        for (root, system, loader) in [
            ("alpine", "alpine", Some("x86_64")),
            ("debian", "debian", None),
            ("arm", "alpine", Some("aarch64")),
        ] {
            self.write(&format!("{root}/etc/os-release"), format!("ID={system}\nVERSION_ID=3.22.1\n"));
            std::fs::create_dir_all(self.path(&format!("{root}/usr/lib"))).unwrap();
            if let Some(arch) = loader {
                self.write(&format!("{root}/lib/ld-musl-{arch}.so.1"), "");
            }
        }
        self.copy(&testdata("rootfs/lib/apk/db/installed"), "alpine/lib/apk/db/installed");
        self.copy(&testdata("rootfs/usr/lib/libgreet.so.3.1"), "libraries/libgreet.so.3");
    }

    /// Runs the program, and returns what it says.
    pub(super) fn answer(&self, call: &str) -> Answer {
        let arguments: Vec<&str> = call.split_whitespace().map(|word| word.trim_matches('\'')).collect();
        let run = self.sandbox.run(&arguments);
        let place = self.sandbox.path().to_str().unwrap();
        let canonical = self.sandbox.path().canonicalize().unwrap();
        let all = format!("{}{}", run.stderr, run.stdout);
        let all = all.replace(canonical.to_str().unwrap(), "/home/me").replace(place, "/home/me");
        let mut text = String::new();
        let mut belongs = false;
        for line in all.lines() {
            let word = line.trim_start();
            let begins = ["error", "warning", "hint:"].iter().any(|begin| word.starts_with(begin));
            belongs = begins || (belongs && line.starts_with(' '));
            if belongs {
                text.push_str(line);
                text.push('\n');
            }
        }
        Answer { status: run.status, text, all }
    }
}
