//! The text of `needs --why`.

use std::collections::BTreeMap;

use super::styled::{StyledLine, StyledText, Tone, column_width};

/// The libraries to install, each with the modules that need it: one line per module, and only the first few
/// unless `all`.
#[must_use]
pub fn needs_text(needs: &BTreeMap<&str, Vec<String>>, all: bool) -> StyledText {
    /// Enough to show what kind of modules need it.
    const MOST: usize = 4;
    let column = column_width(needs.keys().map(|need| (*need).to_owned())) + 2;
    let mut text = StyledText::default();
    for (need, modules) in needs {
        let shown = if all { modules.len() } else { MOST };
        for (number, module) in modules.iter().take(shown.max(1)).enumerate() {
            let line = StyledLine::default().plain(if number == 0 { need } else { "" });
            text.add(line.column(column).piece(Tone::Faint, module).hanging(column + 2));
        }
        if modules.is_empty() {
            text.add(StyledLine::default().plain(need));
        }
        if modules.len() > shown {
            let more = format!("and {} more (all with --verbose)", modules.len() - shown);
            text.add(StyledLine::default().column(column).piece(Tone::Faint, more).hanging(column + 2));
        }
    }
    text
}
