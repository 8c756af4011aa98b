//! The bill of materials for grafts (PEP 770, CycloneDX 1.4 in JSON).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use crate::resolve::{Package, SystemPackages};
use crate::wheel::{WheelFilename, WheelPath};

use super::graft::Graft;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    bom_format: &'static str,
    spec_version: &'static str,
    version: u32,
    metadata: Metadata,
    components: Vec<Component>,
    dependencies: Vec<DependencyList>,
}

#[derive(Serialize)]
struct Metadata {
    component: Component,
    tools: Vec<Tool>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Component {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "bom-ref")]
    reference: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hashes: Vec<Hash>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    licenses: Vec<LicenseChoice>,
    purl: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<Property>,
}

#[derive(Serialize)]
struct Hash {
    alg: &'static str,
    content: String,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum LicenseChoice {
    Expression(String),
    License { name: String },
}

#[derive(Serialize)]
struct Property {
    name: &'static str,
    value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DependencyList {
    #[serde(rename = "ref")]
    reference: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    depends_on: Vec<String>,
}

/// The document for the wheel named `output`. Every graft is a component, whether a package owns it or not.
/// Components are sorted by their references, which are unique. The document has no time and no serial
/// number.
pub(super) fn document(output: &WheelFilename, grafts: &[Graft], packages: &SystemPackages) -> Vec<u8> {
    let wheel = wheel_component(output);
    let component =
        |graft: &Graft| graft_component(graft, packages.owner_of(&graft.source, graft.in_sysroot));
    let mut components: Vec<Component> = grafts.iter().map(component).collect();
    let mut dependencies = vec![DependencyList {
        reference: wheel.reference.clone(),
        depends_on: sorted(components.iter().map(|component| component.reference.clone())),
    }];
    let references: BTreeMap<&WheelPath, &String> = grafts
        .iter()
        .zip(&components)
        .map(|(graft, component)| (&graft.member, &component.reference))
        .collect();
    for (graft, component) in grafts.iter().zip(&components) {
        // A library that is grafted for two schemes is in two directories, each with the libraries it needs.
        let beside = |name: &String| graft.member.parent()?.join(name).ok();
        let needs = graft.needs.iter().filter_map(|name| references.get(&beside(name)?).copied().cloned());
        let reference = component.reference.clone();
        dependencies.push(DependencyList { reference, depends_on: sorted(needs) });
    }
    if let Some(grafts) = dependencies.get_mut(1..) {
        grafts.sort_by(|a, b| a.reference.cmp(&b.reference));
    }
    components.sort_by(|a, b| a.reference.cmp(&b.reference));
    let document = Document {
        bom_format: "CycloneDX",
        spec_version: "1.4",
        version: 1,
        metadata: Metadata {
            component: wheel,
            tools: vec![Tool { name: "muslrepair", version: env!("CARGO_PKG_VERSION") }],
        },
        components,
        dependencies,
    };
    // A document of strings and numbers can always be serialised.
    let mut bytes = serde_json::to_vec(&document).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// A document about the wheel named `input`, changed for the wheel named `output`: package URLs with the
/// qualifier `file_name` name the wheel's own file. Everything else stays unchanged; `None` if the name does
/// not occur.
pub(super) fn renamed(document: &str, input: &WheelFilename, output: &WheelFilename) -> Option<String> {
    let (input, output) = (input.to_string(), output.to_string());
    // Some writers do not encode the `+` of a local version.
    let spelt = |name: &str, encode: bool| {
        format!("file_name={}", if encode { encoded(name) } else { name.to_owned() })
    };
    let mut changed = document.to_owned();
    for encode in [true, false] {
        changed = changed.replace(&spelt(&input, encode), &spelt(&output, encode));
    }
    (changed != document).then_some(changed)
}

fn wheel_component(output: &WheelFilename) -> Component {
    let name = output.distribution().to_lowercase().replace(['_', '.'], "-");
    let purl = format!(
        "pkg:pypi/{}@{}?file_name={}",
        encoded(&name),
        encoded(output.version()),
        encoded(&output.to_string())
    );
    Component {
        kind: "library",
        reference: purl.clone(),
        name: output.distribution().to_owned(),
        version: Some(output.version().to_owned()),
        hashes: Vec::new(),
        licenses: Vec::new(),
        purl,
        properties: Vec::new(),
    }
}

fn graft_component(graft: &Graft, owner: Option<&Package>) -> Component {
    let file = graft.source.rsplit('/').next().unwrap_or(&graft.source);
    let purl = match owner {
        Some(package) => package_purl(package),
        None => format!("pkg:generic/{}?checksum=sha256:{}", encoded(file), graft.sha256),
    };
    // A directory that the caller named says nothing about the library: only its file name is recorded.
    let path = if graft.in_sysroot { graft.source.clone() } else { file.to_owned() };
    let mut properties = vec![Property { name: "muslrepair:path", value: path }];
    properties.extend(
        graft.aliases.iter().map(|alias| Property { name: "muslrepair:needed-as", value: alias.clone() }),
    );
    if let Some(origin) = owner.and_then(|package| package.origin.clone()) {
        properties.push(Property { name: "muslrepair:apk-origin", value: origin });
    }
    Component {
        kind: "library",
        reference: format!("{purl}#{}", graft.member),
        name: owner.map_or_else(|| file.to_owned(), |package| package.name.clone()),
        version: owner.map(|package| package.version.clone()),
        hashes: vec![Hash { alg: "SHA-256", content: graft.sha256.hex() }],
        licenses: owner.and_then(|package| package.license.as_deref()).map(license).into_iter().collect(),
        purl,
        properties,
    }
}

/// `pkg:apk/alpine/xz-libs@5.6.2-r1?arch=x86_64&distro=alpine-3.22.1` (the `apk` type of the package URL specification).
fn package_purl(package: &Package) -> String {
    let vendor = package.distro.as_deref().and_then(|distro| distro.split('-').next()).unwrap_or("alpine");
    let mut purl =
        format!("pkg:apk/{}/{}@{}", encoded(vendor), encoded(&package.name), encoded(&package.version));
    if !package.arch.is_empty() {
        let _ = write!(purl, "?arch={}", encoded(&package.arch));
        if let Some(distro) = &package.distro {
            let _ = write!(purl, "&distro={}", encoded(distro));
        }
    }
    purl
}

/// An SPDX expression if the text is a valid one, else a name: packages also have `custom` and lists without
/// operators.
fn license(text: &str) -> LicenseChoice {
    let words: Vec<&str> = text.split([' ', '(', ')']).filter(|word| !word.is_empty()).collect();
    let operator = |word: &str| matches!(word, "AND" | "OR" | "WITH");
    let identifier = |word: &str| word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.+".contains(&b));
    let alternates =
        words.iter().enumerate().all(|(at, word)| operator(word) == (at % 2 == 1) && identifier(word));
    if alternates && words.len() % 2 == 1 && text != "custom" {
        LicenseChoice::Expression(text.to_owned())
    } else {
        LicenseChoice::License { name: text.to_owned() }
    }
}

fn sorted(references: impl Iterator<Item = String>) -> Vec<String> {
    let mut references: Vec<String> = references.collect();
    references.sort();
    references.dedup();
    references
}

/// Percent-encodes text for a package URL: letters, digits, `.-_~` and the colon stay.
pub(super) fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_~:".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::elf::ElfEdit;
    use crate::resolve::{ApkDatabase, Sysroot};
    use crate::wheel::Sha256Digest;

    fn graft(name: &str, needs: &[&str]) -> Graft {
        Graft {
            member: format!("demo.libs/{name}").parse().unwrap(),
            source: "/usr/lib/liblzma.so.5.6.2".to_owned(),
            in_sysroot: true,
            location: "/nowhere".into(),
            size: 3,
            sha256: Sha256Digest::of(name.as_bytes()),
            aliases: vec!["liblzma.so.5".to_owned()],
            needs: needs.iter().map(|n| (*n).to_owned()).collect(),
            edit: ElfEdit::default(),
        }
    }

    #[test]
    fn owned_and_unowned_libraries_are_both_listed() {
        let database = ApkDatabase::parse(
            "P:xz-libs\nV:5.6.2-r1\nA:x86_64\nL:0BSD AND LGPL-2.1-or-later\no:xz\nF:usr/lib\nR:liblzma.so.5.6.2\n\n",
        );
        let packages = SystemPackages { root: Sysroot::new("/nonexistent"), database: Some(database) };
        let mut unowned = graft("libb-2.so", &[]);
        unowned.source = "/opt/lib/libb.so".to_owned();
        let grafts = [graft("liblzma-1.so.5.6.2", &["libb-2.so"]), unowned];
        let output: WheelFilename = "My_Demo-1.0+l-cp312-cp312-musllinux_1_2_x86_64.whl".parse().unwrap();
        let bytes = document(&output, &grafts, &packages);
        let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(json["specVersion"], "1.4");
        assert_eq!(
            json["metadata"]["component"]["purl"],
            "pkg:pypi/my-demo@1.0%2Bl?file_name=My_Demo-1.0%2Bl-cp312-cp312-musllinux_1_2_x86_64.whl"
        );
        let components = json["components"].as_array().unwrap();
        assert_eq!(components[0]["purl"], "pkg:apk/alpine/xz-libs@5.6.2-r1?arch=x86_64");
        assert_eq!(components[0]["licenses"][0]["expression"], "0BSD AND LGPL-2.1-or-later");
        assert_eq!(components[1]["name"], "libb.so");
        let first = &json["dependencies"][1];
        assert_eq!(first["ref"], components[0]["bom-ref"]);
        assert_eq!(first["dependsOn"][0], components[1]["bom-ref"]);
    }

    #[test]
    fn what_is_no_expression_is_a_licence_name() {
        let name = |text| matches!(license(text), LicenseChoice::License { .. });
        assert!(!name("MIT"));
        assert!(!name("(MIT OR Apache-2.0) AND BSD-3-Clause"));
        assert!(!name("GPL-3.0-or-later WITH GCC-exception-3.1"));
        assert!(name("GPL LGPL"));
        assert!(name("custom"));
        assert!(name("public domain, mostly"));
    }
}
