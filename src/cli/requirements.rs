//! `--requirements`: the wheels of a directory as pins with hashes, for `pip install --require-hashes`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use muslrepair::wheel::{PlatformTag, Sha256Digest, WheelFilename};

use super::inputs;
use super::term::CliError;

/// One line for each project in the directory, sorted: `name==version --hash=sha256:...`, with the hash of each of its wheels.
/// A wheel for `linux` is left out beside its repaired one: of the two, an installer shall take that.
///
/// # Errors
///
/// When a wheel cannot be read, and when a project is there in two versions, of which a file can name one only.
pub(super) fn requirements_text(directory: &Path) -> Result<String, CliError> {
    let failed = |path: &Path, error| CliError::Failure(format!("cannot read `{}`: {error}", path.display()));
    let wheels = inputs::wheels_in(directory)?;
    let named = |path: PathBuf| {
        let name: WheelFilename = path.file_name()?.to_str()?.parse().ok()?;
        Some((name, path))
    };
    let wheels: Vec<(WheelFilename, PathBuf)> = wheels.into_iter().filter_map(named).collect();
    let repaired: BTreeSet<_> = wheels
        .iter()
        .filter(|(name, _)| !is_for_linux(name))
        .map(|(name, _)| without_platform(name))
        .collect();
    let mut pins: BTreeMap<String, BTreeMap<&str, BTreeSet<String>>> = BTreeMap::new();
    for (name, path) in &wheels {
        if is_for_linux(name) && repaired.contains(&without_platform(name)) {
            continue;
        }
        let file = File::open(path).map_err(|error| failed(path, error))?;
        let hash = Sha256Digest::of_reader(file).map_err(|error| failed(path, error))?.hex();
        let versions = pins.entry(normalized(name.distribution())).or_default();
        versions.entry(name.version()).or_default().insert(format!(" --hash=sha256:{hash}"));
    }
    let mut text = String::new();
    for (name, versions) in pins {
        if versions.len() > 1 {
            let versions = Vec::from_iter(versions.into_keys()).join(", ");
            return Err(CliError::Failure(format!(
                "cannot pin `{name}`: `{}` has several versions of it ({versions}), and pip takes one",
                directory.display()
            )));
        }
        for (version, hashes) in versions {
            text.push_str(&format!("{name}=={version}{}\n", Vec::from_iter(hashes).concat()));
        }
    }
    Ok(text)
}

fn is_for_linux(name: &WheelFilename) -> bool {
    name.platforms().iter().any(|tag| matches!(tag, PlatformTag::Linux(_)))
}

/// What a repair does not change in a name.
fn without_platform(name: &WheelFilename) -> (&str, &str, &[String], &[String]) {
    (name.distribution(), name.version(), name.python_tags(), name.abi_tags())
}

/// The name of a project as indexes and lock files have it (PEP 503).
fn normalized(name: &str) -> String {
    let parts = name.split(['-', '_', '.']).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}
