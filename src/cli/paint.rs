//! Prints results for people, in colour and fitted to the width of the terminal.

use std::io::Write as _;

use anstyle::{AnsiColor, Style};
use muslrepair::report::{StyledText, Table, Tone};
use terminal_size::{Width, terminal_size_of};

use super::progress_line::above;
use super::term::{CliError, Terminal, unless_gone};

/// The style of a tone. anstream removes it if colours are off.
fn style(tone: Tone) -> Style {
    match tone {
        Tone::Plain => Style::new(),
        Tone::Good => AnsiColor::Green.on_default(),
        Tone::Warning => AnsiColor::Yellow.on_default().bold(),
        Tone::Error => AnsiColor::Red.on_default().bold(),
        Tone::Hint => AnsiColor::Cyan.on_default().bold(),
        Tone::Faint => Style::new().dimmed(),
    }
}

fn painted(text: &StyledText) -> String {
    let mut painted = String::new();
    for line in text.lines() {
        for (tone, piece) in line.pieces() {
            let style = style(tone);
            painted.push_str(&format!("{style}{piece}{style:#}"));
        }
        painted.push('\n');
    }
    painted
}

/// The text for a stream, wrapped to the width of its terminal.
fn fitted(text: StyledText, width: Option<(Width, terminal_size::Height)>) -> String {
    painted(&match width {
        Some((Width(width), _)) => text.fitted(usize::from(width)),
        None => text,
    })
}

impl Terminal {
    /// Prints a result for people to standard output.
    pub(super) fn print(self, text: StyledText) -> Result<(), CliError> {
        let text = fitted(text, terminal_size_of(std::io::stdout()));
        let written = above(|| {
            let mut out = anstream::stdout().lock();
            out.write_all(text.as_bytes()).and_then(|()| out.flush())
        });
        Ok(unless_gone(written)?)
    }

    /// Prints a table to standard output.
    pub(super) fn print_table(self, table: &Table) -> Result<(), CliError> {
        let width = terminal_size_of(std::io::stdout()).map(|(Width(width), _)| usize::from(width));
        self.print(table.text(width))
    }

    /// Prints a message about the work to standard error.
    pub(super) fn say(self, text: StyledText) {
        let text = fitted(text, terminal_size_of(std::io::stderr()));
        // If standard error is closed, there is nowhere to report that.
        let _ = above(|| anstream::stderr().lock().write_all(text.as_bytes()));
    }
}
