//! Hashes of `RECORD` rows.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha384, Sha512};

use super::digest::Sha256Digest;
use super::record_rule::RecordRule;

/// A hash that PEP 427 allows: SHA-256 or better.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordHash {
    /// `sha256=`, the usual one.
    Sha256(Sha256Digest),
    /// `sha384=`
    Sha384(Box<[u8; 48]>),
    /// `sha512=`
    Sha512(Box<[u8; 64]>),
    /// Text that cannot be a digest: it has the wrong length or encoding.
    NotADigest(String),
}

impl RecordHash {
    /// Whether this is the hash of `bytes`. `sha256` is their SHA-256, already computed by the caller.
    #[must_use]
    pub fn matches(&self, bytes: &[u8], sha256: &Sha256Digest) -> bool {
        match self {
            Self::Sha256(digest) => digest == sha256,
            Self::Sha384(digest) => Sha384::digest(bytes).as_slice() == digest.as_slice(),
            Self::Sha512(digest) => Sha512::digest(bytes).as_slice() == digest.as_slice(),
            Self::NotADigest(_) => false,
        }
    }

    /// The form used in `RECORD`; empty if it is not a digest.
    pub(super) fn record_form(&self) -> String {
        match self {
            Self::Sha256(digest) => digest.record_form(),
            Self::Sha384(digest) => format!("sha384={}", URL_SAFE_NO_PAD.encode(digest.as_slice())),
            Self::Sha512(digest) => format!("sha512={}", URL_SAFE_NO_PAD.encode(digest.as_slice())),
            Self::NotADigest(_) => String::new(),
        }
    }

    /// The hash of a row, and the rule of PEP 427 that it breaks although installers accept it.
    pub(super) fn parse(text: &str) -> (Option<Self>, Option<RecordRule>) {
        let (algorithm, value) = text.split_once('=').unwrap_or((text, ""));
        let (hash, is_usual) = match algorithm.to_ascii_lowercase().as_str() {
            "sha256" => digest(value, |digest| Self::Sha256(Sha256Digest::from_bytes(digest))),
            "sha384" => digest(value, |digest| Self::Sha384(Box::new(digest))),
            "sha512" => digest(value, |digest| Self::Sha512(Box::new(digest))),
            _ => return (None, Some(RecordRule::Algorithm(algorithm.to_owned()))),
        };
        let is_usual = is_usual && algorithm.bytes().all(|byte| !byte.is_ascii_uppercase());
        (Some(hash), (!is_usual).then(|| RecordRule::Spelling(text.to_owned())))
    }
}

/// The hash for a digest in base64, and whether it is encoded as PEP 427 requires. Padding is not allowed,
/// but some old builders wrote it, and it does not change the meaning.
fn digest<const N: usize>(value: &str, hash: impl Fn([u8; N]) -> RecordHash) -> (RecordHash, bool) {
    let unpadded = value.trim_end_matches('=');
    let whole = |bytes: Vec<u8>| <[u8; N]>::try_from(bytes).ok();
    if let Some(digest) = URL_SAFE_NO_PAD.decode(unpadded).ok().and_then(whole) {
        return (hash(digest), true);
    }
    let other = hexadecimal(value).and_then(whole);
    let other = other.or_else(|| STANDARD_NO_PAD.decode(unpadded).ok().and_then(whole));
    other.map_or_else(|| (RecordHash::NotADigest(value.to_owned()), true), |digest| (hash(digest), false))
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let nibble = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(nibble(*pair.first()?)? << 4 | nibble(*pair.get(1)?)?)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const EMPTY: &str = "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";

    #[test]
    fn pep427_sha384_and_sha512_are_verified() {
        for (text, matching) in [
            ("sha384=OLBgp1GsljhM2TJ-sbHjaiH9txEUvgdDTAzHv2P24donTt6_529l-9Ua0vFImLlb", true),
            (
                "sha512=z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg_SpIdNs6c5H0NE8XYXysP-DGNKHfuwvY7kxvUdBeoGlODJ6-SfaPg",
                true,
            ),
            (EMPTY, true),
            ("sha256=ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0", false),
        ] {
            let (hash, deviations) = RecordHash::parse(text);
            let hash = hash.unwrap();
            assert_eq!(deviations, None, "{text}");
            assert_eq!(hash.matches(b"", &Sha256Digest::of(b"")), matching, "{text}");
            assert!(!hash.matches(b"x", &Sha256Digest::of(b"x")));
        }
    }

    #[test]
    fn hashes_in_other_encodings_are_read_and_an_invalid_digest_matches_nothing() {
        let matches = |text: &str| {
            let (hash, deviations) = RecordHash::parse(text);
            let right = hash.map(|hash| hash.matches(b"", &Sha256Digest::of(b"")));
            (right, deviations.is_some())
        };
        let hexadecimal = Sha256Digest::of(b"").hex();
        assert_eq!(matches(&format!("sha256={hexadecimal}")), (Some(true), true));
        assert_eq!(matches("sha256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="), (Some(true), true));
        assert_eq!(matches(&EMPTY.replace("sha256", "SHA256")), (Some(true), true));
        assert_eq!(matches(&format!("{EMPTY}=")), (Some(true), false));
        assert_eq!(matches("md5=1B2M2Y8AsgTpgAmY7PhCfg"), (None, true));
        assert_eq!(matches("sha256=00"), (Some(false), false));
        assert_eq!(matches("sha256"), (Some(false), false));
    }
}
