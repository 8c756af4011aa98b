//! Tables put into whole files.

/// Puts `content` over the table of a 64-bit little-endian object to whose place and size the two dynamic
/// tags point. The table keeps its place; what does not fit is cut off, and the size follows.
pub fn replace_table(file: &mut [u8], place: u64, size: u64, content: &[u8]) {
    const PT_LOAD: u32 = 1;
    const PT_DYNAMIC: u32 = 2;
    let half = |file: &[u8], at: usize| usize::from(u16::from_le_bytes([file[at], file[at + 1]]));
    let word = |file: &[u8], at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
    let long = |file: &[u8], at: usize| u64::from_le_bytes(file[at..at + 8].try_into().unwrap()) as usize;
    let (headers, count) = (long(file, 32), half(file, 56));
    let segments: Vec<(u32, usize, usize, usize)> = (0..count)
        .map(|index| headers + index * 56)
        .map(|at| (word(file, at), long(file, at + 8), long(file, at + 16), long(file, at + 32)))
        .collect();
    let dynamic = segments.iter().find(|segment| segment.0 == PT_DYNAMIC).unwrap();
    let entries = (dynamic.1..dynamic.1 + dynamic.3).step_by(16);
    let entry = |tag: u64| entries.clone().find(|at| long(file, *at) as u64 == tag).unwrap() + 8;
    let (place, size) = (entry(place), entry(size));
    let (address, room) = (long(file, place), long(file, size));
    let load = segments
        .iter()
        .find(|(kind, _, start, length)| *kind == PT_LOAD && (*start..start + length).contains(&address))
        .unwrap();
    let offset = load.1 + address - load.2;
    let content = &content[..content.len().min(room)];
    file[offset..offset + content.len()].copy_from_slice(content);
    file[size..size + 8].copy_from_slice(&(content.len() as u64).to_le_bytes());
}
