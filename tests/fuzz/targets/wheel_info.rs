//! `WHEEL` and `METADATA`: kept byte for byte, edited line for line.
#![no_main]

use libfuzzer_sys::fuzz_target;
use muslrepair::wheel::{Metadata, WheelInfo};

fuzz_target!(|data: &[u8]| {
    let _ = Metadata::parse(data);
    let Ok(mut info) = WheelInfo::parse(data) else { return };
    assert_eq!(info.to_bytes(), data);
    let tags: Vec<String> = info.tags().into_iter().map(str::to_owned).collect();
    info.set_tags(&tags);
    assert_eq!(info.to_bytes(), data);
    let wanted = ["cp312-cp312-musllinux_1_2_x86_64".to_owned()];
    info.set_tags(&wanted);
    info.set_root_is_purelib(false);
    info.set_build(Some("1"));
    let written = info.to_bytes();
    let again = WheelInfo::parse(&written).expect("an edited file can be read");
    assert_eq!(again.tags(), wanted);
    assert_eq!((again.build(), again.root_is_purelib()), (Some("1"), false));
    assert_eq!(again.to_bytes(), written);
});
