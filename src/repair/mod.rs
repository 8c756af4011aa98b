//! The repair: a plan made from an audit, and its execution.

mod apply;
mod cache;
mod error;
mod graft;
mod metadata;
mod note;
mod options;
mod plan;
mod run_path;
mod sbom;
mod shared;
mod shim;

pub use apply::{GraftedLibrary, Outcome, Receipt, apply, apply_sharing, compare};
pub use error::RepairError;
pub use graft::Graft;
pub use metadata::MetadataEdit;
pub use note::Note;
pub use options::{Patcher, PlatformChoice, RepairOptions};
pub use plan::{MemberEdit, Plan, plan};
pub use shared::SharedGrafts;
pub use shim::MovedProgram;
