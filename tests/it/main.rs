//! Tests of the library and of the program, one file for each subject.
#![cfg(unix)]
#![allow(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    unreachable_pub
)]

mod audit;
<<<<<<< HEAD
mod auditwheel;
mod callers;
mod calls;
mod hostile;
mod importable;
mod inputs_kept;
mod json;
mod libpython;
mod loading;
mod needs;
mod options;
mod outside;
mod patcher;
mod payload;
mod properties;
mod refused;
mod regressions;
mod repair;
mod rules;
mod streams;
#[path = "../support/mod.rs"]
mod support;
mod testdata;
mod verify;
mod wheel;
=======
#[path = "../support/elf_builder.rs"]
#[allow(dead_code, reason = "other test binaries use the rest")]
mod elf_builder;
mod programs_and_libraries;
#[path = "../support/raw_zip.rs"]
#[allow(dead_code, reason = "other test binaries use the rest")]
mod raw_zip;
mod rules;
mod symbol_count;
#[path = "../support/wheel_builder.rs"]
#[allow(dead_code, reason = "other test binaries use the rest")]
mod wheel_builder;
>>>>>>> l1
