//! A wheel from its bytes to the repaired wheel: either the archive itself is fuzzed, or what it holds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use muslrepair::elf::Strip;
use muslrepair::repair::RepairOptions;
use muslrepair_fuzz::{Control, packed, repair};

const INFO: &[u8] =
    b"Wheel-Version: 1.0\nGenerator: fuzz\nRoot-Is-Purelib: false\nTag: cp312-cp312-linux_x86_64\n";
const METADATA: &[u8] = b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n";

fuzz_target!(|data: &[u8]| {
    let (file, mut control) = Control::split(data);
    let decision = control.byte();
    let options = RepairOptions {
        strip: [None, None, Some(Strip::Debug), Some(Strip::All)][usize::from(decision & 3)],
        keep_relr: decision & 4 != 0,
        compression: 1,
        ..RepairOptions::default()
    };
    if file.starts_with(b"PK") {
        return repair(file.to_vec(), &options);
    }
    let place = ["demo/_core.so", "demo-1.0.data/scripts/tool", "demo-1.0.data/data/lib/libx.so", "_core.so"];
    let place = place[usize::from(decision >> 3 & 3)];
    repair(
        packed(&[
            (place, file),
            ("demo-1.0.dist-info/WHEEL", INFO),
            ("demo-1.0.dist-info/METADATA", METADATA),
        ]),
        &options,
    );
});
