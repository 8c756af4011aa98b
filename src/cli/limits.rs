//! `--limit`: every bound on what a wheel may ask of us, by name.

use clap::Args;
use muslrepair::Limits;

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
    "member-size" member_size "bytes of one member, inflated",
    "total-size" total_size "bytes of all members, inflated",
    "metadata-size" metadata_size "bytes of WHEEL, METADATA and RECORD each",
    "name-length" name_length "bytes of a member's name",
    "ratio" ratio "how many times larger the members may be than the archive",
    "ratio-floor" ratio_floor "bytes below which `ratio` is not looked at",
    "program-headers" program_headers "program headers of an ELF file",
    "sections" sections "its sections, if it can be loaded",
    "dynamic-entries" dynamic_entries "entries of its dynamic section",
    "symbols" symbols "its dynamic symbols",
    "objects" objects "ELF files looked at for one wheel",
    "dependencies" dependencies "names they need, together",
    "graft-size" graft_size "bytes of one library outside",
    "search-path" search_path "directories to look into for one name",
    "lookups" lookups "names looked up in directories, together",
};

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Limits")]
pub(super) struct LimitArgs {
    /// Raise or lower a limit on what is read; can be given more than once
    #[arg(long = "limit", value_name = "NAME=VALUE", value_parser = parse, long_help = help())]
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
    let (name, value) = text.split_once('=').ok_or("the form is NAME=VALUE")?;
    let index = NAMES.iter().position(|known| known.name == name).ok_or_else(|| {
        let names: Vec<&str> = NAMES.iter().map(|known| known.name).collect();
        format!("the limits are {}", names.join(", "))
    })?;
    let value = number(value).ok_or("a number is wanted, such as 500, 64K, 16M, 8G")?;
    Ok(Limit { index, value })
}

fn help() -> String {
    let mut help =
        "Raise or lower a limit on what is read; can be given more than once. K, M and G stand for powers \
                    of 1024. What exceeds a limit is an error. The limits and their defaults:\n"
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
