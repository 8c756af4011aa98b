//! Checks printed and written JSON against the schemas of their authors.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::corpus::Case;
use crate::process::{command, line, output, root, target};
use crate::wheel::{self, Member};

/// Reads one JSON object with `schema` and `document` per line, and prints what is wrong with each.
const VALIDATE: &str = include_str!("validate.py");

/// Validates `show --json`, our own documents, and the bills of materials of the results; returns how many there were.
pub fn check(bin: &Path, program: &Path, cases: &[Case], results: &[PathBuf]) -> Result<usize> {
    let mut documents: Vec<Value> = Vec::new();
    let mut add = |schema: &str, name: String, document: Value| {
        documents.push(json!({ "schema": schema, "name": name, "document": document }));
    };
    let scratch = target().join("e2e/auditwheel/scratch");
    fs::create_dir_all(&scratch)?;
    let (pure, broken) = (pure_wheel(&scratch)?, scratch.join("broken-1.0-cp312-cp312-linux_x86_64.whl"));
    fs::write(&broken, "no zip archive")?;
    let mut shown: Vec<(PathBuf, Vec<&str>)> = vec![
        (pure.clone(), vec!["--allow-pure-python-wheel"]),
        (pure.clone(), Vec::new()),
        (broken.clone(), Vec::new()),
    ];
    shown.extend(cases.iter().map(|case| (case.wheel.clone(), Vec::new())));
    shown.extend(results.iter().map(|wheel| (wheel.clone(), Vec::new())));
    for (wheel, options) in shown {
        let name = wheel.display().to_string();
        let of =
            |format: &[&str]| printed(command(program).arg("show").args(format).args(&options).arg(&wheel));
        for document in of(&["--json"])? {
            add("auditwheel", name.clone(), document);
        }
        for document in of(&["--format", "json"])? {
            add("muslrepair", name.clone(), document);
        }
    }
    for case in cases {
        let ldpaths = case.ldpaths()?;
        let out = scratch.join("out");
        for arguments in [&["repair", "--format", "json", "--dry-run"][..], &["needs", "--format", "json"]] {
            let mut call = command(program);
            call.args(arguments).arg("--ldpaths").arg(&ldpaths).arg(&case.wheel);
            for document in printed(&mut call)? {
                add("muslrepair", case.stem.clone(), document);
            }
        }
        let report = scratch.join("report.json");
        let mut call = command(program);
        call.args(["repair", "--format", "json", "--wheel-dir"]).arg(&out).arg("--report").arg(&report);
        for document in printed(call.arg("--ldpaths").arg(&ldpaths).args([&case.wheel, &pure, &broken]))? {
            add("muslrepair", case.stem.clone(), document);
        }
        add("muslrepair", "report".to_owned(), serde_json::from_slice(&fs::read(&report)?)?);
    }
    for result in results {
        for document in printed(command(program).args(["verify", "--format", "json"]).arg(result))? {
            add("muslrepair", result.display().to_string(), document);
        }
        if let Some(bill) = bill_of_materials(result)? {
            add("cyclonedx", result.display().to_string(), bill);
        }
    }
    let owned = with_owned_libraries(program, &scratch)?;
    let bill = bill_of_materials(&owned)?.context("no bill of materials")?;
    documents.push(json!({ "schema": "cyclonedx", "name": owned.display().to_string(), "document": bill }));
    validate(bin, &documents)?;
    Ok(documents.len())
}

/// A repaired wheel with libraries of packages, with their licences, and one library that no package owns.
fn with_owned_libraries(program: &Path, scratch: &Path) -> Result<PathBuf> {
    let (name, out) = ("demo-1.0-cp312-cp312", scratch.join("owned"));
    let wheel = root().join(format!("testdata/wheels/demo/{name}-linux_x86_64.whl"));
    let mut repair = command(program);
    repair.args(["repair", "--include", "libchain_a.so.1", "--sysroot"]).arg(root().join("testdata/rootfs"));
    output(repair.arg("--wheel-dir").arg(&out).arg(wheel))?;
    Ok(out.join(format!("{name}-musllinux_1_2_x86_64.whl")))
}

/// The documents that a call prints; its exit status is not checked.
fn printed(call: &mut std::process::Command) -> Result<Vec<Value>> {
    let output = call.output()?;
    let stream = serde_json::Deserializer::from_slice(&output.stdout).into_iter();
    let documents: Vec<Value> = stream.collect::<Result<_, _>>()?;
    if documents.is_empty() {
        bail!("`{}` printed nothing: {}", line(call), String::from_utf8_lossy(&output.stderr));
    }
    Ok(documents)
}

fn bill_of_materials(wheel: &Path) -> Result<Option<Value>> {
    let bill =
        wheel::read(wheel)?.into_iter().find(|member| member.name.ends_with("/sboms/muslrepair.cdx.json"));
    Ok(bill.map(|bill| serde_json::from_slice(&bill.bytes)).transpose()?)
}

fn pure_wheel(directory: &Path) -> Result<PathBuf> {
    let path = directory.join("pure-1.0-py3-none-any.whl");
    let members = [
        ("pure.py", ""),
        ("pure-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: pure\nVersion: 1.0\n"),
        (
            "pure-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        ),
    ];
    let member =
        |(name, text): (&str, &str)| Member { name: name.to_owned(), mode: 0o644, bytes: text.into() };
    wheel::write(&path, &members.map(member))?;
    Ok(path)
}

fn validate(bin: &Path, documents: &[Value]) -> Result<()> {
    let mut python = command(bin.join("python"));
    python.args(["-c", VALIDATE]).arg(root().join("docs/schema/muslrepair-1.json"));
    let mut child = python.stdin(Stdio::piped()).spawn().context("cannot start Python")?;
    let mut input = child.stdin.take().context("no input")?;
    for document in documents {
        writeln!(input, "{document}")?;
    }
    drop(input);
    if !child.wait()?.success() {
        bail!("documents that do not fit their schemas");
    }
    Ok(())
}
