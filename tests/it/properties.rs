//! What holds for every input, tried on many that are made at random.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::support::sandbox::{object, testdata};
use crate::support::wheel_builder::WheelBuilder;
use arbtest::arbitrary::{Result, Unstructured};
use arbtest::arbtest;
use muslrepair::Limits;
use muslrepair::audit::{AuditOptions, audit};
use muslrepair::elf::{ElfEdit, ElfFacts, RunPathEdit, Strip, patch};
use muslrepair::platform::{Arch, MuslVersion};
use muslrepair::repair::{PlatformChoice, Published, RepairOptions, apply, plan};
use muslrepair::resolve::{
    Installed, InstalledLayout, Resolver, ResolverOptions, SearchPaths, Sysroot, SystemPackages,
};
use muslrepair::wheel::{
    InstallLocation, Record, RecordRow, Sha256Digest, Wheel, WheelFilename, WheelInfo, WheelPath,
    relative_run_path,
};

/// How many inputs a property was tried on, and how many of them are what it is about.
#[derive(Default)]
struct Tried {
    all: Cell<u32>,
    fit: Cell<u32>,
}

impl Tried {
    /// Counts an input. One that does not fit says nothing.
    fn fits<T>(&self, fit: Option<T>) -> Option<T> {
        self.all.set(self.all.get() + 1);
        self.fit.set(self.fit.get() + u32::from(fit.is_some()));
        fit
    }

    /// Fails the test unless this part of the inputs, in percent, did fit: it would hold of nothing.
    fn at_least(&self, percent: u32) {
        let (all, fit) = (self.all.get(), self.fit.get());
        println!("{fit} of {all} inputs fit");
        assert!(fit > 0 && fit * 100 >= all * percent, "{fit} of {all} inputs fit");
    }
}

/// A word of some of these characters.
fn word(u: &mut Unstructured<'_>, characters: &str, longest: usize) -> Result<String> {
    let characters: Vec<char> = characters.chars().collect();
    let length = u.int_in_range(1..=longest)?;
    (0..length).map(|_| u.choose(&characters).copied()).collect()
}

fn member(u: &mut Unstructured<'_>) -> Result<WheelPath> {
    const NAME: &str = "abcXYZ019_-+., \"'é";
    let depth = u.int_in_range(1..=4)?;
    loop {
        let components: Result<Vec<String>> = (0..depth).map(|_| word(u, NAME, 8)).collect();
        if let Ok(path) = components?.join("/").parse() {
            return Ok(path);
        }
        if u.is_empty() {
            return Ok("a".parse().unwrap());
        }
    }
}

#[test]
fn a_file_name_that_is_taken_apart_is_put_together_as_it_was() {
    let tried = Tried::default();
    arbtest(|u| {
        let tag = |u: &mut Unstructured<'_>, all: &[&str]| -> Result<String> {
            let count = u.int_in_range(1..=2)?;
            let tags: Result<BTreeSet<&str>> = (0..count).map(|_| u.choose(all).copied()).collect();
            Ok(tags?.into_iter().collect::<Vec<_>>().join("."))
        };
        let mut name = format!("{}-{}", word(u, "abcXYZ019_.", 12)?, word(u, "0123456789.", 6)?);
        if u.arbitrary()? {
            name.push_str(&format!("-{}{}", u.int_in_range(0..=99)?, word(u, "abc_", 3)?));
        }
        name.push_str(&format!("-{}", tag(u, &["cp312", "cp38", "py3", "pp310"])?));
        name.push_str(&format!("-{}", tag(u, &["cp312", "abi3", "none"])?));
        let platforms = ["linux_x86_64", "musllinux_1_2_aarch64", "manylinux2014_x86_64", "any", "win32"];
        name.push_str(&format!("-{}.whl", tag(u, &platforms)?));
        let Some(filename) = tried.fits(name.parse::<WheelFilename>().ok()) else { return Ok(()) };
        assert_eq!(filename.to_string(), name);
        let target = MuslVersion::V1_2.platform(Arch::X86_64);
        let changed = filename.with_platforms(std::slice::from_ref(&target)).unwrap();
        assert_eq!(changed.platforms(), [target]);
        assert_eq!(changed.to_string().parse::<WheelFilename>().unwrap(), changed);
        assert_eq!(changed.with_platforms(filename.platforms()).unwrap(), filename);
        Ok(())
    });
    tried.at_least(50);
}

#[test]
fn record_says_what_was_put_into_it() {
    let itself: WheelPath = "demo-1.0.dist-info/RECORD".parse().unwrap();
    arbtest(|u| {
        let mut record = Record::default();
        let mut expected = BTreeMap::new();
        for _ in 0..u.int_in_range(0..=12)? {
            let (path, bytes) = (member(u)?, word(u, "abc", 4)?);
            let row = RecordRow::new(path.clone(), Sha256Digest::of(bytes.as_bytes()), u.arbitrary()?);
            expected.insert(path, (row.hash.clone(), row.size));
            record.push(row);
        }
        let text = record.to_bytes(&itself);
        let read = Record::parse(&text).unwrap();
        assert_eq!(read.to_bytes(&itself), text);
        let rows = read.rows().iter().filter(|row| row.path != itself);
        let rows: BTreeMap<_, _> = rows.map(|row| (row.path.clone(), (row.hash.clone(), row.size))).collect();
        assert_eq!(rows, expected);
        Ok(())
    });
}

#[test]
fn wheel_keeps_every_line_that_an_edit_is_not_about() {
    arbtest(|u| {
        let ending = if u.arbitrary()? { "\n" } else { "\r\n" };
        let mut lines = vec!["Wheel-Version: 1.0".to_owned()];
        for _ in 0..u.int_in_range(0..=8)? {
            let key = *u.choose(&["Generator", "X-Other", "tag", "Tag", "Root-Is-Purelib"])?;
            let repeated = lines.iter().any(|line| line.starts_with("Root-Is-Purelib"));
            let value = if key == "Root-Is-Purelib" { "true".to_owned() } else { word(u, "abc-_. 1", 12)? };
            if key != "Root-Is-Purelib" || !repeated {
                lines.push(format!("{key}: {value}"));
            }
        }
        let text: String = lines.iter().map(|line| format!("{line}{ending}")).collect();
        let mut info = WheelInfo::parse(text.as_bytes()).unwrap();
        assert_eq!(info.to_bytes(), text.as_bytes());
        let tags = vec!["cp312-cp312-musllinux_1_2_x86_64".to_owned(), "cp312-abi3-any".to_owned()];
        info.set_tags(&tags);
        let written = info.to_bytes();
        let again = WheelInfo::parse(&written).unwrap();
        assert_eq!(again.tags(), tags);
        let kept = |text: &[u8]| -> Vec<String> {
            let text = String::from_utf8(text.to_vec()).unwrap();
            let others = text.split_inclusive(ending).filter(|line| !line.to_lowercase().starts_with("tag:"));
            others.map(str::to_owned).collect()
        };
        assert_eq!(kept(&written), kept(text.as_bytes()));
        Ok(())
    });
}

#[test]
fn a_run_path_from_one_member_to_another_leads_there() {
    let tried = Tried::default();
    arbtest(|u| {
        let scheme = |u: &mut Unstructured<'_>| -> Result<&'static str> {
            Ok(*u.choose(&["", "demo-1.0.data/platlib/", "demo-1.0.data/data/", "demo-1.0.data/scripts/"])?)
        };
        let mut path =
            || -> Result<WheelPath> { Ok(format!("{}{}", scheme(u)?, member(u)?).parse().unwrap()) };
        let (a, b) = (path()?, path()?);
        let (Ok(from), Ok(to)) =
            (InstallLocation::of(&a, "demo-1.0.data"), InstallLocation::of(&b, "demo-1.0.data"))
        else {
            return Ok(());
        };
        let run_path = relative_run_path(&from.directory(), &to.directory());
        let special = a.as_str().contains([':', '$']) || b.as_str().contains([':', '$']);
        assert!(special || run_path.is_some() == (from.scheme == to.scheme), "{a} to {b}");
        let Some(run_path) = tried.fits(run_path) else { return Ok(()) };
        let mut layout = InstalledLayout::new(Some((3, 12)));
        layout.insert(&to, 1);
        layout.insert(&from, 0);
        let installed = layout.installed(&from);
        let origin = installed.rsplit_once('/').map_or("", |(directory, _)| directory);
        let found =
            layout.expand(&run_path, origin).and_then(|place| layout.file(&place, to.path.file_name()));
        assert_eq!(found, Some(Installed::Object(1)), "{run_path} from {a} to {b}");
        Ok(())
    });
    tried.at_least(10);
}

/// Small fixtures of every architecture.
fn fixtures() -> Vec<(PathBuf, Vec<u8>)> {
    let mut fixtures = Vec::new();
    for arch in std::fs::read_dir(testdata("elf")).unwrap() {
        for file in std::fs::read_dir(arch.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            if path.is_file() && path.metadata().unwrap().len() < 40 << 10 {
                fixtures.push((path.clone(), std::fs::read(path).unwrap()));
            }
        }
    }
    fixtures.sort();
    fixtures
}

/// What facts an edit leads to, written down once more and apart from the patcher.
fn edited(facts: &ElfFacts, edit: &ElfEdit) -> ElfFacts {
    let mut facts = facts.clone();
    if let Some(soname) = &edit.soname {
        facts.soname = Some(soname.clone());
    }
    let mut seen = BTreeSet::new();
    facts.needed.retain(|name| !edit.remove_needed.contains(name));
    for name in &mut facts.needed {
        if let Some(new) = edit.rename_needed.get(name) {
            name.clone_from(new);
        }
    }
    facts.needed.retain(|name| seen.insert(name.clone()));
    match &edit.run_path {
        RunPathEdit::Keep => {}
        RunPathEdit::Clear => (facts.rpath, facts.runpath) = (None, None),
        RunPathEdit::Set(text) => (facts.rpath, facts.runpath) = (Some(text.clone()), None),
    }
    facts
}

#[test]
fn patching_adds_the_edit_to_the_facts_and_nothing_else() {
    let fixtures = fixtures();
    let tried = Tried::default();
    arbtest(|u| {
        let (path, bytes) = u.choose(&fixtures)?;
        // Some fixtures are there to be refused.
        let Ok(facts) = ElfFacts::parse(bytes) else { return Ok(()) };
        let mut edit = ElfEdit {
            soname: u.arbitrary::<bool>()?.then(|| "libnew.so.1".to_owned()),
            ..ElfEdit::default()
        };
        for name in &facts.needed {
            match u.int_in_range(0..=3)? {
                0 => drop(edit.rename_needed.insert(name.clone(), word(u, "abc.-019", 40)?)),
                1 => drop(edit.remove_needed.insert(name.clone())),
                _ => {}
            }
        }
        edit.run_path = match u.int_in_range(0..=3)? {
            0 => RunPathEdit::Clear,
            1 => RunPathEdit::Set(format!("$ORIGIN/{}", word(u, "abc/.", 60)?)),
            _ => RunPathEdit::Keep,
        };
        edit.strip = *u.choose(&[None, None, Some(Strip::Debug), Some(Strip::All)])?;
        let Some(patched) = tried.fits(patch(bytes.clone(), &edit).ok()) else { return Ok(()) };
        let read = ElfFacts::parse(&patched.bytes).unwrap();
        let expected = edited(&facts, &edit);
        let names = |facts: &ElfFacts| {
            (facts.soname.clone(), facts.needed.clone(), facts.rpath.clone(), facts.runpath.clone())
        };
        assert_eq!(names(&read), names(&expected), "{} {edit:?}", path.display());
        assert_eq!(
            (read.arch, &read.kind, read.relr, read.relocations, read.dynamic_symbol_count),
            (facts.arch, &facts.kind, facts.relr, facts.relocations, facts.dynamic_symbol_count)
        );
        let again = patch(patched.bytes.clone(), &edit).unwrap();
        assert_eq!(names(&ElfFacts::parse(&again.bytes).unwrap()), names(&edited(&read, &edit)));
        Ok(())
    })
    .budget_ms(3000);
    tried.at_least(50);
}

#[test]
fn a_repaired_wheel_is_sound_and_repairing_it_again_changes_nothing() {
    const NAME: &str = "demo-1.0-cp312-cp312-linux_x86_64.whl";
    let sysroot = Sysroot::new(testdata("rootfs"));
    let packages = SystemPackages { root: sysroot.clone(), ..SystemPackages::default() };
    let search_paths = SearchPaths { sysroot: sysroot.clone(), ..SearchPaths::default() };
    let resolver = Resolver::new(ResolverOptions { search_paths, ..ResolverOptions::default() });
    let tried = Tried::default();
    let objects = ["core", "ext_plain", "ext_relr", "ext_python", "ext_one", "ext_two", "ext_chain"];
    arbtest(|u| {
        let mut builder = WheelBuilder::new(NAME).file("demo/__init__.py", "");
        for number in 0..u.int_in_range(1..=4)? {
            let object = object(&format!("x86_64/{}.so", u.choose(&objects)?));
            let place =
                *u.choose(&["demo", "demo/deep/er", "demo-1.0.data/platlib/demo", "demo-1.0.data/data/lib"])?;
            builder = builder.file_with_mode(&format!("{place}/m{number}.so"), object, 0o755);
        }
        let options = RepairOptions {
            platform: PlatformChoice::Auto,
            published: Published::AsAnyOther,
            strip: *u.choose(&[None, Some(Strip::All)])?,
            compression: 1,
            ..RepairOptions::default()
        };
        let directory = tempfile::tempdir().unwrap();
        let input = builder.write_to(directory.path());
        let repair = |input: &std::path::Path, output: &str| -> Option<PathBuf> {
            let wheel = Wheel::open(input, &Limits::default()).unwrap();
            let audit = audit(&wheel, &resolver, &AuditOptions::default()).unwrap();
            let plan = plan(&wheel, &audit, &options).ok()?;
            let output = directory.path().join(output);
            std::fs::create_dir_all(&output).unwrap();
            Some(apply(&wheel, &audit, &plan, &options, &output, &packages).unwrap().path)
        };
        let Some(first) = tried.fits(repair(&input, "first")) else { return Ok(()) };
        // Nothing is needed from outside any more, not even from a root file system that has it.
        let nowhere = Resolver::new(ResolverOptions {
            search_paths: SearchPaths { sysroot: Sysroot::new("/nonexistent"), ..SearchPaths::default() },
            ..ResolverOptions::default()
        });
        let repaired = Wheel::open(&first, &Limits::default()).unwrap();
        assert_eq!(repaired.check_record().unwrap(), []);
        let found = audit(&repaired, &nowhere, &AuditOptions::default()).unwrap();
        let errors: Vec<&str> = found.elf.errors().map(|finding| finding.message.as_str()).collect();
        assert_eq!(errors, [""; 0]);
        let second = repair(&first, "second").unwrap();
        assert_eq!(std::fs::read(&first).unwrap(), std::fs::read(&second).unwrap());
        Ok(())
    })
    .budget_ms(4000);
    tried.at_least(50);
}
