//! `RECORD`: what is written says what was read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use muslrepair::wheel::{Record, WheelPath};

fuzz_target!(|data: &[u8]| {
    let Ok(record) = Record::parse(data) else { return };
    let itself: WheelPath = "demo-1.0.dist-info/RECORD".parse().unwrap();
    let written = record.to_bytes(&itself);
    let again = Record::parse(&written).expect("a written file can be read");
    assert_eq!(again.to_bytes(&itself), written);
    for row in record.rows().iter().filter(|row| row.path != itself) {
        let found = again.get(row.path.as_str()).expect("every row is written");
        assert_eq!((&found.hash, found.size), (&row.hash, row.size));
    }
});
