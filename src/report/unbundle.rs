//! What an unbundling does and leaves, as text and as JSON.

use serde::Serialize;
use serde_json::Value;

use crate::escaped::Escaped;
use crate::repair::{Outcome, RepairResult};
use crate::unbundle::Unbundling;
use crate::wheel::{Sha256Digest, WheelFilename};

use super::json::document;
use super::lines::Lines;
use super::text::{human_size, plan_edits};

/// The document `unbundle`: the plan, and what became of it.
#[derive(Serialize)]
struct UnbundleView<'a> {
    wheel: &'a WheelFilename,
    output: &'a WheelFilename,
    /// `planned`, `unbundled`, or `copied`.
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    written: Option<WrittenView<'a>>,
    installed_bytes_saved: u64,
    #[serde(flatten)]
    unbundling: &'a Unbundling,
}

/// The file that was written.
#[derive(Serialize)]
struct WrittenView<'a> {
    path: String,
    input_size: u64,
    output_size: u64,
    sha256: &'a Sha256Digest,
}

/// The document `unbundle`: what is replaced in a wheel, what stays and why, and the file that was written, if one was.
///
/// # Errors
///
/// As [`document`].
pub fn unbundle_document(
    unbundling: &Unbundling,
    result: Option<&RepairResult>,
) -> Result<Value, serde_json::Error> {
    let written = result.map(|result| WrittenView {
        path: result.path.to_string_lossy().into_owned(),
        input_size: result.input_size,
        output_size: result.output_size,
        sha256: &result.sha256,
    });
    let outcome = match result.map(|result| result.outcome) {
        None => "planned",
        Some(Outcome::Copied) => "copied",
        Some(Outcome::Repaired) => "unbundled",
    };
    let view = UnbundleView {
        wheel: &unbundling.plan.input,
        output: &unbundling.plan.output,
        outcome,
        written,
        installed_bytes_saved: unbundling.installed_bytes_saved(),
        unbundling,
    };
    document("unbundle", &view)
}

/// What an unbundling does to a wheel, a line for each library, and the edits of the objects that stay.
#[must_use]
pub fn unbundle_text(unbundling: &Unbundling) -> String {
    let (mut text, plan) = (Lines::default(), &unbundling.plan);
    match plan.is_copy() {
        true => text.add(format_args!("{} stays as it is", plan.input)),
        false => text.add(format_args!("{} -> {}", plan.input, plan.output)),
    }
    for library in &unbundling.replaced {
        let package = library.package.as_ref();
        let package =
            package.map_or_else(String::new, |one| format!(", package {} {}", one.name, one.version));
        let (member, name, path) = (&library.member, &library.library, &library.path);
        let size = human_size(library.size);
        text.add(format_args!("replace {member} ({size}) with {name} ({path}{package})"));
    }
    for library in &unbundling.unneeded {
        let size = human_size(library.size);
        text.add(format_args!("remove {} ({size}): nothing needs it any more", library.member));
    }
    for library in &unbundling.kept {
        text.add(format_args!("keep {}: {}", library.member, library.reason));
    }
    plan_edits(plan, &mut text);
    text.into_text()
}

/// The libraries that stay in a wheel, a line for each, with the reason.
#[must_use]
pub fn kept_text(unbundling: &Unbundling) -> String {
    let mut text = Lines::default();
    for library in &unbundling.kept {
        text.add(format_args!("    kept {}: {}", library.member.file_name(), library.reason));
    }
    text.into_text()
}

/// One line about a wheel that was unbundled or copied: what became of it, and how much smaller it is.
#[must_use]
pub fn unbundled_line(unbundling: &Unbundling, result: &RepairResult) -> String {
    let plan = &unbundling.plan;
    let gone = unbundling.replaced.len() + unbundling.unneeded.len();
    let all = gone + unbundling.kept.len();
    let libraries = if all == 1 { "library" } else { "libraries" };
    let line = match (all, gone) {
        (0, _) => format!("copied     {}  no bundled libraries", plan.input),
        (_, 0) => format!("copied     {}  none of {all} {libraries} can be replaced", plan.input),
        _ => {
            let (before, after) = (human_size(result.input_size), human_size(result.output_size));
            format!("unbundled  {}  {gone} of {all} {libraries} removed, {before} -> {after}", plan.output)
        }
    };
    Escaped(&line).to_string()
}
