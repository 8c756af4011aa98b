//! `src/policy/table.rs`, from `testdata/policy/musllinux.json`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::process::root;

const SOURCE: &str = "testdata/policy/musllinux.json";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(rename = "comment")]
    _comment: Vec<String>,
    policies: Vec<Policy>,
    forbidden_symbols: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Policy {
    name: String,
    musl: (u16, u16),
    arches: Vec<String>,
    accepted_by_pypi: Vec<String>,
    allowed_libraries: Vec<String>,
}

pub fn generate() -> Result<String> {
    let text =
        std::fs::read_to_string(root().join(SOURCE)).with_context(|| format!("cannot read {SOURCE}"))?;
    let document: Document = serde_json::from_str(&text).with_context(|| format!("cannot read {SOURCE}"))?;
    let mut source = format!(
        "//! The platform policies.\n//!\n//! @generated from `{SOURCE}` by `cargo xtask codegen`.\n\n\
         use super::definition::Policy;\nuse crate::platform::{{Arch, MuslVersion}};\n\n\
         /// Every policy, the one with the oldest musl first.\n\
         pub(super) const POLICIES: &[Policy] = &[\n"
    );
    for policy in &document.policies {
        let (major, minor) = policy.musl;
        ensure!(
            policy.name == format!("musllinux_{major}_{minor}"),
            "`{}` is not musl {major}.{minor}",
            policy.name
        );
        ensure!(
            policy.accepted_by_pypi.iter().all(|arch| policy.arches.contains(arch)),
            "`{}`: PyPI accepts what the policy does not know",
            policy.name
        );
        let arches: Result<Vec<&str>> = policy.arches.iter().map(|arch| variant(arch)).collect();
        writeln!(
            source,
            "Policy {{ name: {:?}, version: MuslVersion {{ major: {major}, minor: {minor} }}, \
             arches: &[{}], allowed_libraries: &{:?}, forbidden_symbols: FORBIDDEN_SYMBOLS }},",
            policy.name,
            arches?.join(", "),
            policy.allowed_libraries,
        )?;
    }
    source.push_str(
        "];\n\n/// By library: symbols that no object may take from it.\n\
         const FORBIDDEN_SYMBOLS: &[(&str, &[&str])] = &[\n",
    );
    for (library, symbols) in &document.forbidden_symbols {
        ensure!(symbols.is_sorted(), "the symbols of `{library}` are not sorted");
        writeln!(source, "({library:?}, &{symbols:?}),")?;
    }
    source.push_str("];\n");
    super::formatted(&source)
}

/// The variant of `muslrepair::platform::Arch` for a name.
fn variant(arch: &str) -> Result<&'static str> {
    Ok(match arch {
        "x86_64" => "Arch::X86_64",
        "i686" => "Arch::I686",
        "aarch64" => "Arch::Aarch64",
        "armv7l" => "Arch::Armv7l",
        "armv6l" => "Arch::Armv6l",
        "ppc64le" => "Arch::Ppc64le",
        "s390x" => "Arch::S390x",
        "riscv64" => "Arch::Riscv64",
        "loongarch64" => "Arch::Loongarch64",
        other => anyhow::bail!("unknown architecture `{other}`"),
    })
}
