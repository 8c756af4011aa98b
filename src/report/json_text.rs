//! JSON text that is safe to display anywhere, whatever names it contains.

use std::fmt::Write as _;

use serde::Serialize;

use crate::escaped::{Escaped, Line};

/// A value as JSON text on one line.
///
/// # Errors
///
/// If the value cannot be expressed in JSON, which is the case for no value of this library.
pub fn json_line(value: &impl Serialize) -> Result<String, serde_json::Error> {
    serde_json::to_string(value).map(safe)
}

/// A value as JSON text, indented with two spaces for each level.
///
/// # Errors
///
/// If the value cannot be expressed in JSON, which is the case for no value of this library.
pub fn json_indented(value: &impl Serialize) -> Result<String, serde_json::Error> {
    indented(value, "  ")
}

/// A value as JSON text with this indentation.
fn indented(value: &impl Serialize, indent: &str) -> Result<String, serde_json::Error> {
    let mut bytes = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(indent.as_bytes());
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, formatter))?;
    Ok(safe(String::from_utf8_lossy(&bytes).into_owned()))
}

/// With four spaces of indentation, as auditwheel prints it.
pub(super) fn render(value: &impl Serialize) -> String {
    // Strings, booleans and maps with string keys can always be serialised.
    indented(value, "    ").unwrap_or_default()
}

/// JSON text in which no name can do harm when displayed. Outside strings there are no special characters
/// except line feeds, and inside strings line feeds are escaped: every other special character becomes its
/// JSON escape (RFC 8259, section 7). The start of a CI command is escaped too.
fn safe(text: String) -> String {
    let hidden = |c: char| c != '\n' && Escaped::hides(c);
    if !text.contains(hidden) && !text.contains("##") {
        return text;
    }
    let mut safe = String::with_capacity(text.len());
    for (place, c) in text.char_indices() {
        let is_command = || c == '#' && text.get(place..).is_some_and(Line::is_command);
        if !hidden(c) && !is_command() {
            safe.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            let _ = write!(safe, "\\u{unit:04x}");
        }
    }
    safe
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn whatever_a_name_holds_json_is_json_and_shows_nothing_hidden() {
        let all: String = (char::MIN..=char::MAX).filter(|c| Escaped::hides(*c)).collect();
        let all = all + "##[error]##vso[task]";
        let value = serde_json::json!({ "name": format!("a{all}\"\\\u{e9}\u{1f600}"), "list": [1, [], {}] });
        for text in [json_line(&value).unwrap(), json_indented(&value).unwrap()] {
            assert!(!text.chars().any(|c| c != '\n' && Escaped::hides(c)), "{text:?}");
            assert!(!text.contains("##"), "{text:?}");
            assert!(text.contains("\u{e9}\u{1f600}") && text.contains("\\udb40\\udc01"), "{text:?}");
            assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        }
        assert!(!json_line(&value).unwrap().contains('\n'));
    }
}
