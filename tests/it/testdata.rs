//! Checks `testdata/` against `testdata/SOURCES.toml`: every file is listed with its SHA-256 and how it was
//! made.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

#[test]
fn every_file_has_a_source_and_the_recorded_sum() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(root.join("testdata/SOURCES.toml")).unwrap();
    let mut listed = BTreeMap::new();
    for entry in manifest.split("[[file]]\n").skip(1) {
        let fields: BTreeMap<&str, &str> = entry
            .lines()
            .filter_map(|line| line.split_once(" = "))
            .map(|(key, value)| (key, value.trim_matches('"')))
            .collect();
        assert!(!fields["made"].is_empty(), "{}: made how?", fields["path"]);
        listed.insert(fields["path"], fields.get("sha256").or_else(|| fields.get("link")).copied());
    }
    for file in walkdir::WalkDir::new(root.join("testdata")) {
        let file = file.unwrap();
        let path = file.path().strip_prefix(root).unwrap().to_str().unwrap();
        let found = if file.path_is_symlink() {
            fs::read_link(file.path()).unwrap().to_str().unwrap().to_owned()
        } else if file.file_type().is_file() {
            Sha256::digest(fs::read(file.path()).unwrap()).iter().map(|byte| format!("{byte:02x}")).collect()
        } else {
            continue;
        };
        if path != "testdata/SOURCES.toml" {
            assert_eq!(
                listed.remove(path),
                Some(Some(found.as_str())),
                "{path}: `cargo xtask fixtures --record`?"
            );
        }
    }
    assert!(listed.is_empty(), "listed but not there: {listed:?}");
}
