//! Unbundling: replaces grafts with the libraries of a system if it can be proved that everything still loads
//! as before. [`crate::repair::apply()`] carries out the plan.

mod binding;
mod blame;
mod bundled;
mod comparison;
mod conflicts;
mod judge;
mod options;
mod plan;
mod planned;
mod reason;
mod select;
mod symbols;
mod system;

pub use options::UnbundleOptions;
pub use plan::{KeptLibrary, ReplacedLibrary, Unbundling, UnneededLibrary, plan};
pub use reason::Reason;
