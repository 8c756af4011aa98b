//! Names of projects.

/// The normalized name of a project: two names are the same if this is equal (PEP 503). Lower case, with `-` for
/// each run of `-`, `_` and `.`.
#[must_use]
pub fn normalized_name(name: &str) -> String {
    let mut normalized = String::with_capacity(name.len());
    for c in name.chars() {
        if !matches!(c, '-' | '_' | '.') {
            normalized.extend(c.to_lowercase());
        } else if !normalized.ends_with('-') {
            normalized.push('-');
        }
    }
    normalized
}

#[cfg(test)]
mod tests {
    use super::normalized_name;

    #[test]
    fn pep503_names_that_differ_in_case_and_separators_are_the_same() {
        assert_eq!(normalized_name("Demo.Pkg__x-1.0"), normalized_name("demo_pkg-X-1.0"));
        assert_eq!(normalized_name("Demo.Pkg__x"), "demo-pkg-x");
        assert_ne!(normalized_name("demo-1.0"), normalized_name("demo-1.1"));
        assert_ne!(normalized_name("demo-1.0"), normalized_name("demo-10"));
    }
}
