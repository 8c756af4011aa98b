//! ELF: facts about a file, edits to it as data, and the patcher that carries them out.

mod arm;
#[cfg(feature = "arwen")]
mod arwen;
mod codec;
mod dynamic;
mod edit;
mod error;
mod facts;
mod image;
mod isa;
mod machine;
mod patch;
mod patched;
mod payload;
mod protection;
mod ranges;
mod relocations;
mod relr;
mod strip;
mod survey;
mod symbols;
mod verify;
mod versions;

#[cfg(feature = "arwen")]
pub use arwen::patch_with_arwen;
pub use edit::{ElfEdit, RunPathEdit, Strip};
pub use error::ElfError;
pub use facts::{Class, ElfFacts, Endian, Kind, RelocationFacts, Segment, VersionNeed};
pub use image::is_elf;
pub use patch::{Changes, SegmentChange, StringTableChange};
pub use patched::{Patched, patch};
pub use symbols::{Binding, DynamicSymbols, References, Symbol, SymbolKind};
