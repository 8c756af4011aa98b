//! `new-symbol`.

use muslrepair::musl::MuslRelease;
use muslrepair::resolve::Object;

use super::Case;
use super::scene::{TAG, asks, audit, changed, found, only};

pub const CASE: Case = Case {
    code: "new-symbol",
    breaks: || found(vec![asking("a.so", &["qsort_r"])]),
    keeps: || audit("musllinux_1_3_x86_64", vec![asking("a.so", &["qsort_r"])]).findings,
};

fn asking(name: &str, symbols: &[&str]) -> Object {
    changed(name, |object| asks(object, symbols))
}

#[test]
fn a_symbol_newer_than_the_tag_is_a_warning_and_raises_the_minimum() {
    let object = asking("a.so", &["pthread_getname_np"]);
    let finding = only("new-symbol", vec![object.clone()]);
    assert_eq!(
        finding.message,
        "`demo/a.so` needs `pthread_getname_np`, available since musl 1.2.3 (Alpine 3.16), but the tag promises 1.2.0 \
         (Alpine 3.13)"
    );
    assert_eq!(finding.hint.unwrap(), "build on Alpine 3.13, whose musl does not have it");
    let minimum = audit(TAG, vec![object, asking("b.so", &["gettid"])]).minimum_musl;
    let alpine = minimum.alpine.map(|alpine| alpine.to_string());
    assert_eq!((minimum.version, alpine.as_deref()), (Some(MuslRelease::V1_2_3), Some("3.16")));
    assert_eq!(minimum.because.len(), 1);
}

#[test]
fn no_older_alpine_is_advised_where_every_alpine_of_the_tag_has_the_symbol() {
    let hint = only("new-symbol", vec![asking("a.so", &["gettid"])]).hint.unwrap();
    assert!(hint.contains("every Alpine") && hint.contains("`--allow new-symbol`"), "{hint}");
}

#[test]
fn a_symbol_that_two_releases_lost_names_them() {
    let audit = audit(TAG, vec![asking("a.so", &["posix_fallocate64", "open64"])]);
    let loads_on = audit.modules[0].loads_on;
    let missing: Vec<MuslRelease> =
        MuslRelease::ALL.into_iter().filter(|release| !loads_on.contains(*release)).collect();
    assert_eq!(missing, [MuslRelease::V1_2_4, MuslRelease::V1_2_5]);
    let message = &audit.findings[0].message;
    let end = "`posix_fallocate64`, which is missing from musl 1.2.4 (Alpine 3.18) and 1.2.5 (Alpine 3.20)";
    assert!(message.ends_with(end), "{message}");
}

#[test]
fn objects_with_the_same_new_symbols_are_one_finding_and_each_release_has_its_own() {
    let same = ["a.so", "b.so"].map(|name| asking(name, &["qsort_r"])).to_vec();
    let finding = only("new-symbol", same);
    assert!(finding.message.starts_with("`demo/a.so`, `demo/b.so` need `qsort_r`, available"), "{finding:?}");
    let findings = found(vec![asking("a.so", &["qsort_r", "statx"])]);
    assert_eq!(findings.len(), 2, "{findings:?}");
}
