//! `purelib`.

use crate::support::wheel_builder::WheelBuilder;

use super::Case;
use super::wheels::{SOUND, found_in, with_module};

pub const CASE: Case = Case {
    code: "purelib",
    breaks: || found_in(&with_module(SOUND).purelib()),
    keeps: || found_in(&WheelBuilder::new("demo-1.0-py3-none-any.whl").file("demo/a.py", "").purelib()),
};

#[test]
fn a_wheel_with_elf_files_is_no_pure_library() {
    let found = found_in(&with_module(SOUND).purelib());
    assert_eq!((found.len(), found[0].fixed_by_repair), (1, true), "{found:?}");
    assert_eq!(found[0].message, "`Root-Is-Purelib` is true, but the wheel has ELF files");
    assert_eq!(found_in(&with_module(SOUND)), []);
}

#[test]
fn elf_files_in_the_data_directory_for_pure_python_are_a_warning() {
    let library = crate::support::sandbox::object("x86_64/ext_plain.so");
    let with =
        |scheme: &str| with_module(SOUND).file(&format!("demo-1.0.data/{scheme}/demo/_more.so"), &library);
    let found = found_in(&with("purelib"));
    assert_eq!((found.len(), found[0].fixed_by_repair), (1, false), "{found:?}");
    let message = "`demo-1.0.data/purelib/demo/_more.so` is an ELF file in the directory for pure Python";
    assert_eq!(found[0].message, message);
    assert_eq!(found_in(&with("platlib")), []);
    assert_eq!(found_in(&with_module(SOUND).file("demo-1.0.data/purelib/demo/more.py", "")), []);
}
