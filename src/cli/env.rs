//! Every environment variable the program reads, once.

use std::env::{var, var_os};
use std::ffi::OsString;
use std::path::PathBuf;

/// What the environment says. Options beat it; `MUSLREPAIR_X` beats `AUDITWHEEL_X`; an empty value is none.
#[derive(Clone, Debug, Default)]
pub(super) struct Environment {
    /// `MUSLREPAIR_PLAT`, `AUDITWHEEL_PLAT`: the default of `--plat`.
    pub(super) platform: Option<String>,
    /// `MUSLREPAIR_ZIP_COMPRESSION_LEVEL`, `AUDITWHEEL_ZIP_COMPRESSION_LEVEL`: the default of `--zip-compression-level`.
    pub(super) compression: Option<String>,
    /// `MUSLREPAIR_PATCHER`, `AUDITWHEEL_PATCHER`: the default of `--patcher`.
    pub(super) patcher: Option<String>,
    /// `MUSLREPAIR_LD_LIBRARY_PATH`, `AUDITWHEEL_LD_LIBRARY_PATH`: searched before everything but `-l`, also with
    /// `--ldpaths`.
    pub(super) library_path: Vec<PathBuf>,
    /// `LD_LIBRARY_PATH`: searched next, but not with `--ldpaths`.
    pub(super) ld_library_path: Vec<PathBuf>,
    /// `SOURCE_DATE_EPOCH`: the time of new and changed members, in seconds since 1970.
    pub(super) source_date_epoch: Option<String>,
}

impl Environment {
    pub(super) fn read() -> Self {
        let paths = |value: Option<OsString>| -> Vec<PathBuf> {
            let value = value.unwrap_or_default();
            std::env::split_paths(&value).filter(|path| !path.as_os_str().is_empty()).collect()
        };
        Self {
            platform: ours_or_auditwheels("PLAT"),
            compression: ours_or_auditwheels("ZIP_COMPRESSION_LEVEL"),
            patcher: ours_or_auditwheels("PATCHER"),
            library_path: paths(ours_or_auditwheels("LD_LIBRARY_PATH").map(OsString::from)),
            ld_library_path: paths(var_os("LD_LIBRARY_PATH")),
            source_date_epoch: var("SOURCE_DATE_EPOCH").ok().filter(|value| !value.is_empty()),
        }
    }
}

fn ours_or_auditwheels(name: &str) -> Option<String> {
    let value = |prefix: &str| var(format!("{prefix}_{name}")).ok().filter(|value| !value.is_empty());
    value("MUSLREPAIR").or_else(|| value("AUDITWHEEL"))
}
