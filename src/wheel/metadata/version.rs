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
        _ if !is_public(public) => VersionKind::Invalid,
        None => VersionKind::Public,
        Some(local) if local.split(SEPARATORS).all(is_part) => VersionKind::Local,
        Some(_) => VersionKind::Invalid,
    }
}

/// Separators allowed between the parts of a version.
const SEPARATORS: [char; 3] = ['-', '_', '.'];

/// `[v][epoch!]release[pre][post][dev]`
fn is_public(text: &str) -> bool {
    let text = text.strip_prefix('v').unwrap_or(text);
    let release = match text.split_once('!') {
        Some((epoch, rest)) if is_number(epoch) => rest,
        Some(_) => return false,
        None => text,
    };
    let Some(mut rest) = after_number(release) else { return false };
    while let Some(next) = rest.strip_prefix('.').and_then(after_number) {
        rest = next;
    }
    // The longer spellings come first: `alpha` begins with `a`.
    rest = after_label(rest, &["alpha", "beta", "preview", "pre", "rc", "a", "b", "c"]);
    rest = match rest.strip_prefix('-').and_then(after_number) {
        Some(next) => next,
        None => after_label(rest, &["post", "rev", "r"]),
    };
    after_label(rest, &["dev"]).is_empty()
}

/// The rest after one of these labels and its number, which is optional; the text itself if no label matches.
fn after_label<'a>(text: &'a str, labels: &[&str]) -> &'a str {
    let label = text.strip_prefix(SEPARATORS).unwrap_or(text);
    let Some(rest) = labels.iter().find_map(|word| label.strip_prefix(word)) else { return text };
    let rest = rest.strip_prefix(SEPARATORS).unwrap_or(rest);
    after_number(rest).unwrap_or(rest)
}

/// The rest after the digits at the start of a text.
fn after_number(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    (rest.len() < text.len()).then_some(rest)
}

fn is_number(text: &str) -> bool {
    after_number(text) == Some("")
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
}
