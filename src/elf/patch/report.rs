//! What the patcher changed, for people and for the differential tests.

use serde::Serialize;

/// How an edit was carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// How the string table got space for the new names.
    pub strings: StringTableChange,
    /// Sections that have moved.
    pub moved: Vec<&'static str>,
    /// The change to the segments.
    pub segment: SegmentChange,
    /// Bytes of the sections that were stripped.
    pub stripped: u64,
    /// The number of relocations that replaced `DT_RELR`.
    pub lowered: u64,
    /// The size of the original file, in bytes.
    pub size_before: u64,
    /// The size of the patched file, in bytes.
    pub size_after: u64,
}

/// The change to the dynamic string table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StringTableChange {
    /// Its size and place are unchanged.
    #[default]
    InPlace,
    /// It was lengthened into zeros after it; tables after it may have been shifted.
    Lengthened,
    /// It was lengthened into the place of a smaller table, which was moved.
    Exchanged,
    /// It was moved.
    Moved,
}

/// The change to the `PT_LOAD` segments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SegmentChange {
    /// They are unchanged.
    #[default]
    None,
    /// One of them maps more of the file.
    Lengthened,
    /// One was added.
    Added,
    /// One was added, and the program header table was moved into it.
    AddedWithHeaders,
}
