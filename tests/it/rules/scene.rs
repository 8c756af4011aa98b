//! Objects that are changed in one thing, and what an audit finds in them.

use std::collections::BTreeSet;

use muslrepair::Limits;
use muslrepair::audit::{AuditOptions, ElfAudit, Finding, ObjectSet, Severity, audit_objects};
use muslrepair::elf::ElfFacts;
use muslrepair::musl::ObjectSymbols;
use muslrepair::platform::Arch;
use muslrepair::resolve::{
    InstalledLayout, Object, Origin, Resolver, ResolverOptions, SearchPaths, Sysroot, SystemPath,
};
use muslrepair::wheel::{InstallLocation, PlatformTag};

/// An extension module of x86_64 that breaks no rule.
pub const PLAIN: &[u8] = include_bytes!("../../../testdata/objects/x86_64/ext_plain.so");

/// The tag of a wheel for today's musl.
pub const TAG: &str = "musllinux_1_2_x86_64";

/// A sound extension module of x86_64 in `demo/`.
pub fn module(name: &str) -> Object {
    let facts = ElfFacts::parse(PLAIN).unwrap();
    let path = format!("demo/{name}");
    let place = InstallLocation::of(&path.parse().unwrap(), "demo-1.0.data").unwrap();
    let symbols = ObjectSymbols::read(PLAIN, &facts).unwrap();
    let origin = Origin::Member { path: path.parse().unwrap(), place };
    Object { origin, facts, symbols, size: 1, dependencies: Vec::new() }
}

/// The same with a change.
pub fn changed(name: &str, change: impl FnOnce(&mut Object)) -> Object {
    let mut object = module(name);
    change(&mut object);
    object
}

/// Names of symbols as objects hold them.
pub fn sorted(names: &[&str]) -> Vec<Box<[u8]>> {
    let names: BTreeSet<Box<[u8]>> = names.iter().map(|name| name.as_bytes().into()).collect();
    names.into_iter().collect()
}

/// Lets the object ask for these symbols and no others.
pub fn asks(object: &mut Object, names: &[&str]) {
    object.symbols.undefined = sorted(names);
}

/// Makes the object one of another architecture.
pub fn on(arch: Arch, object: &mut Object) {
    object.facts.arch = Some(arch);
}

/// The audit of a wheel with this platform tag and these objects, where no library of any system counts.
pub fn audit(platform: &str, objects: Vec<Object>) -> ElfAudit {
    audit_with(platform, objects, &AuditOptions::default())
}

/// The same with options.
pub fn audit_with(platform: &str, objects: Vec<Object>, options: &AuditOptions) -> ElfAudit {
    audit_within(platform, objects, options, Limits::default())
}

/// The same within limits.
pub fn audit_within(
    platform: &str,
    objects: Vec<Object>,
    options: &AuditOptions,
    limits: Limits,
) -> ElfAudit {
    let platforms: [PlatformTag; 1] = [platform.parse().unwrap()];
    let search_paths =
        SearchPaths { sysroot: Sysroot::new("/nonexistent"), first: Vec::new(), system: SystemPath::None };
    let resolver = Resolver::new(ResolverOptions {
        search_paths,
        allowed: vec!["libz.so.1".to_owned()],
        limits,
        ..ResolverOptions::default()
    });
    let set = ObjectSet {
        name: format!("demo-1.0-cp312-cp312-{platform}.whl"),
        own: objects,
        layout: InstalledLayout::new(Some((3, 12))),
        platforms: platforms.to_vec(),
        ..ObjectSet::default()
    };
    audit_objects(set, &resolver, options)
}

/// What is found in these objects under today's tag.
pub fn found(objects: Vec<Object>) -> Vec<Finding> {
    audit(TAG, objects).findings
}

/// The codes of what was found.
pub fn codes(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.code.as_str()).collect()
}

/// The one thing that is found in these objects beside a sound one; it has this code.
pub fn only(code: &str, objects: Vec<Object>) -> Finding {
    only_under(TAG, code, objects)
}

/// The same under another tag, without a sound object.
pub fn only_under(platform: &str, code: &str, objects: Vec<Object>) -> Finding {
    let beside = (platform == TAG).then(|| module("sound.so"));
    let findings = audit(platform, objects.into_iter().chain(beside).collect()).findings;
    assert_eq!(codes(&findings), [code], "{findings:?}");
    findings.into_iter().next().unwrap()
}

/// The object has an error of this code and nothing else, and loads on no musl.
pub fn never_loads(code: &str, object: Object) -> Finding {
    let mut audit = audit(TAG, vec![object]);
    assert_eq!(codes(&audit.findings), [code], "{:?}", audit.findings);
    assert_eq!(audit.findings[0].severity, Severity::Error);
    assert!(audit.modules[0].loads_on.is_empty());
    audit.findings.remove(0)
}

/// Nothing is found in these objects under today's tag.
pub fn sound(objects: Vec<Object>) {
    let findings = found(objects);
    assert!(findings.is_empty(), "{findings:?}");
}

/// A sound program, which starts a process of its own.
pub fn program(name: &str) -> Object {
    changed(name, |object| {
        asks(object, &["printf"]);
        object.facts.interpreter = Some("/lib/ld-musl-x86_64.so.1".to_owned());
    })
}
