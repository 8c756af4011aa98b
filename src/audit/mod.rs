//! Audits: what is wrong with a wheel or a tree of installed files. What its objects need, where that is
//! found, on which releases of musl it loads, and which rules it breaks.

mod advice;
mod arch;
mod elf_audit;
mod finding;
mod importable;
mod include;
mod install_set;
mod libc;
mod load_blockers;
mod minimum;
mod module_rename;
mod needs;
mod object;
mod options;
mod promise;
mod rename;
mod requirement;
mod requirements;
mod roles;
pub mod rules;
mod scan;
mod subject;
mod symbol_scope;
mod tree;
mod wheel;
mod wheel_kind;

pub use elf_audit::{ElfAudit, ExternalLibrary, ObjectSet, audit_objects};
pub(crate) use finding::listed;
pub use finding::{Code, Finding, MOST_OBJECTS, Severity};
pub use install_set::{InstallSet, Siblings};
pub(crate) use libc::built_for_musl;
pub use libc::libc_name;
pub use minimum::MinimumMusl;
pub use module_rename::ModuleRename;
pub use needs::{Need, needs};
pub use options::AuditOptions;
pub use promise::{is_published, promised_musl};
pub use requirement::{Requirement, RequirementKind};
pub use requirements::Module;
pub(crate) use requirements::instruction_set;
pub use roles::{DataFile, DataReason, Roles, Unloadable, UnloadableReason};
pub use scan::{ScannedWheel, scan_wheel};
pub use tree::audit_tree;
pub use wheel::{Audit, audit, audit_scanned};
pub use wheel_kind::WheelKind;
