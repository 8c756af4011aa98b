//! The repair: a plan made from an audit, and its execution.

mod apply;
mod graft;
mod metadata;
mod options;
mod plan;
mod run_path;
mod sbom;
mod shim;

pub use apply::{GraftedLibrary, Outcome, Receipt, apply};
pub use graft::Graft;
pub use metadata::MetadataEdit;
pub use options::{Patcher, PlatformChoice, RepairOptions};
pub use plan::{MemberEdit, Note, Plan, plan};
pub use shim::MovedProgram;
