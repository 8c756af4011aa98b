//! Text from a wheel, made safe to show.

use std::fmt;
use std::fmt::Write as _;

/// Shows untrusted text with everything escaped that could move the cursor, hide or reorder other text, or not be seen
/// itself: see [`Escaped::hides`].
///
/// ```
/// use muslrepair::Escaped;
/// assert_eq!(Escaped("a\u{1b}[2Jb").to_string(), "a\\u{1b}[2Jb");
/// assert_eq!(Escaped("na\u{ef}ve/module.so").to_string(), "na\u{ef}ve/module.so");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'a>(pub &'a str);

impl Escaped<'_> {
    /// Whether a character is escaped: control characters, and those of Unicode that are not seen or that turn the
    /// direction of writing (`Default_Ignorable_Code_Point` and `Bidi_Control`), but for those that letters and pictures
    /// are composed with.
    #[must_use]
    pub fn hides(c: char) -> bool {
        c.is_control()
            || matches!(c,
                '\u{ad}' // soft hyphen
                | '\u{61c}' // Arabic letter mark
                | '\u{180e}' // Mongolian vowel separator
                | '\u{200b}'..='\u{200f}' // zero width, and left-to-right and right-to-left marks
                | '\u{2028}'..='\u{202e}' // separators and bidirectional embeddings
                | '\u{2060}'..='\u{206f}' // word joiner, bidirectional isolates, and what is deprecated
                | '\u{feff}' // byte order mark
                | '\u{fff9}'..='\u{fffb}' // interlinear annotations
                | '\u{e0000}'..='\u{e007f}') // tags
    }
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            if Self::hides(c) {
                write!(f, "{}", c.escape_default())?;
            } else {
                f.write_char(c)?;
            }
        }
        Ok(())
    }
}

/// The beginning of a text that a wheel may make as long as it likes, escaped. Member names are shown whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Excerpt<'a>(pub(super) &'a str);

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// The longest member name that is read unless told otherwise, in characters.
        const LONGEST: usize = 1024;
        match self.0.char_indices().nth(LONGEST) {
            Some((end, _)) => write!(f, "{}...", Escaped(self.0.get(..end).unwrap_or_default())),
            None => Escaped(self.0).fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Escaped, Excerpt};

    #[test]
    fn long_texts_are_cut_between_characters() {
        let whole = "\u{e9}".repeat(1024);
        assert_eq!(Excerpt(&whole).to_string(), whole);
        assert_eq!(Excerpt(&format!("{whole}\u{e9}")).to_string(), format!("{whole}..."));
    }

    #[test]
    fn control_and_bidirectional_characters_are_escaped() {
        assert_eq!(Escaped("a\nb\u{202e}c\u{7f}").to_string(), "a\\nb\\u{202e}c\\u{7f}");
    }
}
