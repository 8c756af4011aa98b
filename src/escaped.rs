//! Text from a wheel, made safe to display.

use std::fmt;
use std::fmt::Write as _;
use std::ops::RangeInclusive;

/// Displays untrusted text with every character escaped that could move the cursor, end a line, hide or
/// reorder other text, or be invisible itself: see [`Escaped::hides`].
///
/// Our own sentences have no such characters, so escaping a whole sentence is the same as escaping each value
/// in it.
///
/// ```
/// use muslrepair::Escaped;
/// assert_eq!(Escaped("a\u{1b}[2Jb").to_string(), "a\\u{1b}[2Jb");
/// assert_eq!(Escaped("na\u{ef}ve/module.so").to_string(), "na\u{ef}ve/module.so");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'a>(pub &'a str);

/// `Default_Ignorable_Code_Point` of Unicode 17.0 (`DerivedCoreProperties.txt`): invisible characters, and
/// code points reserved for them. It includes all of `Bidi_Control`.
const IGNORABLE: [RangeInclusive<char>; 17] = [
    '\u{ad}'..='\u{ad}',
    '\u{34f}'..='\u{34f}',
    '\u{61c}'..='\u{61c}',
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180b}'..='\u{180f}',
    '\u{200b}'..='\u{200f}',
    '\u{202a}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{3164}'..='\u{3164}',
    '\u{fe00}'..='\u{fe0f}',
    '\u{feff}'..='\u{feff}',
    '\u{ffa0}'..='\u{ffa0}',
    '\u{fff0}'..='\u{fff8}',
    '\u{1bca0}'..='\u{1bca3}',
    '\u{1d173}'..='\u{1d17a}',
    '\u{e0000}'..='\u{e0fff}',
];

impl Escaped<'_> {
    /// Whether a character is escaped: control characters, line and paragraph separators, and the characters
    /// of Unicode that are invisible or change the direction of writing (`Default_Ignorable_Code_Point`,
    /// interlinear annotations).
    #[must_use]
    pub fn hides(c: char) -> bool {
        let seen = matches!(c, ' '..='~');
        let separates = matches!(c, '\u{2028}' | '\u{2029}' | '\u{fff9}'..='\u{fffb}');
        !seen && (c.is_control() || separates || IGNORABLE.iter().any(|range| range.contains(&c)))
    }
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some(place) = rest.find(Self::hides) {
            let (seen, hidden) = rest.split_at(place);
            f.write_str(seen)?;
            let mut hidden = hidden.chars();
            hidden.next().map_or(Ok(()), |c| write!(f, "{}", c.escape_default()))?;
            rest = hidden.as_str();
        }
        f.write_str(rest)
    }
}

/// One line of output, escaped, that a CI service cannot mistake for a command when it reads the build log:
/// neither `::command::` at its start, after blanks, nor `##[command]` or `##vso[command]` anywhere in it.
///
/// Source: how the GitHub runner parses lines (`ActionCommand.TryParseV2` and `TryParse` in
/// `actions/runner`).
#[derive(Clone, Copy, Debug)]
pub struct Line<'a>(pub &'a str);

impl Line<'_> {
    /// Whether the rest of a line starts like a command that may occur anywhere in a line.
    pub(crate) fn is_command(rest: &str) -> bool {
        let name = rest.strip_prefix("##");
        name.is_some_and(|name| name.trim_start_matches(|c: char| c.is_ascii_alphanumeric()).starts_with('['))
    }
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = Escaped(self.0).to_string();
        let begin = text.len() - text.trim_start().len();
        let is_command = text.get(begin..).is_some_and(|text| text.starts_with("::"));
        if !is_command && !text.contains("##") {
            return f.write_str(&text);
        }
        for (place, c) in text.char_indices() {
            let rest = text.get(place..).unwrap_or_default();
            if (is_command && place == begin) || (c == '#' && Self::is_command(rest)) {
                write!(f, "{}", c.escape_unicode())?;
            } else {
                f.write_char(c)?;
            }
        }
        Ok(())
    }
}

/// The start of a text that a wheel may make arbitrarily long, escaped. Member names are shown in full.
#[derive(Clone, Copy, Debug)]
pub(super) struct Excerpt<'a>(pub(super) &'a str);

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// The default limit for member names, in characters.
        const LONGEST: usize = 1024;
        beginning(self.0, LONGEST, f)
    }
}

/// A sentence for people, escaped, and shortened if it is too long to read: it names a few things, each of
/// which may be as long as a path.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sentence<'a>(pub(super) &'a str);

impl fmt::Display for Sentence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// The length of three of the longest member names, in characters.
        const LONGEST: usize = 3072;
        beginning(self.0, LONGEST, f)
    }
}

fn beginning(text: &str, longest: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let end = if text.len() > longest { text.char_indices().nth(longest) } else { None };
    match end {
        Some((end, _)) => write!(f, "{}...", Escaped(text.get(..end).unwrap_or_default())),
        None => write!(f, "{}", Escaped(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Escaped, Excerpt, Line, Sentence};

    #[test]
    fn long_texts_are_cut_between_characters() {
        let whole = "\u{e9}".repeat(1024);
        assert_eq!(Excerpt(&whole).to_string(), whole);
        assert_eq!(Excerpt(&format!("{whole}\u{e9}")).to_string(), format!("{whole}..."));
        assert_eq!(Sentence(&whole.repeat(3)).to_string(), whole.repeat(3));
        assert_eq!(Sentence(&whole.repeat(4)).to_string(), format!("{}...", whole.repeat(3)));
    }

    #[test]
    fn control_and_bidirectional_characters_are_escaped() {
        assert_eq!(Escaped("a\nb\u{202e}c\u{7f}").to_string(), "a\\nb\\u{202e}c\\u{7f}");
    }

    #[test]
    fn invisible_characters_are_escaped() {
        for c in
            ['\u{3164}', '\u{e0101}', '\u{115f}', '\u{34f}', '\u{fe0f}', '\u{2065}', '\u{ffa0}', '\u{2028}']
        {
            assert_eq!(Escaped(&c.to_string()).to_string(), format!("{}", c.escape_unicode()));
        }
        for seen in ["\u{e9}", "\u{4e2d}", "\u{1f600}", "\u{3163}", "\u{1161}", " ~"] {
            assert_eq!(Escaped(seen).to_string(), seen);
        }
    }

    #[test]
    fn no_line_is_a_command_to_a_log_reader() {
        for (text, shown) in [
            ("::set-output name=x::y", "\\u{3a}:set-output name=x::y"),
            ("  \u{3000}::stop-commands::t", "  \u{3000}\\u{3a}:stop-commands::t"),
            ("a\n::b::c", "a\\n::b::c"),
            ("x ##[error]y", "x \\u{23}#[error]y"),
            ("###[group]", "#\\u{23}#[group]"),
            ("##vso[task.setvariable]y", "\\u{23}#vso[task.setvariable]y"),
            ("## C++ [x] a::b", "## C++ [x] a::b"),
        ] {
            assert_eq!(Line(text).to_string(), shown);
        }
    }
}
