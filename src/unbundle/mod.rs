//! The way back from a bundled wheel: grafts give way to the libraries of a system, where it is proved that everything loads
//! as before. The plan is carried out by [`crate::repair::apply()`].

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
