//! The `entry_points.txt` file: the programs that an installer creates.

use super::path::ends_line;

/// The names of the scripts in an `entry_points.txt` file (entry points specification): those of
/// `console_scripts` and `gui_scripts`, in file order. Other lines are ignored, as in `importlib.metadata`.
pub(crate) fn script_names(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut names = Vec::new();
    let mut makes_scripts = false;
    for line in text.split(ends_line).map(str::trim) {
        if let Some(section) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            makes_scripts = matches!(section.trim(), "console_scripts" | "gui_scripts");
        } else if let Some((name, _)) =
            line.split_once('=').filter(|_| makes_scripts && !line.starts_with('#'))
        {
            names.push(name.trim().to_owned());
        }
    }
    names
}

/// Whether the name of a script is a path instead of a plain name.
pub(crate) fn is_path(name: &str) -> bool {
    name.contains(['/', '\\']) || matches!(name, "" | "." | "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_scripts_are_parsed_as_in_python() {
        let text = "x = out:of_section\n[console_scripts]\ntool = a:b\r\n # c = d\n#e = f\n../up=a:b [extra]\n\
                    [other]\nq/r = s\n[ gui_scripts ]\u{2028}a\\b=c\n";
        let names = script_names(text.as_bytes());
        assert_eq!(names, ["tool", "../up", "a\\b"]);
        assert_eq!(names.iter().map(|name| is_path(name)).collect::<Vec<_>>(), [false, true, true]);
        assert!(is_path("..") && is_path("") && !is_path("a.b-c"));
    }
}
