//! Tests of the library and of the program, one file for each subject.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, unreachable_pub)]

mod audit;
mod rules;
