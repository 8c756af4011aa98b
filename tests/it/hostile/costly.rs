//! ELF files that are small when compressed, and made to cost as much as possible.

use super::scene::{Scene, wheel};
use super::{Group, harmless, refused};
use crate::support::elf_builder::*;
use crate::support::wheel_builder::WheelBuilder;

/// The size of 40 MB of zeros, as named in a header.
const SIZE: u64 = 40 << 20;

pub(super) const GROUP: Group = Group {
    title: "Costly ELF files",
    cases: &[
        harmless("1,100 segments of notes over the same 40 MB", &[], |scene| scene.module(notes().build())),
        harmless("the same, to be stripped", &[], |scene| {
            scene.module(notes().sections([debug(64, 8)]).build());
        })
        .with(&["--strip"]),
        harmless(
            "1,000 libraries in a chain, each with a run path of 900 directories that are there",
            &[],
            |scene| {
                scene.wheel(&run_paths("$ORIGIN/x/.."));
            },
        ),
        refused(
            "1,000 libraries in a chain, each with a run path of 900 directories elsewhere",
            &["more than the limit `lookups`"],
            |scene| scene.wheel(&run_paths("/lib")),
        ),
        refused(
            "3,000 modules that need the 30 before them, and what is not there",
            &["more than the limit `lookups`"],
            |scene| {
                let modules = (0..3_000usize).fold(wheel(), |wheel, at| {
                    let before = at.saturating_sub(30)..at;
                    let elf = ElfBuilder::new().text(DT_RUNPATH, "$ORIGIN").needed("libnone.so");
                    let elf = before.fold(elf, |elf, other| elf.needed(&format!("m{other}.so")));
                    wheel.file(&format!("demo/m{at}.so"), elf.build())
                });
                scene.wheel(&modules);
            },
        ),
        refused(
            "9,000 libraries that are nowhere, and a run path of names as long as they may be",
            &["more findings like these are not listed"],
            |scene| {
                let run_path: Vec<String> = (0..15).map(|n| format!("/{}{n}", "y".repeat(4_000))).collect();
                let elf = ElfBuilder::new().text(DT_RUNPATH, &run_path.join(":"));
                scene.module((0..9_000).fold(elf, |elf, n| elf.needed(&format!("libx{n}.so"))).build());
            },
        ),
        harmless(
            "800 modules with a run path of names as long as they may be, which a repair removes",
            &["removing from the run path", "..."],
            |scene| {
                let run_path: Vec<String> = (0..15).map(|n| format!("/{}{n}", "y".repeat(4_000))).collect();
                let elf = ElfBuilder::new().text(DT_RUNPATH, &run_path.join(":")).build();
                scene.wheel(&(0..800).fold(wheel(), |wheel, n| wheel.file(&format!("demo/m{n}.so"), &elf)));
            },
        ),
        harmless("200 modules with run paths of 5,000 directories that are there", &[], |scene| {
            let run_path: Vec<String> = (0..5_000).map(|n| format!("$ORIGIN/{n}")).collect();
            let elf = ElfBuilder::new().text(DT_RUNPATH, &run_path.join(":")).build();
            let wheel = (0..5_000).fold(wheel(), |wheel, n| wheel.file(&format!("demo/{n}/x"), ""));
            scene.wheel(&(0..200).fold(wheel, |wheel, n| wheel.file(&format!("demo/m{n}.so"), &elf)));
        }),
        refused("70,000 sections", &["70002 sections, more than the limit `sections` of 65279"], |scene| {
            scene.module(ElfBuilder::new().sections(vec![Section::default(); 70_000]).build());
        }),
        harmless("65,000 sections of strings, to be stripped", &[], |scene| {
            let strings = Section { kind: SHT_STRTAB, offset: 64, size: 1, link: 1, ..Section::default() };
            scene.module(ElfBuilder::new().sections(vec![strings; 65_000]).build());
        })
        .with(&["--strip"]),
        harmless("32,000 sections that stay over 32,000 that go, to be stripped", &[], |scene| {
            let with_note = |place| ElfBuilder::new().segment([PT_NOTE, place, place, 64, 64]);
            let end = with_note(0).build().len() as u64;
            let gone = Section { kind: SHT_SYMTAB, offset: end, size: SIZE, ..Section::default() };
            let kept = Section { kind: SHT_NOTE, offset: end + SIZE, size: 1, ..Section::default() };
            let sections = vec![gone; 32_000].into_iter().chain(vec![kept; 32_000]);
            scene.module(with_note(end + SIZE).behind(&zeros(SIZE + 64)).sections(sections).build());
        })
        .with(&["--strip=all"]),
        harmless("9,000 holes before 60,000 sections, to be stripped", &[], |scene| {
            let elf = ElfBuilder::new().segment([PT_NOTE, SIZE, SIZE, 64, 64]);
            let between = (1..9_000).map(|at| Section {
                kind: SHT_NOTE,
                flags: SHF_ALLOC,
                offset: at * 0x1100,
                size: 1,
                ..Section::default()
            });
            let behind = Section { kind: SHT_NOTE, offset: SIZE, size: 1, ..Section::default() };
            let sections = between.chain([debug(0x1000, 8)]).chain(vec![behind; 50_000]);
            scene.module(elf.behind(&zeros(SIZE + 64)).sections(sections).build());
        })
        .with(&["--strip"]),
        harmless("60,000 headers of one table of relocations, in a library to be patched", &[], |scene| {
            let elf = patched(scene).table(DT_RELA, vec![0; 24]).entry(DT_RELASZ, 24);
            let elf = (0..9_000).fold(elf, |elf, _| elf.entry(DT_DEBUG, 1));
            let place = elf.place_of(DT_RELA);
            let table = Section {
                kind: SHT_RELA,
                flags: SHF_ALLOC,
                address: place,
                offset: place,
                size: 24,
                ..Section::default()
            };
            scene.module(elf.sections(vec![table; 60_000]).build());
        }),
        harmless(
            "60,000 dynamic sections and a million symbols in them, in a library to be patched",
            &[],
            |scene| {
                let elf = patched(scene);
                let end = elf.clone().build().len() as u64;
                let symbols = 1_000_000 * 24;
                let dynamic = Section { kind: SHT_DYNAMIC, address: 1, ..Section::default() };
                let table = Section { kind: SHT_SYMTAB, offset: end, size: symbols, ..Section::default() };
                // Each is in section 60,000.
                let symbol: Vec<u8> = [[0; 6].as_slice(), &60_000u16.to_le_bytes(), &[0; 16]].concat();
                let elf = elf.behind(&symbol.repeat(1_000_000));
                scene.module(elf.sections(vec![dynamic; 60_000].into_iter().chain([table])).build());
            },
        ),
        harmless("1,100 segments before the same 40 MB of zeros, in a library to be patched", &[], |scene| {
            let elf = patched(scene);
            let segments = |elf: ElfBuilder, place: u64| {
                let many = 1..=1_100;
                many.fold(elf, |elf, at| elf.segment([PT_LOAD, place, place + (at << 32), 64, 64]))
            };
            let end = segments(elf.clone(), 0).build().len() as u64;
            scene.module(segments(elf, end).behind(&zeros(SIZE)).sections([debug(64, 8)]).build());
        }),
        harmless("60,000 version needs of one library, in a library to be patched", &[], |scene| {
            scene.install("usr/lib/l", super::roots::greet());
            // No versions, and the next entry 16 bytes further.
            let needs = words(&[0, 1, 0, 16]).repeat(60_000);
            let elf = ElfBuilder::new().needed("l").table(DT_VERNEED, needs);
            scene.module(elf.entry(DT_VERNEEDNUM, 60_000).build());
        }),
        refused(
            "200,000 version needs",
            &["version needs: more entries than versions can be told apart"],
            |scene| {
                let needs = words(&[0, 1, 0, 16]).repeat(200_000);
                let elf = ElfBuilder::new().needed("l").table(DT_VERNEED, needs);
                scene.module(elf.entry(DT_VERNEEDNUM, 200_000).build());
            },
        ),
        harmless("4 million gaps in a string table, in a library to be patched", &[], |scene| {
            scene.module(patched(scene).raw_strings(&b"x\0\0".repeat(4 << 20)).build());
        }),
        harmless("300 new names for a string table of 16 MB with 300,000 gaps", &[], |scene| {
            let elf = (0..300).fold(ElfBuilder::new(), |elf, number| {
                let name = format!("libx{number}.so");
                scene.install(&format!("usr/lib/{name}"), ElfBuilder::new().text(DT_SONAME, &name).build());
                elf.needed(&name)
            });
            scene.module(
                elf.raw_strings(&[b"lib-0.so\0".as_slice(), &[0; 44]].concat().repeat(300_000)).build(),
            );
        }),
        refused("a name of 5,000 bytes", &["DT_NEEDED: it is longer than any path"], |scene| {
            scene.module(ElfBuilder::new().needed(&"x".repeat(5_000)).build());
        }),
        refused("a run path of 1 MB for 9,000 names", &["DT_RUNPATH: it is longer than 64 KiB"], |scene| {
            let elf = ElfBuilder::new().text(DT_RUNPATH, &format!("$ORIGIN/{}", "x".repeat(1 << 20)));
            scene.module((0..9_000).fold(elf, |elf, n| elf.needed(&format!("libx{n}.so"))).build());
        }),
        refused("an interpreter of 40 MB", &["PT_INTERP: it is longer than any path"], |scene| {
            let elf = ElfBuilder::new().segment([PT_INTERP, 64, 64, SIZE, SIZE]);
            scene.module(elf.behind(&vec![0xff; 40 << 20]).build());
        }),
        refused(
            "names of symbols that overlap 9,000 times",
            &["names overlap more than any linker makes them"],
            |scene| {
                let elf = ElfBuilder::new().raw_strings(&vec![b'x'; 1 << 20]).raw_strings(&[0]);
                let elf =
                    elf.table(DT_SYMTAB, symbols(9_000, |n| n)).table(DT_HASH, words(&[1, 9_000, 0, 0]));
                scene.module(elf.build());
            },
        ),
        refused(
            "240,000 symbols of a version whose library has a name of 1 MB",
            &["version name: it is longer than any path"],
            |scene| scene.module(versioned(1 << 20)),
        ),
        harmless(
            "240,000 symbols of a version whose library has a name of 4,000 bytes, in a library to be patched",
            &[],
            |scene| {
                let _ = patched(scene);
                scene.module(versioned(4_000));
            },
        ),
        harmless("2.5 million slots of DT_RELR", &[], |scene| relr(scene, 1, 2_500_000)).with(&["-z", "0"]),
        harmless("500,000 slots of DT_RELR in the last of 1,000 segments", &[], |scene| {
            relr(scene, 1_000, 500_000)
        }),
    ],
};

/// 1,100 overlapping segments, each with two million notes.
fn notes() -> ElfBuilder {
    let many = |elf: ElfBuilder, end: u64| {
        (0..1_100).fold(elf, |elf, at| elf.segment([PT_GNU_PROPERTY, end + 16 * at, 0, SIZE, SIZE]))
    };
    let end = many(ElfBuilder::new(), 0).build().len() as u64;
    many(ElfBuilder::new(), end.next_multiple_of(16)).behind(&zeros(SIZE + (32 << 10)))
}

fn zeros(count: u64) -> Vec<u8> {
    vec![0; usize::try_from(count).unwrap()]
}

/// A section that stripping removes.
fn debug(offset: u64, size: u64) -> Section {
    Section { name: ".debug_info", kind: SHT_PROGBITS, offset, size, ..Section::default() }
}

/// A library that needs another one, which has to be grafted.
fn patched(scene: &Scene) -> ElfBuilder {
    scene.install("usr/lib/libgreet.so.3", super::roots::greet());
    ElfBuilder::new().needed("libgreet.so.3")
}

/// Imports `free` 240,000 times, with a version of a library whose name has this many bytes.
fn versioned(length: usize) -> Vec<u8> {
    const COUNT: u32 = 240_000;
    let relocations: Vec<u8> = (1..u64::from(COUNT))
        .flat_map(|n| [0u64.to_le_bytes(), (n << 32 | 1).to_le_bytes(), 0u64.to_le_bytes()].concat())
        .collect();
    let size = relocations.len() as u64;
    // One version (`vn_cnt`) of the library at 6, 16 bytes on; its index is 2, and its name the same.
    let needs = words(&[1 << 16 | 1, 6, 16, 0, 0, 2 << 16, 6, 0]);
    ElfBuilder::new()
        .raw_strings(&[b"free\0".as_slice(), &vec![b'x'; length], b"\0"].concat())
        .needed("libgreet.so.3")
        .table(DT_SYMTAB, symbols(COUNT, |_| 1))
        .table(DT_HASH, words(&[1, COUNT, 0, 0]))
        .table(DT_VERSYM, 2u16.to_le_bytes().repeat(COUNT as usize))
        .table(DT_VERNEED, needs)
        .entry(DT_VERNEEDNUM, 1)
        .table(DT_RELA, relocations)
        .entry(DT_RELASZ, size)
        .build()
}

/// `count` words that `DT_RELR` relocates, in the last of some segments.
fn relr(scene: &Scene, segments: u64, count: u64) {
    let bitmaps = (count / 63) as usize;
    let make = |data: u64| {
        let relr = [data.to_le_bytes().as_slice(), &vec![0xff; 8 * bitmaps]].concat();
        let size = relr.len() as u64;
        let elf = ElfBuilder::new().table(DT_RELR, relr).entry(DT_RELRSZ, size).entry(DT_RELRENT, 8);
        (1..segments).fold(elf, |elf, at| elf.segment([PT_LOAD, 0, at << 32, 64, 64]))
    };
    let last = |elf: ElfBuilder, place: u64| {
        elf.segment([PT_LOAD, place, (segments << 32) + place, 8 * (count + 1), 8 * (count + 1)])
    };
    let place = last(make(0), 0).build().len().next_multiple_of(0x1000) as u64;
    let elf = last(make((segments << 32) + place), place).behind(&zeros(8 * (count + 1) + 0x1000));
    scene.module(elf.build());
}

/// Libraries that each need the next one, with run paths that begin with `entry` and numbers.
fn run_paths(entry: &str) -> WheelBuilder {
    let directories: String = (0..900).map(|number| format!("{entry}/{number}:")).collect();
    let run_path = format!("{directories}$ORIGIN");
    let wheel = wheel().file("demo/x/file", "");
    (0..1_000).fold(wheel, |wheel, at| {
        let elf = ElfBuilder::new().text(DT_RUNPATH, &run_path).needed(&format!("lib{}.so", at + 1));
        let elf = if at < 999 { elf } else { ElfBuilder::new() };
        wheel.file(&format!("demo/lib{at}.so"), elf.build())
    })
}
