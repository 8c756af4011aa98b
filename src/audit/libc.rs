//! Which C library objects show that they were built for.

use crate::musl::{self, glibc_evidence};
use crate::resolve::{Graph, Object, Origin};

/// The C library an object shows that it was built for: `musl`, `glibc`, or nothing that tells.
#[must_use]
pub fn libc_name(object: &Object) -> Option<&'static str> {
    if glibc_evidence(&object.facts).is_some() {
        return Some("glibc");
    }
    let musl =
        object.facts.interpreter.is_some() || object.facts.needed.iter().any(|name| musl::is_libc(name));
    musl.then_some("musl")
}

/// The first object, of a wheel or outside it, that shows it was built for musl. Programs that are linked statically, and
/// libraries that need no C library, show nothing: they may well be for both.
#[must_use]
pub(crate) fn built_for_musl(graph: &Graph) -> Option<&str> {
    let own = graph.objects.iter().filter(|object| !matches!(object.origin, Origin::Neighbour { .. }));
    own.filter(|object| libc_name(object) == Some("musl")).map(|object| object.origin.shown()).next()
}
