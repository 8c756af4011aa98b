//! The `RECORD` file: what a wheel holds, with hashes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha384, Sha512};

use super::digest::Sha256Digest;
use super::path::{InvalidWheelPath, WheelPath};
use crate::escaped::Excerpt;

/// The rows of a `RECORD` file (PEP 376 for the form, PEP 427 for wheels), in file order.
///
/// Reading accepts what Python's `csv` module writes: quoted fields and either line ending.
/// Writing is canonical: LF, quotes only where needed, SHA-256, `RECORD` itself last and without hash.
///
/// ```
/// use muslrepair::wheel::Record;
/// let text = "demo.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\nd-1.dist-info/RECORD,,\n";
/// let record = Record::parse(text.as_bytes())?;
/// assert_eq!(record.rows().len(), 2);
/// assert_eq!(record.get("demo.py").and_then(|row| row.size), Some(0));
/// # Ok::<(), muslrepair::wheel::InvalidRecord>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    rows: Vec<RecordRow>,
    by_path: BTreeMap<WheelPath, usize>,
}

/// One row of `RECORD`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordRow {
    /// The member.
    pub path: WheelPath,
    /// Its hash; only `RECORD` itself and its signatures have none.
    pub hash: Option<RecordHash>,
    /// Its size in bytes.
    pub size: Option<u64>,
    /// The line of the row, counted from 1.
    pub line: usize,
}

/// A hash PEP 427 allows: SHA-256 or better.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordHash {
    /// `sha256=`, what everyone writes.
    Sha256(Sha256Digest),
    /// `sha384=`
    Sha384(Box<[u8; 48]>),
    /// `sha512=`
    Sha512(Box<[u8; 64]>),
}

/// What is wrong with a row of `RECORD`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordRule {
    /// The file is not UTF-8.
    #[error("the file must be UTF-8")]
    NotUtf8,
    /// The row is empty.
    #[error("a row must not be empty")]
    Blank,
    /// The row does not have three fields.
    #[error("a row must have 3 fields, this one has {0}")]
    Fields(usize),
    /// A quoted field is not closed, or text follows the closing quote.
    #[error("a quoted field must be closed before the next comma")]
    Quote,
    /// The first field is no member name.
    #[error(transparent)]
    Path(#[from] InvalidWheelPath),
    /// A member is listed a second time.
    #[error("`{path}` is already listed on line {first}")]
    Repeated {
        /// The member.
        path: WheelPath,
        /// The line of its first row.
        first: usize,
    },
    /// A member has no hash.
    #[error("`{0}` must have a hash")]
    NoHash(WheelPath),
    /// The hash is weaker than SHA-256 or of an unknown kind.
    #[error("`{}` is not a hash that PEP 427 allows: use sha256", Excerpt(.0))]
    Algorithm(String),
    /// The hash is not URL-safe base64 of the right length.
    #[error("`{}` is not a {algorithm} digest in URL-safe base64", Excerpt(value))]
    Digest {
        /// The kind of hash.
        algorithm: &'static str,
        /// The digest as found.
        value: String,
    },
    /// The size is no decimal number.
    #[error("`{}` is not a size in bytes", Excerpt(.0))]
    Size(String),
}

/// The `RECORD` file breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {rule}")]
pub struct InvalidRecord {
    /// The line, counted from 1.
    pub line: usize,
    /// The rule it breaks.
    pub rule: RecordRule,
}

impl RecordHash {
    /// Whether this is the hash of `bytes`. `sha256` is their SHA-256, which the caller has at hand.
    #[must_use]
    pub fn matches(&self, bytes: &[u8], sha256: &Sha256Digest) -> bool {
        match self {
            Self::Sha256(digest) => digest == sha256,
            Self::Sha384(digest) => Sha384::digest(bytes).as_slice() == digest.as_slice(),
            Self::Sha512(digest) => Sha512::digest(bytes).as_slice() == digest.as_slice(),
        }
    }

    fn parse(text: &str) -> Result<Self, RecordRule> {
        let (algorithm, value) = text.split_once('=').unwrap_or((text, ""));
        // Padding is not allowed by PEP 427, but some old builders wrote it and it changes nothing.
        let bytes = URL_SAFE_NO_PAD.decode(value.trim_end_matches('=')).unwrap_or_default();
        let bad = |algorithm| RecordRule::Digest { algorithm, value: value.to_owned() };
        match algorithm {
            "sha256" => match bytes.try_into() {
                Ok(digest) => Ok(Self::Sha256(Sha256Digest::from_bytes(digest))),
                Err(_) => Err(bad("sha256")),
            },
            "sha384" => bytes.try_into().map(Self::Sha384).map_err(|_| bad("sha384")),
            "sha512" => bytes.try_into().map(Self::Sha512).map_err(|_| bad("sha512")),
            _ => Err(RecordRule::Algorithm(algorithm.to_owned())),
        }
    }
}

impl RecordRow {
    /// A row for a member of a new wheel.
    #[must_use]
    pub fn new(path: WheelPath, sha256: Sha256Digest, size: u64) -> Self {
        Self { path, hash: Some(RecordHash::Sha256(sha256)), size: Some(size), line: 0 }
    }

    fn parse(text: &str, line: usize) -> Result<Self, RecordRule> {
        if text.is_empty() {
            return Err(RecordRule::Blank);
        }
        let [path, hash, size] = split_csv(text)?;
        let path: WheelPath = path.parse()?;
        let hash = match &*hash {
            "" if may_lack_a_hash(&path) => None,
            "" => return Err(RecordRule::NoHash(path)),
            text => Some(RecordHash::parse(text)?),
        };
        let size = match &*size {
            "" => None,
            text if text.bytes().all(|b| b.is_ascii_digit()) => {
                Some(text.parse().map_err(|_| RecordRule::Size(text.to_owned()))?)
            }
            text => return Err(RecordRule::Size(text.to_owned())),
        };
        Ok(Self { path, hash, size, line })
    }
}

/// PEP 427: `RECORD` cannot hash itself, and the signatures cannot be in a file that they sign.
fn may_lack_a_hash(path: &WheelPath) -> bool {
    let in_dist_info = path.parent().is_some_and(|parent| parent.as_str().ends_with(".dist-info"));
    in_dist_info && matches!(path.file_name(), "RECORD" | "RECORD.jws" | "RECORD.p7s")
}

impl Record {
    /// Reads a `RECORD` file.
    ///
    /// # Errors
    ///
    /// When a row breaks a [`RecordRule`]; the error names the line.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidRecord> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = 1 + good.iter().filter(|&&b| b == b'\n').count();
            InvalidRecord { line, rule: RecordRule::NotUtf8 }
        })?;
        let mut record = Self::default();
        let text = text.strip_suffix('\n').unwrap_or(text);
        for (index, text) in text.split('\n').enumerate() {
            let line = index + 1;
            let wrong = |rule| InvalidRecord { line, rule };
            let row = RecordRow::parse(text.strip_suffix('\r').unwrap_or(text), line).map_err(wrong)?;
            if let Some(first) = record.get(row.path.as_str()) {
                return Err(wrong(RecordRule::Repeated { first: first.line, path: row.path }));
            }
            record.push(row);
        }
        Ok(record)
    }

    /// Adds a row; a row of the same path is replaced where it stands.
    pub fn push(&mut self, row: RecordRow) {
        match self.by_path.get(&row.path).and_then(|&index| self.rows.get_mut(index)) {
            Some(old) => *old = row,
            None => {
                self.by_path.insert(row.path.clone(), self.rows.len());
                self.rows.push(row);
            }
        }
    }

    /// The rows in file order.
    #[must_use]
    pub fn rows(&self) -> &[RecordRow] {
        &self.rows
    }

    /// The row of a member.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&RecordRow> {
        self.by_path.get(path).and_then(|&index| self.rows.get(index))
    }

    /// The bytes of the file. `itself`, the path of `RECORD`, comes last and has neither hash nor size.
    #[must_use]
    pub fn to_bytes(&self, itself: &WheelPath) -> Vec<u8> {
        let mut text = String::new();
        for row in self.rows.iter().filter(|row| row.path != *itself) {
            let hash = match &row.hash {
                None => String::new(),
                Some(RecordHash::Sha256(digest)) => digest.record_form(),
                Some(RecordHash::Sha384(digest)) => encoded("sha384", digest.as_slice()),
                Some(RecordHash::Sha512(digest)) => encoded("sha512", digest.as_slice()),
            };
            let size = row.size.map(|size| size.to_string()).unwrap_or_default();
            push_row(&mut text, row.path.as_str(), &hash, &size);
        }
        push_row(&mut text, itself.as_str(), "", "");
        text.into_bytes()
    }
}

fn encoded(algorithm: &str, digest: &[u8]) -> String {
    format!("{algorithm}={}", URL_SAFE_NO_PAD.encode(digest))
}

fn push_row(text: &mut String, path: &str, hash: &str, size: &str) {
    if path.contains(['"', ',']) {
        text.push('"');
        text.push_str(&path.replace('"', "\"\""));
        text.push('"');
    } else {
        text.push_str(path);
    }
    for field in [hash, size] {
        text.push(',');
        text.push_str(field);
    }
    text.push('\n');
}

/// Splits one line as RFC 4180 has it. Python's `csv` module would take text behind a closing quote, too.
fn split_csv(line: &str) -> Result<[Cow<'_, str>; 3], RecordRule> {
    let mut fields = <[Cow<'_, str>; 3]>::default();
    let mut count = 0;
    let mut rest = Some(line);
    while let Some(text) = rest {
        let (field, after) = match text.strip_prefix('"') {
            Some(quoted) => quoted_field(quoted)?,
            None => match text.split_once(',') {
                Some((field, after)) => (field.into(), Some(after)),
                None => (text.into(), None),
            },
        };
        if let Some(place) = fields.get_mut(count) {
            *place = field;
        }
        count += 1;
        rest = after;
    }
    if count == fields.len() { Ok(fields) } else { Err(RecordRule::Fields(count)) }
}

/// Reads up to the closing quote and the comma after it.
fn quoted_field(text: &str) -> Result<(Cow<'_, str>, Option<&str>), RecordRule> {
    let mut field = String::new();
    let mut rest = text;
    loop {
        let (part, after) = rest.split_once('"').ok_or(RecordRule::Quote)?;
        field.push_str(part);
        if let Some(after) = after.strip_prefix('"') {
            field.push('"');
            rest = after;
        } else if after.is_empty() {
            return Ok((field.into(), None));
        } else {
            let after = after.strip_prefix(',').ok_or(RecordRule::Quote)?;
            return Ok((field.into(), Some(after)));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const EMPTY: &str = "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";

    fn wrong(text: &str) -> InvalidRecord {
        Record::parse(text.as_bytes()).unwrap_err()
    }

    #[test]
    fn quoted_fields_commas_and_crlf_are_read() {
        let text = format!("\"a,\"\"b\"\"\",{EMPTY},0\r\nplain,\"{EMPTY}\",\r\nd-1.dist-info/RECORD,,\r\n");
        let record = Record::parse(text.as_bytes()).unwrap();
        let paths: Vec<_> = record.rows().iter().map(|row| (row.path.as_str(), row.size, row.line)).collect();
        assert_eq!(paths, [("a,\"b\"", Some(0), 1), ("plain", None, 2), ("d-1.dist-info/RECORD", None, 3)]);
        assert!(record.get("d-1.dist-info/RECORD").unwrap().hash.is_none());
    }

    #[test]
    fn writing_is_canonical_and_puts_record_last() {
        let text = format!("d-1.dist-info/RECORD,,\r\n\"a,\"\"b\"\"\",{EMPTY}=,0\r\n\"plain\",{EMPTY},0\r\n");
        let record = Record::parse(text.as_bytes()).unwrap();
        let itself: WheelPath = "d-1.dist-info/RECORD".parse().unwrap();
        let written = String::from_utf8(record.to_bytes(&itself)).unwrap();
        assert_eq!(written, format!("\"a,\"\"b\"\"\",{EMPTY},0\nplain,{EMPTY},0\nd-1.dist-info/RECORD,,\n"));
        let again = Record::parse(written.as_bytes()).unwrap();
        assert_eq!(again.to_bytes(&itself), written.as_bytes());
    }

    #[test]
    fn every_rule_names_its_line() {
        let good = format!("a,{EMPTY},0\n");
        for (text, line, rule) in [
            ("\n".to_owned(), 1, RecordRule::Blank),
            (format!("{good}\nb,{EMPTY},0\n"), 2, RecordRule::Blank),
            (format!("{good}\n"), 2, RecordRule::Blank),
            (format!("{good}b,{EMPTY}\n"), 2, RecordRule::Fields(2)),
            (format!("{good}b,{EMPTY},0,x\n"), 2, RecordRule::Fields(4)),
            (format!("\"a,{EMPTY},0\n"), 1, RecordRule::Quote),
            (format!("\"a\"b,{EMPTY},0\n"), 1, RecordRule::Quote),
            ("a,,0\n".to_owned(), 1, RecordRule::NoHash("a".parse().unwrap())),
            ("RECORD,,0\n".to_owned(), 1, RecordRule::NoHash("RECORD".parse().unwrap())),
            ("a,md5=rL0Y20zC-Fzt72VPzMSk2A,0\n".to_owned(), 1, RecordRule::Algorithm("md5".to_owned())),
            ("a,sha1,0\n".to_owned(), 1, RecordRule::Algorithm("sha1".to_owned())),
            (
                "a,sha256=00,0\n".to_owned(),
                1,
                RecordRule::Digest { algorithm: "sha256", value: "00".to_owned() },
            ),
            (format!("a,{EMPTY},-1\n"), 1, RecordRule::Size("-1".to_owned())),
            (format!("a,{EMPTY},+1\n"), 1, RecordRule::Size("+1".to_owned())),
            (format!("a,{EMPTY},99999999999999999999\n"), 1, RecordRule::Size("9".repeat(20))),
            (format!("{good}{good}"), 2, RecordRule::Repeated { path: "a".parse().unwrap(), first: 1 }),
        ] {
            assert_eq!(wrong(&text), InvalidRecord { line, rule }, "{text:?}");
        }
        assert!(matches!(wrong(&format!("../a,{EMPTY},0")).rule, RecordRule::Path(_)));
        let not_utf8 = Record::parse(b"a,b,c\n\xff").unwrap_err();
        assert_eq!(not_utf8, InvalidRecord { line: 2, rule: RecordRule::NotUtf8 });
    }

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
            let hash = RecordHash::parse(text).unwrap();
            assert_eq!(hash.matches(b"", &Sha256Digest::of(b"")), matching, "{text}");
            assert!(!hash.matches(b"x", &Sha256Digest::of(b"x")));
        }
    }
}
