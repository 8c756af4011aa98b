//! The C library for which objects were built.

use crate::musl::{self, glibc_evidence, glibc_interpreter};
use crate::resolve::{Graph, Origin};

/// Evidence that an object was built for glibc. The interpreter counts only in a program.
pub(super) fn evidence_of_glibc(graph: &Graph, index: usize) -> Option<String> {
    let facts = &graph.objects.get(index)?.facts;
    let interpreter = if graph.starts_a_process(index) { glibc_interpreter(facts) } else { None };
    interpreter.or_else(|| glibc_evidence(facts))
}

/// The C library for which an object was built: `musl`, `glibc`, or `None` if nothing shows it.
#[must_use]
pub fn libc_name(graph: &Graph, index: usize) -> Option<&'static str> {
    if evidence_of_glibc(graph, index).is_some() {
        return Some("glibc");
    }
    let facts = &graph.objects.get(index)?.facts;
    let loader = facts.interpreter.as_deref().is_some_and(musl::is_musl_loader);
    (loader || facts.needed.iter().any(|name| musl::is_libc(name))).then_some("musl")
}

/// The first object, in a wheel or outside it, with evidence that it was built for musl. Statically linked
/// programs, and libraries that need no C library, have no evidence: they may work with both.
#[must_use]
pub(crate) fn built_for_musl(graph: &Graph) -> Option<&str> {
    let own = graph.objects.iter().enumerate();
    let mut own = own.filter(|(_, object)| !matches!(object.origin, Origin::Sibling { .. }));
    own.find(|(index, _)| libc_name(graph, *index) == Some("musl"))
        .map(|(_, object)| object.origin.display_name())
}
