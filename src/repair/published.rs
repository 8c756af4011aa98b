//! Published wheels: those that come with a musllinux tag. Lock files hold their hashes, so they are copied where they load.

use serde::Serialize;

use super::metadata::musl_asked_for;
use super::options::{Published, RepairOptions};
use crate::audit::{Audit, is_published};
use crate::wheel::PlatformTag;

/// What a plan does with a published wheel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PublishedWheel {
    /// It loads as it is, and is copied.
    Loads,
    /// It does not load as it is, and is copied because [`Published::Copy`] asks for that.
    Kept,
    /// It is changed where there is something to change.
    Fixed,
}

impl PublishedWheel {
    /// Whether the result is the published file, byte for byte.
    pub(super) fn is_copy(self) -> bool {
        self != Self::Fixed
    }
}

/// What is done with a wheel whose result is for `target`; `None` if it is not published, or has no ELF files.
pub(super) fn decide(
    audit: &Audit,
    target: Option<&PlatformTag>,
    options: &RepairOptions,
) -> Option<PublishedWheel> {
    let target = target.filter(|_| is_published(audit.wheel.platforms()))?;
    let loads = loads_as_it_is(audit, target, options);
    match options.published {
        Published::AsAnyOther => None,
        Published::Fix => Some(PublishedWheel::Fixed),
        Published::Auto if !loads || asks_for_a_change(audit, target, options) => Some(PublishedWheel::Fixed),
        Published::Copy if !loads => Some(PublishedWheel::Kept),
        Published::Auto | Published::Copy => Some(PublishedWheel::Loads),
    }
}

/// Whether everything in the wheel loads on the oldest musl asked for, or else on the newest, with nothing but what the
/// policy and the call leave to the system; and whether installers can read its `RECORD`.
fn loads_as_it_is(audit: &Audit, target: &PlatformTag, options: &RepairOptions) -> bool {
    let grafts = audit.elf.external_libraries().iter().any(|library| library.object.is_some());
    let unreadable = audit.packaging.iter().any(|finding| finding.code == "unreadable-record");
    let asked = musl_asked_for(target, options);
    !grafts
        && !unreadable
        && audit.elf.errors().next().is_none()
        && asked.is_none_or(|asked| !audit.elf.minimum_musl.exceeds(asked))
}

/// Whether the options ask for something that a copy does not have.
fn asks_for_a_change(audit: &Audit, target: &PlatformTag, options: &RepairOptions) -> bool {
    options.strip.is_some()
        || options.build_tag.is_some()
        || !audit.elf.included.is_empty()
        || !audit.wheel.platforms().contains(target)
}

/// The build tag of a published wheel that is changed. It sorts behind its own one, so that installers prefer the result.
pub(super) fn build_tag(own: Option<&str>) -> String {
    const OURS: &str = "muslrepair";
    match own {
        Some(own) if own.ends_with(OURS) => own.to_owned(),
        Some(own) => format!("{own}{OURS}"),
        None => format!("1{OURS}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_tag_keeps_the_number_and_gets_the_name_once() {
        for (own, result) in [
            (None, "1muslrepair"),
            (Some("2"), "2muslrepair"),
            (Some("1local"), "1localmuslrepair"),
            (Some("1muslrepair"), "1muslrepair"),
        ] {
            assert_eq!(build_tag(own), result);
            assert!(own.is_none_or(|own| own <= result));
        }
    }
}
