//! Renderings: the values of the other modules as text and as JSON. Nothing is decided here.

mod auditwheel;
mod failure;
mod json;
mod text;
mod tree;

pub use auditwheel::{no_elf_sentence, show_error_json, show_json, show_paragraphs};
pub use failure::Failure;
pub use json::{
    SCHEMA, audit_document, document, error_document, installed_document, json_indented, json_line,
    outcome_document, plan_document, report_document, tree_document,
};
pub use text::{findings_text, human_size, minimum_text, plan_text, show_text, show_tree_text, size_text};
pub use tree::{tree_auditwheel, tree_json, tree_text};
