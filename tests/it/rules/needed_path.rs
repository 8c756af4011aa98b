//! `needed-path`.

use muslrepair::musl::MuslRelease;
use muslrepair::resolve::Object;

use super::Case;
use super::linked::{extension, found_of, library, loads};
use super::scene::{TAG, audit, found};

pub const CASE: Case = Case {
    code: "needed-path",
    breaks: || found(objects("sub/libb.so")),
    keeps: || found(vec![extension("ext.so", &["libb.so"], "$ORIGIN/sub"), library("sub/libb.so", &[], "")]),
};

fn objects(name: &str) -> Vec<Object> {
    vec![extension("ext.so", &[name], "$ORIGIN"), library("sub/libb.so", &[], "")]
}

#[test]
fn a_path_that_is_needed_is_opened_as_it_is() {
    for name in ["sub/libb.so", "./sub/libb.so"] {
        let audit = audit(TAG, objects(name));
        assert_eq!(audit.findings.len(), 1, "{:?}", audit.findings);
        let message =
            format!("`demo/ext.so` needs `{name}` by its path, which musl opens from the working directory");
        assert_eq!(audit.findings[0].message, message);
        assert!(audit.findings[0].fixed_by_repair);
        assert!(!loads(&audit, "ext.so"));
        assert_eq!(audit.minimum_musl_repaired.version, Some(MuslRelease::OLDEST));
    }
}

#[test]
fn a_path_that_leads_nowhere_is_a_missing_library() {
    assert_eq!(found_of("needed-path", objects("other/libb.so")), []);
    assert_eq!(found_of("missing-library", objects("other/libb.so")).len(), 1);
}

#[test]
fn all_who_need_one_path_are_one_finding() {
    let more = extension("more.so", &["sub/libb.so"], "$ORIGIN");
    let found = found_of("needed-path", [objects("sub/libb.so"), vec![more]].concat());
    assert_eq!((found.len(), found[0].count), (1, 2), "{found:?}");
    assert!(found[0].message.starts_with("`demo/ext.so`, `demo/more.so` need `sub/libb.so`"), "{found:?}");
}
