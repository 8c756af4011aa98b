//! Pages of `docs/` that a command writes, either completely or between two comment lines.

use std::fmt::Display;
use std::fs;

use anyhow::{Context, Result};

use crate::process::root;

pub const PATCHER: &str = "docs/patcher.md";
pub const PERFORMANCE: &str = "docs/performance.md";

/// Writes a generated file if it has changed.
pub fn write(path: &str, text: &str) -> Result<()> {
    let file = root().join(path);
    if !fs::read_to_string(&file).is_ok_and(|found| found == text) {
        fs::write(&file, text).with_context(|| format!("cannot write {path}"))?;
        println!("wrote {path}");
    }
    Ok(())
}

/// Replaces the table with this name on a page.
pub fn replace(path: &str, name: &str, table: &str) -> Result<()> {
    let page = fs::read_to_string(root().join(path)).with_context(|| format!("cannot read {path}"))?;
    write(path, &replaced(&page, name, table).with_context(|| path.to_owned())?)
}

fn replaced(page: &str, name: &str, table: &str) -> Result<String> {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
    let absent = || format!("there is no `{}`", begin.trim());
    let (before, rest) = page.split_once(&begin).with_context(absent)?;
    let (_, after) = rest.split_once(&end).with_context(absent)?;
    Ok(format!("{before}{begin}\n{}\n\n{end}{after}", table.trim()))
}

/// A Markdown table. Columns whose heading begins with `>` are aligned to the right.
pub struct Table(String);

impl Table {
    pub fn new(headings: &str) -> Self {
        let headings: Vec<&str> = headings.split('|').map(str::trim).collect();
        let lines = headings.iter().map(|heading| if heading.starts_with('>') { "--:" } else { "---" });
        let mut table = Self(String::new());
        let lines: Vec<&str> = lines.collect();
        table.row(&headings.iter().map(|heading| heading.trim_start_matches('>')).collect::<Vec<_>>());
        table.0.push_str(&format!("|{}|\n", lines.join("|")));
        table
    }

    pub fn row<T: Display>(&mut self, cells: &[T]) {
        for cell in cells {
            self.0.push_str(&format!("| {cell} "));
        }
        self.0.push_str("|\n");
    }

    pub fn finish(self) -> String {
        self.0
    }
}

/// `1,234,567`.
pub fn number(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut text = if value < 0 { "-".to_owned() } else { String::new() };
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `36.2`, of bytes.
pub fn megabytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::{Table, number, replaced};

    #[test]
    fn only_the_named_table_changes() {
        let page = "a\n<!-- x -->\nold\n<!-- end of x -->\nb\n<!-- y -->\n<!-- end of y -->\n";
        let wanted = page.replace("old", "\nnew\n");
        assert_eq!(replaced(page, "x", "new\n").unwrap(), wanted);
        assert!(replaced(page, "z", "").is_err());
    }

    #[test]
    fn tables_and_numbers_to_read() {
        let mut table = Table::new("name | >count");
        table.row(&["a".to_owned(), number(-1_234_567)]);
        assert_eq!(table.finish(), "| name | count |\n|---|--:|\n| a | -1,234,567 |\n");
        assert_eq!([0, 999, 1000].map(number), ["0", "999", "1,000"]);
    }
}
