//! `ifunc`: functions whose implementation is chosen at load time.

use crate::audit::finding::{Code, Finding, Severity, grouped_by_symbols, listed, subject};
use crate::audit::requirement::RequirementKind;
use crate::audit::subject::Subject;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("ifunc"),
    severity: Severity::Error,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "An object needs indirect functions, which musl does not support.",
    explanation: "\
An indirect function (`STT_GNU_IFUNC`) is a resolver that returns the best implementation for the processor. Compilers
generate them for the attributes `ifunc` and `target_clones` and for function multiversioning. musl ignores such
symbols, and does not support the relocation `IRELATIVE`. A library that only exports an indirect function can be
loaded; an object that refers to it cannot, unless musl or another loaded object defines an ordinary function of that
name. Static programs relocate themselves and are not affected.",
    source: "`find_sym2` (`OK_TYPES`) and `do_relocs` in musl's `ldso/dynlink.c`.",
    symptom: Some("Error relocating /path/x.so: unsupported relocation type 37"),
    fix: "\
Build without indirect functions: leave out the attributes `ifunc` and `target_clones`, and choose the implementation
with an ordinary function pointer. `muslrepair repair` cannot change it.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let found = audit.requirements.iter().filter_map(|requirement| {
        let RequirementKind::Ifunc { symbol } = &requirement.kind else { return None };
        Some(((), symbol.as_deref(), requirement.object.as_str()))
    });
    let groups = grouped_by_symbols(found).into_iter();
    let findings = groups.map(|((), symbols, objects)| {
        let (evidence, symbols) = match (symbols.is_empty(), objects.len()) {
            (true, _) => (subject(&objects, "has", "have"), "`IRELATIVE` relocations".to_owned()),
            (false, 1) => (subject(&objects, "refers", "refer"), own_functions("its", &symbols)),
            (false, _) => (subject(&objects, "refers", "refer"), own_functions("their", &symbols)),
        };
        let message = format!("{evidence} {symbols}, which musl does not support");
        let hint = "build without indirect functions (`ifunc` and `target_clones` attributes, function multiversioning)";
        RULE.finding_about(&objects, message).with_hint(hint)
    });
    findings.collect()
}

fn own_functions(whose: &str, symbols: &[&str]) -> String {
    let noun = if symbols.len() == 1 { "function" } else { "functions" };
    format!("to {whose} own indirect {noun} {}", listed(symbols))
}
