//! Libraries outside the wheel: those under names that musl takes for itself, those that the policies leave to the system, and
//! those that only `dlopen` or `ctypes` ask for.

use std::path::{Path, PathBuf};

use crate::support::elf_builder::{
    DT_HASH, DT_RELA, DT_RELASZ, DT_SYMTAB, ElfBuilder, relocation, symbol, words,
};
use crate::support::sandbox::{Sandbox, object, testdata};
use crate::support::wheel_builder::WheelBuilder;

const WHEEL: &str = "demo-1.0-cp312-cp312-linux_x86_64.whl";
const MODULE: &str = "demo/_core.cpython-312-x86_64-linux-musl.so";

/// `STB_GLOBAL`, `STT_FUNC`.
const FUNCTION: u8 = 0x12;

/// A file with one symbol that it defines, or else asks for.
fn with_symbol(name: &str, is_defined: bool) -> ElfBuilder {
    let (section, value) = if is_defined { (1, 0x10) } else { (0, 0) };
    let table = [vec![0; 24], symbol(1, FUNCTION, section, value)].concat();
    let builder = ElfBuilder::new().raw_strings(name.as_bytes()).raw_strings(b"\0");
    let builder = builder.table(DT_HASH, words(&[1, 2, 1, 0, 0])).table(DT_SYMTAB, table);
    match is_defined {
        true => builder,
        false => builder.table(DT_RELA, relocation(0, 6, 1)).entry(DT_RELASZ, 24),
    }
}

/// A sandbox with a wheel whose module needs a library and a symbol.
fn needing(library: &str, symbol: &str) -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    let module = with_symbol(symbol, false).needed(library).build();
    let wheel = sandbox.wheel(&WheelBuilder::new(WHEEL).file(MODULE, module));
    (sandbox, wheel)
}

/// A root file system of Alpine with these libraries.
fn root(sandbox: &Sandbox, libraries: &[(&str, Vec<u8>)]) -> String {
    let root = sandbox.path().join("root");
    std::fs::create_dir_all(root.join("usr/lib")).unwrap();
    std::fs::create_dir_all(root.join("etc")).unwrap();
    std::fs::write(root.join("etc/os-release"), "ID=alpine\n").unwrap();
    for (name, bytes) in libraries {
        std::fs::write(root.join("usr/lib").join(name), bytes).unwrap();
    }
    text(&root).to_owned()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_library_outside_under_a_reserved_name_is_grafted_where_musl_lacks_its_symbol() {
    for name in ["libutil.so", "librt.so.7", "libc.shared.so"] {
        let (sandbox, wheel) = needing(name, "demo_helper");
        let root = root(&sandbox, &[(name, with_symbol("demo_helper", true).build())]);
        let verified = sandbox.run(&["verify", text(&wheel), "--sysroot", &root]);
        assert_eq!(verified.status, 1, "{}", verified.stdout);
        let never = format!("`/usr/lib/{name}` is never loaded: musl answers the name `{name}` itself");
        assert!(verified.stdout.contains(&never), "{}", verified.stdout);
        assert!(!verified.stdout.contains("unresolved-symbol"), "{}", verified.stdout);
        sandbox.run(&["repair", text(&wheel), "-w", "out", "--sysroot", &root]).success();
        let result = sandbox.result();
        let graft = result.one("demo.libs", &format!("{}-", name.split('.').next().unwrap()));
        assert_eq!(result.facts(MODULE).needed, [graft], "{name}");
        let needs = sandbox.run(&["needs", text(&wheel), "--sysroot", &root]);
        needs.failure(1, &["musl answers that name itself"]);
    }
}

#[test]
fn a_library_under_a_reserved_name_stays_outside_if_musl_has_the_symbol_or_it_does_not_define_it() {
    for (asked, defined) in [("printf", "printf"), ("demo_helper", "another"), ("PyLong_Type", "PyLong_Type")]
    {
        let (sandbox, wheel) = needing("libutil.so", asked);
        let root = root(&sandbox, &[("libutil.so", with_symbol(defined, true).build())]);
        let run = sandbox.run(&["repair", text(&wheel), "-w", "out", "--sysroot", &root]);
        if asked == "demo_helper" {
            let takes = "musl answers the name `libutil.so` itself and loads no library for it";
            run.failure(1, &["`demo_helper`", takes]);
        } else {
            run.success();
            assert_eq!(sandbox.result().below("demo.libs"), [""; 0], "{asked}");
        }
    }
}

#[test]
fn a_library_for_glibc_under_a_reserved_name_is_never_grafted() {
    for name in ["libutil.so", "libutil.so.1"] {
        let (sandbox, wheel) = needing(name, "demo_helper");
        let library = with_symbol("demo_helper", true).needed("libresolv.so.2").build();
        let root = root(&sandbox, &[(name, library)]);
        sandbox
            .run(&["repair", text(&wheel), "-w", "out", "--sysroot", &root])
            .failure(1, &["`demo_helper`"]);
    }
}

#[test]
fn what_the_policies_leave_to_the_system_is_a_library_all_the_same() {
    let (sandbox, wheel) = needing("libz.so.1", "inflate");
    let (with, without) = (testdata("rootfs"), root(&sandbox, &[]));
    let verify = |root: &str| sandbox.run(&["verify", text(&wheel), "--sysroot", root]);
    let missing = verify(&without);
    assert_eq!(missing.status, 1, "{}", missing.stdout);
    assert!(missing.stdout.contains("`libz.so.1`, needed by"), "{}", missing.stdout);
    assert!(missing.stdout.contains("`apk --root"), "{}", missing.stdout);
    assert!(!verify(text(&with)).stdout.contains("missing-library"));
    assert!(!sandbox.run(&["verify", text(&wheel)]).stdout.contains("missing-library"));
    for root in [text(&with), &without] {
        let needs = sandbox.run(&["needs", text(&wheel), "--sysroot", root]).success();
        assert_eq!(needs.stdout, "so:libz.so.1\n", "{root}");
        sandbox.run(&["repair", text(&wheel), "-w", "out", "--sysroot", root]).success();
        assert_eq!(sandbox.result().below("demo.libs"), [""; 0]);
    }
    let file = sandbox.path().join("_core.so");
    std::fs::write(&file, with_symbol("inflate", false).needed("libz.so.1").build()).unwrap();
    let tree = |root: &str| sandbox.run(&["lddtree", text(&file), "--sysroot", root]).success().stdout;
    let found = tree(text(&with));
    assert!(found.contains("libz.so.1 => /usr/lib/libz.so.1 (left to the system by policy)"), "{found}");
    assert!(tree(&without).contains("libz.so.1 => not found (left to the system by policy)"));
}

#[test]
fn a_library_is_included_in_a_wheel_without_elf_files_for_the_architecture_of_its_tag() {
    let rootfs = testdata("rootfs");
    let include = |filename: &str, library: &str| {
        let sandbox = Sandbox::new();
        let wheel = sandbox.wheel(&WheelBuilder::new(filename).file("demo/__init__.py", "import ctypes\n"));
        let arguments = ["-w", "out", "--sysroot", text(&rootfs), "--include", library];
        let run = sandbox.run(&[&["repair", text(&wheel)][..], &arguments].concat());
        (sandbox, run)
    };
    for (filename, build) in [
        ("demo-1.0-py3-none-linux_x86_64.whl", ""),
        ("demo-1.0-py3-none-musllinux_1_2_x86_64.whl", "1muslrepair-"),
    ] {
        let (sandbox, run) = include(filename, "libgreet.so.3");
        run.success();
        assert_eq!(sandbox.outputs(), [format!("demo-1.0-{build}py3-none-musllinux_1_2_x86_64.whl")]);
        sandbox.result().one("demo.libs", "libgreet-");
    }
    let (_, run) = include("demo-1.0-py3-none-linux_x86_64.whl", "libnone.so.1");
    run.failure(1, &["`libnone.so.1`, requested with `--include`, was not found"]);
    let (_, run) = include("demo-1.0-py3-none-linux_aarch64.whl", "libgreet.so.3");
    run.failure(1, &["`libgreet.so.3`, requested with `--include`, was not found", "x86_64"]);
    let (sandbox, run) = include("demo-1.0-py3-none-any.whl", "libgreet.so.3");
    let run = run.success();
    assert!(run.stderr.contains("is not grafted: the wheel has no ELF files"), "{}", run.stderr);
    assert_eq!(sandbox.outputs(), ["demo-1.0-py3-none-any.whl"]);
}

#[test]
fn a_minimum_of_musl_is_no_matter_of_missing_libraries() {
    let (sandbox, wheel) = needing("libnone.so.1", "qsort_r");
    let verify = |release: &str| sandbox.run(&["verify", text(&wheel), "--min-musl", release]).stdout;
    let (old, new) = (verify("1.2.0"), verify("1.2.3"));
    assert!(old.contains("needs musl 1.2.3") && !old.contains("loads on no current release"), "{old}");
    let reasons = old.split("overclaimed-tag").nth(1).unwrap();
    assert!(reasons.contains("`qsort_r`") && !reasons.contains("libnone"), "{old}");
    assert!(new.contains("missing-library") && !new.contains("overclaimed-tag"), "{new}");
}

#[test]
fn the_run_path_of_a_graft_is_not_said_to_lead_out_of_the_wheel() {
    let (sandbox, wheel) = needing("libdemo.so.1", "demo_helper");
    let library = with_symbol("demo_helper", true).text(29, "$ORIGIN").build();
    let root = root(&sandbox, &[("libdemo.so.1", library)]);
    let plan = sandbox.run(&["repair", text(&wheel), "--dry-run", "--sysroot", &root]).success();
    let said = "dropping the run path of `/usr/lib/libdemo.so.1`, whose graft is elsewhere: `$ORIGIN`";
    assert!(plan.stdout.contains(said) && !plan.stdout.contains("leads out"), "{}", plan.stdout);
}

#[test]
fn each_minimum_has_its_own_reasons() {
    let sandbox = Sandbox::new();
    let relr = object("x86_64/ext_relr.so");
    let asking = with_symbol("gettid", false).build();
    let wheel = sandbox.wheel(&WheelBuilder::new(WHEEL).file(MODULE, asking).file("demo/liba.so", relr));
    let root = testdata("rootfs");
    let shown = sandbox.run(&["show", text(&wheel), "--sysroot", root.to_str().unwrap()]).stdout;
    let (now, repaired) = shown.split_once("Repaired, it loads on musl 1.2.2").unwrap();
    assert!(now.contains("DT_RELR, available since musl 1.2.4"), "{shown}");
    let repaired = repaired.split("\n\n").next().unwrap();
    assert!(repaired.contains("`gettid`") && !repaired.contains("DT_RELR"), "{shown}");
}
