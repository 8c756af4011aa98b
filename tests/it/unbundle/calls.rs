//! What can be asked for, and what is said and written.

use std::path::Path;

use serde_json::Value;

use super::{BAR, Bench, FOO, File, MODULE, UNBUNDLED, WHEEL, foo, text, wheel, with_foo};
use crate::support::sandbox::Sandbox;
use crate::support::wheel_builder::WheelBuilder;

#[test]
fn patterns_choose_by_the_name_in_the_wheel_and_by_that_on_the_system() {
    let module = File::module().needs(FOO).needs(BAR).uses("foo").uses("bar");
    let wheel = wheel(&module, &[(FOO, File::library(FOO).has("foo")), (BAR, File::library(BAR).has("bar"))]);
    let libraries = || [("libfoo.so.1", foo()), ("libbar.so.2", File::library("libbar.so.2").has("bar"))];
    for (arguments, kept, reason) in [
        (["--only", "libfoo.so.*"], BAR, "not_selected"),
        (["--only", "libfoo-*"], BAR, "not_selected"),
        (["--keep", "libbar.so.2"], BAR, "requested"),
        (["--keep", "libfoo-0a*"], FOO, "requested"),
    ] {
        let bench = Bench::new(&libraries());
        let document = bench.document(&wheel, &arguments);
        assert_eq!(document["kept"].as_array().unwrap().len(), 1, "{arguments:?}");
        assert_eq!(document["kept"][0]["member"], format!("demo.libs/{kept}"));
        assert_eq!(document["kept"][0]["reason"], reason);
        assert_eq!(bench.sandbox.result().below("demo.libs"), [kept]);
    }
    let run = Bench::new(&libraries()).unbundle(&wheel, &["--keep", "libnone*"]).success();
    assert!(run.stderr.contains("`--keep libnone*` matched no library"), "{}", run.stderr);
}

#[test]
fn wheels_without_grafts_are_copied_byte_for_byte() {
    let bench = Bench::new(&[("libfoo.so.1", foo())]);
    let pure = WheelBuilder::new("pure-1.0-py3-none-any.whl").file("pure.py", "");
    let said = bench.unbundle(&pure, &["--build-tag", "1x"]).success().stderr;
    assert!(said.contains("no bundled libraries"), "{said}");
    assert!(std::fs::read(bench.sandbox.out().join("pure-1.0-py3-none-any.whl")).unwrap() == pure.build());
    let bench = Bench::new(&[("libfoo.so.1", foo())]);
    bench.copied(&WheelBuilder::new(WHEEL).file(MODULE, File::module().build()).directory("demo.libs"));
}

#[test]
fn a_dry_run_prints_the_plan_and_writes_nothing() {
    let bench = Bench::new(&[("libfoo.so.1", foo())]);
    let run = bench.unbundle(&with_foo(), &["--dry-run"]).success();
    for line in [
        &format!("{WHEEL} -> {UNBUNDLED}")[..],
        &format!("replace demo.libs/{FOO}"),
        "with libfoo.so.1 (/usr/lib/libfoo.so.1)",
        &format!("    NEEDED {FOO} -> libfoo.so.1"),
        "    run path removed",
    ] {
        assert!(run.stdout.contains(line), "no `{line}` in:\n{}", run.stdout);
    }
    assert!(!bench.sandbox.out().exists());
    let document = bench.document(&with_foo(), &["--dry-run"]);
    assert_eq!((&document["kind"], &document["outcome"]), (&"unbundle".into(), &"planned".into()));
    assert!(document.get("written").is_none() && !bench.sandbox.out().exists());
}

#[test]
fn the_report_has_every_wheel_and_the_totals() {
    let bench = Bench::new(&[("libfoo.so.1", foo())]);
    bench.sandbox.wheel_in("dist", &with_foo());
    bench.sandbox.wheel_in("dist", &WheelBuilder::new("pure-1.0-py3-none-any.whl").file("pure.py", ""));
    std::fs::write(bench.sandbox.path().join("dist/bad-1.0-py3-none-any.whl"), "no archive").unwrap();
    let run = bench.run(&["unbundle", "dist", "-w", "out", "--report", "report.json", "--build-tag", "7x"]);
    let run = run.failure(
        1,
        &[
            "cannot unbundle `dist/bad-1.0-py3-none-any.whl`",
            "3 wheels in",
            "1 unbundled, 1 copied, 1 failed (bad",
        ],
    );
    assert!(run.stderr.contains("needed from the system: so:libfoo.so.1"), "{}", run.stderr);
    let names = ["demo-1.0-7x-cp312-cp312-linux_x86_64.whl", "pure-1.0-py3-none-any.whl"];
    assert_eq!(bench.sandbox.outputs(), names);
    let report: Value =
        serde_json::from_slice(&std::fs::read(bench.sandbox.path().join("report.json")).unwrap()).unwrap();
    let wheels: Vec<&str> =
        report["wheels"].as_array().unwrap().iter().map(|wheel| wheel["kind"].as_str().unwrap()).collect();
    assert_eq!(wheels, ["error", "unbundle", "unbundle"]);
    let totals = &report["totals"];
    assert_eq!(
        (&totals["libraries_replaced"], &totals["needs"]),
        (&1.into(), &serde_json::json!(["so:libfoo.so.1"]))
    );
    assert_eq!(totals["installed_bytes_saved"], File::library(FOO).has("foo").build().len());
    let size = |path: &Path| std::fs::metadata(path).unwrap().len();
    let saved =
        size(&bench.sandbox.path().join("dist").join(WHEEL)) - size(&bench.sandbox.out().join(names[0]));
    assert_eq!(totals["wheel_bytes_saved"], saved);
}

#[test]
fn no_result_is_written_over_another_wheel_of_the_call() {
    let bench = Bench::new(&[("libfoo.so.1", foo())]);
    let (one, two) = (bench.sandbox.wheel_in("a", &with_foo()), bench.sandbox.wheel_in("b", &with_foo()));
    let run = bench.run(&["unbundle", text(&one), text(&two), "-w", "out"]);
    run.failure(1, &[&format!("would also be written to `{UNBUNDLED}`")]);
    let linux = bench.sandbox.wheel_in(
        "a",
        &WheelBuilder::new(UNBUNDLED).file("demo.py", "").file(MODULE, File::module().build()),
    );
    let before = std::fs::read(&linux).unwrap();
    bench.run(&["unbundle", text(&one), text(&linux), "-w", "a"]).failure(1, &["another input"]);
    assert!(std::fs::read(&linux).unwrap() == before);
}

#[test]
fn a_root_file_system_has_to_be_named_and_to_be_there() {
    let sandbox = Sandbox::new();
    let wheel = sandbox.wheel(&with_foo());
    sandbox.run(&["unbundle", text(&wheel)]).failure(2, &["--sysroot"]);
    sandbox
        .run(&["unbundle", text(&wheel), "--sysroot", "none"])
        .failure(2, &["`--sysroot none` is not a directory"]);
}

#[test]
fn the_result_is_the_same_each_time() {
    let results: Vec<Vec<u8>> = (0..2)
        .map(|_| {
            let bench = Bench::new(&[("libfoo.so.1", foo())]);
            bench.unbundled(&with_foo());
            std::fs::read(bench.sandbox.out().join(UNBUNDLED)).unwrap()
        })
        .collect();
    assert!(results[0] == results[1]);
}
