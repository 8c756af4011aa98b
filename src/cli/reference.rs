//! What is made from the program itself: completions, manual pages, `docs/cli.md`, `docs/rules.md`.

use std::fmt::Write as _;
use std::io;

use clap::{Arg, Args, Command};
use clap_complete::Shell;
use clap_mangen::roff::{Roff, bold, roman};

use super::completions::script;
use super::exit::Exit;
use super::manual::{self, MANUALS, Manual};
use super::suggested::Suggested;
use super::term::{CliError, Terminal};
use super::usage::UsageError;

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// bash, elvish, fish, powershell or zsh
    #[arg(value_name = "SHELL", hide_possible_values = true)]
    shell: Shell,
}

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Command that the page is about [default: all commands]
    #[arg(value_name = "COMMAND", value_parser = Suggested::COMMANDS, hide_possible_values = true)]
    command: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct ReferenceArgs {
    /// Which page
    page: Page,
}

/// A page of `docs/` that the program prints.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Page {
    /// `docs/cli.md`
    Cli,
    /// `docs/rules.md`
    Rules,
}

pub(super) fn completions(
    arguments: &CompletionsArgs,
    command: &Command,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    terminal.bytes(script(arguments.shell, command).as_bytes()).map(|()| Exit::Success)
}

pub(super) fn man(arguments: &ManArgs, mut command: Command, terminal: &Terminal) -> Result<Exit, CliError> {
    command.build();
    let page = match &arguments.command {
        None => command,
        Some(name) => match command.find_subcommand(name).filter(|command| !command.is_hide_set()) {
            Some(found) => found.clone(),
            None => return Err(no_command(name).into()),
        },
    };
    let manual = manual::find(arguments.command.as_deref().unwrap_or_default());
    let mut text = Vec::new();
    render(page, manual, &mut text)?;
    terminal.bytes(&text).map(|()| Exit::Success)
}

/// A manual page (man-pages(7) says which sections there are, and in what order).
fn render(page: Command, manual: Option<&Manual>, text: &mut Vec<u8>) -> io::Result<()> {
    let has_commands = page.has_subcommands();
    let man = clap_mangen::Man::new(page);
    man.render_title(text)?;
    man.render_name_section(text)?;
    man.render_synopsis_section(text)?;
    man.render_description_section(text)?;
    man.render_options_section(text)?;
    if has_commands {
        man.render_subcommands_section(text)?;
    }
    let Some(manual) = manual else { return Ok(()) };
    let mut roff = Roff::new();
    let mut list = |heading: &str, entries: &[(&str, &str)]| {
        if !entries.is_empty() {
            roff.control("SH", [heading]);
        }
        for (term, meaning) in entries {
            roff.control("TP", []);
            roff.text([bold(*term)]);
            roff.text([roman(*meaning)]);
        }
    };
    list("EXIT STATUS", manual.exit_status);
    list("ENVIRONMENT", manual.environment);
    roff.control("SH", ["EXAMPLES"]);
    for (what, call) in manual.examples {
        roff.control("PP", []);
        roff.text([roman(format!("{what}:"))]);
        roff.control("PP", []);
        roff.control("RS", ["4"]);
        roff.control("nf", []);
        roff.text([bold(call)]);
        roff.control("fi", []);
        roff.control("RE", []);
    }
    if !manual.more.is_empty() {
        roff.control("PP", []);
        roff.text([roman(manual.more)]);
    }
    roff.to_writer(text)
}

fn no_command(name: &str) -> UsageError {
    let names: Vec<&str> =
        MANUALS.iter().map(|manual| manual.command).filter(|name| !name.is_empty()).collect();
    UsageError::from(format!("there is no command `{name}`"))
        .with_hint(format!("the commands are {}", names.join(", ")))
}

pub(super) fn page(
    arguments: &ReferenceArgs,
    command: Command,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    let text = match arguments.page {
        Page::Cli => command_line(command),
        Page::Rules => muslrepair::report::rules_markdown(),
    };
    terminal.bytes(text.as_bytes()).map(|()| Exit::Success)
}

/// `docs/cli.md`: every command, every option, in the order of `--help`.
fn command_line(mut command: Command) -> String {
    command.build();
    let mut text = String::from(
        "# Command line\n\n<!-- @generated from the definition of the command line by `cargo xtask codegen`. -->\n\n",
    );
    about(&command, &mut text);
    text.push_str("```text\nmuslrepair [OPTIONS] COMMAND\n```\n\n| command | does |\n|---|---|\n");
    let commands: Vec<&Command> =
        command.get_subcommands().filter(|c| !c.is_hide_set() && c.get_name() != "help").collect();
    for command in &commands {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(text, "| [`{0}`](#{0}) | {about} |", command.get_name());
    }
    text.push_str("\nOptions of every command, before or after its name:\n\n");
    arguments(command.get_arguments(), &mut text);
    for command in commands {
        let _ = write!(text, "\n## {}\n\n", command.get_name());
        about(command, &mut text);
        let usage = command.clone().render_usage().to_string();
        let usage = usage.strip_prefix("Usage: ").unwrap_or(&usage).trim();
        let _ = write!(text, "```text\n{usage}\n```\n\n");
        options(command, &mut text);
        if let Some(manual) = manual::find(command.get_name()) {
            let _ = write!(text, "\n{}", manual.markdown());
        }
    }
    text.push_str(
        "\n## Limits\n\nBounds on what is read from a wheel, for `--limit`. A wheel that exceeds one fails, and the error names the limit. \
         K, M and G\nare powers of 1024.\n\n",
    );
    text.push_str(&super::limits::table());
    text
}

fn about(command: &Command, text: &mut String) {
    if let Some(about) = command.get_long_about().or_else(|| command.get_about()) {
        let about = about.to_string().replacen("\n\n", ". ", 1);
        let stop = if about.ends_with('.') { "" } else { "." };
        let _ = write!(text, "{about}{stop}\n\n");
    }
}

/// The arguments of a command that no other has, by their headings.
fn options(command: &Command, text: &mut String) {
    let own: Vec<&Arg> = command.get_arguments().filter(|argument| !argument.is_global_set()).collect();
    let mut headings: Vec<Option<&str>> = Vec::new();
    for argument in &own {
        let heading = argument.get_help_heading();
        if !headings.contains(&heading) {
            headings.push(heading);
        }
    }
    headings.sort_by_key(Option::is_some);
    for (number, heading) in headings.into_iter().enumerate() {
        if let Some(heading) = heading {
            let _ = write!(text, "{}{heading}:\n\n", if number > 0 { "\n" } else { "" });
        }
        arguments(own.iter().copied().filter(|argument| argument.get_help_heading() == heading), text);
    }
}

fn arguments<'a>(arguments: impl Iterator<Item = &'a Arg>, text: &mut String) {
    for argument in arguments.filter(|argument| !argument.is_hide_set()) {
        let mut names: Vec<String> = Vec::new();
        names.extend(argument.get_short().map(|short| format!("`-{short}`")));
        let values: Vec<&str> =
            argument.get_value_names().unwrap_or_default().iter().map(|name| name.as_str()).collect();
        let takes_values = argument.get_action().takes_values() || argument.is_positional();
        if argument.is_require_equals_set() {
            names.extend(argument.get_long().map(|long| format!("`--{long}[={}]`", values.join(" "))));
        } else {
            names.extend(argument.get_long().map(|long| format!("`--{long}`")));
            names.extend(values.iter().filter(|_| takes_values).map(|name| format!("`{name}`")));
        }
        let mut help = described(argument);
        // What `--help` shows in brackets at the end of a help text.
        let choices: Vec<String> = (argument.get_possible_values().iter())
            .filter(|value| !value.is_hide_set() && !argument.is_hide_possible_values_set())
            .map(|value| format!("`{}`", value.get_name()))
            .collect();
        if takes_values && !choices.is_empty() {
            let _ = write!(help, " ({})", choices.join(", "));
        }
        if let (true, false, [default, ..]) =
            (takes_values, argument.is_hide_default_value_set(), argument.get_default_values())
        {
            let _ = write!(help, "; default: `{}`", default.to_string_lossy());
        }
        let _ = writeln!(text, "- {}: {help}", names.join(" "));
    }
}

/// The whole help of an argument on one line, without the list that some end with.
fn described(argument: &Arg) -> String {
    let short = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let long = argument.get_long_help().map(ToString::to_string).unwrap_or_default();
    let rest = long.strip_prefix(&short).unwrap_or_default().split("\n\n");
    let rest: Vec<&str> = rest.filter(|text| !text.is_empty() && !text.starts_with(' ')).collect();
    std::iter::once(short.as_str()).chain(rest).collect::<Vec<_>>().join(". ")
}
