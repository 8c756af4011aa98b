//! Project automation: `cargo xtask TASK [ARGUMENT...]`; without a task, the list of them.

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

mod bench;
mod ci;
mod codegen;
mod cost;
mod coverage;
mod dist;
mod e2e;
mod elf;
mod fixtures;
mod fuzz;
mod house;
mod image;
mod install;
mod musl_root;
mod page;
mod process;
mod published;
mod semver;
mod test;
mod wheel;
mod workers;

/// Every task. A new one needs a file, a line here and one below.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", arg_required_else_help = true)]
enum Task {
    /// Everything that must hold before a change is taken
    Ci,
    /// Install what the tests need, then run all of them, under real musl loaders too
    Test(Arguments),
    /// Make testdata/ from its sources with zig and binutils
    Fixtures(fixtures::Options),
    /// Write the sources that are made from data
    Codegen(codegen::Options),
    /// End-to-end checks with real loaders, Pythons and package indexes
    #[command(subcommand)]
    E2e(e2e::Check),
    /// Make what is released, in target/dist
    Dist(dist::Options),
    /// Draw the floors of src/; an import that goes up and a circle of files are errors
    House,
    /// Show which lines of src/ the tests run; too few are an error
    Coverage(coverage::Options),
    /// Fuzz each target for some minutes of CPU time; a finding is an error
    Fuzz(fuzz::Options),
    /// Check that the version fits what has become of the public interface since the last release
    Semver(Arguments),
    /// Measure size, time and memory beside other programs
    #[command(subcommand)]
    Bench(bench::Bench),
}

/// Arguments that are passed on to another program.
#[derive(clap::Args)]
struct Arguments {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

fn run(task: Task) -> Result<()> {
    match task {
        Task::Ci => ci::run(),
        Task::Test(given) => test::run(&given.arguments),
        Task::Fixtures(options) => fixtures::run(&options),
        Task::Codegen(options) => codegen::run(&options),
        Task::E2e(check) => e2e::run(check),
        Task::Dist(options) => dist::run(&options),
        Task::House => house::run(),
        Task::Coverage(options) => coverage::run(&options),
        Task::Fuzz(options) => fuzz::run(&options),
        Task::Semver(given) => semver::run(&given.arguments),
        Task::Bench(bench) => bench::run(bench),
    }
}

fn main() -> ExitCode {
    match run(Task::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_options_of_all_tasks_are_consistent() {
        super::Task::command().debug_assert();
    }
}
