//! The JSON contract, written down a second time as types that allow nothing else: what is printed must decode.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../support/mod.rs"]
mod support;

mod auditwheel;
mod documents;
