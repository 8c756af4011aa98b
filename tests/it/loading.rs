//! The effects of musl's order of loading on wheels and trees, and how a repair fixes problems with it.

use crate::support::elf_builder::{DT_RUNPATH, ElfBuilder};
use crate::support::sandbox::{Repaired, Sandbox, object, testdata};
use crate::support::wheel_builder::WheelBuilder;
use muslrepair::elf::{ElfEdit, RunPathEdit, patch};

const NAME: &str = "demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl";

fn needing(name: &str, run_path: &str) -> Vec<u8> {
    ElfBuilder::new().needed(name).text(DT_RUNPATH, run_path).build()
}

fn repaired(builder: &WheelBuilder) -> (Repaired, String) {
    let sandbox = Sandbox::new();
    sandbox.wheel(builder);
    let said = sandbox.repair(&[]).success().stderr;
    let result = sandbox.result();
    sandbox.run(&["verify", "out"]).success();
    (result, said)
}

fn refused_by_verify(builder: &WheelBuilder) -> String {
    let sandbox = Sandbox::new();
    let wheel = sandbox.wheel(builder);
    sandbox.run(&["verify", wheel.to_str().unwrap()]).failure(1, &[]).stdout
}

#[test]
fn a_library_gets_the_run_path_that_only_another_module_had() {
    let builder = WheelBuilder::new(NAME)
        .file("demo/ext1.so", needing("liba.so", "$ORIGIN/a"))
        .file("demo/ext2.so", needing("liba.so", "$ORIGIN/a:$ORIGIN/b"))
        .file("demo/a/liba.so", ElfBuilder::new().needed("libb.so").build())
        .file("demo/b/libb.so", ElfBuilder::new().build());
    let said = refused_by_verify(&builder);
    assert!(said.contains("error[inherited-run-path]: `demo/a/liba.so` does not find `libb.so`"), "{said}");
    let (result, said) = repaired(&builder);
    assert!(
        said.contains("adding to the run path of `demo/a/liba.so`, so that it finds its libraries"),
        "{said}"
    );
    assert_eq!(result.facts("demo/a/liba.so").run_path(), Some("$ORIGIN/../b"));
    assert_eq!(result.facts("demo/ext1.so").run_path(), Some("$ORIGIN/a"));
}

#[test]
fn a_path_that_is_needed_becomes_a_name() {
    let builder = WheelBuilder::new(NAME)
        .file("demo/ext.so", needing("sub/libb.so", "$ORIGIN"))
        .file("demo/sub/libb.so", ElfBuilder::new().build());
    let said = refused_by_verify(&builder);
    assert!(said.contains("error[needed-path]: `demo/ext.so` needs `sub/libb.so`"), "{said}");
    let (result, _) = repaired(&builder);
    let facts = result.facts("demo/ext.so");
    assert_eq!(
        (facts.needed, facts.rpath.as_deref()),
        (vec!["libb.so".to_owned()], Some("$ORIGIN:$ORIGIN/sub"))
    );
}

/// A build tool's `build` directory is not in the wheel, and the kernel stops there.
#[test]
fn a_run_path_through_a_missing_directory_does_not_lead_to_grafts() {
    let core = patch(
        object("x86_64/core.so"),
        &ElfEdit {
            run_path: RunPathEdit::Set("$ORIGIN/../build/../demo.libs".to_owned()),
            ..ElfEdit::default()
        },
    );
    let (result, _) = repaired(&WheelBuilder::new(NAME).file("demo/core.so", core.unwrap().bytes));
    assert_eq!(result.facts("demo/core.so").run_path(), Some("$ORIGIN/../demo.libs"));
}

#[test]
fn what_cannot_be_loaded_ends_the_search() {
    let builder = |name: &str| {
        WheelBuilder::new(NAME)
            .file("demo/ext.so", needing("libb.so.1", "$ORIGIN/a:$ORIGIN/b"))
            .file(name, "libb.so.1.2")
            .file("demo/b/libb.so.1", ElfBuilder::new().build())
    };
    for (name, reason) in
        [("demo/a/libb.so.1", "not a file that can be loaded"), ("demo/a/libb.so.1/x", "a directory")]
    {
        let said = refused_by_verify(&builder(name));
        assert!(said.contains(&format!("/a/libb.so.1` ({reason})")), "{said}");
    }
    let sandbox = Sandbox::new();
    sandbox.wheel(&builder("demo/c/libb.so.1"));
    sandbox.run(&["verify", "."]).success();
}

#[test]
fn a_program_that_moves_keeps_the_run_path_that_its_libraries_inherit() {
    let edit = ElfEdit {
        run_path: RunPathEdit::Set(
            "$ORIGIN/../lib/python3.12/site-packages/demo/x:$ORIGIN/../lib/python3.12/site-packages/demo/y:/opt/lib"
                .to_owned(),
        ),
        ..ElfEdit::default()
    };
    let tool = patch(object("x86_64/tool"), &edit).unwrap().bytes;
    let builder = WheelBuilder::new(NAME)
        .file_with_mode("demo-1.0.data/scripts/tool", tool, 0o755)
        .file("demo/x/liba.so", ElfBuilder::new().build());
    let (result, said) = repaired(&builder);
    let program = result.facts("demo.scripts/tool");
    assert_eq!(program.run_path(), Some("$ORIGIN/../demo/x:$ORIGIN/../demo/y:$ORIGIN/../demo.libs"));
    assert!(said.contains("because it is outside the wheel: `/opt/lib`\n"), "{said}");
}

#[cfg(unix)]
#[test]
fn links_inside_a_tree_are_followed() {
    let sandbox = Sandbox::new();
    let tree = sandbox.path().join("site");
    std::fs::create_dir_all(tree.join("demo/real")).unwrap();
    std::fs::write(tree.join("demo/ext.so"), needing("libq.so.1", "$ORIGIN/lib")).unwrap();
    std::fs::write(tree.join("demo/real/libq.so.1.2"), ElfBuilder::new().build()).unwrap();
    let verify = || sandbox.run(&["verify", "site"]);
    verify().failure(1, &[]);
    std::os::unix::fs::symlink("libq.so.1.2", tree.join("demo/real/libq.so.1")).unwrap();
    std::os::unix::fs::symlink("../demo/real", tree.join("demo/lib")).unwrap();
    verify().success();
    std::fs::remove_file(tree.join("demo/lib")).unwrap();
    std::os::unix::fs::symlink("/", tree.join("demo/lib")).unwrap();
    verify().failure(1, &[]);
}

#[cfg(unix)]
#[test]
fn lddtree_shows_what_one_process_loads() {
    let sandbox = Sandbox::new();
    let add = |path: &str, bytes: Vec<u8>| {
        let path = sandbox.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    let root = ElfBuilder::new().needed("libx.so").needed("liby.so").text(DT_RUNPATH, "$ORIGIN").build();
    add("bin/ext.so", root);
    add("bin/libx.so", needing("libdup.so", "$ORIGIN/x"));
    add("bin/liby.so", needing("libdup.so", "$ORIGIN/y"));
    for directory in ["x", "y"] {
        add(&format!("bin/{directory}/libdup.so"), ElfBuilder::new().text(DT_RUNPATH, directory).build());
    }
    let tree = sandbox.run(&["lddtree", "bin/ext.so"]).success().stdout;
    assert!(tree.contains("/x/libdup.so\n") && tree.contains("/x/libdup.so (above)\n"), "{tree}");
    assert!(!tree.contains("/y/libdup.so"), "{tree}");
}

fn other(name: &str) -> WheelBuilder {
    WheelBuilder::new(&format!("{name}-1.0-cp312-cp312-musllinux_1_2_x86_64.whl"))
}

#[test]
fn wheels_that_are_installed_together_find_each_others_libraries() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&other("first").file("first/ext.so", needing("libshared.so.1", "$ORIGIN/../second/lib")));
    sandbox.wheel(
        &other("second").file("second/lib/libshared.so.1", needing("libthird.so.1", "$ORIGIN/../../third")),
    );
    sandbox.wheel(&other("third").file("third/libthird.so.1", ElfBuilder::new().build()));
    sandbox.run(&["verify", "."]).success();
    std::fs::remove_file(sandbox.path().join("third-1.0-cp312-cp312-musllinux_1_2_x86_64.whl")).unwrap();
    let said = sandbox.run(&["verify", "."]).failure(1, &[]).stdout;
    assert!(said.contains("`libthird.so.1`, needed by `second/lib/libshared.so.1`, was not found"), "{said}");
}

/// A directory has builds of one project for several Pythons and machines. Nobody installs those together.
#[test]
fn builds_of_one_project_are_not_installed_together() {
    let sandbox = Sandbox::new();
    for python in ["cp311", "cp312"] {
        let name = format!("demo-1.0-{python}-{python}-musllinux_1_2_x86_64.whl");
        let library = ElfBuilder::new().text(DT_RUNPATH, python).build();
        let builder = WheelBuilder::new(&name);
        sandbox
            .wheel(&builder.file("demo/ext.so", needing("liba.so", "$ORIGIN")).file("demo/liba.so", library));
    }
    let said = sandbox.run(&["verify", "."]).success().stdout;
    assert!(!said.contains("duplicate-name"), "{said}");
}

#[test]
fn two_wheels_with_different_libraries_of_one_name_are_told() {
    let sandbox = Sandbox::new();
    for name in ["first", "second"] {
        let library = ElfBuilder::new().text(DT_RUNPATH, name).build();
        let builder = other(name).file(&format!("{name}/ext.so"), needing("libdup.so", "$ORIGIN"));
        sandbox.wheel(&builder.file(&format!("{name}/libdup.so"), library));
    }
    let said = sandbox.run(&["verify", "-v", "."]).success().stdout;
    assert_eq!(
        said.matches("warning[duplicate-name]: different libraries are named `libdup.so`").count(),
        2,
        "{said}"
    );
    std::fs::remove_file(sandbox.path().join("second-1.0-cp312-cp312-musllinux_1_2_x86_64.whl")).unwrap();
    let said = sandbox.run(&["verify", "."]).success().stdout;
    assert!(!said.contains("duplicate-name"), "{said}");
}

/// A library `libq.so.1` in `demo/priv`, and a module that finds it through this run path.
fn through(run_path: &str) -> WheelBuilder {
    WheelBuilder::new(NAME)
        .file("demo/ext.so", needing("libq.so.1", run_path))
        .file("demo/priv/libq.so.1", ElfBuilder::new().build())
}

/// Repairs a wheel while the host has a library with the same name, and returns the grafts.
fn grafts(builder: &WheelBuilder) -> Vec<String> {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path().join("host")).unwrap();
    let other = ElfBuilder::new().text(DT_RUNPATH, "/other").build();
    std::fs::write(sandbox.path().join("host/libq.so.1"), other).unwrap();
    sandbox.wheel(builder);
    sandbox.repair(&["-l", "host", "--published", "fix"]).success();
    sandbox.result().below("demo.libs")
}

#[test]
fn a_run_path_leads_through_every_directory_that_a_wheel_installs() {
    let cases = [
        ("$ORIGIN/sub/../priv", "demo/sub/data.txt"),
        ("$ORIGIN/sub/deep/../../priv", "demo/sub/deep/data.txt"),
        ("$ORIGIN/.//sub/./../priv/", "demo/sub/data.txt"),
        ("$ORIGIN/../other/../demo/priv", "demo-1.0.data/purelib/other/data.py"),
        ("$ORIGIN/../../../../share/../lib/python3.12/site-packages/demo/priv", "demo-1.0.data/data/share/x"),
        ("$ORIGIN/../../../../bin/../lib/python3.12/site-packages/demo/priv", "demo-1.0.data/scripts/tool"),
        ("$ORIGIN/../demo-1.0.dist-info/../demo/priv", "demo/data.txt"),
        ("$ORIGIN/../demo-1.0.dist-info/licenses/../../demo/priv", "demo-1.0.dist-info/licenses/LICENSE"),
    ];
    for (run_path, file) in cases {
        let builder = through(run_path).file(file, "text");
        assert_eq!(grafts(&builder), [""; 0], "{run_path}");
        let (result, _) = repaired(&builder);
        assert_eq!(result.below("demo.libs"), [""; 0], "{run_path}");
    }
    // Installers also install files that RECORD does not list.
    assert_eq!(
        grafts(&through("$ORIGIN/sub/../priv").file("demo/sub/x", "").unlisted("demo/sub/x")),
        [""; 0]
    );
}

/// The kernel finds nothing after a missing directory or after a file.
#[test]
fn a_run_path_does_not_lead_through_what_is_no_directory() {
    let cases = [
        ("$ORIGIN/sub/../priv", "demo/subs/data.txt"),
        ("$ORIGIN/sub/../priv", "demo/sub"),
        ("$ORIGIN/priv/libq.so.1/../../priv", "demo/data.txt"),
        ("$ORIGIN/sub/none/../../priv", "demo/sub/data.txt"),
        ("$ORIGIN/../demo-1.0.data/../demo/priv", "demo-1.0.data/data/share/x"),
    ];
    for (run_path, file) in cases {
        let said = refused_by_verify(&through(run_path).file(file, "text"));
        assert!(said.contains("`libq.so.1`, needed by `demo/ext.so`, was not found"), "{run_path}: {said}");
    }
}

#[cfg(unix)]
#[test]
fn a_run_path_leads_through_the_directories_and_links_of_a_tree() {
    let verdict = |run_path: &str| {
        let sandbox = Sandbox::new();
        let demo = sandbox.path().join("site/demo");
        for directory in ["priv", "sub", "empty/deep", "../elsewhere/real", "../elsewhere/priv"] {
            std::fs::create_dir_all(demo.join(directory)).unwrap();
        }
        std::fs::create_dir_all(sandbox.path().join("outside/priv")).unwrap();
        std::fs::write(demo.join("sub/data.txt"), "text").unwrap();
        std::fs::write(demo.join("ext.so"), needing("libq.so.1", run_path)).unwrap();
        for directory in ["site/demo/priv", "outside/priv"] {
            let path = sandbox.path().join(directory).join("libq.so.1");
            std::fs::write(path, ElfBuilder::new().build()).unwrap();
        }
        for (target, link) in [
            ("sub", "link"),
            ("../elsewhere/real", "far"),
            ("../../demo", "../elsewhere/real/back"),
            ("..", "up"),
            ("../../outside/priv", "out"),
            ("sub/data.txt", "text"),
            ("../priv/libq.so.1", "sub/libq.so.1"),
        ] {
            std::os::unix::fs::symlink(target, demo.join(link)).unwrap();
        }
        let root = testdata("rootfs");
        sandbox.run(&["verify", "site", "--sysroot", root.to_str().unwrap()]).status
    };
    for run_path in [
        "$ORIGIN/sub/../priv",
        "$ORIGIN/empty/../priv",
        "$ORIGIN/empty/deep/.././../priv",
        "$ORIGIN/link/../priv",
        "$ORIGIN/link/",
        "$ORIGIN/far/../../demo/priv",
        "$ORIGIN/far/back/priv",
        "$ORIGIN/up/demo/priv",
    ] {
        assert_eq!(verdict(run_path), 0, "{run_path}");
    }
    for run_path in [
        // Not the directory of the link, but that of its target.
        "$ORIGIN/far/../priv",
        "$ORIGIN/none/../priv",
        "$ORIGIN/sub/data.txt/../../priv",
        "$ORIGIN/text/../priv",
        "$ORIGIN/out",
        "$ORIGIN/out/../priv",
    ] {
        assert_eq!(verdict(run_path), 1, "{run_path}");
    }
}

#[test]
fn a_run_path_leads_through_the_directories_of_a_wheel_installed_beside() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&other("first").file("first/ext.so", needing("libshared.so.1", "$ORIGIN/../second/lib")));
    sandbox.wheel(
        &other("second")
            .file("second/lib/libshared.so.1", needing("libthird.so.1", "$ORIGIN/sub/../../priv"))
            .file("second/lib/sub/data.txt", "text")
            .file("second/priv/libthird.so.1", ElfBuilder::new().build()),
    );
    sandbox.run(&["verify", "."]).success();
}
