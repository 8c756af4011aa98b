//! Every fixture under musl's real loader: as it was linked, and after each edit.
//!
//! A library is opened, called, used by two threads, found by `dl_iterate_phdr` and has a C++
//! exception pass through it. What an edited file does must be what the original does.
//!
//! Where a loader or qemu is absent, the tests that need it are listed as ignored, with the reason;
//! `cargo xtask test` brings everything in and runs them all.

mod catalogue;
mod edits;
mod machine;
mod refused;

use std::fs;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use muslrepair::elf::ElfFacts;

use catalogue::{compare, directory, fixtures, load, name, start};
use edits::{EDITS, Edit, Installed};
use machine::Machine;

/// Debian has no musl for it, so nothing can run it.
const NEVER: &str = "loongarch64";

/// Its dynamic section has no end. musl reads on into what follows, and here gets away with it.
const MALFORMED: &str = "bfd-no-null-tag.so";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let required = std::env::var_os("MUSLREPAIR_REQUIRE_TOOLS").is_some_and(|value| value != "0");
    let mut trials = Vec::new();
    for (arch, machine) in machine::all() {
        match machine {
            Ok(machine) => add(&mut trials, &Arc::new(machine)),
            Err(reason) if required && arch != NEVER => {
                trials.push(Trial::test(format!("{arch}::machine"), move || Err(Failed::from(reason))));
            }
            Err(reason) => {
                let absent = Trial::test(format!("{arch}::all"), || Ok(()));
                trials.push(absent.with_kind(reason).with_ignored_flag(true));
            }
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A test of one machine; an error is what went wrong.
type Test = fn(&Machine) -> Result<(), String>;

/// The tests of one machine.
fn add(trials: &mut Vec<Trial>, machine: &Arc<Machine>) {
    let tests: &[(&str, Test)] = &[
        ("libraries_as_linked", libraries_as_linked),
        ("programs_as_linked", programs_as_linked),
        ("unmapped_headers_are_noticed", unmapped_headers_are_noticed),
        ("what_is_refused", refused::what_is_refused),
        #[cfg(feature = "arwen")]
        ("libraries::after_arwen", after_arwen),
    ];
    for &(name, test) in tests {
        let machine = Arc::clone(machine);
        let name = format!("{}::{name}", machine.arch);
        trials.push(Trial::test(name, move || test(&machine).map_err(Failed::from)));
    }
    for edit in EDITS {
        let (libraries, programs) = (Arc::clone(machine), Arc::clone(machine));
        let name = |kind: &str| format!("{}::{kind}::{}", machine.arch, edit.name);
        trials.push(Trial::test(name("libraries"), move || {
            edited_libraries(&libraries, edit).map_err(Failed::from)
        }));
        trials.push(Trial::test(name("programs"), move || {
            edited_programs(&programs, edit).map_err(Failed::from)
        }));
    }
}

/// What the originals do is known: all is well, but for what musl cannot read.
fn libraries_as_linked(machine: &Machine) -> Result<(), String> {
    let mut wrong = Vec::new();
    for (name, outcome) in machine.originals()? {
        // lld writes 4-byte words into DT_HASH, the s390x ABI and musl want 8.
        let hash = machine.arch != "s390x" || name != "lld-hash-sysv.so";
        let readable = hash && (!has_relr(machine, name)? || machine.reads_relr());
        if readable != (outcome == "ok") {
            wrong.push(format!("{name}: `{outcome}`"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// Whether a fixture needs a musl that reads `DT_RELR`.
fn has_relr(machine: &Machine, name: &str) -> Result<bool, String> {
    let bytes = fs::read(directory(machine.arch).join(name)).map_err(|error| error.to_string())?;
    match ElfFacts::parse(&bytes) {
        Ok(facts) => Ok(facts.relr),
        Err(_) if name == MALFORMED => Ok(false),
        Err(error) => Err(format!("{name}: {error}")),
    }
}

fn programs_as_linked(machine: &Machine) -> Result<(), String> {
    let libraries = directory(machine.arch).join("libs");
    for program in fixtures(machine.arch, true)? {
        let said = start(machine, &program, Some(&libraries))?;
        if said != "ok" {
            return Err(format!("{}: `{said}`", name(&program)));
        }
    }
    Ok(())
}

/// Edited libraries do what the originals do.
fn edited_libraries(machine: &Machine, edit: &Edit) -> Result<(), String> {
    let installed = Installed::new(&directory(machine.arch).join("libs"))?;
    let mut libraries = Vec::new();
    let mut refused = Vec::new();
    for fixture in fixtures(machine.arch, false)? {
        if name(&fixture) == MALFORMED {
            continue;
        }
        match installed.add(&fixture, edit) {
            Ok(library) => libraries.push(library),
            Err(error) => refused.push(error),
        }
    }
    if !refused.is_empty() {
        return Err(refused.join("\n"));
    }
    let place = installed.libraries();
    let (place, mut options) = (place.to_string_lossy(), Vec::new());
    if !edit.own_run_path {
        options.extend(["--library-path", &place]);
    }
    let preload = edit.preload.map(|library| format!("{place}/{library}"));
    if let Some(library) = &preload {
        options.extend(["--preload", library]);
    }
    let found = load(machine, &options, &libraries)?;
    let mut wanted = machine.originals()?.clone();
    for (name, outcome) in &mut wanted {
        if edit.lowers_relr && has_relr(machine, name)? {
            "ok".clone_into(outcome);
        }
    }
    compare(&wanted, &found)
}

/// Edited programs still start.
fn edited_programs(machine: &Machine, edit: &Edit) -> Result<(), String> {
    let installed = Installed::new(&directory(machine.arch).join("libs"))?;
    let libraries = installed.libraries();
    let libraries = (!edit.own_run_path).then_some(libraries.as_path());
    for fixture in fixtures(machine.arch, true)? {
        // Of static programs, one has no dynamic section at all, and the other's start-up code knows where its own was:
        // what would move it is refused.
        let Some(program) = installed.add_unless_static(&fixture, edit)? else { continue };
        let said = start(machine, &program, libraries)?;
        if said != "ok" {
            return Err(format!("{}: `{said}`", name(&program)));
        }
    }
    Ok(())
}

/// The driver is no rubber stamp: a file whose program headers nothing maps does not pass.
fn unmapped_headers_are_noticed(machine: &Machine) -> Result<(), String> {
    let installed = Installed::new(&directory(machine.arch).join("libs"))?;
    let fixture = directory(machine.arch).join("lld-plain.so");
    let bytes = fs::read(&fixture).map_err(|error| error.to_string())?;
    let library = installed.write(&fixture, edits::with_headers_unmapped(bytes)?)?;
    let place = installed.libraries();
    let outcomes = load(machine, &["--library-path", &place.to_string_lossy()], &[library])?;
    let wanted = [("lld-plain.so".to_owned(), "dl_iterate_phdr reports other program headers".to_owned())];
    compare(&wanted.into(), &outcomes)
}

/// What arwen wrote can be edited again, and does then what it did before.
#[cfg(feature = "arwen")]
fn after_arwen(machine: &Machine) -> Result<(), String> {
    let libraries = directory(machine.arch).join("libs");
    let (first, second) = (Installed::new(&libraries)?, Installed::new(&libraries)?);
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for fixture in fixtures(machine.arch, false)? {
        let bytes = fs::read(&fixture).map_err(|error| error.to_string())?;
        let Some(bytes) = edits::by_arwen(bytes) else { continue };
        let edited =
            edits::after_arwen(bytes.clone()).map_err(|error| format!("{}: {error}", name(&fixture)))?;
        before.push(first.write(&fixture, bytes)?);
        after.push(second.write(&fixture, edited)?);
    }
    compare(&load(machine, &[], &before)?, &load(machine, &[], &after)?)
}
