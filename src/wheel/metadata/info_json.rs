//! The `WHEEL.json` file: the content of `WHEEL` as JSON (PEP 819, a draft).

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

/// The `WHEEL.json` file. Tools that support it read it instead of `WHEEL`, so both must have the same
/// content. Editing changes only the necessary values, and keeps order and text of the others.
///
/// Keys are those of `WHEEL` in lower case with `_` in place of `-` (PEP 819, "Conversion of WHEEL to JSON
/// Encoding"). Earlier drafts wrote `root-is-purelib` and `tags`; a file keeps the form it has.
#[derive(Clone, Debug, Default)]
pub struct WheelInfoJson {
    entries: Vec<(String, Box<RawValue>)>,
}

/// The file is not a JSON object.
#[derive(Debug, thiserror::Error)]
#[error("not a JSON object: {0}")]
pub struct InvalidWheelInfoJson(#[from] serde_json::Error);

const TAG: &str = "tag";
const PURELIB: &str = "root_is_purelib";
const BUILD: &str = "build";

impl WheelInfoJson {
    /// The name of the file in the `.dist-info` directory.
    pub const NAME: &'static str = "WHEEL.json";

    /// Reads a `WHEEL.json` file.
    ///
    /// # Errors
    ///
    /// If it is not a JSON object.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidWheelInfoJson> {
        Ok(serde_json::from_slice(bytes)?)
    }

    /// The tags, if there is a list of them.
    #[must_use]
    pub fn tags(&self) -> Option<Vec<String>> {
        self.get(TAG)
    }

    /// `root_is_purelib`, if it is a boolean.
    #[must_use]
    pub fn root_is_purelib(&self) -> Option<bool> {
        self.get(PURELIB)
    }

    /// `build`, which repeats the build tag of the file name.
    #[must_use]
    pub fn build(&self) -> Option<String> {
        self.get(BUILD)
    }

    /// Sets the list of tags.
    pub fn set_tags(&mut self, tags: &[String]) {
        self.set(TAG, &tags);
    }

    /// Sets `root_is_purelib`.
    pub fn set_root_is_purelib(&mut self, purelib: bool) {
        self.set(PURELIB, &purelib);
    }

    /// Sets `build`.
    pub fn set_build(&mut self, build: &str) {
        self.set(BUILD, &build);
    }

    /// The bytes of the file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // Raw JSON values under string keys can always be serialised.
        let mut bytes = serde_json::to_vec(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// The value of a key. If it is repeated, the last one counts (PEP 819, "Handling of Duplicate Keys").
    fn get<'de, T: Deserialize<'de>>(&'de self, key: &str) -> Option<T> {
        let (_, value) = self.entries.iter().rev().find(|(name, _)| is_key(name, key))?;
        serde_json::from_str(value.get()).ok()
    }

    fn set(&mut self, key: &str, value: &impl Serialize) {
        let Ok(value) = to_raw_value(value) else { return };
        let mut there = self.entries.iter_mut().filter(|(name, _)| is_key(name, key)).peekable();
        if there.peek().is_none() {
            self.entries.push((key.to_owned(), value));
            return;
        }
        there.for_each(|(_, old)| *old = value.clone());
    }
}

impl PartialEq for WheelInfoJson {
    fn eq(&self, other: &Self) -> bool {
        self.to_bytes() == other.to_bytes()
    }
}

/// Whether a name is this key in the spelling of any draft.
fn is_key(name: &str, key: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    name == key || (key == TAG && name == "tags")
}

impl Serialize for WheelInfoJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.entries.len()))?;
        for (name, value) in &self.entries {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for WheelInfoJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = WheelInfoJson;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<WheelInfoJson, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(WheelInfoJson { entries })
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn unchanged_keys_keep_their_order_and_text() {
        let text = r#"{"x":1.50,"wheel_version":"1.0","tags":["py3-none-any"],"root-is-purelib":true,"x":{"b":1,"a":2}}"#;
        let mut json = WheelInfoJson::parse(text.as_bytes()).unwrap();
        assert_eq!(json.to_bytes(), format!("{text}\n").into_bytes());
        assert_eq!(
            (json.tags().unwrap(), json.root_is_purelib()),
            (vec!["py3-none-any".to_owned()], Some(true))
        );
        json.set_tags(&["py3-none-musllinux_1_2_x86_64".to_owned()]);
        json.set_root_is_purelib(false);
        json.set_build("7");
        let changed = text.replace("any", "musllinux_1_2_x86_64").replace("true", "false");
        let changed = changed.replace("\"a\":2}}", "\"a\":2},\"build\":\"7\"}\n");
        assert_eq!(String::from_utf8(json.to_bytes()).unwrap(), changed);
    }

    #[test]
    fn only_an_object_is_a_wheel_json() {
        for text in ["", "[]", "\"x\"", "{", "{\"a\":}", "{} {}", "\u{feff}{}"] {
            assert!(WheelInfoJson::parse(text.as_bytes()).is_err(), "{text:?}");
        }
        assert!(WheelInfoJson::parse(b"{\"a\":\"\xff\"}").is_err());
        assert!(WheelInfoJson::parse(b"{}").unwrap().tags().is_none());
    }
}
