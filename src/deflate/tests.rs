//! Compared with zlib-rs, on random bytes, real files and damaged streams.
#![allow(clippy::unwrap_used)]

use std::io::{Read as _, Write as _};

use super::blocks::blocks;
use super::inflate::inflates_to;
use super::{Difference, InflateError, compress, inflate, splice};

/// A small generator of random numbers (xorshift64*), so that every run is the same.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}

fn zlib(bytes: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::new(level));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn unzlib(stream: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    flate2::read::DeflateDecoder::new(stream).read_to_end(&mut bytes).unwrap();
    bytes
}

/// Inflates a stream, and checks that the pieces equal the result.
fn inflated(stream: &[u8], size: usize) -> Result<Vec<u8>, InflateError> {
    let mut seen: Vec<u8> = Vec::new();
    let bytes = inflate(stream, stream.len() as u64, size, |piece| seen.extend(piece))?;
    assert!(seen == bytes);
    Ok(bytes)
}

fn edited(stream: &[u8], old: &[u8], new: &[u8]) -> Option<Vec<u8>> {
    splice(stream, &Difference::between(old, new)?, new, 6)
}

/// Empty, tiny, constant, periodic, random, text-like and mixed bytes, and the test program itself.
fn samples() -> Vec<Vec<u8>> {
    let mut random = Random(1);
    let mut samples = vec![vec![], vec![7], vec![1, 2, 3], vec![0; 300_000]];
    for period in [2, 3, 7, 15, 16, 17, 255, 259, 32_767, 32_768, 32_769] {
        let pattern: Vec<u8> = (0..period).map(|_| random.next() as u8).collect();
        samples.push(pattern.iter().copied().cycle().take(100_000).collect());
    }
    samples.push((0..200_000).map(|_| random.next() as u8).collect());
    samples.push((0..200_000).map(|_| b"etaoin shrdlu"[random.below(13)]).collect());
    let mut mixed = Vec::new();
    while mixed.len() < 1_300_000 {
        match random.below(4) {
            0 => mixed.extend(std::iter::repeat_n(random.next() as u8, random.below(5_000))),
            1 => mixed.extend((0..random.below(3_000)).map(|_| random.next() as u8)),
            _ => {
                let from = random.below(mixed.len());
                let end = (from + random.below(600)).min(mixed.len());
                mixed.extend_from_within(from..end);
            }
        }
    }
    samples.push(mixed);
    // Stored blocks next to others, in every piece.
    let stretches = (0..24).map(|index| if index % 2 == 0 { 70_001 } else { 50_003 });
    let stretches = stretches.enumerate().map(|(index, length)| {
        (0..length)
            .map(|_| if index % 2 == 0 { random.next() as u8 } else { random.below(5) as u8 })
            .collect()
    });
    samples.push(stretches.collect::<Vec<Vec<u8>>>().concat());
    let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    samples.push(program.into_iter().take(2_200_000).collect());
    samples
}

#[test]
fn compressed_bytes_inflate_to_the_same_bytes() {
    for bytes in samples() {
        for level in [0, 1, 6, 9] {
            let stream = compress(&bytes, level);
            assert!(unzlib(&stream) == bytes, "{} bytes, level {level}", bytes.len());
            assert!(inflated(&stream, bytes.len()).unwrap() == bytes);
            assert!(inflates_to(&stream, &[], &bytes, true));
        }
    }
}

#[test]
fn the_blocks_of_every_stream_are_found() {
    for bytes in samples() {
        let streams = [0, 1, 6].map(|level| zlib(&bytes, level)).into_iter();
        for stream in streams.chain([0, 1, 6, 9].map(|level| compress(&bytes, level))) {
            let blocks = blocks(&stream, bytes.len()).unwrap();
            let (mut bit, mut byte) = (0, 0);
            for block in &blocks {
                assert_eq!((block.bits.0, block.bytes.0), (bit, byte));
                (bit, byte) = (block.bits.1, block.bytes.1);
            }
            assert_eq!((bit.div_ceil(8), byte), (stream.len() as u64, bytes.len()));
            let more = [&stream[..], &[0]].concat();
            assert!(super::blocks::blocks(&more, bytes.len()).is_none());
            assert!(super::blocks::blocks(&stream, bytes.len() + 1).is_none());
        }
    }
}

#[test]
fn a_stream_has_exactly_the_declared_sizes() {
    for bytes in samples() {
        let stream = zlib(&bytes, 6);
        let (size, compressed) = (bytes.len(), stream.len() as u64);
        let failure =
            |stream: &[u8], compressed, size| inflate(stream, compressed, size, |_| ()).unwrap_err();
        assert!(matches!(failure(&stream, compressed, size + 1), InflateError::Fewer));
        if size > 0 {
            assert!(matches!(failure(&stream, compressed, size - 1), InflateError::More));
        }
        for trailing in [1, 100_000] {
            let longer = [&stream[..], &vec![0; trailing]].concat();
            let failure = failure(&longer, longer.len() as u64, size);
            assert!(matches!(failure, InflateError::Trailing), "{failure}");
            assert!(!inflates_to(&longer, &[], &bytes, true));
            // Data after the compressed bytes is not read.
            assert!(inflate(&longer[..], compressed, size, |_| ()).unwrap() == bytes);
        }
        let short = failure(&stream, compressed - 1, size);
        assert!(matches!(short, InflateError::Truncated | InflateError::Fewer), "{short}");
        // The directory declares more bytes than the file has.
        let short = failure(&stream[..stream.len() - 1], compressed, size);
        assert!(matches!(short, InflateError::Truncated), "{short}");
    }
}

#[test]
fn the_result_is_no_larger_than_zlibs_and_the_same_on_any_number_of_threads() {
    let program = samples().pop().unwrap();
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| compress(&program, 6))
    };
    let (one, three) = (on(1), on(3));
    assert!(one == three);
    let zlib = zlib(&program, 6).len();
    assert!(one.len() <= zlib, "{} > {zlib}", one.len());
}

#[test]
fn damaged_streams_are_refused_or_inflate_as_in_zlib() {
    let mut random = Random(2);
    let bytes: Vec<u8> = samples().swap_remove(16).into_iter().take(20_000).collect();
    for level in [1, 6] {
        let stream = zlib(&bytes, level);
        for end in 0..stream.len() {
            assert!(end % 37 != 0 || inflated(&stream[..end], bytes.len()).is_err());
        }
        for _ in 0..500 {
            let mut damaged = stream.clone();
            let at = random.below(damaged.len());
            damaged[at] ^= 1 << random.below(8);
            let mut expected = Vec::new();
            let mut decoder = flate2::bufread::DeflateDecoder::new(&damaged[..]);
            let sound = decoder.read_to_end(&mut expected).is_ok();
            // The block borders may be arbitrary, but must be found in time.
            blocks(&damaged, bytes.len());
            match inflated(&damaged, bytes.len()) {
                Ok(bytes) => assert!(sound && bytes == expected),
                Err(_) => {
                    let read = decoder.total_in();
                    assert!(!sound || expected.len() != bytes.len() || read < damaged.len() as u64);
                }
            }
        }
    }
}

#[test]
fn a_spliced_stream_inflates_to_the_edited_bytes() {
    let mut random = Random(3);
    let mut count = 0;
    for bytes in samples().into_iter().filter(|bytes| bytes.len() > 50_000) {
        for stream in [zlib(&bytes, 6), zlib(&bytes, 1), compress(&bytes, 6)] {
            let old = inflated(&stream, bytes.len()).unwrap();
            for round in 0..2 {
                let mut new = bytes.clone();
                for _ in 0..random.below(12) {
                    let at = random.below(new.len() - 100);
                    let count = random.below(100);
                    new[at..at + count].iter_mut().for_each(|byte| *byte = random.next() as u8);
                }
                if round % 2 == 0 {
                    new.extend((0..random.below(3_000)).map(|_| random.next() as u8));
                }
                let spliced = edited(&stream, &old, &new);
                let Some(spliced) = spliced else { continue };
                count += 1;
                assert!(unzlib(&spliced) == new);
                let room = 20_000 + new.len() - bytes.len();
                assert!(spliced.len() <= stream.len() + room, "{} from {}", spliced.len(), stream.len());
            }
        }
    }
    assert!(count > 60, "{count}");
}

#[test]
fn an_unchanged_file_keeps_its_stream() {
    let bytes = samples().pop().unwrap();
    let stream = zlib(&bytes, 6);
    let old = inflated(&stream, bytes.len()).unwrap();
    assert!(edited(&stream, &old, &bytes) == Some(stream));
}

#[test]
fn a_stream_of_very_short_blocks_is_inflated_and_not_spliced() {
    // Fixed blocks of one literal each: 3 bits, 8 bits for `x`, whose code is 0x30 higher, and 7 zeros for
    // the end.
    let (count, mut bits) = (300_000, Vec::new());
    for index in 0..count {
        bits.extend([index + 1 == count, true, false]);
        bits.extend((0..8).rev().map(|bit| (0x30 + b'x') >> bit & 1 == 1));
        bits.extend([false; 7]);
    }
    let byte = |bits: &[bool]| bits.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
    let stream: Vec<u8> = bits.chunks(8).map(byte).collect();
    let bytes = vec![b'x'; count];
    assert!(unzlib(&stream) == bytes);
    let old = inflated(&stream, count).unwrap();
    assert!(old == bytes && blocks(&stream, count).is_none());
    assert_eq!(edited(&stream, &old, &bytes), None);
}

#[test]
fn splicing_does_not_pay_after_many_changes_or_a_shorter_file() {
    let bytes = samples().pop().unwrap();
    let stream = zlib(&bytes, 6);
    let old = inflated(&stream, bytes.len()).unwrap();
    let inverted: Vec<u8> = bytes.iter().map(|byte| !byte).collect();
    assert_eq!(edited(&stream, &old, &inverted), None);
    assert_eq!(edited(&stream, &old, &bytes[..bytes.len() - 1]), None);
}
