//! The bill of materials of the program itself: every crate that is linked into it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Program, directory, version};
use crate::process::{cargo, output, root};

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    description: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

#[derive(Deserialize)]
struct Kind {
    kind: Option<String>,
}

impl Package {
    fn purl(&self) -> String {
        format!("pkg:cargo/{}@{}", self.name, self.version)
    }
}

/// Writes the bill as CycloneDX.
pub fn write(program: &Program) -> Result<PathBuf> {
    let metadata = output(cargo().args([
        "metadata",
        "--format-version=1",
        "--locked",
        "--filter-platform",
        &program.triple,
    ]))?;
    let lock = fs::read_to_string(root().join("Cargo.lock"))?;
    let bill = bill(&serde_json::from_str(&metadata)?, &checksums(&lock))?;
    let path = directory().join(format!("muslrepair-{}-{}.cdx.json", version(), program.triple));
    fs::write(&path, format!("{}\n", serde_json::to_string_pretty(&bill)?))?;
    Ok(path)
}

fn bill(metadata: &Metadata, checksums: &BTreeMap<String, String>) -> Result<Value> {
    let packages: BTreeMap<&str, &Package> =
        metadata.packages.iter().map(|package| (package.id.as_str(), package)).collect();
    let nodes: BTreeMap<&str, &Node> =
        metadata.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
    let package = |id: &str| packages.get(id).copied().with_context(|| format!("no package `{id}`"));
    let own = metadata.packages.iter().find(|package| package.name == "muslrepair");
    let own = own.context("the package is not in its own metadata")?;

    // Only crates that are linked in, not the dependencies of build scripts and tests.
    let (mut linked, mut queue) = (BTreeSet::new(), vec![own.id.as_str()]);
    let mut dependencies = BTreeMap::new();
    while let Some(id) = queue.pop() {
        if !linked.insert(id) {
            continue;
        }
        let node = nodes.get(id).with_context(|| format!("`{id}` is not resolved"))?;
        let normal = |dependency: &&Dependency| dependency.dep_kinds.iter().any(|kind| kind.kind.is_none());
        let mut names = BTreeSet::new();
        for dependency in node.deps.iter().filter(normal) {
            names.insert(package(&dependency.pkg)?.purl());
            queue.push(&dependency.pkg);
        }
        dependencies.insert(package(id)?.purl(), names);
    }

    let mut components = BTreeMap::new();
    for id in linked.iter().filter(|id| **id != own.id) {
        let package = package(id)?;
        let purl = package.purl();
        let mut component = json!({
            "type": "library",
            "bom-ref": purl,
            "name": package.name,
            "version": package.version,
            "purl": purl,
        });
        if let Some(license) = &package.license {
            // Old manifests use a slash for "or".
            component["licenses"] = json!([{ "expression": license.replace('/', " OR ") }]);
        }
        if let Some(description) = &package.description {
            component["description"] = json!(description.split_whitespace().collect::<Vec<_>>().join(" "));
        }
        if let Some(checksum) = checksums.get(&format!("{} {}", package.name, package.version)) {
            component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
        }
        components.insert(purl, component);
    }
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.4",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": own.purl(),
                "name": own.name,
                "version": own.version,
                "purl": own.purl(),
                "licenses": [{ "expression": own.license.clone().unwrap_or_default() }],
            },
        },
        "components": components.into_values().collect::<Vec<_>>(),
        "dependencies": dependencies
            .iter()
            .map(|(purl, names)| json!({ "ref": purl, "dependsOn": names }))
            .collect::<Vec<_>>(),
    }))
}

/// The checksums in `Cargo.lock`, by `name version`.
fn checksums(lock: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in lock.split("[[package]]") {
        let field = |name: &str| {
            let start = format!("{name} = \"");
            entry.lines().find_map(|line| line.strip_prefix(&start)?.strip_suffix('"'))
        };
        if let (Some(name), Some(version), Some(sum)) = (field("name"), field("version"), field("checksum")) {
            found.insert(format!("{name} {version}"), sum.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_builds_or_tests_is_not_in_the_program() {
        let node = |id: &str, deps: &[(&str, Option<&str>)]| {
            let deps: Vec<Value> =
                deps.iter().map(|(id, kind)| json!({ "pkg": id, "dep_kinds": [{ "kind": kind }] })).collect();
            json!({ "id": id, "deps": deps })
        };
        let package =
            |name: &str| json!({ "id": name, "name": name, "version": "1.0.0", "license": "MIT/Apache-2.0" });
        let metadata = json!({
            "packages": [package("muslrepair"), package("linked"), package("deep"), package("test"), package("build")],
            "resolve": { "nodes": [
                node("muslrepair", &[("linked", None), ("test", Some("dev"))]),
                node("linked", &[("deep", None), ("build", Some("build"))]),
                node("deep", &[]), node("test", &[]), node("build", &[]),
            ] },
        });
        let sums = checksums("[[package]]\nname = \"deep\"\nversion = \"1.0.0\"\nchecksum = \"ab\"\n");
        let bill = bill(&serde_json::from_value(metadata).unwrap(), &sums).unwrap();
        let names: Vec<&str> =
            bill["components"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["deep", "linked"]);
        assert_eq!(bill["components"][0]["hashes"][0]["content"], "ab");
        assert_eq!(bill["components"][0]["licenses"][0]["expression"], "MIT OR Apache-2.0");
    }
}
