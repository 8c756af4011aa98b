//! `small-alignment`.

use muslrepair::audit::Finding;
use muslrepair::elf::Segment;
use muslrepair::platform::Arch;

use super::Case;
use super::scene::{audit, changed, on, only_under, sound};

pub const CASE: Case =
    Case { code: "small-alignment", breaks: || on_aarch64(SMALL), keeps: || on_aarch64(LARGE) };

const ARM: &str = "musllinux_1_2_aarch64";
const SMALL: [Segment; 2] = [load(0, 0, 0x1000), load(0x2000, 0x1000, 0x1000)];
const LARGE: [Segment; 2] = [load(0, 0, 0x1_0000), load(0x1_1000, 0x1000, 0x1_0000)];

const fn load(address: u64, offset: u64, align: u64) -> Segment {
    Segment { kind: 1, flags: 5, offset, address, file_size: 0x800, memory_size: 0x800, align }
}

fn with(name: &str, arch: Arch, segments: [Segment; 2]) -> muslrepair::resolve::Object {
    changed(name, |object| {
        on(arch, object);
        object.facts.segments = segments.to_vec();
    })
}

fn on_aarch64(segments: [Segment; 2]) -> Vec<Finding> {
    audit(ARM, vec![with("a.so", Arch::Aarch64, segments)]).findings
}

#[test]
fn segments_that_share_a_large_page_are_a_warning_where_kernels_may_have_large_pages() {
    let objects = vec![with("a.so", Arch::Aarch64, SMALL), with("b.so", Arch::Aarch64, SMALL)];
    let finding = only_under(ARM, "small-alignment", objects);
    assert_eq!(
        finding.message,
        "`demo/a.so`, `demo/b.so` are aligned to 4096 bytes, but kernels of aarch64 may have pages of 64 KiB"
    );
    sound(vec![with("a.so", Arch::X86_64, SMALL)]);
    assert!(on_aarch64(LARGE).is_empty());
}
