//! Tests of the library and of the program, one file for each subject.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, unreachable_pub)]

mod audit;
#[path = "../support/elf_builder.rs"]
#[allow(dead_code, reason = "other test binaries use the rest")]
mod elf_builder;
mod programs_and_libraries;
#[path = "../support/raw_zip.rs"]
#[allow(dead_code, reason = "other test binaries use the rest")]
mod raw_zip;
mod rules;
#[path = "../support/sandbox.rs"]
#[allow(dead_code, reason = "other test binaries use the rest")]
mod sandbox;
mod symbol_count;
mod system_libraries;
#[path = "../support/wheel_builder.rs"]
#[allow(dead_code, reason = "other test binaries use the rest")]
mod wheel_builder;
