//! Every rule, and what breaks it.

use std::fs;

use muslrepair::Limits;
use muslrepair::wheel::{MemberRule, Mismatch, PathRule, Sha256Digest, Wheel, WheelError};

use super::{NAME, broken, demo, open, path};
use crate::support::raw_zip::{RawMember, RawZip, crc32};
use crate::support::wheel_builder::WheelBuilder;

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
        extra: [&b"\x75\x70\x0b\x00\x01"[..], &crc32(b"demo/x").to_le_bytes(), b"demo/y"].concat(),
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
    for (by, message) in [(-1i64, "more bytes"), (1, "fewer bytes")] {
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
        Err(WheelError::Limit { name: "members", found: 6, limit: 5, .. })
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
        "there must be one `*.dist-info` directory, not 2: `demo-1.0.dist-info`, `x-2.dist-info`"
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
    let error = demo().metadata("METADATA", "Metadata-Version: 2.1\nName: demo\n").open().unwrap_err();
    assert_eq!(error.to_string(), "`demo-1.0.dist-info/METADATA`, line 2: `Version` is missing");
    let error = demo().record("demo/__init__.py,1\n").open().unwrap().check_record().unwrap_err();
    assert_eq!(
        error.to_string(),
        "`demo-1.0.dist-info/RECORD`, line 1: a row must have 3 fields, this one has 2"
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
            Err(WheelError::Mismatch { member, line, mismatch, .. }) => (member.to_string(), line, mismatch),
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
