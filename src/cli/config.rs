//! `[tool.muslrepair]` of a project's `pyproject.toml`, and files with that table or with its keys at their top.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use muslrepair::musl::MuslRelease;
use muslrepair::resolve::Pattern;
use serde::Deserialize;

use super::minimum;
use super::published::PublishedChoice;
use super::usage::UsageError;

/// What a project says about the repair of its wheels. Options beat it, except that exclusions add up.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Config {
    exclude: Vec<String>,
    /// Whether and how ELF files are stripped.
    pub(super) strip: Option<Strip>,
    /// Whether a bill of materials is added.
    pub(super) sbom: Option<bool>,
    /// What is done with published wheels.
    pub(super) published: Option<PublishedChoice>,
    /// The oldest musl that results must run on.
    min_musl: Option<String>,
    /// The same as a release of Alpine.
    min_alpine: Option<String>,
}

/// `true`, `false`, `"debug"` or `"all"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "`strip` is `true`, `false`, `\"debug\"` or `\"all\"`")]
pub(super) enum Strip {
    /// `true` means what `--strip` means.
    Switch(bool),
    Level(StripLevel),
}

/// How much is stripped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(super) enum StripLevel {
    /// What debuggers need.
    Debug,
    /// All symbols that loading does not need.
    All,
}

/// The part of `pyproject.toml` that is ours; everything else belongs to others.
#[derive(Deserialize)]
struct Project {
    tool: Option<Tools>,
}

#[derive(Deserialize)]
struct Tools {
    muslrepair: Option<Config>,
}

impl Config {
    /// Reads the file that is named, or `pyproject.toml` of the working directory where there is one.
    pub(super) fn read(named: Option<&Path>) -> Result<Self, UsageError> {
        let path = named.unwrap_or(Path::new("pyproject.toml"));
        if named.is_none() && !path.is_file() {
            return Ok(Self::default());
        }
        let text = read_text(path).map_err(|error| {
            let usage = UsageError::from(format!("cannot read `{}`: {error}", path.display()));
            usage.with_hint("`--config FILE` names a TOML file with the table [tool.muslrepair]")
        })?;
        let is_project = path.file_name().is_some_and(|name| name == "pyproject.toml");
        let parsed = match Self::of_project(&text) {
            Ok(None) if !is_project => toml::from_str(&text),
            table => table.map(Option::unwrap_or_default),
        };
        let usage = |message: String| {
            UsageError::from(message)
                .with_hint("the settings are `exclude`, `strip`, `sbom`, `min-musl` and `min-alpine`")
        };
        parsed.map_err(|error| {
            // Where it is comes first, on a line of its own; what follows shows that line of the file.
            let place = error.to_string();
            let place = place.lines().next().unwrap_or_default();
            let what = error.message().lines().collect::<Vec<_>>().join(", ");
            match place == what {
                true => usage(format!("`{}`: {what}", path.display())),
                false => usage(format!("`{}`: {place}: {what}", path.display())),
            }
        })
    }

    /// The table, where the file has it.
    fn of_project(text: &str) -> Result<Option<Self>, toml::de::Error> {
        let project: Project = toml::from_str(text)?;
        Ok(project.tool.and_then(|tools| tools.muslrepair))
    }

    /// The patterns of `exclude`.
    pub(super) fn exclude(&self) -> Result<Vec<Pattern>, UsageError> {
        let parse = |text: &String| {
            text.parse().map_err(|error| format!("`exclude` of the configuration: {error}").into())
        };
        self.exclude.iter().map(parse).collect()
    }

    /// `min-musl`, or the musl of `min-alpine`.
    pub(super) fn min_musl(&self) -> Result<Option<MuslRelease>, UsageError> {
        let wrong = |key: &str, example: &str, error: String| {
            UsageError::from(format!("`{key}` of the configuration: {error}"))
                .with_hint(format!("as in `{key} = \"{example}\"`"))
        };
        match (&self.min_musl, &self.min_alpine) {
            (Some(_), Some(_)) => {
                let usage = "the configuration has both `min-musl` and `min-alpine`".to_owned();
                Err(UsageError::from(usage).with_hint("keep one of them"))
            }
            (Some(text), None) => {
                minimum::musl(text).map(Some).map_err(|error| wrong("min-musl", "1.2.3", error))
            }
            (None, Some(text)) => {
                let alpine = minimum::alpine(text).map_err(|error| wrong("min-alpine", "3.16", error))?;
                Ok(Some(alpine.musl()))
            }
            (None, None) => Ok(None),
        }
    }

    /// What is stripped.
    pub(super) fn strip(&self) -> Option<StripLevel> {
        match self.strip? {
            Strip::Switch(on) => on.then_some(StripLevel::All),
            Strip::Level(level) => Some(level),
        }
    }
}

/// Reads a text file, up to a size that a person may have written. A pipe has no size to check first.
fn read_text(path: &Path) -> io::Result<String> {
    const LARGEST: u64 = 4 << 20;
    let mut text = String::new();
    let count = File::open(path)?.take(LARGEST + 1).read_to_string(&mut text)?;
    if count as u64 > LARGEST {
        return Err(io::Error::other(format!("it is larger than {LARGEST} bytes")));
    }
    Ok(text)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_our_table_of_a_project_is_read() {
        let text = "[project]\nname = 'x'\n[tool.other]\nwild = 1\n[tool.muslrepair]\nexclude = ['libcuda.so.*']\n\
                    strip = 'debug'\nsbom = false\nmin-musl = '1.2.3'\npublished = 'copy'\n";
        let config = Config::of_project(text).unwrap().unwrap();
        assert_eq!(config.exclude().unwrap().len(), 1);
        assert_eq!(config.strip(), Some(StripLevel::Debug));
        assert_eq!(config.sbom, Some(false));
        assert_eq!(config.published, Some(PublishedChoice::Copy));
        assert_eq!(config.min_musl().unwrap(), Some("1.2.3".parse().unwrap()));
        assert_eq!(Config::of_project("[project]\nname = 'x'\n").unwrap(), None);
    }

    #[test]
    fn unknown_keys_and_wrong_values_are_errors() {
        for text in ["excludes = []", "strip = 'everything'", "sbom = 'yes'", "exclude = 'one'"] {
            assert!(Config::of_project(&format!("[tool.muslrepair]\n{text}\n")).is_err(), "{text}");
        }
    }

    #[test]
    fn a_configuration_without_end_is_not_read() {
        assert!(read_text(Path::new("/dev/zero")).unwrap_err().to_string().contains("larger than"));
        assert_eq!(read_text(Path::new("/dev/null")).unwrap(), "");
    }

    #[test]
    fn strip_is_a_switch_or_a_level() {
        let strip = |value: &str| {
            Config::of_project(&format!("[tool.muslrepair]\nstrip = {value}\n")).unwrap().unwrap().strip()
        };
        assert_eq!(strip("true"), Some(StripLevel::All));
        assert_eq!(strip("false"), None);
        assert_eq!(strip("'all'"), Some(StripLevel::All));
    }
}
