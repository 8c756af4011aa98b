//! `missing-library`.

use muslrepair::audit::{AuditOptions, Finding, Severity};
use muslrepair::platform::Arch;
use muslrepair::resolve::{Object, Purpose, System};

use super::Case;
use super::linked::{extension, found_of, library, loads, of};
use super::scene::{TAG, audit, audit_with, changed, found, module, on};

pub const CASE: Case = Case {
    code: "missing-library",
    breaks: || found(vec![needing("a.so"), module("helper.so")]),
    keeps: || found(vec![extension("a.so", &["helper.so"], "$ORIGIN"), library("helper.so", &[], "")]),
};

fn needing(name: &str) -> Object {
    changed(name, |object| object.facts.needed = vec!["helper.so".to_owned()])
}

#[test]
fn a_library_that_no_run_path_leads_to_is_missing_although_the_wheel_has_it() {
    let audit = audit(TAG, vec![needing("a.so"), module("helper.so")]);
    assert!(!loads(&audit, "a.so"));
    let missing = of("missing-library", audit.findings);
    assert_eq!(missing.len(), 1, "{missing:?}");
    assert!(missing[0].hint.as_ref().unwrap().contains("no run path leads there"), "{missing:?}");
    assert!(missing[0].hint.as_ref().unwrap().contains("`demo/helper.so`"), "{missing:?}");
}

#[test]
fn all_who_miss_one_library_are_one_finding() {
    let found = found_of("missing-library", ["a.so", "b.so", "c.so"].map(needing).to_vec());
    assert_eq!((found.len(), found[0].count), (1, 3), "{found:?}");
    let message = "`helper.so`, needed by `demo/a.so`, `demo/b.so`, `demo/c.so`, was not found";
    assert_eq!(found[0].message, message);
    let hint = "`apk add so:helper.so`, or pass `--exclude helper.so` if the user must provide it";
    assert_eq!(found[0].hint.as_deref(), Some(hint));
}

#[test]
fn no_hint_names_what_apk_would_read_as_something_else() {
    let hint = |name: &str| {
        let object = changed("a.so", |object| object.facts.needed = vec![name.to_owned()]);
        found_of("missing-library", vec![object])[0].hint.clone().unwrap()
    };
    assert!(hint("other/libb.so").starts_with("link with a library that has a `DT_SONAME`"));
    assert!(!hint("libx.so;reboot").contains("apk add"));
}

#[test]
fn another_architecture_first_on_the_run_path_ends_the_search() {
    let rejected = &found_of("missing-library", beside_another_architecture(&[]))[0].details[0];
    assert!(rejected.starts_with("rejected: `demo/a/libb.so` (aarch64"), "{rejected}");
}

#[test]
fn a_search_that_ended_otherwise_is_another_finding() {
    let found = found_of("missing-library", beside_another_architecture(&["libb.so"]));
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!((found[1].object.as_str(), found[1].details.len()), ("demo/other.so", 0), "{found:?}");
}

/// What leads to a library of another architecture first, and a module without a run path that needs these.
fn beside_another_architecture(needed: &[&str]) -> Vec<Object> {
    let other = changed("a/libb.so", |object| {
        *object = library("a/libb.so", &[], "");
        object.facts.machine = 183;
        on(Arch::Aarch64, object);
    });
    vec![
        extension("ext.so", &["libb.so"], "$ORIGIN/a:$ORIGIN/b"),
        other,
        library("b/libb.so", &[], ""),
        extension("other.so", needed, ""),
    ]
}

#[test]
fn a_library_that_was_to_be_included_and_is_not_found_is_missing() {
    let options = AuditOptions { include: vec!["libopened.so".to_owned()], ..AuditOptions::default() };
    let found = of("missing-library", audit_with(TAG, vec![module("a.so")], &options).findings);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].message, "`libopened.so`, requested with `--include`, was not found");
    assert_eq!((found[0].object.as_str(), found[0].severity), ("libopened.so", Severity::Error));
}

fn system(purpose: Purpose, has_apk: bool, arches: &[Arch], root: Option<&str>) -> System {
    System { root: root.map(Into::into), purpose, has_apk, arches: arches.to_vec() }
}

/// What is found in objects that need these libraries, where they are looked for on a system.
fn found_on(system: System, needed: &[&str]) -> Vec<Finding> {
    let options = AuditOptions { system, ..AuditOptions::default() };
    let object = changed("a.so", |object| {
        object.facts.needed = needed.iter().map(|name| (*name).to_owned()).collect();
    });
    of("missing-library", audit_with(TAG, vec![object], &options).findings)
}

#[test]
fn the_hint_depends_on_the_system() {
    let hint = |system| found_on(system, &["liba.so"])[0].hint.clone().unwrap();
    let (own, other) = (&[Arch::X86_64][..], &[Arch::Aarch64][..]);
    let (build, nothing) = (Purpose::Build, Purpose::Nothing);
    let exclude = "or pass `--exclude liba.so` if the user must provide it";
    assert_eq!(hint(system(build, true, own, None)), format!("`apk add so:liba.so`, {exclude}"));
    assert_eq!(
        hint(system(build, true, &[], Some("/r"))),
        format!("`apk --root /r add so:liba.so`, {exclude}")
    );
    let debian = "name the directory that has it with `-l DIR`, or an Alpine root file system for x86_64 with \
                  `--sysroot DIR`, ";
    assert_eq!(hint(system(build, false, own, None)), format!("{debian}{exclude}"));
    let elsewhere = "this machine is for aarch64: name a root file system for x86_64 with `--sysroot DIR`";
    assert_eq!(hint(system(build, true, other, None)), elsewhere);
    assert_eq!(hint(system(nothing, true, other, None)), elsewhere);
    let root = "`/r` is for aarch64: name a root file system for x86_64 with `--sysroot DIR`";
    assert_eq!(hint(system(Purpose::Run, true, other, Some("/r"))), root);
    let ignored = "libraries of this machine do not count; ";
    let (alpine, other) = (hint(system(nothing, true, own, None)), hint(system(nothing, false, own, None)));
    assert_eq!(alpine, format!("{ignored}add `--sysroot /` to count them"));
    assert_eq!(other, format!("{ignored}name an Alpine root file system for x86_64 with `--sysroot DIR`"));
}

#[test]
fn what_can_be_installed_is_one_command_and_said_once() {
    let found = found_on(System::default(), &["liba.so", "@rpath/libb.so", "libc++.so.1"]);
    let hints: Vec<&str> = found.iter().filter_map(|finding| finding.hint.as_deref()).collect();
    let install =
        "`apk add so:liba.so so:libc++.so.1`, or pass `--exclude NAME` for what the user must provide";
    let named =
        "link with a library that has a `DT_SONAME` without a slash, so that it is needed by its name";
    assert_eq!(hints, [install, named], "{found:?}");
    assert_eq!(found.len(), 3, "{found:?}");
}

#[test]
fn what_objects_for_glibc_need_is_no_finding_beside_them() {
    let for_glibc = |name: &str| {
        changed(name, |object| {
            object.facts.needed = vec!["ld-linux-x86-64.so.2".to_owned(), "liba.so".to_owned()];
        })
    };
    let codes_of = |found: Vec<Finding>| super::scene::codes(&found);
    assert_eq!(codes_of(found(vec![for_glibc("a.so")])), ["glibc-object"]);
    // What others need is missing all the same.
    let mut other = needing("b.so");
    other.facts.needed = vec!["liba.so".to_owned()];
    let both = found_of("missing-library", vec![for_glibc("a.so"), other]);
    assert_eq!((both.len(), both[0].objects.as_slice()), (1, &["demo/b.so".to_owned()][..]), "{both:?}");
    let allow = vec!["glibc-object".parse().unwrap()];
    let options = AuditOptions { allow, ..AuditOptions::default() };
    let allowed = audit_with(TAG, vec![for_glibc("a.so")], &options).findings;
    assert_eq!(codes_of(allowed), ["missing-library", "missing-library"]);
}

#[test]
fn the_run_path_is_shown_with_what_musl_makes_of_it() {
    let details = |run_path: &str| {
        let object = changed("a.so", |object| {
            object.facts.needed = vec!["liba.so".to_owned()];
            object.facts.runpath = Some(run_path.to_owned());
        });
        found_of("missing-library", vec![object])[0].details.last().cloned().unwrap()
    };
    assert_eq!(details("$ORIGIN/lib"), "run path: `$ORIGIN/lib`");
    for ignored in ["$$ORIGIN/lib", "$ORIGIN/$LIB"] {
        assert_eq!(
            details(ignored),
            format!("run path: `{ignored}`, which musl ignores: it has a `$` other than `$ORIGIN`")
        );
    }
    assert!(details("\\$ORIGIN/lib").ends_with(", in which the backslash is part of a name"));
    assert!(details("$ORIGIN/a;$ORIGIN/b").contains("`;` does not separate entries: use `:`"));
}

#[test]
fn what_the_policies_leave_to_the_system_is_missing_where_the_wheel_is_to_run() {
    let on = |purpose| found_on(system(purpose, true, &[], None), &["libz.so.1"]);
    for purpose in [Purpose::Build, Purpose::Nothing] {
        assert_eq!(on(purpose), []);
    }
    let found = on(Purpose::Run);
    assert_eq!((found.len(), found[0].severity), (1, Severity::Error), "{found:?}");
    assert_eq!(found[0].message, "`libz.so.1`, needed by `demo/a.so`, was not found");
}
