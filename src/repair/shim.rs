//! Programs of `.data/scripts` that need grafts.

use serde::Serialize;

use crate::wheel::WheelPath;

/// A program that moves to site-packages, from where a run path reaches the grafts, and leaves a script in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MovedProgram {
    /// The member the program was, and the script becomes.
    pub script: WheelPath,
    /// The member the program becomes.
    pub program: WheelPath,
}

/// The script that starts the program. Installers put their interpreter in place of `#!python` (PEP 427, "Recommended
/// installer features"). The program is looked for where the interpreter imports from, so that it is found in virtual
/// environments, user installations and `--target` directories alike.
pub(super) fn text(program: &WheelPath) -> Vec<u8> {
    let quoted: String = program.as_str().chars().flat_map(python_literal).collect();
    format!(
        "#!python\n\
         import os\n\
         import sys\n\
         import sysconfig\n\
         \n\
         if __name__ == \"__main__\":\n    \
             program = \"{quoted}\"\n    \
             for directory in [sysconfig.get_path(\"platlib\"), *sys.path]:\n        \
                 path = os.path.join(directory, program)\n        \
                 if os.path.isfile(path):\n            \
                     os.execv(path, sys.argv)\n    \
             sys.exit(f\"{{sys.argv[0]}}: {{program}} is not installed beside this script's packages\")\n"
    )
    .into_bytes()
}

fn python_literal(c: char) -> Vec<char> {
    match c {
        '"' | '\\' => vec!['\\', c],
        c => vec![c],
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::text;

    #[test]
    fn names_are_quoted_for_python() {
        let script = String::from_utf8(text(&"demo.scripts/a\"b".parse().unwrap())).unwrap();
        assert!(script.starts_with("#!python\nimport os\n"));
        assert!(script.contains("    program = \"demo.scripts/a\\\"b\"\n    for directory in"));
        assert!(script.contains("{sys.argv[0]}"));
    }
}
