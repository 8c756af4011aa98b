//! What each packaging standard asks of a repaired wheel, one test a standard. `docs/standards.md` says the same in words.

use std::path::Path;

use muslrepair::Limits;
use muslrepair::wheel::{Sha256Digest, Wheel};
use serde_json::Value;

use crate::support::raw_zip::{RawMember, RawZip};
use crate::support::sandbox::{Repaired, Run, Sandbox, object};
use crate::support::wheel_builder::WheelBuilder;

const LINUX: &str = "demo-1.0-cp312-cp312-linux_x86_64.whl";

/// A module that needs `libgreet.so.3`, which is grafted.
fn module(filename: &str) -> WheelBuilder {
    let name = "demo/_core.cpython-312-x86_64-linux-musl.so";
    WheelBuilder::new(filename).file_with_mode(name, object("x86_64/core.so"), 0o755)
}

/// Repairs the one wheel.
fn repaired(builder: &WheelBuilder) -> (Sandbox, Repaired) {
    let sandbox = Sandbox::new();
    sandbox.wheel(builder);
    sandbox.repair(&[]).success();
    let result = sandbox.result();
    (sandbox, result)
}

/// `verify` of bytes with the name of a wheel.
fn verified(filename: &str, bytes: &[u8]) -> Run {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.path().join(filename), bytes).unwrap();
    sandbox.run(&["verify", "."])
}

/// Asserts that `verify` and `repair` refuse an archive for this reason.
fn refused(bytes: &[u8], reason: &str) {
    let run = verified(LINUX, bytes);
    assert_eq!(run.status, 1, "{}{}", run.stdout, run.stderr);
    assert!(format!("{}{}", run.stdout, run.stderr).contains(reason), "{}{}", run.stdout, run.stderr);
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.path().join(LINUX), bytes).unwrap();
    sandbox.repair(&[]).failure(1, &[reason]);
    assert_eq!(sandbox.outputs(), [""; 0]);
}

#[test]
fn pep_427_metadata_is_at_the_end_of_the_archive_and_record_is_its_last_member() {
    let (_, result) = repaired(&module(LINUX).file("zz/last.py", ""));
    let names: Vec<&str> = result.wheel.members().iter().map(|member| member.path.as_str()).collect();
    let first = names.iter().position(|name| name.starts_with("demo-1.0.dist-info/")).unwrap();
    assert!(names[first..].iter().all(|name| name.starts_with("demo-1.0.dist-info/")), "{names:?}");
    assert_eq!(names.last(), Some(&"demo-1.0.dist-info/RECORD"));
}

#[test]
fn pep_427_signatures_of_the_old_record_are_not_in_the_new_wheel() {
    let (_, result) = repaired(&module(LINUX).metadata("RECORD.jws", "{}").metadata("RECORD.p7s", "x"));
    let signed = result.below("demo-1.0.dist-info").into_iter().find(|name| name.starts_with("RECORD."));
    assert_eq!(signed, None);
}

#[test]
fn pep_656_a_repaired_wheel_has_one_musllinux_tag_in_its_name_and_in_wheel() {
    let (_, result) = repaired(&module(LINUX));
    assert_eq!(result.wheel.filename().to_string(), "demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl");
    assert_eq!(result.wheel.info().tags(), ["cp312-cp312-musllinux_1_2_x86_64"]);
}

#[test]
fn pep_639_license_files_stay_where_metadata_names_them_and_a_missing_one_is_reported() {
    let metadata =
        "Metadata-Version: 2.4\nName: demo\nVersion: 1.0\nLicense-Expression: MIT\nLicense-File: LICENSE\n";
    let wheel = module(LINUX).metadata("METADATA", metadata).metadata("licenses/LICENSE", "MIT");
    let (sandbox, result) = repaired(&wheel);
    assert_eq!(result.text("demo-1.0.dist-info/licenses/LICENSE"), "MIT");
    assert_eq!(result.text("demo-1.0.dist-info/METADATA"), metadata);
    assert!(!sandbox.run(&["verify", "out"]).success().stdout.contains("License-File"));
    let (sandbox, _) = repaired(&module(LINUX).metadata("METADATA", metadata));
    assert!(sandbox.run(&["verify", "out"]).stdout.contains("`License-File` names what is not in"));
}

#[test]
fn pep_740_the_digest_to_attest_is_reported_and_is_the_same_in_every_repair() {
    let digest = |jobs: &str| {
        let sandbox = Sandbox::new();
        sandbox.wheel(&module(LINUX));
        let run = sandbox.repair(&["--format", "json", "--jobs", jobs]).success();
        let document: Value = serde_json::from_str(&run.stdout).unwrap();
        let reported = document["sha256"].as_str().unwrap().to_owned();
        let bytes = std::fs::read(sandbox.out().join(&sandbox.outputs()[0])).unwrap();
        assert_eq!(reported, Sha256Digest::of(&bytes).hex());
        reported
    };
    assert_eq!(digest("1"), digest("4"));
}

#[test]
fn pep_770_grafts_are_in_a_bill_of_materials_whose_subject_is_the_written_file() {
    let (_, result) = repaired(&module(LINUX));
    let text = result.text("demo-1.0.dist-info/sboms/muslrepair.cdx.json");
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        document["metadata"]["component"]["purl"],
        "pkg:pypi/demo@1.0?file_name=demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl"
    );
    assert!(document["components"][0]["bom-ref"].as_str().unwrap().contains("libgreet"));
}

#[test]
fn pep_770_a_package_url_that_names_the_wheels_own_file_follows_its_name() {
    // From a build tool; what is unknown stays, to the byte. The `+` is encoded, or it is not.
    let before = |version: &str, file: &str| {
        format!(
            "{{ \"bom-ref\":\"pkg:pypi/demo@{version}?file_name={file}\",\n\t\"purl\": \"pkg:pypi/demo@{version}?file_name={file}#x\", \
             \"other\": \"pkg:pypi/demo@0.9?file_name=demo-0.9-cp312-cp312-linux_x86_64.whl\", \"n\": 1.0}}"
        )
    };
    for (encoded, plus) in [("1.0%2Bl", "%2B"), ("1.0%2Bl", "+")] {
        let wheel = module("demo-1.0+l-cp312-cp312-linux_x86_64.whl").metadata(
            "sboms/build.cdx.json",
            before(encoded, &format!("demo-1.0{plus}l-cp312-cp312-linux_x86_64.whl")),
        );
        let (_, result) = repaired(&wheel);
        assert_eq!(
            result.text("demo-1.0+l.dist-info/sboms/build.cdx.json"),
            before(encoded, &format!("demo-1.0{plus}l-cp312-cp312-musllinux_1_2_x86_64.whl"))
        );
    }
}

#[test]
fn pep_770_documents_stay_as_they_are_where_the_name_stays() {
    let name = "demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl";
    let text = format!("{{\"purl\": \"pkg:pypi/demo@1.0?file_name={name}\"}}");
    let wheel = module(name).metadata("sboms/a.cdx.json", &text).metadata("sboms/b.json", [0xff, 0xfe]);
    let (_, result) = repaired(&wheel);
    assert_eq!(result.text("demo-1.0.dist-info/sboms/a.cdx.json"), text);
    // Not a text, and in a wheel whose name changes.
    let (_, result) = repaired(&module(LINUX).metadata("sboms/b.json", [0xff, 0xfe]));
    assert_eq!(result.read("demo-1.0.dist-info/sboms/b.json"), [0xff, 0xfe]);
}

#[test]
fn pep_777_a_wheel_of_another_major_version_is_refused_and_a_newer_minor_version_is_not() {
    let wheel = |version: &str| {
        let text =
            format!("Wheel-Version: {version}\nRoot-Is-Purelib: false\nTag: cp312-cp312-linux_x86_64\n");
        module(LINUX).metadata("WHEEL", text).build()
    };
    refused(&wheel("2.0"), "2.0");
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.path().join(LINUX), wheel("1.1")).unwrap();
    sandbox.repair(&[]).success();
    assert_eq!(sandbox.result().wheel.info().wheel_version(), (1, 1));
}

#[test]
fn pep_777_a_file_of_the_new_extension_is_no_input() {
    let sandbox = Sandbox::new();
    let name = LINUX.replace(".whl", ".whlx");
    std::fs::write(sandbox.path().join(&name), module(LINUX).build()).unwrap();
    sandbox.run(&["repair", &name, "-w", "out"]).failure(2, &[&name]);
}

#[test]
fn pep_777_a_wheel_version_in_metadata_stays() {
    let metadata = "Metadata-Version: 2.4\nName: demo\nVersion: 1.0\nWheel-Version: 1.0\n";
    let (_, result) = repaired(&module(LINUX).metadata("METADATA", metadata));
    assert_eq!(result.text("demo-1.0.dist-info/METADATA"), metadata);
}

#[test]
fn pep_778_a_symbolic_link_in_a_wheel_is_refused() {
    let mut zip = RawZip::wheel();
    zip.push(RawMember { mode: 0o120_777, ..RawMember::new("demo/libgreet.so", "libgreet.so.3") });
    refused(&zip.finish(), "is a symbolic link");
}

#[test]
fn pep_784_a_member_compressed_with_zstandard_is_refused() {
    let mut zip = RawZip::wheel();
    zip.push(RawMember { method: 93, ..RawMember::new("demo/x", "") });
    refused(&zip.finish(), "93");
}

#[test]
fn pep_803_modules_of_the_stable_abi_of_free_threaded_pythons_are_found() {
    let wheel = |python: &str| {
        WheelBuilder::new(&format!("demo-1.0-{python}-linux_x86_64.whl")).file_with_mode(
            "demo/_core.abi3t.so",
            object("x86_64/core.so"),
            0o755,
        )
    };
    let (sandbox, _) = repaired(&wheel("cp315-cp315t"));
    sandbox.run(&["verify", "out"]).success();
    // No Python before 3.15 looks for it.
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel("cp312-abi3"));
    sandbox.repair(&[]).failure(1, &["`demo/_core.abi3t.so` is not imported by CPython 3.12"]);
}

#[test]
fn pep_819_wheel_json_gets_the_tags_of_wheel_and_metadata_json_stays() {
    let wheel = module(LINUX)
        .metadata("WHEEL.json", r#"{"tag": ["cp312-cp312-linux_x86_64"], "root_is_purelib": false}"#)
        .metadata("METADATA.json", r#"{ "name": "demo" }"#);
    let (_, result) = repaired(&wheel);
    let document: Value = serde_json::from_str(&result.text("demo-1.0.dist-info/WHEEL.json")).unwrap();
    assert_eq!(document["tag"][0], "cp312-cp312-musllinux_1_2_x86_64");
    assert_eq!(result.text("demo-1.0.dist-info/METADATA.json"), r#"{ "name": "demo" }"#);
}

#[test]
fn pep_825_the_variant_label_and_variant_json_stay() {
    let wheel = module("demo-1.0-cp312-cp312-linux_x86_64-x86_64_v3.whl").metadata("variant.json", "{ }");
    let (sandbox, result) = repaired(&wheel);
    assert_eq!(sandbox.outputs(), ["demo-1.0-cp312-cp312-musllinux_1_2_x86_64-x86_64_v3.whl"]);
    assert_eq!(result.text("demo-1.0.dist-info/variant.json"), "{ }");
}

#[test]
fn pypi_a_record_that_differs_from_the_archive_is_reported_and_repair_writes_a_right_one() {
    let wheel = module(LINUX).file("demo/extra.py", "").unlisted("demo/extra.py");
    let run = verified(LINUX, &wheel.build());
    assert_eq!(run.status, 1);
    assert!(run.stdout.contains("unlisted"), "{}", run.stdout);
    // `Repaired::open` holds `RECORD` against the members.
    repaired(&wheel);
}

#[test]
fn pypi_tags_in_wheel_that_are_not_those_of_the_name_are_reported() {
    let name = "demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl";
    let text = "Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: cp312-cp312-linux_x86_64\n";
    let run = verified(name, &module(name).metadata("WHEEL", text).build());
    assert_eq!(run.status, 1);
    assert!(run.stdout.contains("wrong-tag"), "{}", run.stdout);
}

#[test]
fn pypi_members_that_are_more_than_50_times_larger_than_the_archive_are_reported() {
    let name = "demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl";
    // A tenth of it cannot be compressed; our own limit of 200 is not reached.
    let run = |noise: usize| {
        verified(name, &module(name).file("demo/zeros", vec![0; 65 << 20]).noise(noise).build())
    };
    assert!(run(400 << 10).stdout.contains("refused-by-index"));
    assert!(!run(2 << 20).stdout.contains("refused-by-index"));
}

#[test]
fn pypi_every_file_of_a_release_can_be_repaired_before_the_first_is_uploaded() {
    // Since July 2026 a release takes no files after 14 days: all wheels of one are made in one call, or none is missing unseen.
    let sandbox = Sandbox::new();
    for python in ["cp312-cp312", "cp313-cp313"] {
        let suffix = format!("cpython-{}-x86_64-linux-musl.so", &python[2..5]);
        let wheel = WheelBuilder::new(&format!("demo-1.0-{python}-linux_x86_64.whl"));
        let wheel = wheel.file_with_mode(&format!("demo/_core.{suffix}"), object("x86_64/core.so"), 0o755);
        sandbox.wheel(&wheel);
    }
    sandbox.wheel(&WheelBuilder::new("demo-1.0-py3-none-any.whl").file("demo/a.py", "").purelib());
    sandbox.repair(&[]).success();
    assert_eq!(sandbox.outputs().len(), 3);
    for name in sandbox.outputs() {
        let path = sandbox.out().join(name);
        Wheel::open(Path::new(&path), &Limits::default()).unwrap();
    }
}
