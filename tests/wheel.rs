//! Reading and writing wheels.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use muslrepair::Limits;
use muslrepair::wheel::{
    Content, DosTime, Entry, MemberRule, Method, Mismatch, NewFile, PathRule, Sha256Digest, Wheel,
    WheelError, WheelPath, WheelWriter, copy_wheel,
};
use support::raw_zip::{RawMember, RawZip};
use support::wheel_builder::WheelBuilder;

const NAME: &str = "demo-1.0-cp312-cp312-linux_x86_64.whl";

fn demo() -> WheelBuilder {
    WheelBuilder::new(NAME)
        .file("demo/__init__.py", "import demo._core\n".repeat(50))
        .file_with_mode("demo/_core.so", [&b"\x7fELF"[..], &[0; 5000], b"end"].concat(), 0o755)
        .stored("demo/data.bin", [7; 300])
}

fn path(name: &str) -> WheelPath {
    name.parse().unwrap()
}

fn open(bytes: Vec<u8>) -> Result<Wheel, WheelError> {
    Wheel::from_bytes(NAME.parse().unwrap(), bytes, &Limits::default())
}

/// The rule that a sound wheel breaks with one member more.
fn broken(member: RawMember) -> (String, MemberRule) {
    let mut zip = RawZip::wheel();
    zip.push(member);
    match open(zip.finish()) {
        Err(WheelError::Member { member, rule }) => (member, rule),
        other => panic!("{other:?}"),
    }
}

fn keep_all(wheel: &Wheel) -> Vec<Entry<'static>> {
    wheel.members().iter().map(|member| Entry::Keep(member.path.clone())).collect()
}

fn hashes(wheel: &Wheel) -> BTreeMap<WheelPath, Sha256Digest> {
    wheel.scan(|_, _| ()).unwrap().files.into_iter().map(|file| (file.path, file.sha256)).collect()
}

fn written(wheel: &Wheel, entries: Vec<Entry<'_>>) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let output = directory.path().join("out.whl");
    WheelWriter::new(wheel, DosTime::EPOCH).hashes(hashes(wheel)).write(entries, &output).unwrap();
    fs::read(output).unwrap()
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(directory).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

mod reading {
    use super::*;

    #[test]
    fn a_sound_wheel_is_described_as_it_is() {
        let wheel = demo().directory("demo/empty").open().unwrap();
        let members: Vec<_> =
            wheel.members().iter().map(|m| (m.path.as_str(), m.is_dir, m.size, m.method, m.mode)).collect();
        assert_eq!(
            members[..4],
            [
                ("demo/__init__.py", false, 900, Method::Deflated, Some(0o644)),
                ("demo/_core.so", false, 5007, Method::Deflated, Some(0o755)),
                ("demo/data.bin", false, 300, Method::Stored, Some(0o644)),
                ("demo/empty", true, 0, Method::Stored, Some(0o755)),
            ]
        );
        assert_eq!(wheel.members()[0].modified.to_string(), "2020-02-02 12:34:56");
        assert_eq!(wheel.dist_info().as_str(), "demo-1.0.dist-info");
        assert_eq!(wheel.data_dir(), "demo-1.0.data");
        assert_eq!(wheel.info().tags(), ["cp312-cp312-linux_x86_64"]);
        assert_eq!(wheel.record().rows().len(), 6);
        assert_eq!(wheel.read(&path("demo/data.bin")).unwrap(), [7; 300]);
        assert_eq!(wheel.first_bytes(&path("demo/_core.so"), 4).unwrap(), b"\x7fELF");
        assert_eq!(wheel.first_bytes(&path("demo/data.bin"), 9999).unwrap(), [7; 300]);
        assert_eq!(wheel.member("demo/_core.so").unwrap().compressed_size, 32);
        assert_eq!(wheel.check_record().unwrap(), []);
    }

    #[test]
    fn files_are_read_from_disk_and_from_many_threads() {
        fn shared<T: Send + Sync>(value: &T) -> &T {
            value
        }
        let directory = tempfile::tempdir().unwrap();
        let file = demo().write_to(directory.path());
        let wheel = Wheel::open(&file, &Limits::default()).unwrap();
        let wheel = shared(&wheel);
        assert_eq!(wheel.path(), file);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| assert_eq!(wheel.read(&path("demo/_core.so")).unwrap().len(), 5007));
            }
        });
    }

    #[test]
    fn a_scan_hands_out_every_file_once_in_archive_order() {
        let builder = demo().directory("demo/empty");
        let tiny = Limits { in_flight: 1, ..Limits::default() };
        let wheel = Wheel::from_bytes(NAME.parse().unwrap(), builder.build(), &tiny).unwrap();
        let scan = wheel.scan(|member, bytes| (member.path.to_string(), bytes.to_vec())).unwrap();
        let files: Vec<_> = scan.files.iter().map(|file| file.value.clone()).collect();
        let expected: Vec<_> = builder.files().into_iter().filter(|(name, _)| !name.ends_with('/')).collect();
        assert_eq!(files, expected);
        for file in &scan.files {
            assert_eq!(file.sha256, Sha256Digest::of(&file.value.1));
        }
    }

    #[test]
    fn members_that_are_asked_for_must_be_files() {
        let wheel = demo().directory("demo/empty").open().unwrap();
        for name in ["demo/none.py", "demo/empty", "demo"] {
            let error = wheel.read(&path(name)).unwrap_err();
            assert_eq!(error.to_string(), format!("the wheel has no file `{name}`"));
        }
    }

    #[test]
    fn comments_descriptors_extra_fields_and_bytes_around_the_archive_are_accepted() {
        let mut zip = RawZip::wheel();
        zip.comment = b"a comment".to_vec();
        zip.prefix = b"#!/bin/sh\n".to_vec();
        let mut member = RawMember::new("demo/b.py", "b = 2\n");
        member.descriptor = true;
        member.comment = b"why".to_vec();
        member.extra = b"UT\x05\x00\x01\x00\x00\x00\x00".to_vec();
        zip.push(member);
        let wheel = open(zip.finish()).unwrap();
        assert_eq!(wheel.check_record().unwrap(), []);
        assert_eq!(wheel.read(&path("demo/b.py")).unwrap(), b"b = 2\n");

        let mut zip = RawZip::wheel();
        zip.trailing = b"some bytes after the end".to_vec();
        open(zip.finish()).unwrap().check_record().unwrap();
    }

    #[test]
    fn pep503_spelling_of_the_dist_info_directory_does_not_matter() {
        let bytes = WheelBuilder::new("Demo.Pkg-1.0-py3-none-any.whl").build();
        let name = "demo_pkg-1.0-py3-none-any.whl".parse().unwrap();
        let wheel = Wheel::from_bytes(name, bytes, &Limits::default()).unwrap();
        assert_eq!(wheel.dist_info().as_str(), "Demo.Pkg-1.0.dist-info");
    }
}

mod refusing {
    use super::*;

    #[test]
    fn names_that_leave_the_wheel_or_confuse_file_systems() {
        for (name, rule) in [
            ("/etc/passwd", PathRule::Absolute),
            ("demo/../../x", PathRule::DotComponent),
            ("demo//x", PathRule::EmptyComponent),
            ("demo\\x", PathRule::Backslash),
            ("C:/x", PathRule::Drive),
            ("demo/\u{1b}[2Jx", PathRule::ControlCharacter),
            ("/", PathRule::Empty),
        ] {
            let (member, found) = broken(RawMember::new(name, ""));
            assert_eq!((member.as_str(), found), (name, MemberRule::Name(rule)));
        }
        let utf8 = RawMember { flags: 1 << 11, ..RawMember::new(b"caf\xe9", "") };
        assert_eq!(broken(utf8).1, MemberRule::Name(PathRule::NotUtf8));
        assert_eq!(broken(RawMember::new("caf\u{e9}", "")).1, MemberRule::Encoding);
    }

    #[test]
    fn names_are_escaped_in_messages() {
        let mut zip = RawZip::wheel();
        zip.add("demo/\u{1b}[2Jx", "");
        let error = open(zip.finish()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "member `demo/\\u{1b}[2Jx` is not allowed: a member name must not have control characters"
        );
    }

    #[test]
    fn names_that_collide() {
        assert_eq!(broken(RawMember::new("demo/a.py", "other")).1, MemberRule::Duplicate);
        assert_eq!(broken(RawMember::new("demo/A.py", "")).1, MemberRule::Case(path("demo/a.py")));
        assert_eq!(
            broken(RawMember::new("demo/a.py/b", "")),
            ("demo/a.py".to_owned(), MemberRule::FileAndDirectory(path("demo/a.py/b")))
        );
        assert_eq!(broken(RawMember::new("demo/a.py/", "")).1, MemberRule::Duplicate);
    }

    #[test]
    fn members_that_are_neither_files_nor_directories() {
        let with_mode = |mode| broken(RawMember { mode, ..RawMember::new("demo/x", "a.py") }).1;
        assert_eq!(with_mode(0o120_777), MemberRule::Symlink);
        assert_eq!(with_mode(0o010_644), MemberRule::Mode(0o010_644));
        assert_eq!(with_mode(0o040_755), MemberRule::Mode(0o040_755));
        assert_eq!(broken(RawMember::new("demo/d/", "content")).1, MemberRule::DirectoryContent);
    }

    #[test]
    fn members_that_not_everyone_can_read() {
        assert_eq!(broken(RawMember { flags: 1, ..RawMember::new("demo/x", "") }).1, MemberRule::Encrypted);
        for method in [1, 9, 12, 14, 93] {
            assert_eq!(
                broken(RawMember { method, ..RawMember::new("demo/x", "") }).1,
                MemberRule::Method(method)
            );
        }
    }

    #[test]
    fn headers_that_disagree_with_the_directory() {
        let is_local = |rule: MemberRule| matches!(rule, MemberRule::LocalHeader(_));
        assert!(is_local(
            broken(RawMember { local_name: Some(b"demo/y".to_vec()), ..RawMember::new("demo/x", "") }).1
        ));
        assert!(is_local(broken(RawMember { local_size: 3, ..RawMember::new("demo/x", "1234") }).1));
        assert!(is_local(broken(RawMember { size: 3, ..RawMember::new("demo/x", "1234") }).1));
        let renamed = RawMember {
            extra: [
                &b"\x75\x70\x0b\x00\x01"[..],
                &support::raw_zip::crc32(b"demo/x").to_le_bytes(),
                b"demo/y",
            ]
            .concat(),
            ..RawMember::new("demo/x", "")
        };
        assert!(is_local(broken(renamed).1));
    }

    #[test]
    fn members_that_share_bytes() {
        let (member, rule) =
            broken(RawMember { same_place_as: Some(0), ..RawMember::new("demo/x.py", "a = 1\n") });
        // The local header that both entries lead to can only have one of the two names.
        assert_eq!(member, "demo/x.py");
        assert!(matches!(rule, MemberRule::LocalHeader(_)), "{rule:?}");
    }

    #[test]
    fn a_member_inside_the_data_of_another() {
        let inner = RawMember::new("demo/in.py", "x");
        let header = RawZip { members: vec![inner.clone()], ..RawZip::default() }.to_bytes()[..41].to_vec();
        let mut zip = RawZip::wheel();
        zip.push(RawMember::new("demo/out.bin", &header));
        zip.push(RawMember { same_place_as: Some(3), ..inner });
        let mut bytes = zip.finish();
        // Moves the entry of `demo/in.py` from the header of `demo/out.bin` to the one in its data.
        let entry = bytes.windows(10).rposition(|w| w == b"demo/in.py").unwrap();
        let offset = u32::from_le_bytes(bytes[entry - 4..entry].try_into().unwrap());
        let inside = offset + 30 + u32::try_from("demo/out.bin".len()).unwrap();
        bytes[entry - 4..entry].copy_from_slice(&inside.to_le_bytes());
        match open(bytes) {
            Err(WheelError::Member { member, rule: MemberRule::Overlap(other) }) => {
                assert_eq!((member.as_str(), other.as_str()), ("demo/in.py", "demo/out.bin"));
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn headers_the_directory_does_not_know() {
        let mut zip = RawZip::wheel();
        zip.add("demo/hidden.py", "import os\n");
        zip.add("demo/z.py", "z = 1\n");
        let mut bytes = zip.finish();
        let end = bytes.len() - 22;
        let directory = u32::from_le_bytes(bytes[end + 16..end + 20].try_into().unwrap()) as usize;
        let entry = 46 + "demo/hidden.py".len();
        let name = directory + bytes[directory..].windows(14).position(|w| w == b"demo/hidden.py").unwrap();
        bytes.drain(name - 46..name - 46 + entry);
        let end = bytes.len() - 22;
        bytes[end + 8] -= 1;
        bytes[end + 10] -= 1;
        let length = u32::try_from(end - directory).unwrap();
        bytes[end + 12..end + 16].copy_from_slice(&length.to_le_bytes());
        let error = open(bytes).unwrap_err();
        assert!(matches!(error, WheelError::DamagedZip(_)), "{error:?}");
        assert!(error.hint().is_some());
    }

    #[test]
    fn files_that_are_no_archives() {
        assert!(matches!(open(Vec::new()), Err(WheelError::NotAZip)));
        assert!(matches!(open(b"not a zip at all".to_vec()), Err(WheelError::NotAZip)));
        let whole = demo().build();
        for length in [5, 100, whole.len() / 2, whole.len() - 30, whole.len() - 1] {
            let error = open(whole[..length].to_vec()).unwrap_err();
            assert!(matches!(error, WheelError::Truncated), "{length}: {error:?}");
        }
    }

    #[test]
    fn an_archive_cut_at_its_start() {
        let whole = demo().build();
        let error = open(whole[50..].to_vec()).unwrap_err();
        assert!(
            matches!(error, WheelError::Member { .. } | WheelError::NotAZip | WheelError::DamagedZip(_)),
            "{error:?}"
        );
    }

    #[test]
    fn damaged_data() {
        let mut zip = RawZip::wheel();
        zip.add("demo/x", "1234").crc = 1;
        let wheel = open(zip.finish()).unwrap();
        let error = wheel.read(&path("demo/x")).unwrap_err();
        assert_eq!(error.to_string(), "member `demo/x` is damaged: invalid checksum");
        assert!(matches!(wheel.check_record(), Err(WheelError::Damaged { .. })));

        // Deflated bytes that come to more and to fewer than declared.
        let bytes = demo().build();
        for (by, message) in [(-1i64, "larger than"), (1, "fewer")] {
            let mut bytes = bytes.clone();
            while let Some(at) = bytes.windows(4).position(|w| w == 5007u32.to_le_bytes()) {
                let size = u32::try_from(5007 + by).unwrap();
                bytes[at..at + 4].copy_from_slice(&size.to_le_bytes());
            }
            let error = open(bytes).unwrap().read(&path("demo/_core.so")).unwrap_err();
            assert!(error.to_string().contains(message), "{error}");
        }
    }

    #[test]
    fn more_than_the_limits_allow() {
        let bytes = demo().build();
        let with = |limits: Limits| Wheel::from_bytes(NAME.parse().unwrap(), bytes.clone(), &limits);
        let limits = Limits::default();
        assert!(matches!(
            with(Limits { members: 5, ..limits }),
            Err(WheelError::Limit { what: "members", found: 6, limit: 5 })
        ));
        assert!(matches!(
            with(Limits { member_size: 5006, ..limits }),
            Err(WheelError::Member { rule: MemberRule::Size { size: 5007, .. }, .. })
        ));
        assert!(matches!(
            with(Limits { total_size: 5500, ..limits }),
            Err(WheelError::Limit { what: "bytes", .. })
        ));
        assert!(matches!(
            with(Limits { metadata_size: 10, ..limits }),
            Err(WheelError::Member { rule: MemberRule::Size { limit: 10, .. }, .. })
        ));
        assert!(matches!(
            with(Limits { name_length: 15, ..limits }),
            Err(WheelError::Member { rule: MemberRule::NameLength { length: 16, limit: 15 }, .. })
        ));
        assert!(matches!(
            with(Limits { ratio: 2, ratio_floor: 100, ..limits }),
            Err(WheelError::Ratio { limit: 2, .. })
        ));
    }

    #[test]
    fn wheels_without_their_metadata() {
        let text = |error: WheelError| error.to_string();
        let other = WheelBuilder::new("other-1.0-py3-none-any.whl").build();
        assert_eq!(
            text(open(other).unwrap_err()),
            "directory `other-1.0.dist-info` does not belong to a wheel named `demo-1.0`"
        );
        assert_eq!(
            text(demo().file("x-2.dist-info/METADATA", "").open().unwrap_err()),
            "there must be one `*.dist-info` directory, not 2: `x-2.dist-info`, `demo-1.0.dist-info`"
        );
        let mut bare = RawZip::default();
        bare.add("demo/a.py", "");
        assert_eq!(text(open(bare.to_bytes()).unwrap_err()), "there is no `*.dist-info` directory");
        assert_eq!(text(demo().no_record().open().unwrap_err()), "`demo-1.0.dist-info/RECORD` is missing");
        for missing in ["METADATA", "WHEEL"] {
            let mut zip = RawZip::wheel();
            zip.members.retain(|member| !member.name.ends_with(missing.as_bytes()));
            let error = open(zip.finish()).unwrap_err();
            assert_eq!(text(error), format!("`demo-1.0.dist-info/{missing}` is missing"));
        }
    }

    #[test]
    fn broken_metadata_with_its_line() {
        let error = demo().metadata("WHEEL", "Wheel-Version: 1.0\nnonsense\n").open().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`demo-1.0.dist-info/WHEEL`, line 2: `nonsense` must have the form `Key: value`"
        );
        let error = demo().record("demo/__init__.py,md5=00,1\n").open().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`demo-1.0.dist-info/RECORD`, line 1: `md5` is not a hash that PEP 427 allows: use sha256"
        );
    }

    #[test]
    fn paths_that_lead_to_no_wheel() {
        let directory = tempfile::tempdir().unwrap();
        let limits = Limits::default();
        let missing = directory.path().join(NAME);
        let error = Wheel::open(&missing, &limits).unwrap_err();
        assert!(error.to_string().starts_with(&format!("cannot open `{}`: ", missing.display())));
        fs::create_dir(&missing).unwrap();
        assert!(matches!(Wheel::open(&missing, &limits), Err(WheelError::NotAFile(_))));
        let misnamed = directory.path().join("demo.zip");
        assert!(matches!(Wheel::open(&misnamed, &limits), Err(WheelError::Filename(_))));
    }

    #[test]
    fn record_rows_that_do_not_match() {
        let digest = |bytes: &[u8]| Sha256Digest::of(bytes).record_form();
        let mismatch = |row: String| {
            let builder = WheelBuilder::new(NAME).file("a.py", "abc").record(&row);
            match builder.open().unwrap().check_record() {
                Err(WheelError::Mismatch { member, line, mismatch, .. }) => {
                    (member.to_string(), line, mismatch)
                }
                other => panic!("{other:?}"),
            }
        };
        let right = digest(b"abc");
        assert_eq!(mismatch(format!("a.py,{},3\n", digest(b"abd"))), ("a.py".to_owned(), 1, Mismatch::Hash));
        assert_eq!(
            mismatch(format!("a.py,{right},4\n")),
            ("a.py".to_owned(), 1, Mismatch::Size { listed: 4, found: 3 })
        );
        assert_eq!(
            mismatch(format!("a.py,{right},3\nb.py,{right},3\n")),
            ("b.py".to_owned(), 2, Mismatch::Absent)
        );
    }

    #[test]
    fn unlisted_files_are_reported_and_signatures_need_not_be_listed() {
        let wheel = demo().unlisted("demo/data.bin").open().unwrap();
        assert_eq!(wheel.check_record().unwrap(), [path("demo/data.bin")]);
        let listing = "demo-1.0.dist-info/RECORD.jws,,\ndemo-1.0.dist-info/RECORD,,\n";
        let wheel = WheelBuilder::new(NAME).metadata("RECORD.p7s", "x").record(listing).open().unwrap();
        let unlisted = wheel.check_record().unwrap();
        assert_eq!(unlisted, [path("demo-1.0.dist-info/METADATA"), path("demo-1.0.dist-info/WHEEL")]);
    }
}

mod writing {
    use super::*;

    #[test]
    fn an_unchanged_wheel_is_byte_identical_but_for_record() {
        let source = demo().directory("demo/empty").build();
        let wheel = open(source.clone()).unwrap();
        let output = written(&wheel, keep_all(&wheel));
        let record = |bytes: &[u8]| {
            let at = bytes.windows(4).rposition(|w| w == b"PK\x03\x04").unwrap();
            bytes[..at].to_vec()
        };
        assert_eq!(record(&output), record(&source));
        let again = open(output.clone()).unwrap();
        assert_eq!(written(&again, keep_all(&again)), output, "writing is a fixed point");
        assert_eq!(again.check_record().unwrap(), []);
    }

    #[test]
    fn the_bytes_of_a_new_file_are_those_of_zlib_rs() {
        let wheel = demo().open().unwrap();
        let text: String =
            (0..400u32).map(|i| format!("{:x},", i.wrapping_mul(2_654_435_761) >> 20)).collect();
        let file = NewFile {
            path: path("demo/new.txt"),
            content: Content::from(text.into_bytes()),
            mode: 0o644,
            modified: DosTime::EPOCH,
        };
        let output = written(&wheel, vec![Entry::Write(file)]);
        let member = open_unlisted(&output);
        let data = &output[30 + "demo/new.txt".len()..][..member];
        assert_eq!(Sha256Digest::of(data).hex(), PINNED, "{member} bytes");
    }

    /// SHA-256 of the compressed bytes above. Another value means that flate2 has got another backend, and
    /// that wheels repaired by two builds of the program differ.
    const PINNED: &str = "60ebfa5d650d11abc39c864d2d3f68f579c0d0b57b5844fe789c098c5e9f622e";

    /// The compressed size of the first member. The archive has no `WHEEL`, so it cannot be opened.
    fn open_unlisted(bytes: &[u8]) -> usize {
        u32::from_le_bytes(bytes[18..22].try_into().unwrap()) as usize
    }

    #[test]
    fn new_and_changed_files_take_their_places() {
        let wheel = demo().open().unwrap();
        let mut entries: Vec<Entry<'_>> = keep_all(&wheel).into_iter().rev().collect();
        entries.retain(|entry| entry.path().as_str() != "demo/data.bin");
        entries.insert(
            0,
            Entry::Write(NewFile {
                path: path("demo-1.0.dist-info/sboms/a,b.json"),
                content: Content::from(b"{}".to_vec()),
                mode: 0o644,
                modified: DosTime::from_unix(1_600_000_000),
            }),
        );
        entries.insert(
            0,
            Entry::Write(NewFile {
                path: path("demo.libs/libz-12345678.so.1"),
                content: Content::made(3, || Ok(b"lib".to_vec())),
                mode: 0o755,
                modified: DosTime::from_unix(1_600_000_000),
            }),
        );
        let output = open(written(&wheel, entries)).unwrap();
        let members: Vec<_> = output.members().iter().map(|m| (m.path.as_str(), m.mode)).collect();
        assert_eq!(
            members,
            [
                ("demo.libs/libz-12345678.so.1", Some(0o755)),
                ("demo/_core.so", Some(0o755)),
                ("demo/__init__.py", Some(0o644)),
                ("demo-1.0.dist-info/sboms/a,b.json", Some(0o644)),
                ("demo-1.0.dist-info/WHEEL", Some(0o644)),
                ("demo-1.0.dist-info/METADATA", Some(0o644)),
                ("demo-1.0.dist-info/RECORD", Some(0o644)),
            ]
        );
        let times: Vec<_> = output.members().iter().map(|m| m.modified.to_string()).collect();
        assert_eq!(times[0], "2020-09-13 12:26:40");
        assert_eq!(times[1], "2020-02-02 12:34:56");
        assert_eq!(times[6], "1980-01-01 00:00:00");
        assert_eq!(output.check_record().unwrap(), []);
        let record = output.read(&path("demo-1.0.dist-info/RECORD")).unwrap();
        let record = String::from_utf8(record).unwrap();
        assert!(record.contains("\"demo-1.0.dist-info/sboms/a,b.json\",sha256="));
        assert!(record.ends_with("demo-1.0.dist-info/RECORD,,\n"));
    }

    #[test]
    fn the_bytes_do_not_depend_on_threads_waves_or_known_hashes() {
        let source = demo().build();
        let make = |threads: usize, in_flight: u64, known: bool| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let limits = Limits { in_flight, ..Limits::default() };
                let wheel = Wheel::from_bytes(NAME.parse().unwrap(), source.clone(), &limits).unwrap();
                let mut entries = keep_all(&wheel);
                for i in 0..20 {
                    let content = format!("{i} ").repeat(1000 * (20 - i));
                    entries.push(Entry::Write(NewFile {
                        path: path(&format!("demo/{i}.txt")),
                        content: Content::made(9000, move || Ok(content.clone().into_bytes())),
                        mode: 0o600,
                        modified: DosTime::EPOCH,
                    }));
                }
                let directory = tempfile::tempdir().unwrap();
                let output = directory.path().join("out.whl");
                let hashes = if known { hashes(&wheel) } else { BTreeMap::new() };
                let writer = WheelWriter::new(&wheel, DosTime::EPOCH).hashes(hashes);
                writer.write(entries, &output).unwrap();
                fs::read(output).unwrap()
            })
        };
        let first = make(1, 1, true);
        assert!(first == make(4, 1 << 30, true) && first == make(2, 20_000, false));
    }

    #[test]
    fn what_was_wrong_in_the_source_archive_is_not_copied() {
        let mut zip = RawZip::wheel();
        zip.comment = b"a comment".to_vec();
        zip.prefix = b"#!/bin/sh\n".to_vec();
        let mut member = RawMember::new("demo/\u{e9}.py", "b = 2\n");
        member.flags = 1 << 11;
        member.descriptor = true;
        member.comment = b"why".to_vec();
        member.extra = b"UT\x05\x00\x01\x00\x00\x00\x00".to_vec();
        zip.push(member);
        let wheel = open(zip.finish()).unwrap();
        let output = written(&wheel, keep_all(&wheel));
        assert!(output.starts_with(b"PK\x03\x04"));
        let mut clean = RawZip::wheel();
        let name = "demo/\u{e9}.py";
        let member = RawMember { flags: 1 << 11, ..RawMember::new(name, "b = 2\n") };
        clean.push(member);
        let clean = open(clean.finish()).unwrap();
        assert_eq!(output, written(&clean, keep_all(&clean)));
        let wheel = open(output).unwrap();
        assert_eq!(wheel.member(name).unwrap().mode, Some(0o644));
        assert_eq!(wheel.member(name).unwrap().modified.to_string(), "2020-02-02 12:00:00");
    }

    #[test]
    fn signatures_are_dropped() {
        let wheel = demo().metadata("RECORD.jws", "{}").metadata("RECORD.p7s", "x").open().unwrap();
        let output = open(written(&wheel, keep_all(&wheel))).unwrap();
        assert!(output.member("demo-1.0.dist-info/RECORD.jws").is_none());
        assert!(output.member("demo-1.0.dist-info/RECORD.p7s").is_none());
    }

    #[test]
    fn level_0_stores_and_higher_levels_compress() {
        let wheel = demo().open().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let output = directory.path().join(NAME);
        for (level, method) in [(0, Method::Stored), (1, Method::Deflated), (99, Method::Deflated)] {
            let mut entries = keep_all(&wheel);
            entries.push(Entry::Write(NewFile {
                path: path("demo/new.txt"),
                content: vec![b'x'; 1000].into(),
                mode: 0o644,
                modified: DosTime::EPOCH,
            }));
            WheelWriter::new(&wheel, DosTime::EPOCH).level(level).write(entries, &output).unwrap();
            let written = Wheel::open(&output, &Limits::default()).unwrap();
            assert_eq!(written.member("demo/new.txt").unwrap().method, method, "{level}");
        }
    }

    #[test]
    fn the_output_may_be_the_source() {
        let directory = tempfile::tempdir().unwrap();
        let file = demo().unlisted("demo/data.bin").write_to(directory.path());
        let wheel = Wheel::open(&file, &Limits::default()).unwrap();
        WheelWriter::new(&wheel, DosTime::EPOCH).write(keep_all(&wheel), &file).unwrap();
        let wheel = Wheel::open(&file, &Limits::default()).unwrap();
        assert_eq!(wheel.check_record().unwrap(), []);
        assert_eq!(names(directory.path()), [NAME]);
    }

    #[test]
    fn a_failure_leaves_nothing_behind() {
        let directory = tempfile::tempdir().unwrap();
        let output = directory.path().join(NAME);
        fs::write(&output, "old").unwrap();
        let wheel = demo().open().unwrap();
        let new = |name: &str, content: Content<'static>| {
            Entry::Write(NewFile { path: path(name), content, mode: 0o644, modified: DosTime::EPOCH })
        };
        let failing = Content::made(1, || Err("no such luck".into()));
        for (entry, message) in [
            (new("demo/x", failing), "cannot make member `demo/x`: no such luck"),
            (new("demo/_core.so", vec![].into()), "member `demo/_core.so` appears twice"),
            (
                new("demo/_CORE.so", vec![].into()),
                "member `demo/_CORE.so` differs from `demo/_core.so` only in case",
            ),
            (
                new("demo/_core.so/x", vec![].into()),
                "member `demo/_core.so` is both a file and the directory of `demo/_core.so/x`",
            ),
            (Entry::Keep(path("demo/none")), "the wheel has no file `demo/none`"),
        ] {
            let mut entries = keep_all(&wheel);
            entries.push(entry);
            let error = WheelWriter::new(&wheel, DosTime::EPOCH).write(entries, &output).unwrap_err();
            assert_eq!(error.to_string(), message);
            assert_eq!(names(directory.path()), [NAME]);
            assert_eq!(fs::read(&output).unwrap(), b"old");
        }
    }

    #[test]
    fn the_output_directory_is_created_and_errors_name_it() {
        let directory = tempfile::tempdir().unwrap();
        let wheel = demo().open().unwrap();
        let output = directory.path().join("a/b").join(NAME);
        WheelWriter::new(&wheel, DosTime::EPOCH).write(keep_all(&wheel), &output).unwrap();
        assert!(output.is_file());
        let blocked = output.join("below-a-file.whl");
        let error = WheelWriter::new(&wheel, DosTime::EPOCH).write(keep_all(&wheel), &blocked).unwrap_err();
        assert!(error.to_string().starts_with(&format!("cannot create `{}`: ", output.display())), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn the_umask_applies_to_the_output() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let wheel = demo().open().unwrap();
        let output = directory.path().join(NAME);
        WheelWriter::new(&wheel, DosTime::EPOCH).write(keep_all(&wheel), &output).unwrap();
        let plain = directory.path().join("plain");
        fs::write(&plain, "").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&output), mode(&plain));
    }

    #[test]
    fn copies_are_exact_and_copying_a_file_to_itself_does_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let file = demo().write_to(directory.path());
        let copy = directory.path().join("copies").join(NAME);
        copy_wheel(&file, &copy).unwrap();
        assert_eq!(fs::read(&copy).unwrap(), demo().build());
        copy_wheel(&copy, &directory.path().join("copies/../copies").join(NAME)).unwrap();
        assert_eq!(fs::read(&copy).unwrap(), demo().build());
        assert_eq!(names(copy.parent().unwrap()), [NAME]);
        let error = copy_wheel(&directory.path().join("none.whl"), &copy).unwrap_err();
        assert!(error.to_string().starts_with("cannot open `"));
    }
}
