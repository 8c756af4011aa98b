//! Completion scripts for shells.

use std::collections::BTreeSet;

use clap::Command;
use clap_complete::Shell;

/// The script for a shell. It completes commands, options and their values, and wheels and directories as
/// arguments.
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

/// The program without hidden commands, which clap's scripts would include.
fn listed(command: &Command) -> Command {
    Command::new("muslrepair")
        .version(env!("CARGO_PKG_VERSION"))
        .disable_help_flag(true)
        .disable_version_flag(true)
        .args(command.get_arguments())
        .subcommands(command.get_subcommands().filter(|command| !command.is_hide_set()))
}

/// The commands whose arguments are wheels.
fn commands_for_wheels(command: &Command) -> Vec<&str> {
    let takes = |command: &&Command| {
        let mut names = command.get_positionals().flat_map(|one| one.get_value_names().unwrap_or_default());
        names.any(|name| name.starts_with("WHEEL"))
    };
    command.get_subcommands().filter(takes).map(Command::get_name).collect()
}

/// Every spelling of an option with a value.
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

/// clap suggests the name of an argument instead of a value; a function around its own suggests files.
fn bash(script: &str, command: &Command) -> String {
    // The registration at the end of clap's script is replaced.
    let (functions, _) = script.rsplit_once("\nif [[").unwrap_or((script, ""));
    let wheels = commands_for_wheels(command).join("|");
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
            lddtree) kind=files; break ;;
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

/// Arguments that are named for wheels can be directories, too.
fn zsh(script: &str) -> String {
    let line = |line: &str| match line.contains("Wheels, ") {
        true => line.replace(":_files'", ":_files -g \"*.whl\"'"),
        false => line.to_owned(),
    };
    script.lines().map(|text| line(text) + "\n").collect()
}

/// clap's script for fish does not complete arguments.
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
    for name in commands_for_wheels(command) {
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
