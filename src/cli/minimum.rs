//! `--min-musl` and `--min-alpine`: the oldest system that a wheel must run on.

use clap::Args;
use muslrepair::musl::{AlpineRelease, MuslRelease};

use super::heading;
use super::usage::UsageError;

/// Options of `repair` and `verify` that name the oldest system, as its musl or as its Alpine.
#[derive(Clone, Debug, Args)]
pub(super) struct MinimumArgs {
    /// Oldest Alpine the result must run on, as in 3.16
    ///
    /// A wheel that needs the musl of a newer Alpine fails.
    #[arg(long, value_name = "X.Y", value_parser = alpine, help_heading = heading::TAGS)]
    min_alpine: Option<AlpineRelease>,
    /// Oldest musl the result must run on, as in 1.2.3
    ///
    /// A wheel that needs a newer musl fails.
    #[arg(long, value_name = "X.Y.Z", value_parser = musl, help_heading = heading::TAGS)]
    #[arg(conflicts_with = "min_alpine")]
    min_musl: Option<MuslRelease>,
}

impl MinimumArgs {
    /// The musl of that system: what the options say, or else the configuration.
    pub(super) fn release(
        &self,
        configured: impl FnOnce() -> Result<Option<MuslRelease>, UsageError>,
    ) -> Result<Option<MuslRelease>, UsageError> {
        let typed = self.min_musl.or(self.min_alpine.map(AlpineRelease::musl));
        typed.map_or_else(configured, |release| Ok(Some(release)))
    }
}

/// A release of musl. The error names `--min-alpine` where a release of Alpine was meant.
pub(super) fn musl(text: &str) -> Result<MuslRelease, String> {
    text.parse().map_err(|error| match text.parse::<AlpineRelease>() {
        Ok(alpine) => format!("{text} is an Alpine release: it has musl {}", alpine.musl()),
        Err(_) => format!("{error}"),
    })
}

/// A release of Alpine. The error names the Alpine of a release of musl, where that was meant.
pub(super) fn alpine(text: &str) -> Result<AlpineRelease, String> {
    text.parse().map_err(|error| {
        let musl: Option<MuslRelease> = text.parse().ok();
        match musl.and_then(|musl| musl.first_alpine(None)) {
            Some(alpine) => {
                format!("{text} is a musl release: the first Alpine with it or a newer one is {alpine}")
            }
            None => format!("{error}"),
        }
    })
}
