//! What stands at the end of each command's `--help` and manual page: examples, exit status, environment variables.

use std::fmt::Write as _;

/// What help says of a command beside its options.
pub(super) struct Manual {
    /// The name of the command; nothing for the program as a whole.
    pub(super) command: &'static str,
    /// What a call does, and the call.
    pub(super) examples: [(&'static str, &'static str); 3],
    /// Exit statuses, and what they mean.
    pub(super) exit_status: &'static [(&'static str, &'static str)],
    /// Environment variables that it reads, and what for.
    pub(super) environment: &'static [(&'static str, &'static str)],
    /// Where to read on.
    pub(super) more: &'static str,
}

const USAGE: (&str, &str) = ("2", "The command line is wrong, or an input does not exist");
const COLOR: (&str, &str) = ("NO_COLOR, CLICOLOR_FORCE", "Turn colors off or on, for --color auto");
const SEARCH: (&str, &str) =
    ("MUSLREPAIR_LD_LIBRARY_PATH", "Directories to search after those of -l; or AUDITWHEEL_LD_LIBRARY_PATH");
const LD_LIBRARY_PATH: (&str, &str) =
    ("LD_LIBRARY_PATH", "Directories to search next; not with --sysroot or --ldpaths");
const PRINTED: &[(&str, &str)] = &[("0", "The text was printed"), USAGE];

/// Every command, in the order of help.
pub(super) const MANUALS: &[Manual] = &[
    Manual {
        command: "",
        examples: [
            ("Repair the wheels in dist, into wheelhouse", "muslrepair repair dist"),
            ("Check the results", "muslrepair verify wheelhouse"),
            ("See what a wheel needs", "muslrepair show dist/demo-1.0-cp312-cp312-linux_x86_64.whl"),
        ],
        exit_status: &[
            ("0", "Everything worked"),
            ("1", "A wheel failed, or has errors"),
            USAGE,
            ("130", "The call was interrupted with Ctrl-C"),
        ],
        environment: &[COLOR],
        more: "`muslrepair COMMAND --help` describes a command.",
    },
    Manual {
        command: "repair",
        examples: [
            ("Repair the wheels in dist, into wheelhouse", "muslrepair repair dist"),
            ("See what would be done, and write nothing", "muslrepair repair dist --dry-run"),
            (
                "Take libraries from an Alpine root file system, and fail where Alpine 3.16 is too old",
                "muslrepair repair dist -w out --sysroot /srv/alpine --min-alpine 3.16",
            ),
        ],
        exit_status: &[
            ("0", "All wheels were repaired or copied"),
            ("1", "A wheel failed"),
            USAGE,
            ("130", "The call was interrupted with Ctrl-C"),
        ],
        environment: &[
            ("MUSLREPAIR_PLAT", "Default of --plat; or AUDITWHEEL_PLAT"),
            ("MUSLREPAIR_POLICY", "Default of --plat, without an architecture; or AUDITWHEEL_POLICY"),
            (
                "MUSLREPAIR_ZIP_COMPRESSION_LEVEL",
                "Default of --zip-compression-level; or AUDITWHEEL_ZIP_COMPRESSION_LEVEL",
            ),
            ("MUSLREPAIR_PATCHER", "Default of --patcher; or AUDITWHEEL_PATCHER"),
            ("MUSLREPAIR_PUBLISHED", "Default of --published"),
            SEARCH,
            LD_LIBRARY_PATH,
            ("SOURCE_DATE_EPOCH", "Time of new and changed files in the wheel, in seconds since 1970"),
            COLOR,
        ],
        more: "`muslrepair explain CODE` explains a finding. Settings can also be in [tool.muslrepair] of pyproject.toml.",
    },
    Manual {
        command: "show",
        examples: [
            ("Inspect a wheel", "muslrepair show demo-1.0-cp312-cp312-linux_x86_64.whl"),
            ("Compare all wheels of a directory", "muslrepair show dist"),
            ("Read the result with another program", "muslrepair show dist --format json | jq .findings"),
        ],
        exit_status: &[
            ("0", "All wheels could be read and have ELF files for their platform"),
            ("1", "A wheel could not be read, or is pure Python"),
            USAGE,
        ],
        environment: &[SEARCH, LD_LIBRARY_PATH, COLOR],
        more: "`muslrepair explain CODE` explains a finding.",
    },
    Manual {
        command: "verify",
        examples: [
            ("Check the results of a repair", "muslrepair verify wheelhouse"),
            (
                "Fail on warnings, and where Alpine 3.16 is too old",
                "muslrepair verify wheelhouse --deny warnings --min-alpine 3.16",
            ),
            (
                "Check installed packages against the libraries of this machine",
                "muslrepair verify /usr/lib/python3.12/site-packages --sysroot /",
            ),
        ],
        exit_status: &[
            ("0", "No wheel has errors"),
            ("1", "A wheel has errors, or could not be read"),
            USAGE,
        ],
        environment: &[COLOR],
        more: "`muslrepair explain` lists the rules, and `muslrepair explain CODE` explains one of them.",
    },
    Manual {
        command: "needs",
        examples: [
            (
                "List the libraries that a wheel needs",
                "muslrepair needs demo-1.0-cp312-cp312-linux_x86_64.whl",
            ),
            ("Install them", "muslrepair needs dist | xargs -r apk add"),
            (
                "Name the packages that an installation needs",
                "muslrepair needs /usr/lib/python3.12/site-packages --format pkg",
            ),
        ],
        exit_status: &[
            ("0", "The list is complete"),
            ("1", "Something could not be read, or has a library that no package provides"),
            USAGE,
        ],
        environment: &[SEARCH, LD_LIBRARY_PATH, COLOR],
        more: "Without libraries to install, nothing is printed.",
    },
    Manual {
        command: "lddtree",
        examples: [
            ("Show what a library loads", "muslrepair lddtree /usr/lib/libssl.so.3"),
            (
                "In another root file system",
                "muslrepair lddtree /srv/alpine/usr/lib/libssl.so.3 --sysroot /srv/alpine",
            ),
            ("As JSON", "muslrepair lddtree /usr/lib/libssl.so.3 --format json"),
        ],
        exit_status: &[("0", "The tree was printed"), ("1", "The file could not be read"), USAGE],
        environment: &[SEARCH, LD_LIBRARY_PATH, COLOR],
        more: "Missing libraries are marked; they do not change the exit status.",
    },
    Manual {
        command: "explain",
        examples: [
            ("List all rules", "muslrepair explain"),
            ("Explain one of them", "muslrepair explain relr"),
            ("As JSON", "muslrepair explain relr --format json"),
        ],
        exit_status: PRINTED,
        environment: &[COLOR],
        more: "The same texts are in docs/rules.md.",
    },
    Manual {
        command: "unbundle",
        examples: [
            (
                "Use the libraries of this Alpine machine instead of grafted ones",
                "muslrepair unbundle dist --sysroot /",
            ),
            ("See what would be done, and write nothing", "muslrepair unbundle dist --sysroot / --dry-run"),
            (
                "Keep a library in the wheels",
                "muslrepair unbundle dist --sysroot / --keep libscipy_openblas*",
            ),
        ],
        exit_status: &[("0", "All wheels were unbundled or copied"), ("1", "A wheel failed"), USAGE],
        environment: &[COLOR],
        more: "`muslrepair needs` lists the packages that the results need.",
    },
    Manual {
        command: "completions",
        examples: [
            (
                "Install completions for bash",
                "muslrepair completions bash > ~/.local/share/bash-completion/completions/muslrepair",
            ),
            ("For fish", "muslrepair completions fish > ~/.config/fish/completions/muslrepair.fish"),
            ("For zsh, in a directory of $fpath", "muslrepair completions zsh > ~/.zfunc/_muslrepair"),
        ],
        exit_status: PRINTED,
        environment: &[],
        more: "Start a new shell afterwards.",
    },
    Manual {
        command: "man",
        examples: [
            ("Read the page of a command", "muslrepair man repair | man -l -"),
            ("Install it", "muslrepair man repair > ~/.local/share/man/man1/muslrepair-repair.1"),
            ("The page of the program", "muslrepair man | man -l -"),
        ],
        exit_status: PRINTED,
        environment: &[],
        more: "",
    },
];

/// The manual of a command.
pub(super) fn find(command: &str) -> Option<&'static Manual> {
    MANUALS.iter().find(|manual| manual.command == command)
}

impl Manual {
    /// What `--help` ends with.
    pub(super) fn text(&self) -> String {
        let mut text = "Examples:\n".to_owned();
        for (what, call) in self.examples {
            let _ = writeln!(text, "  # {what}\n  {call}");
        }
        text.push_str("\nExit status:\n");
        for (status, meaning) in self.exit_status {
            let _ = writeln!(text, "  {status:<4} {meaning}");
        }
        if !self.more.is_empty() {
            let _ = write!(text, "\n{}", self.more);
        }
        text
    }

    /// The same in Markdown.
    pub(super) fn markdown(&self) -> String {
        let mut text = "Examples:\n\n```sh\n".to_owned();
        for (what, call) in self.examples {
            let _ = writeln!(text, "# {what}\n{call}");
        }
        text.push_str("```\n\nExit status:\n\n");
        for (status, meaning) in self.exit_status {
            let _ = writeln!(text, "- `{status}`: {meaning}");
        }
        if !self.environment.is_empty() {
            text.push_str("\nEnvironment variables:\n\n");
            for (names, meaning) in self.environment {
                let _ = writeln!(text, "- `{}`: {meaning}", names.replace(", ", "`, `"));
            }
        }
        if !self.more.is_empty() {
            let _ = writeln!(text, "\n{}", self.more);
        }
        text
    }
}
