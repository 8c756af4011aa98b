//! Root file systems and directories that libraries are looked for in. The wheel's module needs `libgreet.so.3`.

use std::os::unix::fs::symlink;

use super::scene::Scene;
use super::{Group, harmless, refused};
use crate::support::elf_builder::*;
use crate::support::sandbox::{object, testdata};

const LIBRARY: &str = "usr/lib/libgreet.so.3";

pub(super) const GROUP: Group = Group {
    title: "Root file systems",
    cases: &[
        refused("nothing", &["`libgreet.so.3`, needed by", "was not found"], module),
        refused(
            "a loop of symbolic links",
            &["rejected: `/usr/lib/libgreet.so.3` (too many levels"],
            |scene| {
                module(scene);
                symlink("libgreet.so.3", scene.root().join(LIBRARY)).unwrap();
            },
        ),
        refused(
            "38 links that lead through each other, each as long as a path may be, for 300 names",
            &["symbolic links make it too long"],
            |scene| {
                std::fs::create_dir_all(scene.root().join("d/e")).unwrap();
                for number in 0..38 {
                    let next = if number < 37 { format!("m{}", number + 1) } else { "d".to_owned() };
                    let long = format!("/d{}/../{next}", "/e/..".repeat(790));
                    symlink(long, scene.root().join(format!("m{number}"))).unwrap();
                }
                for directory in ["lib", "usr/lib"] {
                    std::fs::remove_dir_all(scene.root().join(directory)).unwrap();
                    symlink("/m0", scene.root().join(directory)).unwrap();
                }
                let elf = (0..300).fold(ElfBuilder::new(), |elf, n| elf.needed(&format!("libq{n}.so")));
                scene.module(elf.build());
            },
        ),
        refused("a link to nowhere", &["was not found"], |scene| {
            module(scene);
            symlink("/nowhere/libgreet.so.3", scene.root().join(LIBRARY)).unwrap();
        }),
        refused("a link that climbs out of the root", &["was not found"], |scene| {
            module(scene);
            std::fs::write(scene.host().join("libgreet.so.3"), greet()).unwrap();
            symlink("../../../../../../host/libgreet.so.3", scene.root().join(LIBRARY)).unwrap();
        }),
        refused("a FIFO", &["rejected: `/usr/lib/libgreet.so.3` (not a regular file)"], |scene| {
            module(scene);
            fifo(scene, LIBRARY);
        }),
        refused("a device", &["rejected: `host/libgreet.so.3` (not a regular file)"], |scene| {
            module(scene);
            symlink("/dev/zero", scene.host().join("libgreet.so.3")).unwrap();
        })
        .with(&["-l", "host"]),
        refused("a file of procfs", &["rejected: `host/libgreet.so.3` (a file of procfs"], |scene| {
            module(scene);
            symlink("/proc/self/mem", scene.host().join("libgreet.so.3")).unwrap();
        })
        .with(&["-l", "host"]),
        refused(
            "procfs for a root file system, and a path into it that is needed",
            &["`/self/pagemap` (a file of procfs", "`/kmsg` (a file of procfs"],
            |scene| {
                let elf = ElfBuilder::new().needed("/self/pagemap").needed("/kmsg");
                scene.module(elf.build());
            },
        )
        .with(&["--sysroot", "/proc"]),
        refused("a directory", &["rejected: `/usr/lib/libgreet.so.3` (a directory)"], |scene| {
            module(scene);
            std::fs::create_dir(scene.root().join(LIBRARY)).unwrap();
        }),
        refused("a linker script", &["(a linker script, not a library)"], |scene| {
            module(scene);
            scene.install(LIBRARY, "/* GNU ld script */\nGROUP ( libgreet.so.3.1 )\n");
        }),
        refused("an empty file", &["(not an ELF file)"], |scene| {
            module(scene);
            scene.install(LIBRARY, "");
        }),
        refused("a quarter of a library", &["rejected: `/usr/lib/libgreet.so.3` (damaged: "], |scene| {
            module(scene);
            let library = greet();
            scene.install(LIBRARY, &library[..library.len() / 4]);
        }),
        refused("a library of 5 GB", &["bytes, more than the limit `graft-size` of"], |scene| {
            module(scene);
            scene.install(LIBRARY, greet());
            std::fs::File::options()
                .write(true)
                .open(scene.root().join(LIBRARY))
                .unwrap()
                .set_len(5 << 30)
                .unwrap();
        }),
        refused(
            "a library that exceeds the limit",
            &["(7 bytes, more than the limit `graft-size` of 6)"],
            |scene| {
                module(scene);
                scene.install(LIBRARY, "1234567");
            },
        )
        .with(&["--limit", "graft-size=6"]),
        refused("a library for another machine", &["(aarch64, the requester is x86_64)"], |scene| {
            module(scene);
            scene.install(LIBRARY, object("aarch64/libgreet.so.3"));
        }),
        refused("a library for glibc", &["(built for glibc: it needs `ld-linux-x86-64.so.2`)"], |scene| {
            module(scene);
            scene.install(LIBRARY, ElfBuilder::new().needed("ld-linux-x86-64.so.2").build());
        }),
        refused(
            "a library that needs 100,000 others",
            &["(damaged: 100003 entries in the dynamic section"],
            |scene| {
                module(scene);
                let many = (0..100_000).fold(ElfBuilder::new(), |elf, n| elf.needed(&format!("libx{n}.so")));
                scene.install(LIBRARY, many.build());
            },
        ),
        refused("a FIFO for musl's path file", &["was not found"], |scene| {
            module(scene);
            scene.install(LIBRARY, greet());
            fifo(scene, "etc/ld-musl-x86_64.path");
        }),
        refused(
            "a chain of 3,000 libraries, one more than a limit",
            &["need more than the limit `objects` of 3000"],
            |scene| {
                module(scene);
                chain(scene, 3000);
            },
        )
        .with(&["--limit", "objects=3000"]),
        harmless("a chain of 1,000 libraries", &[], |scene| {
            module(scene);
            chain(scene, 1000);
        }),
        harmless("two libraries that need each other", &[], |scene| {
            module(scene);
            scene.install(
                LIBRARY,
                ElfBuilder::new().needed("libb.so").text(DT_SONAME, "libgreet.so.3").build(),
            );
            scene.install("usr/lib/libb.so", ElfBuilder::new().needed("libgreet.so.3").build());
        }),
        harmless("a library that needs itself", &[], |scene| {
            module(scene);
            scene.install(LIBRARY, ElfBuilder::new().needed("libgreet.so.3").build());
        }),
        harmless("a package database that is no text", &[], |scene| {
            sound(scene);
            scene.install("lib/apk/db/installed", [0xff; 1 << 16]);
        }),
        refused("a FIFO for a package database", &["lib/apk/db/installed`: not a regular file"], |scene| {
            sound(scene);
            std::fs::create_dir_all(scene.root().join("lib/apk/db")).unwrap();
            fifo(scene, "lib/apk/db/installed");
        }),
        refused("a directory for an os-release", &["etc/os-release`: a directory"], |scene| {
            sound(scene);
            scene.install("lib/apk/db/installed", "P:x\nV:1\n\n");
            std::fs::create_dir_all(scene.root().join("etc/os-release")).unwrap();
        }),
        refused("a package database of a million packages", &["it has more than 100000 packages"], |scene| {
            sound(scene);
            scene.install("lib/apk/db/installed", "P:x\nV:1\n\n".repeat(1_000_000));
        }),
        harmless("a package database of 24 MB with 6 million files", &[], |scene| {
            sound(scene);
            let files = "R:x\n".repeat(6_000_000);
            scene.install("lib/apk/db/installed", format!("P:x\nV:1\nF:usr/lib\n{files}\n"));
        }),
        harmless("a package database with one file 300,000 times", &[], |scene| {
            sound(scene);
            let files = "R:libgreet.so.3\n".repeat(300_000);
            scene.install("lib/apk/db/installed", format!("P:x\nV:1\nF:usr/lib\n{files}\n"));
        }),
    ],
};

/// A sound `libgreet.so.3`.
pub(super) fn greet() -> Vec<u8> {
    std::fs::read(testdata("rootfs/usr/lib/libgreet.so.3.1")).unwrap()
}

fn module(scene: &Scene) {
    scene.module(ElfBuilder::new().needed("libgreet.so.3").build());
}

fn sound(scene: &Scene) {
    module(scene);
    scene.install(LIBRARY, greet());
}

fn fifo(scene: &Scene, path: &str) {
    let path = scene.root().join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
}

/// Libraries of which each needs the next.
fn chain(scene: &Scene, length: usize) {
    scene.install(LIBRARY, ElfBuilder::new().needed("libn0.so").build());
    for n in 0..length {
        let next = if n + 1 < length { format!("libn{}.so", n + 1) } else { "libc.so".to_owned() };
        scene.install(&format!("usr/lib/libn{n}.so"), ElfBuilder::new().needed(&next).build());
    }
}
