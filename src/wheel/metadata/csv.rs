//! One line of a CSV file.

use std::borrow::Cow;

use super::record_rule::RecordRule;

/// Splits one line by RFC 4180. Python's `csv` module would also accept text after a closing quote.
pub(super) fn split_csv(line: &str) -> Result<[Cow<'_, str>; 3], RecordRule> {
    let mut fields = <[Cow<'_, str>; 3]>::default();
    let mut count = 0;
    let mut rest = Some(line);
    while let Some(text) = rest {
        let (field, after) = match text.strip_prefix('"') {
            Some(quoted) => quoted_field(quoted)?,
            None => match text.split_once(',') {
                Some((field, after)) => (field.into(), Some(after)),
                None => (text.into(), None),
            },
        };
        if let Some(place) = fields.get_mut(count) {
            *place = field;
        }
        count += 1;
        rest = after;
    }
    if count == fields.len() { Ok(fields) } else { Err(RecordRule::Fields(count)) }
}

/// Reads up to the closing quote and the comma that follows.
fn quoted_field(text: &str) -> Result<(Cow<'_, str>, Option<&str>), RecordRule> {
    let mut field = String::new();
    let mut rest = text;
    loop {
        let (part, after) = rest.split_once('"').ok_or(RecordRule::Quote)?;
        field.push_str(part);
        if let Some(after) = after.strip_prefix('"') {
            field.push('"');
            rest = after;
        } else if after.is_empty() {
            return Ok((field.into(), None));
        } else {
            let after = after.strip_prefix(',').ok_or(RecordRule::Quote)?;
            return Ok((field.into(), Some(after)));
        }
    }
}
