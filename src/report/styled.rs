//! Text for people: pieces with a meaning, which a terminal may show in colour, and lines that fit its width.

use std::fmt;

use unicode_width::UnicodeWidthStr as _;

use crate::escaped::{Line, Sentence};

/// The meaning of a piece of text. A terminal may show it in a colour; the words alone say the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Ordinary text.
    #[default]
    Plain,
    /// Something is as it should be.
    Good,
    /// Something can go wrong.
    Warning,
    /// Something does not work.
    Error,
    /// What to do next.
    Hint,
    /// Evidence, which most readers skip.
    Faint,
}

/// One line of text. Names in it are escaped, and overlong text is cut.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StyledLine {
    pieces: Vec<(Tone, String)>,
    /// The column at which the line continues if it is wrapped.
    hang: usize,
    /// The number of pieces before the text that is cut instead of wrapped, if any.
    cut: Option<usize>,
}

impl StyledLine {
    /// The pieces of the line, in order.
    pub fn pieces(&self) -> impl Iterator<Item = (Tone, &str)> {
        self.pieces.iter().map(|(tone, text)| (*tone, text.as_str()))
    }

    /// The same line with ordinary text appended.
    #[must_use]
    pub(super) fn plain(self, text: impl fmt::Display) -> Self {
        self.piece(Tone::Plain, text)
    }

    /// The same line with a piece of text appended.
    #[must_use]
    pub(super) fn piece(mut self, tone: Tone, text: impl fmt::Display) -> Self {
        let text = Sentence(&text.to_string()).to_string();
        if !text.is_empty() {
            self.pieces.push((tone, text));
        }
        self
    }

    /// The same line with blanks up to a column, at least two if there is text already.
    #[must_use]
    pub(super) fn column(self, column: usize) -> Self {
        let least = if self.pieces.is_empty() { 0 } else { 2 };
        let blanks = column.saturating_sub(self.width()).max(least);
        self.plain(" ".repeat(blanks))
    }

    /// The same line, continued at this column when wrapped.
    #[must_use]
    pub(super) fn hanging(mut self, column: usize) -> Self {
        self.hang = column;
        self
    }

    /// The same line; what follows is cut at the edge of the terminal, because it is printed elsewhere too.
    #[must_use]
    pub(super) fn cut_from_here(mut self) -> Self {
        self.cut = Some(self.pieces.len());
        self
    }

    /// The number of columns of the line.
    pub(super) fn width(&self) -> usize {
        self.pieces.iter().map(|(_, text)| text.width()).sum()
    }

    /// The same line without blanks at its end, and safe from being read as a CI command.
    fn finished(mut self) -> Self {
        while let Some((_, text)) = self.pieces.last_mut() {
            text.truncate(text.trim_end().len());
            if !text.is_empty() {
                break;
            }
            self.pieces.pop();
        }
        let text = self.to_string();
        let safe = Line(&text).to_string();
        if safe != text {
            self.pieces = vec![(Tone::Plain, safe)];
        }
        self
    }

    /// The words of the line, each with the number of blanks before it.
    fn words(&self) -> Vec<(usize, Vec<(Tone, String)>)> {
        let mut words: Vec<(usize, Vec<(Tone, String)>)> = Vec::new();
        let mut blanks = 0;
        let mut within = false;
        for (tone, text) in self.pieces() {
            for (number, part) in text.split(' ').enumerate() {
                if number > 0 {
                    blanks += 1;
                    within = false;
                }
                if part.is_empty() {
                    continue;
                }
                let piece = (tone, part.to_owned());
                match words.last_mut().filter(|_| within) {
                    Some((_, pieces)) => pieces.push(piece),
                    None => words.push((std::mem::take(&mut blanks), vec![piece])),
                }
                within = true;
            }
        }
        words
    }

    /// The line wrapped to this width. Words are not split, so that names can be copied.
    fn wrapped(self, width: usize) -> Vec<Self> {
        let hang = self.hang.min(width / 2);
        let mut lines = vec![Self::default()];
        for (blanks, word) in self.words() {
            let taken: usize = word.iter().map(|(_, text)| text.width()).sum();
            let column = lines.last().map_or(0, Self::width);
            if column > hang && column + blanks + taken > width {
                lines.push(Self::default().plain(" ".repeat(hang)));
            } else if let Some(line) = lines.last_mut() {
                line.pieces.extend((blanks > 0).then(|| (Tone::Plain, " ".repeat(blanks))));
            }
            if let Some(line) = lines.last_mut() {
                line.pieces.extend(word);
            }
        }
        lines
    }

    /// The line with its end cut. If hardly anything of the end would remain, the end gets its own line.
    fn shortened(mut self, head: usize, width: usize) -> Vec<Self> {
        /// The shortest end worth reading.
        const LEAST: usize = 24;
        let tail = self.pieces.split_off(head.min(self.pieces.len()));
        if self.hang > 0 && self.width() + LEAST > width {
            let mut second = Self::default().plain(" ".repeat(self.hang));
            second.pieces.extend(tail);
            return vec![self, second.truncated(width)];
        }
        self.pieces.extend(tail);
        vec![self.truncated(width)]
    }

    /// The part of the line that fits, and an ellipsis.
    fn truncated(self, width: usize) -> Self {
        if self.width() <= width {
            return self;
        }
        let mut left = width.saturating_sub(1);
        let mut line = Self::default();
        for (tone, text) in self.pieces {
            let end = (text.char_indices().map(|(place, _)| place).chain([text.len()]))
                .take_while(|end| text.get(..*end).is_some_and(|text| text.width() <= left))
                .last()
                .unwrap_or_default();
            let fits = end == text.len();
            left -= text.get(..end).map_or(0, |text| text.width());
            line.pieces.push((tone, text.get(..end).unwrap_or_default().to_owned()));
            if !fits {
                break;
            }
        }
        line.pieces.push((Tone::Plain, "…".to_owned()));
        line
    }
}

impl fmt::Display for StyledLine {
    /// The text without styles.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pieces.iter().try_for_each(|(_, text)| f.write_str(text))
    }
}

/// The width of a column with these texts: that of the longest, unless it is so long that other texts would
/// be far from the next column.
#[must_use]
pub fn column_width(texts: impl IntoIterator<Item = String>) -> usize {
    /// The length of most names of wheels, in columns.
    const LONGEST: usize = 80;
    texts.into_iter().map(|text| text.width()).filter(|width| *width <= LONGEST).max().unwrap_or_default()
}

/// Several lines of text for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StyledText {
    lines: Vec<StyledLine>,
}

impl StyledText {
    /// The lines, in order.
    pub fn lines(&self) -> impl Iterator<Item = &StyledLine> {
        self.lines.iter()
    }

    /// Whether there are no lines.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Adds a line.
    pub(super) fn add(&mut self, line: StyledLine) {
        self.lines.push(line.finished());
    }

    /// Adds the lines of another text.
    pub(super) fn extend(&mut self, text: Self) {
        self.lines.extend(text.lines);
    }

    /// The same text after an empty line.
    #[must_use]
    pub fn after_blank(mut self) -> Self {
        self.lines.insert(0, StyledLine::default());
        self
    }

    /// The same text for a terminal with this many columns: longer lines are wrapped between words.
    #[must_use]
    pub fn fitted(self, width: usize) -> Self {
        let mut fitted = Self::default();
        for line in self.lines {
            let lines = match line.cut {
                _ if line.width() <= width => vec![line],
                Some(head) => line.shortened(head, width),
                None => line.wrapped(width),
            };
            lines.into_iter().for_each(|line| fitted.add(line));
        }
        fitted
    }
}

impl fmt::Display for StyledText {
    /// The text without styles, with a line feed after each line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

#[cfg(test)]
mod tests {
    use super::{StyledLine, StyledText, Tone};

    fn text(lines: impl IntoIterator<Item = StyledLine>) -> StyledText {
        let mut text = StyledText::default();
        lines.into_iter().for_each(|line| text.add(line));
        text
    }

    #[test]
    fn long_lines_go_on_under_their_text_and_words_stay_whole() {
        let line = StyledLine::default().piece(Tone::Error, "failed").column(8).plain("one.whl").column(20);
        let line = line.plain("a reason of several words").hanging(8);
        let lines = "failed  one.whl\n        a reason of\n        several\n        words\n";
        assert_eq!(text([line.clone()]).fitted(20).to_string(), lines);
        assert_eq!(text([line.clone()]).fitted(80).to_string(), text([line]).to_string());
        let name = "a-name-that-is-longer-than-the-terminal.whl";
        assert_eq!(text([StyledLine::default().plain(name)]).fitted(20).to_string(), format!("{name}\n"));
    }

    #[test]
    fn a_line_that_is_cut_is_as_wide_as_the_terminal() {
        let line = StyledLine::default().plain("ok").column(4).cut_from_here();
        let line = line.piece(Tone::Faint, "\u{4e2d}\u{6587}abc");
        assert_eq!(text([line.clone()]).fitted(8).to_string(), "ok  \u{4e2d}…\n");
        assert_eq!(text([line.clone()]).fitted(11).to_string(), "ok  \u{4e2d}\u{6587}abc\n");
        assert_eq!(text([line.hanging(2)]).fitted(8).to_string(), "ok\n  \u{4e2d}\u{6587}a…\n");
    }

    #[test]
    fn no_line_moves_the_cursor_or_is_a_command_wherever_it_is_divided() {
        let line = StyledLine::default().piece(Tone::Good, "a\u{1b}[2J").plain(" b ::error::c");
        assert_eq!(text([line.clone()]).to_string(), "a\\u{1b}[2J b ::error::c\n");
        assert!(text([line]).fitted(13).to_string().contains("\n\\u{3a}:error::c\n"));
    }
}
