//! `--published`, and what it is where it is not given.

use muslrepair::repair::Published;
use serde::Deserialize;

use super::compat::OutputMode;

/// What is done with published wheels: those with a musllinux tag.
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

/// What was chosen, by the option or the configuration. A platform that is named is asked for of all wheels; auditwheel makes no
/// difference between published wheels and others.
pub(super) fn choose(choice: Option<PublishedChoice>, platform: Option<&str>, mode: OutputMode) -> Published {
    match choice {
        Some(PublishedChoice::Copy) => Published::Copy,
        Some(PublishedChoice::Fix) => Published::Fix,
        None if mode == OutputMode::Auditwheel => Published::AsAnyOther,
        _ if platform.is_some_and(|platform| platform != "auto") => Published::Fix,
        Some(PublishedChoice::Auto) | None => Published::Auto,
    }
}
