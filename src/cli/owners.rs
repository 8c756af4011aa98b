//! The distributions whose modules need a library, for wheels and installed trees.

use std::collections::BTreeMap;

use muslrepair::audit::Need;
use muslrepair::wheel::{Record, WheelFilename};
use walkdir::WalkDir;

use super::inputs::{Subject, shown};

/// The distributions that the modules of a wheel or tree belong to.
pub(super) struct Owners {
    /// The distribution of all modules; or the tree, if nothing else is known.
    everything: String,
    /// The distributions of a tree, by the paths of their files in it.
    files: BTreeMap<String, String>,
}

impl Owners {
    /// For a wheel, its name and version; for a tree, the files in the `RECORD` of each distribution.
    pub(super) fn of(subject: &Subject) -> Self {
        match subject {
            Subject::Wheel(path) => {
                let name = shown(path);
                let parsed: Option<WheelFilename> = name.parse().ok();
                let everything =
                    parsed.map_or(name, |wheel| format!("{} {}", wheel.distribution(), wheel.version()));
                Self { everything, files: BTreeMap::new() }
            }
            Subject::Tree(root) => {
                let mut files = BTreeMap::new();
                for entry in WalkDir::new(root).sort_by_file_name().into_iter().flatten() {
                    let path = entry.path();
                    let directory =
                        path.parent().filter(|_| path.file_name().is_some_and(|name| name == "RECORD"));
                    let name = directory.and_then(|directory| directory.file_name()?.to_str());
                    let Some(name) = name.and_then(|name| name.strip_suffix(".dist-info")) else { continue };
                    let site = directory.and_then(|directory| directory.parent()?.strip_prefix(root).ok());
                    let (Some(site), Ok(bytes)) = (site, std::fs::read(path)) else { continue };
                    for row in Record::read(&bytes).rows() {
                        let file = site.join(row.path.as_str()).to_string_lossy().into_owned();
                        files.insert(file, name.replacen('-', " ", 1));
                    }
                }
                Self { everything: root.display().to_string(), files }
            }
        }
    }

    /// The distribution of a module.
    fn owner(&self, module: &str) -> &str {
        self.files.get(module).unwrap_or(&self.everything)
    }
}

/// The modules that need each library.
#[derive(Default)]
pub(super) struct Reasons(BTreeMap<(String, Option<String>), Vec<String>>);

impl Reasons {
    /// Adds the modules of a wheel or tree that need a library.
    pub(super) fn add(&mut self, need: &Need, owners: &Owners) {
        let modules = need.needed_by.iter().map(|module| format!("{module} ({})", owners.owner(module)));
        self.0.entry((need.library.clone(), need.path.clone())).or_default().extend(modules);
    }

    /// The modules that need a library.
    pub(super) fn of(&self, need: &Need) -> Vec<String> {
        self.0.get(&(need.library.clone(), need.path.clone())).cloned().unwrap_or_default()
    }
}
