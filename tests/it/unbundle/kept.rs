//! What keeps a graft in the wheel.

use super::{BAR, Bench, DATA, FOO, FUNCTION, File, MODULE, THREAD_LOCAL, foo, wheel, with_foo};

#[test]
fn a_library_that_lacks_a_symbol_the_wheel_binds_to_does_not_take_a_grafts_place() {
    for module in [File::module().needs(FOO).uses("foo"), File::module().needs(FOO).uses_weakly("foo")] {
        let bench = Bench::new(&[("libfoo.so.1", File::library("libfoo.so.1").has("food"))]);
        let said = bench.copied(&wheel(&module, &[(FOO, File::library(FOO).has("foo"))]));
        assert!(
            said.contains(&format!("kept {FOO}: `/usr/lib/libfoo.so.1` lacks `foo`, used by `{MODULE}`")),
            "{said}"
        );
    }
}

#[test]
fn data_of_another_size_and_symbols_of_another_kind_do_not_fit() {
    for (info, size, said) in [
        (DATA, 8, "`table` of `/usr/lib/libfoo.so.1` has 8 bytes, but"),
        (DATA, 64, "`table` of `/usr/lib/libfoo.so.1` has 64 bytes, but"),
        (FUNCTION, 32, "`table` of `/usr/lib/libfoo.so.1` is a function, but"),
        (THREAD_LOCAL, 32, "`table` of `/usr/lib/libfoo.so.1` is thread-local data, but"),
    ] {
        let bench =
            Bench::new(&[("libfoo.so.1", File::library("libfoo.so.1").has_symbol("table", info, size))]);
        let graft = File::library(FOO).has_symbol("table", DATA, 32);
        let text = bench.copied(&wheel(&File::module().needs(FOO).uses("table"), &[(FOO, graft)]));
        assert!(text.contains(said), "{text}");
    }
    let bench = Bench::new(&[("libfoo.so.1", File::library("libfoo.so.1").has_symbol("table", DATA, 32))]);
    let graft = File::library(FOO).has_symbol("table", DATA, 32);
    bench.unbundled(&wheel(&File::module().needs(FOO).uses("table"), &[(FOO, graft)]));
    // The size of a function is nobody's business.
    let bench = Bench::new(&[("libfoo.so.1", File::library("libfoo.so.1").has_symbol("foo", FUNCTION, 99))]);
    bench.unbundled(&with_foo());
}

#[test]
fn a_library_of_another_soname_or_name_or_machine_does_not_fit() {
    let bench = Bench::new(&[("libfoo.so.1", File::library("libfoo.so.2").has("foo"))]);
    let said = bench.copied(&with_foo());
    assert!(
        said.contains("`/usr/lib/libfoo.so.1`, found as `libfoo.so.1`, has another SONAME: `libfoo.so.2`"),
        "{said}"
    );
    let bench = Bench::new(&[("libfoo.so.2", File::library("libfoo.so.2").has("foo"))]);
    let said = bench.copied(&with_foo());
    assert!(said.contains("`libfoo.so.1` is not installed"), "{said}");
    let bench = Bench::new(&[]);
    let mut foreign = foo().build();
    // EM_AARCH64.
    foreign[18] = 183;
    bench.put("usr/lib/libfoo.so.1", &foreign);
    let said = bench.copied(&with_foo());
    assert!(said.contains("`/usr/lib/libfoo.so.1` cannot take its place: aarch64"), "{said}");
}

#[test]
fn no_newer_musl_is_needed_than_the_root_has() {
    let newer = foo().uses("qsort_r");
    let bench = Bench::new(&[("libfoo.so.1", newer.clone())]);
    bench.musl("1.2.2");
    let said = bench.copied(&with_foo());
    assert!(said.contains("needs musl 1.2.3 (Alpine 3.16), but the root file system has 1.2.2"), "{said}");
    bench.musl("1.2.3");
    std::fs::remove_dir_all(bench.sandbox.out()).unwrap();
    bench.unbundled(&with_foo());
    // Without a database the loader tells.
    let bench = Bench::new(&[("libfoo.so.1", newer)]);
    std::fs::remove_file(bench.sandbox.path().join("root/lib/apk/db/installed")).unwrap();
    bench.put("lib/ld-musl-x86_64.so.1", b"\x7fELF\0Version %s\n\0x\x001.2.2\0");
    assert!(bench.copied(&with_foo()).contains("but the root file system has 1.2.2"));
    std::fs::remove_file(bench.sandbox.path().join("root/lib/ld-musl-x86_64.so.1")).unwrap();
    std::fs::remove_dir_all(bench.sandbox.out()).unwrap();
    let run = bench.unbundle(&with_foo(), &[]).success();
    assert!(
        run.stderr.contains("is not known: it has no apk database and no loader in /lib"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_symbol_that_would_come_from_another_library_keeps_the_graft_because_of_which_it_would() {
    let module = File::module().needs(FOO).needs(BAR).uses("foo").uses("bar");
    let grafts = [(FOO, File::library(FOO).has("foo")), (BAR, File::library(BAR).has("bar"))];
    // libbar stays, and libfoo comes before it.
    let bench = Bench::new(&[("libfoo.so.1", foo().has("bar"))]);
    let said = bench.copied(&wheel(&module, &grafts));
    let elsewhere = format!(
        "kept {FOO}: `{MODULE}` would get `bar` from `/usr/lib/libfoo.so.1`, not from `demo.libs/{BAR}`"
    );
    assert!(said.contains(&elsewhere) && said.contains("`libbar.so.2` is not installed"), "{said}");
    // So does a library that only the one of the system needs.
    let bench = Bench::new(&[
        ("libfoo.so.1", foo().needs("libx.so")),
        ("libx.so", File::library("libx.so").has("hook")),
    ]);
    let hooked = File::module().needs(FOO).uses("foo").uses_weakly("hook");
    let said = bench.copied(&wheel(&hooked, &grafts[..1]));
    assert!(said.contains("would get `hook` from `/usr/lib/libx.so`, not from any library"), "{said}");
}

#[test]
fn a_library_of_the_system_is_not_bound_to_a_graft_that_stays() {
    let module = File::module().needs(BAR).needs(FOO).uses("foo").uses("bar");
    let grafts = [
        (FOO, File::library(FOO).needs(BAR).has("foo").uses("bar").run_path("$ORIGIN")),
        (BAR, File::library(BAR).has("bar").has("old")),
    ];
    let system = [
        ("libfoo.so.1", foo().needs("libbar.so.2").uses("bar")),
        ("libbar.so.2", File::library("libbar.so.2").has("bar")),
    ];
    let bench = Bench::new(&system);
    let result = bench.unbundled(&wheel(&module, &grafts));
    assert_eq!(result.facts(MODULE).needed, ["libbar.so.2", "libfoo.so.1"]);
    // The module needs what only the graft of libbar has, and with it libfoo stays.
    let bench = Bench::new(&system);
    let said = bench.copied(&wheel(&module.clone().uses("old"), &grafts));
    assert!(said.contains(&format!("kept {BAR}: `/usr/lib/libbar.so.2` lacks `old`")), "{said}");
    assert!(
        said.contains(&format!("kept {FOO}: `/usr/lib/libfoo.so.1` would get `bar` from `demo.libs/{BAR}`")),
        "{said}"
    );
}

#[test]
fn grafts_that_need_each_other_are_replaced_together_or_not_at_all() {
    let module = File::module().needs(FOO).uses("foo").uses("bar");
    let grafts = [
        (FOO, File::library(FOO).needs(BAR).has("foo").uses("bar").run_path("$ORIGIN")),
        (BAR, File::library(BAR).needs(FOO).has("bar").uses("foo").run_path("$ORIGIN")),
    ];
    let system = |bar: &'static str| {
        [
            ("libfoo.so.1", foo().needs("libbar.so.2").uses("bar")),
            ("libbar.so.2", File::library("libbar.so.2").needs("libfoo.so.1").has(bar).uses("foo")),
        ]
    };
    let bench = Bench::new(&system("bar"));
    let result = bench.unbundled(&wheel(&module, &grafts));
    assert_eq!(
        (result.facts(MODULE).needed, result.below("demo.libs").len()),
        (vec!["libfoo.so.1".to_owned()], 0)
    );
    let said = Bench::new(&system("bare")).copied(&wheel(&module, &grafts));
    assert!(said.contains(&format!("kept {FOO}")) && said.contains(&format!("kept {BAR}")), "{said}");
}

#[test]
fn a_graft_that_may_be_opened_by_its_path_stays() {
    let libraries = || [("libfoo.so.1", foo()), ("libbar.so.2", File::library("libbar.so.2").has("bar"))];
    let graft = File::library(FOO).needs(BAR).has("foo").uses("bar").run_path("$ORIGIN");
    let grafts = [(FOO, graft), (BAR, File::library(BAR).has("bar"))];
    let bench = Bench::new(&libraries());
    let run = bench.unbundle(&wheel(&File::module(), &grafts), &[]).success();
    let opened =
        format!("kept {FOO}: no object of the wheel needs it by name: it may be opened with `dlopen`");
    assert!(run.stderr.contains(&opened), "{}", run.stderr);
    let result = bench.sandbox.result();
    assert_eq!(result.below("demo.libs"), [FOO]);
    assert_eq!(result.facts(&format!("demo.libs/{FOO}")).needed, ["libbar.so.2"]);
    let bench = Bench::new(&libraries());
    let named = with_foo().file("demo/load.py", "ctypes.CDLL(here / 'demo.libs/libfoo-0a1b2c3d.so.1')\n");
    let said = bench.copied(&named);
    assert!(
        said.contains(&format!("kept {FOO}: `demo/load.py` names it, and may open it with `dlopen`")),
        "{said}"
    );
}

#[test]
fn a_module_that_does_not_load_anyway_keeps_the_grafts() {
    let bench = Bench::new(&[("libfoo.so.1", foo())]);
    let said = bench.copied(&wheel(
        &File::module().needs(FOO).uses("foo").uses("nobody_has_this"),
        &[(FOO, File::library(FOO).has("foo"))],
    ));
    assert!(said.contains("`nobody_has_this`"), "{said}");
}

#[test]
fn a_library_of_the_wheel_that_would_be_found_under_the_name_keeps_the_graft() {
    let bench = Bench::new(&[("libfoo.so.1", foo())]);
    let module =
        File::module().needs(FOO).needs("libown.so").uses("foo").run_path("$ORIGIN:$ORIGIN/../demo.libs");
    let wheel = wheel(&module, &[(FOO, File::library(FOO).has("foo"))])
        .file("demo/libown.so", File::library("libown.so").build())
        .file("demo/libfoo.so.1", foo().build());
    let said = bench.copied(&wheel);
    assert!(
        said.contains(&format!("`{MODULE}` would find `demo/libfoo.so.1` under the name `libfoo.so.1`")),
        "{said}"
    );
}
