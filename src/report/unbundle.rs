//! The result of an unbundling as text and JSON.

use serde::Serialize;
use serde_json::Value;

use crate::escaped::Escaped;
use crate::repair::{Outcome, RepairResult};
use crate::unbundle::Unbundling;
use crate::wheel::{Sha256Digest, WheelFilename};

use super::human_size;
use super::json::document;
use super::plan::Steps;
use super::styled::{StyledLine, StyledText};

/// The document `unbundle`: the plan and the outcome.
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

/// The written file.
#[derive(Serialize)]
struct WrittenView<'a> {
    path: String,
    input_size: u64,
    output_size: u64,
    sha256: &'a Sha256Digest,
}

/// The document `unbundle`: the replaced libraries, the others with the reason, and the written file, if any.
///
/// # Errors
///
/// Like [`document`].
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

/// The changes of an unbundling, one line per library, and the edits of the remaining objects.
#[must_use]
pub fn unbundle_text(unbundling: &Unbundling) -> StyledText {
    let (mut text, plan) = (Steps::default(), &unbundling.plan);
    match plan.is_copy() {
        true => text.step(format!("{} stays as it is", plan.input)),
        false => text.step(format!("{} -> {}", plan.input, plan.output)),
    }
    for library in &unbundling.replaced {
        let package = library.package.as_ref();
        let package =
            package.map_or_else(String::new, |one| format!(", package {} {}", one.name, one.version));
        let (member, name, path) = (&library.member, &library.library, &library.path);
        let size = human_size(library.size);
        text.step(format!("replace {member} ({size}) with {name} ({path}{package})"));
    }
    for library in &unbundling.unneeded {
        let size = human_size(library.size);
        text.step(format!("remove {} ({size}): nothing needs it any more", library.member));
    }
    for library in &unbundling.kept {
        text.step(format!("keep {}: {}", library.member, library.reason));
    }
    text.edits(plan);
    text.0
}

/// The libraries that stay in a wheel, one line each, with the reason.
#[must_use]
pub fn kept_text(unbundling: &Unbundling) -> StyledText {
    let mut text = StyledText::default();
    for library in &unbundling.kept {
        text.add(
            StyledLine::default()
                .plain(format!("    kept {}: {}", library.member.file_name(), library.reason))
                .hanging(8),
        );
    }
    text
}

/// One line about a wheel that was unbundled or copied: the outcome, and the saved size.
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
