//! Inflating, by zlib-rs, while another thread processes the output.

use std::io::{self, Read};

use flate2::{Decompress, FlushDecompress, Status};

use super::sized;

/// The size of the input buffer. It is reused, so that it stays in the cache.
const INPUT: usize = sized(64 << 10, 1 << 10);

/// Why a stream could not be inflated.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InflateError {
    /// The compressed data ends too early.
    #[error("its compressed bytes end too early")]
    Truncated,
    /// The compressed data breaks a rule of RFC 1951.
    #[error("its compressed bytes are damaged")]
    Invalid,
    /// The stream ends before its compressed data does.
    #[error("its compressed bytes go on behind their end")]
    Trailing,
    /// There is not enough memory for the inflated data.
    #[error("it does not fit into memory")]
    Memory,
    /// It inflates to more bytes than declared.
    #[error("it has more bytes than declared")]
    More,
    /// It inflates to fewer bytes than declared.
    #[error("it has fewer bytes than declared")]
    Fewer,
    /// The compressed data cannot be read.
    #[error(transparent)]
    Read(#[from] io::Error),
}

/// Inflates a stream of exactly `compressed` bytes to exactly `size` bytes, and reads no further. `visit` gets
/// the output in order, piece by piece, on another thread if one is free.
pub(crate) fn inflate(
    source: impl Read + Send,
    compressed: u64,
    size: usize,
    mut visit: impl FnMut(&[u8]) + Send,
) -> Result<Vec<u8>, InflateError> {
    /// 258 bytes for two bits: the highest ratio of deflate.
    const EXPANSION: u64 = 1032;
    /// Large enough that handing it to another thread costs little, small enough for the cache.
    const PIECE: usize = sized(512 << 10, 4 << 10);
    // Do not trust an impossible size. Pages of zeros take no memory before they are written to.
    if size as u64 > compressed.saturating_mul(EXPANSION) {
        return Err(InflateError::Fewer);
    }
    // Reserve first: an allocation that fails in the next step would abort the program.
    Vec::<u8>::new().try_reserve_exact(size).map_err(|_| InflateError::Memory)?;
    let mut bytes = vec![0; size];
    let mut stream = Stream::new(source, compressed);
    let (mut seen, mut done) = (0, 0);
    while done < size {
        let (finished, rest) = bytes.split_at_mut(done);
        let fresh = finished.get(seen..).unwrap_or_default();
        let piece = rest.len().min(PIECE);
        let room = rest.get_mut(..piece).unwrap_or_default();
        let (filled, ()) = rayon::join(|| stream.fill(room), || visit(fresh));
        (seen, done) = (done, done + filled?);
    }
    visit(bytes.get(seen..).unwrap_or_default());
    stream.finish()?;
    Ok(bytes)
}

/// Whether a stream inflates to these bytes, after a window of earlier bytes. With `to_end`, it must also end
/// there, with nothing after it.
pub(super) fn inflates_to(stream: &[u8], window: &[u8], bytes: &[u8], to_end: bool) -> bool {
    /// Small enough for the cache, and large compared with the window that is kept after every piece.
    const PIECE: usize = sized(256 << 10, 4 << 10);
    let mut stream = Stream::new(stream, stream.len() as u64);
    if !window.is_empty() && stream.inflater.set_dictionary(window).is_err() {
        return false;
    }
    let mut room = vec![0; bytes.len().min(PIECE)];
    let same = bytes.chunks(PIECE).all(|wanted| {
        room.truncate(wanted.len());
        stream.fill(&mut room).is_ok() && room == wanted
    });
    same && (!to_end || stream.finish().is_ok())
}

/// A stream that is inflated while it is read.
struct Stream<R> {
    source: R,
    /// The number of bytes not read yet.
    left: u64,
    input: Vec<u8>,
    /// The start of the input that is not inflated yet.
    from: usize,
    inflater: Decompress,
    ended: bool,
}

impl<R: Read> Stream<R> {
    fn new(source: R, compressed: u64) -> Self {
        let inflater = Decompress::new(false);
        Self { source, left: compressed, input: Vec::new(), from: 0, inflater, ended: false }
    }

    /// Fills the buffer and returns its length; fewer bytes are an error.
    fn fill(&mut self, room: &mut [u8]) -> Result<usize, InflateError> {
        let mut at = 0;
        while at < room.len() {
            if self.ended {
                return Err(InflateError::Fewer);
            }
            at += self.go_on(room.get_mut(at..).unwrap_or_default())?;
        }
        Ok(at)
    }

    /// Checks that no data follows, neither inflated nor compressed.
    fn finish(mut self) -> Result<(), InflateError> {
        while !self.ended {
            if self.go_on(&mut [0])? > 0 {
                return Err(InflateError::More);
            }
        }
        if self.left > 0 || self.from < self.input.len() { Err(InflateError::Trailing) } else { Ok(()) }
    }

    /// Inflates buffered input, or reads more first.
    fn go_on(&mut self, room: &mut [u8]) -> Result<usize, InflateError> {
        if self.from == self.input.len() {
            self.read()?;
        }
        let input = self.input.get(self.from..).unwrap_or_default();
        let (read, written) = (self.inflater.total_in(), self.inflater.total_out());
        let status = self.inflater.decompress(input, room, FlushDecompress::None);
        let status = status.map_err(|_| InflateError::Invalid)?;
        let (read, written) = (self.inflater.total_in() - read, self.inflater.total_out() - written);
        self.from += read as usize;
        self.ended = status == Status::StreamEnd;
        // All input is used, nothing was written, and there was room: the stream is incomplete.
        if !self.ended && read == 0 && written == 0 && self.from == self.input.len() && self.left == 0 {
            return Err(InflateError::Truncated);
        }
        Ok(written as usize)
    }

    /// Reads more input, if there is any.
    fn read(&mut self) -> io::Result<()> {
        self.from = 0;
        self.input.resize(usize::try_from(self.left).map_or(INPUT, |left| left.min(INPUT)), 0);
        if self.input.is_empty() {
            return Ok(());
        }
        let mut filled = 0;
        while filled < self.input.len() {
            match self.source.read(self.input.get_mut(filled..).unwrap_or_default()) {
                Ok(0) => self.left = filled as u64,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            if self.left == filled as u64 {
                break;
            }
        }
        self.input.truncate(filled);
        self.left -= filled as u64;
        Ok(())
    }
}
