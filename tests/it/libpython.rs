//! The interpreter's library, in modules, programs and grafts.

use crate::support::elf_builder::{DT_SONAME, ElfBuilder, PT_INTERP};
use crate::support::sandbox::{Run, Sandbox};
use crate::support::wheel_builder::WheelBuilder;

const NAME: &str = "demo-1.0-py3-none-linux_x86_64.whl";
/// For an ordinary and for a free-threaded interpreter.
const LIBRARIES: [&str; 2] = ["libpython3.12.so.1.0", "libpython3.13t.so.1.0"];

fn library(name: &str, needed: &[&str]) -> Vec<u8> {
    needed.iter().fold(ElfBuilder::new().text(DT_SONAME, name), |elf, name| elf.needed(name)).build()
}

fn program(needed: &[&str]) -> Vec<u8> {
    let loader = b"/lib/ld-musl-x86_64.so.1\0";
    let size = loader.len() as u64;
    let at = |place| {
        let elf = ElfBuilder::new().segment([PT_INTERP, place, place, size, size]);
        needed.iter().fold(elf, |elf, name| elf.needed(name)).behind(loader).build()
    };
    // Its position does not depend on the size of the number.
    at(at(0).len() as u64 - size)
}

/// A wheel with these files, and these libraries outside, in `lib`.
fn scene(files: &[(&str, Vec<u8>)], outside: &[(&str, Vec<u8>)]) -> Sandbox {
    let sandbox = Sandbox::new();
    let wheel = WheelBuilder::new(NAME);
    let wheel = files.iter().fold(wheel, |wheel, (name, file)| wheel.file_with_mode(name, file, 0o755));
    sandbox.wheel(&wheel);
    std::fs::create_dir(sandbox.path().join("lib")).unwrap();
    for (name, bytes) in outside {
        std::fs::write(sandbox.path().join("lib").join(name), bytes).unwrap();
    }
    sandbox
}

fn repair(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    sandbox.repair(&[&["-l", "lib"], arguments].concat())
}

fn needed(sandbox: &Sandbox, member: &str) -> Vec<String> {
    sandbox.result().facts(member).needed
}

#[test]
fn an_excluded_libpython_stays_needed_by_name_and_by_path() {
    for libpython in LIBRARIES {
        let files = [("demo/liba.so", library("liba.so", &[libpython, "libfoo.so.1"]))];
        let outside =
            [("libfoo.so.1", library("libfoo.so.1", &[libpython])), (libpython, library(libpython, &[]))];
        let path = format!("*/lib/{libpython}");
        for pattern in [Some("libpython*"), Some(libpython), Some(path.as_str()), Some("libother*"), None] {
            let sandbox = scene(&files, &outside);
            let arguments = pattern.map(|pattern| ["--exclude", pattern]);
            let run = repair(&sandbox, arguments.as_ref().map_or(&[][..], |arguments| &arguments[..]));
            let said = run.success().stderr;
            let graft = sandbox.result().one("demo.libs", "libfoo-");
            let stays = pattern.is_some_and(|pattern| pattern.contains("libpython"));
            let has = |member: &str| needed(&sandbox, member).iter().any(|name| name == libpython);
            assert_eq!(has("demo/liba.so"), stays, "{pattern:?}: {said}");
            assert_eq!(has(&format!("demo.libs/{graft}")), stays, "{pattern:?}: {said}");
            assert_eq!(said.contains("matched nothing"), pattern == Some("libother*"), "{said}");
            assert_eq!(said.contains("Removing libpython"), !stays, "{pattern:?}: {said}");
            assert!(sandbox.result().below("demo.libs").len() == 1, "libpython was grafted");
        }
    }
}

#[test]
fn a_program_that_needs_libpython_is_refused_or_keeps_it() {
    for libpython in LIBRARIES {
        for script in [false, true] {
            let (name, moved) = match script {
                false => ("demo/tool", "demo/tool"),
                true => ("demo-1.0.data/scripts/tool", "demo.scripts/tool"),
            };
            let files = [(name, program(&[libpython, "libfoo.so.1"]))];
            let scene = || scene(&files, &[("libfoo.so.1", library("libfoo.so.1", &[]))]);
            let sandbox = scene();
            let exclude = format!("--exclude {libpython}");
            repair(&sandbox, &[]).failure(1, &[name, libpython, &exclude]);
            assert!(sandbox.outputs().is_empty());
            for arguments in [["--exclude", libpython], ["--allow", "libpython-in-program"]] {
                let sandbox = scene();
                repair(&sandbox, &arguments).success();
                assert_eq!(needed(&sandbox, moved)[0], libpython, "{arguments:?}");
            }
        }
    }
}

/// The process of a program has an interpreter only if its libraries need one.
#[test]
fn a_library_that_a_program_loads_keeps_libpython_as_the_program_does() {
    let [libpython, _] = LIBRARIES;
    let files =
        [("demo/bin/tool", program(&["libfoo.so.1"])), ("demo/liba.so", library("liba.so", &[libpython]))];
    let scene = || scene(&files, &[("libfoo.so.1", library("libfoo.so.1", &[libpython]))]);
    let reason = format!("needs `{libpython}`, and the program `demo/bin/tool` loads it");
    repair(&scene(), &[]).failure(1, &[&reason]);
    let sandbox = scene();
    repair(&sandbox, &["--allow", "libpython-in-program"]).success();
    let graft = sandbox.result().one("demo.libs", "libfoo-");
    assert_eq!(needed(&sandbox, &format!("demo.libs/{graft}")), [libpython]);
    // A library that no program loads has the interpreter in its process.
    assert!(needed(&sandbox, "demo/liba.so").is_empty());
}
