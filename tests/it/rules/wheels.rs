//! Small wheels, and what an audit finds in them.

use muslrepair::Limits;
use muslrepair::audit::{AuditOptions, Finding, audit};
use muslrepair::resolve::{Resolver, ResolverOptions, SearchPaths, Sysroot, SystemPath};
use muslrepair::wheel::Wheel;

use crate::support::wheel_builder::WheelBuilder;

use super::linked::of;
use super::scene::PLAIN;

/// A wheel that breaks no rule.
pub const SOUND: &str = "demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl";

/// A wheel of this name with a sound extension module of x86_64.
pub fn with_module(filename: &str) -> WheelBuilder {
    WheelBuilder::new(filename).file("demo/_core.so", PLAIN)
}

/// What is found in a wheel, where no library of any system counts.
pub fn found_in(wheel: &WheelBuilder) -> Vec<Finding> {
    found_in_wheel(&wheel.open().unwrap())
}

/// The same for bytes of an archive with the name of a sound wheel.
pub fn found_in_bytes(filename: &str, bytes: Vec<u8>) -> Vec<Finding> {
    found_in_wheel(&Wheel::from_bytes(filename.parse().unwrap(), bytes, &Limits::default()).unwrap())
}

/// The findings of one rule in a wheel.
pub fn found_in_of(code: &str, wheel: &WheelBuilder) -> Vec<Finding> {
    of(code, found_in(wheel))
}

fn found_in_wheel(wheel: &Wheel) -> Vec<Finding> {
    let search_paths =
        SearchPaths { sysroot: Sysroot::new("/nonexistent"), first: Vec::new(), system: SystemPath::None };
    let resolver = Resolver::new(ResolverOptions { search_paths, ..ResolverOptions::default() });
    let audit = audit(wheel, &resolver, &AuditOptions::default()).unwrap();
    audit.findings().cloned().collect()
}
