//! Which C library objects show that they were built for.

use crate::musl::{self, glibc_evidence, glibc_interpreter};
use crate::resolve::{Graph, Origin};

/// What shows that an object was built for glibc, if anything does. Only of a program the interpreter counts.
pub(super) fn evidence_of_glibc(graph: &Graph, index: usize) -> Option<String> {
    let facts = &graph.objects.get(index)?.facts;
    let interpreter = if graph.starts_a_process(index) { glibc_interpreter(facts) } else { None };
    interpreter.or_else(|| glibc_evidence(facts))
}

/// The C library that an object of the graph shows it was built for: `musl`, `glibc`, or nothing that tells.
#[must_use]
pub fn libc_name(graph: &Graph, index: usize) -> Option<&'static str> {
    if evidence_of_glibc(graph, index).is_some() {
        return Some("glibc");
    }
    let facts = &graph.objects.get(index)?.facts;
    let loader = facts.interpreter.as_deref().is_some_and(musl::is_musl_loader);
    (loader || facts.needed.iter().any(|name| musl::is_libc(name))).then_some("musl")
}

/// The first object, of a wheel or outside it, that shows it was built for musl. Programs that are linked statically, and
/// libraries that need no C library, show nothing: they may well be for both.
#[must_use]
pub(crate) fn built_for_musl(graph: &Graph) -> Option<&str> {
    let own = graph.objects.iter().enumerate();
    let mut own = own.filter(|(_, object)| !matches!(object.origin, Origin::Sibling { .. }));
    own.find(|(index, _)| libc_name(graph, *index) == Some("musl"))
        .map(|(_, object)| object.origin.display_name())
}
