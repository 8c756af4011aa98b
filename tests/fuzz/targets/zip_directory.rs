//! Archives: opened, and every member read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use muslrepair::Limits;
use muslrepair::wheel::Wheel;
use muslrepair_fuzz::NAME;

fuzz_target!(|data: &[u8]| {
    let limits = Limits {
        members: 1000,
        member_size: 1 << 24,
        total_size: 1 << 25,
        metadata_size: 1 << 20,
        ratio_floor: 1 << 22,
        in_flight: 1 << 24,
        ..Limits::default()
    };
    let Ok(wheel) = Wheel::from_bytes(NAME.parse().unwrap(), data, &limits) else { return };
    for member in wheel.members() {
        let _ = wheel.place(&member.path);
    }
    if let Ok(scan) = wheel.scan(|member, bytes| assert_eq!(member.size, bytes.len() as u64)) {
        assert_eq!(scan.files.len(), wheel.members().iter().filter(|member| !member.is_dir).count());
    }
});
