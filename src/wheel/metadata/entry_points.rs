//! The `entry_points.txt` file: the programs that an installer makes.
//!
//! pip reads it with `importlib.metadata` (`Sectioned`), uv by the rules of Python's `configparser`. Where the two make
//! different programs of a line, or one of them ends with an error, the line is wrong here.

use std::collections::HashSet;

use super::path::ends_line;

/// What an `entry_points.txt` file says about scripts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct EntryPoints {
    /// The names in `console_scripts` and `gui_scripts`, in file order.
    pub(crate) scripts: Vec<String>,
    /// The first line that installers read differently or not at all, counted from 1, and why.
    pub(crate) wrong: Option<(usize, EntryPointRule)>,
}

/// What is wrong with a line of `entry_points.txt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EntryPointRule {
    #[error("the file must be UTF-8")]
    NotUtf8,
    #[error("it holds a line separator other than a line feed, at which only some installers end a line")]
    LineSeparator,
    #[error("an entry must be in a section")]
    NoSection,
    #[error("a section must not appear twice")]
    RepeatedSection,
    #[error("a name must not appear twice")]
    Repeated,
    #[error("a line must have the form `[section]` or `name = value`")]
    NotAnEntry,
    #[error("a line must not begin with white space, as it continues the line before for some installers")]
    Continued,
    #[error("a comment must begin with `#`")]
    Semicolon,
    #[error("a script must have the form `module:function`")]
    NotAFunction,
}

impl EntryPoints {
    /// Reads an `entry_points.txt` file (entry points specification). The names are those that `importlib.metadata` finds,
    /// also where a line is wrong.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let mut reader = Reader::default();
        if std::str::from_utf8(bytes).is_err() {
            reader.wrong(EntryPointRule::NotUtf8);
        }
        for line in text.split('\n') {
            reader.number += 1;
            let line = line.strip_suffix('\r').unwrap_or(line);
            if line.contains(ends_line) {
                reader.wrong(EntryPointRule::LineSeparator);
            }
            line.split(ends_line).for_each(|line| reader.line(line));
        }
        reader.found
    }
}

#[derive(Default)]
struct Reader {
    found: EntryPoints,
    number: usize,
    sections: HashSet<String>,
    /// The names of the section; `None` before the first one.
    names: Option<HashSet<String>>,
    makes_scripts: bool,
}

impl Reader {
    fn wrong(&mut self, rule: EntryPointRule) {
        self.found.wrong.get_or_insert((self.number.max(1), rule));
    }

    fn line(&mut self, line: &str) {
        let text = line.trim();
        if text.is_empty() || text.starts_with('#') {
            return;
        }
        let is_section = text.starts_with('[');
        let continues = line.starts_with(char::is_whitespace)
            && self.names.as_ref().is_some_and(|names| !names.is_empty());
        if continues && (self.makes_scripts || is_section) {
            self.wrong(EntryPointRule::Continued);
        }
        match text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
            Some(name) => self.section(name),
            None if is_section => self.wrong(EntryPointRule::NotAnEntry),
            None => self.entry(text, continues),
        }
    }

    fn section(&mut self, name: &str) {
        if name.is_empty() || name.contains(['[', ']']) {
            self.wrong(EntryPointRule::NotAnEntry);
        }
        if !self.sections.insert(name.to_owned()) {
            self.wrong(EntryPointRule::RepeatedSection);
        }
        self.names = Some(HashSet::new());
        self.makes_scripts = matches!(name.trim(), "console_scripts" | "gui_scripts");
    }

    fn entry(&mut self, text: &str, continues: bool) {
        let Some((name, value)) = text.split_once('=').map(|(name, value)| (name.trim(), value.trim()))
        else {
            self.wrong(EntryPointRule::NotAnEntry);
            return;
        };
        let is_new = self.names.as_mut().map(|names| names.insert(name.to_owned()));
        match is_new {
            None => self.wrong(EntryPointRule::NoSection),
            Some(false) if !continues => self.wrong(EntryPointRule::Repeated),
            Some(_) => {}
        }
        if !self.makes_scripts {
            return;
        }
        if text.starts_with(';') {
            self.wrong(EntryPointRule::Semicolon);
        }
        if self.found.scripts.iter().any(|script| script == name) {
            self.wrong(EntryPointRule::Repeated);
        }
        if !is_function(value) {
            self.wrong(EntryPointRule::NotAFunction);
        }
        self.found.scripts.push(name.to_owned());
    }
}

/// Whether a value names something that a script can call, as pip (`get_export_entry`) and uv (`SCRIPT_REGEX`) both read it:
/// `module:function`, and extras behind it.
fn is_function(value: &str) -> bool {
    let (reference, extras) = match value.split_once('[') {
        Some((reference, extras)) => (reference.trim_end(), extras.strip_suffix(']')),
        None => (value, Some("extra")),
    };
    let is_name = |name: &str| {
        !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
    };
    let names = reference.split_once(':');
    names.is_some_and(|(module, function)| is_name(module) && is_name(function))
        && extras.is_some_and(|extras| !extras.trim().is_empty() && !extras.contains(['[', ']']))
}

/// Whether the name of a script is a path instead of a plain name.
pub(crate) fn is_path(name: &str) -> bool {
    name.contains(['/', '\\']) || leads_elsewhere(name)
}

/// Whether a script of this name would be in another directory than the programs, or have no name.
pub(crate) fn leads_elsewhere(name: &str) -> bool {
    name.contains('/') || matches!(name, "" | "." | "..")
}

/// Whether a script of this name would take the place of an interpreter, whatever the case of its letters: uv makes none
/// (`python`, `pythonw`, `pypy`, `graalpy` and those with a version).
pub(crate) fn is_interpreter(name: &str) -> bool {
    let name = name.to_lowercase();
    let name = name.strip_suffix(".exe").unwrap_or(&name);
    let minor = ["python3.", "pythonw3."].iter().find_map(|start| name.strip_prefix(start));
    let is_minor = minor.is_some_and(|minor| {
        let minor = minor.strip_suffix('t').unwrap_or(minor);
        !minor.is_empty() && minor.bytes().all(|b| b.is_ascii_digit())
    });
    is_minor || ["python", "pythonw", "python3", "graalpy", "pypy", "pypy2", "pypy3"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> Option<(usize, EntryPointRule)> {
        EntryPoints::read(text.as_bytes()).wrong
    }

    #[test]
    fn names_of_scripts_are_parsed_as_in_python() {
        let text = "x = out:of_section\n[console_scripts]\ntool = a:b\r\n # c = d\n#e = f\n../up=a:b [extra]\n\
                    [other]\nq/r = s\n[ gui_scripts ]\u{2028}a\\b=c\n";
        let names = EntryPoints::read(text.as_bytes()).scripts;
        assert_eq!(names, ["tool", "../up", "a\\b"]);
        assert_eq!(names.iter().map(|name| is_path(name)).collect::<Vec<_>>(), [false, true, true]);
        assert_eq!(names.iter().map(|name| leads_elsewhere(name)).collect::<Vec<_>>(), [false, true, false]);
        assert!(is_path("..") && is_path("") && !is_path("a.b-c"));
    }

    #[test]
    fn lines_that_all_installers_read_alike_are_right() {
        for text in [
            "",
            "\n# c\n\n",
            "[console_scripts]\na = demo:x\nA = demo:x.y\n\n[gui_scripts]\r\nb=demo.z:y [e,f]\r\n",
            "[console_scripts]\n a = demo:x\n # c\n",
            "[other]\nx = y z\n  w = v\nX: y = [a]\n;q = r\n[a.b]\nx=\n",
            "[console_scripts]\npylutron = a_b.cli-x:lap_pair[cli]\n",
        ] {
            assert_eq!(wrong(text), None, "{text:?}");
        }
    }

    #[test]
    fn lines_that_installers_read_differently_are_wrong() {
        use EntryPointRule as Rule;
        for (text, line, rule) in [
            ("x = a:b\n", 1, Rule::NoSection),
            ("\u{feff}[console_scripts]\n", 1, Rule::NotAnEntry),
            ("[console_scripts]\na = demo:x\n\n[console_scripts]\n", 4, Rule::RepeatedSection),
            ("[other]\nx = y\nx = z\n", 3, Rule::Repeated),
            ("[console_scripts]\na = demo:x\n[gui_scripts]\na = demo:y\n", 4, Rule::Repeated),
            ("[other]\nx\n", 2, Rule::NotAnEntry),
            ("[other]\na: b\n", 2, Rule::NotAnEntry),
            ("[console_scripts] # c\n", 1, Rule::NotAnEntry),
            ("[console_scripts]]\n", 1, Rule::NotAnEntry),
            ("[]\n", 1, Rule::NotAnEntry),
            ("[console_scripts]\na = demo:x\n  b = demo:y\n", 3, Rule::Continued),
            ("[other]\nx = y\n  [console_scripts]\n", 3, Rule::Continued),
            ("[console_scripts]\n;a = demo:x\n", 2, Rule::Semicolon),
            ("[console_scripts]\na = demo:x\u{2028}b = demo:y\n", 2, Rule::LineSeparator),
            ("[console_scripts]\ra = demo:x\n", 1, Rule::LineSeparator),
        ] {
            assert_eq!(wrong(text), Some((line, rule)), "{text:?}");
        }
        for value in [
            "",
            "demo",
            "demo:",
            ":x",
            "demo : x",
            "demo:x # c",
            "demo:x()",
            "\"demo:x\"",
            "demo:x []",
            "= demo:x",
        ] {
            let text = format!("[console_scripts]\na = {value}\n");
            assert_eq!(wrong(&text), Some((2, Rule::NotAFunction)), "{text:?}");
        }
        assert_eq!(EntryPoints::read(b"[a]\n\xff = b\n").wrong, Some((1, Rule::NotUtf8)));
    }

    #[test]
    fn names_of_interpreters_are_known_whatever_their_case() {
        for name in
            ["python", "Python3", "python3.12", "PYTHON3.13t", "pythonw", "pypy3", "graalpy", "python.exe"]
        {
            assert!(is_interpreter(name), "{name}");
        }
        for name in ["pythonista", "python2", "python3.", "python3.x", "ipython", "pypy4", "pip3.12"] {
            assert!(!is_interpreter(name), "{name}");
        }
    }
}
