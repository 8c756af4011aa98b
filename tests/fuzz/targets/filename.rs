//! Names: of wheels, platforms, members, libraries; patterns and run paths.
#![no_main]

use libfuzzer_sys::fuzz_target;
use muslrepair::musl::{self, RunPath};
use muslrepair::resolve::{Installed, InstalledLayout, Pattern, is_libpython};
use muslrepair::Escaped;
use muslrepair::wheel::{InstallLocation, PlatformTag, WheelFilename, WheelPath, relative_run_path};

fuzz_target!(|data: &[u8]| {
    let _ = WheelPath::from_bytes(data);
    let Ok(text) = std::str::from_utf8(data) else { return };
    assert!(!Escaped(text).to_string().chars().any(char::is_control));
    if let Ok(name) = text.parse::<WheelFilename>() {
        let written = name.to_string();
        let again: WheelFilename = written.parse().expect("a written name can be read");
        assert_eq!((&again, again.to_string()), (&name, written));
        assert!(!name.tags().is_empty());
        let _ = name.python_version();
        for platform in name.platforms() {
            assert_eq!(platform.to_string().parse().as_ref(), Ok(platform));
        }
    }
    if let Ok(tag) = text.parse::<PlatformTag>() {
        let _ = (tag.arch(), tag.arch_name());
        assert_eq!(tag.to_string().parse(), Ok(tag));
    }
    let _ = (musl::is_libc(text), is_libpython(text));
    for entry in RunPath::parse(text).entries() {
        let _ = InstalledLayout::new(None).expand(entry, "lib/python3/site-packages/demo");
    }
    let (first, second) = text.split_once('\n').unwrap_or((text, ""));
    if let Ok(pattern) = first.parse::<Pattern>() {
        let _ = pattern.matches(second);
    }
    if let (Ok(a), Ok(b)) = (first.parse::<WheelPath>(), second.parse::<WheelPath>()) {
        paths(&a, &b);
    }
});

/// The run path from one member to another leads there.
fn paths(a: &WheelPath, b: &WheelPath) {
    assert_eq!(a.as_str().parse().as_ref(), Ok(a));
    let (Ok(from), Ok(to)) = (InstallLocation::of(a, "demo-1.0.data"), InstallLocation::of(b, "demo-1.0.data")) else { return };
    let Some(run_path) = relative_run_path(&from.directory(), &to.directory()) else { return };
    let mut layout = InstalledLayout::new(Some((3, 12)));
    layout.insert(&to, 7);
    layout.insert(&from, 0);
    let installed = layout.installed(&from);
    let origin = installed.rsplit_once('/').map_or("", |(directory, _)| directory);
    let found = layout.expand(&run_path, origin).and_then(|place| layout.file(&place, to.path.file_name()));
    assert_eq!(found, Some(Installed::Object(7)), "{run_path} from {from:?} to {to:?}");
}
