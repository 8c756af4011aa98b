//! Renderings: the values of the other modules as text and as JSON. Nothing is decided here.

mod auditwheel;
mod auditwheel_tree;
mod failure;
mod json;
mod json_text;
mod lines;
mod markdown;
mod mermaid;
mod rules;
mod sentences;
mod text;
mod tree;
mod unbundle;

pub use auditwheel::{show_error_json, show_json, show_paragraphs};
pub use auditwheel_tree::tree_auditwheel;
pub use failure::Failure;
pub use json::{
    SCHEMA, audit_document, document, error_document, installed_document, outcome_document, plan_document,
    report_document, tree_document,
};
pub use json_text::{json_indented, json_line};
pub use markdown::{LARGEST_SUMMARY, SummaryEntry, summary_markdown};
pub use rules::{rule_document, rule_text, rules_document, rules_markdown, rules_text};
pub use sentences::{invalid_wheel_sentence, no_elf_sentence};
pub use text::{findings_text, human_size, minimum_text, plan_text, show_text, show_tree_text, size_text};
pub use tree::{tree_json, tree_text};
pub use unbundle::{kept_text, unbundle_document, unbundle_text, unbundled_line};
