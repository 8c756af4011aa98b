//! What is compressed here is inflated again by another implementation, before anybody else sees it.

use std::io::Write as _;

use flate2::{Compression, Decompress, FlushDecompress, Status};

use super::token::WINDOW;

/// Whether a stream inflates to exactly `bytes` where `before` comes before it, and ends where its bytes end: with the
/// last block of a stream if it is the `last` part of one, else on a whole byte between two blocks.
pub(super) fn inflates_to(stream: &[u8], before: &[u8], bytes: &[u8], last: bool) -> bool {
    /// Large enough that comparing costs nothing beside inflating, small enough for the cache.
    const CHUNK: usize = 64 << 10;
    let mut decoder = Decompress::new(false);
    let window = before.get(before.len().saturating_sub(WINDOW)..).unwrap_or_default();
    if !window.is_empty() && decoder.set_dictionary(window).is_err() {
        return false;
    }
    let mut chunk = vec![0; CHUNK];
    let (mut rest, mut wanted) = (stream, bytes);
    loop {
        let (read, written) = (decoder.total_in(), decoder.total_out());
        let Ok(status) = decoder.decompress(rest, &mut chunk, FlushDecompress::None) else { return false };
        let (read, written) =
            ((decoder.total_in() - read) as usize, (decoder.total_out() - written) as usize);
        match (chunk.get(..written), rest.get(read..)) {
            (Some(found), Some(after)) if wanted.starts_with(found) => {
                (rest, wanted) = (after, wanted.get(written..).unwrap_or_default());
            }
            _ => return false,
        }
        let all = rest.is_empty() && wanted.is_empty();
        match status {
            Status::StreamEnd => return last && all,
            // Nothing is left to be done, and the last block has not come.
            _ if read == 0 && written == 0 => return !last && all,
            _ => {}
        }
    }
}

/// The stream of the other implementation, which is used should a mistake here be found so late.
pub(super) fn by_zlib_rs(bytes: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), Compression::new(level.min(9)));
    // Writing to memory does not fail; an empty stream would be caught when the archive is read.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_right_only_where_it_says_exactly_the_bytes() {
        let bytes = b"what goes into a wheel is verified after it is written".repeat(100);
        let right = by_zlib_rs(&bytes, 6);
        assert!(inflates_to(&right, &[], &bytes, true));
        assert!(!inflates_to(&right, &[], &bytes, false));
        assert!(!inflates_to(&right, &[], &bytes[1..], true));
        assert!(!inflates_to(&right, &[], &bytes[..bytes.len() - 1], true));
        assert!(!inflates_to(&right[..right.len() / 2], &[], &bytes, true));
        assert!(!inflates_to(&[right.clone(), vec![0]].concat(), &[], &bytes, true));
        assert!(!inflates_to(&[0xff; 100], &[], &bytes, true));
    }
}
