//! `interposed`: a symbol of a library that musl defines too.

use std::collections::{BTreeMap, HashMap};

use crate::audit::finding::{Code, Finding, Severity, first_few, grouped, listed};
use crate::audit::subject::Subject;
use crate::resolve::{Graph, Object};

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("interposed"),
    severity: Severity::Warning,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "A symbol is taken from musl instead of the library that should provide it.",
    explanation: "\
musl looks up a symbol in the program, in itself, and then in the libraries, and ignores symbol versions. An object
that was linked to `crypt` of `libcrypt.so.2` under a version of that library gets musl's `crypt`: another function,
perhaps with structures of another size. Examples are `crypt`, `crypt_r`, the `res_*`, `gettext` and `iconv` families,
and others.",
    source: "`find_sym2` in musl's `ldso/dynlink.c`, which ignores `DT_VERNEED`.",
    symptom: None,
    fix: "\
Rename the symbols in the library, or link it statically with `-Wl,--exclude-libs,ALL`. `repair` cannot change this.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let having = audit.objects().filter(|object| !object.symbols.interposed.is_empty());
    let found = having.flat_map(|object| {
        let causes = by_library(audit.graph, object);
        causes.into_iter().map(|cause| (cause, object.origin.display_name()))
    });
    let findings = grouped(found).into_iter().map(|((library, symbols), objects)| {
        let is = if symbols.len() == 1 { "is" } else { "are" };
        let message = format!(
            "{} of `{library}` {is} never used by {}: musl's own takes precedence",
            listed(&symbols),
            first_few(&objects)
        );
        let hint = "rename the symbols in the library, or link it statically";
        RULE.finding_about(&objects, message).with_hint(hint)
    });
    findings.collect()
}

/// The symbols that an object expects from its libraries although musl defines them, by library.
fn by_library<'a>(graph: &Graph, object: &'a Object) -> BTreeMap<&'a str, Vec<&'a str>> {
    let providers: HashMap<&str, usize> = object.edges().collect();
    let mut by_library: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (library, symbol) in &object.symbols.interposed {
        let provider = providers.get(library.as_str()).and_then(|index| graph.objects.get(*index));
        if provider.is_some_and(|provider| provider.symbols.defines(symbol.as_bytes())) {
            by_library.entry(library).or_default().push(symbol);
        }
    }
    by_library
}
