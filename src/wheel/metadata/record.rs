//! The `RECORD` file: the members of a wheel with their hashes.

use std::collections::BTreeMap;

use super::csv::split_csv;
use super::digest::Sha256Digest;
use super::path::{WheelPath, ends_line};
use super::record_hash::RecordHash;
use super::record_rule::{InvalidRecord, RecordFaults, RecordRule};

/// The rows of a `RECORD` file (format: PEP 376; rules for wheels: PEP 427), in file order.
///
/// Reading accepts what Python's `csv` module writes: quoted fields and either line ending. Published wheels
/// have rows that PEP 427 does not allow, and installers accept them: [`Record::read`] skips rows that cannot
/// be read, and counts them. Writing is canonical: LF, quotes only if needed, SHA-256, `RECORD` itself last
/// and without a hash.
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
    unreadable: RecordFaults,
    deviations: RecordFaults,
}

/// One row of `RECORD`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordRow {
    /// The member.
    pub path: WheelPath,
    /// Its hash; only `RECORD` itself and its signatures may have none.
    pub hash: Option<RecordHash>,
    /// Its size in bytes.
    pub size: Option<u64>,
    /// The line of the row, counted from 1.
    pub line: usize,
}

impl RecordRow {
    /// A row for a member of a new wheel.
    #[must_use]
    pub fn new(path: WheelPath, sha256: Sha256Digest, size: u64) -> Self {
        Self { path, hash: Some(RecordHash::Sha256(sha256)), size: Some(size), line: 0 }
    }

    /// The row, and the rule of PEP 427 that it breaks although installers accept it.
    fn parse(text: &str, line: usize) -> Result<(Self, Option<RecordRule>), RecordRule> {
        if text.is_empty() {
            return Err(RecordRule::Blank);
        }
        let [path, hash, size] = split_csv(text)?;
        if let Some(Ok(directory)) = path.strip_suffix('/').map(str::parse) {
            return Err(RecordRule::Directory(directory));
        }
        let path: WheelPath = path.parse()?;
        if text.contains(ends_line) {
            return Err(RecordRule::LineSeparator);
        }
        let (hash, deviations) = match &*hash {
            "" if may_lack_a_hash(&path) => (None, None),
            "" => (None, Some(RecordRule::NoHash(path.clone()))),
            text => RecordHash::parse(text),
        };
        let size = match &*size {
            "" => None,
            text if text.bytes().all(|b| b.is_ascii_digit()) => {
                Some(text.parse().map_err(|_| RecordRule::Size(text.to_owned()))?)
            }
            text => return Err(RecordRule::Size(text.to_owned())),
        };
        Ok((Self { path, hash, size, line }, deviations))
    }
}

/// PEP 427: `RECORD` cannot hash itself, nor can it list the signatures that sign it.
fn may_lack_a_hash(path: &WheelPath) -> bool {
    let in_dist_info = path.parent().is_some_and(|parent| parent.as_str().ends_with(".dist-info"));
    in_dist_info && matches!(path.file_name(), "RECORD" | "RECORD.jws" | "RECORD.p7s")
}

impl Record {
    /// Reads a `RECORD` file in which every row follows PEP 427.
    ///
    /// # Errors
    ///
    /// If a row breaks a [`RecordRule`]; the error names the line.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidRecord> {
        let record = Self::read(bytes);
        let faults = [&record.unreadable, &record.deviations].into_iter();
        let faults = faults.filter_map(|faults| faults.first.first().cloned());
        let no_digests = record.rows.iter().filter_map(|row| match &row.hash {
            Some(RecordHash::NotADigest(text)) => {
                Some(InvalidRecord { line: row.line, rule: RecordRule::Spelling(text.clone()) })
            }
            _ => None,
        });
        match faults.chain(no_digests.take(1)).min_by_key(|fault| fault.line) {
            Some(fault) => Err(fault),
            None => Ok(record),
        }
    }

    /// Reads the rows of a `RECORD` file that can be read. Problems are counted in [`Record::unreadable`] and
    /// [`Record::deviations`].
    #[must_use]
    pub fn read(bytes: &[u8]) -> Self {
        /// Five times the number of members that a wheel may have.
        const MOST_ROWS: usize = 1_000_000;
        let mut record = Self::default();
        if bytes.is_empty() {
            return record;
        }
        let lines = bytes.strip_suffix(b"\n").unwrap_or(bytes).split(|&byte| byte == b'\n');
        for (index, bytes) in lines.enumerate() {
            let line = index + 1;
            if index == MOST_ROWS {
                record.fault(line, RecordRule::Rows(MOST_ROWS));
                break;
            }
            let text = std::str::from_utf8(bytes).map_err(|_| RecordRule::NotUtf8);
            let row = text.and_then(|text| RecordRow::parse(text.strip_suffix('\r').unwrap_or(text), line));
            match row {
                Ok((row, deviations)) => {
                    let first = record.get(row.path.as_str()).map(|first| first.line);
                    let repeated = first.map(|first| RecordRule::Repeated { path: row.path.clone(), first });
                    for rule in deviations.into_iter().chain(repeated) {
                        record.fault(line, rule);
                    }
                    record.by_path.entry(row.path.clone()).or_insert(record.rows.len());
                    record.rows.push(row);
                }
                Err(rule) => record.fault(line, rule),
            }
        }
        record
    }

    fn fault(&mut self, line: usize, rule: RecordRule) {
        let faults = if rule.is_unreadable() { &mut self.unreadable } else { &mut self.deviations };
        faults.add(InvalidRecord { line, rule });
    }

    /// Whether every row follows PEP 427.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        self.unreadable.count == 0 && self.deviations.count == 0
    }

    /// Rows that installers cannot read, or read in different ways. They are not among the rows.
    #[must_use]
    pub fn unreadable(&self) -> &RecordFaults {
        &self.unreadable
    }

    /// Rows that PEP 427 does not allow and installers accept: rows of directories (which are not among the
    /// rows), members that are listed twice, and hashes that are missing, weak or in another encoding.
    #[must_use]
    pub fn deviations(&self) -> &RecordFaults {
        &self.deviations
    }

    /// Adds a row, in place of an existing row with the same path.
    pub fn push(&mut self, row: RecordRow) {
        match self.by_path.get(&row.path).and_then(|&index| self.rows.get_mut(index)) {
            Some(old) => *old = row,
            None => {
                self.by_path.insert(row.path.clone(), self.rows.len());
                self.rows.push(row);
            }
        }
    }

    /// The rows in file order. A member that is listed twice has two.
    #[must_use]
    pub fn rows(&self) -> &[RecordRow] {
        &self.rows
    }

    /// The first row of a member.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&RecordRow> {
        self.by_path.get(path).and_then(|&index| self.rows.get(index))
    }

    /// The bytes of the file. `itself`, the path of `RECORD`, comes last, without hash and size.
    #[must_use]
    pub fn to_bytes(&self, itself: &WheelPath) -> Vec<u8> {
        let mut text = String::new();
        let is_first = |(index, row): &(usize, &RecordRow)| self.by_path.get(&row.path) == Some(index);
        let rows = self.rows.iter().enumerate().filter(is_first).map(|(_, row)| row);
        for row in rows.filter(|row| row.path != *itself) {
            let hash = row.hash.as_ref().map(RecordHash::record_form).unwrap_or_default();
            let size = row.size.map(|size| size.to_string()).unwrap_or_default();
            push_row(&mut text, row.path.as_str(), &hash, &size);
        }
        push_row(&mut text, itself.as_str(), "", "");
        text.into_bytes()
    }
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
            (format!("a,{},0\n", EMPTY.to_uppercase()), 1, RecordRule::Spelling(EMPTY.to_uppercase())),
            ("a,sha256=00,0\n".to_owned(), 1, RecordRule::Spelling("00".to_owned())),
            (format!("a/,{EMPTY},0\n"), 1, RecordRule::Directory("a".parse().unwrap())),
            (format!("a,{EMPTY}\u{2028},0\n"), 1, RecordRule::LineSeparator),
            (format!("a,{EMPTY},-1\n"), 1, RecordRule::Size("-1".to_owned())),
            (format!("a,{EMPTY},+1\n"), 1, RecordRule::Size("+1".to_owned())),
            (format!("a,{EMPTY},99999999999999999999\n"), 1, RecordRule::Size("9".repeat(20))),
            (format!("{good}{good}"), 2, RecordRule::Repeated { path: "a".parse().unwrap(), first: 1 }),
        ] {
            assert_eq!(wrong(&text), InvalidRecord { line, rule }, "{text:?}");
        }
        assert!(matches!(wrong(&format!("../a,{EMPTY},0")).rule, RecordRule::Path(_)));
        let not_utf8 = Record::parse(&[good.as_bytes(), b"\xff"].concat()).unwrap_err();
        assert_eq!(not_utf8, InvalidRecord { line: 2, rule: RecordRule::NotUtf8 });
    }

    #[test]
    fn unreadable_rows_are_dropped_and_counted() {
        let good = format!("a,{EMPTY},0");
        let text = format!("d/,,\n{good}\n{good}\n../x,{EMPTY},0\nb,,0\n\nx,y\na\u{2028}/etc/x,{EMPTY},0\n");
        let record = Record::read(&[text.as_bytes(), b"\xff,,\n"].concat());
        let paths: Vec<_> = record.rows().iter().map(|row| (row.path.as_str(), row.line)).collect();
        assert_eq!(paths, [("a", 2), ("a", 3), ("b", 5)]);
        let lines = |faults: &RecordFaults| faults.first.iter().map(|fault| fault.line).collect::<Vec<_>>();
        assert_eq!(lines(record.unreadable()), [4, 6, 7, 8, 9]);
        assert_eq!(lines(record.deviations()), [1, 3, 5]);
        let many = Record::read(&b"\n".repeat(100));
        assert_eq!((many.unreadable().count, many.unreadable().first.len()), (100, RecordFaults::MOST));
        assert_eq!(Record::read(b""), Record::default());
    }
}
