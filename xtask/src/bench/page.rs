//! Pages of `docs/`: prose by hand, tables by command, between two lines of comment.

use std::fs;

use anyhow::{Context, Result};

use crate::process::root;

pub const PATCHER: &str = "docs/patcher.md";
pub const PERFORMANCE: &str = "docs/performance.md";

/// Puts a table where the page has one of that name.
pub fn write(path: &str, name: &str, table: &str) -> Result<()> {
    let file = root().join(path);
    let page = fs::read_to_string(&file).with_context(|| format!("cannot read {path}"))?;
    fs::write(&file, replaced(&page, name, table).with_context(|| path.to_owned())?)?;
    println!("wrote the table `{name}` of {path}");
    Ok(())
}

fn replaced(page: &str, name: &str, table: &str) -> Result<String> {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
    let absent = || format!("there is no `{}`", begin.trim());
    let (before, rest) = page.split_once(&begin).with_context(absent)?;
    let (_, after) = rest.split_once(&end).with_context(absent)?;
    Ok(format!("{before}{begin}\n{}\n\n{end}{after}", table.trim()))
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

#[cfg(test)]
mod tests {
    use super::{number, replaced};

    #[test]
    fn only_the_named_table_changes() {
        let page = "a\n<!-- x -->\nold\n<!-- end of x -->\nb\n<!-- y -->\n<!-- end of y -->\n";
        let wanted = page.replace("old", "\nnew\n");
        assert_eq!(replaced(page, "x", "new\n").unwrap(), wanted);
        assert!(replaced(page, "z", "").is_err());
    }

    #[test]
    fn numbers_to_read() {
        let texts = [0, 7, -999, 1000, -1_234_567].map(number);
        assert_eq!(texts, ["0", "7", "-999", "1,000", "-1,234,567"]);
    }
}
