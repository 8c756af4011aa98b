//! Completion scripts, in the shells that they are for. A shell that is not installed is not tried.

use std::process::{Command, Stdio};

use crate::support::sandbox::Sandbox;

/// A directory with a wheel, another file, a directory, and the script of a shell.
fn sandbox(shell: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let script = sandbox.run(&["completions", shell]).success().stdout;
    std::fs::write(sandbox.path().join(format!("script.{shell}")), script).unwrap();
    for name in ["demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz"] {
        std::fs::write(sandbox.path().join(name), "").unwrap();
    }
    std::fs::create_dir(sandbox.path().join("dist")).unwrap();
    sandbox
}

/// What a shell offers at the end of a line; nothing where there is no such shell.
fn offered(shell: &str, line: &str) -> Option<Vec<String>> {
    let sandbox = sandbox(shell);
    let (program, code) = match shell {
        "bash" => {
            let words: Vec<String> = line.split(' ').map(|word| format!("'{word}'")).collect();
            let (last, before) = (words.len() - 1, words.get(words.len().wrapping_sub(2)).unwrap());
            let code = format!(
                "source script.bash\nCOMP_WORDS=({})\nCOMP_CWORD={last}\n\
                 _muslrepair__files muslrepair {} {before} 2>/dev/null\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"",
                words.join(" "),
                words[last]
            );
            ("bash", code)
        }
        "fish" => ("fish", format!("source script.fish\ncomplete -C '{line}'")),
        _ => panic!("{shell}"),
    };
    let mut command = Command::new(program);
    command.current_dir(sandbox.path()).env("HOME", sandbox.path());
    command.args(if shell == "bash" { &["--norc", "-c"][..] } else { &["--no-config", "-c"] });
    let output = command.arg(code).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect())
}

/// Lines, and what must be among what is offered, and what must not.
const CASES: &[(&str, &[&str], &[&str])] = &[
    ("muslrepair re", &["repair"], &["show"]),
    ("muslrepair verify --allow re", &["relr", "record-mismatch"], &["missing-library"]),
    ("muslrepair explain re", &["relr", "record-mismatch"], &["missing-library"]),
    ("muslrepair repair --patcher ", &["builtin", "arwen", "none"], &["repair"]),
    ("muslrepair repair --plat musllinux_1_2_x", &["musllinux_1_2_x86_64"], &["musllinux_1_1_x86_64"]),
    ("muslrepair repair --zip-compression-level ", &["0", "9"], &["10"]),
    ("muslrepair repair --limit mem", &["members=", "member-size="], &["ratio="]),
    ("muslrepair verify --deny ", &["warnings"], &["errors"]),
    ("muslrepair man re", &["repair"], &["verify"]),
    ("muslrepair completions f", &["fish"], &["bash"]),
    ("muslrepair show --color ", &["auto", "always", "never"], &["repair"]),
    ("muslrepair repair d", &["demo-1.0-py3-none-any.whl"], &["demo-1.0.tar.gz"]),
    ("muslrepair --verbose verify d", &["demo-1.0-py3-none-any.whl"], &["demo-1.0.tar.gz"]),
    ("muslrepair lddtree d", &["demo-1.0.tar.gz"], &[]),
];

fn check(shell: &str) {
    for (line, wanted, unwanted) in CASES {
        let Some(offered) = offered(shell, line) else { return };
        for name in *wanted {
            assert!(
                offered.iter().any(|one| one == name),
                "{shell}: `{line}` offers no `{name}`: {offered:?}"
            );
        }
        for name in *unwanted {
            assert!(!offered.iter().any(|one| one == name), "{shell}: `{line}` offers `{name}`: {offered:?}");
        }
        // Options are no values, and names of arguments are no files.
        assert!(!offered.iter().any(|one| one.contains('<')), "{shell}: `{line}`: {offered:?}");
    }
    let directories = offered(shell, "muslrepair show d").unwrap_or_default();
    assert!(directories.iter().any(|one| one.trim_end_matches('/') == "dist"), "{shell}: {directories:?}");
}

#[test]
fn bash_completes_values_wheels_and_directories() {
    check("bash");
}

#[test]
fn fish_completes_values_wheels_and_directories() {
    check("fish");
}

/// zsh completes on a terminal only, so that its script is run in one.
#[cfg(target_os = "linux")]
#[test]
fn zsh_completes_values_wheels_and_directories() {
    use std::io::{Read as _, Write as _};

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    let is_there = Command::new("zsh").arg("--version").stdout(Stdio::null()).status();
    if !is_there.is_ok_and(|status| status.success()) {
        return;
    }
    // Each line is completed as far as it is unambiguous, and printed instead of run.
    for (line, expected) in [
        ("muslrepair verif", "muslrepair verify"),
        ("muslrepair verify --allow rel", "muslrepair verify --allow relr"),
        ("muslrepair explain rel", "muslrepair explain relr"),
        ("muslrepair repair --patcher bu", "muslrepair repair --patcher builtin"),
        ("muslrepair repair --plat musllinux_1_2_x", "muslrepair repair --plat musllinux_1_2_x86_64"),
        ("muslrepair man ve", "muslrepair man verify"),
        ("muslrepair repair dem", "muslrepair repair demo-1.0-py3-none-any.whl"),
        ("muslrepair repair dis", "muslrepair repair dist/"),
    ] {
        let sandbox = sandbox("zsh");
        std::fs::rename(sandbox.path().join("script.zsh"), sandbox.path().join("_muslrepair")).unwrap();
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let name = ptsname(&terminal, Vec::new()).unwrap().into_string().unwrap();
        let other = || std::fs::OpenOptions::new().read(true).write(true).open(&name).unwrap();
        let start = "fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -D; \
                     zle -N show-line; show-line() { print -r -- \"[$BUFFER]\"; exit }; bindkey '^X' show-line; \
                     PS1='ready> '";
        std::fs::write(sandbox.path().join(".zshrc"), start).unwrap();
        let mut command = Command::new("zsh");
        command.arg("-i").current_dir(sandbox.path()).env_clear().env("TERM", "dumb");
        command.env("PATH", "/usr/bin:/bin").env("HOME", sandbox.path()).env("ZDOTDIR", sandbox.path());
        let mut child = command.stdin(other()).stdout(other()).stderr(other()).spawn().unwrap();
        drop(command);
        let mut file = std::fs::File::from(terminal);
        let mut seen = String::new();
        let mut buffer = [0; 4096];
        let mut typed = false;
        while let Ok(count @ 1..) = file.read(&mut buffer) {
            seen.push_str(&String::from_utf8_lossy(&buffer[..count]));
            if !typed && seen.contains("ready> ") {
                typed = true;
                file.write_all(format!("{line}\t\u{18}").as_bytes()).unwrap();
            }
        }
        child.wait().unwrap();
        let shown = format!("[{expected}");
        assert!(seen.contains(&shown), "`{line}` became:\n{seen}");
    }
}
