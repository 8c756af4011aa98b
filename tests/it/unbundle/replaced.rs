//! What is replaced, and what changes with it.

use serde_json::Value;

use super::{BAR, Bench, DATA, FOO, File, MODULE, RUN_PATH, UNBUNDLED, WHEEL, foo, text, wheel};
use crate::support::sandbox::Repaired;
use crate::support::wheel_builder::WheelBuilder;

#[test]
fn a_library_of_the_root_takes_the_place_of_a_graft_and_nothing_else_changes() {
    let bench = Bench::new(&[("libfoo.so.1", foo().has("more"))]);
    let module = File::module().needs(FOO).needs("libc.musl-x86_64.so.1").uses("foo");
    let other = File::default().has("PyInit_other").build();
    let wheel = WheelBuilder::new(WHEEL)
        .file("demo/__init__.py", "import demo._core\n")
        .file_with_mode(MODULE, module.build(), 0o755)
        .file_with_mode("demo/other.abi3.so", &other, 0o755)
        .stored("demo/data.bin", [7; 64])
        .directory("demo.libs")
        .file_with_mode(&format!("demo.libs/{FOO}"), File::library(FOO).has("foo").build(), 0o755)
        .metadata("licenses/LICENSE", "text");
    let result = bench.unbundled(&wheel);
    let facts = result.facts(MODULE);
    assert_eq!(facts.needed, ["libfoo.so.1", "libc.musl-x86_64.so.1"]);
    assert_eq!(facts.run_path(), None);
    assert!(result.wheel.members().iter().all(|member| !member.path.as_str().starts_with("demo.libs")));
    assert_eq!(result.read("demo/other.abi3.so"), other);
    assert_eq!(result.read("demo/data.bin"), [7; 64]);
    assert_eq!(result.text("demo/__init__.py"), "import demo._core\n");
    assert_eq!(result.text("demo-1.0.dist-info/licenses/LICENSE"), "text");
    let out = bench.sandbox.out().join(UNBUNDLED);
    assert_eq!(bench.run(&["needs", text(&out)]).success().stdout, "so:libfoo.so.1\n");
}

#[test]
fn repair_of_the_result_grafts_the_library_of_the_root_again() {
    let bench = Bench::new(&[
        ("libfoo.so.1", foo().needs("libbar.so.2").uses("bar")),
        ("libbar.so.2", File::library("libbar.so.2").has("bar")),
    ]);
    let module = File::default().needs("libfoo.so.1").uses("foo");
    let original = WheelBuilder::new(UNBUNDLED).file_with_mode(MODULE, module.build(), 0o755);
    let linux = bench.sandbox.wheel_in("built", &original);
    bench.run(&["repair", text(&linux), "-w", "repaired"]).success();
    let repaired = bench.sandbox.path().join("repaired").join(WHEEL);
    bench.run(&["unbundle", text(&repaired), "-w", "out"]).success();
    let result = bench.sandbox.result();
    assert_eq!(result.facts(MODULE).needed, ["libfoo.so.1"]);
    assert_eq!((result.facts(MODULE).run_path(), result.below("demo.libs").len()), (None, 0));
    assert_eq!(result.below("demo-1.0.dist-info/sboms"), [""; 0]);
    let out = bench.sandbox.out().join(UNBUNDLED);
    bench.run(&["repair", text(&out), "-w", "again"]).success();
    let (first, again) =
        (Repaired::open(&repaired), Repaired::open(&bench.sandbox.path().join("again").join(WHEEL)));
    assert_eq!(first.below("demo.libs"), again.below("demo.libs"));
    for name in first.below("demo.libs") {
        let member = format!("demo.libs/{name}");
        assert!(first.read(&member) == again.read(&member), "{name}");
    }
    let (module, again) = (first.facts(MODULE), again.facts(MODULE));
    assert_eq!((module.needed.clone(), module.run_path()), (again.needed.clone(), again.run_path()));
}

#[test]
fn symbols_that_nothing_binds_to_do_not_matter() {
    let bench = Bench::new(&[("libfoo.so.1", foo())]);
    let graft = File::library(FOO).has("foo").has("unused").has_symbol("table", DATA, 8);
    bench.unbundled(&wheel(&File::module().needs(FOO).uses("foo"), &[(FOO, graft)]));
}

#[test]
fn a_name_made_of_a_file_is_shortened_to_the_soname_of_what_is_found() {
    const GRAFT: &str = "libfoo-0a1b2c3d.so.1.7.3";
    let module = File::module().needs(GRAFT).uses("foo");
    for file in ["libfoo.so.1", "libfoo.so.1.7.3"] {
        let bench = Bench::new(&[("libfoo.so.1", foo()), (file, foo())]);
        // Where both are there they are one file.
        if file != "libfoo.so.1" {
            let lib = bench.sandbox.path().join("root/usr/lib");
            std::fs::remove_file(lib.join("libfoo.so.1")).unwrap();
            std::os::unix::fs::symlink(file, lib.join("libfoo.so.1")).unwrap();
        }
        let result = bench.unbundled(&wheel(&module, &[(GRAFT, File::library(GRAFT).has("foo"))]));
        assert_eq!(result.facts(MODULE).needed, ["libfoo.so.1"]);
    }
    // The file has numbers of its own, and the soname is left in it.
    let bench = Bench::new(&[("libfoo.so.9", File::library("libfoo.so.9").has("foo"))]);
    let graft = File::library(GRAFT).has("foo").left("libfoo.so.9");
    let result = bench.unbundled(&wheel(&module, &[(GRAFT, graft)]));
    assert_eq!(result.facts(MODULE).needed, ["libfoo.so.9"]);
}

#[test]
fn a_graft_that_only_replaced_ones_need_goes_with_them() {
    let module = File::module().needs(FOO).uses("foo");
    let grafts = [
        (FOO, File::library(FOO).needs(BAR).has("foo").uses("bar").run_path("$ORIGIN")),
        (BAR, File::library(BAR).has("bar")),
    ];
    let bench = Bench::new(&[("libfoo.so.1", foo())]);
    let document = bench.document(&wheel(&module, &grafts), &[]);
    assert_eq!(document["replaced"][0]["member"], format!("demo.libs/{FOO}"));
    assert_eq!(document["unneeded"][0]["member"], format!("demo.libs/{BAR}"));
    assert_eq!(document["kept"], Value::Array(Vec::new()));
    assert_eq!(bench.sandbox.result().below("demo.libs"), [""; 0]);
}

#[test]
fn what_a_graft_that_stays_needs_is_replaced_and_its_run_path_follows() {
    let module = File::module().needs(FOO).uses("foo");
    let grafts = [
        (FOO, File::library(FOO).needs(BAR).has("foo").uses("bar").run_path("$ORIGIN")),
        (BAR, File::library(BAR).has("bar")),
    ];
    let bench = Bench::new(&[("libbar.so.2", File::library("libbar.so.2").has("bar"))]);
    let result = bench.unbundled(&wheel(&module, &grafts));
    assert_eq!(result.below("demo.libs"), [FOO]);
    let graft = result.facts(&format!("demo.libs/{FOO}"));
    assert_eq!(
        (graft.needed.clone(), graft.run_path(), graft.soname.as_deref()),
        (vec!["libbar.so.2".to_owned()], None, Some(FOO))
    );
    assert_eq!(result.facts(MODULE).run_path(), Some(RUN_PATH));
    assert!(result.read(MODULE) == module.build());
}

#[test]
fn a_run_path_keeps_what_leads_to_something_else() {
    let bench = Bench::new(&[("libfoo.so.1", foo())]);
    let module =
        File::module().needs(FOO).needs("libown.so").uses("foo").run_path("$ORIGIN/lib:$ORIGIN/../demo.libs");
    let wheel = wheel(&module, &[(FOO, File::library(FOO).has("foo"))])
        .file("demo/lib/libown.so", File::library("libown.so").build());
    let result = bench.unbundled(&wheel);
    assert_eq!(result.facts(MODULE).run_path(), Some("$ORIGIN/lib"));
    assert_eq!(result.facts(MODULE).needed, ["libfoo.so.1", "libown.so"]);
}

#[test]
fn zlib_is_replaced_where_it_is_bundled_and_taken_for_granted_where_it_is_not() {
    const Z: &str = "libz-0a1b2c3d.so.1.3.1";
    let bench = Bench::new(&[("libz.so.1", File::library("libz.so.1").has("inflate"))]);
    let result = bench
        .unbundled(&wheel(&File::module().needs(Z).uses("inflate"), &[(Z, File::library(Z).has("inflate"))]));
    assert_eq!(result.facts(MODULE).needed, ["libz.so.1"]);
    let bench = Bench::new(&[
        ("libz.so.1", File::library("libz.so.1")),
        ("libfoo.so.1", foo().needs("libz.so.1").uses("inflate")),
    ]);
    let module = File::module().needs(FOO).needs("libz.so.1").uses("foo").uses("inflate");
    bench.unbundled(&wheel(&module, &[(FOO, File::library(FOO).has("foo"))]));
}
