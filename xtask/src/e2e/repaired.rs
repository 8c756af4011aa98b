//! Wheels that no musl older than 1.2.4 can load because of `DT_RELR`: `muslrepair repair` must make wheels of them that
//! load there, and know that it did.
use std::path::Path;

use anyhow::Result;

use super::loaders::Loader;
use super::site::Site;
use super::stub::Stub;
use super::survey::Survey;

#[derive(Debug)]
pub struct Repair {}

pub fn check(_: &Path, _: &[Site], _: &Survey, _: &[Loader], _: &Stub) -> Result<Vec<Repair>> {
    Ok(Vec::new())
}

pub fn tell(_: &[Repair]) -> usize {
    0
}
