//! muslrepair's JSON: one versioned document per wheel. `docs/json.md` describes it, `docs/schema/` has the
//! JSON Schema.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::audit::{Audit, ElfAudit, Finding, MinimumMusl, WheelKind, instruction_set, libc_name};
use crate::platform::Arch;
use crate::repair::{Plan, RepairResult};
use crate::resolve::{Graph, Object, Origin, Package, Resolution, SystemPackages};
use crate::wheel::WheelPath;

use super::failure::Failure;
use super::tree::{resolution_name, tree_json};

/// The version of the documents. It changes when a field is removed or changes its meaning, not when one is
/// added.
pub const SCHEMA: &str = "muslrepair/1";

/// A document: `schema`, `kind` (`audit`, `plan`, `outcome`, `tree`, `error`) and the fields of the value itself.
///
/// # Errors
///
/// If the value cannot be expressed in JSON, which is the case for no value of this library.
pub fn document(kind: &str, value: &impl Serialize) -> Result<Value, serde_json::Error> {
    let mut fields = Map::new();
    fields.insert("schema".to_owned(), Value::from(SCHEMA));
    fields.insert("kind".to_owned(), Value::from(kind));
    match serde_json::to_value(value)? {
        Value::Object(object) => fields.extend(object),
        other => {
            fields.insert("value".to_owned(), other);
        }
    }
    Ok(Value::Object(fields))
}

/// The result of `show`.
#[derive(Serialize)]
struct AuditView<'a> {
    wheel: String,
    wheel_kind: &'static str,
    arch: Option<Arch>,
    /// The tag that the unrepaired wheel qualifies for.
    platform_tag: Option<String>,
    minimum_musl: &'a MinimumMusl,
    /// The same after a repair.
    minimum_musl_repaired: &'a MinimumMusl,
    libraries: Vec<LibraryView<'a>>,
    objects: Vec<ObjectView<'a>>,
    unlisted: &'a [WheelPath],
    findings: &'a [Finding],
}

impl<'a> AuditView<'a> {
    /// The view of an audit, without the parts that only a wheel has.
    fn of(subject: String, elf: &'a ElfAudit, packages: &'a SystemPackages) -> Self {
        let file = |index: usize| match &elf.graph.objects.get(index)?.origin {
            Origin::File { file, .. } => Some(file),
            Origin::Member { .. } | Origin::Sibling { .. } => None,
        };
        let libraries = elf.external_libraries().into_iter().map(|library| {
            let file = library.object.and_then(file);
            LibraryView {
                name: library.name,
                path: file.map(|file| file.path.as_str()),
                size: file.map(|file| file.size),
                package: file.and_then(|file| packages.owner(file)),
            }
        });
        Self {
            wheel: subject,
            wheel_kind: "tree",
            arch: elf.arch,
            platform_tag: None,
            minimum_musl: &elf.minimum_musl,
            minimum_musl_repaired: &elf.minimum_musl_repaired,
            libraries: libraries.collect(),
            objects: elf
                .members()
                .map(|(index, path, _, object)| ObjectView::of(index, path, object, elf))
                .collect(),
            unlisted: &[],
            findings: &elf.findings,
        }
    }
}

#[derive(Serialize)]
struct LibraryView<'a> {
    name: String,
    path: Option<&'a str>,
    size: Option<u64>,
    package: Option<&'a Package>,
}

#[derive(Serialize)]
struct ObjectView<'a> {
    member: &'a WheelPath,
    size: u64,
    arch: Option<Arch>,
    machine: u16,
    libc: Option<&'static str>,
    interpreter: Option<&'a str>,
    soname: Option<&'a str>,
    run_path: Option<&'a str>,
    relr: bool,
    isa: Option<&'static str>,
    needed: Vec<NeededView<'a>>,
}

impl<'a> ObjectView<'a> {
    fn of(index: usize, member: &'a WheelPath, object: &'a Object, elf: &'a ElfAudit) -> Self {
        let path = |resolution: &Resolution| match resolution {
            Resolution::Object { index } => {
                elf.graph.objects.get(*index).map(|target| target.origin.display_name())
            }
            _ => None,
        };
        let needed = object.dependencies.iter().map(|dependency| NeededView {
            name: &dependency.name,
            resolution: resolution_name(&dependency.resolution),
            path: path(&dependency.resolution),
        });
        Self {
            member,
            size: object.size,
            arch: object.facts.arch,
            machine: object.facts.machine,
            libc: libc_name(&elf.graph, index),
            interpreter: object.facts.interpreter.as_deref(),
            soname: object.facts.soname.as_deref(),
            run_path: object.facts.run_path(),
            relr: object.facts.relr,
            isa: instruction_set(object.facts.isa_needed),
            needed: needed.collect(),
        }
    }
}

#[derive(Serialize)]
struct NeededView<'a> {
    name: &'a str,
    resolution: &'static str,
    path: Option<&'a str>,
}

/// The document `audit`: the content, the needs and the tag of a wheel.
///
/// # Errors
///
/// Like [`document`].
pub fn audit_document(audit: &Audit, packages: &SystemPackages) -> Result<Value, serde_json::Error> {
    let mut view = AuditView::of(audit.wheel.to_string(), &audit.elf, packages);
    view.wheel_kind = match audit.kind {
        WheelKind::Pure => "pure",
        WheelKind::PlatformWithoutElf => "platform_without_elf",
        WheelKind::Platform => "platform",
    };
    view.platform_tag = (audit.kind == WheelKind::Platform).then(|| audit.overall_tag());
    view.unlisted = &audit.unlisted;
    document("audit", &view)
}

/// The document `audit` of a tree of installed files.
///
/// # Errors
///
/// Like [`document`].
pub fn installed_document(
    tree: &str,
    elf: &ElfAudit,
    packages: &SystemPackages,
) -> Result<Value, serde_json::Error> {
    document("audit", &AuditView::of(tree.to_owned(), elf, packages))
}

/// The document `plan`: the changes that a repair will make.
///
/// # Errors
///
/// Like [`document`].
pub fn plan_document(plan: &Plan) -> Result<Value, serde_json::Error> {
    document("plan", plan)
}

/// The document `outcome`: the result of a repair, and its plan.
///
/// # Errors
///
/// Like [`document`].
pub fn outcome_document(result: &RepairResult, plan: &Plan) -> Result<Value, serde_json::Error> {
    let mut outcome = document("outcome", result)?;
    if let Some(fields) = outcome.as_object_mut() {
        fields.insert("wheel".to_owned(), serde_json::to_value(&plan.input)?);
        fields.insert("plan".to_owned(), serde_json::to_value(plan)?);
    }
    Ok(outcome)
}

/// The document `tree`: the libraries of an object, as musl finds them.
///
/// # Errors
///
/// Like [`document`].
pub fn tree_document(graph: &Graph, root: usize) -> Result<Value, serde_json::Error> {
    document("tree", &tree_json(graph, root))
}

/// The document `report`: the documents of all wheels of a call.
#[must_use]
pub fn report_document(wheels: Vec<Value>) -> Value {
    let mut fields = Map::new();
    fields.insert("schema".to_owned(), Value::from(SCHEMA));
    fields.insert("kind".to_owned(), Value::from("report"));
    fields.insert("wheels".to_owned(), Value::Array(wheels));
    Value::Object(fields)
}

/// The document `error`: why a wheel could not be handled.
///
/// # Errors
///
/// Like [`document`].
pub fn error_document(wheel: &str, failure: &Failure) -> Result<Value, serde_json::Error> {
    let mut error = document("error", failure)?;
    if let Some(fields) = error.as_object_mut() {
        fields.insert("wheel".to_owned(), Value::from(wheel));
    }
    Ok(error)
}
