//! Numbers with units on the command line: `512M`, `2GiB`, `1000000`.

use std::str::FromStr;

/// A whole number, and a unit of powers of 1024 as shells and container runtimes have them.
pub(super) fn number(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let shift = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(1 << shift)
}

/// A number of bytes, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size(pub(super) u64);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        number(text)
            .filter(|size| *size > 0)
            .map(Self)
            .ok_or_else(|| format!("`{text}` is not a size: expected a number with K, M or G, as in `512M`"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Size, number};

    #[test]
    fn units_are_powers_of_1024() {
        for (text, size) in [("1", 1), ("64k", 64 << 10), ("512M", 512 << 20), ("2GiB", 2 << 30)] {
            assert_eq!(text.parse(), Ok(Size(size)), "{text}");
        }
        for text in ["", "M", "1.5G", "-1", "0", "12 M", "99999999999G", "1T", "18446744073709551615G"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
        assert_eq!(number("0"), Some(0));
    }
}
