//! Archives whose headers say what they are told to.

use flate2::{Compression, Crc, write::DeflateEncoder};
use std::io::Write as _;

/// One member, as its two headers describe it.
#[derive(Clone)]
pub struct Member {
    pub name: Vec<u8>,
    /// The name in the local header.
    pub local_name: Vec<u8>,
    pub bytes: Vec<u8>,
    pub stored: bool,
    pub flags: u16,
    pub version: u16,
    pub method: u16,
    pub attributes: u32,
    pub made_by: u16,
    pub extra: Vec<u8>,
    pub local_extra: Vec<u8>,
    pub comment: Vec<u8>,
    /// What follows the compressed bytes: nothing, or a data descriptor.
    pub descriptor: Option<Descriptor>,
    /// Bytes behind the stream that count as part of it.
    pub behind: Vec<u8>,
    /// Added to the sizes and the sum: inflated, compressed, CRC-32.
    pub off_by: [u32; 3],
}

/// The form of a data descriptor.
#[derive(Clone, Copy)]
pub struct Descriptor {
    pub signature: bool,
    pub wide: bool,
}

impl Member {
    pub fn new(name: &str, bytes: &[u8]) -> Self {
        let name = name.as_bytes().to_vec();
        Self {
            local_name: name.clone(),
            flags: if name.is_ascii() { 0 } else { 1 << 11 },
            name,
            bytes: bytes.to_vec(),
            stored: false,
            version: 20,
            method: 8,
            attributes: 0o100_644 << 16,
            made_by: 3 << 8 | 20,
            extra: Vec::new(),
            local_extra: Vec::new(),
            comment: Vec::new(),
            descriptor: None,
            behind: Vec::new(),
            off_by: [0; 3],
        }
    }

    /// Its compressed bytes.
    fn stream(&self) -> Vec<u8> {
        let mut stream = match self.stored {
            true => self.bytes.clone(),
            false => {
                let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(6));
                // Memory takes everything.
                let _ = encoder.write_all(&self.bytes);
                encoder.finish().unwrap_or_default()
            }
        };
        stream.extend(&self.behind);
        stream
    }
}

/// What the end record says, and what is around it.
#[derive(Clone, Default)]
pub struct End {
    pub comment: Vec<u8>,
    /// Added to the length of the comment, the number of members, the size and the place of the directory.
    pub off_by: [u32; 4],
    pub disk: u16,
    pub before_directory: Vec<u8>,
    pub behind: Vec<u8>,
}

/// The archive.
pub fn archive(members: &[Member], end: &End) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for member in members {
        let place = file.len() as u32;
        let stream = member.stream();
        let mut crc = Crc::new();
        crc.update(&member.bytes);
        let [size, compressed, sum] = member.off_by;
        let sizes = [
            crc.sum().wrapping_add(sum),
            (stream.len() as u32).wrapping_add(compressed),
            (member.bytes.len() as u32).wrapping_add(size),
        ];
        let flags = member.flags | if member.descriptor.is_some() { 8 } else { 0 };
        let method = if member.stored && member.method == 8 { 0 } else { member.method };
        let here = if member.descriptor.is_some() { [0; 3] } else { sizes };
        file.extend(b"PK\x03\x04");
        for half in [member.version, flags, method, 0, 0x5821] {
            file.extend(half.to_le_bytes());
        }
        here.iter().for_each(|word| file.extend(word.to_le_bytes()));
        file.extend((member.local_name.len() as u16).to_le_bytes());
        file.extend((member.local_extra.len() as u16).to_le_bytes());
        file.extend([&member.local_name[..], &member.local_extra, &stream].concat());
        if let Some(descriptor) = member.descriptor {
            file.extend(if descriptor.signature { &b"PK\x07\x08"[..] } else { b"" });
            file.extend(sizes[0].to_le_bytes());
            for size in &sizes[1..] {
                let wide = u64::from(*size).to_le_bytes();
                file.extend(&wide[..if descriptor.wide { 8 } else { 4 }]);
            }
        }
        directory.extend(b"PK\x01\x02");
        for half in [member.made_by, member.version, flags, method, 0, 0x5821] {
            directory.extend(half.to_le_bytes());
        }
        sizes.iter().for_each(|word| directory.extend(word.to_le_bytes()));
        for length in [member.name.len(), member.extra.len(), member.comment.len(), 0, 0] {
            directory.extend((length as u16).to_le_bytes());
        }
        directory.extend(member.attributes.to_le_bytes());
        directory.extend(place.to_le_bytes());
        directory.extend([&member.name[..], &member.extra, &member.comment].concat());
    }
    file.extend(&end.before_directory);
    let [comment, count, size, place] = end.off_by;
    let start = (file.len() as u32).wrapping_add(place);
    let length = (directory.len() as u32).wrapping_add(size);
    file.extend(directory);
    file.extend(b"PK\x05\x06");
    let count = (members.len() as u32).wrapping_add(count) as u16;
    for half in [end.disk, 0, count, members.len() as u16] {
        file.extend(half.to_le_bytes());
    }
    file.extend(length.to_le_bytes());
    file.extend(start.to_le_bytes());
    file.extend(((end.comment.len() as u32).wrapping_add(comment) as u16).to_le_bytes());
    file.extend([&end.comment[..], &end.behind].concat());
    file
}
