//! What people read, as snapshots: each command on one small wheel, a large one, forty wheels, a failure and warnings; on a
//! terminal of 60 and of 120 columns, with and without colours.

mod lines;
mod scenes;
mod terminal;

use scenes::Scene;

/// Runs a command in a scene, and compares what a terminal shows with the snapshot of this name.
fn shows(command: &str, scene: Scene, arguments: &[&str]) {
    let sandbox = scene.sandbox();
    let all: Vec<&str> = command.split(' ').chain(arguments.iter().copied()).collect();
    let shown = |columns: u16, color: &str| {
        let mut all = all.clone();
        all.extend(["--color", color]);
        let shown = terminal::run(&sandbox, columns, &all);
        let _ = std::fs::remove_dir_all(sandbox.out());
        shown
    };
    let mut snapshot = String::new();
    for columns in [60, 120] {
        let plain = shown(columns, "never");
        let coloured = shown(columns, "always");
        assert_eq!(terminal::without_colours(&coloured), plain, "a colour changes what is said");
        snapshot.push_str(&format!("--- {columns} columns\n{plain}\n"));
        if columns == 120 {
            snapshot
                .push_str(&format!("--- {columns} columns, in colours\n{}\n", terminal::named(&coloured)));
        }
    }
    let name = format!("{command} {scene:?}").to_lowercase();
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name.replace([' ', '-'], "_"), snapshot);
    });
}

const REPAIR: [&str; 4] = ["-w", "out", "--sysroot", "root"];

#[test]
fn repair_says_what_was_done_to_each_wheel() {
    for scene in Scene::ALL {
        let arguments = [&["dist"][..], &REPAIR].concat();
        shows("repair", scene, &arguments);
    }
}

#[test]
fn a_dry_run_says_what_would_be_done_to_each_wheel() {
    for scene in Scene::ALL {
        let arguments = [&["dist"][..], &REPAIR].concat();
        shows("repair --dry-run", scene, &arguments);
    }
}

#[test]
fn verify_says_first_whether_each_wheel_loads() {
    for scene in Scene::ALL {
        shows("verify", scene, &["dist"]);
    }
}

#[test]
fn show_says_what_a_wheel_is_and_what_a_repair_makes_of_it() {
    for scene in Scene::ALL {
        shows("show", scene, &["dist", "--sysroot", "root"]);
    }
}

#[test]
fn needs_says_which_module_of_which_wheel_needs_each_library() {
    for scene in Scene::ALL {
        shows("needs --why", scene, &["dist", "--sysroot", "root"]);
    }
}

#[test]
fn lddtree_says_where_each_library_is_and_why_it_is_left() {
    for scene in [Scene::Small, Scene::Failure, Scene::Warnings, Scene::Large] {
        let wheels = scene.sandbox().names("dist");
        let paths: Vec<String> = wheels.iter().map(|name| format!("dist/{name}")).collect();
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        shows("lddtree", scene, &[&paths[..], &["--sysroot", "root"]].concat());
    }
}
