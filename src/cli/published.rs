//! `--published`, and its default.

use clap::ValueEnum as _;
use muslrepair::repair::Published;
use serde::Deserialize;

use super::compat::OutputMode;
use super::env::{Environment, Setting};
use super::usage::UsageError;

/// The handling of published wheels, those with a musllinux tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(super) enum PublishedChoice {
    /// Copy those that load, fix the others
    Auto,
    /// Copy all of them
    Copy,
    /// Fix all of them
    Fix,
}

/// The choice in the environment.
pub(super) fn of(environment: &Environment) -> Result<Option<PublishedChoice>, UsageError> {
    Setting::read(None, environment.published.as_ref(), |text| {
        PublishedChoice::from_str(text, false)
            .map_err(|_| format!("`{text}` is not `auto`, `copy` or `fix`").into())
    })
}

/// The choice of the option or the configuration. A named platform applies to all wheels. In auditwheel's
/// mode, published wheels are treated like others.
pub(super) fn choose(choice: Option<PublishedChoice>, platform: Option<&str>, mode: OutputMode) -> Published {
    match choice {
        Some(PublishedChoice::Copy) => Published::Copy,
        Some(PublishedChoice::Fix) => Published::Fix,
        None if mode == OutputMode::Auditwheel => Published::AsAnyOther,
        _ if platform.is_some_and(|platform| platform != "auto") => Published::Fix,
        Some(PublishedChoice::Auto) | None => Published::Auto,
    }
}
