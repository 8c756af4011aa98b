//! ELF files in wheels.

use super::scene::Scene;
use super::{Group, harmless, refused};
use crate::support::elf_builder::*;
use crate::support::sandbox::object;

pub(super) const GROUP: Group = Group {
    title: "ELF files",
    cases: &[
        refused("four bytes of ELF", &["_core.cpython", "EI_CLASS"], |s| s.module(b"\x7fELF")),
        refused("a header cut short", &["_core.cpython", "ELF header reaches past the end"], |s| cut(s, 40)),
        refused(
            "program headers cut short",
            &["_core.cpython", "program header table reaches past the end"],
            |s| cut(s, 100),
        ),
        refused("half of a library", &["_core.cpython"], |s| cut(s, 1800)),
        refused("65,535 program headers", &["_core.cpython", "PN_XNUM"], |s| changed(s, 56, &[0xff, 0xff])),
        refused("65,534 program headers", &["program header table reaches past the end"], |s| {
            changed(s, 56, &[0xfe, 0xff])
        }),
        refused("program headers of one byte", &["_core.cpython", "e_phentsize"], |s| {
            changed(s, 54, &[1, 0])
        }),
        refused(
            "2,000 program headers",
            &["2002 program headers, more than the limit `program-headers` of 1170"],
            |scene| {
                let many = (0..2000).fold(ElfBuilder::new(), |elf, _| elf.segment([0; 5]));
                scene.module(many.build());
            },
        ),
        refused(
            "a class that is none",
            &["_core.cpython", "does not start like an ELF file, but musl loads"],
            |s| changed(s, 4, &[9]),
        ),
        refused("big-endian x86_64", &["_core.cpython"], |s| changed(s, 5, &[2])),
        refused("another machine", &["_core.cpython", "machine 8"], |s| changed(s, 18, &[8, 0])),
        refused(
            "a library for aarch64 in a wheel for x86_64",
            &["is built for aarch64, but the file name says x86_64"],
            |scene| {
                scene.module(object("aarch64/core.so"));
            },
        ),
        refused("a dynamic section past the end", &["_core.cpython", "dynamic section"], |scene| {
            scene.module(ElfBuilder::new().segment([2, 1 << 40, 1 << 40, 160, 160]).build());
        }),
        refused("a dynamic section of 2^60 bytes", &["_core.cpython", "dynamic section"], |scene| {
            scene.module(ElfBuilder::new().segment([2, 64, 64, 1 << 60, 1 << 60]).build());
        }),
        refused("a dynamic section without end", &["_core.cpython", "no DT_NULL ends it"], |scene| {
            scene.module(ElfBuilder::new().endless().build());
        }),
        refused("a string table without NUL", &["DT_NEEDED: no string at offset"], |scene| {
            scene.module(
                ElfBuilder::new()
                    .raw_strings(&[b'x'; 160])
                    .entry(DT_NEEDED, 1)
                    .string_table_size(150)
                    .build(),
            );
        }),
        refused(
            "a name outside of the string table",
            &["DT_NEEDED: no string at offset 0xffffffffffffffff"],
            |scene| {
                scene.module(ElfBuilder::new().entry(DT_NEEDED, u64::MAX).build());
            },
        ),
        refused("a string table of 2^63 bytes", &["_core.cpython", "string table"], |scene| {
            scene.module(ElfBuilder::new().needed("libx.so").string_table_size(1 << 63).build());
        }),
        refused(
            "names of 1 MB that overlap 9,000 times",
            &["DT_NEEDED: it is longer than any path"],
            |scene| {
                let elf = ElfBuilder::new().raw_strings(&[b'x'; 1 << 20]).raw_strings(&[0]);
                scene.module((1..9000).fold(elf, |elf, at| elf.entry(DT_NEEDED, at)).build());
            },
        ),
        refused(
            "100,000 libraries needed",
            &["100003 entries in the dynamic section, more than the limit `dynamic-entries` of 10000"],
            |scene| {
                scene.module(needing(100_000));
            },
        ),
        refused(
            "9,000 libraries needed that are not there",
            &["`libx0.so`, needed by", "was not found"],
            |scene| {
                scene.module(needing(9_000));
            },
        ),
        refused("a library that needs itself, but is found nowhere", &["`libself.so`, needed by"], |scene| {
            scene.module(ElfBuilder::new().text(DT_SONAME, "libself.so").needed("libself.so").build());
        }),
        refused("a name with escape sequences", &["`lib\\u{1b}[2J.so`, needed by"], |scene| {
            scene.module(ElfBuilder::new().needed("lib\u{1b}[2J.so").build());
        }),
        refused("a name that climbs out", &["`../../../../etc/passwd`, needed by"], |scene| {
            scene.module(ElfBuilder::new().needed("../../../../etc/passwd").build());
        }),
        refused(
            "a run path of 2,000 directories",
            &["need more than the limit `search-path` of 1000"],
            |scene| {
                let path: String = (0..2000).map(|n| format!("/d{n}:")).collect();
                scene.module(ElfBuilder::new().needed("libx.so").text(DT_RUNPATH, &path).build());
            },
        ),
        refused(
            "900 directories for 9,000 names",
            &["need more than the limit `lookups` of 300000"],
            |scene| {
                let path: String = (0..900).map(|n| format!("/d{n}:")).collect();
                let elf = ElfBuilder::new().text(DT_RUNPATH, &path);
                scene.module((0..9000).fold(elf, |elf, n| elf.needed(&format!("libx{n}.so"))).build());
            },
        ),
        refused(
            "a segment past the end",
            &["_core.cpython", "PT_LOAD reaches past the end of the file"],
            |scene| {
                scene.module(ElfBuilder::new().segment([1, 0, 1 << 20, 1 << 30, 1 << 30]).build());
            },
        ),
        refused(
            "a GNU hash table whose chain does not end",
            &["_core.cpython", "no string at offset"],
            |scene| {
                let hash = words(&[1, 1, 1, 0, 0, 0, 1, 2, 2, 2]);
                scene.module(
                    ElfBuilder::new().table(DT_SYMTAB, symbols(4, |_| 0)).table(DT_GNU_HASH, hash).build(),
                );
            },
        ),
        refused("a GNU hash table of 2^32 buckets", &["_core.cpython", "GNU hash table"], |scene| {
            let hash = words(&[u32::MAX, 1, u32::MAX, 0]);
            scene.module(
                ElfBuilder::new().table(DT_SYMTAB, symbols(4, |_| 0)).table(DT_GNU_HASH, hash).build(),
            );
        }),
        refused(
            "a hash table of 2^32 symbols",
            &["4294967295 dynamic symbols, more than the limit"],
            |scene| {
                let hash = words(&[1, u32::MAX, 0, 0]);
                scene.module(
                    ElfBuilder::new().table(DT_SYMTAB, symbols(4, |_| 0)).table(DT_HASH, hash).build(),
                );
            },
        ),
        refused(
            "1,100,000 symbols",
            &["1100000 dynamic symbols, more than the limit `symbols` of 1000000"],
            |scene| {
                scene.module(undefined(1_100_000));
            },
        ),
        refused(
            "400,000 symbols that no musl has",
            &["which no release of musl and none of its libraries provides", "and 992 more"],
            |scene| {
                scene.module(undefined(400_000));
            },
        ),
        refused("version needs that overlap", &["version needs: entries overlap"], |scene| {
            // No versions, and the next entry is 4 bytes on.
            let elf = ElfBuilder::new().table(DT_VERNEED, words(&[4; 1024]));
            scene.module(elf.entry(DT_VERNEEDNUM, u64::from(u32::MAX)).build());
        }),
        refused("relocations past the end", &["relocation table"], |scene| {
            scene.module(ElfBuilder::new().entry(DT_RELA, 64).entry(DT_RELASZ, 1 << 40).build());
        }),
        refused("a RELR bomb", &["DT_RELR: it has more slots than the file has words"], |scene| {
            // The same 64 slots, again and again.
            let bomb: Vec<u8> = [64u64.to_le_bytes(), [0xff; 8]].concat().repeat(1 << 16);
            let size = bomb.len() as u64;
            scene.module(ElfBuilder::new().table(DT_RELR, bomb).entry(DT_RELRSZ, size).build());
        }),
        refused(
            "segments that overlap, in a library to be patched",
            &["PT_LOAD: it maps other content over a page of another segment"],
            |scene| {
                scene.install("usr/lib/libgreet.so.3", super::roots::greet());
                let elf = ElfBuilder::new().needed("libgreet.so.3");
                scene.module(elf.segment([1, 0, 16, 64, 64]).build());
            },
        ),
        harmless("an object file and a core dump", &[], |scene| {
            let mut core = object("x86_64/core.so");
            core[16] = 4;
            let files =
                super::scene::wheel().file("demo/x.o", object("x86_64/greet.o")).file("demo/core", core);
            scene.wheel(&files.file_with_mode(super::scene::CORE, object("x86_64/ext_plain.so"), 0o755));
        }),
    ],
};

fn cut(scene: &Scene, length: usize) {
    scene.module(&object("x86_64/core.so")[..length]);
}

fn changed(scene: &Scene, at: usize, bytes: &[u8]) {
    let mut elf = object("x86_64/core.so");
    elf[at..at + bytes.len()].copy_from_slice(bytes);
    scene.module(elf);
}

fn needing(count: usize) -> Vec<u8> {
    (0..count).fold(ElfBuilder::new(), |elf, n| elf.needed(&format!("libx{n}.so"))).build()
}

/// So many undefined symbols, each with a name of its own and a relocation.
fn undefined(count: u32) -> Vec<u8> {
    let names: Vec<u8> = (1..count).flat_map(|n| format!("s{n:07}\0").into_bytes()).collect();
    let relocations: Vec<u8> = (1..u64::from(count))
        .flat_map(|n| [0u64.to_le_bytes(), (n << 32 | 1).to_le_bytes(), 0u64.to_le_bytes()].concat())
        .collect();
    let size = relocations.len() as u64;
    ElfBuilder::new()
        .raw_strings(&names)
        .table(DT_SYMTAB, symbols(count, |n| 1 + (n - 1) * 9))
        .table(DT_HASH, words(&[1, count, 0, 0]))
        .table(DT_RELA, relocations)
        .entry(DT_RELASZ, size)
        .build()
}
