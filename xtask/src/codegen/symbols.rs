//! `src/musl/table.rs`, from `testdata/symbols/`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result, bail, ensure};

use crate::process::root;

const DIRECTORY: &str = "testdata/symbols";

pub fn generate() -> Result<String> {
    let table = Table::parse(&read("musl.tsv")?).context("musl.tsv")?;
    let classes = table.classes();
    ensure!(classes.len() <= 26, "more classes than letters");

    let mut source = format!(
        "//! What musl's releases export, and names that are other libraries'.\n//!\n\
         //! @generated from `{DIRECTORY}/` by `cargo xtask codegen`.\n\n\
         /// The releases, oldest first: bit 0 of a mask is the first.\n\
         #[cfg(test)]\npub(super) const RELEASES: [&str; {}] = {:?};\n\n\
         /// The architectures as musl names them, in the order of the masks of a class.\n\
         #[cfg(test)]\npub(super) const ARCHES: [&str; {}] = {:?};\n\n\
         /// By architecture: the releases there are.\n\
         pub(super) const PORTS: [u16; {2}] = [{}];\n\n\
         /// By class and architecture: the releases that export the names of the class.\n\
         pub(super) const CLASSES: [[u16; {2}]; {}] = [\n",
        table.releases.len(),
        table.releases,
        table.arches.len(),
        table.arches,
        masks(&table.ports),
        classes.len(),
    );
    for (class, letter) in classes.iter().zip('a'..) {
        writeln!(source, "// {letter}\n[{}],", masks(class))?;
    }
    source.push_str("];\n");

    let exports = table.names.iter().map(|(name, masks)| {
        let class = classes.iter().zip('a'..).find(|(class, _)| *class == masks);
        format!("{}{name}", class.map_or('?', |(_, letter)| letter))
    });
    let names: BTreeSet<&str> = table.names.iter().map(|(name, _)| name.as_str()).collect();
    text(&mut source, "EXPORTS", "Every name any release exports, behind the letter of its class.", exports)?;
    let lfs64 = list("lfs64.txt")?;
    ensure!(lfs64.iter().all(|name| names.contains(name.as_str())), "LFS64 names that no release ever had");
    text(&mut source, "LFS64", "The names with 64 that the loader translates.", lfs64)?;
    let glibc = list("glibc-only.txt")?;
    if let Some(name) = glibc.iter().find(|name| names.contains(name.as_str())) {
        bail!("glibc-only.txt: musl has `{name}`");
    }
    text(&mut source, "GLIBC_ONLY", "Names that glibc defines and no release of musl does.", glibc)?;
    text(&mut source, "ZLIB", "What `libz.so.1` exports.", list("zlib.txt")?)?;
    super::formatted(&source)
}

/// A constant with one name per line, so that changes to the data change single lines here.
fn text(
    source: &mut String,
    constant: &str,
    summary: &str,
    lines: impl IntoIterator<Item = String>,
) -> Result<()> {
    write!(source, "\n/// {summary}\npub(super) const {constant}: &str = \"\\\n")?;
    for line in lines {
        writeln!(source, "{line}")?;
    }
    source.push_str("\";\n");
    Ok(())
}

fn masks(masks: &[u16]) -> String {
    masks.iter().map(|mask| format!("{mask:#011b}")).collect::<Vec<_>>().join(", ")
}

/// `musl.tsv` as bit masks of releases.
struct Table {
    releases: Vec<String>,
    arches: Vec<String>,
    /// By architecture: the releases that support it.
    ports: Vec<u16>,
    /// Every name, with its releases by architecture.
    names: Vec<(String, Vec<u16>)>,
}

impl Table {
    fn parse(text: &str) -> Result<Self> {
        let mut rows = text.lines().filter(|line| !line.starts_with('#')).map(|line| {
            let mut cells = line.split('\t');
            (cells.next().unwrap_or_default(), cells.collect::<Vec<_>>())
        });
        let Some(("name", arches)) = rows.next() else { bail!("no line that names the columns") };
        let Some(("(releases)", ports)) = rows.next() else { bail!("no line of releases") };
        // The first architecture is in all releases.
        let releases: Vec<String> =
            ports.first().context("no architecture")?.split(' ').map(str::to_owned).collect();
        let mut table = Self {
            arches: arches.into_iter().map(str::to_owned).collect(),
            ports: Vec::new(),
            releases,
            names: Vec::new(),
        };
        for port in ports {
            let bits: Result<Vec<u16>> =
                port.split(' ').map(|release| Ok(1 << table.position(release)?)).collect();
            table.ports.push(bits?.into_iter().sum());
        }
        for (name, cells) in rows {
            ensure!(is_name(name), "not a name: `{name}`");
            ensure!(cells.len() == table.arches.len(), "`{name}`: {} columns", cells.len());
            ensure!(table.names.last().is_none_or(|(last, _)| last.as_str() < name), "`{name}`: not sorted");
            let masks: Result<Vec<u16>> =
                cells.iter().zip(&table.ports).map(|(cell, port)| table.mask(cell, *port)).collect();
            let masks = masks.with_context(|| format!("`{name}`"))?;
            table.names.push((name.to_owned(), masks));
        }
        Ok(table)
    }

    fn position(&self, release: &str) -> Result<usize> {
        let found = self.releases.iter().position(|known| known == release);
        found.with_context(|| format!("unknown release `{release}`"))
    }

    /// The releases named in a cell, limited to those of the architecture.
    fn mask(&self, cell: &str, port: u16) -> Result<u16> {
        match cell {
            "*" => return Ok(port),
            "-" => return Ok(0),
            _ => {}
        }
        let mut mask = 0;
        for range in cell.split(',') {
            let (first, last) = range.split_once("..").with_context(|| format!("no range: `{range}`"))?;
            let first = if first.is_empty() { 0 } else { self.position(first)? };
            let last = if last.is_empty() { self.releases.len() - 1 } else { self.position(last)? };
            ensure!(first <= last, "backwards: `{range}`");
            mask |= (first..=last).fold(0, |mask, release| mask | 1 << release);
        }
        Ok(mask & port)
    }

    /// The distinct rows of masks, the most frequent first: most names are the same in every release.
    fn classes(&self) -> Vec<Vec<u16>> {
        let classes: BTreeSet<&Vec<u16>> = self.names.iter().map(|(_, masks)| masks).collect();
        let mut classes: Vec<Vec<u16>> = classes.into_iter().cloned().collect();
        let count = |class: &Vec<u16>| self.names.iter().filter(|(_, masks)| masks == class).count();
        classes.sort_by_cached_key(|class| std::cmp::Reverse(count(class)));
        classes
    }
}

/// The names in a file with one per line, and comments.
fn list(file: &str) -> Result<Vec<String>> {
    let text = read(file)?;
    let names: Vec<String> = text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
    ensure!(names.is_sorted_by(|a, b| a < b), "{file} is not sorted");
    ensure!(names.iter().all(|name| is_name(name)), "{file} has lines that are not names");
    Ok(names)
}

/// Whether it is a C identifier, and so needs no escaping.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn read(file: &str) -> Result<String> {
    let path = root().join(DIRECTORY).join(file);
    fs::read_to_string(&path).with_context(|| format!("cannot read {DIRECTORY}/{file}"))
}
