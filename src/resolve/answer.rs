//! What the search for a library by its name finds.

use super::library::Rejected;
use super::object::Resolution;

/// What a name resolves to, and whether the object's own run path is enough to find it.
pub(super) struct Answer {
    pub(super) resolution: Resolution,
    pub(super) inherited: bool,
}

impl From<Resolution> for Answer {
    fn from(resolution: Resolution) -> Self {
        Self { resolution, inherited: false }
    }
}

/// What the run paths of a chain find in the wheel.
pub(super) enum Inside {
    /// An object, and whether the run path of the requesting object itself found it.
    Object {
        index: usize,
        inherited: bool,
    },
    /// Something that the loader opens and cannot map: it stops there (`load_library`).
    Unusable(Rejected),
    Nothing,
}
