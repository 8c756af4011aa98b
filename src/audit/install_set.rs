//! Wheels that are installed together.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::error::Error;
use crate::musl;
use crate::resolve::{Object, Origin};
use crate::wheel::{Directory, Wheel, WheelFilename};

use super::object::object;

/// The objects of wheels that are installed into one site-packages, where their run paths may lead from one to another.
#[derive(Debug, Default)]
pub struct Neighbourhood {
    wheels: Vec<Installed>,
    /// The objects by file name, and those that need a name; by wheel and position.
    named: HashMap<String, Vec<(usize, usize)>>,
    needing: HashMap<String, Vec<(usize, usize)>>,
}

/// A wheel of the neighbourhood.
#[derive(Debug)]
struct Installed {
    name: WheelFilename,
    objects: Vec<Object>,
    directories: BTreeSet<Directory>,
}

/// What other wheels install beside one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Neighbours {
    /// The objects that it has to do with.
    pub objects: Vec<Object>,
    /// The directories of the wheels that these objects are in: run paths may lead through them.
    pub directories: BTreeSet<Directory>,
}

impl Neighbourhood {
    /// Adds a wheel.
    ///
    /// # Errors
    ///
    /// As [`super::audit()`].
    pub fn add(&mut self, wheel: &Wheel) -> Result<(), Error> {
        let name = wheel.filename().to_string();
        let scan = wheel.scan(|member, bytes| -> Result<Option<Object>, Error> {
            let shown = format!("{} of {name}", member.path);
            let origin = || Ok(Origin::Neighbour { shown: shown.clone(), place: wheel.place(&member.path)? });
            object(member.path.as_str(), bytes, wheel.limits(), origin)
        })?;
        let places = scan.files.iter().filter_map(|file| wheel.place(&file.path).ok());
        let directories: BTreeSet<Directory> = places.map(|place| place.directory()).collect();
        let objects: Result<Vec<Option<Object>>, Error> =
            scan.files.into_iter().map(|file| file.value).collect();
        let objects: Vec<Object> = objects?.into_iter().flatten().collect();
        for (position, object) in objects.iter().enumerate() {
            let at = (self.wheels.len(), position);
            self.named.entry(file_name(object).to_owned()).or_default().push(at);
            for name in object.facts.needed.iter().filter(|name| !musl::is_libc(name)) {
                self.needing.entry(name.clone()).or_default().push(at);
            }
        }
        self.wheels.push(Installed { name: wheel.filename().clone(), objects, directories });
        Ok(())
    }

    /// The objects that have to do with a wheel that is part of the neighbourhood, of all wheels that can be installed beside
    /// it: what its own may lead to, and what needs libraries that have the names of its own.
    #[must_use]
    pub fn beside(&self, wheel: &WheelFilename) -> Neighbours {
        let own = self.wheels.iter().filter(|other| other.name == *wheel).flat_map(|own| &own.objects);
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
        Neighbours {
            directories: wheels.flat_map(|wheel| wheel.directories.iter().cloned()).collect(),
            objects: found.into_iter().filter_map(|at| self.object(at).cloned()).collect(),
        }
    }

    fn object(&self, (wheel, position): (usize, usize)) -> Option<&Object> {
        self.wheels.get(wheel)?.objects.get(position)
    }

    /// Whether a wheel can be installed beside `own`: another project, for the same machine and Python.
    fn is_beside(&self, own: &WheelFilename, index: usize) -> bool {
        let Some(Installed { name: other, .. }) = self.wheels.get(index) else { return false };
        let machine = |name: &WheelFilename| name.platforms().first().and_then(|tag| tag.arch());
        let pythons = (own.python_version(), other.python_version());
        let one_python = !matches!(pythons, (Some(own), Some(other)) if own != other);
        own.distribution() != other.distribution() && machine(own) == machine(other) && one_python
    }
}

/// The names of libraries that an object needs, libc aside.
fn needed(object: &Object) -> impl Iterator<Item = &str> {
    object.facts.needed.iter().map(String::as_str).filter(|name| !musl::is_libc(name))
}

fn file_name(object: &Object) -> &str {
    object.origin.place().map_or("", |place| place.path.file_name())
}
