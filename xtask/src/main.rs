//! Project automation: `cargo xtask TASK [ARGUMENT...]`; without a task, the list of them.

use std::process::ExitCode;

use anyhow::{Result, bail};

mod bench;
mod ci;
mod codegen;
mod coverage;
mod dist;
mod e2e;
mod fixtures;
mod fuzz;
mod house;
mod image;
mod install;
mod musl_root;
mod process;
mod semver;
mod test;
mod workers;
mod workflows;

/// One task: its name, one line about it, and what it does with the arguments after its name.
struct Task {
    name: &'static str,
    summary: &'static str,
    run: fn(&[String]) -> Result<()>,
}

/// Every task, in the order they are listed. A new task is a file and a line here.
const TASKS: &[Task] = &[
    Task { name: "ci", summary: "everything that must hold before a change is taken", run: ci::run },
    Task {
        name: "test",
        summary: "install what the tests need, then run all of them, under real musl loaders too",
        run: test::run,
    },
    Task {
        name: "fixtures",
        summary: "make testdata/ from its sources with zig and binutils; --check verifies it",
        run: fixtures::run,
    },
    Task {
        name: "codegen",
        summary: "write the sources that are made from data; --check says which are stale",
        run: codegen::run,
    },
    Task {
        name: "e2e",
        summary: "end-to-end checks with real loaders, Pythons and package indexes; without a name, the list",
        run: e2e::run,
    },
    Task { name: "dist", summary: "what is released, into target/dist", run: dist::run },
    Task {
        name: "house",
        summary: "draw the floors of src/; an import that goes up and a circle of files are errors",
        run: house::run,
    },
    Task {
        name: "coverage",
        summary: "which lines of src/ the tests run; fewer than 90 % is an error",
        run: coverage::run,
    },
    Task {
        name: "fuzz",
        summary: "fuzz for --minutes of CPU time on each target; a finding is an error",
        run: fuzz::run,
    },
    Task {
        name: "semver",
        summary: "whether the version says what has become of the public interface since the last release",
        run: semver::run,
    },
    Task {
        name: "workflows",
        summary: "lint workflows and the action, and run the steps that can run here",
        run: |_| workflows::run(),
    },
    Task {
        name: "bench",
        summary: "size, time and memory beside other programs: growth, scale, strip or wheels",
        run: bench::run,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let asked =
        arguments.split_first().filter(|(name, _)| !["--help", "-h", "help"].contains(&name.as_str()));
    let Some((name, rest)) = asked else {
        println!("usage: cargo xtask TASK [ARGUMENT...]\n");
        for task in TASKS {
            println!("  {:<10} {}", task.name, task.summary);
        }
        return ExitCode::SUCCESS;
    };
    match find(name).and_then(|task| (task.run)(rest)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn find(name: &str) -> Result<&'static Task> {
    match TASKS.iter().find(|task| task.name == name) {
        Some(task) => Ok(task),
        None => bail!("no task `{name}`; `cargo xtask` lists them"),
    }
}
