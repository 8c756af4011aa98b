//! Files of `Key: value` lines, the format of `WHEEL` and `METADATA`.

use std::fmt;

use crate::escaped::Excerpt;

/// The header lines of a file in the format of a mail message (used by PEP 427 and PEP 566), up to the first
/// blank line, with their original spelling. The rest of the file is kept but not examined.
///
/// Lines are located again for each query, so that millions of short lines take no more memory than the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Headers {
    head: String,
    body: Vec<u8>,
}

#[derive(Clone, Copy)]
struct Line<'a> {
    text: &'a str,
    ending: &'a str,
}

/// Why a file of `Key: value` lines is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderRule {
    /// A line is not UTF-8.
    #[error("the line must be UTF-8")]
    NotUtf8,
    /// A line is not `Key: value`.
    #[error("`{}` must have the form `Key: value`", Excerpt(.0))]
    NotAHeader(String),
    /// A line has a carriage return before its end. Python ends the line there; other readers do not.
    #[error("a carriage return must be followed by a line feed")]
    CarriageReturn,
    /// The value of a key that installers use is continued on the next line, which they read in different
    /// ways.
    #[error("`{0}` must not be continued on the next line")]
    Folded(&'static str),
    /// A key that may appear only once is repeated.
    #[error("`{0}` must not appear twice")]
    Repeated(&'static str),
    /// A required key is missing.
    #[error("`{0}` is missing")]
    Missing(&'static str),
}

/// A broken [`HeaderRule`] and the line, counted from 1.
pub(super) type Broken = (usize, HeaderRule);

impl<'a> Line<'a> {
    fn new(line: &'a str) -> Self {
        let text = line.strip_suffix('\n').map_or(line, |text| text.strip_suffix('\r').unwrap_or(text));
        let (text, ending) = line.split_at(text.len());
        Self { text, ending }
    }

    /// Key and value. `None` for a line that continues the previous one.
    fn header(self) -> Option<(&'a str, &'a str)> {
        if self.continues() {
            return None;
        }
        self.text.split_once(':').map(|(key, value)| (key, value.trim()))
    }

    fn continues(self) -> bool {
        self.text.starts_with([' ', '\t'])
    }

    /// Keys are compared ignoring case, as in mail messages.
    fn has_key(self, key: &str) -> bool {
        let (Some(found), Some(b':')) = (self.text.get(..key.len()), self.text.as_bytes().get(key.len()))
        else {
            return false;
        };
        found.eq_ignore_ascii_case(key)
    }

    fn check(bytes: &'a [u8], number: usize) -> Result<(), Broken> {
        let line = std::str::from_utf8(bytes).map_err(|_| (number, HeaderRule::NotUtf8))?;
        let line = Self::new(line);
        if line.text.contains('\r') {
            return Err((number, HeaderRule::CarriageReturn));
        }
        let has_key = line.header().is_some_and(|(key, _)| is_key(key));
        if has_key || (line.continues() && number > 1) {
            Ok(())
        } else {
            Err((number, HeaderRule::NotAHeader(line.text.to_owned())))
        }
    }
}

/// RFC 5322: a field name is printable ASCII without space or colon.
fn is_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|b| b.is_ascii_graphic())
}

impl Headers {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Broken> {
        let mut end = 0;
        for (index, line) in bytes.split_inclusive(|&b| b == b'\n').enumerate() {
            // As in Python: a line of white space continues the previous line and does not end the headers.
            if matches!(line, b"\n" | b"\r\n") {
                break;
            }
            Line::check(line, index + 1)?;
            end += line.len();
        }
        let (head, body) = bytes.split_at(end);
        // All lines of the headers are UTF-8.
        Ok(Self { head: String::from_utf8_lossy(head).into_owned(), body: body.to_owned() })
    }

    fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.head.split_inclusive('\n').map(Line::new)
    }

    /// The first value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.all(key).next()
    }

    /// All values of a key, in order.
    pub(super) fn all(&self, key: &str) -> impl Iterator<Item = &str> {
        self.lines().filter(move |line| line.has_key(key)).filter_map(Line::header).map(|(_, value)| value)
    }

    /// Checks that no value of a key is continued on the next line.
    ///
    /// Python keeps the line break in the value, and others put a space there.
    pub(super) fn check_unfolded(&self, key: &'static str) -> Result<(), Broken> {
        self.first_and_second(key).map(|_| ())
    }

    /// Line number and value of a key that may appear only once, on one line.
    pub(super) fn only(&self, key: &'static str) -> Result<Option<(usize, &str)>, Broken> {
        match self.first_and_second(key)? {
            (_, Some(line)) => Err((line, HeaderRule::Repeated(key))),
            (first, None) => Ok(first),
        }
    }

    /// Line number and value of a key where it first appears, and the line where it is repeated, each on one
    /// line.
    #[expect(clippy::type_complexity, reason = "the two halves are read at once by two callers next to it")]
    fn first_and_second(&self, key: &'static str) -> Result<(Option<(usize, &str)>, Option<usize>), Broken> {
        let (mut first, mut second, mut continuable) = (None, None, false);
        for (number, line) in (1..).zip(self.lines()) {
            if line.continues() {
                if continuable {
                    return Err((number, HeaderRule::Folded(key)));
                }
                continue;
            }
            continuable = line.has_key(key);
            if continuable && first.is_some() {
                second = second.or(Some(number));
            } else if continuable {
                first = line.header().map(|(_, value)| (number, value));
            }
        }
        Ok((first, second))
    }

    /// Line number and value of a key that must appear once. If it is missing, the error names the last line.
    pub(super) fn required(&self, key: &'static str) -> Result<(usize, &str), Broken> {
        self.only(key)?.ok_or_else(|| (self.lines().count().max(1), HeaderRule::Missing(key)))
    }

    /// Puts `values` in place of the first line of `key`, or after the last header, and removes its other
    /// lines with their continuations.
    pub(super) fn replace(&mut self, key: &str, values: &[String]) {
        let ending = self.lines().next().map(|line| line.ending).filter(|ending| !ending.is_empty());
        let ending = ending.unwrap_or("\n");
        let spelling = self.lines().filter(|line| line.has_key(key)).find_map(Line::header);
        let spelling = spelling.map_or(key, |(key, _)| key);
        let new: String = values.iter().map(|value| format!("{spelling}: {value}{ending}")).collect();
        let mut head = String::with_capacity(self.head.len() + new.len());
        let (mut placed, mut dropping) = (false, false);
        for line in self.lines() {
            if line.has_key(key) {
                if !placed {
                    head.push_str(&new);
                }
                (placed, dropping) = (true, true);
            } else if !(dropping && line.continues()) {
                dropping = false;
                head.push_str(line.text);
                head.push_str(if line.ending.is_empty() { ending } else { line.ending });
            }
        }
        if !placed {
            head.push_str(&new);
        }
        self.head = head;
    }

    /// Removes the lines of `key`, with their continuations, from the text after the first blank line.
    pub(super) fn drop_from_body(&mut self, key: &str) {
        let mut dropping = false;
        let kept = self.body.split_inclusive(|&byte| byte == b'\n').filter(|line| {
            let line = std::str::from_utf8(line).map(Line::new);
            dropping = line.is_ok_and(|line| line.has_key(key) || dropping && line.continues());
            !dropping
        });
        self.body = kept.collect::<Vec<_>>().concat();
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        [self.head.as_bytes(), &self.body].concat()
    }
}

impl fmt::Display for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.to_bytes()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_body_is_kept_unchanged() {
        let bytes = b"A: 1\r\nX: 1\r\n B: 2\r\na: 3\r\n\r\n\xff no header\nC: 4\r\n\n";
        let headers = Headers::parse(bytes).unwrap();
        assert_eq!(headers.to_bytes(), bytes);
        assert_eq!(headers.all("A").collect::<Vec<_>>(), ["1", "3"]);
        assert_eq!((headers.get("B"), headers.get("C")), (None, None));
        assert_eq!(headers.only("a"), Err((4, HeaderRule::Repeated("a"))));
        assert_eq!(headers.required("C"), Err((4, HeaderRule::Missing("C"))));
    }

    #[test]
    fn rfc5322_lines_have_a_key() {
        let bad = |text: &str| Headers::parse(text.as_bytes()).unwrap_err();
        for (text, line, wrong) in [
            ("A: 1\nnonsense\n", 2, "nonsense"),
            (" continued\nA: 1\n", 1, " continued"),
            ("A b: 1\n", 1, "A b: 1"),
            (": 1\n", 1, ": 1"),
        ] {
            assert_eq!(bad(text), (line, HeaderRule::NotAHeader(wrong.to_owned())));
        }
        assert_eq!(bad("A: 1\n\u{c}\nB: 2\n"), (2, HeaderRule::NotAHeader("\u{c}".to_owned())));
        assert_eq!(Headers::parse(b"A: 1\nB: \xff\n").unwrap_err(), (2, HeaderRule::NotUtf8));
    }

    /// Python's `email.parser` ends a line at a carriage return, and continues with another header after it.
    #[test]
    fn a_carriage_return_alone_is_refused() {
        for text in ["A: 1\rB: 2\n", "A: 1\r\r\nB: 2\n", "A: 1\r", "A: 1\n x\rB: 2\n"] {
            let (_, rule) = Headers::parse(text.as_bytes()).unwrap_err();
            assert_eq!(rule, HeaderRule::CarriageReturn, "{text:?}");
        }
        // After the headers it has no meaning, nor do the other separators of Python's `str.splitlines`.
        let headers = Headers::parse("A: 1\u{c}B: 2\u{2028}C: 3\u{85}D: 4\n\nx\ry\n".as_bytes()).unwrap();
        assert_eq!(headers.all("A").collect::<Vec<_>>(), ["1\u{c}B: 2\u{2028}C: 3\u{85}D: 4"]);
    }

    /// `email.feedparser` ends the headers at an empty line, and treats a line of white space as a
    /// continuation.
    #[test]
    fn a_line_of_white_space_does_not_end_the_headers() {
        for blank in [" ", "\t", "  \t"] {
            let headers = Headers::parse(format!("A: 1\n{blank}\nB: 2\n\nC: 3\n").as_bytes()).unwrap();
            assert_eq!((headers.get("B"), headers.get("C")), (Some("2"), None), "{blank:?}");
            assert_eq!(headers.only("A"), Err((2, HeaderRule::Folded("A"))), "{blank:?}");
            assert_eq!(headers.only("B"), Ok(Some((3, "2"))), "{blank:?}");
        }
    }
}
