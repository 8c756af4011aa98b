//! ELF: facts about a file, edits to it as data, and the patcher that carries them out.

mod edit;
mod facts;

pub use edit::{ElfEdit, RunPathEdit, Strip};
pub use facts::{Class, ElfFacts, Endian, Kind, RelocationFacts, Segment, VersionNeed};
