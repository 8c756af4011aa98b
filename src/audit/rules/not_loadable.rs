//! `not-loadable`: modules and libraries that cannot be loaded.

use crate::audit::finding::{Code, Finding, Severity, subject};
use crate::audit::roles::{Unloadable, UnloadableReason};
use crate::audit::subject::Subject;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("not-loadable"),
    severity: Severity::Error,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "A file is named as an extension module or library, but cannot be loaded.",
    explanation: "\
A name such as `_core.cpython-312-x86_64-linux-musl.so` or `_core.abi3.so` is that of an extension module, and Python
loads it when the module is imported. The file must be a shared object. An empty file, a Git LFS pointer, a truncated
download or an object file with such a name makes the import fail. The same holds for libraries: files named `*.so` or
`*.so.*`, or needed by another object, whose ELF header says that they are shared objects for the wheel's machine.
Damaged ELF files that nothing loads are `damaged-elf`.

If a shared object lacks the magic number of ELF, musl loads it nevertheless, but tools that inspect the wheel do not
see it: that is an error too.",
    source: "`map_library` in musl's `ldso/dynlink.c`, which reads `e_type` and no byte of `e_ident`; gABI, \"ELF Header\" and \"Program Header\".",
    symptom: Some("ImportError: Error loading shared library /path/_core.abi3.so: Exec format error"),
    fix: "\
Build the wheel again from complete files; with Git LFS, run `git lfs pull` first. If the file is broken on purpose,
such as a test fixture, give it another name. `repair` does not change it.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let mut groups: Vec<(&Unloadable, Vec<&str>)> = Vec::new();
    for file in audit.unloadable {
        let shares = |other: &Unloadable| (other.is_module, &other.reason) == (file.is_module, &file.reason);
        match groups.iter_mut().find(|(first, _)| shares(first)) {
            Some((_, files)) => files.push(&file.path),
            None => groups.push((file, vec![&file.path])),
        }
    }
    groups.into_iter().map(|(first, files)| finding(first, &files)).collect()
}

fn finding(first: &Unloadable, files: &[&str]) -> Finding {
    let (what, whats) = match first.is_module {
        true => (
            "is named as an extension module, but cannot be loaded",
            "are named as extension modules, but cannot be loaded",
        ),
        false => (
            "is named as a library or needed as one, but cannot be loaded",
            "are named as libraries or needed as such, but cannot be loaded",
        ),
    };
    let cannot = subject(files, what, whats);
    let each = if files.len() == 1 { "it is" } else { "each is" };
    match &first.reason {
        UnloadableReason::NotElf(why) | UnloadableReason::Kind(why) => {
            RULE.finding_about(files, format!("{cannot}: {each} {why}"))
        }
        UnloadableReason::OtherSystem(system) => {
            RULE.finding_about(files, format!("{cannot}: {each} a file for {system}"))
        }
        UnloadableReason::Damaged(error) => {
            let finding = RULE.finding_about(files, format!("{cannot}: {error}"));
            match error.hint() {
                Some(hint) => finding.with_hint(hint),
                None => finding,
            }
        }
        UnloadableReason::Unmarked => {
            let lacks = subject(files, "does", "do");
            let message =
                format!("{lacks} not start like an ELF file, but musl loads such a file nevertheless");
            RULE.finding_about(files, message)
        }
    }
}
