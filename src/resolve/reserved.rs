//! Names that musl reserves for itself, and project libraries that happen to have such a name.

use crate::musl;

use super::layout::InstalledLayout;
use super::library::LibraryFile;
use super::object::Object;

/// Whether an object that needs a reserved name may nevertheless mean a library of some project: no toolchain
/// writes that name for libc, and the object needs a symbol that musl lacks. Libraries of that name in the
/// wheel are not affected.
pub(super) fn may_mean_another(object: Option<&Object>, layout: &InstalledLayout, name: &str) -> bool {
    !musl::is_usual_libc_name(name)
        && !name.contains('/')
        && layout.named(name).next().is_none()
        && lacking(object).next().is_some()
}

/// Whether a library defines a symbol that an object needs and musl lacks.
pub(super) fn lacks_one_of(object: Option<&Object>, file: &LibraryFile) -> bool {
    lacking(object).any(|name| file.symbols.defines(name))
}

/// The symbols that an object needs and that neither musl nor the interpreter provides.
fn lacking(object: Option<&Object>) -> impl Iterator<Item = &[u8]> {
    let arch = object.and_then(|object| object.facts.arch);
    let asked = object.into_iter().flat_map(|object| &object.symbols.undefined).map(|name| name.as_ref());
    asked.filter(move |name| {
        arch.is_some_and(|arch| musl::exports(arch, name).is_none()) && !musl::is_python_api(name)
    })
}
