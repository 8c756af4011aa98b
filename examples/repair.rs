//! What a build tool would do with the library: audit every wheel of a directory, refuse to go on where something is
//! missing, show what will be done, do it, and check the results.
//!
//! ```sh
//! cargo run --no-default-features --example repair -- testdata/wheels/demo testdata/rootfs target/example
//! ```

// An example talks to whoever runs it.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use muslrepair::audit::{Audit, AuditOptions, Severity, audit};
use muslrepair::repair::{Plan, RepairError, RepairOptions, apply, plan};
use muslrepair::resolve::{Resolver, ResolverOptions, SearchPaths, Sysroot, SystemPackages};
use muslrepair::{Error, Limits, report, wheel::Wheel};

/// One wheel, and what is to become of it.
struct Job {
    wheel: Wheel,
    audit: Audit,
    plan: Plan,
}

fn main() -> ExitCode {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [wheels, sysroot, output] = arguments.as_slice() else {
        eprintln!("usage: repair WHEELS SYSROOT OUTPUT");
        return ExitCode::from(2);
    };
    match build(wheels, sysroot, output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn build(wheels: &Path, sysroot: &Path, output: &Path) -> Result<(), String> {
    // One for all wheels: it reads every library once.
    let resolver = resolver(sysroot);
    let packages = SystemPackages::read(Sysroot::new(sysroot)).map_err(|error| error.to_string())?;
    let options = RepairOptions::default();

    // Decide about all of them before anything is written.
    let mut jobs = Vec::new();
    for path in wheels_of(wheels)? {
        let job = prepare(&path, &resolver, &options).map_err(|error| explained(&path, &error))?;
        println!("{}", report::plan_text(&job.plan));
        jobs.push(job);
    }

    std::fs::create_dir_all(output)
        .map_err(|error| format!("cannot create `{}`: {error}", output.display()))?;
    for Job { wheel, audit, plan } in &jobs {
        let result = apply(wheel, audit, plan, &options, output, &packages)
            .map_err(|error| explained(wheel.path(), &error))?;
        println!("{}: {} bytes", result.path.display(), result.output_size);
        check(&result.path)?;
    }
    Ok(())
}

/// Looks nowhere but in the root file system it is given.
fn resolver(sysroot: &Path) -> Resolver {
    let search_paths = SearchPaths { sysroot: Sysroot::new(sysroot), ..SearchPaths::default() };
    Resolver::new(ResolverOptions { search_paths, ..ResolverOptions::default() })
}

fn wheels_of(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = std::fs::read_dir(directory)
        .map_err(|error| format!("cannot read `{}`: {error}", directory.display()))?;
    let mut wheels: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    wheels.retain(|path| path.extension().is_some_and(|extension| extension == "whl"));
    wheels.sort();
    Ok(wheels)
}

fn prepare(path: &Path, resolver: &Resolver, options: &RepairOptions) -> Result<Job, RepairError> {
    let wheel = Wheel::open(path, &Limits::default())?;
    let audit = audit(&wheel, resolver, &AuditOptions::default())?;
    let plan = plan(&wheel, &audit, options)?;
    Ok(Job { wheel, audit, plan })
}

/// What was written is read again, with an empty root file system: a wheel for everybody needs nothing of this machine.
fn check(path: &Path) -> Result<(), String> {
    let nothing = resolver(Path::new("/nonexistent"));
    let audited = || -> Result<Audit, Error> {
        let wheel = Wheel::open(path, &Limits::default())?;
        audit(&wheel, &nothing, &AuditOptions::default())
    };
    let audit = audited().map_err(|error| explained(path, &error.into()))?;
    match audit.findings().find(|finding| finding.severity == Severity::Error) {
        Some(finding) => Err(format!("`{}`: {}", path.display(), finding.message)),
        None => Ok(()),
    }
}

/// An error with its hints, as one would show it.
fn explained(path: &Path, error: &RepairError) -> String {
    let mut text = format!("`{}`: {error}", path.display());
    for hint in error.hints() {
        text.push_str("\nhint: ");
        text.push_str(&hint);
    }
    text
}
