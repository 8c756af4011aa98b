//! `docs/errors.md`.

use std::fmt::Write as _;
use std::path::Path;

use super::Answer;

const HEAD: &str = "\
# Errors

For those who see an error of `muslrepair` and want to know what others did to see it, and for those who change a message. At the end of
this page you know what the program says to a mistake. `tests/it/mistakes/` makes each of these mistakes and checks the answer; this page
is made from what the program says. [rules.md](rules.md) has what can be wrong inside a wheel.

The exit status is 2 where the call is wrong, 1 where a wheel is, and 0 for a warning.
";

/// Cases with a heading: what is tried, the call, and its answer.
pub(super) type Group = (&'static str, Vec<(&'static str, &'static str, Answer)>);

fn page(groups: &[Group]) -> String {
    let cell = |text: &str| text.replace('\\', "\\\\").replace('|', "\\|");
    let code = |text: &str| {
        let text =
            text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('|', "&#124;");
        format!("<code>{}</code>", text.replace('*', "&#42;").replace('_', "&#95;").replace('`', "&#96;"))
    };
    let mut page = HEAD.to_owned();
    for (title, cases) in groups {
        let _ = write!(page, "\n## {title}\n\n| mistake | call | status | answer |\n|---|---|---:|---|\n");
        for (what, call, answer) in cases {
            let text: Vec<String> = answer.text.lines().map(|line| code(line.trim_start())).collect();
            let call = code(&format!("muslrepair {call}"));
            let _ = writeln!(page, "| {} | {call} | {} | {} |", cell(what), answer.status, text.join("<br>"));
        }
    }
    page
}

/// Compares the page with these answers.
pub(super) fn check(groups: &[Group]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/errors.md");
    let page = page(groups);
    if std::env::var_os("MUSLREPAIR_BLESS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    let stale = "docs/errors.md is stale: run this test with MUSLREPAIR_BLESS=1";
    for (found, made) in found.lines().zip(page.lines()) {
        assert_eq!(found, made, "{stale}");
    }
    assert!(found == page, "{stale}");
}
