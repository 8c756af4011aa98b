//! Links of the built site: each must lead to a file of it, and to a place in that file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::process::files;

/// Checks all links within the site; returns how many pages and links there are.
pub fn check(site: &Path) -> Result<(usize, usize)> {
    let mut pages = BTreeMap::new();
    for path in files(site)? {
        let is_page = path.extension().is_some_and(|end| end == "html");
        let text = if is_page { fs::read_to_string(&path)? } else { String::new() };
        pages.insert(path, text);
    }
    let places: BTreeMap<&PathBuf, BTreeSet<String>> =
        pages.iter().map(|(path, text)| (path, attributes(text, "id").collect())).collect();
    let (mut checked, mut dead) = (0, Vec::new());
    for (path, text) in &pages {
        // It is found at any address, and its links are absolute.
        if path.ends_with("404.html") {
            continue;
        }
        for target in ["href", "src", "srcset"].into_iter().flat_map(|name| attributes(text, name)) {
            if target.contains(':') || target.is_empty() {
                continue;
            }
            checked += 1;
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let directory = path.parent().unwrap_or(site);
            let found = if file.is_empty() { path.clone() } else { super::normal(&directory.join(file)) };
            let there = places.get(&found).is_some_and(|ids| anchor.is_empty() || ids.contains(anchor));
            if !there {
                dead.push(format!("{}: {target}", path.strip_prefix(site).unwrap_or(path).display()));
            }
        }
    }
    let html = pages.keys().filter(|path| path.extension().is_some_and(|end| end == "html")).count();
    match dead.is_empty() {
        true => Ok((html, checked)),
        false => bail!("{} dead links:\n{}", dead.len(), dead.join("\n")),
    }
}

/// The values of an attribute. Code on a page can show HTML, where only the angle brackets are escaped: that is no tag.
fn attributes<'a>(text: &'a str, name: &str) -> impl Iterator<Item = String> + use<'a> {
    let start = format!(" {name}=\"");
    let tags = text.split('<').skip(1).filter_map(|rest| rest.split('>').next());
    let values: Vec<String> = tags
        .filter_map(|tag| tag.split_once(&start)?.1.split('"').next())
        .map(|value| value.replace("&amp;", "&").replace("%20", " "))
        .collect();
    values.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_to_no_file_or_to_no_place_in_it_is_dead() {
        let site = crate::process::empty(crate::process::target().join("tmp/links")).unwrap();
        fs::write(site.join("a.html"), "<h1 id=\"x\"></h1><a href=\"b.html#y\"></a><a href=\"#x\"></a>")
            .unwrap();
        fs::write(
            site.join("b.html"),
            "<p id=\"y\"></p><a href=\"https://example.org/\"></a>&lt;a href=\"code.html\"&gt;",
        )
        .unwrap();
        assert_eq!(check(&site).unwrap(), (2, 2));
        fs::write(site.join("b.html"), "<p id=\"z\"></p><a href=\"c.html\"></a>").unwrap();
        let error = check(&site).unwrap_err().to_string();
        assert_eq!(error, "2 dead links:\na.html: b.html#y\nb.html: c.html");
        fs::remove_dir_all(&site).unwrap();
    }
}
