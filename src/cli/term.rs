//! What reaches the terminal: results on standard output, everything else on standard error.

use std::io::{self, Write as _};

use anstyle::{AnsiColor, Style};
use muslrepair::Error;

use super::{Exit, Global};

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum ColorWhen {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Writing the result failed.
#[derive(Debug)]
pub(super) struct OutputError(io::Error);

impl From<io::Error> for OutputError {
    fn from(error: io::Error) -> Self {
        Self(error)
    }
}

impl From<serde_json::Error> for OutputError {
    fn from(error: serde_json::Error) -> Self {
        Self(io::Error::from(error))
    }
}

/// How much is said.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terminal {
    verbosity: i16,
}

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();

impl Terminal {
    pub(super) fn new(global: &Global) -> Self {
        let choice = match global.color {
            ColorWhen::Auto => anstream::ColorChoice::Auto,
            ColorWhen::Always => anstream::ColorChoice::Always,
            ColorWhen::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
        let verbosity = if global.quiet { -1 } else { i16::from(global.verbose) };
        Self { verbosity }
    }

    /// A result, to standard output.
    pub(super) fn result(self, text: &str) -> Result<(), OutputError> {
        let mut out = anstream::stdout().lock();
        out.write_all(safe(text).as_bytes())?;
        if !text.ends_with('\n') {
            out.write_all(b"\n")?;
        }
        Ok(out.flush()?)
    }

    /// Something that is said unless `--quiet`.
    pub(super) fn say(self, text: &str) {
        if self.verbosity >= 0 {
            line(text);
        }
    }

    /// Something that is said with `--verbose`.
    pub(super) fn detail(self, text: &str) {
        if self.verbosity >= 1 {
            text.lines().for_each(line);
        }
    }

    pub(super) fn warning(self, text: &str) {
        if self.verbosity >= 0 {
            line(&format!("{WARNING}warning{WARNING:#}: {}", safe(text)));
        }
    }

    pub(super) fn error(self, text: &str) {
        line(&format!("{ERROR}error{ERROR:#}: {}", safe(text)));
    }

    pub(super) fn hint(self, text: &str) {
        line(&format!("{HINT}hint{HINT:#}: {}", safe(text)));
    }

    /// An error about one wheel: what failed, why, and what to do.
    pub(super) fn wheel_error(self, action: &str, wheel: &str, error: &Error) {
        self.error(&format!("cannot {action} `{wheel}`"));
        for text in error.lines() {
            line(&format!("  {}", safe(&text)));
        }
        for hint in error.hints() {
            self.hint(&hint);
        }
    }

    /// Standard output could not be written. A reader that went away is no failure.
    pub(super) fn output_failed(self, error: &OutputError) -> Exit {
        if error.0.kind() == io::ErrorKind::BrokenPipe {
            return Exit::Success;
        }
        self.error(&format!("cannot write to standard output: {}", error.0));
        Exit::Failure
    }
}

fn line(text: &str) {
    // Nobody is left to tell if standard error is gone.
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Names come from wheels and file systems of strangers: control characters are shown, not sent.
fn safe(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() && c != '\n' { safe.extend(c.escape_default()) } else { safe.push(c) }
    }
    safe
}
