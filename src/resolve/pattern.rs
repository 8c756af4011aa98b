//! Patterns of `--exclude`, with the meaning of Python's `fnmatch`.

use std::fmt;
use std::str::FromStr;

/// A shell pattern: `*` (also across `/`), `?`, `[seq]`, `[!seq]`; case matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    compiled: glob::Pattern,
}

/// The pattern is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{pattern}` is not a pattern: {reason}")]
pub struct PatternError {
    pattern: String,
    reason: String,
}

impl Pattern {
    /// Whether the whole of `text` matches.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.compiled.matches(text)
    }

    /// The pattern as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        // `fnmatch` has no `**`: several stars in a row are one. An unclosed bracket is a plain character.
        let mut single = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let (taken, after) = rest.split_at(set_length(rest).unwrap_or(c.len_utf8()));
            match taken {
                "[" => single.push_str("[[]"),
                "*" if single.ends_with('*') => {}
                taken => single.push_str(taken),
            }
            rest = after;
        }
        let compiled = glob::Pattern::new(&single)
            .map_err(|error| PatternError { pattern: text.to_owned(), reason: error.msg.to_owned() })?;
        Ok(Self { text: text.to_owned(), compiled })
    }
}

/// The length in bytes of a set `[seq]` at the start of a pattern; `None` if there is none. A closing bracket
/// may be the first character of the set (`translate` of Python's `fnmatch`).
fn set_length(pattern: &str) -> Option<usize> {
    let inner = pattern.strip_prefix('[')?;
    let inner = inner.strip_prefix('!').unwrap_or(inner);
    let inner = inner.strip_prefix(']').unwrap_or(inner);
    Some(pattern.len() - inner.len() + inner.find(']')? + 1)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        pattern.parse::<Pattern>().unwrap().matches(text)
    }

    #[test]
    fn patterns_mean_what_fnmatch_means() {
        assert!(matches("libcuda.so.1", "libcuda.so.1"));
        assert!(matches("libodbc.so.*", "libodbc.so.2"));
        assert!(matches("/usr/lib/*", "/usr/lib/a/libx.so"));
        assert!(matches("lib**", "libx/y"));
        assert!(matches("libssl.so.[13]", "libssl.so.3"));
        assert!(!matches("libssl.so.[!13]", "libssl.so.3"));
        assert!(!matches("libssl", "libssl.so"));
        assert!(!matches("LIBSSL.so", "libssl.so"));
    }

    #[test]
    fn an_unclosed_bracket_is_a_plain_character() {
        assert!(matches("lib[x", "lib[x"));
        assert!(!matches("lib[x", "libx"));
        assert!(matches("lib[!x*", "lib[!xyz"));
        assert!(matches("lib[]", "lib[]") && matches("lib[]]", "lib]"));
        assert!(matches("*[", "lib["));
    }
}
