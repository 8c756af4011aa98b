//! One installation command for all wheels of a call.

use muslrepair::Escaped;
use muslrepair::audit::Install;
use muslrepair::report::Failure;

/// One command that installs what several wheels lack.
pub(super) fn install_all<'a>(failures: impl Iterator<Item = &'a Failure>) -> Option<String> {
    let mut commands =
        failures.filter_map(|failure| failure.findings.iter().find_map(|f| f.install.as_ref()));
    // They differ only in what they install: a call has one root file system.
    let mut all: Install = commands.next()?.clone();
    let mut wheels = 1;
    for command in commands {
        all.tokens.extend(command.tokens.iter().cloned());
        wheels += 1;
    }
    (wheels > 1).then(|| format!("for all {wheels} wheels: `{}`", Escaped(&all.to_string())))
}
