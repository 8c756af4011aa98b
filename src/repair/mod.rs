//! The repair: a plan made from an audit, and its execution.

mod apply;
mod cache;
mod copy;
mod entries;
mod error;
mod graft;
mod make;
mod metadata;
mod note;
mod options;
mod patch;
mod plan;
mod published;
mod result;
mod run_path;
mod sbom;
mod shared;
mod shim;
mod stale_bill;

pub use apply::{apply, apply_sharing, compare};
pub use cache::unusable_cache_files;
pub use error::RepairError;
pub use graft::Graft;
pub(crate) use graft::original_names;
pub use metadata::MetadataEdit;
pub(crate) use metadata::renamed;
pub use note::Note;
pub use options::{Patcher, PlatformChoice, Published, RepairOptions};
pub use plan::{MemberEdit, Plan, plan};
pub use published::PublishedWheel;
pub use result::{GraftedLibrary, Outcome, RepairResult};
pub use shared::SharedGrafts;
pub use shim::MovedProgram;
