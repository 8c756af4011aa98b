//! A terminal of the tests' own, and what it shows.

use crate::support::sandbox::{Sandbox, without_time};
use crate::support::terminal::Terminal;

/// Runs the program with a terminal of this width as standard output and standard error. What differs from run to run is
/// replaced: the directory, and the time that it took.
pub(super) fn run(sandbox: &Sandbox, columns: u16, arguments: &[&str]) -> String {
    let (terminal, shown) = Terminal::open(columns);
    let mut command = sandbox.command();
    command.args(arguments).stdout(terminal.output()).stderr(terminal.output());
    let mut child = command.spawn().unwrap();
    drop((command, terminal));
    child.wait().unwrap();
    let directory = sandbox.path().canonicalize().unwrap();
    let seen = String::from_utf8(shown.bytes()).unwrap().replace("\r\n", "\n");
    without_time(&seen.replace(directory.to_str().unwrap(), "⟨sandbox⟩"))
}

/// The text without sequences of a terminal.
pub(super) fn without_colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    first + &parts.map(|part| part.split_once('m').unwrap().1).collect::<String>()
}

/// The text with the names of colours in place of their sequences, to be read in a snapshot.
pub(super) fn named(text: &str) -> String {
    let mut text = text.to_owned();
    for (sequence, name) in [
        ("\u{1b}[0m", "⟨/⟩"),
        ("\u{1b}[1m", "⟨bold⟩"),
        ("\u{1b}[2m", "⟨dim⟩"),
        ("\u{1b}[31m", "⟨red⟩"),
        ("\u{1b}[32m", "⟨green⟩"),
        ("\u{1b}[33m", "⟨yellow⟩"),
        ("\u{1b}[36m", "⟨cyan⟩"),
    ] {
        text = text.replace(sequence, name);
    }
    assert!(!text.contains('\u{1b}'), "{text:?}");
    text
}
