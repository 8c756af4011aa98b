//! Wheels that differ from a right one in a few places, each number the same wheel on every machine.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::archive::{Descriptor, End, Member, archive};

/// Numbers that look random, from a seed (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    fn of<T: Clone>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())].clone()
    }
}

/// The distribution that a number is named after.
pub fn distribution(number: usize) -> String {
    format!("m{number:06}")
}

/// The file name of a number.
pub fn file_name(number: usize) -> String {
    format!("{}-1.0-py3-none-any.whl", distribution(number))
}

/// The wheel of a number.
pub fn wheel(seed: u64, number: usize) -> Vec<u8> {
    let mut random = Random(seed ^ (number as u64).wrapping_mul(0xd134_2543_de82_ef95));
    let mut files = files(number);
    // Some of what is wrong is in the files, so that RECORD has to fit it.
    if random.below(3) == 0 {
        add_file(&mut random, number, &mut files);
    }
    let mut members = listed(number, files);
    let mut end = End::default();
    for _ in 0..random.below(3) {
        match random.below(3) {
            0 => change_end(&mut random, &mut end),
            _ => {
                let at = random.below(members.len());
                change_member(&mut random, &mut members[at]);
            }
        }
    }
    if random.below(12) == 0 {
        let at = random.below(members.len());
        members.swap(0, at);
    }
    if random.below(20) == 0 {
        let again = random.of(&members);
        members.push(again);
    }
    let mut file = archive(&members, &end);
    if random.below(3) == 0 {
        for _ in 0..=random.below(2) {
            change_bytes(&mut random, &mut file);
        }
    }
    file
}

fn files(number: usize) -> Vec<(String, Vec<u8>)> {
    let name = distribution(number);
    let wheel = "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
    vec![
        (format!("{name}/__init__.py"), b"x = 1\n".to_vec()),
        (format!("{name}/long.txt"), b"the same again, ".repeat(20)),
        (
            format!("{name}-1.0.dist-info/METADATA"),
            format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n").into_bytes(),
        ),
        (format!("{name}-1.0.dist-info/WHEEL"), wheel.as_bytes().to_vec()),
    ]
}

fn add_file(random: &mut Random, number: usize, files: &mut Vec<(String, Vec<u8>)>) {
    let name = distribution(number);
    let path = match random.below(6) {
        0 => format!("{name}/{}.py", random.of(&ODD)),
        1 => format!("{name}-1.0.data/purelib/{name}/more{}.py", random.below(2)),
        2 => format!("{}-1.0.data/purelib/{name}/more.py", random.of(&["other", "M000001", ""])),
        3 => format!("{name}-1.0.data/purelib/{name}/__init__.py"),
        4 => format!("{name}/LONG.txt"),
        _ => format!("{name}/empty/"),
    };
    let bytes = if path.ends_with('/') { Vec::new() } else { b"y = 2\n".to_vec() };
    files.insert(random.below(files.len()), (path, bytes));
}

/// Texts of which some readers make something else.
const ODD: [&str; 20] = [
    "\u{e9}",
    "e\u{301}",
    "\u{2028}",
    "\u{85}",
    "\u{200b}",
    "\u{202e}",
    "\u{e0041}",
    "\u{d7ff}",
    "\u{3164}",
    "a b",
    "a,b",
    "\"q\"",
    "..",
    ".",
    "a\\b",
    "C:",
    "~",
    "-x",
    "\u{1f308}",
    "\u{fffd}",
];

fn listed(number: usize, files: Vec<(String, Vec<u8>)>) -> Vec<Member> {
    let record = format!("{}-1.0.dist-info/RECORD", distribution(number));
    let mut rows = String::new();
    for (name, bytes) in files.iter().filter(|(name, _)| !name.ends_with('/')) {
        let name = match name.contains([',', '"']) {
            true => format!("\"{}\"", name.replace('"', "\"\"")),
            false => name.clone(),
        };
        let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(bytes));
        rows.push_str(&format!("{name},sha256={hash},{}\n", bytes.len()));
    }
    rows.push_str(&format!("{record},,\n"));
    let files = files.into_iter().chain([(record, rows.into_bytes())]);
    let member = |(name, bytes): (String, Vec<u8>)| {
        let mut member = Member::new(&name, &bytes);
        if name.ends_with('/') {
            (member.attributes, member.stored) = (0o040_755 << 16 | 0x10, true);
        }
        member
    };
    files.map(member).collect()
}

fn change_member(random: &mut Random, member: &mut Member) {
    let field =
        |id: u16, bytes: &[u8]| [&id.to_le_bytes()[..], &(bytes.len() as u16).to_le_bytes(), bytes].concat();
    match random.below(14) {
        0 => member.stored = true,
        1 | 2 => {
            member.descriptor =
                Some(Descriptor { signature: random.below(2) == 0, wide: random.below(2) == 0 });
        }
        3 => member.flags ^= 1 << random.below(16),
        4 => member.version = random.of(&[0, 10, 20, 45, 46, 63, 64, 255, 256 + 20]),
        5 => member.method = random.of(&[0, 1, 8, 9, 12, 14, 93, 95, 99]),
        6 => member.attributes = random.of(&[0, 0o100_755, 0o120_777, 0o040_755, 0o644, 0o104_755]) << 16,
        7 => member.made_by = random.of(&[20, 3 << 8 | 20, 11 << 8 | 20, 19 << 8, 0xff14]),
        8 => {
            let size = (member.bytes.len() as u64).to_le_bytes();
            let extra = match random.below(5) {
                0 => field(1, &[size, size].concat()),
                1 => field(1, &size),
                2 => field(0x7075, &[&b"\x01\0\0\0\0"[..], b"other.py"].concat()),
                3 => field(0x5455, b"\x01\0\0\0\0"),
                _ => vec![0; random.below(9)],
            };
            match random.below(3) {
                0 => member.extra = extra,
                1 => member.local_extra = extra,
                _ => (member.extra, member.local_extra) = (extra.clone(), extra),
            }
        }
        9 => member.comment = random.of(&[&b"hello"[..], b"PK\x01\x02", b"\xff"]).to_vec(),
        10 => member.behind = random.of(&[&b"\0"[..], b"\x03\0", b"PK\x03\x04"]).to_vec(),
        11 => member.off_by[random.below(3)] = random.of(&[1, u32::MAX, 16]),
        12 => {
            let at = random.below(member.name.len());
            member.name[at] ^= 1 << random.below(8);
            if random.below(2) == 0 {
                member.local_name.clone_from(&member.name);
            }
        }
        _ => member.local_name = member.local_name.to_ascii_uppercase(),
    }
}

fn change_end(random: &mut Random, end: &mut End) {
    match random.below(6) {
        0 => {
            end.comment = random
                .of(&[&b"hello"[..], b"PK\x05\x06", b"PK\x01\x02", b"\x01", b"\n", b"\xff\xfe"])
                .to_vec();
        }
        1 => end.off_by[random.below(4)] = random.of(&[1, u32::MAX, 7, 0x100]),
        2 => end.disk = 1,
        3 => end.before_directory = random.of(&[&b"\0"[..], b"PK\x03\x04", b"PK\x06\x08\0\0\0\0"]).to_vec(),
        4 => end.behind = vec![random.of(&[0, b'\n', b'P']); random.below(64)],
        _ => end.comment = vec![b'c'; random.below(0x400)],
    }
}

fn change_bytes(random: &mut Random, file: &mut Vec<u8>) {
    // Headers are where readers differ, and most of them are at the end.
    let at = match random.below(3) {
        0 => random.below(file.len()),
        _ => file.len() - 1 - random.below(file.len().min(400)),
    };
    match random.below(6) {
        0 | 1 => file[at] ^= 1 << random.below(8),
        2 => file[at] = random.of(&[0, 1, 0x7f, 0xff]),
        3 => file.insert(at, random.next() as u8),
        4 => drop(file.remove(at)),
        _ => {
            let from = random.below(file.len());
            let piece = file[from..(from + random.below(60)).min(file.len())].to_vec();
            drop(file.splice(at..at, piece));
        }
    }
}
