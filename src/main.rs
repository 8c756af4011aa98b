//! The `muslrepair` program: runs the command line of `cli` and turns its result into an exit status.
//! Everything else is in the library, which does not print, exit or read the environment.
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
