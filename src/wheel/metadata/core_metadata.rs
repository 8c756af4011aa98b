//! The `METADATA` file: name and version of the distribution.

use super::headers::{HeaderRule, Headers};

/// The parts of the `METADATA` file that are used here (core metadata, PEP 566). It is only read: a repair
/// does not change the file.
///
/// ```
/// use muslrepair::wheel::Metadata;
/// let metadata = Metadata::parse(b"Metadata-Version: 2.1\nName: Demo\nVersion: 1.0\n\nWhat it is.\n")?;
/// assert_eq!((metadata.name(), metadata.version()), ("Demo", "1.0"));
/// # Ok::<(), muslrepair::wheel::InvalidMetadata>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    headers: Headers,
    name: String,
    version: String,
}

/// The `METADATA` file breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {rule}")]
pub struct InvalidMetadata {
    /// The line, counted from 1.
    pub line: usize,
    /// The rule it breaks.
    pub rule: HeaderRule,
}

impl Metadata {
    /// Reads a `METADATA` file. Its description, after the first blank line, is not checked.
    ///
    /// # Errors
    ///
    /// If a line breaks a [`HeaderRule`], or if `Metadata-Version`, `Name` or `Version` is missing or
    /// repeated; the error names the line.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidMetadata> {
        let broken = |(line, rule)| InvalidMetadata { line, rule };
        let headers = Headers::parse(bytes).map_err(broken)?;
        headers.required("Metadata-Version").map_err(broken)?;
        let name = headers.required("Name").map_err(broken)?.1.to_owned();
        let version = headers.required("Version").map_err(broken)?.1.to_owned();
        Ok(Self { headers, name, version })
    }

    /// The name of the distribution as its author spells it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// All values of a key, ignoring case: `License-File`.
    pub fn all(&self, key: &str) -> impl Iterator<Item = &str> {
        self.headers.all(key)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn pep566_keys_are_required_once() {
        for (text, line, rule) in [
            ("", 1, HeaderRule::Missing("Metadata-Version")),
            ("Metadata-Version: 2.1\nVersion: 1\n", 2, HeaderRule::Missing("Name")),
            ("Metadata-Version: 2.1\nName: a\n\nVersion: 1\n", 2, HeaderRule::Missing("Version")),
            ("Metadata-Version: 2.1\nName: a\nname: b\nVersion: 1\n", 3, HeaderRule::Repeated("Name")),
            ("Metadata-Version: 2.1\n\u{2014}\n", 2, HeaderRule::NotAHeader("\u{2014}".to_owned())),
        ] {
            assert_eq!(
                Metadata::parse(text.as_bytes()).unwrap_err(),
                InvalidMetadata { line, rule },
                "{text:?}"
            );
        }
    }

    #[test]
    fn descriptions_need_not_be_utf8() {
        let text =
            b"Metadata-Version: 2.1\nName: a\nVersion: 1\nLicense-File: x\nlicense-file: y\n\ncaf\xe9\n";
        let metadata = Metadata::parse(text).unwrap();
        assert_eq!(metadata.all("License-File").collect::<Vec<_>>(), ["x", "y"]);
    }
}
