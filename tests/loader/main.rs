//! Every fixture under musl's real loader: as it was linked, and after each edit.
//!
//! A library is opened, called, used by two threads, found by `dl_iterate_phdr` and has a C++
//! exception pass through it. What an edited file does must be what the original does.
//!
//! Where a loader or qemu is absent, the tests that need it are listed as ignored, with the reason;
//! `cargo xtask test` brings everything in and runs them all.

mod catalogue;
mod machine;

use std::fs;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use muslrepair::elf::ElfFacts;

use catalogue::{Outcomes, directory, fixtures, load, name, start};
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
    let tests: &[(&str, Test)] =
        &[("libraries_as_linked", libraries_as_linked), ("programs_as_linked", programs_as_linked)];
    for &(name, test) in tests {
        let machine = Arc::clone(machine);
        let name = format!("{}::{name}", machine.arch);
        trials.push(Trial::test(name, move || test(&machine).map_err(Failed::from)));
    }
}

/// What the originals do is known: all is well, but for what musl cannot read.
fn libraries_as_linked(machine: &Machine) -> Result<(), String> {
    let outcomes = original(machine)?;
    let mut wrong = Vec::new();
    for (name, outcome) in outcomes {
        // lld writes 4-byte words into DT_HASH, the s390x ABI and musl want 8.
        let hash = machine.arch != "s390x" || name != "lld-hash-sysv.so";
        let bytes = fs::read(directory(machine.arch).join(&name)).map_err(|error| error.to_string())?;
        let relr = match ElfFacts::parse(&bytes) {
            Ok(facts) => facts.relr,
            Err(_) if name == MALFORMED => false,
            Err(error) => return Err(format!("{name}: {error}")),
        };
        let readable = hash && (!relr || machine.reads_relr());
        if readable != (outcome == "ok") {
            wrong.push(format!("{name}: `{outcome}`"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

fn programs_as_linked(machine: &Machine) -> Result<(), String> {
    for program in fixtures(machine.arch, true)? {
        let said = start(machine, &program, &directory(machine.arch).join("libs"))?;
        if said != "ok" {
            return Err(format!("{}: `{said}`", name(&program)));
        }
    }
    Ok(())
}

/// The outcomes of the libraries as they are.
fn original(machine: &Machine) -> Result<Outcomes, String> {
    let libraries = directory(machine.arch).join("libs");
    load(machine, &["--library-path", &libraries.to_string_lossy()], &fixtures(machine.arch, false)?)
}
