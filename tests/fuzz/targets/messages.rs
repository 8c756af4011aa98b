//! Names as they are put into messages: nothing steers a terminal or a service that reads the log.
#![no_main]

use libfuzzer_sys::fuzz_target;
use muslrepair::{Escaped, Line};

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let escaped = Escaped(&text).to_string();
    assert!(!escaped.chars().any(Escaped::hides), "{escaped:?}");
    let line = Line(&text).to_string();
    assert!(!line.chars().any(|c| Escaped::hides(c) || c.is_control()), "{line:?}");
    assert!(!line.trim_start().starts_with("::"), "{line:?}");
    // `##[command]` and `##vso[command]`, by another way than the program looks for them.
    for (place, _) in line.match_indices("##") {
        let name: String = line[place + 2..].chars().take_while(|c| *c != '[').collect();
        let has_bracket = line[place + 2 + name.len()..].starts_with('[');
        assert!(!(has_bracket && name.bytes().all(|b| b.is_ascii_alphanumeric())), "{line:?}");
    }
    // Nothing is escaped twice, and nothing is lost: visible text stays as it is.
    assert_eq!(Line(&line).to_string(), line);
    if !text.chars().any(Escaped::hides) {
        assert_eq!(escaped, text);
    }
});
