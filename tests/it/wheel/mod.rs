//! Reading and writing wheels.

mod end_record;
mod reading;
mod refusing;
mod writing;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::support::raw_zip::{RawMember, RawZip};
use crate::support::wheel_builder::WheelBuilder;
use muslrepair::Limits;
use muslrepair::wheel::{
    DosTime, Entry, MemberRule, Sha256Digest, Wheel, WheelError, WheelPath, WheelWriter,
};

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
