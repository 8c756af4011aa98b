//! `refused-by-index`.

use muslrepair::audit::{Finding, Severity};

use crate::support::raw_zip::RawZip;
use crate::support::wheel_builder::WheelBuilder;

use super::Case;
use super::linked::of;
use super::wheels::{SOUND, found_in, found_in_bytes, found_in_of, with_module};

pub const CASE: Case = Case {
    code: "refused-by-index",
    breaks: || found_in(&with_module("Demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl")),
    keeps: || found_in(&with_module(SOUND)),
};

const CODE: &str = "refused-by-index";

/// What is found in a wheel with this `METADATA`.
fn found_with(metadata: &str) -> Vec<Finding> {
    found_in_of(CODE, &with_module(SOUND).metadata("METADATA", metadata))
}

#[test]
fn names_are_normalized() {
    let found = found_in(&with_module("Demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl"));
    assert_eq!((found.len(), found[0].fixed_by_repair), (1, false), "{found:?}");
    let message = "PyPI expects a file name that begins with `demo-`, not with `Demo-`";
    assert_eq!(found[0].message, message);
    let found = found_in(&with_module("demo__pkg-1.0-cp312-cp312-musllinux_1_2_x86_64.whl"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].message.contains("begins with `demo_pkg-`"), "{found:?}");
}

#[test]
fn metadata_has_the_name_and_the_version_of_the_file_name() {
    assert_eq!(found_with("Metadata-Version: 2.1\nName: Demo\nVersion: 1.0\n"), []);
    let found = found_with("Metadata-Version: 2.1\nName: other\nVersion: 1.1\n");
    let messages: Vec<&str> = found.iter().map(|finding| finding.message.as_str()).collect();
    let name = "`demo-1.0.dist-info/METADATA` has the name `other`, the file name `demo`";
    assert_eq!(messages, [name, "`demo-1.0.dist-info/METADATA` has the version `1.1`, the file name `1.0`"]);
}

#[test]
fn files_that_metadata_names_as_licences_are_there_since_metadata_2_4() {
    let text = |version: &str| {
        let files = "License-File: LICENSE\nLicense-File: AUTHORS\n";
        format!("Metadata-Version: {version}\nName: demo\nVersion: 1.0\n{files}")
    };
    assert_eq!(found_with(&text("2.3")), []);
    let found = found_with(&text("2.4"));
    assert_eq!(found.len(), 1, "{found:?}");
    let message =
        "`License-File` names files that are not in `demo-1.0.dist-info/licenses`: `LICENSE`, `AUTHORS`";
    assert_eq!(found[0].message, message);
    let wheel = with_module(SOUND).metadata("METADATA", text("2.4"));
    let wheel = wheel.metadata("licenses/LICENSE", "").metadata("licenses/AUTHORS", "");
    assert_eq!(found_in_of(CODE, &wheel), []);
}

#[test]
fn pypi_does_not_know_every_architecture_of_musl() {
    let found = found_in_of(CODE, &WheelBuilder::new("demo-1.0-py3-none-musllinux_1_2_loongarch64.whl"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].message, "PyPI does not accept `musllinux_1_2_loongarch64`; other indexes do");
}

#[test]
fn data_descriptors_and_comments_are_one_finding_each() {
    let found = |change: fn(&mut RawZip)| {
        let mut zip = RawZip::wheel();
        change(&mut zip);
        of(CODE, found_in_bytes("demo-1.0-cp312-cp312-linux_x86_64.whl", zip.finish()))
    };
    assert_eq!(found(|_| {}), []);
    let streamed = found(|zip| zip.members[0].descriptor = true);
    assert_eq!(streamed.len(), 1, "{streamed:?}");
    assert_eq!(streamed[0].message, "`demo/a.py` has a data descriptor, which PyPI refuses");
    // A wheel without ELF files is copied unchanged.
    assert!(!streamed[0].fixed_by_repair);
    let both = found(|zip| zip.members.iter_mut().take(2).for_each(|member| member.descriptor = true));
    assert_eq!(both.len(), 1, "{both:?}");
    assert!(both[0].message.ends_with("have data descriptors, which PyPI refuses"), "{both:?}");
    let commented = found(|zip| zip.comment = b"hello".to_vec());
    assert_eq!(commented[0].message, "the archive has a comment, which PyPI refuses");
}

#[test]
fn a_repair_writes_wheels_with_elf_files_without_data_descriptors() {
    let mut zip = RawZip::wheel();
    zip.push(crate::support::raw_zip::RawMember::new("demo/_core.so", super::scene::PLAIN));
    zip.members[0].descriptor = true;
    let found = of(CODE, found_in_bytes("demo-1.0-cp312-cp312-linux_x86_64.whl", zip.finish()));
    assert_eq!((found.len(), found[0].fixed_by_repair), (1, true), "{found:?}");
}

#[test]
fn versions_outside_pep440_are_an_error_and_local_ones_a_warning() {
    let found = |version: &str| {
        found_in_of(CODE, &with_module(&format!("demo-{version}-cp312-cp312-musllinux_1_2_x86_64.whl")))
    };
    for version in ["0.0.1_1", "1.7_PullRequest0090.7", "1.7+arch75+torch222", "dev"] {
        let found = found(version);
        assert_eq!((found.len(), found[0].severity), (1, Severity::Error), "{found:?}");
        assert!(
            found[0].message.starts_with(&format!("`{version}` is not a version of PEP 440")),
            "{found:?}"
        );
    }
    let local = found("1.0+cpu");
    assert_eq!((local.len(), local[0].severity), (1, Severity::Warning), "{local:?}");
    for version in ["1.0", "1.0.post1.dev2", "1!2.0rc1", "1.0_beta", "v1.0"] {
        assert_eq!(found(version), [], "{version}");
    }
}

#[test]
fn scripts_have_bare_names() {
    let found = |text: &str| found_in_of(CODE, &with_module(SOUND).metadata("entry_points.txt", text));
    assert_eq!(found("[console_scripts]\ndemo = demo:main\n[other]\na/b = demo:main\n"), []);
    for section in ["console_scripts", "gui_scripts"] {
        let found = found(&format!("[{section}]\ndemo = demo:main\n../../x=demo:main\na\\b = demo:main\n"));
        // That `../../x` leads elsewhere is an error of its own.
        let message = "`demo-1.0.dist-info/entry_points.txt` has paths instead of names for scripts: `a\\b`";
        assert_eq!(found.iter().map(|finding| finding.message.as_str()).collect::<Vec<_>>(), [message]);
    }
}

#[test]
fn members_are_not_fifty_times_larger_than_the_archive_once_they_are_large() {
    let found = |mib: usize| {
        found_in_of(CODE, &with_module(SOUND).file("demo/zeros", vec![0; mib << 20]).noise(1 << 20))
    };
    assert_eq!(found(40), []);
    let found = found(80);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].message.ends_with("times larger than the archive; PyPI refuses more than 50"),
        "{found:?}"
    );
}

/// As in uv 0.13: a field in the local header that repeats both sizes is valid; any other number of them is
/// not.
#[test]
fn zip64_fields_have_no_more_than_the_sizes_that_need_them() {
    let field = |sizes: &[u64]| {
        let length = u16::try_from(8 * sizes.len()).unwrap();
        let sizes = sizes.iter().flat_map(|size| size.to_le_bytes()).collect::<Vec<_>>();
        [&b"\x01\x00"[..], &length.to_le_bytes(), &sizes].concat()
    };
    let found = |local: Vec<u8>, central: Vec<u8>| {
        let mut zip = RawZip::wheel();
        (zip.members[0].local_extra, zip.members[0].extra) = (Some(local), central);
        of(CODE, found_in_bytes("demo-1.0-cp312-cp312-linux_x86_64.whl", zip.finish()))
    };
    assert_eq!(found(field(&[6, 6]), Vec::new()), []);
    for (local, central) in [
        (field(&[6]), Vec::new()),
        (field(&[6, 6, 0]), Vec::new()),
        (Vec::new(), field(&[6])),
        (field(&[6, 6]), field(&[6, 6])),
    ] {
        let found = found(local, central);
        assert_eq!(found.len(), 1, "{found:?}");
        let message = "`demo/a.py` has a ZIP64 field with unnecessary sizes, which uv refuses";
        assert_eq!(found[0].message, message);
    }
}

#[test]
fn what_uv_does_not_install_is_an_error() {
    let severity = |name: &str, version: &str| {
        let found = found_with(&format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"));
        found.iter().map(|finding| finding.severity).collect::<Vec<_>>()
    };
    for (name, version, severities) in [
        ("De.mo", "1.0", vec![Severity::Error]),
        ("other", "1.0", vec![Severity::Error]),
        ("-demo", "1.0", vec![Severity::Error]),
        ("d\u{e9}mo", "1.0", vec![Severity::Error]),
        ("demo", "2.0", vec![Severity::Error]),
        ("demo", "1.x", vec![Severity::Error, Severity::Error]),
        ("demo", "1.0+x", vec![Severity::Error, Severity::Warning]),
        // Other spellings of the same version.
        ("demo", "1", vec![Severity::Warning]),
        ("demo", "v1.0.0", vec![Severity::Warning]),
        ("DEMO", "1.0", vec![]),
    ] {
        assert_eq!(severity(name, version), severities, "{name} {version}");
    }
}
