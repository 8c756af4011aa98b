//! Tests of the library and of the program, one file for each subject.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, unreachable_pub)]

mod audit;
mod explain;
#[path = "../support/raw_zip.rs"]
#[allow(dead_code, reason = "other test binaries use the rest")]
mod raw_zip;
mod rules;
#[path = "../support/wheel_builder.rs"]
#[allow(dead_code, reason = "other test binaries use the rest")]
mod wheel_builder;
