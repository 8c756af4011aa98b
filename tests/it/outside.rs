//! Files outside the root file system and the named directories are not used.

use std::os::unix::fs::symlink;

use crate::support::elf_builder::{DT_RUNPATH, ElfBuilder};
use crate::support::sandbox::Sandbox;
use crate::support::wheel_builder::WheelBuilder;

const NAME: &str = "demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl";
const BUILT: &str = "demo-1.0-cp312-cp312-linux_x86_64.whl";
const NEEDED: &str = "libq.so.1";

/// A sandbox with an empty root file system in `root` and a module that needs [`NEEDED`], under a run path.
fn sandbox(name: &str, run_path: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    std::fs::create_dir_all(sandbox.path().join("root/usr/lib")).unwrap();
    let module = ElfBuilder::new().needed(NEEDED).text(DT_RUNPATH, run_path).build();
    sandbox.wheel(&WheelBuilder::new(name).file("demo/ext.so", module));
    sandbox
}

/// The path of a file in the sandbox.
fn at(sandbox: &Sandbox, path: &str) -> String {
    sandbox.path().join(path).to_str().unwrap().to_owned()
}

fn install(sandbox: &Sandbox, path: &str, bytes: impl AsRef<[u8]>) {
    let path = sandbox.path().join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

fn library() -> Vec<u8> {
    ElfBuilder::new().build()
}

/// Runs the program with these variables, and returns its status and all its output.
fn run(sandbox: &Sandbox, arguments: &[&str], variables: &[(&str, &str)]) -> (i32, String) {
    let output = sandbox.command().args(arguments).envs(variables.iter().copied()).output().unwrap();
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8(said).unwrap()).concat();
    (output.status.code().unwrap(), said)
}

#[test]
fn verify_counts_nothing_of_the_host() {
    let host = Sandbox::new();
    install(&host, &format!("lib/{NEEDED}"), library());
    install(&host, "empty/x", "");
    let (found, empty) = (at(&host, "lib"), at(&host, "empty"));
    // The module has an absolute run path; on the host it finds the library.
    let sandbox = sandbox(NAME, &found);
    let variables = ["LD_LIBRARY_PATH", "MUSLREPAIR_LD_LIBRARY_PATH", "AUDITWHEEL_LD_LIBRARY_PATH"];
    let variables = variables.map(|variable| (variable, found.as_str()));
    for options in [&[][..], &["--sysroot", "root"], &["--ldpaths", &empty], &["-l", &empty]] {
        let (status, said) = run(&sandbox, &[&["verify", NAME], options].concat(), &variables);
        assert_eq!(status, 1, "{options:?}: {said}");
        assert!(said.contains("`libq.so.1`, needed by `demo/ext.so`, was not found"), "{said}");
    }
    // Named directories are used, and so are files in the root.
    for options in [["-l", &found], ["--ldpaths", &found]] {
        assert_eq!(run(&sandbox, &[&["verify", NAME], &options[..]].concat(), &[]).0, 0, "{options:?}");
    }
    install(&sandbox, &format!("root/{found}/{NEEDED}"), library());
    assert_eq!(run(&sandbox, &["verify", NAME, "--sysroot", "root"], &[]).0, 0);
}

/// A root belongs to another machine: the loader's variable is for programs of this one. muslrepair's
/// variable is for muslrepair.
#[test]
fn the_loaders_variable_does_not_count_where_a_root_is_named() {
    let sandbox = sandbox(BUILT, "");
    install(&sandbox, &format!("host/{NEEDED}"), library());
    let (host, place) = (at(&sandbox, "host"), format!("{}/{NEEDED}", at(&sandbox, "host")));
    install(&sandbox, "tree/demo/ext.so", ElfBuilder::new().needed(NEEDED).build());
    let commands: [&[&str]; 5] = [
        &["show", "--format", "json", BUILT],
        &["show", "--format", "json", "tree"],
        &["needs", "--format", "json", BUILT],
        &["lddtree", "tree/demo/ext.so"],
        &["repair", "--dry-run", BUILT],
    ];
    for command in commands {
        let with_root = [command, &["--sysroot", "root"]].concat();
        let (_, said) = run(&sandbox, &with_root, &[("LD_LIBRARY_PATH", &host)]);
        assert!(!said.contains(&place), "{command:?}: {said}");
        if command[0] != "needs" {
            let (_, said) = run(&sandbox, command, &[("LD_LIBRARY_PATH", &host)]);
            assert!(said.contains(&place), "{command:?}: {said}");
            let (_, said) = run(&sandbox, &with_root, &[("MUSLREPAIR_LD_LIBRARY_PATH", &host)]);
            assert!(said.contains(&place), "{command:?}: {said}");
        }
    }
}

/// Seen from outside they point to the host.
#[test]
fn absolute_links_of_a_root_lead_nowhere_else_however_they_are_named() {
    let sandbox = sandbox(NAME, "");
    install(&sandbox, &format!("host/{NEEDED}"), library());
    let (host, target) = (at(&sandbox, "host"), format!("{}/{NEEDED}", at(&sandbox, "host")));
    symlink(&target, sandbox.path().join("root/usr/lib").join(NEEDED)).unwrap();
    symlink(&host, sandbox.path().join("root/opt")).unwrap();
    let verify =
        |options: &[&str]| run(&sandbox, &[&["verify", NAME, "--sysroot", "root"], options].concat(), &[]).0;
    let options: [&[&str]; 4] =
        [&[], &["-l", "root/usr/lib"], &["-l", "root/opt"], &["--ldpaths", "root/opt"]];
    for options in options {
        assert_eq!(verify(options), 1, "{options:?}");
    }
    install(&sandbox, &format!("root/{target}"), library());
    for options in options {
        assert_eq!(verify(options), 0, "{options:?}");
    }
}

/// `lddtree` of a program in the root: its surroundings are inside the root too.
#[test]
fn a_file_of_the_root_has_its_run_path_in_there() {
    let sandbox = sandbox(NAME, "");
    install(&sandbox, &format!("host/{NEEDED}"), library());
    let module = ElfBuilder::new().needed(NEEDED).text(DT_RUNPATH, "$ORIGIN/../plugins").build();
    install(&sandbox, "root/usr/bin/ext.so", module);
    symlink(at(&sandbox, "host"), sandbox.path().join("root/usr/plugins")).unwrap();
    let tree = || run(&sandbox, &["lddtree", "root/usr/bin/ext.so", "--sysroot", "root"], &[]).1;
    assert!(tree().contains("not found"), "{}", tree());
    install(&sandbox, &format!("root/{}/{NEEDED}", at(&sandbox, "host")), library());
    assert!(tree().contains(&format!("{}/{NEEDED}", at(&sandbox, "host"))), "{}", tree());
    // A file outside has its surroundings outside.
    let module = ElfBuilder::new().needed(NEEDED).text(DT_RUNPATH, "$ORIGIN/../host").build();
    install(&sandbox, "bin/ext.so", module);
    let said = run(&sandbox, &["lddtree", "bin/ext.so", "--sysroot", "root"], &[]).1;
    assert!(said.contains(&format!("host/{NEEDED}")), "{said}");
}

#[test]
fn needed_paths_are_opened_in_the_root() {
    let sandbox = Sandbox::new();
    std::fs::create_dir_all(sandbox.path().join("root")).unwrap();
    install(&sandbox, "host/libp.so", library());
    let path = at(&sandbox, "host/libp.so");
    let module = ElfBuilder::new().needed(&path).build();
    sandbox.wheel(&WheelBuilder::new(NAME).file("demo/ext.so", module));
    for options in [&[][..], &["--sysroot", "root"], &["--ldpaths", "root"]] {
        assert_eq!(run(&sandbox, &[&["verify", NAME], options].concat(), &[]).0, 1, "{options:?}");
    }
}

/// A named directory does not include another one whose name begins the same, nor directories above or beside
/// it.
#[test]
fn a_run_path_of_a_named_directory_leads_no_further_than_that_directory() {
    let outcome = |run_path: &str| {
        let sandbox = sandbox(BUILT, "");
        let run_path = run_path.replace("DIR", &at(&sandbox, ""));
        let inner = ElfBuilder::new().needed("libinner.so.1").text(DT_RUNPATH, &run_path).build();
        install(&sandbox, &format!("hx/{NEEDED}"), inner);
        for directory in ["hxyz", "other", "hx/sub"] {
            install(&sandbox, &format!("{directory}/libinner.so.1"), library());
        }
        symlink("../other", sandbox.path().join("hx/link")).unwrap();
        let hx = at(&sandbox, "hx");
        let repaired = run(&sandbox, &["repair", BUILT, "-w", "out", "--sysroot", "root", "-l", &hx], &[]).0;
        // Relative to the working directory.
        let relative = run(&sandbox, &["repair", BUILT, "-w", "out", "--sysroot", "root", "-l", "hx"], &[]).0;
        assert_eq!(repaired, relative, "{run_path}");
        repaired
    };
    for run_path in [
        "DIR/hxyz",
        "$ORIGINyz",
        "$ORIGIN/../hxyz",
        "DIR/hx/../hxyz",
        "$ORIGIN/sub/../../other",
        "$ORIGIN/link",
    ] {
        assert_eq!(outcome(run_path), 1, "{run_path}");
    }
    for run_path in
        ["DIR/hx/sub", "$ORIGIN/sub", "${ORIGIN}/./sub/../sub", "$ORIGIN/../hx/sub", "$ORIGIN/sub/"]
    {
        assert_eq!(outcome(run_path), 0, "{run_path}");
    }
}
