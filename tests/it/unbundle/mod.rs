//! `unbundle`: grafts give way to the libraries of a root file system, where everything loads as before.

mod calls;
mod kept;
mod replaced;

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
