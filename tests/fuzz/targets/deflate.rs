//! Deflate, held against zlib-rs as flate2 calls it: a stream is inflated or refused alike, and what is compressed or
//! spliced inflates to what it stands for. Its sources are part of this program, as the library shows none of it.
#![no_main]

use std::io::Read as _;

use libfuzzer_sys::fuzz_target;
use muslrepair_fuzz::{Control, one_thread};

#[path = "../../../src/deflate/mod.rs"]
#[allow(dead_code, unused_imports)]
mod deflate;

/// What zlib-rs makes of a stream: the bytes as far as they go, and whether it is sound and nothing follows it.
fn reference(stream: &[u8]) -> (Vec<u8>, bool) {
    let mut bytes = Vec::new();
    let mut decoder = flate2::bufread::DeflateDecoder::new(stream);
    let sound = decoder.read_to_end(&mut bytes).is_ok() && decoder.total_in() == stream.len() as u64;
    (bytes, sound)
}

/// Bytes that differ from these in some places, and may go on behind them.
fn edited(bytes: &[u8], control: &mut Control<'_>) -> Vec<u8> {
    let mut new = bytes.to_vec();
    for _ in 0..3 {
        let at = usize::from(control.byte()) * bytes.len() / 256;
        let by = control.byte();
        let end = (at + 1 + usize::from(by & 15)).min(new.len());
        new[at..end].iter_mut().for_each(|byte| *byte = byte.wrapping_add(by >> 4));
    }
    let more = usize::from(control.byte()) * bytes.len() / 4096;
    new.extend_from_within(..more);
    new
}

/// Inflates, and holds the pieces against what comes out.
fn inflated(stream: &[u8], size: usize) -> Option<Vec<u8>> {
    let mut seen: Vec<u8> = Vec::new();
    let bytes = deflate::inflate(stream, stream.len() as u64, size, |piece| seen.extend(piece)).ok()?;
    assert_eq!(seen, bytes, "the pieces are what comes out");
    Some(bytes)
}

fuzz_target!(|data: &[u8]| {
    one_thread();
    let (file, mut control) = Control::split(data);
    let decision = control.byte();
    let level = u32::from(decision >> 1 & 7);
    let made;
    let stream = if decision & 1 != 0 {
        made = deflate::compress(file, level);
        assert_eq!(reference(&made), (file.to_vec(), true), "what is compressed inflates to the same");
        &made[..]
    } else {
        file
    };
    let (bytes, sound) = reference(stream);
    let old = inflated(stream, bytes.len());
    assert_eq!(old.is_some(), sound, "{old:?}");
    let Some(old) = old else { return };
    assert_eq!(old, bytes);
    assert!(inflated(stream, bytes.len() + 1).is_none());
    if let Some(less) = bytes.len().checked_sub(1) {
        assert!(inflated(stream, less).is_none());
    }
    let new = edited(&bytes, &mut control);
    let difference = deflate::Difference::between(&old, &new);
    if let Some(spliced) = difference.and_then(|difference| deflate::splice(stream, &difference, &new, level))
    {
        assert_eq!(reference(&spliced), (new.clone(), true), "what is spliced inflates to the edited bytes");
        assert_eq!(inflated(&spliced, new.len()), Some(new));
    }
});
