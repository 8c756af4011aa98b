//! Renderings: the values of the other modules as text and as JSON. Nothing is decided here.

mod auditwheel;
mod json;
mod text;
mod tree;

pub use auditwheel::{show_error_json, show_json};
pub use json::{SCHEMA, document};
pub use text::{findings_text, human_size, minimum_text, plan_text, show_text};
pub use tree::{tree_json, tree_text};
