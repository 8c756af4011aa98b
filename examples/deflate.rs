//! How fast files are compressed on one core, and how small: `deflate FILE...` prints, for each of two compressors, its
//! name, the seconds it takes for all files, and the size of each compressed file. muslrepair's time includes what belongs
//! to it, inflating the result again and the hashes.
//!
//! `cargo xtask bench deflate` runs it.

use std::error::Error;
use std::io::Write;
use std::time::Instant;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use muslrepair::wheel::Packed;

/// What muslrepair and auditwheel use.
const LEVEL: u32 = 6;
/// The best of these counts.
const ROUNDS: usize = 3;

type Compress = fn(Vec<u8>) -> Result<u64, Box<dyn Error + Send + Sync>>;

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let files: Result<Vec<Vec<u8>>, _> = std::env::args().skip(1).map(std::fs::read).collect();
    let files = files?;
    let compressors: [(&str, Compress); 2] = [
        ("muslrepair", |bytes| Ok(Packed::new(bytes, LEVEL).compressed_size())),
        ("zlib-rs", |bytes| {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(LEVEL));
            encoder.write_all(&bytes)?;
            Ok(encoder.finish()?.len() as u64)
        }),
    ];
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    for (name, compress) in compressors {
        let mut best = f64::MAX;
        let mut sizes = Vec::new();
        for _ in 0..ROUNDS {
            let copies = files.clone();
            let start = Instant::now();
            let results: Result<Vec<u64>, _> = pool.install(|| copies.into_iter().map(compress).collect());
            best = best.min(start.elapsed().as_secs_f64());
            sizes = results?;
        }
        let sizes: Vec<String> = sizes.iter().map(u64::to_string).collect();
        writeln!(std::io::stdout(), "{name} {best} {}", sizes.join(" "))?;
    }
    Ok(())
}
