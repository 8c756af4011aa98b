//! Inflating a stream, while another thread looks at what comes out.

use std::io::{self, Read};

use super::inflate::{Block, Damage, Inflater};
use super::input::Input;

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

/// Inflates a stream of `compressed` bytes or fewer, that gives `size` bytes. `see` gets them in order, piece by piece, on
/// another thread where one is free.
pub(crate) fn inflate(
    stream: impl Read + Send,
    compressed: u64,
    size: usize,
    mut see: impl FnMut(&[u8]) + Send,
) -> Result<Inflated, Failure> {
    /// Two bits for 258 bytes: what deflate gives at most.
    const EXPANSION: u64 = 1032;
    /// Large enough that handing it to another thread costs nothing beside it, small enough for the cache.
    const PIECE: usize = if cfg!(fuzzing) {
        256
    } else if cfg!(test) {
        16 << 10
    } else {
        512 << 10
    };
    // A size that cannot be is not believed. Pages of zeros take no memory before they are written to.
    if size as u64 > compressed.saturating_mul(EXPANSION) {
        return Err(Damage::Fewer.into());
    }
    // Asked for first, because not to get it in the next step would end the program.
    Vec::<u8>::new().try_reserve_exact(size).map_err(|_| Damage::Memory)?;
    let mut bytes = vec![0; size];
    let mut input = Input::new(stream, compressed);
    let mut inflater = Inflater::new();
    let (mut seen, mut done) = (0, 0);
    while inflater.ended().is_none() {
        let (finished, rest) = bytes.split_at_mut(done);
        let pause = if rest.len() > PIECE { PIECE } else { usize::MAX };
        let fresh = finished.get(seen..).unwrap_or_default();
        let mut more = || -> Result<usize, Failure> {
            let mut at = 0;
            while inflater.ended().is_none() && at < pause {
                let stream = input.forward(inflater.position() / 8)?;
                at = inflater.go_on(stream, finished, rest, at, pause)?;
            }
            Ok(at)
        };
        let more = if fresh.is_empty() { more() } else { rayon::join(more, || see(fresh)).0 };
        seen = done;
        done += more?;
    }
    see(bytes.get(seen..done).unwrap_or_default());
    if done == size {
        Ok(Inflated { bytes, blocks: inflater.into_blocks() })
    } else {
        Err(Damage::Fewer.into())
    }
}
