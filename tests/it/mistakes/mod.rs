//! Mistakes that people make, and what the program answers: what is wrong, why, and what to do.
//!
//! `docs/errors.md` is the table of them; `MUSLREPAIR_BLESS=1` writes it anew.

mod cases;
mod page;
mod scene;

use cases::GROUPS;
use scene::{Answer, Scene};

/// Mistakes of one kind.
struct Group {
    title: &'static str,
    /// What the mistake is, and the call.
    cases: &'static [(&'static str, &'static str)],
}

fn answers() -> Vec<page::Group> {
    let scene = Scene::new();
    let of = |group: &'static Group| {
        let cases = group.cases.iter().map(|(what, call)| (*what, *call, scene.answer(call)));
        (group.title, cases.collect())
    };
    GROUPS.iter().map(of).collect()
}

#[test]
fn every_error_says_what_is_wrong_and_what_to_do() {
    let mut count = 0;
    for (_, cases) in answers() {
        for (what, call, answer) in cases {
            count += 1;
            let text = &answer.text;
            let context =
                format!("{what}: `muslrepair {call}` ends with {} and says:\n{}", answer.status, answer.all);
            assert!(!text.is_empty(), "{context}");
            assert!(
                text.lines().any(|line| line.trim_start().starts_with("hint: ") || line.contains(" hint: ")),
                "{context}"
            );
            let is_warning = text.starts_with("warning");
            assert_eq!(answer.status == 0, is_warning, "{context}");
            for line in text.lines() {
                if let Some(said) = line.strip_prefix("error: ").or(line.strip_prefix("warning: ")) {
                    let begin = said.chars().next().unwrap();
                    assert!(!begin.is_uppercase() && !said.ends_with('.'), "{context}");
                }
                assert!(!line.contains("panicked") && !line.contains("--help'"), "{context}");
            }
        }
    }
    assert!(count >= 79, "{count}");
}

#[test]
fn the_page_is_made_from_the_answers() {
    page::check(&answers());
}
