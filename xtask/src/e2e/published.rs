//! `cargo xtask e2e published`: the current wheels of some projects and of all that they need, as the package index has
//! them today, through `repair` as it is called by default. What loads keeps its published hash; what lacks a library is
//! fixed under a build tag that installers prefer.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::image::{self, Image, Root};
use crate::install;
use crate::process::{cargo, command, digest, run as run_command, target};

/// What is asked for; with what it needs, at least [`FEWEST`] musllinux wheels.
const PROJECTS: &[&str] = &[
    "pandas",
    "cryptography",
    "lxml",
    "pillow",
    "aiohttp",
    "orjson",
    "msgpack",
    "PyYAML",
    "psutil",
    "greenlet",
    "MarkupSafe",
    "regex",
];
const FEWEST: usize = 12;

/// A project whose musllinux wheel leaves a library to the system, and that library.
const LACKS: (&str, &str) = ("wasmtime", "libgcc_s.so.1");

/// Where that library is taken from: a wheel that has Alpine's.
const HAS: &str = "numpy";

const IMPORT: &str = "import aiohttp, cryptography.hazmat.bindings._rust, frozenlist._frozenlist, greenlet, lxml.etree, \
    markupsafe._speedups, msgpack._cmsgpack, multidict._multidict, numpy.linalg, orjson, pandas, PIL._imaging, \
    propcache._helpers_c, psutil, regex, yaml._yaml, yarl._quoting_c, _cffi_backend";

const TOOLS: &[&str] = &["pip==25.3", "uv==0.13.8"];

/// The tags of the image's Python that wheels have.
const PLATFORM: &[&str] = &[
    "--only-binary=:all:",
    "--platform=musllinux_1_2_x86_64",
    "--platform=musllinux_1_1_x86_64",
    "--python-version=3.11",
    "--implementation=cp",
    "--abi=cp311",
    "--abi=abi3",
    "--abi=none",
];

/// A wheel as the index has it.
struct Published {
    requirement: String,
    sha256: String,
}

pub fn run() -> Result<()> {
    let bin = install::python_tools("published", TOOLS)?;
    let work = target().join("e2e/published");
    image::remove(&work)?;
    fs::create_dir_all(&work)?;
    let index = work.join("index");
    let published = fetch(&bin, &work, &index)?;
    let libraries = work.join("libraries");
    fs::create_dir_all(&libraries)?;
    take_library(&file_of(&index, HAS)?, &libraries)?;

    run_command(cargo().args(["build", "--quiet", "--package", "muslrepair"]))?;
    let (wheels, pins) = (work.join("wheels"), work.join("pins.txt"));
    let mut repair = command(target().join("debug/muslrepair"));
    repair.args(["repair", "--no-system-paths", "-l"]).arg(&libraries).arg("--wheel-dir").arg(&wheels);
    run_command(repair.arg("--requirements").arg(&pins).arg(&index))?;

    let copied = compare(&published, &wheels)?;
    let image = Image::build()?;
    from_published_hashes(&image, &work, &copied)?;
    from_own_pins(&image, &work)?;
    preferred(&bin, &work)?;
    old_hash(&bin, &work, &published)?;
    println!("e2e published: {} wheels copied, 1 fixed, all imported", copied.len());
    Ok(())
}

/// Downloads the wheels that pip takes today, and returns them by file name.
fn fetch(bin: &Path, work: &Path, index: &Path) -> Result<BTreeMap<String, Published>> {
    let report = work.join("report.json");
    let pip = |arguments: &[&str]| {
        let mut pip = command(bin.join("pip"));
        pip.args(arguments).args(["--quiet", "--disable-pip-version-check"]).args(PLATFORM);
        pip
    };
    let names = PROJECTS.iter().chain([&LACKS.0]);
    let mut ask = pip(&["install", "--dry-run", "--ignore-installed"]);
    run_command(ask.arg("--target").arg(work.join("nothing")).arg("--report").arg(&report).args(names))?;
    let report: Value = serde_json::from_str(&fs::read_to_string(report)?)?;
    let mut published = BTreeMap::new();
    let mut requirements = String::new();
    for item in report["install"].as_array().context("no list in pip's report")? {
        let text = |value: &Value| value.as_str().map(str::to_owned).context("not what pip's report has");
        let (name, version) = (text(&item["metadata"]["name"])?, text(&item["metadata"]["version"])?);
        let sha256 = text(&item["download_info"]["archive_info"]["hashes"]["sha256"])?;
        let url = text(&item["download_info"]["url"])?;
        let file = url.rsplit('/').next().unwrap_or_default().to_owned();
        let requirement = format!("{name}=={version}");
        requirements.push_str(&format!("{requirement} --hash=sha256:{sha256}\n"));
        published.insert(file, Published { requirement, sha256 });
    }
    let list = work.join("published.txt");
    fs::write(&list, requirements)?;
    let mut download = pip(&["download", "--no-deps", "--require-hashes"]);
    run_command(download.arg("--dest").arg(index).arg("-r").arg(&list))?;
    Ok(published)
}

/// The wheel of a project in a directory.
fn file_of(directory: &Path, project: &str) -> Result<PathBuf> {
    image::file_starting(directory, &format!("{project}-"))
}

/// Takes the library out of a wheel that brings it under another name.
fn take_library(wheel: &Path, libraries: &Path) -> Result<()> {
    let script = "\
import re, sys, zipfile
wheel = zipfile.ZipFile(sys.argv[1])
[name] = [name for name in wheel.namelist() if re.search(r'\\.libs/libgcc_s-[0-9a-f]+\\.so\\.1$', name)]
open(sys.argv[2], 'wb').write(wheel.read(name))
";
    run_command(command("python3").args(["-c", script]).arg(wheel).arg(libraries.join(LACKS.1)))
}

/// Every wheel has its published hash, but for the one that was fixed; the pins of those that have.
fn compare(published: &BTreeMap<String, Published>, wheels: &Path) -> Result<Vec<String>> {
    let mut pins = Vec::new();
    let mut musl = 0;
    for (file, wheel) in published {
        if file.starts_with(LACKS.0) {
            let fixed = file.replacen("-py3-", "-1muslrepair-py3-", 1);
            if wheels.join(file).exists() || !wheels.join(&fixed).exists() {
                bail!("`{file}` was not fixed as `{fixed}`");
            }
            println!("fixed   {fixed}");
            continue;
        }
        let found = digest(&wheels.join(file)).with_context(|| format!("`{file}` has another name"))?;
        if found != wheel.sha256 {
            bail!("`{file}` has the hash {found} and was published with {}", wheel.sha256);
        }
        println!("copied  {file}");
        musl += usize::from(file.contains("musllinux"));
        pins.push(format!("{} --hash=sha256:{}\n", wheel.requirement, wheel.sha256));
    }
    if musl < FEWEST {
        bail!("{musl} musllinux wheels are too few, {FEWEST} are wanted");
    }
    Ok(pins)
}

/// A copy of the image with the repaired wheels and a list of pins.
fn root(image: &Image, work: &Path, name: &str, pins: &Path) -> Result<Root> {
    let root = image.copy_to(&work.join(name))?;
    root.put(&work.join("wheels"), "/wheels")?;
    root.put(pins, "/pins.txt")?;
    Ok(root)
}

const INSTALL: &str = "pip install --require-hashes --no-index --find-links /wheels -r /pins.txt";

/// A lock file that holds the published hashes fits what was copied.
fn from_published_hashes(image: &Image, work: &Path, pins: &[String]) -> Result<()> {
    let list = work.join("copied.txt");
    fs::write(&list, pins.concat())?;
    let root = root(image, work, "from-published-hashes", &list)?;
    root.run(INSTALL)?;
    root.run(&format!("python3 -c '{IMPORT}'"))?;
    println!("installed from their published hashes, and imported: {} wheels", pins.len());
    image::remove(&work.join("from-published-hashes"))
}

/// What `--requirements` wrote fits everything, the fixed wheel as well.
fn from_own_pins(image: &Image, work: &Path) -> Result<()> {
    let root = root(image, work, "from-own-pins", &work.join("pins.txt"))?;
    root.run(INSTALL)?;
    root.run(&format!("python3 -c '{IMPORT}, {}'", LACKS.0))?;
    println!("installed from --requirements, and imported: all, with {}", LACKS.0);
    image::remove(&work.join("from-own-pins"))
}

/// Of the published and the fixed wheel side by side, installers take the fixed one.
fn preferred(bin: &Path, work: &Path) -> Result<()> {
    let both = work.join("both");
    fs::create_dir_all(&both)?;
    for directory in ["index", "wheels"] {
        let wheel = file_of(&work.join(directory), LACKS.0)?;
        fs::copy(&wheel, both.join(wheel.file_name().context("no name")?))?;
    }
    let mut pip = command(bin.join("pip"));
    pip.args(["install", "--quiet", "--no-deps", "--no-index", "--find-links"]).arg(&both).args(PLATFORM);
    run_command(pip.arg("--target").arg(work.join("by-pip")).arg(LACKS.0))?;
    let mut uv = command(bin.join("uv"));
    uv.args(["pip", "install", "--quiet", "--no-deps", "--no-index", "--no-cache", "--find-links"])
        .arg(&both);
    uv.args(["--python-platform", "x86_64-unknown-linux-musl", "--python-version", "3.11", "--target"]);
    run_command(uv.arg(work.join("by-uv")).arg(LACKS.0))?;
    for (installer, directory) in [("pip", "by-pip"), ("uv", "by-uv")] {
        let info = file_of(&work.join(directory), LACKS.0)?.join("WHEEL");
        if !fs::read_to_string(&info)?.contains("\nBuild: 1muslrepair") {
            bail!("{installer} took the published wheel and not the fixed one");
        }
        println!("{installer} takes the fixed wheel");
    }
    Ok(())
}

/// The published hash no longer fits what was fixed, and pip says so in the words of docs/troubleshooting.md.
fn old_hash(bin: &Path, work: &Path, published: &BTreeMap<String, Published>) -> Result<()> {
    let (_, wheel) = published.iter().find(|(file, _)| file.starts_with(LACKS.0)).context("no such wheel")?;
    let list = work.join("old.txt");
    fs::write(&list, format!("{} --hash=sha256:{}\n", wheel.requirement, wheel.sha256))?;
    let mut pip = command(bin.join("pip"));
    pip.args(["download", "--no-deps", "--no-index", "--require-hashes", "--find-links"])
        .arg(work.join("wheels"));
    let said = pip.args(PLATFORM).arg("--dest").arg(work.join("none")).arg("-r").arg(&list).output()?;
    let words = "THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE";
    match !said.status.success() && String::from_utf8_lossy(&said.stderr).contains(words) {
        true => Ok(()),
        false => bail!("pip does not say `{words}` but:\n{}", String::from_utf8_lossy(&said.stderr)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_pip_are_in_the_documentation() {
        let page = crate::process::root().join("docs/troubleshooting.md");
        let text = fs::read_to_string(page).unwrap();
        assert!(text.contains("THESE PACKAGES DO NOT MATCH THE HASHES"));
    }
}
