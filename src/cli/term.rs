//! What reaches the terminal: results on standard output, everything else on standard error.

use std::io::{self, Write as _};

use anstyle::{AnsiColor, Style};
use muslrepair::Error;
use muslrepair::audit::{Finding, Severity};
use muslrepair::report::{self, Failure};
use muslrepair::{Escaped, Line};
use serde::Serialize;

use super::compat::OutputMode;
use super::exit::Exit;
use super::global::{Annotations, ColorWhen, Global};
use super::mistakes::Mistake;
use super::progress_line::{above, finish};
use super::usage::UsageError;

/// Why a command stops before it is done.
#[derive(Debug)]
pub(super) enum CliError {
    /// The call makes no sense.
    Usage(UsageError),
    /// Something else than a wheel failed; a complete message.
    Failure(String),
    /// Writing the result failed, and not because its reader went away: [`unless_gone`].
    Output(io::Error),
}

impl From<UsageError> for CliError {
    fn from(usage: UsageError) -> Self {
        Self::Usage(usage)
    }
}

impl From<Error> for CliError {
    fn from(error: Error) -> Self {
        Self::Failure(error.to_string())
    }
}

impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<serde_json::Error> for CliError {
    fn from(error: serde_json::Error) -> Self {
        Self::Output(io::Error::from(error))
    }
}

/// How much is said, and in whose words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terminal {
    verbosity: i16,
    mode: OutputMode,
    /// The module of auditwheel that would log what is said.
    module: &'static str,
    annotations: Option<Annotations>,
}

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();

impl Terminal {
    pub(super) fn new(global: &Global, mode: OutputMode, module: &'static str) -> Self {
        let choice = match global.color {
            ColorWhen::Auto => anstream::ColorChoice::Auto,
            ColorWhen::Always => anstream::ColorChoice::Always,
            ColorWhen::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
        let verbosity = if global.quiet { -1 } else { i16::from(global.verbose) };
        Self { verbosity, mode, module, annotations: global.annotations }
    }

    /// Whose words are used.
    pub(super) fn mode(self) -> OutputMode {
        self.mode
    }

    /// Whether more than usual is said.
    pub(super) fn is_verbose(self) -> bool {
        self.verbosity >= 1
    }

    /// Whether nothing but errors is said.
    pub(super) fn is_quiet(self) -> bool {
        self.verbosity < 0
    }

    /// A result, to standard output.
    pub(super) fn result(self, text: &str) -> Result<(), CliError> {
        let text: String = text.lines().map(|text| format!("{}\n", Line(text))).collect();
        let write = || {
            let mut out = anstream::stdout().lock();
            out.write_all(text.as_bytes()).and_then(|()| out.flush())
        };
        Ok(unless_gone(above(write))?)
    }

    /// A result in JSON, one document on one line.
    pub(super) fn document(self, value: &impl Serialize) -> Result<(), CliError> {
        self.result(&report::json_line(value)?)
    }

    /// A result in JSON that is laid out for reading.
    pub(super) fn indented_document(self, value: &impl Serialize) -> Result<(), CliError> {
        self.result(&report::json_indented(value)?)
    }

    /// A result that is no text about wheels: a script, a manual page.
    pub(super) fn bytes(self, bytes: &[u8]) -> Result<(), CliError> {
        let mut out = io::stdout().lock();
        Ok(unless_gone(out.write_all(bytes).and_then(|()| out.flush()))?)
    }

    /// Something that is said unless `--quiet`: one line.
    pub(super) fn info(self, text: &str) {
        self.say_lines(&Escaped(text).to_string());
    }

    /// The same in several lines, in which names are escaped.
    pub(super) fn say_lines(self, text: &str) {
        if self.verbosity >= 0 {
            self.lines("INFO", text);
        }
    }

    /// Something that is said with `--verbose`: one line.
    pub(super) fn debug(self, text: &str) {
        self.detail_lines(&Escaped(text).to_string());
    }

    /// The same in several lines, in which names are escaped.
    pub(super) fn detail_lines(self, text: &str) {
        if self.verbosity >= 1 {
            self.lines("DEBUG", text);
        }
    }

    /// A record of auditwheel's log that belongs to another module of it than the command.
    pub(super) fn log_record(self, (level, module, text): (&str, &'static str, String)) {
        if self.verbosity >= 0 {
            Self { module, ..self }.lines(level, &Escaped(&text).to_string());
        }
    }

    pub(super) fn warning(self, text: &str) {
        if self.verbosity < 0 {
            return;
        }
        match self.mode {
            OutputMode::Own => line(&format!("{WARNING}warning{WARNING:#}: {}", Line(text))),
            OutputMode::Auditwheel => self.lines("WARNING", &Escaped(text).to_string()),
        }
        self.annotate("warning", text, "");
    }

    /// An error without a wheel. In auditwheel's words it comes from the option parser.
    pub(super) fn error(self, text: &str) {
        self.error_line(text);
        self.annotate("error", text, "");
    }

    fn error_line(self, text: &str) {
        match self.mode {
            OutputMode::Own => line(&format!("{ERROR}error{ERROR:#}: {}", Line(text))),
            OutputMode::Auditwheel => line(&format!("auditwheel: error: {}", Line(&text.replace('`', "")))),
        }
    }

    /// The last words of a call that Ctrl-C ends.
    pub(super) fn interrupted(self, text: &str) {
        finish();
        line(text);
    }

    pub(super) fn hint(self, text: &str) {
        line(&format!("{HINT}hint{HINT:#}: {}", Line(text)));
    }

    fn hints(self, hints: &[String]) {
        hints.iter().for_each(|hint| self.hint(hint));
    }

    /// Annotates what was found in a wheel or tree and is printed elsewhere.
    pub(super) fn annotate_findings(self, subject: &str, findings: &[Finding]) {
        for finding in findings {
            let level = match finding.severity {
                Severity::Error => "error",
                Severity::Warning if !self.is_quiet() => "warning",
                Severity::Warning | Severity::Note => continue,
            };
            let lines: Vec<String> =
                std::iter::once(&finding.message).chain(&finding.details).cloned().collect();
            let title = format!("{subject}: {}", finding.code);
            self.annotate(level, &title, &annotated(&lines, finding.hint.as_slice()));
        }
    }

    /// An error about one wheel: what failed, why, and what to do.
    pub(super) fn wheel_error(self, action: &str, wheel: &str, failure: &Failure) {
        let title = format!("cannot {action} `{wheel}`");
        self.error_line(&title);
        for text in &failure.lines {
            line(&format!("  {}", Line(text)));
        }
        self.hints(&failure.hints);
        self.annotate("error", &title, &annotated(&failure.lines, &failure.hints));
    }

    /// Says why a command stopped.
    pub(super) fn stopped(self, stop: &CliError) -> Exit {
        match stop {
            CliError::Usage(UsageError { message, hint }) => {
                self.error_line(message);
                self.hints(hint.as_slice());
                self.annotate("error", message, &annotated(std::slice::from_ref(message), hint.as_slice()));
                Exit::Usage
            }
            CliError::Failure(message) => {
                self.error(message);
                Exit::Failure
            }
            CliError::Output(error) => {
                self.error(&format!("cannot write to standard output: {error}"));
                Exit::Failure
            }
        }
    }

    /// The exit status of a run whose wheels came to `exit`, after the last of its output was written or was not.
    pub(super) fn at_the_end(self, exit: Exit, output: Result<(), CliError>) -> Exit {
        output.map_or_else(|stop| exit.max(self.stopped(&stop)), |()| exit)
    }

    fn lines(self, level: &str, text: &str) {
        match self.mode {
            OutputMode::Own => text.lines().for_each(|text| line(&Line(text).to_string())),
            // A record may have several lines, of which only the first carries level and logger.
            OutputMode::Auditwheel => {
                let record = format!("{level}:auditwheel.{}:{text}", self.module);
                record.lines().for_each(|text| line(&Line(text).to_string()));
            }
        }
    }

    /// One workflow command. It is one line, and has its own escapes:
    /// <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>.
    fn annotate(self, level: &str, title: &str, text: &str) {
        if self.annotations.is_none() {
            return;
        }
        let data = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
        let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
        let title = Line(title).to_string();
        let lines: Vec<String> = text.lines().map(|text| Line(text).to_string()).collect();
        let text = if lines.is_empty() { title.clone() } else { lines.join("\n") };
        line(&format!("::{level} title={}::{}", property(&title), data(&text)));
    }
}

/// What writing came to. A reader that went away changes nothing but the output: what is left of the work is done, and
/// the exit status is the same.
pub(super) fn unless_gone(written: io::Result<()>) -> io::Result<()> {
    written.or_else(|error| if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) })
}

/// Lines and hints as the text of an annotation.
fn annotated(lines: &[String], hints: &[String]) -> String {
    let lines = lines.iter().map(|text| Escaped(text).to_string());
    let hints = hints.iter().map(|hint| format!("hint: {}", Escaped(hint)));
    lines.chain(hints).collect::<Vec<_>>().join("\n")
}

fn line(text: &str) {
    // Nobody is left to tell if standard error is gone.
    let _ = above(|| writeln!(anstream::stderr().lock(), "{text}"));
}

/// What is wrong with a call that cannot be understood.
pub(super) fn misused(error: clap::Error) {
    let Mistake { lines, hint } = Mistake::of(error);
    for (number, text) in lines.iter().enumerate() {
        match number {
            0 => line(&format!("{ERROR}error{ERROR:#}: {}", Line(text))),
            _ => line(&Line(text).to_string()),
        }
    }
    if let Some(hint) = hint {
        line(&format!("{HINT}hint{HINT:#}: {}", Line(&hint)));
    }
}
