//! Archives.

use std::io::Write as _;

use super::scene::{Scene, wheel};
use super::{Group, harmless, refused};
use crate::support::raw_zip::{RawMember, RawZip, crc32};

pub(super) const GROUP: Group = Group {
    title: "Archives",
    cases: &[
        refused("not a zip archive", &["not a zip archive"], |scene| scene.bytes("#!/bin/sh\nrm -rf /\n")),
        refused("an empty file", &["not a zip archive"], |scene| scene.bytes("")),
        refused("the second half is missing", &["truncated"], |scene| {
            let bytes = RawZip::wheel().finish();
            scene.bytes(&bytes[..bytes.len() / 2]);
        }),
        refused("an absolute name", &["`/etc/cron.d/x`", "must be relative"], |s| member(s, "/etc/cron.d/x")),
        refused("a name that climbs out", &["`demo/../../x`"], |s| member(s, "demo/../../x")),
        refused("a name that climbs out at once", &["`../../../x`"], |s| member(s, "../../../x")),
        refused("a name with backslashes", &["`demo\\..\\x`"], |s| member(s, "demo\\..\\x")),
        refused("a name with a drive", &["`C:/x`"], |s| member(s, "C:/x")),
        refused("a name with NUL", &["`demo/x\\u{0}.py`", "control characters"], |s| {
            member(s, "demo/x\0.py")
        }),
        refused("a name with an escape sequence", &["`demo/\\u{1b}[2Jx`"], |s| member(s, "demo/\u{1b}[2Jx")),
        refused("an empty name", &["member ``"], |s| member(s, "")),
        refused("an empty component", &["`demo//x`"], |s| member(s, "demo//x")),
        refused(
            "a name of 2,000 bytes",
            &["has a name of 2000 bytes, more than the limit `name-length` of 1024"],
            |scene| {
                member(scene, &"x".repeat(2000));
            },
        ),
        refused("a name that is not UTF-8 but says so", &["must be UTF-8"], |scene| {
            with(scene, RawMember { flags: 1 << 11, ..RawMember::new(b"demo/\xff", "") });
        }),
        refused("a name that is not ASCII and does not say UTF-8", &["must be marked as UTF-8"], |scene| {
            member(scene, "demo/caf\u{e9}");
        }),
        refused(
            "two names that differ in case",
            &["`demo/A.py` differs from `demo/a.py` only in case"],
            |scene| {
                member(scene, "demo/A.py");
            },
        ),
        refused("two members of one name", &["`demo/a.py` appears twice"], |s| member(s, "demo/a.py")),
        refused(
            "a file that is a directory too",
            &["`demo/a.py` is both a file and the directory of"],
            |scene| {
                member(scene, "demo/a.py/b");
            },
        ),
        refused("a name with a line separator", &["`demo/a\\u{2028}/etc/x`", "line separator"], |scene| {
            with(scene, RawMember { flags: 1 << 11, ..RawMember::new("demo/a\u{2028}/etc/x", "") });
        }),
        refused(
            "two members that are installed at one place",
            &["`demo-1.0.data/platlib/demo/a.py` is installed at the same place as `demo/a.py`"],
            |scene| {
                member(scene, "demo-1.0.data/platlib/demo/a.py");
            },
        ),
        refused(
            "the data directory of something else",
            &["`other-9.data/platlib/x` is in no data directory of this wheel"],
            |scene| {
                member(scene, "other-9.data/platlib/x");
            },
        ),
        refused("flags of strong encryption", &["`demo/x` has the flags 0x0040"], |scene| {
            with(scene, RawMember { flags: 1 << 6, ..RawMember::new("demo/x", "1") });
        }),
        refused("a version of the zip format that is to come", &["needs version 9.9"], |scene| {
            with(scene, RawMember { version: 99, ..RawMember::new("demo/x", "1") });
        }),
        refused("a member between the members", &["bytes behind member `demo/x` belong to none"], |scene| {
            let gap = RawZip { members: vec![RawMember::new("demo/y", "2")], ..RawZip::default() }.to_bytes();
            with(scene, RawMember { gap, ..RawMember::new("demo/x", "1") });
        }),
        refused("two members at one place", &["`demo/x.py`", "local header"], |scene| {
            with(scene, RawMember { same_place_as: Some(0), ..RawMember::new("demo/x.py", "a = 1\n") });
        }),
        refused("a member inside another one", &["`demo/in.py` overlaps `demo/out.bin`"], overlapping),
        refused("another name in the local header", &["`demo/x`", "another name"], |scene| {
            with(scene, RawMember { local_name: Some(b"demo/y".to_vec()), ..RawMember::new("demo/x", "") });
        }),
        refused("another size in the local header", &["`demo/x`", "another size"], |scene| {
            with(scene, RawMember { local_size: 3, ..RawMember::new("demo/x", "1234") });
        }),
        refused("another name in an extra field", &["`demo/x`", "extra field gives another name"], |scene| {
            let extra = [&b"\x75\x70\x0b\x00\x01"[..], &crc32(b"demo/x").to_le_bytes(), b"demo/y"].concat();
            with(scene, RawMember { extra, ..RawMember::new("demo/x", "") });
        }),
        refused(
            "sizes in a ZIP64 field that do not fit",
            &["`demo/x` has 18446744073709551615 bytes"],
            |scene| {
                let extra = [&b"\x01\x00\x10\x00"[..], &[0xff; 16]].concat();
                let sizes = RawMember {
                    size: u32::MAX,
                    local_size: u32::MAX,
                    extra,
                    ..RawMember::new("demo/x", "1234")
                };
                with(scene, sizes);
            },
        ),
        refused("a directory that says it has more entries", &["zip archive"], |scene| {
            let mut bytes = RawZip::wheel().finish();
            let end = bytes.len() - 22;
            bytes[end + 8..end + 12].copy_from_slice(&[0xfe; 4]);
            scene.bytes(bytes);
        }),
        refused("a wrong CRC", &["`demo/x` is damaged"], |scene| {
            with(scene, RawMember { crc: 1, ..RawMember::new("demo/x", "1234") });
        }),
        refused("compressed bytes that are none", &["`demo/x` is damaged"], |scene| {
            with(scene, RawMember { method: 8, ..RawMember::new("demo/x", [0xff; 64]) });
        }),
        refused("an encrypted member", &["`demo/x` is encrypted"], |scene| {
            with(scene, RawMember { flags: 1, ..RawMember::new("demo/x", "") });
        }),
        refused(
            "a compression that installers do not know",
            &["`demo/x` is compressed with method 93"],
            |scene| {
                with(scene, RawMember { method: 93, ..RawMember::new("demo/x", "") });
            },
        ),
        refused("a symbolic link", &["`demo/x` is a symbolic link"], |scene| {
            with(scene, RawMember { mode: 0o120_777, ..RawMember::new("demo/x", "/etc/passwd") });
        }),
        refused("a device", &["`demo/x`"], |scene| {
            with(scene, RawMember { mode: 0o020_666, ..RawMember::new("demo/x", "") });
        }),
        refused("a directory with content", &["`demo/d/`"], |s| {
            with(s, RawMember::new("demo/d/", "content"))
        }),
        refused("a bomb: 100 MB of zeros", &["more than the limit `ratio` of 200"], |scene| {
            scene.bytes(zeros("demo/x", 100 << 20, None));
        }),
        refused(
            "a bomb that declares 10 bytes",
            &["`demo/x` is damaged: it has more bytes than declared"],
            |scene| {
                scene.bytes(zeros("demo/x", 60 << 20, Some(10)));
            },
        ),
        refused("a member that declares 4 GB", &["more than the limit `ratio` of 200"], |scene| {
            let size = u32::MAX - 1;
            with(scene, RawMember { method: 8, size, local_size: size, ..RawMember::new("demo/x", "1234") });
        }),
        refused(
            "more members than allowed",
            &["the wheel has 5 members, more than the limit `members` of 4"],
            |scene| {
                member(scene, "demo/x");
            },
        )
        .with(&["--limit", "members=4"]),
        harmless("a bomb inside a zip file inside the wheel", &[], |scene| {
            scene.wheel(&wheel().file("demo/data.zip", zeros("x", 60 << 20, None)).file_with_mode(
                super::scene::CORE,
                crate::support::sandbox::object("x86_64/ext_plain.so"),
                0o755,
            ));
        }),
        harmless("data descriptors, comments and extra fields", &[], |scene| {
            let mut zip = plain();
            zip.comment = b"comment".to_vec();
            let extra = b"\x55\x54\x05\x00\x03\x00\x00\x00\x00".to_vec();
            zip.push(RawMember { comment: b"c".to_vec(), extra, ..RawMember::new("demo/x", "1") });
            zip.push(RawMember { descriptor: true, ..RawMember::new("demo/y", "2") });
            scene.bytes(zip.finish());
        }),
        refused("bytes after the archive", &["8 bytes follow its end record"], |scene| {
            let mut zip = plain();
            zip.trailing = b"trailing".to_vec();
            scene.bytes(zip.finish());
        }),
        refused(
            "bytes before the archive",
            &["its directory does not end where its end record begins"],
            |scene| {
                let mut zip = plain();
                zip.prefix = b"#!/bin/sh\n".to_vec();
                scene.bytes(zip.finish());
            },
        ),
        refused(
            "one archive behind another one",
            &["its directory does not end where its end record begins"],
            |scene| {
                let (first, second) = (plain().finish(), RawZip::wheel().finish());
                scene.bytes([first, second].concat());
            },
        ),
        refused(
            "an archive in the comment of another one",
            &["its directory does not end where its end record begins"],
            |scene| {
                let zip = RawZip { comment: RawZip::wheel().finish(), ..plain() };
                scene.bytes(zip.finish());
            },
        ),
        refused("a ZIP64 end record that leads elsewhere", &["ZIP64 end record does not agree"], |scene| {
            let mut bytes = plain().finish();
            let end = bytes.split_off(bytes.len() - 22);
            let at = bytes.len() as u64;
            bytes.extend(zip64_end(at, 1, 46, at - 46));
            scene.bytes([bytes, end].concat());
        }),
        refused("1 MB of ZIP64 end records", &["ZIP64 end record does not agree"], |scene| {
            let locator = [&b"PK\x06\x07"[..], &[0; 12], &[1, 0, 0, 0]].concat();
            let end = [&b"PK\x05\x06\0\0\0\0"[..], &[0xff; 12], &[0, 0]].concat();
            let ends = [locator, end].concat().repeat(1555);
            scene.bytes([&b"PK\x03\x04"[..], &b"PK\x06\x06".repeat(250_000), &[0; 60], &ends].concat());
        }),
    ],
};

/// A wheel to which a member is added.
fn with(scene: &Scene, member: RawMember) {
    let mut zip = RawZip::wheel();
    zip.push(member);
    scene.bytes(zip.finish());
}

fn member(scene: &Scene, name: &str) {
    with(scene, RawMember::new(name, ""));
}

/// A wheel with a module that needs nothing.
fn plain() -> RawZip {
    let mut zip = RawZip::wheel();
    zip.push(RawMember::new(super::scene::CORE, crate::support::sandbox::object("x86_64/ext_plain.so")));
    zip
}

/// A wheel with this many zeros, deflated; and the number that it declares, if that is wrong.
fn zeros(name: &str, count: usize, declared: Option<u32>) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    let chunk = vec![0; 1 << 20];
    for _ in 0..count >> 20 {
        encoder.write_all(&chunk).unwrap();
    }
    let data = encoder.finish().unwrap();
    let size = declared.unwrap_or(u32::try_from(count).unwrap());
    let member = RawMember::new(name, data);
    let mut zip = RawZip::wheel();
    zip.push(RawMember { method: 8, size, local_size: size, ..member });
    zip.finish()
}

/// A ZIP64 end record at `at`, with its locator.
fn zip64_end(at: u64, entries: u64, size: u64, offset: u64) -> Vec<u8> {
    let mut bytes = [&b"PK\x06\x06"[..], &44u64.to_le_bytes(), &[45, 0, 45, 0], &[0; 8]].concat();
    for field in [entries, entries, size, offset] {
        bytes.extend(field.to_le_bytes());
    }
    bytes.extend([&b"PK\x06\x07"[..], &[0; 4], &at.to_le_bytes(), &1u32.to_le_bytes()].concat());
    bytes
}

/// A member whose bytes are inside those of another one.
fn overlapping(scene: &Scene) {
    let inner = RawMember::new("demo/in.py", "x");
    let header = RawZip { members: vec![inner.clone()], ..RawZip::default() }.to_bytes()[..41].to_vec();
    let mut zip = RawZip::wheel();
    zip.push(RawMember::new("demo/out.bin", &header));
    zip.push(RawMember { same_place_as: Some(3), ..inner });
    let mut bytes = zip.finish();
    let entry = bytes.windows(10).rposition(|w| w == b"demo/in.py").unwrap();
    let offset = u32::from_le_bytes(bytes[entry - 4..entry].try_into().unwrap());
    let inside = offset + 30 + u32::try_from("demo/out.bin".len()).unwrap();
    bytes[entry - 4..entry].copy_from_slice(&inside.to_le_bytes());
    scene.bytes(bytes);
}
