//! One installation command for all wheels of a call.

use std::collections::BTreeSet;

use muslrepair::report::Failure;

/// One command that installs what several wheels lack, put together from the commands that their hints name.
pub(super) fn install_all<'a>(failures: impl Iterator<Item = &'a Failure>) -> Option<String> {
    let mut libraries: BTreeSet<&str> = BTreeSet::new();
    let (mut command, mut wheels) = ("", 0);
    for hint in failures.flat_map(|failure| &failure.hints) {
        let quoted = hint.split('`').nth(1).unwrap_or_default();
        if let Some((apk, names)) = quoted.split_once(" add ").filter(|(apk, _)| apk.starts_with("apk")) {
            libraries.extend(names.split(' '));
            (command, wheels) = (apk, wheels + 1);
        }
    }
    let libraries: Vec<&str> = libraries.into_iter().collect();
    (wheels > 1).then(|| format!("for all {wheels} wheels: `{command} add {}`", libraries.join(" ")))
}
