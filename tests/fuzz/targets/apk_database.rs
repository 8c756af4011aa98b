//! Alpine's database of installed packages, and questions to it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use muslrepair::resolve::{ApkDatabase, Sysroot};

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let database = ApkDatabase::parse(&text);
    assert!(database.len() <= text.matches("P:").count());
    let nowhere = Sysroot::new("/nonexistent");
    for line in text.lines().take(50) {
        let _ = (database.owner(&nowhere, line), database.provider(line));
    }
});
