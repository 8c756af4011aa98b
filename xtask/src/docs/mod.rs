//! `cargo xtask docs`: the pages of `docs/` as a site, in `target/docs/book`, with a page for each rule. The pages stay
//! readable as files on a code host: what is different in the site is made here.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::install;
use crate::process::{command, empty, entries, name, root, run as execute, target};

mod links;

const MDBOOK: &str = "0.5.4";

/// Where files that are no page of the site are seen.
const REPOSITORY: &str = "https://github.com/muslrepair/muslrepair/blob/main/";

/// The pages, in the order in which they are read. A page of `docs/` that is not here is an error.
const PARTS: &[(&str, &[&str])] = &[
    (
        "Use",
        &["guide", "docker", "build-errors", "lock-files", "scale", "troubleshooting", "musl-traps", "rules"],
    ),
    ("Reference", &["cli", "json", "library", "differences", "standards"]),
    ("Background", &["musl", "patcher", "errors", "hostile", "performance", "loader-check", "fuzzing"]),
    ("Contribute", &["architecture", "releasing"]),
];

const BOOK: &str = r#"[book]
title = "muslrepair"
description = "Repair Python wheels for musl"
authors = []
language = "en"
src = "src"

[build]
build-dir = "book"
create-missing = false

[output.html]
site-url = "/muslrepair/"
git-repository-url = "https://github.com/muslrepair/muslrepair"
default-theme = "light"
preferred-dark-theme = "navy"
no-section-label = true
additional-css = ["site.css"]

[output.html.fold]
enable = true
level = 0

[output.html.search]
limit-results = 20
"#;

/// Wide tables and long commands scroll by themselves, so that a page is as wide as a phone.
const STYLE: &str = "\
.table-wrapper { overflow-x: auto; }
pre { overflow-x: auto; }
:not(pre) > code { overflow-wrap: anywhere; }
main a { overflow-wrap: anywhere; }
";

pub fn run() -> Result<()> {
    let site = empty(target().join("docs"))?;
    let src = site.join("src");
    fs::create_dir_all(src.join("rules"))?;
    fs::write(site.join("book.toml"), BOOK)?;
    fs::write(site.join("site.css"), STYLE)?;
    all_pages_are_listed()?;
    let readme = fs::read_to_string(root().join("README.md"))?;
    // Pictures are named by their path in the repository, also where no Markdown is.
    fs::write(src.join("index.md"), page(&readme, "README.md")?.replace("\"docs/", "\""))?;
    for picture in entries(&root().join("docs"))? {
        if picture.extension().is_some_and(|end| end == "svg") {
            fs::copy(&picture, src.join(name(&picture)))?;
        }
    }
    let mut summary = String::from("# Summary\n\n[muslrepair](index.md)\n");
    for (part, pages) in PARTS {
        summary.push_str(&format!("\n# {part}\n\n"));
        for page_name in *pages {
            let file = format!("docs/{page_name}.md");
            let text = fs::read_to_string(root().join(&file)).with_context(|| file.clone())?;
            summary.push_str(&format!("- [{}]({page_name}.md)\n", title(&text, &file)?));
            if *page_name == "rules" {
                let (list, rules) = rules(&text)?;
                fs::write(src.join("rules.md"), page(&list, &file)?)?;
                for (code, text) in rules {
                    fs::write(
                        src.join(format!("rules/{code}.md")),
                        page(&text, &format!("docs/rules/{code}.md"))?,
                    )?;
                    summary.push_str(&format!("  - [{code}](rules/{code}.md)\n"));
                }
            } else {
                fs::write(src.join(format!("{page_name}.md")), page(&text, &file)?)?;
            }
        }
    }
    fs::write(src.join("SUMMARY.md"), summary)?;
    let mdbook = install::cargo_tool("mdbook", MDBOOK)?;
    execute(command(mdbook).arg("build").arg(&site))?;
    let (pages, checked) = links::check(&site.join("book"))?;
    println!("{}: {pages} pages, {checked} links, none of them dead", site.join("book").display());
    Ok(())
}

fn all_pages_are_listed() -> Result<()> {
    for path in entries(&root().join("docs"))? {
        let name = name(&path);
        if let Some(page) = name.strip_suffix(".md")
            && !PARTS.iter().any(|(_, pages)| pages.contains(&page))
        {
            bail!("docs/{name} has no place in the site: xtask/src/docs/mod.rs lists the pages");
        }
    }
    Ok(())
}

fn title<'a>(text: &'a str, file: &str) -> Result<&'a str> {
    let line = text.lines().find_map(|line| line.strip_prefix("# "));
    line.with_context(|| format!("{file} has no title"))
}

/// `docs/rules.md` as the list of rules, and a page for each of them.
fn rules(text: &str) -> Result<(String, Vec<(String, String)>)> {
    let (mut list, mut rules) = (String::new(), Vec::<(String, String)>::new());
    let mut in_rule = false;
    for line in text.lines() {
        if let Some(code) = line.strip_prefix("### ") {
            in_rule = true;
            rules.push((code.to_owned(), format!("# {code}\n")));
        } else if line.starts_with("## ") {
            in_rule = false;
        }
        match rules.last_mut() {
            Some((_, rule)) if in_rule => {
                if !line.starts_with("### ") {
                    rule.push_str(line);
                    rule.push('\n');
                }
            }
            _ => {
                list.push_str(line);
                list.push('\n');
            }
        }
    }
    if rules.is_empty() {
        bail!("docs/rules.md has no rules");
    }
    Ok((list, rules))
}

/// A page as the site has it. `file` is where it is in the repository; links lead to pages of the site where there is one, and
/// else into the repository.
fn page(text: &str, file: &str) -> Result<String> {
    let mut out = String::new();
    let mut code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            code = !code;
        }
        if code {
            out.push_str(line);
        } else {
            let mut rest = line;
            while let Some((before, after)) = rest.split_once("](") {
                let (target, after) = after.split_once(')').with_context(|| format!("{file}: {line}"))?;
                out.push_str(before);
                out.push_str("](");
                out.push_str(&link(target, file)?);
                out.push(')');
                rest = after;
            }
            out.push_str(rest);
        }
        out.push('\n');
    }
    Ok(out)
}

/// Where a link of a page leads in the site.
fn link(target: &str, file: &str) -> Result<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return Ok(target.to_owned());
    }
    let (path, anchor) = target.split_once('#').map_or((target, None), |(path, anchor)| (path, Some(anchor)));
    let rule = file.starts_with("docs/rules/");
    // A rule has a page of its own.
    let own = file == "docs/rules.md" || rule;
    if let (Some(code), true) = (anchor, path == "rules.md" || (path.is_empty() && own)) {
        return Ok(format!("{}{code}.md", if rule { "" } else { "rules/" }));
    }
    if path.is_empty() {
        return Ok(target.to_owned());
    }
    // Rules are written in one file, in docs/.
    let directory = if rule { Path::new("docs") } else { Path::new(file).parent().unwrap_or(Path::new("")) };
    let found = normal(&directory.join(path));
    if !root().join(&found).exists() {
        bail!("{file}: there is no `{target}`");
    }
    let found = found.to_string_lossy().into_owned();
    let up = if rule { "../" } else { "" };
    let anchor = anchor.map(|anchor| format!("#{anchor}")).unwrap_or_default();
    if found == "README.md" {
        return Ok(format!("{up}index.md{anchor}"));
    }
    match found.strip_prefix("docs/").and_then(|page| page.strip_suffix(".md")) {
        Some(page) if !page.contains('/') => Ok(format!("{up}{page}.md{anchor}")),
        _ => Ok(format!("{REPOSITORY}{found}{anchor}")),
    }
}

/// The path without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => drop(out.pop()),
            std::path::Component::CurDir => {}
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_pages_of_the_site_to_pages_of_rules_and_into_the_repository() {
        for (target, file, wanted) in [
            ("docs/guide.md#start", "README.md", "guide.md#start"),
            ("../README.md", "docs/guide.md", "index.md"),
            ("rules.md#relr", "docs/musl.md", "rules/relr.md"),
            ("#relr", "docs/rules.md", "rules/relr.md"),
            ("#relr", "docs/rules/ifunc.md", "relr.md"),
            ("musl.md#x", "docs/rules/ifunc.md", "../musl.md#x"),
            ("#here", "docs/guide.md", "#here"),
            ("../Dockerfile", "docs/docker.md", &format!("{REPOSITORY}Dockerfile")),
            ("CONTRIBUTING.md", "README.md", &format!("{REPOSITORY}CONTRIBUTING.md")),
            ("https://example.org/a#b", "README.md", "https://example.org/a#b"),
        ] {
            assert_eq!(link(target, file).unwrap(), wanted, "{target} in {file}");
        }
        assert!(link("no-such-file.md", "docs/guide.md").is_err());
    }

    #[test]
    fn links_in_code_stay_and_every_rule_becomes_a_page() {
        let text = "a [b](guide.md)\n```\n[b](guide.md)\n```\n";
        assert_eq!(page(text, "docs/json.md").unwrap(), text);
        let (list, rules) =
            rules("# Rules\n\n## Loading\n\n### a\n\nx\n\n### b\n\ny\n\n## Packaging\n\ntable\n").unwrap();
        assert_eq!(list, "# Rules\n\n## Loading\n\n## Packaging\n\ntable\n");
        assert_eq!(rules[1], ("b".to_owned(), "# b\n\ny\n\n".to_owned()));
    }
}
