//! Copying what was inflated before: RFC 1951, section 3.2.3.

use super::inflate::Damage;

/// Bytes behind the end of a match that may be written to, and are again by what follows.
const ROOM: usize = 64;

/// Copies `length` bytes from `from` to `to`, which may lie within them. Nothing where there is no room.
#[inline(always)]
pub(super) fn repeat(bytes: &mut [u8], from: usize, to: usize, length: usize) -> Option<()> {
    /// One vector register.
    const STEP: usize = 16;
    let (distance, end) = (to - from, to + length);
    let Some(room) = bytes.get_mut(from..end + ROOM) else {
        return repeat_at_end(bytes, from, to, length);
    };
    if distance < STEP {
        return repeat_near(room, distance, length);
    }
    // Most matches are no longer than this: without a loop there is nothing to guess.
    let first = room.get_mut(..distance + 2 * STEP)?;
    copy::<STEP>(first, 0, distance)?;
    copy::<STEP>(first, STEP, distance + STEP)?;
    let mut moved = 2 * STEP;
    while moved < length {
        copy::<STEP>(room, moved, distance + moved)?;
        moved += STEP;
    }
    Some(())
}

/// For distances below 16.
#[inline(always)]
fn repeat_near(room: &mut [u8], distance: usize, length: usize) -> Option<()> {
    const FILL: usize = 32;
    const STEP: usize = 8;
    let mut moved = 0;
    if distance == 1 {
        let filled = [*room.first()?; FILL];
        while moved < length {
            *room.get_mut(1 + moved..)?.first_chunk_mut()? = filled;
            moved += FILL;
        }
        return Some(());
    }
    // Where the distance is shorter than a step, the rest of the step is overwritten by the next.
    while moved < length {
        copy::<STEP>(room, moved, distance + moved)?;
        moved += distance.min(STEP);
    }
    Some(())
}

#[inline(always)]
fn copy<const N: usize>(room: &mut [u8], from: usize, to: usize) -> Option<()> {
    let piece: [u8; N] = *room.get(from..)?.first_chunk()?;
    *room.get_mut(to..)?.first_chunk_mut()? = piece;
    Some(())
}

/// Writes nothing behind the end.
#[cold]
#[inline(never)]
fn repeat_at_end(bytes: &mut [u8], from: usize, to: usize, length: usize) -> Option<()> {
    if length > bytes.len().checked_sub(to)? {
        return None;
    }
    let distance = to - from;
    let mut moved = 0;
    while moved < length {
        // What was copied doubles with every step.
        let step = (length - moved).min(distance + moved);
        bytes.copy_within(from..from + step, to + moved);
        moved += step;
    }
    Some(())
}

/// Copies `length` bytes that begin `distance` before `to`, in what came before `bytes`.
#[cold]
#[inline(never)]
pub(super) fn repeat_from_before(
    before: &[u8],
    bytes: &mut [u8],
    to: usize,
    distance: usize,
    length: usize,
) -> Result<(), Damage> {
    let from = (before.len() + to).checked_sub(distance).ok_or(Damage::Invalid)?;
    let old = before.get(from..).unwrap_or_default();
    let count = old.len().min(length);
    let room = bytes.get_mut(to..).and_then(|rest| rest.get_mut(..count)).ok_or(Damage::More)?;
    room.copy_from_slice(old.get(..count).unwrap_or_default());
    if count < length {
        repeat_at_end(bytes, 0, to + count, length - count).ok_or(Damage::More)?;
    }
    Ok(())
}
