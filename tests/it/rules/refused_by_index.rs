//! `refused-by-index`.

use muslrepair::audit::Finding;

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
    let message = "`License-File` names what is not in `demo-1.0.dist-info/licenses`: `LICENSE`, `AUTHORS`";
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
    // A wheel without ELF files is copied as it is.
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
