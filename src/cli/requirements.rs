//! `--requirements`: the wheels of a directory as pins with hashes, for `pip install --require-hashes`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use muslrepair::wheel::{PlatformTag, Sha256Digest, WheelFilename, normalized_name};

use super::claims::identity;
use super::inputs;
use super::term::CliError;

/// One line for each project in the directory, sorted: `name==version --hash=sha256:...`, with the hash of
/// each of its wheels. A `linux` wheel is omitted if its repaired wheel is present, so that installers take
/// the repaired one.
///
/// # Errors
///
/// If a wheel cannot be read, or if a project is present in two versions, of which the file can name only
/// one.
pub(super) fn requirements_text(directory: &Path) -> Result<String, CliError> {
    let failed = |path: &Path, error| CliError::Failure(format!("cannot read `{}`: {error}", path.display()));
    let wheels = inputs::wheels_in(directory)?;
    let named = |path: PathBuf| {
        let name: WheelFilename = path.file_name()?.to_str()?.parse().ok()?;
        Some((name, path))
    };
    let wheels: Vec<(WheelFilename, PathBuf)> = wheels.into_iter().filter_map(named).collect();
    let repaired: BTreeSet<_> =
        wheels.iter().filter(|(name, _)| !is_for_linux(name)).map(|(name, _)| identity(name)).collect();
    let mut pins: BTreeMap<String, BTreeMap<&str, BTreeSet<String>>> = BTreeMap::new();
    for (name, path) in &wheels {
        if is_for_linux(name) && repaired.contains(&identity(name)) {
            continue;
        }
        let file = File::open(path).map_err(|error| failed(path, error))?;
        let hash = Sha256Digest::of_reader(file).map_err(|error| failed(path, error))?.hex();
        let versions = pins.entry(normalized_name(name.distribution())).or_default();
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
