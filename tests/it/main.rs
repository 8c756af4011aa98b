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

mod as_expected;
mod audit;
mod auditwheel;
mod auditwheel_tree;
mod batch;
mod cache_dir;
mod callers;
mod calls;
mod explain;
mod help;
mod hostile;
mod importable;
mod inputs_kept;
mod json;
mod libpython;
mod loading;
mod messages;
mod mistakes;
mod needs;
mod options;
mod outside;
mod patcher;
mod payload;
mod programs_and_libraries;
mod properties;
mod published;
mod readers;
mod record;
mod refused;
mod regressions;
mod repair;
mod roles;
mod rules;
mod shells;
mod standards;
mod streams;
#[path = "../support/mod.rs"]
mod support;
mod symbol_count;
mod system_libraries;
mod tags;
mod testdata;
mod unbundle;
mod verify;
mod wheel;
mod wheel_json;
