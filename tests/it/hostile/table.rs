//! `docs/hostile.md`.

use std::fmt::Write as _;
use std::path::Path;

use super::{Answer, GROUPS};

const HEAD: &str = "\
# Hostile input

For those who want to know what muslrepair does with wheels and root file systems from strangers. Every row is an input
that `tests/it/hostile/` makes, and the answer of `muslrepair repair`. The tests check the answer, that nothing outside the
output directory is changed, that there is no panic, and that it takes less than 2 s of processor time and 256 MiB of memory.
A refused input gives exit status 1 and leaves nothing in the output directory. This page is generated from the tests.
";

fn page() -> String {
    let mut page = HEAD.to_owned();
    for group in GROUPS {
        let _ = write!(page, "\n## {}\n\n| input | answer |\n|---|---|\n", group.title);
        for case in group.cases {
            let quoted = |said: &[&str]| {
                let said: Vec<String> =
                    said.iter().map(|text| format!("“{}”", text.replace('|', "\\|"))).collect();
                said.join(" … ")
            };
            let answer = match case.answer {
                Answer::Refused(said) => format!("refused: {}", quoted(said)),
                Answer::Repaired([]) => "repaired".to_owned(),
                Answer::Repaired(said) => format!("repaired: {}", quoted(said)),
            };
            let options = if case.options.is_empty() {
                String::new()
            } else {
                format!(" (`{}`)", case.options.join(" "))
            };
            let _ = writeln!(page, "| {}{options} | {answer} |", case.what);
        }
    }
    page
}

#[test]
fn the_page_is_made_from_the_cases() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/hostile.md");
    let page = page();
    if std::env::var_os("MUSLREPAIR_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &page).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == page, "docs/hostile.md is stale: run this test with MUSLREPAIR_BLESS=1");
}
