//! `unbundle`: grafts give way to the libraries of a root file system, where everything loads as before.

use std::path::Path;

use serde_json::Value;

use crate::support::elf_builder::{
    DT_HASH, DT_RELA, DT_RELASZ, DT_RUNPATH, DT_SONAME, DT_SYMTAB, ElfBuilder, relocation, words,
};
use crate::support::sandbox::{Repaired, Run, Sandbox};
use crate::support::wheel_builder::WheelBuilder;

const WHEEL: &str = "demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl";
const UNBUNDLED: &str = "demo-1.0-cp312-cp312-linux_x86_64.whl";
const MODULE: &str = "demo/_core.cpython-312-x86_64-linux-musl.so";
const RUN_PATH: &str = "$ORIGIN/../demo.libs";

/// `STB_GLOBAL` with `STT_FUNC`, `STT_OBJECT` and `STT_TLS`; `STB_WEAK` without a type.
const FUNCTION: u8 = 0x12;
const DATA: u8 = 0x11;
const THREAD_LOCAL: u8 = 0x16;
const WEAK: u8 = 0x20;

/// A file: what it needs, what it is called, and its symbols.
#[derive(Clone, Default)]
struct File {
    soname: Option<&'static str>,
    needed: Vec<&'static str>,
    run_path: Option<&'static str>,
    /// Name, binding and type, section, size.
    symbols: Vec<(&'static str, u8, u16, u64)>,
    /// What is left among the strings.
    left: &'static str,
}

impl File {
    fn library(soname: &'static str) -> Self {
        Self { soname: Some(soname), ..Self::default() }
    }

    fn module() -> Self {
        Self { run_path: Some(RUN_PATH), ..Self::default() }
    }

    fn needs(mut self, name: &'static str) -> Self {
        self.needed.push(name);
        self
    }

    fn run_path(mut self, run_path: &'static str) -> Self {
        self.run_path = Some(run_path);
        self
    }

    /// Defines a function.
    fn has(self, name: &'static str) -> Self {
        self.has_symbol(name, FUNCTION, 1)
    }

    fn has_symbol(mut self, name: &'static str, info: u8, size: u64) -> Self {
        self.symbols.push((name, info, 1, size));
        self
    }

    /// Looks a symbol up.
    fn uses(mut self, name: &'static str) -> Self {
        self.symbols.push((name, 0x10, 0, 0));
        self
    }

    fn uses_weakly(mut self, name: &'static str) -> Self {
        self.symbols.push((name, WEAK, 0, 0));
        self
    }

    fn left(mut self, left: &'static str) -> Self {
        self.left = left;
        self
    }

    fn build(&self) -> Vec<u8> {
        let mut builder = ElfBuilder::new();
        let (mut table, mut relocations, mut offset) = (vec![0; 24], Vec::new(), 1u32);
        for (index, (name, info, section, size)) in self.symbols.iter().enumerate() {
            builder = builder.raw_strings(name.as_bytes()).raw_strings(b"\0");
            table.extend(offset.to_le_bytes());
            table.extend([*info, 0]);
            table.extend(section.to_le_bytes());
            table.extend((u64::from(*section) * 0x10).to_le_bytes());
            table.extend(size.to_le_bytes());
            offset += name.len() as u32 + 1;
            if *section == 0 {
                relocations.extend(relocation(0, 6, index as u64 + 1));
            }
        }
        builder = builder.raw_strings(self.left.as_bytes()).raw_strings(b"\0");
        if !self.symbols.is_empty() {
            let count = self.symbols.len() as u32 + 1;
            let chain = (0..count).map(|index| if index == 0 || index + 1 == count { 0 } else { index + 1 });
            let hash: Vec<u32> = [1, count, 1].into_iter().chain(chain).collect();
            builder = builder.table(DT_HASH, words(&hash)).table(DT_SYMTAB, table);
        }
        if !relocations.is_empty() {
            let size = relocations.len() as u64;
            builder = builder.table(DT_RELA, relocations).entry(DT_RELASZ, size);
        }
        for name in &self.needed {
            builder = builder.needed(name);
        }
        for (tag, text) in [(DT_SONAME, self.soname), (DT_RUNPATH, self.run_path)] {
            if let Some(text) = text {
                builder = builder.text(tag, text);
            }
        }
        builder.build()
    }
}

/// A sandbox with a root file system.
struct Bench {
    sandbox: Sandbox,
}

impl Bench {
    /// The root has these libraries, and musl 1.2.5 by its package database.
    fn new(libraries: &[(&str, File)]) -> Self {
        let sandbox = Sandbox::new();
        let bench = Self { sandbox };
        for (name, file) in libraries {
            bench.put(&format!("usr/lib/{name}"), &file.build());
        }
        bench.put("etc/os-release", b"ID=alpine\n");
        bench.musl("1.2.5");
        bench
    }

    fn put(&self, path: &str, bytes: &[u8]) {
        let path = self.sandbox.path().join("root").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    fn musl(&self, version: &str) {
        let package = format!("P:musl\nV:{version}-r0\nA:x86_64\n\n");
        self.put("lib/apk/db/installed", package.as_bytes());
    }

    fn unbundle(&self, wheel: &WheelBuilder, more: &[&str]) -> Run {
        let wheel = self.sandbox.wheel(wheel);
        self.run(&[&["unbundle", text(&wheel), "-w", "out"][..], more].concat())
    }

    /// Runs a command with the root.
    fn run(&self, arguments: &[&str]) -> Run {
        let root = self.sandbox.path().join("root");
        self.sandbox.run(&[arguments, &["--sysroot", text(&root)]].concat())
    }

    /// Unbundles, and opens the result.
    fn unbundled(&self, wheel: &WheelBuilder) -> Repaired {
        self.unbundle(wheel, &[]).success();
        assert_eq!(self.sandbox.outputs(), [UNBUNDLED]);
        let out = self.sandbox.out().join(UNBUNDLED);
        let verified = self.run(&["verify", text(&out)]);
        assert_eq!(verified.status, 0, "{}", verified.stdout);
        Repaired::open(&out)
    }

    /// Unbundles a wheel of which nothing can be replaced; what was said.
    fn copied(&self, wheel: &WheelBuilder) -> String {
        let run = self.unbundle(wheel, &[]).success();
        assert_eq!(self.sandbox.outputs(), [WHEEL], "{}", run.stderr);
        assert!(std::fs::read(self.sandbox.out().join(WHEEL)).unwrap() == wheel.build());
        run.stderr
    }

    fn document(&self, wheel: &WheelBuilder, more: &[&str]) -> Value {
        let run = self.unbundle(wheel, &[&["--format", "json"][..], more].concat()).success();
        serde_json::from_str(&run.stdout).unwrap()
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A wheel with a module and these grafts.
fn wheel(module: &File, grafts: &[(&str, File)]) -> WheelBuilder {
    let builder =
        WheelBuilder::new(WHEEL).file("demo/__init__.py", "").file_with_mode(MODULE, module.build(), 0o755);
    let add = |builder: WheelBuilder, (name, file): &(&str, File)| {
        builder.file_with_mode(&format!("demo.libs/{name}"), file.build(), 0o755)
    };
    grafts.iter().fold(builder, add)
}

const FOO: &str = "libfoo-0a1b2c3d.so.1";
const BAR: &str = "libbar-5e6f7a8b.so.2";

/// A wheel whose module uses `foo` of a graft of `libfoo.so.1`.
fn with_foo() -> WheelBuilder {
    wheel(&File::module().needs(FOO).uses("foo"), &[(FOO, File::library(FOO).has("foo"))])
}

/// `libfoo.so.1` of a system.
fn foo() -> File {
    File::library("libfoo.so.1").has("foo")
}

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
fn symbols_that_nothing_binds_to_do_not_matter() {
    let bench = Bench::new(&[("libfoo.so.1", foo())]);
    let graft = File::library(FOO).has("foo").has("unused").has_symbol("table", DATA, 8);
    bench.unbundled(&wheel(&File::module().needs(FOO).uses("foo"), &[(FOO, graft)]));
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
fn patterns_choose_by_the_name_in_the_wheel_and_by_that_on_the_system() {
    let module = File::module().needs(FOO).needs(BAR).uses("foo").uses("bar");
    let wheel = wheel(&module, &[(FOO, File::library(FOO).has("foo")), (BAR, File::library(BAR).has("bar"))]);
    let libraries = || [("libfoo.so.1", foo()), ("libbar.so.2", File::library("libbar.so.2").has("bar"))];
    for (arguments, kept, reason) in [
        (["--only", "libfoo.so.*"], BAR, "not_selected"),
        (["--only", "libfoo-*"], BAR, "not_selected"),
        (["--keep", "libbar.so.2"], BAR, "requested"),
        (["--keep", "libfoo-0a*"], FOO, "requested"),
    ] {
        let bench = Bench::new(&libraries());
        let document = bench.document(&wheel, &arguments);
        assert_eq!(document["kept"].as_array().unwrap().len(), 1, "{arguments:?}");
        assert_eq!(document["kept"][0]["member"], format!("demo.libs/{kept}"));
        assert_eq!(document["kept"][0]["reason"], reason);
        assert_eq!(bench.sandbox.result().below("demo.libs"), [kept]);
    }
    let run = Bench::new(&libraries()).unbundle(&wheel, &["--keep", "libnone*"]).success();
    assert!(run.stderr.contains("`--keep libnone*` matched no library"), "{}", run.stderr);
}

#[test]
fn wheels_without_grafts_are_copied_byte_for_byte() {
    let bench = Bench::new(&[("libfoo.so.1", foo())]);
    let pure = WheelBuilder::new("pure-1.0-py3-none-any.whl").file("pure.py", "");
    let said = bench.unbundle(&pure, &["--build-tag", "1x"]).success().stderr;
    assert!(said.contains("no bundled libraries"), "{said}");
    assert!(std::fs::read(bench.sandbox.out().join("pure-1.0-py3-none-any.whl")).unwrap() == pure.build());
    let bench = Bench::new(&[("libfoo.so.1", foo())]);
    bench.copied(&WheelBuilder::new(WHEEL).file(MODULE, File::module().build()).directory("demo.libs"));
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

#[test]
fn a_dry_run_prints_the_plan_and_writes_nothing() {
    let bench = Bench::new(&[("libfoo.so.1", foo())]);
    let run = bench.unbundle(&with_foo(), &["--dry-run"]).success();
    for line in [
        &format!("{WHEEL} -> {UNBUNDLED}")[..],
        &format!("replace demo.libs/{FOO}"),
        "with libfoo.so.1 (/usr/lib/libfoo.so.1)",
        &format!("    NEEDED {FOO} -> libfoo.so.1"),
        "    run path removed",
    ] {
        assert!(run.stdout.contains(line), "no `{line}` in:\n{}", run.stdout);
    }
    assert!(!bench.sandbox.out().exists());
    let document = bench.document(&with_foo(), &["--dry-run"]);
    assert_eq!((&document["kind"], &document["outcome"]), (&"unbundle".into(), &"planned".into()));
    assert!(document.get("written").is_none() && !bench.sandbox.out().exists());
}

#[test]
fn the_report_has_every_wheel_and_the_totals() {
    let bench = Bench::new(&[("libfoo.so.1", foo())]);
    bench.sandbox.wheel_in("dist", &with_foo());
    bench.sandbox.wheel_in("dist", &WheelBuilder::new("pure-1.0-py3-none-any.whl").file("pure.py", ""));
    std::fs::write(bench.sandbox.path().join("dist/bad-1.0-py3-none-any.whl"), "no archive").unwrap();
    let run = bench.run(&["unbundle", "dist", "-w", "out", "--report", "report.json", "--build-tag", "7x"]);
    let run = run.failure(
        1,
        &[
            "cannot unbundle `dist/bad-1.0-py3-none-any.whl`",
            "3 wheels in",
            "1 unbundled, 1 copied, 1 failed (bad",
        ],
    );
    assert!(run.stderr.contains("needed from the system: so:libfoo.so.1"), "{}", run.stderr);
    let names = ["demo-1.0-7x-cp312-cp312-linux_x86_64.whl", "pure-1.0-py3-none-any.whl"];
    assert_eq!(bench.sandbox.outputs(), names);
    let report: Value =
        serde_json::from_slice(&std::fs::read(bench.sandbox.path().join("report.json")).unwrap()).unwrap();
    let wheels: Vec<&str> =
        report["wheels"].as_array().unwrap().iter().map(|wheel| wheel["kind"].as_str().unwrap()).collect();
    assert_eq!(wheels, ["error", "unbundle", "unbundle"]);
    let totals = &report["totals"];
    assert_eq!(
        (&totals["libraries_replaced"], &totals["needs"]),
        (&1.into(), &serde_json::json!(["so:libfoo.so.1"]))
    );
    assert_eq!(totals["installed_bytes_saved"], File::library(FOO).has("foo").build().len());
    let size = |path: &Path| std::fs::metadata(path).unwrap().len();
    let saved =
        size(&bench.sandbox.path().join("dist").join(WHEEL)) - size(&bench.sandbox.out().join(names[0]));
    assert_eq!(totals["wheel_bytes_saved"], saved);
}

#[test]
fn no_result_is_written_over_another_wheel_of_the_call() {
    let bench = Bench::new(&[("libfoo.so.1", foo())]);
    let (one, two) = (bench.sandbox.wheel_in("a", &with_foo()), bench.sandbox.wheel_in("b", &with_foo()));
    let run = bench.run(&["unbundle", text(&one), text(&two), "-w", "out"]);
    run.failure(1, &[&format!("`{UNBUNDLED}` would also be written for")]);
    let linux = bench.sandbox.wheel_in(
        "a",
        &WheelBuilder::new(UNBUNDLED).file("demo.py", "").file(MODULE, File::module().build()),
    );
    let before = std::fs::read(&linux).unwrap();
    bench.run(&["unbundle", text(&one), text(&linux), "-w", "a"]).failure(1, &["another input"]);
    assert!(std::fs::read(&linux).unwrap() == before);
}

#[test]
fn a_root_file_system_has_to_be_named_and_to_be_there() {
    let sandbox = Sandbox::new();
    let wheel = sandbox.wheel(&with_foo());
    sandbox.run(&["unbundle", text(&wheel)]).failure(2, &["--sysroot"]);
    sandbox
        .run(&["unbundle", text(&wheel), "--sysroot", "none"])
        .failure(2, &["`--sysroot none` is not a directory"]);
}

#[test]
fn the_result_is_the_same_each_time() {
    let results: Vec<Vec<u8>> = (0..2)
        .map(|_| {
            let bench = Bench::new(&[("libfoo.so.1", foo())]);
            bench.unbundled(&with_foo());
            std::fs::read(bench.sandbox.out().join(UNBUNDLED)).unwrap()
        })
        .collect();
    assert!(results[0] == results[1]);
}
