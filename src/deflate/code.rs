//! Making prefix codes: RFC 1951, section 3.2.2.

/// The longest code of literals, lengths and distances.
pub(super) const LONGEST_CODE: usize = 15;

/// The best lengths, none longer than `longest`, for symbols that occur this often. At least two symbols get a code:
/// some decoders refuse less.
pub(super) fn lengths_for<const N: usize>(frequencies: &[u32; N], longest: usize) -> [u8; N] {
    let mut lengths = [0; N];
    let mut used: Vec<(u32, usize)> =
        frequencies.iter().enumerate().filter(|(_, f)| **f > 0).map(|(symbol, f)| (*f, symbol)).collect();
    for (symbol, frequency) in frequencies.iter().enumerate().take(2) {
        if used.len() < 2 && *frequency == 0 {
            used.push((1, symbol));
        }
    }
    used.sort_unstable();
    let mut counts = depth_counts(&used, longest);
    // The rarest symbols get the longest codes.
    let mut length = longest;
    for (_, symbol) in used {
        while counts[length] == 0 && length > 1 {
            length -= 1;
        }
        counts[length] = counts[length].saturating_sub(1);
        lengths[symbol] = length as u8;
    }
    lengths
}

/// How many symbols get a code of each length. `used` is sorted by frequency.
fn depth_counts(used: &[(u32, usize)], longest: usize) -> [u32; LONGEST_CODE + 1] {
    // Huffman's algorithm with two queues: leaves and inner nodes both come in order of weight.
    let mut weights: Vec<u64> = used.iter().map(|(frequency, _)| u64::from(*frequency)).collect();
    let leaves = weights.len();
    let mut parents = vec![0; 2 * leaves - 1];
    let (mut leaf, mut inner) = (0, leaves);
    for node in leaves..2 * leaves - 1 {
        let mut weight = 0;
        for _ in 0..2 {
            let takes_leaf = leaf < leaves && (inner >= node || weights[leaf] <= weights[inner]);
            let child = if takes_leaf { &mut leaf } else { &mut inner };
            weight += weights[*child];
            parents[*child] = node;
            *child += 1;
        }
        weights.push(weight);
    }
    let mut depths = vec![0usize; 2 * leaves - 1];
    let mut counts = [0u32; LONGEST_CODE + 1];
    for node in (0..2 * leaves - 2).rev() {
        depths[node] = depths[parents[node]] + 1;
        if node < leaves {
            counts[depths[node].min(longest)] += 1;
        }
    }
    // Codes that were cut to the limit make the sum of 2^-length exceed 1: longer codes for others make up for it.
    let mut sum: u64 = (1..=longest).map(|length| u64::from(counts[length]) << (longest - length)).sum();
    while sum > 1 << longest {
        counts[longest] -= 1;
        if let Some(length) = (1..longest).rev().find(|&length| counts[length] > 0) {
            counts[length] -= 1;
            counts[length + 1] += 2;
        }
        sum -= 1;
    }
    counts
}

/// The codes for these lengths, first bit lowest.
pub(super) fn codes_for<const N: usize>(lengths: &[u8; N]) -> [u16; N] {
    let mut next = [0u32; LONGEST_CODE + 2];
    for length in 1..=LONGEST_CODE {
        let count = lengths.iter().filter(|&&other| usize::from(other) == length).count();
        next[length + 1] = (next[length] + count as u32) << 1;
    }
    lengths.map(|length| {
        if length == 0 {
            return 0;
        }
        let slot = &mut next[usize::from(length)];
        let code = *slot;
        *slot += 1;
        (code.reverse_bits() >> (32 - u32::from(length))) as u16
    })
}
