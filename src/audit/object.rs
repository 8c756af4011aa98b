//! Reading objects.

use crate::elf::{self, ElfFacts, Kind};
use crate::error::Error;
use crate::limits::Limits;
use crate::musl::ObjectSymbols;
use crate::resolve::{Object, Origin};

/// The object that these bytes are, if they can be loaded at all: no `.o` files, no debug files, no core dumps.
pub(super) fn object(
    name: &str,
    bytes: &[u8],
    limits: &Limits,
    origin: impl FnOnce() -> Result<Origin, Error>,
) -> Result<Option<Object>, Error> {
    if !elf::is_elf(bytes) {
        return Ok(None);
    }
    let damaged = |source| Error::elf(name, source);
    let facts = ElfFacts::parse_within(bytes, limits).map_err(damaged)?;
    if !matches!(facts.kind, Kind::Dynamic | Kind::Executable) {
        return Ok(None);
    }
    let symbols = ObjectSymbols::read(bytes, &facts).map_err(damaged)?;
    Ok(Some(Object { origin: origin()?, facts, symbols, size: bytes.len() as u64, dependencies: Vec::new() }))
}
