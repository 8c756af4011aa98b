//! Documentation that the program prints: `docs/cli.md`, `docs/rules.md`, and the codes of rules in the JSON
//! Schema.

use std::fs;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process::{cargo, output, root};

pub(super) const SCHEMA: &str = "docs/schema/muslrepair-1.json";
const BEGIN: &str = "    \"code\": {\n";
const END: &str = "\n    },\n";

pub(super) fn command_line() -> Result<String> {
    page("cli")
}

pub(super) fn rules() -> Result<String> {
    page("rules")
}

fn page(name: &str) -> Result<String> {
    let text = printed(&["reference", name])?;
    if !text.starts_with("# ") {
        bail!("`muslrepair reference {name}` prints no Markdown");
    }
    Ok(text)
}

/// The schema with a new list of codes; everything else stays.
pub(super) fn schema() -> Result<String> {
    let rules: Value = serde_json::from_str(&printed(&["explain", "--format", "json"])?)?;
    let rules = rules["rules"].as_array().context("`explain` lists no rules")?;
    let codes: Vec<&str> = rules.iter().filter_map(|rule| rule["code"].as_str()).collect();
    let schema = fs::read_to_string(root().join(SCHEMA)).with_context(|| format!("cannot read {SCHEMA}"))?;
    with_codes(&schema, &codes).with_context(|| format!("{SCHEMA} has no definition of `code`"))
}

fn with_codes(schema: &str, codes: &[&str]) -> Option<String> {
    let (before, rest) = schema.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    let lines: Vec<String> = codes.iter().map(|code| format!("        \"{code}\"")).collect();
    let description = "What is wrong, by a name that does not change: `muslrepair explain` and docs/rules.md have each. New ones may be added.";
    Some(format!(
        "{before}{BEGIN}      \"description\": \"{description}\",\n      \"enum\": [\n{}\n      ]{END}{after}",
        lines.join(",\n")
    ))
}

fn printed(arguments: &[&str]) -> Result<String> {
    let mut run = cargo();
    run.args(["run", "--quiet", "--package", "muslrepair", "--"]).args(arguments);
    output(&mut run)
}

#[cfg(test)]
mod tests {
    use super::{BEGIN, END, with_codes};

    #[test]
    fn the_codes_are_replaced_and_the_rest_of_the_schema_stays() {
        let made = with_codes(&format!("{{\n{BEGIN}old{END}rest\n"), &["a-b", "c"]).unwrap();
        assert!(made.starts_with("{\n    \"code\": {\n      \"description\": "), "{made}");
        assert!(
            made.ends_with("\"enum\": [\n        \"a-b\",\n        \"c\"\n      ]\n    },\nrest\n"),
            "{made}"
        );
        assert_eq!(with_codes(&made, &["a-b", "c"]).unwrap(), made);
        assert!(with_codes("{}", &["a"]).is_none());
    }
}
