//! `library-in-scripts`.

use muslrepair::audit::{AuditOptions, Finding, ObjectSet, audit_objects};
use muslrepair::resolve::{
    InstalledLayout, Object, Origin, Resolver, ResolverOptions, SearchPaths, Sysroot, SystemPath,
};
use muslrepair::wheel::InstallLocation;

use super::Case;
use super::linked::of;
use super::scene::{TAG, changed, module};

pub const CASE: Case = Case {
    code: "library-in-scripts",
    breaks: || found_beside_root(vec![in_scripts("x.so")]),
    keeps: || found_beside_root(vec![outside_scripts()]),
};

/// The findings where libraries of a root file system count.
fn found_beside_root(objects: Vec<Object>) -> Vec<Finding> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/rootfs");
    let search_paths =
        SearchPaths { sysroot: Sysroot::new(root), first: Vec::new(), system: SystemPath::default() };
    let resolver = Resolver::new(ResolverOptions { search_paths, ..ResolverOptions::default() });
    let set = ObjectSet {
        name: "demo".to_owned(),
        own: objects,
        layout: InstalledLayout::new(Some((3, 12))),
        platforms: vec![TAG.parse().unwrap()],
        ..ObjectSet::default()
    };
    audit_objects(set, &resolver, &AuditOptions::default()).findings
}

fn outside_scripts() -> Object {
    changed("a.so", |object| object.facts.needed = vec!["libgreet.so.3".to_owned()])
}

fn in_scripts(name: &str) -> Object {
    let mut object = outside_scripts();
    let path = format!("demo-1.0.data/scripts/{name}");
    let place = InstallLocation::of(&path.parse().unwrap(), "demo-1.0.data").unwrap();
    object.origin = Origin::Member { path: path.parse().unwrap(), place };
    object
}

#[test]
fn libraries_in_scripts_that_need_grafts_are_one_error() {
    let found = of("library-in-scripts", found_beside_root(vec![in_scripts("x.so"), in_scripts("y.so")]));
    assert_eq!((found.len(), found[0].count), (1, 2), "{found:?}");
    let message = "`demo-1.0.data/scripts/x.so`, `demo-1.0.data/scripts/y.so` are shared libraries in `.data/scripts`, \
        where no run path can point to grafts";
    assert_eq!(found[0].message, message);
}

#[test]
fn programs_in_scripts_and_libraries_that_need_no_graft_are_fine() {
    let mut program = in_scripts("tool");
    program.facts.interpreter = Some("/lib/ld-musl-x86_64.so.1".to_owned());
    let mut alone = in_scripts("x.so");
    alone.facts.needed = module("a.so").facts.needed;
    assert_eq!(of("library-in-scripts", found_beside_root(vec![program, alone])), []);
}
