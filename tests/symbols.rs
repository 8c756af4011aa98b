//! The symbol table against what it describes: musl's loaders as Debian builds them, and zig's list of what musl
//! exports.
//!
//! Where those are absent the tests are listed as ignored, with the reason; `cargo xtask test` brings them in.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use muslrepair::elf::{Binding, DynamicSymbols};
use muslrepair::musl::{MuslRelease, exported, is_lfs64};
use muslrepair::platform::Arch;

type Names = BTreeSet<String>;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    let loaders = loaders();
    for arch in Arch::ALL {
        // Debian has no musl for loongarch64; ARMv6 has the loader of ARMv7.
        let expected = !matches!(arch, Arch::Loongarch64 | Arch::Armv6l);
        if expected && !loaders.iter().any(|loader| loader.arch == arch) {
            trials.push(absent(format!("debian::{arch}"), "no musl loader"));
        }
    }
    if !loaders.iter().any(|loader| loader.release >= MuslRelease::V1_2_4) {
        trials.push(absent("lfs64".to_owned(), "no loader of musl 1.2.4 or newer"));
    }
    for loader in loaders {
        let name = format!("{}::{}", loader.arch, loader.release);
        if loader.release >= MuslRelease::V1_2_4 {
            let path = loader.path.clone();
            trials.push(Trial::test(format!("lfs64::{name}"), move || lfs64_names(&path)));
        }
        trials.push(Trial::test(format!("debian::{name}"), move || debian_exports(&loader)));
    }
    match zig() {
        Ok((directory, release)) => {
            for arch in Arch::ALL.into_iter().filter(|arch| *arch != Arch::Armv6l) {
                let list = directory.join("libc.S");
                let name = format!("zig::{arch}::{release}");
                trials.push(Trial::test(name, move || zig_exports(&list, arch, release)));
            }
        }
        Err(reason) => trials.push(absent("zig".to_owned(), reason)),
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A test that cannot run: ignored, or failed where everything is meant to be there.
fn absent(name: String, reason: &'static str) -> Trial {
    let required = std::env::var_os("MUSLREPAIR_REQUIRE_TOOLS").is_some_and(|value| value != "0");
    let trial = Trial::test(name, move || Err(Failed::from(reason)));
    trial.with_kind(if required { "required" } else { reason }).with_ignored_flag(!required)
}

/// Debian's build of musl.
struct Loader {
    path: PathBuf,
    arch: Arch,
    release: MuslRelease,
}

/// The loaders in the directories that `cargo xtask test` fills, and this machine's where it is Debian's.
fn loaders() -> Vec<Loader> {
    let roots =
        std::env::var_os("MUSLREPAIR_MUSL_ROOTS").map_or_else(|| below_target("musl-roots"), PathBuf::from);
    let mut directories: Vec<PathBuf> =
        fs::read_dir(roots).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    directories.sort();
    if Path::new("/etc/debian_version").is_file() {
        directories.push(PathBuf::from("/"));
    }
    let mut found: Vec<Loader> = Vec::new();
    for directory in directories {
        for arch in Arch::ALL.into_iter().filter(|arch| *arch != Arch::Armv6l) {
            let path = directory.join(format!("lib/ld-musl-{}.so.1", arch.musl_loader_name()));
            let Some(release) = fs::read(&path).ok().and_then(|bytes| release_in(&bytes)) else { continue };
            if !found.iter().any(|loader| (loader.arch, loader.release) == (arch, release)) {
                found.push(Loader { path, arch, release });
            }
        }
    }
    found
}

/// The release a loader says it is when run: its number, up to a null byte. What comes before need not be text.
fn release_in(loader: &[u8]) -> Option<MuslRelease> {
    let strings = || loader.split(|byte| *byte == 0);
    MuslRelease::ALL.into_iter().find(|release| {
        let number = release.to_string();
        strings().any(|string| {
            let before = string.strip_suffix(number.as_bytes());
            before.is_some_and(|before| !before.last().is_some_and(|byte| b".0123456789".contains(byte)))
        })
    })
}

/// What Debian's patches add to a release and take from it.
fn debian_patches(release: MuslRelease) -> Option<(&'static [&'static str], &'static [&'static str])> {
    match release {
        // Debian 12.
        MuslRelease::V1_2_3 => Some((
            &["fts_children", "fts_close", "fts_open", "fts_read", "fts_set"],
            &["crypt", "crypt_r", "encrypt", "setkey"],
        )),
        // Debian 13.
        MuslRelease::V1_2_5 => {
            Some((&["fts_children", "fts_close", "fts_open", "fts_read", "fts_set", "renameat2"], &[]))
        }
        // The next Debian; `renameat2` is musl's own now.
        MuslRelease::V1_2_6 => Some((&["fts_children", "fts_close", "fts_open", "fts_read", "fts_set"], &[])),
        _ => None,
    }
}

fn debian_exports(loader: &Loader) -> Result<(), Failed> {
    let bytes = fs::read(&loader.path)?;
    let symbols = DynamicSymbols::parse(&bytes).map_err(|error| error.to_string())?;
    let found = symbols
        .iter()
        .filter(|symbol| symbol.defined && matches!(symbol.binding, Binding::Global | Binding::Weak))
        .map(|symbol| String::from_utf8_lossy(symbol.name).into_owned())
        .collect();
    let (added, dropped) = debian_patches(loader.release).ok_or("unknown which patches Debian has in it")?;
    compare(&found, loader.arch, loader.release, added, dropped)
}

/// The loader has the list it translates by as text: names without 64, each ended by a null byte, and an empty one.
fn lfs64_names(loader: &Path) -> Result<(), Failed> {
    let bytes = fs::read(loader)?;
    let first = b"\0aio_cancel\0aio_error\0";
    let start = bytes.windows(first.len()).position(|window| window == first).ok_or("no list")? + 1;
    let list = bytes[start..].split(|byte| *byte == 0).take_while(|name| !name.is_empty());
    let mut translated: Names = list.map(|name| format!("{}64", String::from_utf8_lossy(name))).collect();
    // The one whose 64 is not at the end is not in the list but in the code.
    translated.insert("readdir64_r".to_owned());
    let ours: Names = table_names()?.into_iter().filter(|name| is_lfs64(name.as_bytes())).collect();
    if translated != ours {
        return Err(format!("only in the loader, or only here: {:?}", &translated ^ &ours).into());
    }
    Ok(())
}

/// zig's sources of musl and their release.
fn zig() -> Result<(PathBuf, MuslRelease), &'static str> {
    let directory = match std::env::var_os("MUSLREPAIR_ZIG_MUSL") {
        Some(directory) => PathBuf::from(directory),
        None => {
            let python =
                fs::read_dir(below_target("tools/fixtures/lib")).into_iter().flatten().flatten().next();
            python.ok_or("no zig")?.path().join("site-packages/ziglang/lib/libc/musl")
        }
    };
    let header = fs::read_to_string(directory.join("src/internal/version.h")).map_err(|_| "no zig")?;
    let release = header.split('"').nth(1).and_then(|text| text.parse().ok());
    Ok((directory, release.ok_or("zig does not say which musl it has")?))
}

/// zig links programs against a list of musl's names in assembler. It leaves out what compilers have no use for.
fn zig_exports(list: &Path, arch: Arch, release: MuslRelease) -> Result<(), Failed> {
    let left_out: &[&str] = match arch {
        Arch::Riscv64 => &["__restore", "__restore_rt"],
        Arch::S390x => &["__tls_get_addr"],
        _ => &[],
    };
    let found = assembler_names(&fs::read_to_string(list)?, arch)?;
    compare(&found, arch, release, &[], left_out)
}

/// The names a file of assembler declares for an architecture, by the preprocessor's conditions.
fn assembler_names(text: &str, arch: Arch) -> Result<Names, String> {
    let mut names = Names::new();
    let mut conditions = Vec::new();
    for line in text.lines() {
        let mut words = line.split([' ', ';', ',']).filter(|word| !word.is_empty());
        let word = words.next().unwrap_or_default();
        let rest = line.strip_prefix(word).unwrap_or_default();
        match word {
            "#ifdef" => conditions.push(is_defined(rest.trim(), arch)),
            "#if" => conditions.push(rest.split("&&").all(|term| holds(term.trim(), arch))),
            "#else" => {
                let last = conditions.last_mut().ok_or("an `#else` without an `#if`")?;
                *last = !*last;
            }
            "#endif" => drop(conditions.pop().ok_or("an `#endif` without an `#if`")?),
            ".globl" | ".weak" | "WEAK64" | "WEAKTIME64" if conditions.iter().all(|holds| *holds) => {
                names.insert(words.next().unwrap_or_default().to_owned());
            }
            _ if word.starts_with('#') && word != "#define" => return Err(format!("unknown: `{line}`")),
            _ => {}
        }
    }
    Ok(names)
}

fn holds(term: &str, arch: Arch) -> bool {
    let (wanted, term) = term.strip_prefix('!').map_or((true, term), |rest| (false, rest));
    let name = term.strip_prefix("defined(").and_then(|rest| rest.strip_suffix(')'));
    name.is_some_and(|name| is_defined(name, arch)) == wanted
}

/// What zig defines for an architecture.
fn is_defined(name: &str, arch: Arch) -> bool {
    let narrow = matches!(arch, Arch::I686 | Arch::Armv7l);
    match name {
        "PTR64" => !narrow,
        "TIME32" => narrow,
        "FAMILY_x86" => matches!(arch, Arch::X86_64 | Arch::I686),
        "FAMILY_riscv" => arch == Arch::Riscv64,
        "ARCH_arm" => arch == Arch::Armv7l,
        "ARCH_powerpc64" => arch == Arch::Ppc64le,
        _ => name.strip_prefix("ARCH_") == Some(arch.musl_loader_name()),
    }
}

/// Holds names that were found against the table, less what is known to differ.
fn compare(
    found: &Names,
    arch: Arch,
    release: MuslRelease,
    added: &[&str],
    dropped: &[&str],
) -> Result<(), Failed> {
    let table: Names = (table_names()?.into_iter())
        .filter(|name| exported(arch, name.as_bytes()).contains(release))
        .collect();
    let more: Vec<&String> = found.difference(&table).collect();
    let less: Vec<&String> = table.difference(found).collect();
    if more == added && less == dropped {
        return Ok(());
    }
    Err(format!(
        "not in the table: {more:?}, expected {added:?}; only in the table: {less:?}, expected {dropped:?}"
    )
    .into())
}

/// Every name of the table, in whatever release.
fn table_names() -> Result<Names, Failed> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/symbols/musl.tsv");
    let text = fs::read_to_string(path)?;
    let rows = text.lines().filter(|line| !line.starts_with('#')).skip(2);
    Ok(rows.filter_map(|line| line.split('\t').next()).map(str::to_owned).collect())
}

fn below_target(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join(path)
}
