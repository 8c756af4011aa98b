//! Versions of PEP 440.

/// The kind of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VersionKind {
    /// A version that indexes accept.
    Public,
    /// A version with a local part: `1.0+cpu`.
    Local,
    /// Not a version of PEP 440.
    Invalid,
}

/// The kind of version that a text is, in any spelling of PEP 440, "Appendix B: Parsing version strings with
/// regular expressions".
pub(crate) fn version_kind(text: &str) -> VersionKind {
    let text = text.trim().to_ascii_lowercase();
    let (public, local) = match text.split_once('+') {
        Some((public, local)) => (public, Some(local)),
        None => (text.as_str(), None),
    };
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric());
    match local {
        _ if canonical_public(public).is_none() => VersionKind::Invalid,
        None => VersionKind::Public,
        Some(local) if local.split(SEPARATORS).all(is_part) => VersionKind::Local,
        Some(_) => VersionKind::Invalid,
    }
}

/// Separators allowed between the parts of a version.
const SEPARATORS: [char; 3] = ['-', '_', '.'];

/// The spelling that all spellings of a version have in common ("Normalization" in PEP 440), with no zeros at the end of the
/// release: equal versions have the same, whether or not they are public. `None` for what is no version.
pub(crate) fn canonical(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    let (public, local) = text.split_once('+').map_or((text.as_str(), None), |(a, b)| (a, Some(b)));
    let mut version = canonical_public(public)?;
    if let Some(local) = local {
        let parts: Vec<&str> = local.split(SEPARATORS).map(without_zeros).collect();
        version.push('+');
        version.push_str(&parts.join("."));
    }
    Some(version)
}

/// `[v][epoch!]release[pre][post][dev]`
fn canonical_public(text: &str) -> Option<String> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let (epoch, release) = text.split_once('!').unwrap_or(("0", text));
    let (epoch, _) = number(epoch).filter(|(_, rest)| rest.is_empty())?;
    let (first, mut rest) = number(release)?;
    let mut numbers = vec![first];
    while let Some((next, behind)) = rest.strip_prefix('.').and_then(number) {
        numbers.push(next);
        rest = behind;
    }
    while numbers.len() > 1 && numbers.last() == Some(&"0") {
        numbers.pop();
    }
    // The longer spellings first: `alpha` begins with `a`.
    let pre = [
        ("alpha", "a"),
        ("beta", "b"),
        ("preview", "rc"),
        ("pre", "rc"),
        ("rc", "rc"),
        ("a", "a"),
        ("b", "b"),
        ("c", "rc"),
    ];
    let (pre, rest) = label(rest, &pre);
    let (post, rest) = match rest.strip_prefix('-').and_then(number) {
        Some((number, rest)) => (format!(".post{number}"), rest),
        None => label(rest, &[("post", ".post"), ("rev", ".post"), ("r", ".post")]),
    };
    let (dev, rest) = label(rest, &[("dev", ".dev")]);
    rest.is_empty().then(|| format!("{epoch}!{}{pre}{post}{dev}", numbers.join(".")))
}

/// One of these labels with its number, which may be missing, as all its spellings have it, and what follows; nothing and the
/// text itself where none is there.
fn label<'a>(text: &'a str, labels: &[(&str, &str)]) -> (String, &'a str) {
    let start = text.strip_prefix(SEPARATORS).unwrap_or(text);
    let found = labels.iter().find_map(|(word, name)| Some((start.strip_prefix(word)?, name)));
    let Some((rest, name)) = found else { return (String::new(), text) };
    let rest = rest.strip_prefix(SEPARATORS).unwrap_or(rest);
    let (number, rest) = number(rest).unwrap_or(("0", rest));
    (format!("{name}{number}"), rest)
}

/// The number that a text begins with, without zeros before it, and what follows.
fn number(text: &str) -> Option<(&str, &str)> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = text.strip_suffix(rest).filter(|digits| !digits.is_empty())?;
    Some((without_zeros(digits), rest))
}

/// A part without zeros before it, if it is a number.
fn without_zeros(part: &str) -> &str {
    match part.trim_start_matches('0') {
        "" => "0",
        rest if part.bytes().all(|b| b.is_ascii_digit()) => rest,
        _ => part,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pep440_versions_are_recognised_in_every_spelling() {
        for text in [
            "1",
            "1.0",
            "2024.11.3",
            "1!2.0rc1",
            "v1.0",
            "1.0_beta",
            "1.0.post1.dev2",
            "1.0a1",
            "1.0-alpha.1",
            "1.0c1",
            "1.0.pre",
            "1.0-1",
            "1.0-r4",
            "1.0rev.3",
            "1.0.dev",
            "1.0.DEV3",
            " 1.0 ",
            "1.0rc1.post2.dev3",
            "1.0-post-",
            "1.0a--1",
        ] {
            assert_eq!(version_kind(text), VersionKind::Public, "{text}");
        }
        for text in ["1.0+cpu", "1.0+Ubuntu.1-2_3", "1!1.0.dev1+g1234"] {
            assert_eq!(version_kind(text), VersionKind::Local, "{text}");
        }
        for text in [
            "",
            "dev",
            "0.0.1_1",
            "1.7_PullRequest0090.7",
            "1.7+arch75+torch222",
            "0.4.3_libaubio",
            "1.0+",
            "1.0+a..b",
            "1.",
            "1..0",
            "!1",
            "x!1",
            "1.0a1b1",
            "1.0-post--",
            "1.0.dev1.post1",
            "vv1",
            "1.0 1",
            "\u{661}",
        ] {
            assert_eq!(version_kind(text), VersionKind::Invalid, "{text}");
        }
    }

    #[test]
    fn equal_versions_have_one_canonical_spelling() {
        for versions in [
            &["1", "1.0", "v1.0.0", "01", "0!1"][..],
            &["1.0a1", "1.alpha-1", "1.0_A.01"],
            &["1rc0", "1.0c", "1-pre", "1.0.preview0"],
            &["1.0.post2", "1-2", "1.0.r2", "1_rev2"],
            &["1.0.dev0", "1dev"],
            &["1.0+Abc.01", "1+abc-1"],
        ] {
            let spellings: std::collections::BTreeSet<_> =
                versions.iter().map(|version| canonical(version)).collect();
            assert!(spellings.len() == 1 && !spellings.contains(&None), "{versions:?}: {spellings:?}");
        }
        let different =
            ["1.0", "1.1", "10", "1!1", "1.0a1", "1.0b1", "1.0.post0", "1.0.dev0", "1.0+a", "1.0+0"];
        let spellings: std::collections::BTreeSet<_> =
            different.iter().map(|version| canonical(version)).collect();
        assert_eq!(spellings.len(), different.len(), "{spellings:?}");
        assert_eq!(canonical("1.x"), None);
    }
}
