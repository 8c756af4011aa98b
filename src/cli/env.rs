//! Reads every environment variable of the program, once. anstream reads `NO_COLOR`, `CLICOLOR` and
//! `CLICOLOR_FORCE`. `TMPDIR` is not used: temporary files are in the directory of the output.

use std::env::{var, var_os};
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use super::usage::UsageError;

/// The settings from the environment. Options take precedence; `MUSLREPAIR_X` takes precedence over
/// `AUDITWHEEL_X`; an empty value counts as unset.
#[derive(Clone, Debug, Default)]
pub(super) struct Environment {
    /// `MUSLREPAIR_PLAT`, `AUDITWHEEL_PLAT`: the default of `--plat`.
    pub(super) platform: Option<Setting>,
    /// `MUSLREPAIR_POLICY`, `AUDITWHEEL_POLICY`: the policy if no platform is named, for the architecture of
    /// each wheel.
    pub(super) policy: Option<Setting>,
    /// `MUSLREPAIR_ARCH`, `AUDITWHEEL_ARCH`: accepted and ignored. The ELF files determine the architecture.
    pub(super) arch: Option<Setting>,
    /// `MUSLREPAIR_ZIP_COMPRESSION_LEVEL`, `AUDITWHEEL_ZIP_COMPRESSION_LEVEL`: the default of `--zip-compression-level`.
    pub(super) compression: Option<Setting>,
    /// `MUSLREPAIR_PATCHER`, `AUDITWHEEL_PATCHER`: the default of `--patcher`.
    pub(super) patcher: Option<Setting>,
    /// `MUSLREPAIR_PUBLISHED`: the default of `--published`.
    pub(super) published: Option<Setting>,
    /// `MUSLREPAIR_LD_LIBRARY_PATH`, `AUDITWHEEL_LD_LIBRARY_PATH`: searched before everything but `-l`, also with
    /// `--ldpaths`.
    pub(super) library_path: Vec<PathBuf>,
    /// `LD_LIBRARY_PATH`: searched next, but neither with `--ldpaths` nor with `--sysroot`.
    pub(super) ld_library_path: Vec<PathBuf>,
    /// `SOURCE_DATE_EPOCH`: the time of new and changed members, in seconds since 1970.
    pub(super) source_date_epoch: Option<String>,
    /// Whether, according to `TERM`, lines on the terminal can be redrawn.
    pub(super) drawing_terminal: bool,
}

/// A value, and the name of its variable for error messages.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) variable: String,
    pub(super) value: String,
}

impl Setting {
    /// The value of an option, or of this variable if the option is not given, as parsed by `meaning`. An
    /// error names the variable.
    pub(super) fn read<T>(
        option: Option<&str>,
        variable: Option<&Self>,
        meaning: impl Fn(&str) -> Result<T, UsageError>,
    ) -> Result<Option<T>, UsageError> {
        if let Some(text) = option {
            return meaning(text).map(Some);
        }
        let read = |setting: &Self| {
            meaning(&setting.value).map_err(|mut usage| {
                usage.message.push_str(&format!(" (from {})", setting.variable));
                usage
            })
        };
        variable.map(read).transpose()
    }
}

impl Environment {
    pub(super) fn read() -> Self {
        let paths = |value: Option<OsString>| -> Vec<PathBuf> {
            let value = value.unwrap_or_default();
            std::env::split_paths(&value).filter(|path| !path.as_os_str().is_empty()).collect()
        };
        Self {
            platform: ours_or_auditwheels("PLAT"),
            policy: ours_or_auditwheels("POLICY"),
            arch: ours_or_auditwheels("ARCH"),
            compression: ours_or_auditwheels("ZIP_COMPRESSION_LEVEL"),
            patcher: ours_or_auditwheels("PATCHER"),
            published: setting("MUSLREPAIR_PUBLISHED"),
            library_path: paths(find("LD_LIBRARY_PATH", |variable| var_os(variable)).map(|(_, value)| value)),
            ld_library_path: paths(var_os("LD_LIBRARY_PATH")),
            source_date_epoch: var("SOURCE_DATE_EPOCH").ok().filter(|value| !value.is_empty()),
            drawing_terminal: var_os("TERM").is_some_and(|term| term != "dumb"),
        }
    }
}

fn setting(variable: &str) -> Option<Setting> {
    let value = var(variable).ok().filter(|value| !value.is_empty())?;
    Some(Setting { variable: variable.to_owned(), value })
}

fn ours_or_auditwheels(name: &str) -> Option<Setting> {
    find(name, |variable| var(variable).ok()).map(|(variable, value)| Setting { variable, value })
}

/// The variable that is set, ours or auditwheel's, and its value.
fn find<T: AsRef<OsStr>>(name: &str, read: impl Fn(&str) -> Option<T>) -> Option<(String, T)> {
    ["MUSLREPAIR", "AUDITWHEEL"].into_iter().find_map(|prefix| {
        let variable = format!("{prefix}_{name}");
        let value = read(&variable).filter(|value| !value.as_ref().is_empty())?;
        Some((variable, value))
    })
}
