//! Tables for people.

use super::styled::{StyledLine, StyledText, Tone};

/// A table with a header. The first cell of a row names its subject.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<(Tone, String)>>,
}

impl Table {
    /// A table without rows.
    pub(super) fn new(header: &[&'static str]) -> Self {
        Self { header: header.to_vec(), rows: Vec::new() }
    }

    /// Adds a row.
    pub(super) fn row(&mut self, cells: Vec<(Tone, String)>) {
        self.rows.push(cells);
    }

    /// The table for a terminal of this width, or as wide as necessary. If the columns do not fit side by
    /// side, each row becomes a paragraph: its first cell, followed by the others with the names of their
    /// columns.
    #[must_use]
    pub fn text(&self, width: Option<usize>) -> StyledText {
        let columns = self.columns();
        if width.is_some_and(|width| columns.last().is_some_and(|(start, length)| start + length > width)) {
            return self.paragraphs();
        }
        let mut text = StyledText::default();
        let header: Vec<(Tone, String)> =
            self.header.iter().map(|name| (Tone::Faint, (*name).to_owned())).collect();
        for row in std::iter::once(&header).chain(&self.rows) {
            let cells = row.iter().zip(&columns);
            text.add(cells.fold(StyledLine::default(), |line, ((tone, cell), (start, _))| {
                line.column(*start).piece(*tone, cell)
            }));
        }
        text
    }

    /// The start and the width of each column.
    fn columns(&self) -> Vec<(usize, usize)> {
        let mut start = 0;
        let columns = self.header.iter().enumerate().map(|(number, name)| {
            let cells = self.rows.iter().filter_map(|row| row.get(number));
            let widths = cells.map(|(tone, cell)| StyledLine::default().piece(*tone, cell).width());
            let width = widths.chain([name.len()]).max().unwrap_or_default();
            let column = (start, width);
            start += width + 2;
            column
        });
        columns.collect()
    }

    fn paragraphs(&self) -> StyledText {
        let mut text = StyledText::default();
        for row in &self.rows {
            let mut cells = row.iter().zip(&self.header).filter(|((_, cell), _)| !cell.is_empty());
            if let Some(((tone, cell), _)) = cells.next() {
                text.add(StyledLine::default().piece(*tone, cell));
            }
            let mut line = StyledLine::default().hanging(2);
            for (number, ((tone, cell), name)) in cells.enumerate() {
                line = line.plain(if number == 0 { "  " } else { ", " });
                line = line.piece(Tone::Faint, format!("{} ", name.to_lowercase())).piece(*tone, cell);
            }
            text.add(line);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::{Table, Tone};

    #[test]
    fn a_table_that_does_not_fit_becomes_paragraphs() {
        let mut table = Table::new(&["WHEEL", "TAG"]);
        table.row(vec![(Tone::Plain, "six".to_owned()), (Tone::Plain, "any".to_owned())]);
        table.row(vec![(Tone::Plain, "numpy".to_owned()), (Tone::Plain, "linux".to_owned())]);
        let wide = "WHEEL  TAG\nsix    any\nnumpy  linux\n";
        assert_eq!(table.text(None).to_string(), wide);
        assert_eq!(table.text(Some(12)).to_string(), wide);
        assert_eq!(table.text(Some(11)).to_string(), "six\n  tag any\nnumpy\n  tag linux\n");
    }
}
