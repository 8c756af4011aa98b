//! Helpers for several tests: builders for wheels, archives and ELF files.
#![allow(dead_code, reason = "each test binary uses a part of this")]

pub(crate) mod elf_builder;
pub(crate) mod raw_zip;
pub(crate) mod sandbox;
#[cfg(target_os = "linux")]
pub(crate) mod terminal;
pub(crate) mod wheel_builder;
