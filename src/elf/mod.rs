//! ELF: the facts of a file, edits as data, and the patcher that carries edits out.

#[cfg(feature = "arwen")]
mod arwen;
mod codec;
mod edit;
mod error;
mod facts;
mod patch;
mod patched;
mod payload;
mod ranges;
mod read;
mod relr;
mod strip;
mod verify;

#[cfg(feature = "arwen")]
pub use arwen::patch_with_arwen;
pub use codec::{Class, Endian};
pub use edit::{ElfEdit, RunPathEdit, Strip};
pub use error::ElfError;
pub use facts::{DlopenNote, ElfFacts, Kind, RelocationFacts, Segment, VersionNeed};
pub use patch::{Changes, SegmentChange, StringTableChange};
pub use patched::{Patched, patch};
pub use read::headers::is_elf;
pub use read::identity::{ElfIdentity, with_elf_identification};
pub(crate) use read::machine::layout_of;
pub use read::relocations::References;
pub use read::symbols::{Binding, DynamicSymbols, Symbol, SymbolKind};
