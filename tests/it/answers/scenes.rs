//! Directories with wheels, as people have them.

use std::path::Path;

use crate::support::sandbox::{Sandbox, object, testdata};
use crate::support::wheel_builder::WheelBuilder;

/// What is in `dist`, beside the libraries of `root`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scene {
    /// A wheel with one module, which needs a library.
    Small,
    /// A wheel with a hundred modules, some of which need libraries or have DT_RELR.
    Large,
    /// Forty wheels of all kinds.
    Forty,
    /// A wheel whose library is nowhere, and one that can be repaired.
    Failure,
    /// A wheel with warnings.
    Warnings,
}

impl Scene {
    pub(super) const ALL: [Self; 5] = [Self::Small, Self::Large, Self::Forty, Self::Failure, Self::Warnings];

    pub(super) fn sandbox(self) -> Sandbox {
        let sandbox = Sandbox::new();
        copy(&testdata("rootfs"), &sandbox.path().join("root"));
        for builder in self.wheels() {
            sandbox.wheel_in("dist", &builder);
        }
        sandbox
    }

    fn wheels(self) -> Vec<WheelBuilder> {
        match self {
            Self::Small => vec![wheel("demo", "linux_x86_64", "core.so")],
            Self::Large => vec![large()],
            Self::Forty => (0..40).map(one_of_forty).collect(),
            Self::Failure => {
                vec![
                    wheel("broken", "linux_x86_64", "ext_missing.so"),
                    wheel("demo", "linux_x86_64", "core.so"),
                ]
            }
            Self::Warnings => {
                vec![wheel("demo", "musllinux_1_2_x86_64", "ext_relr.so").unlisted("demo/data.txt")]
            }
        }
    }
}

fn wheel(name: &str, platform: &str, extension: &str) -> WheelBuilder {
    WheelBuilder::new(&format!("{name}-1.0-cp312-cp312-{platform}.whl"))
        .file(&format!("{name}/__init__.py"), "")
        .file(&format!("{name}/data.txt"), "data")
        .file_with_mode(&format!("{name}/{}", module("_core")), object(&format!("x86_64/{extension}")), 0o755)
}

fn module(name: &str) -> String {
    format!("{name}.cpython-312-x86_64-linux-musl.so")
}

fn large() -> WheelBuilder {
    (0..100).fold(WheelBuilder::new("science-1.15.0-cp312-cp312-linux_x86_64.whl"), |builder, number| {
        let extension = match number % 10 {
            0 => "core.so",
            3 => "ext_chain.so",
            7 => "ext_relr.so",
            _ => "ext_plain.so",
        };
        let name = format!("science/part{}/{}", number / 10, module(&format!("_module{number:02}")));
        builder.file_with_mode(&name, object(&format!("x86_64/{extension}")), 0o755)
    })
}

fn one_of_forty(number: usize) -> WheelBuilder {
    let name = format!("package{number:02}");
    match number % 8 {
        0 => WheelBuilder::new(&format!("{name}-2.0-py3-none-any.whl")).file(&format!("{name}.py"), ""),
        1 => wheel(&name, "linux_x86_64", "core.so"),
        2 => wheel(&name, "musllinux_1_2_x86_64", "ext_plain.so"),
        3 => wheel(&name, "linux_x86_64", "ext_chain.so"),
        4 => wheel(&name, "musllinux_1_2_x86_64", "ext_relr.so"),
        5 => wheel(&name, "linux_x86_64", "ext_plain.so"),
        6 => wheel(&name, "manylinux_2_17_x86_64", "ext_glibc.so"),
        _ => wheel(&name, "linux_x86_64", "ext_missing.so"),
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => copy(&entry.path(), &target),
            kind if kind.is_symlink() => {
                std::os::unix::fs::symlink(std::fs::read_link(entry.path()).unwrap(), target).unwrap();
            }
            _ => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}
