//! What a written wheel is like, and that it appears whole or not at all.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use muslrepair::Limits;
use muslrepair::wheel::{
    Content, DosTime, Entry, Method, NewFile, Sha256Digest, Wheel, WheelError, WheelWriter,
};

use super::{NAME, demo, hashes, keep_all, names, open, path, written};
use crate::support::raw_zip::{RawMember, RawZip};

#[test]
fn an_unchanged_wheel_is_byte_identical_but_for_record() {
    let stored = demo().directory("demo/empty").build();
    let wheel = open(stored.clone()).unwrap();
    // One member lies uncompressed, and stays so where nothing is to be compressed.
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join(NAME);
    WheelWriter::new(&wheel, DosTime::EPOCH).level(0).write(keep_all(&wheel), &file).unwrap();
    let (source, output) = (stored, fs::read(file).unwrap());
    let record = |bytes: &[u8]| {
        let at = bytes.windows(4).rposition(|w| w == b"PK\x03\x04").unwrap();
        bytes[..at].to_vec()
    };
    assert_eq!(record(&output), record(&source));
    let again = open(written(&wheel, keep_all(&wheel))).unwrap();
    let output = written(&again, keep_all(&again));
    let again = open(output.clone()).unwrap();
    assert_eq!(written(&again, keep_all(&again)), output, "writing is a fixed point");
    assert_eq!(again.check_record().unwrap(), []);
}

#[test]
fn the_bytes_of_a_new_file_are_always_the_same() {
    let wheel = demo().open().unwrap();
    let text: String = (0..400u32).map(|i| format!("{:x},", i.wrapping_mul(2_654_435_761) >> 20)).collect();
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

/// SHA-256 of the compressed bytes above. Another value means that what is compressed comes out in another way, and
/// that wheels repaired by two versions of the program differ.
const PINNED: &str = "9ccff77253b1bb9043e064df3db07931495935663af060b8ca186e4375b55bed";

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
fn the_bytes_do_not_depend_on_what_is_kept_between_scan_and_edit() {
    let source = demo().build();
    let make = |keeping: bool, in_flight: u64| {
        let limits = Limits { in_flight, ..Limits::default() };
        let mut wheel = Wheel::from_bytes(NAME.parse().unwrap(), source.clone(), &limits).unwrap();
        if keeping {
            wheel = wheel.keeping_largest();
        }
        let edited = |name: &str| {
            let content = Content::edited(path("demo/_core.so"), 20_000, |bytes| {
                assert_eq!(bytes.len(), 5007);
                let mut bytes = bytes.to_vec();
                bytes[4000] = 1;
                Ok(bytes)
            });
            Entry::Write(NewFile { path: path(name), content, mode: 0o755, modified: DosTime::EPOCH })
        };
        let mut entries = keep_all(&wheel);
        entries.retain(|entry| entry.path().as_str() != "demo/_core.so");
        // Twice, and what is kept is there once.
        entries.extend([edited("demo/_core.so"), edited("demo/_other.so")]);
        let first = written(&wheel, entries);
        assert_eq!(open(first.clone()).unwrap().read(&path("demo/_other.so")).unwrap()[4000], 1);
        first
    };
    let first = make(false, 1 << 30);
    assert!(first == make(true, 1 << 30) && first == make(true, 5000));
}

#[test]
fn what_was_wrong_in_the_source_archive_is_not_copied() {
    let mut zip = RawZip::wheel();
    zip.comment = b"a comment".to_vec();
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
    let open = |path: &Path| Wheel::open(path, &Limits::default()).unwrap();
    let copy = directory.path().join("copies").join(NAME);
    for wheel in [open(&file), demo().open().unwrap()] {
        wheel.copy_to(&copy).unwrap();
        assert_eq!(fs::read(&copy).unwrap(), demo().build());
        fs::write(&copy, "old").unwrap();
    }
    let wheel = open(&file);
    wheel.copy_to(&copy).unwrap();
    open(&copy).copy_to(&directory.path().join("copies/../copies").join(NAME)).unwrap();
    assert_eq!(fs::read(&copy).unwrap(), demo().build());
    assert_eq!(names(copy.parent().unwrap()), [NAME]);
    fs::remove_file(&file).unwrap();
    let error = wheel.copy_to(&copy).unwrap_err();
    assert!(error.to_string().starts_with("cannot open `"));
}

#[test]
fn a_source_that_is_written_to_meanwhile_is_an_error_that_names_it_and_nothing_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let file = demo().write_to(directory.path());
    let original = fs::read(&file).unwrap();
    let output = directory.path().join("out").join(NAME);
    // One byte within a member that is kept, and a file that becomes longer or shorter.
    let changes: [fn(&mut Vec<u8>); 3] =
        [|bytes| bytes[40] ^= 1, |bytes| bytes.push(0), |bytes| bytes.truncate(bytes.len() / 2)];
    for change in changes {
        fs::write(&file, &original).unwrap();
        let past = std::time::SystemTime::now() - std::time::Duration::from_secs(60);
        fs::File::options().append(true).open(&file).unwrap().set_modified(past).unwrap();
        let wheel = Wheel::open(&file, &Limits::default()).unwrap();
        let scan = wheel.scan(|_, _| ()).unwrap();
        let mut bytes = original.clone();
        change(&mut bytes);
        fs::write(&file, bytes).unwrap();
        let hashes = scan.files.into_iter().map(|file| (file.path, file.sha256));
        let writer = WheelWriter::new(&wheel, DosTime::EPOCH).hashes(hashes);
        for error in [
            writer.write(keep_all(&wheel), &output).unwrap_err(),
            wheel.copy_to(&output).unwrap_err(),
            wheel.copy_to(&file).unwrap_err(),
        ] {
            assert!(matches!(&error, WheelError::Changed(path) if *path == file), "{error}");
            assert_eq!(error.hint().as_deref(), Some("run again when nothing writes to it"));
        }
        assert_eq!(names(output.parent().unwrap()), [""; 0]);
    }
}

#[test]
fn members_that_lie_uncompressed_are_deflated_where_that_is_smaller() {
    let noise: Vec<u8> = (0..32u8).flat_map(|i| *Sha256Digest::of(&[i]).as_bytes()).collect();
    let source = demo()
        .stored("demo/zeros.bin", vec![0; 1 << 20])
        .stored("demo/noise.bin", noise)
        .stored("demo/empty", "");
    let wheel = source.open().unwrap();
    let before = wheel.member("demo/__init__.py").unwrap();
    let at = |level: u32, in_flight: u64| {
        let limits = Limits { in_flight, ..Limits::default() };
        let wheel = Wheel::from_bytes(NAME.parse().unwrap(), source.build(), &limits).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join(NAME);
        WheelWriter::new(&wheel, DosTime::EPOCH).level(level).write(keep_all(&wheel), &file).unwrap();
        fs::read(file).unwrap()
    };
    for level in [0, 1, 6, 9] {
        let bytes = at(level, 512 << 20);
        assert_eq!(bytes, at(level, 1), "neither memory nor threads change the bytes");
        let output = open(bytes).unwrap();
        assert_eq!(output.check_record().unwrap(), []);
        let zeros = output.member("demo/zeros.bin").unwrap();
        let method = if level == 0 { Method::Stored } else { Method::Deflated };
        assert_eq!((zeros.method, zeros.compressed_size < 8192), (method, level > 0), "{level}");
        assert_eq!((zeros.mode, zeros.modified), (Some(0o644), before.modified));
        for name in ["demo/noise.bin", "demo/empty"] {
            assert_eq!(output.member(name).unwrap().method, Method::Stored, "{name}");
        }
        let after = output.member("demo/__init__.py").unwrap();
        assert_eq!((after.method, after.compressed_size), (before.method, before.compressed_size));
    }
}
