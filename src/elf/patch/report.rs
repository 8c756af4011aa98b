//! What the patcher did, for people and for the differential tests.

use serde::Serialize;

/// How an edit was carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// How the string table got room for the new names.
    pub strings: StringTableChange,
    /// Sections that lie elsewhere now.
    pub moved: Vec<&'static str>,
    /// What became of the segments.
    pub segment: SegmentChange,
    /// Bytes the sections took that were stripped.
    pub stripped: u64,
    /// Relocations that `DT_RELR` was lowered to.
    pub lowered: u64,
    /// The size of the file before.
    pub size_before: u64,
    /// The size of the file now.
    pub size_after: u64,
}

/// What became of the dynamic string table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StringTableChange {
    /// Its size and place are as before.
    #[default]
    InPlace,
    /// It was lengthened over zeros behind it; tables behind it may have made way.
    Lengthened,
    /// It was lengthened over the place of a smaller table, which lies elsewhere now.
    Exchanged,
    /// It lies elsewhere.
    Moved,
}

/// What became of the `PT_LOAD` segments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SegmentChange {
    /// They map what they mapped.
    #[default]
    None,
    /// One maps more of the file.
    Lengthened,
    /// There is a new one.
    Added,
    /// There is a new one, and the program header table moved into it.
    AddedWithHeaders,
}
