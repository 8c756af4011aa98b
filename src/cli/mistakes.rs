//! Calls that cannot be understood: what is wrong with them, and what was probably meant.

use std::path::Path;

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use muslrepair::Escaped;

use super::manual;

/// What is wrong with a call, a line for each thing, and what to do.
pub(super) struct Mistake {
    pub(super) lines: Vec<String>,
    pub(super) hint: Option<String>,
}

impl Mistake {
    /// Reads an error of the parser. Names of options and files may come from a pattern of the shell, so they are escaped.
    pub(super) fn of(mut error: Error) -> Self {
        let hint = hint(&error);
        escape(&mut error);
        let text = error.render().to_string();
        // The error ends where the advice begins, which is ours.
        let lines = text.lines().take_while(|line| {
            !line.starts_with("Usage: ")
                && !line.trim_start().starts_with("tip: ")
                && !line.starts_with("For more")
        });
        let lines: Vec<String> =
            lines.filter(|line| !line.trim().is_empty()).map(|line| line.trim_end().to_owned()).collect();
        let lines = match error.kind() {
            ErrorKind::MissingRequiredArgument => vec![missing(&error)],
            _ => lines,
        };
        let lines = lines.into_iter().map(|line| line.strip_prefix("error: ").unwrap_or(&line).to_owned());
        Self { lines: lines.collect(), hint }
    }
}

/// The required arguments that were not given, which are all that some command works on.
fn missing(error: &Error) -> String {
    match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::Strings(names)) => {
            let names: Vec<&str> = names.iter().map(|name| name.trim_end_matches("...")).collect();
            format!("missing argument {}", names.join(", "))
        }
        _ => "a required argument is missing".to_owned(),
    }
}

fn text(error: &Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text),
        ContextValue::Strings(texts) => texts.first().map(String::as_str),
        _ => None,
    }
}

/// The command that the call names, if it has one.
fn command(error: &Error) -> Option<&'static str> {
    let usage = match error.get(ContextKind::Usage)? {
        ContextValue::StyledStr(usage) => usage.to_string(),
        _ => return None,
    };
    let mut words = usage.split_whitespace().skip_while(|word| *word == "Usage:").skip(1);
    let name = words.next()?;
    manual::find(name).map(|manual| manual.command)
}

/// What to do about it.
fn hint(error: &Error) -> Option<String> {
    let program = command(error).map_or_else(|| "muslrepair".to_owned(), |name| format!("muslrepair {name}"));
    let options = format!("`{program} --help` lists the options");
    Some(match error.kind() {
        ErrorKind::InvalidSubcommand => subcommand(error),
        ErrorKind::UnknownArgument => {
            let typed = text(error, ContextKind::InvalidArg).unwrap_or_default();
            unknown(typed, command(error), text(error, ContextKind::SuggestedArg)).unwrap_or(options)
        }
        ErrorKind::InvalidValue => match text(error, ContextKind::SuggestedValue) {
            Some(suggested) => format!("did you mean `{}`?", Escaped(suggested)),
            None => options,
        },
        ErrorKind::ValueValidation => value(error).unwrap_or(options),
        ErrorKind::MissingRequiredArgument => {
            let manual = command(error).and_then(manual::find);
            manual.map_or(options, |manual| format!("for example: `{}`", manual.examples[0].1))
        }
        ErrorKind::ArgumentConflict => "leave one of them out".to_owned(),
        _ => options,
    })
}

fn subcommand(error: &Error) -> String {
    let typed = text(error, ContextKind::InvalidSubcommand).unwrap_or_default();
    if is_input(typed) {
        return format!("did you mean `muslrepair repair {}`?", Escaped(typed));
    }
    match text(error, ContextKind::SuggestedSubcommand) {
        Some(suggested) => format!("did you mean `muslrepair {suggested}`?"),
        None => "`muslrepair --help` lists the commands".to_owned(),
    }
}

/// Whether a word in the place of a command is what a command works on.
fn is_input(word: &str) -> bool {
    let path = Path::new(word);
    path.extension().is_some_and(|extension| extension == "whl") || path.is_dir()
}

/// Options of other tools that ours have another name for.
fn unknown(typed: &str, command: Option<&str>, suggested: Option<&str>) -> Option<String> {
    let name = typed.split(['=', ' ']).next().unwrap_or_default();
    let known = match (name, command) {
        (
            "-o" | "--output" | "--output-dir" | "--out" | "--out-dir" | "--outdir" | "-d" | "--dest-dir",
            Some("repair"),
        ) => "results go to `--wheel-dir DIR` (`-w DIR`)",
        ("-o" | "--output" | "--out", _) => "results go to standard output: `> FILE` writes them to a file",
        ("--platform" | "--target" | "--policy", Some("repair")) => "the platform tag is `--plat TAG`",
        ("--arch" | "--require-archs", _) => "the ELF files say what a wheel is for: leave it out",
        ("--version" | "-V", Some(_)) => "`muslrepair --version` prints the version",
        ("-n" | "--dryrun" | "--plan", Some("repair")) => "`--dry-run` prints the plan",
        ("--root" | "--rootfs", _) => "the root file system is `--sysroot DIR`",
        ("--json", Some("repair" | "verify" | "needs" | "explain")) => "JSON is `--format json`",
        ("--ignore" | "--skip" | "--disable", _) => "findings are ignored with `--allow CODE`",
        ("--fix", Some("verify")) => "`muslrepair repair` fixes wheels",
        ("-p" | "--parallel" | "--threads", Some("repair")) => "the number of threads is `--jobs N` (`-j N`)",
        ("-f" | "--force" | "--overwrite", Some("repair")) => {
            "results always replace older ones: leave it out"
        }
        _ => return suggested.map(|suggested| format!("did you mean `{}`?", Escaped(suggested))),
    };
    Some(known.to_owned())
}

/// Values that another option takes.
fn value(error: &Error) -> Option<String> {
    let option = text(error, ContextKind::InvalidArg)?;
    let typed = Escaped(text(error, ContextKind::InvalidValue)?).to_string();
    let is_alpine = typed.parse::<muslrepair::musl::AlpineRelease>().is_ok();
    let is_musl = typed.parse::<muslrepair::musl::MuslRelease>().is_ok();
    match option.split(' ').next()? {
        "--min-musl" if is_alpine => Some(format!("`--min-alpine {typed}`")),
        "--min-alpine" if is_musl => Some(format!("`--min-musl {typed}`")),
        "--min-musl" => Some("as in `--min-musl 1.2.3`".to_owned()),
        "--min-alpine" => Some("as in `--min-alpine 3.16`".to_owned()),
        "--jobs" => Some("leave `--jobs` out to use all cores".to_owned()),
        "--memory" => Some("as in `--memory 512M`".to_owned()),
        "--limit" => Some("as in `--limit member-size=8G`".to_owned()),
        "--allow" | "[CODE]" => Some("`muslrepair explain` lists the rules".to_owned()),
        _ => None,
    }
}

fn escape(error: &mut Error) {
    let escaped = |text: &String| Escaped(text).to_string();
    let safe: Vec<_> = (error.context())
        .filter_map(|(kind, value)| match value {
            ContextValue::String(text) => Some((kind, ContextValue::String(escaped(text)))),
            ContextValue::Strings(texts) => {
                Some((kind, ContextValue::Strings(texts.iter().map(escaped).collect())))
            }
            _ => None,
        })
        .collect();
    for (kind, value) in safe {
        error.insert(kind, value);
    }
}
