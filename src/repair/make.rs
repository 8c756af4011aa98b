//! Makes grafts: patched and compressed libraries.

use crate::wheel::Packed;

use super::cache::GraftCache;
use super::error::RepairError;
use super::graft::Graft;
use super::options::RepairOptions;
use super::patch::{PATCH_COST, patch};

/// The memory for making a graft, in bytes.
pub(super) fn cost(graft: &Graft) -> u64 {
    graft.size.saturating_mul(PATCH_COST)
}

/// The graft from the cache, if there is one; otherwise it is made and added to the cache.
///
/// # Errors
///
/// If the library cannot be read again, has changed since the plan, or cannot be patched.
pub(super) fn make(graft: &Graft, options: &RepairOptions) -> Result<Packed, RepairError> {
    let cache = GraftCache::of(options);
    if let Some(packed) = cache.and_then(|cache| cache.get(graft, options)) {
        return Ok(packed);
    }
    let patched = patch(options.patcher, graft.read()?, &graft.edit)
        .map_err(|source| RepairError::elf(&graft.source, source))?;
    let packed = Packed::new(patched, options.compression);
    if let Some(cache) = cache {
        cache.put(graft, options, &packed);
    }
    Ok(packed)
}
