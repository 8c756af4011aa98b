//! The table of findings in `docs/musl.md`, from the list in `src/policy/findings.rs`.

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result, bail};

use crate::process::root;

pub(super) const PATH: &str = "docs/musl.md";
const SOURCE: &str = "src/policy/findings.rs";
const BEGIN: &str = "<!-- findings: made by `cargo xtask codegen` -->\n";
const END: &str = "<!-- end of findings -->\n";

/// The page with its table made anew; everything around the table stays.
pub(super) fn generate() -> Result<String> {
    let page = fs::read_to_string(root().join(PATH)).with_context(|| format!("cannot read {PATH}"))?;
    let (before, rest) =
        page.split_once(BEGIN).with_context(|| format!("{PATH} has no `{}`", BEGIN.trim()))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("{PATH} has no `{}`", END.trim()))?;
    let source = fs::read_to_string(root().join(SOURCE)).with_context(|| format!("cannot read {SOURCE}"))?;
    Ok(format!("{before}{BEGIN}{}{END}{after}", table(&source)?))
}

/// One row for each line of the `codes!` list: `Variant "code" Severity "meaning",`.
fn table(source: &str) -> Result<String> {
    let (_, list) = source.split_once("\ncodes! {\n").context("no `codes!` list")?;
    let (list, _) = list.split_once("\n}\n").context("the `codes!` list does not end")?;
    let mut table = "| code | severity | meaning |\n|---|---|---|\n".to_owned();
    for line in list.lines() {
        let parts: Vec<&str> = line.splitn(5, '"').collect();
        let [_, code, severity, meaning, _] = parts[..] else { bail!("cannot read `{line}`") };
        writeln!(table, "| `{code}` | {} | {meaning} |", severity.trim().to_lowercase())?;
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn every_line_is_a_row() {
        let source = "x\ncodes! {\n    A \"a-b\" Error \"It is bad.\",\n    B \"b\" Note \"Fine.\",\n}\n";
        let rows: Vec<String> = table(source).unwrap().lines().skip(2).map(str::to_owned).collect();
        assert_eq!(rows, ["| `a-b` | error | It is bad. |", "| `b` | note | Fine. |"]);
    }
}
