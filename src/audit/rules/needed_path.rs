//! `needed-path`: a library that is needed by a path.

use crate::audit::finding::{Code, Finding, Severity, grouped, subject};
use crate::audit::requirement::RequirementKind;
use crate::audit::subject::Subject;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("needed-path"),
    severity: Severity::Error,
    concern: Concern::Loading,
    fixed_by_repair: true,
    summary: "A library is needed by a path, which musl opens from the working directory.",
    explanation: "\
A name in `DT_NEEDED` with a slash in it is a path, and musl opens it unchanged, without any search: a relative path
starts at the current directory of the process. `$ORIGIN` has no meaning there. Linkers write such a name when they
get a library without `DT_SONAME` by its path (`cc ... build/libfoo.so`).",
    source: "`load_library` in musl's `ldso/dynlink.c`: `strchr(name, '/')`.",
    symptom: Some("Error loading shared library build/libfoo.so: No such file or directory (needed by /path/x.so)"),
    fix: "\
`muslrepair repair` replaces the path with the file name of the library and adds a run path to it. Or link the library
with `-Wl,-soname,libfoo.so`: objects linked with it then need it by that name.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let found = audit.requirements.iter().filter_map(|requirement| {
        let RequirementKind::NeededPath { library } = &requirement.kind else { return None };
        let target = audit.library_of(requirement.index, library)?;
        Some(((library.as_str(), target.origin.display_name()), requirement.object.as_str()))
    });
    let findings = grouped(found).into_iter().map(|((library, target), objects)| {
        let message = format!(
            "{} `{library}` by its path, which musl opens from the working directory",
            subject(&objects, "needs", "need")
        );
        let hint = format!(
            "`muslrepair repair` replaces it with the name of `{target}`; a library linked with `-Wl,-soname` is \
             needed by name"
        );
        RULE.finding_about(&objects, message).with_hint(hint)
    });
    findings.collect()
}
