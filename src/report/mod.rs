//! Renders the values of other modules as text, Markdown and JSON. Makes no decisions.

mod auditwheel;
mod auditwheel_tree;
mod diagram;
mod failure;
mod findings;
mod human_size;
mod inspected;
mod json;
mod json_text;
mod markdown;
mod mermaid;
mod needs_text;
mod plan;
mod repaired;
mod rules;
mod sentences;
mod show;
mod styled;
mod table;
mod tree;
mod tree_text;
mod unbundle;
mod verified;

pub use auditwheel::{show_error_json, show_json, show_paragraphs};
pub use auditwheel_tree::tree_auditwheel;
pub use diagram::Diagram;
pub use failure::Failure;
pub use findings::{FindingGroups, findings_text};
pub use human_size::human_size;
pub use inspected::ShowTable;
pub use json::{
    SCHEMA, audit_document, document, error_document, installed_document, outcome_document, plan_document,
    report_document, tree_document,
};
pub use json_text::{json_indented, json_line};
pub use markdown::{LARGEST_SUMMARY, SummaryEntry, summary_markdown};
pub use needs_text::needs_text;
pub use plan::plan_text;
pub use repaired::{RepairStatus, RepairTotals, grafts_text, repaired_line, unrepaired_line};
pub use rules::{rule_document, rule_text, rules_document, rules_markdown, rules_text};
pub use sentences::{invalid_wheel_sentence, no_elf_sentence};
pub use show::{show_text, show_tree_text};
pub use styled::{StyledLine, StyledText, Tone, column_width};
pub use table::Table;
pub use tree::tree_json;
pub use tree_text::{Trees, misses_a_library};
pub use unbundle::{kept_text, unbundle_document, unbundle_text, unbundled_line};
pub use verified::{VerifyLine, VerifyTotals, unread_line};
