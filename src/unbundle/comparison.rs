//! Compares how a process resolves its symbols before and after.

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::{Audit, ElfAudit};
use crate::elf::SymbolKind;
use crate::error::Error;
use crate::resolve::{Object, Origin};

use super::binding::{Provider, Scope};
use super::blame::Blame;
use super::bundled::Bundled;
use super::conflicts::{Conflicts, text};
use super::reason::Reason;
use super::symbols::{Definition, FileId, SymbolReader};

/// One process, before and after the replacement.
pub(super) struct Comparison<'a> {
    pub(super) audit: &'a Audit,
    pub(super) bundled: &'a BTreeMap<usize, Bundled>,
    pub(super) symbols: &'a SymbolReader<'a>,
    pub(super) replaced: &'a BTreeSet<usize>,
    pub(super) after: &'a ElfAudit,
    pub(super) blame: &'a Blame<'a>,
    pub(super) then: Scope<'a>,
    pub(super) now: Scope<'a>,
}

impl Comparison<'_> {
    /// Compares the definitions that an object of the result uses with those it used before.
    pub(super) fn compare(&mut self, looker: usize, conflicts: &mut Conflicts) -> Result<(), Error> {
        let Some(object) = self.after.graph.objects.get(looker) else { return Ok(()) };
        let symbols = self.symbols.of(object)?;
        let is_system = matches!(object.origin, Origin::File { .. });
        for name in &symbols.looked_up {
            if is_system {
                self.compare_system(looker, object, name, conflicts)?;
            } else {
                self.compare_member(object, name, conflicts)?;
            }
        }
        Ok(())
    }

    /// Checks that an object of the wheel uses the same definitions as before, or those of the library that
    /// replaces a graft.
    fn compare_member(
        &mut self,
        object: &Object,
        name: &[u8],
        conflicts: &mut Conflicts,
    ) -> Result<(), Error> {
        let (then, now) = (self.then.find(name), self.now.find(name));
        let before = &self.audit.elf.graph;
        let expected = match then {
            Some(Provider::Object(index)) if self.replaced.contains(&index) => {
                let (Some(graft), Some(Ok(counterpart))) =
                    (before.objects.get(index), self.bundled.get(&index).map(|graft| &graft.counterpart))
                else {
                    return Ok(());
                };
                let of_graft = self.symbols.of(graft)?.defined.get(name).copied();
                let has = counterpart.file.symbols.defines(name);
                let of_system =
                    self.symbols.of_file(&counterpart.file)?.defined.get(name).copied().filter(|_| has);
                let settled = !self.is_bundled(object);
                let Some(of_system) = of_system else {
                    conflicts.missing(index, &counterpart.file.path, name, object, settled);
                    return Ok(());
                };
                if let Some(reason) = of_graft
                    .and_then(|before| differ(before, of_system, &counterpart.file.path, name, object))
                {
                    conflicts.add(index, reason, settled);
                    return Ok(());
                }
                Some(FileId::System(counterpart.file.location.clone()))
            }
            _ => self.then.file(then),
        };
        let actual = self.now.file(now);
        let outside = |provider: Option<Provider>| match provider {
            Some(Provider::Object(_) | Provider::Allowed(_)) => None,
            other => Some(other),
        };
        if (&expected, outside(then)) == (&actual, outside(now)) {
            return Ok(());
        }
        let reason = self.reason(object, name, then, now);
        for graft in self.blamed(then, now) {
            conflicts.add(graft, reason.clone(), false);
        }
        Ok(())
    }

    /// Checks that a library of the system uses definitions in the wheel only where the graft it replaces
    /// did: definitions that come before its own, such as C++ templates, and those that are not in grafts.
    /// Everything else must come from libraries of the system.
    fn compare_system(
        &mut self,
        looker: usize,
        object: &Object,
        name: &[u8],
        conflicts: &mut Conflicts,
    ) -> Result<(), Error> {
        let now = self.now.find(name);
        let Some(Provider::Object(index)) = now else { return Ok(()) };
        let Some(provider) = self.after.graph.objects.get(index) else { return Ok(()) };
        if matches!(provider.origin, Origin::File { .. }) {
            return Ok(());
        }
        let then = self.then.find(name);
        let graft = self.blame.in_place_of(looker);
        let graft = graft.and_then(|graft| self.audit.elf.graph.objects.get(graft));
        let looked_up = match graft {
            Some(graft) => self.symbols.of(graft)?.looks_up(name),
            None => false,
        };
        let was_there = self.then.file(then) == Some(FileId::of(provider));
        let may_bind = !self.is_bundled(provider) || object.symbols.defines(name);
        if looked_up && was_there && may_bind {
            return Ok(());
        }
        let reason = Reason::BoundElsewhere {
            symbol: text(name),
            object: object.origin.display_name().to_owned(),
            before: None,
            after: Some(provider.origin.display_name().to_owned()),
        };
        for graft in self.blame.bringing(looker) {
            conflicts.add(graft, reason.clone(), false);
        }
        Ok(())
    }

    fn reason(&self, object: &Object, name: &[u8], then: Option<Provider>, now: Option<Provider>) -> Reason {
        Reason::BoundElsewhere {
            symbol: text(name),
            object: object.origin.display_name().to_owned(),
            before: self.then.display_name(then),
            after: self.now.display_name(now),
        }
    }

    /// The grafts whose replacement changes the definition of a name.
    fn blamed(&self, then: Option<Provider>, now: Option<Provider>) -> BTreeSet<usize> {
        let own = match then {
            Some(Provider::Object(index)) => self.replaced.get(&index).copied(),
            _ => None,
        };
        let mut blamed = match now {
            Some(Provider::Object(index)) => self.blame.bringing(index),
            _ => BTreeSet::new(),
        };
        if let Some(own) = own {
            blamed.remove(&own);
        }
        match (blamed.is_empty(), own) {
            (false, _) => blamed,
            (true, Some(own)) => BTreeSet::from([own]),
            (true, None) => self.replaced.clone(),
        }
    }

    /// Whether an object of either graph is one of the grafts.
    fn is_bundled(&self, object: &Object) -> bool {
        let FileId::Member(path) = FileId::of(object) else { return false };
        self.bundled.values().any(|graft| graft.path.as_str() == path)
    }
}

/// How a definition differs, as far as it matters to its users.
fn differ(before: Definition, after: Definition, path: &str, name: &[u8], object: &Object) -> Option<Reason> {
    let (path, symbol) = (path.to_owned(), text(name));
    let object = object.origin.display_name().to_owned();
    match (kind(before.kind), kind(after.kind)) {
        (Some(before), Some(after)) if before != after => {
            Some(Reason::OtherKind { path, symbol, before, after, object })
        }
        (Some("data" | "thread-local data"), Some(_)) if before.size != after.size => {
            Some(Reason::OtherSize { path, symbol, before: before.size, after: after.size, object })
        }
        _ => None,
    }
}

/// The kind of a symbol; `None` if its type does not show it.
fn kind(kind: SymbolKind) -> Option<&'static str> {
    match kind {
        SymbolKind::Func | SymbolKind::Ifunc => Some("a function"),
        SymbolKind::Object | SymbolKind::Common => Some("data"),
        SymbolKind::Tls => Some("thread-local data"),
        SymbolKind::NoType | SymbolKind::Other => None,
    }
}
