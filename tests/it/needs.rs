//! What `needs` hands to apk.

use crate::support::elf_builder::ElfBuilder;
use crate::support::sandbox::{Run, Sandbox};
use crate::support::wheel_builder::WheelBuilder;
use serde_json::Value;

const NAME: &str = "demo-1.0-py3-none-linux_x86_64.whl";
const HOSTILE: [&str; 8] = [
    "libx --allow-untrusted evil",
    "libx.so.1\nevil",
    "libx.so=1",
    "libx.so@edge",
    "!libx.so",
    "-libx.so",
    "libx.so\u{a0}",
    "",
];

/// A wheel whose library needs these, and what is good.
fn scene(needed: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    let elf = needed.iter().fold(ElfBuilder::new().needed("libstdc++.so.6"), |elf, name| elf.needed(name));
    sandbox.wheel(&WheelBuilder::new(NAME).file("demo/liba.so", elf.build()));
    sandbox
}

/// Asks with an empty root, so that nothing of the host is found.
fn needs(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    std::fs::create_dir_all(sandbox.path().join("root")).unwrap();
    sandbox.run(&[&["needs", NAME, "--sysroot", "root"], arguments].concat())
}

#[test]
fn only_names_that_apk_accepts_are_printed() {
    let good = scene(&["libffi.so.8"]);
    assert_eq!(needs(&good, &[]).success().stdout, "so:libffi.so.8\nso:libstdc++.so.6\n");
    for name in HOSTILE {
        for format in ["so", "pkg"] {
            let run = needs(&scene(&[name]), &["--format", format]);
            let run = run
                .failure(1, &["`demo/liba.so` needs", "apk does not accept this as the name of a library"]);
            assert_eq!(run.stdout, "", "{name}");
        }
        let run = needs(&scene(&[name]), &["--format", "json"]);
        let json: Value = serde_json::from_str(&run.stdout).unwrap();
        let need = json["needs"].as_array().unwrap().iter().find(|need| need["library"] == name).unwrap();
        assert_eq!((run.status, &need["token"]), (1, &Value::Null), "{name}");
    }
    // What the user provides by other means is nobody's business.
    let run = needs(&scene(&[HOSTILE[0]]), &["--exclude", HOSTILE[0]]).success();
    assert_eq!(run.stdout, "so:libstdc++.so.6\n");
}

#[test]
fn a_need_that_is_a_path_is_an_error() {
    for path in ["ext/libfoo.so", "/opt/libfoo.so.1", "@rpath/libfoo.so"] {
        let run = needs(&scene(&[path]), &[]);
        let run = run.failure(1, &[&format!("`demo/liba.so` needs `{path}`; that is a path")]);
        assert_eq!(run.stdout, "");
        let run = needs(&scene(&[path]), &["--exclude", path]).success();
        assert_eq!(run.stdout, "so:libstdc++.so.6\n");
    }
}

#[test]
fn only_names_of_packages_that_apk_accepts_are_printed() {
    for package in ["evil --allow-untrusted", "--root=/x", ".hidden", "a@edge", "libstdc++"] {
        let sandbox = scene(&[]);
        let database = sandbox.path().join("root/lib/apk/db");
        std::fs::create_dir_all(&database).unwrap();
        let text = format!("P:{package}\nV:1-r0\nA:x86_64\np:so:libstdc++.so.6=6\n\n");
        std::fs::write(database.join("installed"), text).unwrap();
        let run = needs(&sandbox, &["--format", "pkg"]);
        let json: Value = serde_json::from_str(&needs(&sandbox, &["--format", "json"]).stdout).unwrap();
        if package == "libstdc++" {
            assert_eq!(
                (run.success().stdout.as_str(), &json["needs"][0]["package"]),
                ("libstdc++\n", &package.into())
            );
        } else {
            let said =
                format!("`demo/liba.so` needs `libstdc++.so.6`; the package database names `{package}`");
            assert_eq!(run.failure(1, &[&said]).stdout, "");
            assert_eq!(json["needs"][0]["package"], Value::Null);
        }
    }
}

#[test]
fn hints_name_only_what_apk_accepts() {
    for (name, hint) in [
        ("libffi.so.8", Some(" add so:libffi.so.8`")),
        ("ext/libfoo.so", Some("`DT_SONAME` without a slash")),
        (HOSTILE[0], None),
    ] {
        let sandbox = Sandbox::new();
        let elf = ElfBuilder::new().needed(name).build();
        sandbox.wheel(&WheelBuilder::new(NAME).file("demo/liba.so", elf));
        let said = sandbox.repair(&[]).failure(1, &[name]).stderr;
        assert!(said.contains(hint.unwrap_or("no package can provide a library of that name")), "{said}");
        assert_eq!(said.contains("`apk "), name == "libffi.so.8", "{said}");
        assert_eq!(said.contains("--exclude"), name == "libffi.so.8", "{said}");
    }
}
