//! Programs of `.data/scripts` that need grafts.

use serde::Serialize;

use crate::wheel::WheelPath;

/// A program that moves to site-packages, where a run path can point to grafts, and is replaced with a
/// script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MovedProgram {
    /// The old member of the program, which becomes the script.
    pub script: WheelPath,
    /// The new member of the program.
    pub program: WheelPath,
}

/// The script that starts the program. Installers replace `#!python` with their interpreter (PEP 427,
/// "Recommended installer features"). It searches the program in the directories from which the interpreter
/// imports, so it works in virtual environments, user installations and `--target` directories alike.
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
