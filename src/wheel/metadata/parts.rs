//! Recognises the parts of a wheel's file name.
//!
//! Python, ABI and platform tags have different forms (PEP 425), except for unknown interpreters and systems.
//! If a part is in the place of another one, the name is refused, and a corrected name is suggested.

use super::tag::{PlatformTag, is_other_system};

/// How platform tags for Linux begin, with two that no index has.
const LINUX: [&str; 4] = ["linux", "manylinux", "musllinux", "alpine"];

/// The parts between the dashes, and the position of the Python tag.
pub(super) struct Parts<'a> {
    pub(super) all: Vec<&'a str>,
    /// The first position at which a Python tag, an ABI tag and a platform tag follow each other.
    pub(super) python: Option<usize>,
}

impl<'a> Parts<'a> {
    pub(super) fn of(stem: &'a str) -> Self {
        let all: Vec<&str> = stem.split('-').collect();
        let triples = all.windows(3).enumerate().skip(2);
        let python = triples.filter(|(_, tags)| are_tags(tags)).map(|(at, _)| at).next();
        Self { all, python }
    }
}

/// Whether these are a Python, an ABI and a platform tag set.
fn are_tags(parts: &[&str]) -> bool {
    matches!(parts, [python, abi, platform] if is_python(python) && is_abi(abi) && is_platform(platform))
}

/// Whether it can be a set of Python tags: an interpreter and its version (`cp312`). More numbers may follow:
/// some tools wrote `py3.6`, which installers read as `py3`.
pub(super) fn is_python(set: &str) -> bool {
    let mut tags = set.split('.');
    let digits = |tag: &str| !tag.is_empty() && tag.bytes().all(|b| b.is_ascii_digit());
    tags.next().is_some_and(names_python) && tags.all(|tag| names_python(tag) || digits(tag))
}

/// Whether it can be a set of ABI tags: `none`, or a tag with a version that cannot be another part.
pub(super) fn is_abi(set: &str) -> bool {
    set.split('.').all(|tag| {
        let generic = tag.strip_prefix("py").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
        let versioned = tag.bytes().any(|b| b.is_ascii_digit()) && starts_with_letter(tag);
        tag == "none" || versioned && !generic && !names_platform(tag)
    })
}

/// Whether it can be a set of platform tags: neither Python nor ABI tags.
pub(super) fn is_platform(set: &str) -> bool {
    set.split('.')
        .all(|tag| names_platform(tag) || starts_with_letter(tag) && !names_python(tag) && !names_abi(tag))
}

/// Letters and a version: `cp312`, `py3`, `pp310`, `graalpy311`, `cp3_10`.
fn names_python(tag: &str) -> bool {
    let (name, version) = at_first_digit(tag);
    !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphabetic())
        && version.bytes().all(|b| b.is_ascii_digit() || b == b'_')
        && !version.is_empty()
        && !names_abi(tag)
        && !names_platform(tag)
}

/// Whether it is an ABI tag that cannot be a Python tag: `none`, `abi3`, `abi3t`, `cp312t`, `pypy311_pp73`.
fn names_abi(tag: &str) -> bool {
    let (name, version) = at_first_digit(tag);
    let flags = version.trim_start_matches(|c: char| c.is_ascii_digit());
    tag == "none"
        || name == "abi" && !version.is_empty()
        || name == "cp" && !flags.is_empty() && flags.bytes().all(|b| b.is_ascii_lowercase())
        || name == "pypy" && version.contains("_pp")
        || name == "graalpy" && version.contains("_native")
}

fn names_platform(tag: &str) -> bool {
    tag == "any" || is_other_system(tag) || LINUX.iter().any(|platform| tag.starts_with(platform))
}

fn starts_with_letter(tag: &str) -> bool {
    tag.starts_with(|c: char| c.is_ascii_alphabetic())
}

fn at_first_digit(tag: &str) -> (&str, &str) {
    tag.split_at(tag.find(|c: char| c.is_ascii_digit()).unwrap_or(tag.len()))
}

/// Whether `platform-label` is one platform tag with a dash in it (`linux-x86_64`), not a platform and a
/// variant label.
pub(super) fn is_split_platform(platform: &str, label: &str) -> bool {
    let joined = last_tag(&format!("{platform}_{label}")).and_then(|tag| tag.arch());
    joined.is_some() && joined != last_tag(platform).and_then(|tag| tag.arch())
}

/// Whether a platform is complete: it names a machine, or is for any.
fn is_whole_platform(set: &str) -> bool {
    last_tag(set).is_some_and(|tag| tag == PlatformTag::Any || tag.arch().is_some())
}

fn last_tag(set: &str) -> Option<PlatformTag> {
    set.rsplit('.').next()?.parse().ok()
}

/// The name with the same parts in the right order and spelling, if it is clear what was meant. The caller
/// checks whether it is a valid wheel name.
pub(super) fn corrected_name(name: &str) -> Option<String> {
    let Parts { all, python } = Parts::of(name.strip_suffix(".whl")?);
    let at = python.or(all.len().checked_sub(3).filter(|at| *at >= 2))?;
    let (head, tags) = all.split_at_checked(at)?;
    let [first, second, third, behind @ ..] = tags else { return None };
    let orders = [
        [first, second, third],
        [second, first, third],
        [first, third, second],
        [second, third, first],
        [third, first, second],
        [third, second, first],
    ];
    let [python, abi, platform] = orders.into_iter().find(|order| are_tags(&order.map(|part| *part)))?;
    // A label after a complete platform is omitted.
    let platform = match behind {
        [] => (*platform).to_owned(),
        _ if is_whole_platform(platform) && !is_split_platform(platform, &behind.join("_")) => {
            (*platform).to_owned()
        }
        _ => format!("{platform}_{}", behind.join("_")),
    };
    let starts_with_digit = |part: &str| part.starts_with(|c: char| c.is_ascii_digit());
    // The version is the first part after the name that can be one.
    let version = head.iter().skip(1).position(|part| starts_with_digit(part)).map_or(1, |at| at + 1);
    let (distribution, rest) = head.split_at_checked(version)?;
    let (version, build) = rest.split_first()?;
    let mut build = build.join("_");
    if !build.is_empty() {
        if !starts_with_digit(&build) {
            build.insert(0, '1');
        }
        build.push('-');
    }
    Some(format!("{}-{version}-{build}{python}-{abi}-{platform}.whl", distribution.join("_")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::filename::{FilenameRule, WheelFilename};

    /// The broken rule, the part that breaks it, and the suggested name.
    #[test]
    fn parts_in_the_wrong_place_are_named_with_a_corrected_name() {
        use FilenameRule::{Abi, Build, Components, Distribution, Platform, Python, Tag, Version};
        for (text, rule, part, right) in [
            ("d-1-cp312-cp312-linux-x86_64", Platform, "linux-x86_64", "d-1-cp312-cp312-linux_x86_64"),
            ("d-1-cp312-abi3-linux_x86-64", Platform, "linux_x86-64", "d-1-cp312-abi3-linux_x86_64"),
            (
                "d-1-2-py3-none-musllinux_1_2-i686",
                Platform,
                "musllinux_1_2-i686",
                "d-1-2-py3-none-musllinux_1_2_i686",
            ),
            (
                "d-1-py3-none-manylinux2014-x86_64",
                Platform,
                "manylinux2014-x86_64",
                "d-1-py3-none-manylinux2014_x86_64",
            ),
            ("d-1-74-testing-py3-none-any", Build, "74-testing", "d-1-74_testing-py3-none-any"),
            ("foo-1.0-1-2-py3-none-linux_x86_64", Build, "1-2", "foo-1.0-1_2-py3-none-linux_x86_64"),
            ("d-1-1-2-3-py3-none-any", Build, "1-2-3", "d-1-1_2_3-py3-none-any"),
            ("d-1-rc-py3-none-any", Build, "rc", "d-1-1rc-py3-none-any"),
            ("d-1--py3-none-any", Build, "", "d-1-py3-none-any"),
            ("my-pkg-1.0-py3-none-any", Distribution, "my-pkg", "my_pkg-1.0-py3-none-any"),
            ("my-long-pkg-1.0-2-py3-none-any", Distribution, "my-long-pkg", "my_long_pkg-1.0-2-py3-none-any"),
            ("d-1-cp312-linux_x86_64-cp312", Abi, "linux_x86_64", "d-1-cp312-cp312-linux_x86_64"),
            ("d-1-linux_x86_64-cp312-cp312", Python, "linux_x86_64", "d-1-cp312-cp312-linux_x86_64"),
            ("d-1-abi3-cp312-linux_x86_64", Python, "abi3", "d-1-cp312-abi3-linux_x86_64"),
            ("d-1-cp313t-cp313t-linux_x86_64", Python, "cp313t", ""),
            ("d-1-testing-none-any", Python, "testing", ""),
            ("d-1-py3-py3-any", Abi, "py3", ""),
            ("d-1-py3-none-none", Platform, "none", ""),
            ("d-1-py3-none-linux_a.abi3", Platform, "linux_a.abi3", ""),
            ("d-1--none-any", Tag, "", ""),
            ("d--py3-none-any", Version, "", ""),
            ("d-1-2-py3-none-any-a-b", Components, "", "d-1-2-py3-none-any"),
        ] {
            let error = format!("{text}.whl").parse::<WheelFilename>().unwrap_err();
            assert_eq!((error.rule, error.part.as_str()), (rule, part), "{text}");
            let proposed = error.corrected_name().unwrap_or_default();
            assert_eq!(proposed.trim_end_matches(".whl"), right, "{text}");
        }
        for right in [
            "d-1-py2.py3-none-any",
            // An ABI that begins like a system: `hp` is HP-UX.
            "d-1-cp39-hpy0-linux_x86_64",
            "d-1-py3.6-none-any",
            "d-1-pp310-pypy310_pp73-linux_x86_64",
            "d-1-graalpy311-graalpy242_311_native-linux_x86_64",
            "d-1-cp27-cp27mu-linux_x86_64",
            "d-1-cp315-abi3.abi3t-linux_x86_64",
            "d-1-cp39-none-win32",
            "d-1-py3-none-haiku_1_r1",
            "d-unknown-py3-none-any",
        ] {
            format!("{right}.whl").parse::<WheelFilename>().unwrap();
        }
    }
}
