//! What a sound wheel gives.

use muslrepair::Limits;
use muslrepair::wheel::{DosTime, Method, Scheme, Sha256Digest, Wheel, WheelWriter};

use super::{NAME, demo, keep_all, open, path, written};
use crate::support::raw_zip::{RawMember, RawZip};
use crate::support::wheel_builder::WheelBuilder;

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
    assert_eq!((wheel.metadata().name(), wheel.modified()), ("demo", wheel.members()[0].modified));
    assert_eq!(wheel.info().tags(), ["cp312-cp312-linux_x86_64"]);
    assert_eq!(wheel.record().rows().len(), 6);
    assert_eq!(wheel.read(&path("demo/data.bin")).unwrap(), [7; 300]);
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
fn comments_descriptors_and_extra_fields_are_accepted() {
    let mut zip = RawZip::wheel();
    zip.comment = b"a comment".to_vec();
    let mut member = RawMember::new("demo/b.py", "b = 2\n");
    member.descriptor = true;
    member.comment = b"why".to_vec();
    member.extra = b"UT\x05\x00\x01\x00\x00\x00\x00".to_vec();
    zip.push(member);
    let wheel = open(zip.finish()).unwrap();
    assert_eq!(wheel.check_record().unwrap(), []);
    assert_eq!(wheel.read(&path("demo/b.py")).unwrap(), b"b = 2\n");
}

#[test]
fn pep503_spelling_of_the_dist_info_directory_does_not_matter() {
    let bytes = WheelBuilder::new("Demo.Pkg-1.0-py3-none-any.whl").build();
    let name = "demo_pkg-1.0-py3-none-any.whl".parse().unwrap();
    let wheel = Wheel::from_bytes(name, bytes, &Limits::default()).unwrap();
    assert_eq!(wheel.dist_info().as_str(), "Demo.Pkg-1.0.dist-info");
    assert_eq!(wheel.data_dir(), "Demo.Pkg-1.0.data");

    // The data directory has the same name, letter for letter.
    let wheel = demo().file("demo-1.0.data/scripts/tool", "").open().unwrap();
    let place = wheel.place(&path("demo-1.0.data/scripts/tool")).unwrap();
    assert_eq!((place.scheme, place.path), (Scheme::Scripts, path("tool")));
}

#[test]
fn zip64_archives_are_read_and_rewritten_plainly() {
    let large = demo().zip64().build();
    let plain = demo().build();
    assert_ne!(large.len(), plain.len());
    let (large, plain) = (open(large).unwrap(), open(plain).unwrap());
    assert_eq!(large.check_record().unwrap(), []);
    assert!(written(&large, keep_all(&large)) == written(&plain, keep_all(&plain)));
}

/// Whatever happens to the bytes of a wheel, the answer is a wheel that can be read and written or an error.
#[test]
fn damage_is_never_more_than_an_error() {
    let mut zip = RawZip::wheel();
    zip.add("demo/d/", "");
    zip.push(RawMember { descriptor: true, ..RawMember::new("demo/x", "1234") });
    let limits = Limits { member_size: 1 << 20, total_size: 4 << 20, ..Limits::default() };
    let (mut sound, mut state) = (0, 0x2545_f491_4f6c_dd1d_u64);
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    for original in [zip.finish(), demo().build()] {
        for _ in 0..4000 {
            let mut bytes = original.clone();
            for _ in 0..=random(3) {
                let at = random(bytes.len());
                match random(4) {
                    0 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][random(5)],
                    1 => bytes[at] ^= 1 << random(8),
                    2 => drop(bytes.remove(at)),
                    _ => bytes.truncate(bytes.len() - random(40)),
                }
            }
            let Ok(wheel) = Wheel::from_bytes(NAME.parse().unwrap(), bytes, &limits) else { continue };
            let Ok(scan) = wheel.scan(|member, bytes| assert_eq!(member.size, bytes.len() as u64)) else {
                continue;
            };
            let hashes = scan.files.into_iter().map(|file| (file.path, file.sha256));
            let directory = tempfile::tempdir().unwrap();
            let output = directory.path().join(NAME);
            let writer = WheelWriter::new(&wheel, DosTime::EPOCH).hashes(hashes);
            writer.write(keep_all(&wheel), &output).unwrap();
            let written = Wheel::open(&output, &limits).unwrap();
            assert_eq!(written.check_record().unwrap(), []);
            sound += 1;
        }
    }
    assert!(sound > 100, "{sound} wheels stayed sound");
}
