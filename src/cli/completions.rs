//! Completion scripts for shells.

use std::collections::BTreeSet;

use clap::{Arg, Command, ValueHint};
use clap_complete::Shell;

/// The script for a shell. It completes what the parser knows, and wheels and directories where a command takes them.
pub(super) fn script(shell: Shell, command: &Command) -> String {
    let mut command = listed(command);
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "muslrepair", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    match shell {
        Shell::Bash => bash(&script, &command),
        Shell::Zsh => zsh(&script),
        Shell::Fish => script + &fish(&command),
        _ => script,
    }
}

/// The program without the commands that help does not list; scripts of clap have them all.
fn listed(command: &Command) -> Command {
    Command::new("muslrepair")
        .version(env!("CARGO_PKG_VERSION"))
        .disable_help_flag(true)
        .disable_version_flag(true)
        .args(command.get_arguments())
        .subcommands(command.get_subcommands().filter(|command| !command.is_hide_set()))
}

/// The commands whose arguments are files: those for wheels, or those for other files.
fn commands_for(command: &Command, wheels: bool) -> Vec<&str> {
    let takes = |command: &&Command| {
        let files =
            command.get_positionals().find(|argument| argument.get_value_hint() == ValueHint::FilePath);
        let several = |argument: &Arg| argument.get_num_args().is_some_and(|count| count.max_values() > 1);
        files.is_some_and(|argument| several(argument) == wheels)
    };
    command.get_subcommands().filter(takes).map(Command::get_name).collect()
}

/// Every spelling of an option that is followed by a value.
fn options_with_values(command: &Command) -> Vec<String> {
    let all = command.get_arguments().chain(command.get_subcommands().flat_map(Command::get_arguments));
    let with_values =
        all.filter(|argument| argument.get_action().takes_values() && !argument.is_positional());
    let with_values = with_values.filter(|argument| !argument.is_require_equals_set());
    let spellings = with_values.flat_map(|argument| {
        let long = argument.get_long().map(|long| format!("--{long}"));
        long.into_iter().chain(argument.get_short().map(|short| format!("-{short}")))
    });
    spellings.collect::<BTreeSet<_>>().into_iter().collect()
}

/// clap offers the name of an argument where its value stands; a function around its own offers the files.
fn bash(script: &str, command: &Command) -> String {
    // What clap's script registers is registered here instead.
    let (functions, _) = script.rsplit_once("\nif [[").unwrap_or((script, ""));
    let wheels = commands_for(command, true).join("|");
    let files = commands_for(command, false).join("|");
    let options = options_with_values(command).join("|");
    format!(
        r#"{functions}

_muslrepair__files() {{
    local cur="${{COMP_WORDS[COMP_CWORD]}}" prev="${{COMP_WORDS[COMP_CWORD - 1]}}" word kind=""
    _muslrepair "$@"
    [[ $cur == -* ]] && return 0
    for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        case "$word" in
            {wheels}) kind=wheels; break ;;
            {files}) kind=files; break ;;
        esac
    done
    case "$prev" in
        {options}) return 0 ;;
    esac
    local IFS=$'\n'
    case "$kind" in
        wheels) COMPREPLY=($(compgen -d -- "$cur") $(compgen -f -X '!*.whl' -- "$cur")) ;;
        files) COMPREPLY=($(compgen -f -- "$cur")) ;;
        *) return 0 ;;
    esac
    compopt -o filenames 2>/dev/null
    return 0
}}

if [[ "${{BASH_VERSINFO[0]}}" -eq 4 && "${{BASH_VERSINFO[1]}}" -ge 4 || "${{BASH_VERSINFO[0]}}" -gt 4 ]]; then
    complete -F _muslrepair__files -o nosort muslrepair
else
    complete -F _muslrepair__files muslrepair
fi
"#
    )
}

/// Arguments that can be repeated are wheels.
fn zsh(script: &str) -> String {
    let line = |line: &str| match line.trim_start().starts_with("'*:") {
        true => line.replace(":_files'", ":_files -g \"*.whl\"'"),
        false => line.to_owned(),
    };
    script.lines().map(|text| line(text) + "\n").collect()
}

/// clap's script for fish has nothing for arguments.
fn fish(command: &Command) -> String {
    let mut script = r#"
function __muslrepair_wheels
    set -l token (commandline -ct)
    set -l wheels $token*.whl
    printf '%s\n' $wheels
    __fish_complete_directories $token ''
end
"#
    .to_owned();
    let used =
        |name: &str| format!("complete -c muslrepair -n \"__fish_muslrepair_using_subcommand {name}\"");
    for name in commands_for(command, true) {
        script.push_str(&format!("{} -f -a \"(__muslrepair_wheels)\"\n", used(name)));
    }
    for name in command.get_subcommands() {
        for argument in name.get_positionals() {
            let values: Vec<String> =
                argument.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
            if !values.is_empty() {
                script.push_str(&format!("{} -f -a \"{}\"\n", used(name.get_name()), values.join(" ")));
            }
        }
    }
    script
}
