//! Inflating a stream, while another thread looks at what comes out.

use std::io::{self, Read};

use super::ahead::{Ahead, LEAD, MOST, Meeting, STRETCH, Stretch};
use super::inflate::{Block, Damage, Inflater};
use super::input::Input;
use super::{TINY, sized};

/// An inflated stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Inflated {
    /// What it inflates to.
    pub(crate) bytes: Vec<u8>,
    /// Its blocks, in order; none where they are shorter than any compressor makes them.
    pub(crate) blocks: Vec<Block>,
}

impl Inflated {
    /// Bytes that were not deflated.
    pub(crate) fn stored(bytes: Vec<u8>) -> Self {
        Self { bytes, blocks: Vec::new() }
    }
}

/// Why a stream was not inflated.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// It is damaged.
    #[error(transparent)]
    Damage(#[from] Damage),
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] io::Error),
}

/// Inflates a stream of `compressed` bytes or fewer, that gives `size` bytes. `open` reads it from any byte on. `see` gets
/// the bytes in order, piece by piece, on another thread where one is free.
pub(crate) fn inflate<R: Read + Send>(
    open: impl Fn(u64) -> io::Result<R> + Sync,
    compressed: u64,
    size: usize,
    mut see: impl FnMut(&[u8]) + Send,
) -> Result<Inflated, Failure> {
    /// Two bits for 258 bytes: what deflate gives at most.
    const EXPANSION: u64 = 1032;
    // A size that cannot be is not believed. Pages of zeros take no memory before they are written to.
    if size as u64 > compressed.saturating_mul(EXPANSION) {
        return Err(Damage::Fewer.into());
    }
    // Asked for first, because not to get it in the next step would end the program.
    Vec::<u8>::new().try_reserve_exact(size).map_err(|_| Damage::Memory)?;
    let mut bytes = vec![0; size];
    let open = |from: u64| Ok(open(from)?.take(compressed.saturating_sub(from)));
    let open = &open;
    let mut first = First { input: Input::new(open, compressed), inflater: Inflater::new(), stretch: None };
    let mut second = Ahead::default();
    let (mut seen, mut done) = (0, 0);
    while first.inflater.ended().is_none() {
        let (finished, rest) = bytes.split_at_mut(done);
        let fresh = finished.get(seen..).unwrap_or_default();
        let ready = first.ready();
        let start = ready.as_ref().map_or(first.inflater.position(), |stretch| stretch.bits.end) / 8 + LEAD;
        let more = if first.stretch.is_none() && pays(compressed.saturating_sub(start)) {
            let meeting = Meeting::at(first.inflater.position());
            let inflate = || first.go_on(ready.as_ref(), Some(&meeting), finished, rest);
            let look = || second.look(&meeting, start, open);
            let (more, (stretch, ())) = beside(inflate, || beside(look, || see(fresh)));
            first.stretch = stretch;
            more
        } else {
            beside(|| first.go_on(ready.as_ref(), None, finished, rest), || see(fresh)).0
        };
        ready.into_iter().for_each(|stretch| second.reuse(stretch));
        seen = done;
        done += more?;
    }
    see(bytes.get(seen..done).unwrap_or_default());
    if done == size {
        Ok(Inflated { bytes, blocks: first.inflater.into_blocks() })
    } else {
        Err(Damage::Fewer.into())
    }
}

/// Whether another thread is worth its while, where so much of the stream is left for it.
fn pays(left: u64) -> bool {
    left >= STRETCH && (TINY || rayon::current_num_threads() > 1)
}

/// Does both, on two threads if one is free.
fn beside<A: Send, B: Send>(one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B + Send) -> (A, B) {
    if TINY {
        // What is for another thread is done first where there is none, so that tests see what it gives.
        let (other, one) = rayon::join(other, one);
        return (one, other);
    }
    rayon::join(one, other)
}

/// The thread that inflates.
struct First<R, O> {
    input: Input<R, O>,
    inflater: Inflater,
    /// What the other thread took apart, until it is reached.
    stretch: Option<Stretch>,
}

impl<R: Read, O: Fn(u64) -> io::Result<R>> First<R, O> {
    /// The stretch that comes next, if it is there. One that was passed by did not begin with a block.
    fn ready(&mut self) -> Option<Stretch> {
        let (position, is_between) = (self.inflater.position(), self.inflater.is_between());
        let ready = self.stretch.take_if(|stretch| stretch.bits.start <= position)?;
        (ready.bits.start == position && is_between).then_some(ready)
    }

    /// Inflates a piece that comes after `before`: first the stretch that was taken apart, if it comes next; then on, up to the
    /// next such stretch.
    fn go_on(
        &mut self,
        ready: Option<&Stretch>,
        meeting: Option<&Meeting>,
        before: &[u8],
        bytes: &mut [u8],
    ) -> Result<usize, Failure> {
        /// Large enough that handing it to another thread costs nothing beside it, small enough for the cache.
        const PIECE: usize = sized(512 << 10, 16 << 10, 256);
        let piece = if meeting.is_some() { MOST } else { PIECE };
        let pause = if bytes.len() > piece { piece } else { usize::MAX };
        let mut at = ready.map_or(Ok(0), |stretch| self.inflater.take_over(stretch, before, bytes))?;
        while self.inflater.ended().is_none() && at < pause {
            let position = self.inflater.position();
            let is_next = self.stretch.as_ref().is_some_and(|stretch| stretch.bits.start == position);
            if is_next || meeting.is_some_and(|meeting| meeting.is_at(position)) {
                break;
            }
            let stream = self.input.forward(position / 8)?;
            at = self.inflater.go_on(stream, before, bytes, at, pause)?;
        }
        Ok(at)
    }
}
