//! `small-alignment`: segments that overlap on kernels with large pages.

use crate::audit::finding::{Code, Finding, Severity, grouped, subject};
use crate::audit::subject::Subject;
use crate::elf::{ElfFacts, Segment};
use crate::platform::Arch;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("small-alignment"),
    severity: Severity::Warning,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "A segment is aligned to less than the 64 KiB pages of some kernels.",
    explanation: "\
Memory is mapped in whole pages. Kernels of aarch64, ppc64le and loongarch64 may be built with pages of 64 KiB; there,
a file that was linked for pages of 4 KiB may have two segments in one page, or a segment whose address and file
offset differ within the page. musl does not check this: the second mapping replaces the first, and the process
crashes. With pages of 4 KiB it works.",
    source: "`map_library` in musl's `ldso/dynlink.c`; gABI, \"Program Loading\" (`p_align`).",
    symptom: Some("Segmentation fault (core dumped)"),
    fix: "Link with `-Wl,-z,max-page-size=65536`. `muslrepair repair` keeps the alignment a file has.",
    check,
};

/// `PT_LOAD`.
const PT_LOAD: u32 = 1;

/// The largest page size of kernels for these architectures.
const LARGE_PAGE: u64 = 64 << 10;

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let found = audit.objects().filter(|object| object.facts.dynamic).filter_map(|object| {
        let facts = &object.facts;
        let arch =
            facts.arch.filter(|arch| matches!(arch, Arch::Aarch64 | Arch::Ppc64le | Arch::Loongarch64))?;
        let mut loads = facts.segments.iter().filter(|segment| segment.kind == PT_LOAD);
        let segment = loads.find(|segment| overlaps(segment, facts))?;
        Some(((segment.align, arch.as_str()), object.origin.display_name()))
    });
    let findings = grouped(found).into_iter().map(|((align, arch), objects)| {
        let message = format!(
            "{} to {align} bytes, but kernels of {arch} may have pages of 64 KiB",
            subject(&objects, "is aligned", "are aligned")
        );
        RULE.finding_about(&objects, message).with_hint("link with `-Wl,-z,max-page-size=65536`")
    });
    findings.collect()
}

/// Whether a segment cannot be mapped with large pages: address and offset differ within a page, or the next segment
/// starts in its last page.
fn overlaps(segment: &Segment, facts: &ElfFacts) -> bool {
    let congruent = segment.offset % LARGE_PAGE == segment.address % LARGE_PAGE;
    let shares_page = facts.segments.iter().any(|other| {
        other.kind == PT_LOAD && other.address > segment.address && {
            let end = segment.address.saturating_add(segment.memory_size);
            other.address / LARGE_PAGE == end.saturating_sub(1) / LARGE_PAGE
        }
    });
    segment.align < LARGE_PAGE && (!congruent || shares_page)
}
