//! The pages of `docs/zh` follow English ones, and say which version.

use std::path::Path;

use muslrepair::wheel::Sha256Digest;

/// The pages, and what each follows.
const PAGES: [(&str, &str); 3] = [
    ("docs/zh/README.md", "README.md"),
    ("docs/zh/guide.md", "docs/guide.md"),
    ("docs/zh/docker.md", "docs/docker.md"),
];

fn read(page: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap()
}

/// The lines of a page that are headings or code: what a translation has as well.
fn skeleton(text: &str) -> Vec<&str> {
    let mut in_code = false;
    let lines = text.lines().filter(|line| {
        let fence = line.trim_start().starts_with("```");
        in_code ^= fence;
        fence || in_code || line.starts_with('#')
    });
    lines.collect()
}

/// The first digits of the digest of these lines.
fn version(page: &str) -> String {
    Sha256Digest::of(skeleton(&read(page)).join("\n").as_bytes()).hex()[..12].to_owned()
}

#[test]
fn a_chinese_page_names_the_version_of_the_english_page_that_it_follows() {
    for (page, english) in PAGES {
        let current = version(english);
        let text = read(page);
        let named = text.split("<!-- follows: ").nth(1).and_then(|rest| rest.split(" -->").next());
        assert_eq!(
            named,
            Some(format!("{english} {current}").as_str()),
            "headings or code of {english} changed: bring {page} up to date, and write {current} into it"
        );
    }
}

#[test]
fn dockerfiles_of_a_chinese_page_are_those_of_the_english_one() {
    for (page, english) in PAGES {
        let (text, original) = (read(page), read(english));
        for block in text.split("```dockerfile\n").skip(1).filter_map(|block| block.split("```").next()) {
            for line in block.lines().filter(|line| !line.trim_start().starts_with('#')) {
                assert!(
                    original.lines().any(|other| other == line),
                    "`{line}` of {page} is not in {english}"
                );
            }
        }
    }
}

#[test]
fn links_of_a_chinese_page_lead_somewhere() {
    for (page, _) in PAGES {
        let text = read(page);
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.starts_with("http") && !target.starts_with('#')) {
            let file = target.split('#').next().unwrap();
            assert!(directory.parent().unwrap().join(file).exists(), "`{target}` of {page}");
        }
    }
}
