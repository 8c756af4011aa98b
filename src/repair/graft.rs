//! Grafts: libraries that are copied into the wheel.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use super::error::RepairError;
use crate::audit::Audit;
use crate::elf::ElfEdit;
use crate::error::Error;
use crate::regular_file::RegularFile;
use crate::resolve::Origin;
use crate::wheel::{Directory, Scheme, Sha256Digest, Sums, WheelPath};

/// A library that is copied into the wheel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Graft {
    /// Its name in the wheel.
    pub member: WheelPath,
    /// Its original path, inside the sysroot if it was found there.
    pub source: String,
    /// Its path on this machine.
    #[serde(skip)]
    pub location: PathBuf,
    /// Its original size in bytes.
    pub size: u64,
    /// Its original hash.
    pub sha256: Sha256Digest,
    /// The names by which objects need it, sorted.
    pub aliases: Vec<String>,
    /// Whether `source` is inside the root file system; otherwise it is in a directory that the caller named.
    pub in_sysroot: bool,
    /// The file names of the grafts that it needs, sorted. They are in the same directory.
    pub needs: Vec<String>,
    /// The changes to it.
    pub edit: ElfEdit,
}

impl Graft {
    /// Its file name, which is also its `DT_SONAME` and the name in `DT_NEEDED` of other objects.
    #[must_use]
    pub fn name(&self) -> &str {
        self.member.file_name()
    }

    /// The original library, read again.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or has changed since the plan was made.
    pub(super) fn read(&self) -> Result<Vec<u8>, Error> {
        let failed = |error| Error::io("read", &self.location, error);
        let changed = || Error::Changed { path: self.location.clone() };
        let file = RegularFile::open(&self.location).map_err(failed)?;
        if file.size() != self.size {
            return Err(changed());
        }
        let mut sums = Sums::default();
        let bytes = file.read(|piece| sums.add(piece)).map_err(failed)?;
        if sums.finish().1 == self.sha256 { Ok(bytes) } else { Err(changed()) }
    }
}

/// The file names of grafts, and which libraries share one.
pub(super) struct GraftNames {
    /// For each object of the graph: the object with the same content that represents it, and the file name.
    by_object: BTreeMap<usize, (usize, String)>,
}

impl GraftNames {
    /// Chooses a name for every library outside the wheel, one for each content.
    pub(super) fn choose(audit: &Audit) -> Self {
        let mut by_content: BTreeMap<Sha256Digest, (usize, String)> = BTreeMap::new();
        let mut by_object = BTreeMap::new();
        for (index, object) in audit.elf.graph.objects.iter().enumerate() {
            let Origin::File { file, .. } = &object.origin else { continue };
            let taken = |name: &str| by_content.values().any(|(_, other)| other == name);
            let graft = by_content.get(&file.sha256).cloned().unwrap_or_else(|| {
                let hash = file.sha256.hex();
                // Eight digits, as in other tools; more only if two libraries have the same eight.
                let name = [8, 16, 64].iter().filter_map(|digits| hash.get(..*digits));
                let mut names = name.map(|hash| hashed_name(file.file_name(), hash));
                let name = names.find(|name| !taken(name)).unwrap_or_default();
                (index, name)
            });
            by_content.insert(file.sha256, graft.clone());
            by_object.insert(index, graft);
        }
        Self { by_object }
    }

    /// The object that represents an object, and the file name of the graft.
    pub(super) fn of(&self, object: usize) -> Option<(usize, &str)> {
        self.by_object.get(&object).map(|(index, name)| (*index, name.as_str()))
    }
}

/// `libfoo.so.1.2` to `libfoo-<hash>.so.1.2`: the hash is inserted before the first dot, and only once.
fn hashed_name(file_name: &str, hash: &str) -> String {
    let (stem, rest) = file_name.split_at(file_name.find('.').unwrap_or(file_name.len()));
    if stem.strip_suffix(hash).is_some_and(|stem| stem.ends_with('-')) {
        return file_name.to_owned();
    }
    format!("{stem}-{hash}{rest}")
}

/// The names that a library may have had before it was grafted, the most likely first: without the hash that
/// [`hashed_name`] inserts before the first dot (or two, if it was grafted twice), and with fewer and fewer
/// of the numbers after `.so`, because other tools name grafts after files, which have more numbers than
/// sonames.
pub(crate) fn original_names(graft: &str) -> Vec<String> {
    let (stem, rest) = graft.split_at(graft.find('.').unwrap_or(graft.len()));
    let mut stems = vec![stem];
    stems.extend(std::iter::successors(without_hash(stem), |stem| without_hash(stem)));
    // A name without a hash was never changed by grafting; with a hash, it was.
    if let [_, _, ..] = stems.as_slice() {
        stems.remove(0);
    }
    let mut names = Vec::new();
    for stem in stems {
        let mut name = format!("{stem}{rest}");
        loop {
            names.push(name.clone());
            let numbered = name.find(".so.").map(|at| at + ".so".len());
            match numbered.and_then(|least| name.rfind('.').filter(|dot| *dot >= least)) {
                Some(dot) => name.truncate(dot),
                None => break,
            }
        }
    }
    names
}

/// The stem of a graft's name without the hash: 8 digits as in other tools, or as many as [`GraftNames`]
/// uses.
fn without_hash(stem: &str) -> Option<&str> {
    let (before, hash) = stem.rsplit_once('-')?;
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let is_hash = [8, 16, 64].contains(&hash.len()) && hash.bytes().all(is_digit);
    (is_hash && !before.is_empty()).then_some(before)
}

/// The directory for the grafts of objects in one scheme: `<name>.libs` in site-packages. Files installed
/// below the prefix cannot know where site-packages is, so their grafts are below the prefix too.
pub(super) fn graft_dir(scheme: Scheme, libs: &str, data_dir: &str) -> Result<GraftDir, RepairError> {
    let name = |name: String| -> Result<WheelPath, RepairError> {
        name.parse().map_err(|source| RepairError::Name { name: name.clone(), source })
    };
    match scheme {
        Scheme::Data => {
            let installed = name(format!("lib/{libs}"))?;
            let members = name(format!("{data_dir}/data/lib/{libs}"))?;
            Ok(GraftDir { directory: Directory { scheme, path: Some(installed) }, members })
        }
        Scheme::Site | Scheme::Scripts | Scheme::Headers => {
            let members = name(libs.to_owned())?;
            Ok(GraftDir {
                directory: Directory { scheme: Scheme::Site, path: Some(members.clone()) },
                members,
            })
        }
    }
}

/// A directory of grafts.
pub(super) struct GraftDir {
    /// Its installed path.
    pub(super) directory: Directory,
    /// Its name in the archive.
    pub(super) members: WheelPath,
}

impl GraftDir {
    pub(super) fn member(&self, name: &str) -> Result<WheelPath, RepairError> {
        self.members.join(name).map_err(|source| RepairError::Name { name: name.to_owned(), source })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{hashed_name, original_names};

    #[test]
    fn the_hash_goes_before_the_first_dot_and_only_once() {
        assert_eq!(hashed_name("libz.so.1.3.1", "0a1b2c3d"), "libz-0a1b2c3d.so.1.3.1");
        assert_eq!(hashed_name("libfoo-1.2.so.3", "0a1b2c3d"), "libfoo-1-0a1b2c3d.2.so.3");
        assert_eq!(hashed_name("libz-0a1b2c3d.so.1", "0a1b2c3d"), "libz-0a1b2c3d.so.1");
        assert_eq!(hashed_name("libz-11111111.so.1", "0a1b2c3d"), "libz-11111111-0a1b2c3d.so.1");
        assert_eq!(hashed_name("plugin", "0a1b2c3d"), "plugin-0a1b2c3d");
    }

    #[test]
    fn the_original_name_has_no_hash_and_at_most_the_numbers_of_the_graft() {
        for (graft, names) in [
            ("libz-0a1b2c3d.so.1", &["libz.so.1", "libz.so"][..]),
            ("libfoo-1-0a1b2c3d.2.so.3", &["libfoo-1.2.so.3", "libfoo-1.2.so"]),
            (
                "libgeos-11e07f71.so.3.14.1",
                &["libgeos.so.3.14.1", "libgeos.so.3.14", "libgeos.so.3", "libgeos.so"],
            ),
            ("libblas64_-58ffbbde.so", &["libblas64_.so"]),
            (
                "libf-91cc3cb1-58ffbbde.so.3",
                &["libf-91cc3cb1.so.3", "libf-91cc3cb1.so", "libf.so.3", "libf.so"],
            ),
            ("libplain.so.1", &["libplain.so.1", "libplain.so"]),
            ("libnear-0A1B2C3D.so", &["libnear-0A1B2C3D.so"]),
            ("-0a1b2c3d.so", &["-0a1b2c3d.so"]),
        ] {
            assert_eq!(original_names(graft), names, "{graft}");
        }
        assert_eq!(
            original_names(&hashed_name("libz.so.1.3.1", "0a1b2c3d")).first().unwrap(),
            "libz.so.1.3.1"
        );
    }
}
