//! The `muslrepair` program: it hands its arguments to the command line of `cli` and turns what comes back into an exit
//! status. Everything else is in the library, which neither prints nor exits nor reads the environment.
#![forbid(unsafe_code)]

mod cli;

use std::process::ExitCode;

/// musl's own allocator has one lock for all threads.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run(std::env::args_os().collect()).into()
}
