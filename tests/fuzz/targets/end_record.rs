//! The end of an archive: whatever is opened, Python and a reader of streams see the same members in it.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use muslrepair::Limits;
use muslrepair::wheel::Wheel;
use muslrepair_fuzz::{Control, NAME, packed};

/// A wheel, and where its directory begins.
static WHEEL: LazyLock<(Vec<u8>, usize)> = LazyLock::new(|| {
    let wheel = "Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: cp312-cp312-linux_x86_64\n";
    let metadata = "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n";
    let archive = packed(&[
        ("demo/a.py", b"a = 1\n"),
        ("demo-1.0.dist-info/METADATA", metadata.as_bytes()),
        ("demo-1.0.dist-info/WHEEL", wheel.as_bytes()),
    ]);
    let directory = archive.windows(4).position(|word| word == b"PK\x01\x02").unwrap();
    (archive, directory)
});

/// The numbers that fields of an end record are given most often to confuse.
const NUMBERS: [u32; 8] = [0, 1, 4, 22, 0xffff, 0x7fff_ffff, 0xffff_fffe, 0xffff_ffff];

fuzz_target!(|data: &[u8]| {
    let (archive, directory) = &*WHEEL;
    let mut file = archive.clone();
    let mut edits = data.chunks_exact(8).take(16);
    for edit in &mut edits {
        let (_, mut control) = Control::split(edit);
        let mut byte = || usize::from(control.byte());
        let (what, high, low, value, more) = (byte(), byte(), byte(), byte(), byte());
        // Everything behind the members, counted from either end.
        let rest = file.len().saturating_sub(*directory).max(1);
        let offset = (high << 8 | low) % rest;
        let at = if what & 8 == 0 { directory + offset } else { file.len().saturating_sub(offset + 1) };
        let at = at.min(file.len());
        match what % 8 {
            0 | 1 => {
                let at = at.min(file.len() - 1);
                file[at] = value as u8;
            }
            2 => {
                let number = NUMBERS[value % 8].to_le_bytes();
                file.splice(at..(at + 4).min(file.len()), number).for_each(drop);
            }
            3 => file.splice(at..at, std::iter::repeat_n(more as u8, value)).for_each(drop),
            4 => file.drain(at..(at + value).min(file.len())).for_each(drop),
            5 => file.splice(at..at, archive.clone()).for_each(drop),
            6 => file.splice(at..at, archive[*directory..].to_vec()).for_each(drop),
            _ => {
                let signature = [*b"PK\x05\x06", *b"PK\x06\x06", *b"PK\x06\x07", *b"PK\x03\x04"][value % 4];
                file.splice(at..(at + 4).min(file.len()), signature).for_each(drop);
            }
        }
        if file.len() <= *directory || file.len() > 1 << 16 {
            return;
        }
    }
    let Ok(wheel) = Wheel::from_bytes(NAME.parse().unwrap(), file.clone(), &Limits::default()) else {
        return;
    };
    let mut names: Vec<Vec<u8>> =
        wheel.members().iter().map(|member| member.path.as_str().as_bytes().to_vec()).collect();
    assert_eq!(python(&file).expect("Python opens it"), names, "Python sees other members");
    let mut streamed = streamed(&file);
    streamed.sort();
    names.sort();
    assert_eq!(streamed, names, "a reader of streams sees other members");
});

fn number(file: &[u8], at: usize, width: usize) -> Option<usize> {
    let bytes = file.get(at..at.checked_add(width)?)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte)))
}

/// The names in the order of the directory, as `zipfile` finds it (`_EndRecData`, `_RealGetContents`), without ZIP64.
fn python(file: &[u8]) -> Option<Vec<Vec<u8>>> {
    let tail = file.len().saturating_sub(22 + (1 << 16));
    let last = file.len().checked_sub(22)?;
    let is_plain = file[last..].starts_with(b"PK\x05\x06") && file.ends_with(b"\0\0");
    let found = || file[tail..].windows(4).rposition(|word| word == b"PK\x05\x06").map(|at| tail + at);
    let record = if is_plain { last } else { found()? };
    let (size, offset) = (number(file, record + 12, 4)?, number(file, record + 16, 4)?);
    // With a ZIP64 record the directory ends before it; `zipfile` takes its sizes.
    let (size, offset, end) = match record.checked_sub(20).filter(|at| file[*at..].starts_with(b"PK\x06\x07")) {
        Some(locator) => {
            let long = locator.checked_sub(56)?;
            (number(file, long + 40, 8)?, number(file, long + 48, 8)?, long)
        }
        None => (size, offset, record),
    };
    let shift = end.checked_sub(size)?.checked_sub(offset)?;
    let (mut at, end) = (offset + shift, offset + shift + size);
    let mut names = Vec::new();
    while at < end {
        file.get(at..)?.starts_with(b"PK\x01\x02").then_some(())?;
        let lengths = [number(file, at + 28, 2)?, number(file, at + 30, 2)?, number(file, at + 32, 2)?];
        names.push(file.get(at + 46..at + 46 + lengths[0])?.to_vec());
        at += 46 + lengths.iter().sum::<usize>();
    }
    Some(names)
}

/// The names of the local headers, one behind the other from the start; none of them has a data descriptor.
fn streamed(file: &[u8]) -> Vec<Vec<u8>> {
    let (mut at, mut names) = (0, Vec::new());
    while file.get(at..).is_some_and(|rest| rest.starts_with(b"PK\x03\x04")) {
        let field = |place, width| number(file, at + place, width).unwrap_or_default();
        let (name, extra, size) = (field(26, 2), field(28, 2), field(18, 4));
        names.push(file.get(at + 30..at + 30 + name).unwrap_or_default().to_vec());
        at += 30 + name + extra + size;
    }
    names
}
