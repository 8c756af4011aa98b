//! The paths that every wheel takes, each by itself: `cargo bench`.

// Without their input there is nothing to measure.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};
use std::sync::{Arc, LazyLock};

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use muslrepair::Limits;
use muslrepair::elf::{ElfEdit, ElfFacts, RunPathEdit, patch};
use muslrepair::wheel::{Packed, Sha256Digest, Wheel};
use zip::write::{SimpleFileOptions, ZipWriter};

const NAME: &str = "bench-1.0-cp312-cp312-linux_x86_64.whl";

fn main() {
    divan::main();
}

/// A real object, small.
fn object() -> Vec<u8> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/objects/x86_64/core.so");
    std::fs::read(path).unwrap()
}

/// Bytes that deflate to about two thirds: text, tables and noise in turns.
fn mixture(size: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut bytes = Vec::with_capacity(size + 64);
    while bytes.len() < size {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        match bytes.len() / 4096 % 3 {
            0 => bytes.extend((state >> 16).to_le_bytes()),
            1 => write!(bytes, "lea {:#x}(%rip), %rax; ", (state >> 52) & 0xff0).unwrap(),
            _ => bytes.extend(((state >> 54) & !3).to_le_bytes()),
        }
    }
    bytes.truncate(size);
    bytes
}

/// A shared object with as much after its last section as one of this size has in them.
fn large_object(size: usize) -> Vec<u8> {
    let mut bytes = object();
    bytes.extend(mixture(size));
    bytes
}

/// A wheel with this many text files, and an object with so much in it.
fn wheel(files: usize, size: usize) -> Arc<[u8]> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let mut record = String::new();
    let mut add = |name: &str, bytes: &[u8]| {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
        let row = format!("{name},{},{}\n", Sha256Digest::of(bytes).record_form(), bytes.len());
        record.push_str(&row);
    };
    for number in 0..files {
        add(&format!("bench/m{number}.py"), format!("# {number}\n{}", "line = 1\n".repeat(22)).as_bytes());
    }
    add("bench/core.so", &large_object(size));
    add("bench-1.0.dist-info/METADATA", b"Metadata-Version: 2.1\nName: bench\nVersion: 1.0\n");
    let info = b"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: cp312-cp312-linux_x86_64\n";
    add("bench-1.0.dist-info/WHEEL", info);
    record.push_str("bench-1.0.dist-info/RECORD,,\n");
    zip.start_file("bench-1.0.dist-info/RECORD", SimpleFileOptions::default()).unwrap();
    zip.write_all(record.as_bytes()).unwrap();
    zip.finish().unwrap().into_inner().into()
}

fn open(bytes: &Arc<[u8]>) -> Wheel {
    Wheel::from_bytes(NAME.parse().unwrap(), bytes.clone(), &Limits::default()).unwrap()
}

/// Opening a wheel: its directory, the headers of its members, its metadata.
#[divan::bench(args = [10, 1_000, 10_000])]
fn directory(bencher: Bencher<'_, '_>, files: usize) {
    let bytes = wheel(files, 0);
    bencher.counter(ItemsCount::new(files)).bench(|| open(&bytes));
}

/// Inflating and hashing, one file.
#[divan::bench(args = [1 << 16, 1 << 22])]
fn inflate_and_hash(bencher: Bencher<'_, '_>, size: usize) {
    let wheel = open(&wheel(0, size));
    bencher.counter(BytesCount::new(size)).bench_local(|| wheel.scan(|_, bytes| bytes.len()).unwrap());
}

/// Hashing alone.
#[divan::bench(args = [1 << 10, 1 << 22])]
fn hash(bencher: Bencher<'_, '_>, size: usize) {
    let bytes = mixture(size);
    bencher.counter(BytesCount::new(size)).bench(|| Sha256Digest::of(black_box(&bytes)));
}

/// What an object asks for and offers.
#[divan::bench]
fn facts(bencher: Bencher<'_, '_>) {
    static OBJECT: LazyLock<Vec<u8>> = LazyLock::new(object);
    bencher.bench(|| ElfFacts::parse(black_box(&OBJECT)).unwrap());
}

/// A new name for every library that is needed, a new run path, and the proof that it went well.
#[divan::bench(args = [0, 1 << 22])]
fn patched(bencher: Bencher<'_, '_>, size: usize) {
    let bytes = large_object(size);
    let needed = ElfFacts::parse(&bytes).unwrap().needed;
    let rename_needed: BTreeMap<String, String> =
        needed.into_iter().map(|name| (name.clone(), format!("new-0123abcd-{name}"))).collect();
    let run_path = RunPathEdit::Set("$ORIGIN/../bench.libs".to_owned());
    let edit = ElfEdit { rename_needed, run_path, ..ElfEdit::default() };
    bencher
        .counter(BytesCount::new(bytes.len()))
        .with_inputs(|| bytes.clone())
        .bench_values(|bytes| patch(bytes, &edit).unwrap());
}

/// Deflating and hashing, on all cores.
#[divan::bench(args = [1 << 14, 1 << 22])]
fn deflate(bencher: Bencher<'_, '_>, size: usize) {
    /// As wheels are compressed.
    const LEVEL: u32 = 6;
    let bytes = mixture(size);
    bencher
        .counter(BytesCount::new(size))
        .with_inputs(|| bytes.clone())
        .bench_values(|bytes| Packed::new(bytes, LEVEL));
}
