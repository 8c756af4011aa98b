//! `--limit`: every bound on what a wheel may ask of us, by name.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Args, Command, ValueHint};
use muslrepair::Limits;

use super::heading;
use super::size::number;

/// A limit: its name, what it bounds, and the field it is.
struct Name {
    name: &'static str,
    bounds: &'static str,
    get: fn(&Limits) -> u64,
    set: fn(&mut Limits, u64),
}

macro_rules! names {
    ($($name:literal $field:ident $bounds:literal,)*) => {
        &[$(Name {
            name: $name,
            bounds: $bounds,
            get: |limits| limits.$field,
            set: |limits, value| limits.$field = value,
        }),*]
    };
}

/// Every limit, in the order of the help.
const NAMES: &[Name] = names! {
    "members" members "members of a wheel",
    "member-size" member_size "bytes of one member, uncompressed",
    "total-size" total_size "bytes of all members, uncompressed",
    "metadata-size" metadata_size "bytes of WHEEL, METADATA and RECORD each",
    "name-length" name_length "bytes of a member's name",
    "ratio" ratio "largest ratio of uncompressed to compressed size",
    "ratio-floor" ratio_floor "bytes below which `ratio` is not checked",
    "program-headers" program_headers "program headers of an ELF file",
    "sections" sections "sections of an ELF file that can be loaded",
    "dynamic-entries" dynamic_entries "entries of the dynamic section of an ELF file",
    "symbols" symbols "dynamic symbols of an ELF file",
    "objects" objects "ELF files read for one wheel",
    "dependencies" dependencies "`DT_NEEDED` entries of all ELF files of a wheel",
    "graft-size" graft_size "bytes of one library outside the wheel",
    "search-path" search_path "directories searched for one library",
    "lookups" lookups "searches in directories, for one wheel",
};

#[derive(Clone, Debug, Default, Args)]
pub(super) struct LimitArgs {
    /// Set a limit on what is read (repeatable)
    #[arg(long = "limit", value_name = "NAME=VALUE", value_parser = LimitParser, long_help = help())]
    #[arg(help_heading = heading::ADVANCED, hide_short_help = true, hide_possible_values = true)]
    #[arg(value_hint = ValueHint::Other)]
    limit: Vec<Limit>,
}

impl LimitArgs {
    /// The limits with everything that was asked for.
    pub(super) fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        for limit in &self.limit {
            if let Some(name) = NAMES.get(limit.index) {
                (name.set)(&mut limits, limit.value);
            }
        }
        limits
    }
}

/// One limit as typed.
#[derive(Clone, Copy, Debug)]
struct Limit {
    index: usize,
    value: u64,
}

fn parse(text: &str) -> Result<Limit, String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE, such as `members=500`")?;
    let index = NAMES.iter().position(|known| known.name == name).ok_or_else(|| {
        let names: Vec<&str> = NAMES.iter().map(|known| known.name).collect();
        format!("unknown limit `{name}`; the limits are {}", names.join(", "))
    })?;
    let value = number(value).ok_or("expected a number, such as 500, 64K, 16M or 8G")?;
    Ok(Limit { index, value })
}

/// [`parse`], with the names for completion scripts.
#[derive(Clone)]
struct LimitParser;

impl TypedValueParser for LimitParser {
    type Value = Limit;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Limit, clap::Error> {
        let parse: fn(&str) -> Result<Limit, String> = parse;
        parse.parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(NAMES.iter().map(|name| PossibleValue::new(format!("{}=", name.name)))))
    }
}

fn help() -> String {
    let mut help = "Set a limit on what is read (repeatable)\n\nA wheel that exceeds a limit fails. K, M and G are powers \
                    of 1024.\n\n  The limits and their defaults:\n"
        .to_owned();
    let limits = Limits::default();
    for name in NAMES {
        help.push_str(&format!("\n  {}={}: {}", name.name, shown((name.get)(&limits)), name.bounds));
    }
    help
}

/// The limits, as a table of `docs/cli.md`.
pub(super) fn table() -> String {
    let mut table = "| limit | bounds | default |\n|---|---|---:|\n".to_owned();
    let limits = Limits::default();
    for Name { name, bounds, get, .. } in NAMES {
        table.push_str(&format!("| `{name}` | {bounds} | {} |\n", shown(get(&limits))));
    }
    table
}

/// A number as it would be typed.
fn shown(value: u64) -> String {
    let units = [("G", 30), ("M", 20)];
    let unit = units.iter().find(|(_, power)| value > 0 && value.is_multiple_of(1 << power));
    unit.map_or_else(|| value.to_string(), |(unit, power)| format!("{}{unit}", value >> power))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_limit_has_a_name_and_can_be_set() {
        let limit = NAMES.iter().map(|name| parse(&format!("{}=3K", name.name)).unwrap()).collect();
        let limits = LimitArgs { limit }.limits();
        // Every field but what `--memory` is for: a new one has to get a name here.
        let text = format!("{limits:?}");
        assert!(text.contains("in_flight: 536870912"), "{text}");
        assert_eq!(text.matches(": 3072").count() + 1, text.matches(": ").count(), "{text}");
    }

    #[test]
    fn a_limit_is_a_known_name_and_a_number_with_a_unit_that_may_be_zero() {
        for (text, value) in [
            ("ratio-floor=512m", 512 << 20),
            ("members=12", 12),
            ("total-size=8GiB", 8 << 30),
            ("ratio=0", 0),
        ] {
            assert_eq!(parse(text).unwrap().value, value, "{text}");
        }
        for text in ["members", "members=", "members=-1", "members=1.5G"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse("colour=3").unwrap_err().contains("ratio-floor"));
    }
}
