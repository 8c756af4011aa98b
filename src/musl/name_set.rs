//! A large set of names, for lookups only.

use std::hash::{DefaultHasher, Hasher as _};
use std::sync::Arc;

/// A set of symbol names. A large library has tens of thousands, so their bytes are stored one after the
/// other instead of in an allocation each, and the index is sorted by hash.
#[derive(Clone, Debug, Default)]
pub struct NameSet {
    // Shared, because objects are copied into the audit of every wheel installed together with theirs.
    bytes: Arc<[u8]>,
    names: Arc<[Name]>,
}

#[derive(Clone, Copy, Debug)]
struct Name {
    hash: u64,
    start: usize,
    end: usize,
}

impl NameSet {
    /// Whether the set contains this name.
    #[must_use]
    pub fn contains(&self, name: &[u8]) -> bool {
        let hash = hash(name);
        let first = self.names.partition_point(|other| other.hash < hash);
        let rest = self.names.get(first..).unwrap_or_default().iter();
        rest.take_while(|other| other.hash == hash).any(|other| self.bytes_of(*other) == name)
    }

    /// The names, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.names.iter().map(|name| self.bytes_of(*name))
    }

    fn bytes_of(&self, name: Name) -> &[u8] {
        self.bytes.get(name.start..name.end).unwrap_or_default()
    }
}

/// The hash, the same in every process. It is SipHash with 64 bits, for which nobody can make thousands of
/// names with one hash.
fn hash(name: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(name);
    hasher.finish()
}

impl<'n> FromIterator<&'n [u8]> for NameSet {
    fn from_iter<I: IntoIterator<Item = &'n [u8]>>(names: I) -> Self {
        let (mut bytes, mut list) = (Vec::new(), Vec::new());
        for name in names {
            let start = bytes.len();
            bytes.extend_from_slice(name);
            list.push(Name { hash: hash(name), start, end: bytes.len() });
        }
        list.sort_unstable_by_key(|name: &Name| (name.hash, name.start));
        Self { bytes: bytes.into(), names: list.into() }
    }
}

/// Equal if both sets have the same names.
impl PartialEq for NameSet {
    fn eq(&self, other: &Self) -> bool {
        self.iter().all(|name| other.contains(name)) && other.iter().all(|name| self.contains(name))
    }
}

impl Eq for NameSet {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_its_names_and_no_others() {
        let names: Vec<String> = (0..1000).map(|number| format!("name{}", number * 2)).collect();
        let set: NameSet = names.iter().map(String::as_bytes).collect();
        for number in 0..2000 {
            assert_eq!(set.contains(format!("name{number}").as_bytes()), number % 2 == 0);
        }
        assert!(!set.contains(b""));
        let backwards: NameSet = names.iter().rev().map(String::as_bytes).collect();
        let twice: NameSet = names.iter().chain(&names).map(String::as_bytes).collect();
        assert!(set == backwards && set == twice);
        assert!(set != names.iter().skip(1).map(String::as_bytes).collect());
        assert!(NameSet::default() == NameSet::from_iter([]));
    }
}
