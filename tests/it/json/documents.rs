//! Our own documents: `docs/schema/muslrepair-1.json` as types.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use muslrepair::Escaped;

use crate::support::elf_builder::ElfBuilder;
use crate::support::sandbox::{Sandbox, object, testdata};
use crate::support::wheel_builder::WheelBuilder;

const NAME: &str = "demo-1.0-cp312-cp312-linux_x86_64.whl";

macro_rules! strict {
    ($($name:ident { $($field:ident: $type:ty),* $(,)? })*) => {
        $(
            #[derive(Debug, Deserialize)]
            #[serde(deny_unknown_fields)]
            #[allow(dead_code, reason = "decoding is the test")]
            struct $name { $($field: $type),* }
        )*
    };
}

strict! {
    Audit {
        schema: String, kind: String, wheel: String, wheel_kind: String, arch: Option<String>,
        platform_tag: Option<String>, minimum_musl: Minimum, minimum_musl_repaired: Minimum,
        libraries: Vec<Library>, objects: Vec<Object>, unlisted: Vec<String>, findings: Vec<Finding>,
    }
    Minimum { version: Option<String>, alpine: Option<String>, because: Vec<Value> }
    Library { name: String, path: Option<String>, size: Option<u64>, package: Option<Package> }
    Package {
        name: String, version: String, arch: String, license: Option<String>, origin: Option<String>,
        distro: Option<String>,
    }
    Object {
        member: String, size: u64, arch: Option<String>, machine: u16, libc: Option<String>,
        interpreter: Option<String>, soname: Option<String>, run_path: Option<String>, relr: bool,
        isa: Option<String>, needed: Vec<Needed>,
    }
    Needed { name: String, resolution: String, path: Option<String> }
    PlanDocument {
        schema: String, kind: String, input: String, output: String, target: Option<String>, published: Option<String>,
        grafts: Vec<Graft>, edits: Vec<MemberEdit>, moved: Vec<Moved>, metadata: Metadata, complete_record: bool, notes: Vec<Value>, findings: Vec<Finding>,
    }
    Plan {
        input: String, output: String, target: Option<String>, published: Option<String>, grafts: Vec<Graft>,
        edits: Vec<MemberEdit>,
        moved: Vec<Moved>, metadata: Metadata, complete_record: bool, notes: Vec<Value>, findings: Vec<Finding>,
    }
    Graft {
        member: String, source: String, size: u64, sha256: String, aliases: Vec<String>, in_sysroot: bool,
        needs: Vec<String>, edit: Edit,
    }
    MemberEdit { member: String, edit: Edit }
    Moved { script: String, program: String }
    Outcome {
        schema: String, kind: String, wheel: String, path: String, outcome: String, input_size: u64,
        output_size: u64, sha256: String, grafts: Vec<Grafted>, plan: Plan,
    }
    Grafted { member: String, source: String, source_size: u64, size: u64, sha256: String }
    Failure {
        schema: String, kind: String, wheel: String, lines: Vec<String>, hints: Vec<String>,
        findings: Vec<Finding>,
    }
    Report { schema: String, kind: String, wheels: Vec<Value> }
    Tree {
        schema: String, kind: String, interpreter: Option<String>, libc: Option<String>, path: String,
        realpath: String, platform: Machine, needed: Vec<String>, rpath: Vec<String>, runpath: Vec<String>,
        libraries: BTreeMap<String, TreeLibrary>,
    }
    TreeLibrary {
        soname: String, path: Option<String>, realpath: Option<String>, platform: Option<Machine>,
        needed: Vec<String>, resolution: String,
    }
    Machine { class: String, endian: String, machine: u16, arch: Option<String> }
    Needs { schema: String, kind: String, subjects: Vec<String>, needs: Vec<Need> }
    NeedsOfSome { schema: String, kind: String, subjects: Vec<String>, needs: Vec<Need>, errors: Vec<Failure> }
    Need {
        library: String, token: Option<String>, package: Option<String>, version: Option<String>, path: Option<String>,
        needed_by: Vec<String>, problem: Option<String>,
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "decoding is the test")]
struct Finding {
    code: String,
    severity: String,
    object: String,
    objects: Vec<String>,
    count: usize,
    fixed_by_repair: bool,
    message: String,
    #[serde(default)]
    details: Vec<String>,
    hint: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    soname: Option<String>,
    #[serde(default)]
    rename_needed: BTreeMap<String, String>,
    #[serde(default)]
    #[allow(dead_code, reason = "decoding is the test")]
    remove_needed: BTreeSet<String>,
    run_path: Option<RunPath>,
    #[serde(default)]
    lower_relr: bool,
    strip: Option<String>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RunPath {
    Clear,
    Set(String),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "decoding is the test")]
struct Metadata {
    tags: Option<Vec<String>>,
    root_is_purelib: Option<bool>,
    build: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "decoding is the test")]
struct Verify {
    schema: String,
    kind: String,
    subject: String,
    sound: bool,
    arch: Option<String>,
    minimum_musl: Option<Minimum>,
    modules: Vec<Module>,
    findings: Vec<Finding>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "decoding is the test")]
struct Module {
    path: String,
    loads_on: Vec<String>,
    requirements: Vec<Value>,
}

fn wheel(extension: &str) -> WheelBuilder {
    WheelBuilder::new(NAME).file("demo/_core.so", object(extension))
}

/// The only line of standard output, decoded.
fn one<T: DeserializeOwned>(stdout: &str) -> T {
    assert_eq!(stdout.lines().count(), 1, "{stdout}");
    serde_json::from_str(stdout).unwrap_or_else(|error| panic!("{error} in {stdout}"))
}

fn arguments<'a>(command: &[&'a str], root: &'a str) -> Vec<&'a str> {
    [command, &["--format", "json", "--sysroot", root]].concat()
}

fn rootfs() -> String {
    testdata("rootfs").to_str().unwrap().to_owned()
}

#[test]
fn names_that_are_not_seen_or_steer_a_terminal_are_in_every_document_and_come_out_as_they_are() {
    // Zero-width non-joiner, delete, the end of a control sequence of eight bits, and a tag beyond the first 65536.
    let odd = "\u{641}\u{200c}\u{647}\u{7f}\u{9c}\u{e0041}";
    // Member names have no such characters, but for letters that are not seen.
    let (member, library) = ("demo/x\u{3164}y\u{115f}.so".to_owned(), format!("lib{odd}.so"));
    let sandbox = Sandbox::new();
    let bytes = ElfBuilder::new().needed(&library).needed("libc.so").build();
    std::fs::write(sandbox.path().join("object.so"), &bytes).unwrap();
    sandbox.wheel(&WheelBuilder::new(NAME).file(&member, bytes));
    let calls: [&[&str]; 8] = [
        &["show", "--format", "json", NAME],
        &["show", "--json", NAME],
        &["verify", "--format", "json", NAME],
        &["needs", "--format", "json", NAME],
        &["repair", "--format", "json", NAME],
        &["repair", "--dry-run", "--exclude", "*", "--strip", "--format", "json", NAME],
        &["lddtree", "--format", "json", "object.so"],
        &["lddtree", "--json", "object.so"],
    ];
    for call in calls {
        let printed = sandbox.run(call).stdout;
        assert!(!printed.chars().any(|c| c != '\n' && Escaped::hides(c)), "{call:?}: {printed:?}");
        let document: Value =
            serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{call:?}: {error}"));
        let names = [&member, &library].into_iter().filter(|name| holds(&document, name)).count();
        assert!(names > 0, "{call:?}: {printed}");
    }
}

/// Whether some string of a document, or some key, has this text in it.
fn holds(value: &Value, text: &str) -> bool {
    match value {
        Value::String(string) => string.contains(text),
        Value::Array(values) => values.iter().any(|value| holds(value, text)),
        Value::Object(fields) => fields.iter().any(|(key, value)| key.contains(text) || holds(value, text)),
        _ => false,
    }
}

#[test]
fn show_prints_an_audit() {
    let root = rootfs();
    for extension in ["core", "ext_chain", "ext_missing", "ext_glibc", "ext_python", "ext_relr", "ext_stale"]
    {
        let sandbox = Sandbox::new();
        sandbox.wheel(&wheel(&format!("x86_64/{extension}.so")));
        let audit: Audit = one(&sandbox.run(&arguments(&["show", NAME], &root)).success().stdout);
        assert_eq!((audit.schema.as_str(), audit.kind.as_str()), ("muslrepair/1", "audit"));
        assert_eq!((audit.wheel.as_str(), audit.wheel_kind.as_str()), (NAME, "platform"));
        if extension == "core" {
            let package = audit.libraries[0].package.as_ref().unwrap();
            assert_eq!((package.name.as_str(), package.version.as_str()), ("greet-libs", "3.1-r2"));
            assert_eq!(audit.objects[0].needed[0].resolution, "found");
        }
    }
    let sandbox = Sandbox::new();
    sandbox.wheel(&WheelBuilder::new("six-1.0-py3-none-any.whl").purelib().file("six.py", ""));
    let run = sandbox.run(&arguments(&["show", "six-1.0-py3-none-any.whl"], &root));
    assert_eq!((run.status, one::<Audit>(&run.stdout).wheel_kind), (1, "pure".to_owned()));
}

#[test]
fn a_wheel_that_fails_is_a_document_too() {
    let root = rootfs();
    for command in [&["show", NAME][..], &["repair", NAME, "-w", "out"], &["verify", NAME]] {
        let sandbox = Sandbox::new();
        sandbox.wheel(&wheel("x86_64/core.so").metadata("WHEEL", "nonsense"));
        let run = sandbox.run(&arguments(command, &root));
        let failure: Failure = one(&run.stdout);
        assert_eq!((run.status, failure.kind.as_str(), failure.wheel.as_str()), (1, "error", NAME));
        assert!(!failure.lines.is_empty() && failure.findings.is_empty());
    }
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel("x86_64/ext_missing.so"));
    let failure: Failure = one(&sandbox.run(&arguments(&["repair", NAME], &root)).stdout);
    assert_eq!(
        (failure.findings[0].code.as_str(), failure.findings[0].severity.as_str()),
        ("missing-library", "error")
    );
    assert!(failure.hints[0].contains(" add so:libabsent.so.7`, or pass `--exclude libabsent.so.7`"));
}

#[test]
fn a_dry_run_prints_a_plan_and_a_repair_an_outcome_that_holds_it() {
    let root = rootfs();
    for extension in ["core", "ext_chain", "ext_python", "ext_relr", "ext_stale", "ext_plain"] {
        let sandbox = Sandbox::new();
        sandbox.wheel(&wheel(&format!("x86_64/{extension}.so")));
        let command = arguments(&["repair", NAME, "-w", "out", "--strip=debug"], &root);
        let dry = [&command[..], &["--dry-run"]].concat();
        let plan: PlanDocument = one(&sandbox.run(&dry).success().stdout);
        assert_eq!((plan.kind.as_str(), plan.input.as_str()), ("plan", NAME));
        assert_eq!(plan.edits[0].edit.strip.as_deref(), Some("debug"));
        let outcome: Outcome = one(&sandbox.run(&command).success().stdout);
        assert_eq!((outcome.kind.as_str(), outcome.outcome.as_str()), ("outcome", "repaired"));
        assert_eq!(outcome.plan.output, plan.output);
        assert_eq!(outcome.grafts.len(), plan.grafts.len());
        let bytes = std::fs::read(sandbox.path().join(&outcome.path)).unwrap();
        assert_eq!(outcome.output_size, bytes.len() as u64);
        assert_eq!(outcome.sha256, muslrepair::wheel::Sha256Digest::of(&bytes).hex());
        if extension == "core" {
            let edit = &outcome.plan.edits[0].edit;
            assert_eq!(edit.run_path, Some(RunPath::Set("$ORIGIN/../demo.libs".to_owned())));
            let renamed = &edit.rename_needed["libgreet.so.3"];
            assert_eq!(outcome.plan.grafts[0].edit.soname.as_ref(), Some(renamed));
        }
        if extension == "ext_relr" {
            assert!(outcome.plan.edits[0].edit.lower_relr);
        }
    }
}

#[test]
fn a_report_holds_the_documents_of_all_wheels_and_lies_where_it_was_asked_for() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel("x86_64/core.so"));
    sandbox.wheel(
        &WheelBuilder::new("other-1.0-cp312-cp312-linux_x86_64.whl")
            .file("o.so", object("x86_64/ext_missing.so")),
    );
    sandbox.wheel(&WheelBuilder::new("six-1.0-py3-none-any.whl").purelib().file("six.py", ""));
    let run = sandbox.repair(&["--report", "reports/repair.json"]);
    assert_eq!((run.status, run.stdout.as_str()), (1, ""));
    assert_eq!(sandbox.names("reports"), ["repair.json"]);
    assert!(sandbox.outputs().iter().all(|name| name.ends_with(".whl")));
    let text = std::fs::read_to_string(sandbox.path().join("reports/repair.json")).unwrap();
    let report: Report = serde_json::from_str(&text).unwrap();
    assert_eq!(report.kind, "report");
    let [repaired, failed, copied] = &report.wheels[..] else { panic!("{text}") };
    let repaired: Outcome = serde_json::from_value(repaired.clone()).unwrap();
    let failed: Failure = serde_json::from_value(failed.clone()).unwrap();
    let copied: Outcome = serde_json::from_value(copied.clone()).unwrap();
    assert_eq!(
        (repaired.outcome.as_str(), failed.kind.as_str(), copied.outcome.as_str()),
        ("repaired", "error", "copied")
    );
}

#[test]
fn lddtree_prints_a_tree() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.path().join("x.so"), object("x86_64/ext_chain.so")).unwrap();
    let root = rootfs();
    let tree: Tree = one(&sandbox.run(&arguments(&["lddtree", "x.so"], &root)).success().stdout);
    assert_eq!((tree.kind.as_str(), tree.libc.as_deref()), ("tree", Some("musl")));
    assert_eq!(tree.libraries["libchain_b.so.2"].resolution, "found");
    assert_eq!(tree.libraries["libc.so"].resolution, "libc");
}

#[test]
fn verify_and_needs_print_documents() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel("x86_64/core.so"));
    let root = rootfs();
    let verify: Verify = one(&sandbox.run(&arguments(&["verify", NAME], &root)).stdout);
    assert_eq!(verify.kind, "verify");
    let run = sandbox.run(&arguments(&["needs", NAME], &root)).success();
    let needs: Needs = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((needs.kind.as_str(), needs.needs[0].token.as_deref()), ("needs", Some("so:libgreet.so.3")));
    sandbox.wheel(&WheelBuilder::new("bad-1.0-cp312-cp312-linux_x86_64.whl").metadata("WHEEL", "nonsense"));
    let run = sandbox.run(&arguments(&["needs", "."], &root));
    let needs: NeedsOfSome = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((run.status, needs.subjects.as_slice()), (1, &[NAME.to_owned()][..]));
    assert_eq!(needs.errors[0].wheel, "bad-1.0-cp312-cp312-linux_x86_64.whl");
}

#[test]
fn a_tree_is_shown_as_an_audit_too() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path().join("site")).unwrap();
    std::fs::write(sandbox.path().join("site/core.so"), object("x86_64/core.so")).unwrap();
    let audit: Audit = one(&sandbox.run(&arguments(&["show", "site"], &rootfs())).success().stdout);
    assert_eq!((audit.wheel.as_str(), audit.wheel_kind.as_str()), ("site", "tree"));
    assert_eq!((audit.platform_tag, audit.libraries[0].name.as_str()), (None, "libgreet.so.3"));
}
