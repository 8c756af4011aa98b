//! A whole repair, in a directory that disappears.

use std::io::{Cursor, Write as _};
use std::path::Path;
use std::sync::LazyLock;

use muslrepair::audit::{AuditOptions, audit};
use muslrepair::repair::{Published, RepairError, RepairOptions, apply, plan};
use muslrepair::resolve::{Resolver, ResolverOptions, SearchPaths, Sysroot, SystemPackages};
use muslrepair::wheel::{Sha256Digest, Wheel};
use muslrepair::{Error, Limits, report};
use zip::write::{SimpleFileOptions, ZipWriter};

use super::one_thread;

/// The file name of every wheel here.
pub const NAME: &str = "demo-1.0-cp312-cp312-linux_x86_64.whl";

/// A root file system with libraries in it, and what is installed there.
struct Root {
    resolver: Resolver,
    packages: SystemPackages,
}

static ROOT: LazyLock<Root> = LazyLock::new(|| {
    one_thread();
    let sysroot = Sysroot::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/rootfs"));
    let search_paths = SearchPaths { sysroot: sysroot.clone(), ..SearchPaths::default() };
    let resolver = Resolver::new(ResolverOptions { search_paths, ..ResolverOptions::default() });
    let packages = SystemPackages::read(sysroot).expect("the database of the fixtures is readable");
    Root { resolver, packages }
});

/// A wheel of these files with a `RECORD` that fits.
pub fn packed(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut record = String::new();
    for (name, bytes) in files {
        record.push_str(&format!("{name},{},{}\n", Sha256Digest::of(bytes).record_form(), bytes.len()));
        zip.start_file(*name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    record.push_str("demo-1.0.dist-info/RECORD,,\n");
    zip.start_file("demo-1.0.dist-info/RECORD", options).unwrap();
    zip.write_all(record.as_bytes()).unwrap();
    zip.finish().unwrap().into_inner()
}

/// Opens, audits, shows, plans and repairs a wheel. What comes out must be sound: it opens, its `RECORD` is right, its
/// audit finds nothing, and repairing it again gives the same bytes.
pub fn repair(bytes: Vec<u8>, options: &RepairOptions) {
    // What is true of repairs shall be true of wheels of every name.
    let options = &RepairOptions { published: Published::AsAnyOther, ..options.clone() };
    let limits =
        Limits { member_size: 1 << 24, total_size: 1 << 26, ratio_floor: 1 << 22, ..Limits::default() };
    let Ok(wheel) = Wheel::from_bytes(NAME.parse().unwrap(), bytes.clone(), &limits) else { return };
    let directory = tempfile::tempdir().unwrap();
    let input = directory.path().join(NAME);
    std::fs::write(&input, &bytes).unwrap();
    let Some(first) = once(&wheel, &input, options, &directory.path().join("out")) else { return };
    let again = Wheel::open(&first, &limits).expect("a result can be opened");
    assert_eq!(again.check_record().expect("RECORD of a result is right"), []);
    let second = once(&again, &first, options, &directory.path().join("again"));
    let second = second.expect("a result can be repaired again");
    assert_eq!(std::fs::read(&first).unwrap(), std::fs::read(second).unwrap(), "repair is idempotent");
    assert_eq!(std::fs::read(&input).unwrap(), bytes, "the input is untouched");
}

fn once(
    wheel: &Wheel,
    input: &Path,
    options: &RepairOptions,
    directory: &Path,
) -> Option<std::path::PathBuf> {
    let root = &*ROOT;
    let audit = audit(wheel, &root.resolver, &AuditOptions::default()).ok()?;
    let _ = report::show_text(&audit, &root.packages);
    let _ = report::show_json(&audit, false);
    let plan = plan(wheel, &audit, options).ok()?;
    let _ = report::plan_text(&plan);
    std::fs::create_dir_all(directory).unwrap();
    let opened = Wheel::open(input, wheel.limits()).expect("what opened in memory opens on disk");
    match apply(&opened, &audit, &plan, options, directory, &root.packages) {
        Ok(receipt) => Some(receipt.path),
        Err(error) => {
            let left: Vec<_> = std::fs::read_dir(directory).unwrap().collect();
            assert!(left.is_empty(), "a failed repair left {left:?}");
            assert!(!matches!(error, RepairError::Read(Error::Io { .. })), "{error}");
            None
        }
    }
}
