//! What is wrong with a wheel, or with a tree of installed files: what its objects need, where that is found, and on which
//! releases of musl it loads.

mod arch;
mod audit;
mod binding;
mod checks;
mod conformance;
mod definitions;
mod examine;
mod findings;
mod include;
mod libc;
mod loading;
mod needs;
mod neighbourhood;
mod refusals;
#[cfg(test)]
mod tests;
mod tree;

pub use audit::{Audit, AuditOptions, Examination, ExternalLibrary, WheelKind, audit, audit_beside};
pub use binding::{Cause, MinimumMusl, Module, Requirement};
pub(crate) use checks::private_symbols;
pub use conformance::conformance;
pub(crate) use findings::quoted;
pub use findings::{Code, Finding, Severity, UnknownCode};
pub(crate) use libc::built_for_musl;
pub use libc::libc_name;
pub use needs::{Need, needs};
pub use neighbourhood::Neighbourhood;
pub use tree::audit_tree;
