//! What several tests need: wheels, archives and ELF files made to order.
#![allow(dead_code, reason = "each test binary uses a part of this")]

pub(crate) mod elf_builder;
pub(crate) mod raw_zip;
pub(crate) mod sandbox;
pub(crate) mod wheel_builder;
