//! Archives that no zip library would write.

use muslrepair::wheel::Sha256Digest;

/// One member, field by field. Members are stored, whatever `method` says.
#[derive(Clone)]
pub(crate) struct RawMember {
    pub(crate) name: Vec<u8>,
    /// The name in the local header, if it differs.
    pub(crate) local_name: Option<Vec<u8>>,
    pub(crate) data: Vec<u8>,
    pub(crate) method: u16,
    pub(crate) flags: u16,
    /// All 16 bits of the Unix mode.
    pub(crate) mode: u16,
    pub(crate) comment: Vec<u8>,
    pub(crate) extra: Vec<u8>,
    /// The extra fields of the local header, if they differ.
    pub(crate) local_extra: Option<Vec<u8>>,
    /// The flags of the local header, if they differ.
    pub(crate) local_flags: Option<u16>,
    /// The required version of the format, times ten.
    pub(crate) version: u16,
    /// Bytes after the data that belong to no member.
    pub(crate) gap: Vec<u8>,
    pub(crate) crc: u32,
    /// The declared inflated size.
    pub(crate) size: u32,
    /// The inflated size in the local header.
    pub(crate) local_size: u32,
    /// Puts sizes and CRC after the data.
    pub(crate) descriptor: bool,
    /// Points the directory to an earlier member instead of writing this one.
    pub(crate) same_place_as: Option<usize>,
}

impl RawMember {
    pub(crate) fn new(name: impl AsRef<[u8]>, data: impl AsRef<[u8]>) -> Self {
        let data = data.as_ref().to_vec();
        let size = u32::try_from(data.len()).unwrap();
        let name = name.as_ref().to_vec();
        let mode = if name.ends_with(b"/") { 0o40_755 } else { 0o100_644 };
        Self {
            name,
            local_name: None,
            crc: crc32(&data),
            data,
            method: 0,
            flags: 0,
            mode,
            comment: Vec::new(),
            extra: Vec::new(),
            local_extra: None,
            local_flags: None,
            version: 20,
            gap: Vec::new(),
            size,
            local_size: size,
            descriptor: false,
            same_place_as: None,
        }
    }
}

/// An archive of raw members.
#[derive(Default)]
pub(crate) struct RawZip {
    pub(crate) members: Vec<RawMember>,
    pub(crate) comment: Vec<u8>,
    pub(crate) prefix: Vec<u8>,
    pub(crate) trailing: Vec<u8>,
}

impl RawZip {
    /// A valid wheel `demo-1.0`, to which members are added.
    pub(crate) fn wheel() -> Self {
        let mut zip = Self::default();
        zip.add("demo/a.py", "a = 1\n");
        zip.add("demo-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n");
        zip.add(
            "demo-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: cp312-cp312-linux_x86_64\n",
        );
        zip
    }

    pub(crate) fn add(&mut self, name: &str, data: &str) -> &mut RawMember {
        self.push(RawMember::new(name, data))
    }

    pub(crate) fn push(&mut self, member: RawMember) -> &mut RawMember {
        self.members.push(member);
        self.members.last_mut().unwrap()
    }

    /// Adds a `RECORD` that lists the files so far.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        let mut record = String::new();
        for member in self.members.iter().filter(|member| !member.name.ends_with(b"/")) {
            let hash = Sha256Digest::of(&member.data).record_form();
            record.push_str(&format!(
                "{},{hash},{}\n",
                String::from_utf8_lossy(&member.name),
                member.data.len()
            ));
        }
        record.push_str("demo-1.0.dist-info/RECORD,,\n");
        self.add("demo-1.0.dist-info/RECORD", &record);
        self.to_bytes()
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.prefix.clone();
        let mut offsets = Vec::new();
        for member in &self.members {
            if let Some(earlier) = member.same_place_as {
                offsets.push(offsets[earlier]);
                continue;
            }
            offsets.push(bytes.len());
            let name = member.local_name.as_ref().unwrap_or(&member.name);
            let extra = member.local_extra.as_ref().unwrap_or(&member.extra);
            bytes.extend(b"PK\x03\x04");
            bytes.extend(member.version.to_le_bytes());
            let known = if member.descriptor { 0 } else { 1 };
            let flags = member.local_flags.unwrap_or(member.flags) | if member.descriptor { 8 } else { 0 };
            common(&mut bytes, member, flags, known * member.crc, known * member.local_size, known);
            half(&mut bytes, name.len());
            half(&mut bytes, extra.len());
            bytes.extend(name);
            bytes.extend(extra);
            bytes.extend(&member.data);
            if member.descriptor {
                bytes.extend(b"PK\x07\x08");
                for word in [member.crc, u32::try_from(member.data.len()).unwrap(), member.size] {
                    bytes.extend(word.to_le_bytes());
                }
            }
            bytes.extend(&member.gap);
        }
        let directory = bytes.len();
        for (member, offset) in self.members.iter().zip(offsets) {
            bytes.extend(b"PK\x01\x02\x14\x03");
            bytes.extend(member.version.to_le_bytes());
            let flags = member.flags | if member.descriptor { 8 } else { 0 };
            common(&mut bytes, member, flags, member.crc, member.size, 1);
            half(&mut bytes, member.name.len());
            half(&mut bytes, member.extra.len());
            half(&mut bytes, member.comment.len());
            bytes.extend([0; 4]);
            bytes.extend((u32::from(member.mode) << 16).to_le_bytes());
            bytes.extend(u32::try_from(offset - self.prefix.len()).unwrap().to_le_bytes());
            bytes.extend(&member.name);
            bytes.extend(&member.extra);
            bytes.extend(&member.comment);
        }
        let length = bytes.len() - directory;
        bytes.extend(b"PK\x05\x06\0\0\0\0");
        half(&mut bytes, self.members.len());
        half(&mut bytes, self.members.len());
        bytes.extend(u32::try_from(length).unwrap().to_le_bytes());
        bytes.extend(u32::try_from(directory - self.prefix.len()).unwrap().to_le_bytes());
        half(&mut bytes, self.comment.len());
        bytes.extend(&self.comment);
        bytes.extend(&self.trailing);
        bytes
    }
}

fn common(bytes: &mut Vec<u8>, member: &RawMember, flags: u16, crc: u32, size: u32, known: u32) {
    const NOON: u16 = 12 << 11;
    const DAY: u16 = (40 << 9) | (2 << 5) | 2;
    for field in [flags, member.method, NOON, DAY] {
        bytes.extend(field.to_le_bytes());
    }
    let compressed = known * u32::try_from(member.data.len()).unwrap();
    for field in [crc, compressed, size] {
        bytes.extend(field.to_le_bytes());
    }
}

fn half(bytes: &mut Vec<u8>, length: usize) {
    bytes.extend(u16::try_from(length).unwrap().to_le_bytes());
}

/// CRC-32 as zip archives use it.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = !0u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}
