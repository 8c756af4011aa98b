//! What is made from the program itself: completions, manual pages, `docs/cli.md`, `docs/rules.md`.

use std::fmt::Write as _;

use clap::{Arg, Args, Command};
use clap_complete::Shell;

use super::exit::Exit;
use super::term::{CliError, Terminal};
use super::usage::UsageError;

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// The command the page is about [default: the program as a whole]
    #[arg(value_name = "COMMAND")]
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
    let mut command = shown(command);
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "muslrepair", &mut script);
    terminal.bytes(&script).map(|()| Exit::Success)
}

/// The program without the commands that help does not list; scripts of clap have them all.
fn shown(command: &Command) -> Command {
    Command::new("muslrepair")
        .version(env!("CARGO_PKG_VERSION"))
        .args(command.get_arguments())
        .subcommands(command.get_subcommands().filter(|command| !command.is_hide_set()))
}

pub(super) fn man(arguments: &ManArgs, mut command: Command, terminal: &Terminal) -> Result<Exit, CliError> {
    command.build();
    let page = match &arguments.command {
        None => command,
        Some(name) => match command.find_subcommand(name).filter(|command| !command.is_hide_set()) {
            Some(found) => found.clone(),
            None => return Err(UsageError::from(format!("there is no command `{name}`")).into()),
        },
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text)?;
    terminal.bytes(&text).map(|()| Exit::Success)
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
        arguments(command.get_arguments().filter(|argument| !argument.is_global_set()), &mut text);
    }
    text.push_str(
        "\n## Limits\n\nWhat a wheel may ask of the program, in the order of `--limit`'s help. More is an error that names the limit. \
         K, M and G stand for\npowers of 1024.\n\n",
    );
    text.push_str(&super::limits::table());
    text
}

fn about(command: &Command, text: &mut String) {
    if let Some(about) = command.get_about() {
        let about = about.to_string();
        let stop = if about.ends_with('.') { "" } else { "." };
        let _ = write!(text, "{about}{stop}\n\n");
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
        let mut help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        // What `--help` shows in brackets at the end of a help text.
        let choices: Vec<String> = (argument.get_possible_values().iter())
            .filter(|value| !value.is_hide_set() && !argument.is_hide_possible_values_set())
            .map(|value| format!("`{}`", value.get_name()))
            .collect();
        if takes_values && !choices.is_empty() {
            let _ = write!(help, " ({})", choices.join(", "));
        }
        if let (true, [default, ..]) = (takes_values, argument.get_default_values()) {
            let _ = write!(help, "; default: `{}`", default.to_string_lossy());
        }
        // Outside of code, Markdown takes it for HTML.
        let help = help.replace("_<", "_\\<");
        let _ = writeln!(text, "- {}: {help}", names.join(" "));
    }
}
