//! `verify` and `needs`, through the program.

use crate::support::sandbox::{Sandbox, object, testdata};
use crate::support::wheel_builder::WheelBuilder;
use serde_json::Value;

const NAME: &str = "demo-1.0-cp312-cp312-linux_x86_64.whl";
const MUSL: &str = "demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl";

fn wheel(name: &str, extension: &str) -> WheelBuilder {
    WheelBuilder::new(name).file_with_mode("demo/_core.so", object(extension), 0o755)
}

fn verdict(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    let mut all = vec!["verify", "--format", "json"];
    all.extend(arguments);
    serde_json::from_str(&sandbox.run(&all).stdout).unwrap()
}

fn codes(verdict: &Value) -> Vec<&str> {
    verdict["findings"].as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap()).collect()
}

#[test]
fn what_repair_writes_is_sound() {
    for extension in
        ["core.so", "ext_chain.so", "ext_relr.so", "ext_stale.so", "ext_python.so", "ext_zlib.so"]
    {
        let sandbox = Sandbox::new();
        sandbox.wheel(&wheel(NAME, &format!("x86_64/{extension}")));
        sandbox.repair(&[]).success();
        let run = sandbox.run(&["verify", "out"]).success();
        assert!(
            run.stdout.starts_with("ok      out/") && run.stdout.contains("  Alpine 3.12+\n"),
            "{extension}: {}",
            run.stdout
        );
        // The policy leaves zlib to the system, which must have it.
        let left = if extension == "ext_zlib.so" { "so:libz.so.1\n" } else { "" };
        assert_eq!(sandbox.run(&["needs", "out"]).success().stdout, left, "{extension}");
    }
}

#[test]
fn an_unbundled_wheel_is_sound_only_with_the_root_file_system_it_runs_on() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel(NAME, "x86_64/core.so"));
    let alone = sandbox.run(&["verify", NAME]);
    assert_eq!(alone.status, 1, "{}", alone.stdout);
    assert!(alone.stdout.contains("error[missing-library]: `libgreet.so.3`"), "{}", alone.stdout);
    let root = testdata("rootfs");
    let there = sandbox.run(&["verify", NAME, "--sysroot", root.to_str().unwrap()]).success();
    assert!(there.stdout.starts_with("ok  "), "{}", there.stdout);
}

#[test]
fn a_root_file_system_with_an_older_musl_than_needed_is_told() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel(MUSL, "x86_64/ext_relr.so"));
    let root = |version: &str| {
        let root = sandbox.path().join(version);
        std::fs::create_dir_all(root.join("lib/apk/db")).unwrap();
        std::fs::create_dir_all(root.join("usr/lib")).unwrap();
        std::fs::copy(testdata("rootfs/usr/lib/libgreet.so.3.1"), root.join("usr/lib/libgreet.so.3"))
            .unwrap();
        let text = format!("P:musl\nV:{version}-r1\nA:x86_64\nF:lib\nR:ld-musl-x86_64.so.1\n\n");
        std::fs::write(root.join("lib/apk/db/installed"), text).unwrap();
        root.to_str().unwrap().to_owned()
    };
    let old = sandbox.run(&["verify", MUSL, "--sysroot", &root("1.2.3")]);
    assert_eq!(old.status, 1);
    assert!(
        old.stdout.contains("does not load on musl 1.2.3 (Alpine 3.16) of the root file system"),
        "{}",
        old.stdout
    );
    sandbox.run(&["verify", MUSL, "--sysroot", &root("1.2.5")]).success();
}

#[test]
fn min_musl_is_enforced_by_verify_and_by_repair() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel(NAME, "x86_64/ext_relr.so"));
    sandbox.repair(&["--min-musl", "1.2.0"]).success();
    sandbox.run(&["verify", "out", "--min-musl", "1.2.0"]).success();
    sandbox.repair(&["--min-musl", "1.2.0", "--keep-relr"]).failure(
        1,
        &[
            "needs musl 1.2.4 (Alpine 3.18), but musl 1.2.0 (Alpine 3.13) was requested",
            "has DT_RELR, available since musl 1.2.4",
        ],
    );
    sandbox.repair(&["--keep-relr"]).success();
    let run = sandbox.run(&["verify", "out", "--min-musl", "1.2.3"]);
    assert_eq!(run.status, 1);
    assert!(run.stdout.contains("error[overclaimed-tag]"), "{}", run.stdout);
}

#[test]
fn an_older_policy_is_granted_only_to_what_loads_there_however_it_is_asked_for() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel(NAME, "x86_64/ext_relr.so"));
    for plat in ["musllinux_1_1", "musllinux_1_1_x86_64"] {
        sandbox
            .repair(&["--plat", plat, "--keep-relr"])
            .failure(1, &["needs musl 1.2.4 (Alpine 3.18), but musl 1.1.24 (Alpine 3.12) was requested"]);
        sandbox.repair(&["--plat", plat, "-w", plat]).success();
        assert_eq!(sandbox.names(plat), ["demo-1.0-cp312-cp312-musllinux_1_1_x86_64.whl"]);
    }
    let root = testdata("rootfs");
    let mut command = sandbox.command();
    command.args(["repair", NAME, "--keep-relr", "--sysroot", root.to_str().unwrap()]);
    assert_eq!(command.env("AUDITWHEEL_POLICY", "musllinux_1_1").status().unwrap().code(), Some(1));
}

#[test]
fn json_names_modules_releases_and_the_minimum() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel(NAME, "x86_64/ext_relr.so"));
    sandbox.repair(&["--keep-relr"]).success();
    let out = sandbox.out().join(MUSL);
    let verdict = verdict(&sandbox, &[out.to_str().unwrap()]);
    assert_eq!(
        (verdict["schema"].as_str(), verdict["kind"].as_str()),
        (Some("muslrepair/1"), Some("verify"))
    );
    assert_eq!(verdict["minimum_musl"]["version"], "1.2.4");
    assert_eq!(verdict["minimum_musl"]["alpine"], "3.18");
    assert_eq!(verdict["minimum_musl"]["because"][0]["cause"], "relr");
    assert_eq!(verdict["modules"][0]["path"], "demo/_core.so");
    assert_eq!(verdict["modules"][0]["loads_on"], serde_json::json!(["1.2.4", "1.2.5", "1.2.6"]));
    assert_eq!(codes(&verdict), ["relr"]);
}

#[test]
fn findings_can_be_allowed_by_code_and_unknown_codes_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel(NAME, "x86_64/core.so"));
    sandbox.run(&["verify", NAME, "--allow", "missing-library"]).success();
    let run = sandbox.run(&["verify", NAME, "--allow", "missing-book"]).failure(
        2,
        &["there is no rule `missing-book`; did you mean `missing-library`?", "muslrepair explain"],
    );
    assert!(run.stdout.is_empty());
    assert!(sandbox.run(&["verify", "--help"]).success().stdout.contains("muslrepair explain"));
}

#[test]
fn wheels_that_are_installed_together_find_each_others_libraries() {
    let sandbox = Sandbox::new();
    let user = sandbox.wheel(&WheelBuilder::new("user-1.0-cp312-cp312-musllinux_1_2_x86_64.whl").file(
        "user/_core.so",
        {
            let edit = muslrepair::elf::ElfEdit {
                run_path: muslrepair::elf::RunPathEdit::Set("$ORIGIN/../provider/lib".to_owned()),
                ..Default::default()
            };
            muslrepair::elf::patch(object("x86_64/core.so"), &edit).unwrap().bytes
        },
    ));
    let library = std::fs::read(testdata("rootfs/usr/lib/libgreet.so.3.1")).unwrap();
    let provider = WheelBuilder::new("provider-1.0-py3-none-musllinux_1_2_x86_64.whl")
        .file("provider/lib/libgreet.so.3", library);
    let provider = sandbox.wheel(&provider);
    let (user, provider) = (user.to_str().unwrap(), provider.to_str().unwrap());
    assert_eq!(sandbox.run(&["verify", user]).status, 1);
    let both = sandbox.run(&["verify", user, provider]).success();
    assert_eq!(both.stdout.matches("ok      /").count(), 2, "{}", both.stdout);
}

#[test]
fn an_unpacked_tree_is_verified_like_a_wheel() {
    let sandbox = Sandbox::new();
    let site = sandbox.path().join("site-packages");
    std::fs::create_dir_all(site.join("demo")).unwrap();
    std::fs::write(site.join("demo/_core.so"), object("x86_64/core.so")).unwrap();
    std::fs::write(site.join("demo/__init__.py"), "").unwrap();
    let run = sandbox.run(&["verify", "site-packages"]);
    assert_eq!(run.status, 1);
    assert!(run.stdout.contains("needed by `demo/_core.so`"), "{}", run.stdout);
    assert_eq!(sandbox.run(&["needs", "site-packages"]).success().stdout, "so:libgreet.so.3\n");
}

#[test]
fn what_record_does_not_list_is_an_error_of_verify() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel(MUSL, "x86_64/ext_plain.so").unlisted("demo/_core.so"));
    assert_eq!(codes(&verdict(&sandbox, &[MUSL])), ["unlisted"]);
    assert_eq!(sandbox.run(&["verify", MUSL]).status, 1);
}

#[test]
fn needs_prints_exactly_what_apk_would_have_to_install() {
    let sandbox = Sandbox::new();
    let builder = wheel(NAME, "x86_64/core.so")
        .file_with_mode("demo/chain.so", object("x86_64/ext_chain.so"), 0o755)
        .file_with_mode("demo/zlib.so", object("x86_64/ext_zlib.so"), 0o755)
        .file_with_mode("demo/python.so", object("x86_64/ext_python.so"), 0o755);
    sandbox.wheel(&builder);
    let root = testdata("rootfs");
    let needs = |format: &[&str]| {
        let mut all = vec!["needs", NAME, "--sysroot", root.to_str().unwrap()];
        all.extend(format);
        sandbox.run(&all)
    };
    assert_eq!(needs(&[]).success().stdout, "so:libchain_a.so.1\nso:libgreet.so.3\nso:libz.so.1\n");
    let packages = needs(&["--format", "pkg"]);
    assert!(packages.stdout.contains("greet-libs\n"), "{}", packages.stdout);
    let json: Value = serde_json::from_str(&needs(&["--format", "json"]).stdout).unwrap();
    assert_eq!(json["needs"][1]["package"], "greet-libs");
    assert_eq!(json["needs"][1]["version"], "3.1-r2");
    assert_eq!(json["needs"][1]["needed_by"], serde_json::json!(["demo/_core.so"]));
}

#[test]
fn two_files_behind_one_name_are_two_needs_of_two_packages() {
    let sandbox = Sandbox::new();
    let two = object("x86_64/ext_two.so");
    sandbox.wheel(&wheel(NAME, "x86_64/ext_one.so").file_with_mode("demo/two.so", two, 0o755));
    let mut database = String::new();
    for name in ["one", "two"] {
        let (from, to) = (format!("opt/{name}"), sandbox.path().join("root/opt").join(name));
        std::fs::create_dir_all(&to).unwrap();
        let library = testdata("rootfs").join(&from).join("libtwin.so.1");
        std::fs::copy(library, to.join("libtwin.so.1")).unwrap();
        database.push_str(&format!("P:{name}-libs\nV:1-r0\nA:x86_64\nF:{from}\nR:libtwin.so.1\n\n"));
    }
    let installed = sandbox.path().join("root/lib/apk/db");
    std::fs::create_dir_all(&installed).unwrap();
    std::fs::write(installed.join("installed"), database).unwrap();
    let needs = |format: &str| {
        // The same wheel twice, as two wheels with the same needs: nothing is printed twice.
        sandbox.run(&["needs", NAME, NAME, "--sysroot", "root", "--format", format]).success().stdout
    };
    assert_eq!(needs("so"), "so:libtwin.so.1\n");
    assert_eq!(needs("pkg"), "one-libs\ntwo-libs\n");
    let json: Value = serde_json::from_str(&needs("json")).unwrap();
    let files: Vec<&str> =
        json["needs"].as_array().unwrap().iter().map(|need| need["path"].as_str().unwrap()).collect();
    assert_eq!(files, ["/opt/one/libtwin.so.1", "/opt/two/libtwin.so.1"]);
}

#[test]
fn a_database_of_packages_that_cannot_be_read_is_an_error_and_not_an_empty_one() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel(NAME, "x86_64/ext_plain.so"));
    std::fs::create_dir_all(sandbox.path().join("root/lib/apk/db/installed")).unwrap();
    for command in ["needs", "show", "verify", "repair"] {
        let run = sandbox.run(&[command, NAME, "--sysroot", "root"]);
        run.failure(1, &["error: cannot read `root/lib/apk/db/installed`: a directory"]);
    }
    assert_eq!(sandbox.outputs(), [""; 0]);
}

#[test]
fn packages_that_nobody_knows_are_an_error_of_needs() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel(NAME, "x86_64/ext_missing.so"));
    let root = testdata("rootfs");
    let run = sandbox.run(&["needs", NAME, "--format", "pkg", "--sysroot", root.to_str().unwrap()]);
    run.failure(1, &["no installed package provides `so:libabsent.so.7`, needed by `demo/_core.so`"]);
}

#[test]
fn what_there_is_nothing_to_say_about_is_an_error_of_the_call() {
    let sandbox = Sandbox::new();
    let site = sandbox.path().join("site");
    std::fs::create_dir(&site).unwrap();
    for file in [None, Some("pure.py")] {
        if let Some(file) = file {
            std::fs::write(site.join(file), "").unwrap();
        }
        for command in ["verify", "needs", "show"] {
            sandbox.run(&[command, "site"]).failure(2, &["there are no wheels and no ELF files in `site`"]);
        }
    }
}

#[test]
fn everything_below_a_directory_is_judged() {
    let sandbox = Sandbox::new();
    sandbox.wheel_in("all/dist", &wheel(MUSL, "x86_64/core.so"));
    let run = sandbox.run(&["verify", "all"]);
    assert_eq!(run.status, 1);
    assert!(run.stdout.starts_with(&format!("failed  all/dist/{MUSL}\n")), "{}", run.stdout);
    std::fs::write(sandbox.path().join("all/plain.so"), object("x86_64/ext_plain.so")).unwrap();
    let run = sandbox.run(&["verify", "all"]);
    assert_eq!(run.status, 1);
    assert!(run.stdout.contains("\nok      all  "), "{}", run.stdout);
    let quiet = sandbox.run(&["verify", "-q", "all"]);
    assert!(
        !quiet.stdout.contains("\nok  ") && quiet.stdout.starts_with("failed  all/dist/"),
        "{}",
        quiet.stdout
    );
    assert_eq!(sandbox.run(&["needs", "all"]).success().stdout, "so:libgreet.so.3\n");
}

#[test]
fn the_configuration_of_repair_is_that_of_verify() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel(NAME, "x86_64/core.so"));
    std::fs::write(sandbox.path().join("own.toml"), "exclude = ['libgreet.*']\n").unwrap();
    assert_eq!(sandbox.run(&["verify", NAME]).status, 1);
    sandbox.run(&["verify", NAME, "--config", "own.toml"]).success();
    let project = "[tool.muslrepair]\nexclude = ['libgreet.*']\n";
    std::fs::write(sandbox.path().join("pyproject.toml"), project).unwrap();
    sandbox.run(&["verify", NAME]).success();
    // Excluded libraries still have to be installed.
    assert_eq!(sandbox.run(&["needs", NAME]).success().stdout, "so:libgreet.so.3\n");
}

#[test]
fn what_does_not_load_is_not_said_to_load() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel("demo-1.0-cp312-cp312-manylinux_2_17_x86_64.whl", "x86_64/ext_glibc.so"));
    for command in ["verify", "show"] {
        let run = sandbox.run(&[command, "."]);
        assert!(!run.stdout.contains("loads on"), "{}", run.stdout);
        assert!(run.stdout.contains("error[glibc-object]"), "{}", run.stdout);
    }
    assert!(sandbox.run(&["show", "-v", "."]).success().stdout.contains(", glibc"));
    let needs = sandbox.run(&["needs", "."]).failure(1, &["warning: ", "was built for glibc"]);
    assert_eq!(needs.stdout, "");
    // Nor is what is allowed to be missing said to load nowhere.
    let allowed = Sandbox::new();
    allowed.wheel(&wheel(NAME, "x86_64/core.so"));
    let run = allowed.run(&["verify", NAME, "--allow", "missing-library"]).success();
    assert!(run.stdout.starts_with(&format!("ok      {NAME}\n")), "{}", run.stdout);
}

#[test]
fn findings_are_annotated_with_their_hints() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel(NAME, "x86_64/core.so"));
    let run = sandbox.run(&["verify", NAME, "--annotations", "github"]);
    let lines: Vec<&str> = run.stderr.lines().collect();
    assert_eq!(lines.len(), 2, "{}", run.stderr);
    assert!(lines[0].starts_with(&format!("::error title={NAME}%3A missing-library::`libgreet.so.3`")));
    assert!(lines[0].contains("%0Ahint: libraries of this machine do not count"), "{}", lines[0]);
    assert!(lines[1].starts_with(&format!("::warning title={NAME}%3A linux-tag::")), "{}", lines[1]);
}

#[test]
fn a_name_or_version_that_is_not_that_of_the_metadata_is_told() {
    let metadata =
        |name: &str, version: &str| format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n");
    for (name, version, said) in [
        ("Demo.Pkg", "1.0+cpu.1", None),
        ("demo--pkg", "1.0+CPU.1", None),
        ("other", "1.0+cpu.1", Some("`demo_pkg-1.0+cpu.1.dist-info/METADATA` has the name `other`")),
        ("demo-pkg", "2.0", Some("`demo_pkg-1.0+cpu.1.dist-info/METADATA` has the version `2.0`")),
    ] {
        let sandbox = Sandbox::new();
        let builder = wheel("demo_pkg-1.0+cpu.1-cp312-cp312-musllinux_1_2_x86_64.whl", "x86_64/ext_plain.so");
        sandbox.wheel(&builder.metadata("METADATA", metadata(name, version)));
        let run = sandbox.run(&["verify", "."]);
        // uv does not install it.
        assert_eq!(run.status, i32::from(said.is_some()), "{}", run.stdout);
        // One of them is about the local version.
        assert_eq!(run.stdout.matches("warning[refused-by-index]").count(), 1, "{}", run.stdout);
        let found = run.stdout.matches("error[refused-by-index]").count();
        assert_eq!(found, usize::from(said.is_some()), "{}", run.stdout);
        assert!(run.stdout.contains(said.unwrap_or_default()), "{}", run.stdout);
    }
}

#[test]
fn several_are_shown_apart_and_by_name() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel(NAME, "x86_64/ext_plain.so"));
    sandbox.wheel(&WheelBuilder::new("six-1.0-py3-none-any.whl").purelib().file("six.py", ""));
    std::fs::create_dir(sandbox.path().join("site")).unwrap();
    std::fs::write(sandbox.path().join("site/plain.so"), object("x86_64/ext_plain.so")).unwrap();
    let run = sandbox.run(&["show", "."]);
    assert_eq!(run.status, 1);
    for row in ["\ndemo-1.0-cp312  linux_x86_64 ", "\nsix-1.0         any ", "\n.               - "] {
        assert_eq!(run.stdout.matches(row).count(), 1, "{row}: {}", run.stdout);
    }
    assert!(run.stdout.ends_with("\n\n2 wheels and 1 tree: 1 to repair\n"), "{}", run.stdout);
    let all = sandbox.run(&["show", "-v", "."]).stdout;
    assert!(all.contains("  ELF files:\n    site/plain.so (x86_64, "), "{all}");
}
