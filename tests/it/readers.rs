//! A wheel that two readers would read or install differently is refused: headers of the archive, and install
//! locations.

use std::io::Write as _;

use muslrepair::Limits;
use muslrepair::wheel::{MemberRule, PathRule, Wheel, WheelError};

use crate::support::raw_zip::{RawMember, RawZip, crc32};
use crate::support::sandbox::{Repaired, Sandbox, object};
use crate::support::wheel_builder::WheelBuilder;

const NAME: &str = "demo-1.0-cp312-cp312-linux_x86_64.whl";
const CORE: &str = "demo/_core.cpython-312-x86_64-linux-musl.so";

fn open(bytes: Vec<u8>) -> Result<Wheel, WheelError> {
    Wheel::from_bytes(NAME.parse().unwrap(), bytes, &Limits::default())
}

/// The rule that a valid wheel breaks with one more member.
fn broken(member: RawMember) -> MemberRule {
    let mut zip = RawZip::wheel();
    zip.push(member);
    match open(zip.finish()) {
        Err(WheelError::Member { rule, .. }) => rule,
        other => panic!("{other:?}"),
    }
}

/// The result of opening a wheel with these files in addition to its metadata.
fn with_files(names: &[&str]) -> Result<Wheel, WheelError> {
    names.iter().fold(WheelBuilder::new(NAME), |wheel, name| wheel.file(name, *name)).open()
}

/// Python's `str.splitlines`, with which pip reads `RECORD`, ends a line at each of these characters.
#[test]
fn names_hold_no_character_at_which_python_ends_a_line() {
    for separator in "\n\u{b}\u{c}\r\u{1c}\u{1d}\u{1e}\u{85}\u{2028}\u{2029}".chars() {
        let name = format!("demo/a{separator}/etc/victim");
        let flags = if name.is_ascii() { 0 } else { 1 << 11 };
        let rule = broken(RawMember { flags, ..RawMember::new(&name, "") });
        let expected = [PathRule::ControlCharacter, PathRule::LineSeparator].map(MemberRule::Name);
        assert!(expected.contains(&rule), "{separator:?}: {rule:?}");
    }
    open(RawZip::wheel().finish()).unwrap();
}

/// `is_data_scheme_path` in pip's `_internal/operations/install/wheel.py`.
#[test]
fn only_the_data_directory_of_the_wheel_ends_with_data() {
    with_files(&["demo-1.0.data/platlib/demo/a.py", "demo/b.data", "data/x"]).unwrap();
    // pip installs from directories whose name is spelt differently, and uv does not.
    for foreign in [
        "other-9.data/platlib/a",
        "demo-1.1.data/scripts/x",
        "demo.data/x",
        "demo-1.0.data",
        ".data/x",
        "Demo-1.0.data/platlib/a",
        "demo_1.0.data/platlib/a",
        "demo-1.data/platlib/a",
    ] {
        let error = with_files(&[foreign]).unwrap_err();
        assert!(matches!(error, WheelError::ForeignData { .. }), "{foreign}: {error}");
    }
    // Two spellings of the wheel's own name are two directories.
    let error = with_files(&["demo-1.0.data/platlib/a", "Demo-1.0.data/platlib/b"]).unwrap_err();
    assert!(matches!(error, WheelError::ForeignData { .. }), "{error}");
    // A directory without files is not installed.
    WheelBuilder::new(NAME).directory("other.data").open().unwrap();
    let error = with_files(&["demo-1.0.data/lib/x"]).unwrap_err();
    assert!(error.to_string().contains("has no place to be installed to"), "{error}");
}

#[test]
fn two_members_are_not_installed_at_one_place() {
    let data = |path: &str| format!("demo-1.0.data/{path}");
    for (first, second) in [
        ("demo/who.py".to_owned(), data("platlib/demo/who.py")),
        (data("purelib/who.py"), data("platlib/who.py")),
        ("demo/who.py".to_owned(), data("purelib/demo/WHO.py")),
        ("demo/who.py".to_owned(), data("data/lib/python3.12/site-packages/demo/who.py")),
        (data("scripts/tool"), data("data/bin/tool")),
    ] {
        let error = with_files(&[&first, &second]).unwrap_err();
        let WheelError::Member { rule: MemberRule::SamePlace(_), .. } = error else {
            panic!("{first} {second}: {error}")
        };
    }
    let error = with_files(&["demo", &data("platlib/demo/who.py")]).unwrap_err();
    assert!(matches!(error, WheelError::Member { rule: MemberRule::FileAndDirectory(_), .. }), "{error}");
    with_files(&["demo/a.py", &data("platlib/demo/b.py"), &data("scripts/demo"), &data("data/demo/a.py")])
        .unwrap();
    with_files(&[&data("data/lib/python3.11/site-packages/a"), &data("data/lib/python3.12/site-packages/a")])
        .unwrap();
}

fn with_core() -> WheelBuilder {
    WheelBuilder::new(NAME).file_with_mode(CORE, object("x86_64/core.so"), 0o755)
}

/// The name of the graft of a wheel, and its bytes.
fn graft() -> (String, Vec<u8>) {
    let sandbox = Sandbox::new();
    sandbox.wheel(&with_core());
    sandbox.repair(&[]).success();
    let result: Repaired = sandbox.result();
    let name = result.one("demo.libs", "libgreet-");
    let bytes = result.read(&format!("demo.libs/{name}"));
    (name, bytes)
}

#[test]
fn a_file_at_the_place_of_a_graft_is_that_graft() {
    let (name, bytes) = graft();
    let repair = |member: &str, bytes: &[u8]| {
        let sandbox = Sandbox::new();
        sandbox.wheel(&with_core().file_with_mode(member, bytes, 0o755));
        (sandbox.repair(&[]), sandbox.outputs())
    };
    // A wheel that was repaired before.
    let (run, outputs) = repair(&format!("demo.libs/{name}"), &bytes);
    assert_eq!(outputs.len(), 1, "{}", run.stderr);
    run.success();
    // Another file with its name, or a file that is installed over it.
    let upper = name.to_uppercase();
    for (member, bytes) in [
        (format!("demo.libs/{name}"), &b"no library\n"[..]),
        (format!("demo.libs/{name}"), &object("x86_64/ext_plain.so")),
        (format!("demo-1.0.data/platlib/demo.libs/{name}"), b"no library\n"),
        (format!("demo-1.0.data/data/lib/python3.12/site-packages/demo.libs/{name}"), b"no library\n"),
        (format!("demo.libs/{upper}"), b"no library\n"),
        (format!("demo-1.0.data/purelib/demo.libs/{name}"), &bytes),
    ] {
        let (run, outputs) = repair(&member, bytes);
        run.failure(1, &[&format!("the wheel has a member `{member}` already")]);
        assert_eq!(outputs, [""; 0], "{member}");
    }
}

#[test]
fn flags_and_versions_that_installers_do_not_know_are_refused() {
    let member = || RawMember::new("demo/x", "1");
    for bit in [4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15] {
        let flags = 1 << bit;
        assert_eq!(broken(RawMember { flags, ..member() }), MemberRule::Flags(flags));
        // A streaming reader sees those of the local header.
        let local = RawMember { local_flags: Some(flags), ..member() };
        assert_eq!(broken(local), MemberRule::Flags(flags));
    }
    assert_eq!(broken(RawMember { version: 64, ..member() }), MemberRule::Version { tens: 6, ones: 4 });
    for known in [
        RawMember { flags: 0b110, ..member() },
        RawMember { flags: 1 << 11, ..member() },
        RawMember { version: 63, ..member() },
        RawMember { version: 10, ..member() },
    ] {
        let mut zip = RawZip::wheel();
        zip.push(known);
        open(zip.finish()).unwrap();
    }
}

#[test]
fn a_local_header_agrees_with_the_directory_about_descriptors_and_sizes() {
    let is_local = |rule| assert!(matches!(rule, MemberRule::LocalHeader(_)), "{rule:?}");
    let member = || RawMember::new("demo/x", "1");
    is_local(broken(RawMember { local_flags: Some(1 << 3), ..member() }));
    is_local(broken(RawMember { flags: 1 << 3, ..member() }));
    let field = |size: u64| [&b"\x01\x00\x10\x00"[..], &size.to_le_bytes(), &1u64.to_le_bytes()].concat();
    is_local(broken(RawMember { local_extra: Some(field(2)), ..member() }));
    is_local(broken(RawMember { local_extra: Some(field(2)), local_size: u32::MAX, ..member() }));
    is_local(broken(RawMember { local_size: u32::MAX, ..member() }));
    let mut zip = RawZip::wheel();
    zip.push(RawMember { local_extra: Some(field(1)), ..member() });
    zip.push(RawMember {
        local_extra: Some(field(1)),
        local_size: u32::MAX,
        ..RawMember::new("demo/y", "1")
    });
    open(zip.finish()).unwrap();
}

#[test]
fn extra_fields_can_be_told_apart() {
    let twice = b"\x01\x00\x10\x00".iter().chain(&[0; 16]).copied().collect::<Vec<u8>>().repeat(2);
    for extra in [b"\x55\x54\x09\x00\x00".to_vec(), twice] {
        let local = RawMember { local_extra: Some(extra), ..RawMember::new("demo/x", "1") };
        let rule = broken(local);
        assert!(matches!(rule, MemberRule::ExtraField(_)), "{rule:?}");
    }
    let mut zip = RawZip::wheel();
    zip.push(RawMember { local_extra: Some(vec![0; 3]), ..RawMember::new("demo/x", "1") });
    open(zip.finish()).unwrap();
}

#[test]
fn nothing_lies_between_members_but_data_descriptors() {
    let hidden = RawZip { members: vec![RawMember::new("demo/b.py", "b")], ..RawZip::default() }.to_bytes();
    for gap in [b"x".to_vec(), vec![0; 12], hidden] {
        for at in 0..3 {
            for descriptor in [false, true] {
                let mut zip = RawZip::wheel();
                (zip.members[at].gap, zip.members[at].descriptor) = (gap.clone(), descriptor);
                let error = open(zip.finish()).unwrap_err();
                let is_right = match &error {
                    WheelError::DamagedZip(_) => !descriptor,
                    WheelError::Member { rule, .. } => {
                        descriptor && matches!(rule, MemberRule::LocalHeader(_))
                    }
                    _ => false,
                };
                assert!(is_right, "{error}");
            }
        }
    }
    // A descriptor with other values.
    let mut zip = RawZip::wheel();
    zip.members[0].flags = 1 << 3;
    zip.members[0].gap =
        [&b"PK\x07\x08"[..], &crc32(b"a = 1\n").to_le_bytes(), &[6, 0, 0, 0, 7, 0, 0, 0]].concat();
    let error = open(zip.finish()).unwrap_err();
    assert!(error.to_string().contains("data descriptor"), "{error}");
}

/// A reader that inflates until the stream ends continues after it, and finds the data there.
#[test]
fn a_stream_ends_where_its_member_ends() {
    let deflated = |data: &[u8]| {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    };
    let hidden = RawZip { members: vec![RawMember::new("demo/b.py", "b")], ..RawZip::default() }.to_bytes();
    for tail in [b"x".to_vec(), deflated(b"b = 2\n"), hidden] {
        let mut zip = RawZip::wheel();
        let data = [deflated(b"a = 1\n"), tail].concat();
        let member = RawMember { method: 8, size: 6, local_size: 6, ..RawMember::new("demo/x.py", data) };
        zip.push(RawMember { crc: crc32(b"a = 1\n"), ..member });
        let error = open(zip.finish()).and_then(|wheel| wheel.check_record().map(|_| ())).unwrap_err();
        assert!(error.to_string().contains("`demo/x.py`"), "{error}");
    }
}

/// pip must read the same from a result as muslrepair.
#[test]
fn carriage_returns_and_folded_values_of_headers_are_refused() {
    let tags = "Tag: cp312-cp312-linux_x86_64\n";
    for text in [
        format!("Wheel-Version: 1.0\nGenerator: x\rRoot-Is-Purelib: true\r{tags}"),
        format!("Wheel-Version: 1.0\n x\n{tags}"),
        format!("Wheel-Version: 1.0\nRoot-Is-Purelib: false\n \n{tags}"),
        "Wheel-Version: 1.0\nTag: cp312-cp312\n -linux_x86_64\n".to_owned(),
        format!("Wheel-Version: 1.0\nBuild: 1\n\t2\n{tags}"),
    ] {
        let error = WheelBuilder::new(NAME).metadata("WHEEL", &text).open().unwrap_err();
        assert!(matches!(error, WheelError::Info { .. }), "{text:?}: {error}");
    }
    for text in [
        "Metadata-Version: 2.1\nSummary: x\rName: pip\nName: demo\nVersion: 1.0\n",
        "Metadata-Version: 2.1\nName: demo\n \nVersion: 1.0\n",
        "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n .1\n",
    ] {
        let error = WheelBuilder::new(NAME).metadata("METADATA", text).open().unwrap_err();
        assert!(matches!(error, WheelError::Metadata { .. }), "{text:?}: {error}");
    }
    // Python continues after a line of white space, and so does muslrepair.
    let text = format!("Wheel-Version: 1.0\nGenerator: x\n \nRoot-Is-Purelib: true\n{tags}");
    assert!(WheelBuilder::new(NAME).metadata("WHEEL", text).open().unwrap().info().root_is_purelib());
}

/// uv: `validate_archive_member_name` refuses `\p{C}`.
#[test]
fn names_hold_no_character_that_is_not_printed() {
    for c in [
        '\u{200b}',
        '\u{202e}',
        '\u{feff}',
        '\u{ad}',
        '\u{e0041}',
        '\u{d7ff}',
        '\u{ffff}',
        '\u{61c}',
        '\u{2066}',
        '\u{e000}',
        '\u{10ffff}',
    ] {
        let error = with_files(&[&format!("demo/a{c}b.py")]).unwrap_err();
        assert!(error.to_string().contains("characters that are not printed"), "{c:?}: {error}");
    }
    for name in [
        "\u{e9}",
        "e\u{301}",
        "\u{a0}",
        "\u{3164}",
        "\u{fffd}",
        "\u{1f308}",
        "\u{fe0f}",
        "\u{4e2d}",
        "\u{3000}",
        "'\u{e9}'",
    ] {
        with_files(&[&format!("demo/{name}.py")]).unwrap_or_else(|error| panic!("{name:?}: {error}"));
    }
}

#[test]
fn a_component_of_a_name_is_as_long_as_file_systems_allow() {
    with_files(&[&format!("demo/{}", "a".repeat(255)), &format!("{}x", "a/".repeat(300))]).unwrap();
    for name in ["a".repeat(256), format!("{}/x", "b".repeat(256)), format!("d/{}", "\u{e9}".repeat(128))] {
        let error = with_files(&[&name]).unwrap_err();
        assert!(error.to_string().contains("more than 255 bytes"), "{error}");
    }
}

#[test]
fn the_version_of_the_wheel_format_is_spelt_in_one_way() {
    let text =
        |version: &str| format!("Wheel-Version: {version}\nRoot-Is-Purelib: true\nTag: py3-none-any\n");
    let open = |version: &str| {
        WheelBuilder::new("demo-1.0-py3-none-any.whl").purelib().metadata("WHEEL", text(version)).open()
    };
    open("1.0").unwrap();
    open("1.9").unwrap();
    // uv compares the first part as text; Python reads all of these as 1.
    for version in ["01.0", "+1.0", "1_0.0", "1.+0", "1", "1.", ".0", "\u{661}.0"] {
        assert!(open(version).unwrap_err().to_string().contains("is not a wheel version"), "{version}");
    }
    assert!(open("2.0").unwrap_err().to_string().contains("is not supported"));
}
