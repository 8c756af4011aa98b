//! Wheels that are installed together.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::musl;
use crate::resolve::{Object, Origin};
use crate::wheel::{Directory, WheelFilename};

use super::scan::ScannedWheel;

/// The objects of wheels that are installed into one site-packages, so that run paths may point from one to
/// another.
#[derive(Debug, Default)]
pub struct InstallSet<'a> {
    wheels: Vec<&'a ScannedWheel>,
    /// The objects by file name, and those that need a name; by wheel and position.
    named: HashMap<&'a str, Vec<(usize, usize)>>,
    needing: HashMap<&'a str, Vec<(usize, usize)>>,
}

/// The parts of other wheels that matter to one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Siblings {
    /// The objects that it needs or that need it.
    pub objects: Vec<Object>,
    /// The directories of the wheels with these objects: run paths may go through them.
    pub directories: BTreeSet<Directory>,
}

impl<'a> InstallSet<'a> {
    /// Adds a wheel.
    pub fn add(&mut self, wheel: &'a ScannedWheel) {
        for (position, object) in wheel.roles.objects.iter().enumerate() {
            let at = (self.wheels.len(), position);
            self.named.entry(file_name(object)).or_default().push(at);
            for name in needed(object) {
                self.needing.entry(name).or_default().push(at);
            }
        }
        self.wheels.push(wheel);
    }

    /// The objects that matter to a wheel of the set, from all wheels that can be installed together with it:
    /// those that its own objects may need, and those that need libraries with the names of its own.
    #[must_use]
    pub fn beside(&self, wheel: &WheelFilename) -> Siblings {
        let own = self.wheels.iter().filter(|other| other.name == *wheel).flat_map(|own| &own.roles.objects);
        let own: Vec<&Object> = own.collect();
        let mut found: BTreeSet<(usize, usize)> = BTreeSet::new();
        let mut names: Vec<&str> = own.iter().flat_map(|object| needed(object)).collect();
        let asked: HashSet<&str> = names.iter().copied().collect();
        for name in own.iter().map(|object| file_name(object)).filter(|name| asked.contains(name)) {
            for at in self.needing.get(name).into_iter().flatten() {
                if self.is_beside(wheel, at.0) && found.insert(*at) {
                    names.extend(self.object(*at).into_iter().flat_map(needed));
                }
            }
        }
        let mut looked: HashSet<&str> = HashSet::new();
        while let Some(name) = names.pop() {
            if !looked.insert(name) {
                continue;
            }
            for at in self.named.get(name).into_iter().flatten() {
                if self.is_beside(wheel, at.0) && found.insert(*at) {
                    names.extend(self.object(*at).into_iter().flat_map(needed));
                }
            }
        }
        let wheels: BTreeSet<usize> = found.iter().map(|(wheel, _)| *wheel).collect();
        let wheels = wheels.into_iter().filter_map(|wheel| self.wheels.get(wheel));
        Siblings {
            directories: wheels.flat_map(|wheel| wheel.directories.iter().cloned()).collect(),
            objects: found.into_iter().filter_map(|at| self.neighbour(at)).collect(),
        }
    }

    /// An object, named as seen from another wheel.
    fn neighbour(&self, at: (usize, usize)) -> Option<Object> {
        let (object, wheel) = (self.object(at)?, self.wheels.get(at.0)?);
        let place = object.origin.place()?.clone();
        let shown = format!("{} of {}", object.origin.display_name(), wheel.name);
        Some(Object { origin: Origin::Sibling { shown, place }, ..object.clone() })
    }

    fn object(&self, (wheel, position): (usize, usize)) -> Option<&'a Object> {
        self.wheels.get(wheel)?.roles.objects.get(position)
    }

    /// Whether a wheel can be installed together with `own`: another project, for the same machine and
    /// Python.
    fn is_beside(&self, own: &WheelFilename, index: usize) -> bool {
        let Some(ScannedWheel { name: other, .. }) = self.wheels.get(index).copied() else { return false };
        let machine = |name: &WheelFilename| name.platforms().first().and_then(|tag| tag.arch());
        let pythons = (own.python_version(), other.python_version());
        let one_python = !matches!(pythons, (Some(own), Some(other)) if own != other);
        own.distribution() != other.distribution() && machine(own) == machine(other) && one_python
    }
}

/// The names of libraries that an object needs, except libc.
fn needed(object: &Object) -> impl Iterator<Item = &str> {
    object.facts.needed.iter().map(String::as_str).filter(|name| !musl::is_libc(name))
}

fn file_name(object: &Object) -> &str {
    object.origin.place().map_or("", |place| place.path.file_name())
}
