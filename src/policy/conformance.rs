//! What package indexes and installers ask of a wheel, apart from its ELF files.

use std::collections::BTreeSet;

use crate::wheel::{Arch, PlatformTag, Wheel};

use super::audit::{Audit, WheelKind};
use super::findings::{Code, Finding};
use super::glibc::built_for_musl;

/// The architectures of musllinux tags that PyPI accepts.
const INDEXED: [Arch; 7] =
    [Arch::X86_64, Arch::I686, Arch::Aarch64, Arch::Armv7l, Arch::Ppc64le, Arch::S390x, Arch::Riscv64];

/// Holds a wheel against PEP 427 and against what PyPI checks on upload. What makes a wheel unreadable is an error of
/// [`Wheel::open`] already.
#[must_use]
pub fn conformance(wheel: &Wheel, audit: &Audit) -> Vec<Finding> {
    let name = wheel.filename().to_string();
    let mut findings = Vec::new();
    for member in &audit.unlisted {
        let message = format!("`{member}` is not listed in `{}/RECORD`", wheel.dist_info());
        findings.push(
            Finding::new(Code::Unlisted, member.as_str(), message).with_hint("`muslrepair repair` lists it"),
        );
    }
    tags(wheel, &name, &mut findings);
    platforms(wheel, audit, &name, &mut findings);
    archive(wheel, &name, &mut findings);
    findings
}

fn tags(wheel: &Wheel, name: &str, findings: &mut Vec<Finding>) {
    let said = wheel.info().tag_set();
    let named: BTreeSet<String> = wheel.filename().tags().into_iter().collect();
    if said != named {
        let joined = |tags: &BTreeSet<String>| tags.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let (named, said) = (
            joined(&named),
            match said.is_empty() {
                true => "names no tag".to_owned(),
                false => format!("says {}", joined(&said)),
            },
        );
        let message = format!("`{}/WHEEL` {said}, the file name {named}", wheel.dist_info());
        findings.push(
            Finding::new(Code::WrongTag, name, message).with_hint("`muslrepair repair` makes them agree"),
        );
    }
    if wheel.filename().build() != wheel.info().build() {
        let message = format!("`{}/WHEEL` and the file name differ in the build tag", wheel.dist_info());
        findings.push(Finding::new(Code::WrongTag, name, message));
    }
}

fn platforms(wheel: &Wheel, audit: &Audit, name: &str, findings: &mut Vec<Finding>) {
    if audit.kind == WheelKind::Platform && wheel.info().root_is_purelib() {
        let message = "`Root-Is-Purelib` is true, but the wheel has ELF files".to_owned();
        findings
            .push(Finding::new(Code::Purelib, name, message).with_hint("`muslrepair repair` corrects it"));
    }
    for tag in wheel.filename().platforms() {
        match tag {
            PlatformTag::Manylinux(_) => {
                let Some(object) = built_for_musl(&audit.elf) else { continue };
                let message = format!("`{tag}` is for glibc, and `{object}` was built for musl");
                findings.push(
                    Finding::new(Code::ForeignTag, name, message)
                        .with_hint("`muslrepair repair` drops the tag"),
                );
            }
            // PyPI takes these two, from before there was a policy.
            PlatformTag::Linux(arch) if arch == "armv6l" || arch == "armv7l" => {
                let message =
                    format!("`{tag}` promises nothing about the C library, and PyPI accepts it all the same");
                findings.push(
                    Finding::new(Code::LinuxTag, name, message).with_hint("`muslrepair repair` retags it"),
                );
            }
            PlatformTag::Linux(_) => {
                let message = format!("`{tag}` promises nothing about the C library, and PyPI refuses it");
                findings.push(
                    Finding::new(Code::LinuxTag, name, message).with_hint("`muslrepair repair` retags it"),
                );
            }
            PlatformTag::Musllinux { .. } if !tag.arch().is_some_and(|arch| INDEXED.contains(&arch)) => {
                let message = format!("PyPI does not accept `{tag}`; other indexes do");
                findings.push(Finding::new(Code::RefusedByIndex, name, message));
            }
            _ => {}
        }
    }
    identity(wheel, name, findings);
    let distribution = wheel.filename().distribution();
    let normal = distribution.replace(['-', '.'], "_").to_lowercase();
    if distribution != normal {
        let message =
            format!("PyPI expects a file name that begins with `{normal}-`, not with `{distribution}-`");
        let hint = "build the wheel again, with a build backend of today";
        findings.push(Finding::new(Code::RefusedByIndex, name, message).with_hint(hint));
    }
    let stem = format!("{}-{}.dist-info", wheel.filename().distribution(), wheel.filename().version());
    if wheel.dist_info().as_str() != stem {
        let message = format!("PyPI expects `{stem}`, the wheel has `{}`", wheel.dist_info());
        findings.push(Finding::new(Code::RefusedByIndex, name, message));
    }
}

/// Name and version of `METADATA` against those of the file name, spelt as the rules for file names spell them: names as
/// PEP 503 has them, and versions with `_` for `-` (PEP 427, "Escaping and Unicode").
fn identity(wheel: &Wheel, name: &str, findings: &mut Vec<Finding>) {
    let plain = |text: &str| {
        let words = text.split(['-', '_', '.']).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join("-").to_lowercase()
    };
    let spelt = |text: &str| text.replace('-', "_").to_lowercase();
    let (metadata, filename) = (wheel.metadata(), wheel.filename());
    let mut differs = |what: &str, said: &str, named: &str| {
        let message =
            format!("`{}/METADATA` has {what} `{said}`, the file name `{named}`", wheel.dist_info());
        findings.push(Finding::new(Code::RefusedByIndex, name, message).with_hint("build the wheel again"));
    };
    if plain(metadata.name()) != plain(filename.distribution()) {
        differs("the name", metadata.name(), filename.distribution());
    }
    if spelt(metadata.version()) != spelt(filename.version()) {
        differs("the version", metadata.version(), filename.version());
    }
}

fn archive(wheel: &Wheel, name: &str, findings: &mut Vec<Finding>) {
    let mut refused = |message: String| {
        findings.push(Finding::new(Code::RefusedByIndex, name, message).with_hint("write the archive again"));
    };
    if let Some(member) = wheel.members().iter().find(|member| member.streamed) {
        refused(format!("`{}` has a data descriptor, which PyPI refuses", member.path));
    }
    if wheel.has_comment() {
        refused("the archive has a comment, which PyPI refuses".to_owned());
    }
    licences(wheel, name, findings);
}

/// `License-File` names files in `licenses` of the dist-info directory, since metadata 2.4 (PEP 639). Before, tools wrote it
/// as they liked.
fn licences(wheel: &Wheel, name: &str, findings: &mut Vec<Finding>) {
    let metadata = wheel.metadata();
    let version = metadata.all("Metadata-Version").next().and_then(|version| version.split_once('.'));
    let number = |text: &str| text.trim().parse::<u32>().ok();
    let version = version.and_then(|(major, minor)| Some((number(major)?, number(minor)?)));
    if version.is_none_or(|version| version < (2, 4)) {
        return;
    }
    for file in metadata.all("License-File") {
        let place = format!("{}/licenses/{file}", wheel.dist_info());
        if wheel.member(&place).is_none() {
            let message =
                format!("`License-File: {file}` says that there is `{place}`, which the wheel does not have");
            let hint = "build the wheel again, with a build backend that knows PEP 639";
            findings.push(Finding::new(Code::RefusedByIndex, name, message).with_hint(hint));
        }
    }
}
