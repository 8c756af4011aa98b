//! Bills of materials that list libraries which were removed from a wheel (PEP 770, CycloneDX in JSON).

use std::collections::BTreeSet;

use serde_json::Value;

use crate::wheel::{Sha256Digest, WheelFilename, WheelPath};

use super::graft::original_names;
use super::sbom::encoded;

/// The change to a bill of materials.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Bill {
    /// None: it lists none of the removed libraries, or has an unknown format.
    Same,
    /// Its new text: it lists other components too.
    Changed(Vec<u8>),
    /// It no longer lists anything but the wheel itself.
    Empty,
}

/// Removes libraries from a document about the wheel `input`, which is called `output` without them.
pub(super) fn without(
    text: &[u8],
    removed: &[WheelPath],
    input: &WheelFilename,
    output: &WheelFilename,
) -> Bill {
    let Ok(mut document) = serde_json::from_slice::<Value>(text) else { return Bill::Same };
    if document.get("bomFormat").and_then(Value::as_str) != Some("CycloneDX") {
        return Bill::Same;
    }
    let ends: BTreeSet<String> = removed.iter().flat_map(reference_ends).collect();
    let is_removed = |reference: &str| reference.split_once('#').is_some_and(|(_, end)| ends.contains(end));
    let wheel = document.pointer("/metadata/component/bom-ref").and_then(Value::as_str).map(str::to_owned);
    let Some(components) = document.get_mut("components").and_then(Value::as_array_mut) else {
        return Bill::Same;
    };
    let reference = |component: &Value| component.get("bom-ref").and_then(Value::as_str).map(str::to_owned);
    let before = components.len();
    components.retain(|component| !reference(component).is_some_and(|text| is_removed(&text)));
    if components.len() == before {
        return Bill::Same;
    }
    if components.iter().all(|component| reference(component) == wheel) {
        return Bill::Empty;
    }
    if let Some(dependencies) = document.get_mut("dependencies").and_then(Value::as_array_mut) {
        let stays = |text: Option<&str>| !text.is_some_and(is_removed);
        dependencies.retain(|one| stays(one.get("ref").and_then(Value::as_str)));
        for one in dependencies {
            if let Some(needed) = one.get_mut("dependsOn").and_then(Value::as_array_mut) {
                needed.retain(|needed| stays(needed.as_str()));
            }
        }
    }
    let (input, output) = (input.to_string(), output.to_string());
    rename(&mut document, &[(&input, &output), (&encoded(&input), &encoded(&output))]);
    match serde_json::to_vec(&document) {
        Ok(mut bytes) => {
            bytes.push(b'\n');
            Bill::Changed(bytes)
        }
        Err(_) => Bill::Same,
    }
}

/// The part after the `#` in the reference of a graft: the member, in our documents, or a hash of the
/// library's original path, in auditwheel's (`_sboms.py`).
fn reference_ends(member: &WheelPath) -> Vec<String> {
    /// The directories in which distributions install libraries.
    const DIRECTORIES: [&str; 5] = ["/usr/lib", "/lib", "/usr/local/lib", "/usr/lib64", "/lib64"];
    let names = original_names(member.file_name());
    let paths = DIRECTORIES.iter().flat_map(|place| names.iter().map(move |name| format!("{place}/{name}")));
    let hashes = paths.map(|path| Sha256Digest::of(path.as_bytes()).hex());
    hashes.chain([member.to_string()]).collect()
}

/// Replaces the name of the old wheel with that of the new one in all text.
fn rename(value: &mut Value, names: &[(&str, &str)]) {
    match value {
        Value::String(text) => {
            for (old, new) in names {
                let (old, new) = (format!("file_name={old}"), format!("file_name={new}"));
                if text.contains(&old) {
                    *text = text.replace(&old, &new);
                    break;
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| rename(value, names)),
        Value::Object(fields) => fields.values_mut().for_each(|value| rename(value, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;

    const INPUT: &str = "demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl";
    const OUTPUT: &str = "demo-1.0-cp312-cp312-linux_x86_64.whl";

    fn of(components: &[&str], removed: &[&str]) -> Bill {
        let wheel = format!("pkg:pypi/demo@1.0?file_name={INPUT}");
        let component = |reference: &str| serde_json::json!({ "bom-ref": reference, "name": "x" });
        let document = serde_json::json!({
            "bomFormat": "CycloneDX",
            "metadata": { "component": component(&wheel) },
            "components": components.iter().map(|reference| component(reference)).collect::<Vec<_>>(),
            "dependencies": [{ "ref": wheel, "dependsOn": components }],
        });
        let removed: Vec<WheelPath> = removed.iter().map(|member| member.parse().unwrap()).collect();
        let (input, output) = (INPUT.parse().unwrap(), OUTPUT.parse().unwrap());
        without(document.to_string().as_bytes(), &removed, &input, &output)
    }

    #[test]
    fn a_library_that_left_is_in_no_bill_and_a_bill_of_nothing_goes() {
        let ours = "pkg:apk/alpine/xz-libs@5.6.2-r1#demo.libs/liblzma-0a1b2c3d.so.5.6.2";
        let path = Sha256Digest::of(b"/usr/lib/liblzma.so.5.6.2").hex();
        let auditwheels = format!("pkg:apk/alpine/xz-libs@5.6.2-r1#{path}");
        let member = "demo.libs/liblzma-0a1b2c3d.so.5.6.2";
        for reference in [ours, &auditwheels] {
            assert_eq!(of(&[reference], &[member]), Bill::Empty, "{reference}");
            let Bill::Changed(bytes) = of(&[reference, "pkg:apk/alpine/zlib@1#x"], &[member]) else {
                panic!("{reference}")
            };
            let text = String::from_utf8(bytes).unwrap();
            assert!(!text.contains("xz-libs") && text.contains("zlib"), "{text}");
            assert!(!text.contains(INPUT) && text.contains(OUTPUT), "{text}");
        }
        assert_eq!(of(&[ours], &["demo.libs/libz-0a1b2c3d.so.1"]), Bill::Same);
        let removed = [member.parse().unwrap()];
        let (input, output) = (INPUT.parse().unwrap(), OUTPUT.parse().unwrap());
        assert_eq!(without(b"{}", &removed, &input, &output), Bill::Same);
        assert_eq!(without(b"SPDXVersion: 2.3", &removed, &input, &output), Bill::Same);
    }
}
