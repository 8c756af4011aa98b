//! Faults: killed at any moment, no room, no permission, two at once. The input stays as it is, the output is whole or
//! absent, and nothing is left behind.
//!
//! `MUSLREPAIR_KILLS` says how often the program is killed; `cargo xtask e2e faults` sets it to 500.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

#[cfg(target_os = "linux")]
mod linux;

fn main() {
    #[cfg(target_os = "linux")]
    linux::run();
}
