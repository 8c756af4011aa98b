//! How many lines an answer has, and what each says.

use super::scenes::Scene;
use crate::support::sandbox::object;

fn lines(text: &str) -> usize {
    text.lines().count()
}

#[test]
fn verify_of_forty_wheels_fits_on_a_screen() {
    let sandbox = Scene::Forty.sandbox();
    let run = sandbox.run(&["verify", "dist"]);
    assert!(lines(&run.stdout) <= 57, "{} lines\n{}", lines(&run.stdout), run.stdout);
    assert_eq!(run.stderr, "");
    for number in 0..40 {
        assert_eq!(run.stdout.matches(&format!("dist/package{number:02}-")).count(), 1, "{}", run.stdout);
    }
}

#[test]
fn show_of_a_hundred_modules_is_a_third_of_a_screen() {
    let sandbox = Scene::Large.sandbox();
    let run = sandbox.run(&["show", "dist", "--sysroot", "root"]).success();
    assert!(lines(&run.stdout) <= 15, "{} lines\n{}", lines(&run.stdout), run.stdout);
    let all = sandbox.run(&["show", "-v", "dist", "--sysroot", "root"]).success();
    assert!(all.stdout.matches("_module").count() >= 100, "{}", all.stdout);
    assert!(all.stdout.contains("libchain_b.so.2 => "), "{}", all.stdout);
}

#[test]
fn each_copied_wheel_says_why() {
    let sandbox = Scene::Forty.sandbox();
    let run = sandbox.run(&["repair", "dist", "-w", "out", "--sysroot", "root"]);
    let line = |name: &str| run.stderr.lines().find(|line| line.contains(name)).unwrap().to_owned();
    assert!(line("package00").ends_with("  pure Python"), "{}", run.stderr);
    assert!(line("package02").ends_with("  nothing to repair"), "{}", run.stderr);
}

#[test]
fn the_path_of_a_result_follows_the_line_of_its_wheel() {
    let sandbox = Scene::Forty.sandbox();
    let run = sandbox.run(&["repair", "dist", "-w", "out", "--sysroot", "root"]);
    let lines: Vec<&str> = run.stderr.lines().collect();
    let done = |line: &&str| line.starts_with("repaired") || line.starts_with("copied");
    let places: Vec<usize> = (0..lines.len()).filter(|place| done(&lines[*place])).collect();
    assert_eq!(places.len(), 30, "{}", run.stderr);
    for place in places {
        let name = lines[place].split_whitespace().nth(1).unwrap();
        let written = lines[place + 1];
        assert!(written.starts_with("Fixed-up wheel written to /") && written.ends_with(name), "{written}");
    }
    let errors = lines.iter().position(|line| line.starts_with("error: cannot repair")).unwrap();
    assert!(lines[errors..].iter().all(|line| !done(line)), "{}", run.stderr);
    let totals = lines.iter().find(|line| line.starts_with("40 wheels in ")).unwrap();
    assert!(totals.contains(": 20 repaired, 10 copied, 10 failed (package06, package07, "), "{totals}");
}

#[test]
fn quiet_says_only_what_failed() {
    let sandbox = Scene::Forty.sandbox();
    for arguments in [
        &["-q", "repair", "dist", "-w", "out", "--sysroot", "root"][..],
        &["-q", "repair", "dist", "--dry-run", "-w", "out", "--sysroot", "root"],
        &["-q", "verify", "dist"],
        &["-q", "show", "dist", "--sysroot", "root"],
    ] {
        let run = sandbox.run(arguments);
        let said = run.stdout + &run.stderr;
        assert!(said.contains("package07"), "{arguments:?}: {said}");
        for fine in ["package00", "package02", "package05", "40 wheels", "warning:", "warning["] {
            assert!(!said.contains(fine), "{arguments:?}: {said}");
        }
    }
    let small = Scene::Small.sandbox();
    let run = small.run(&["-q", "show", "dist", "--sysroot", "root"]);
    assert_eq!((run.status, run.stdout, run.stderr), (0, String::new(), String::new()));
}

#[test]
fn needs_of_a_tree_names_the_distribution_of_each_module() {
    let sandbox = Scene::Small.sandbox();
    let site = sandbox.path().join("site");
    for directory in ["one", "two", "one-1.2.dist-info"] {
        std::fs::create_dir_all(site.join(directory)).unwrap();
    }
    std::fs::write(site.join("one/a.so"), object("x86_64/core.so")).unwrap();
    std::fs::write(site.join("two/b.so"), object("x86_64/core.so")).unwrap();
    std::fs::write(site.join("one-1.2.dist-info/RECORD"), "one/a.so,,\none-1.2.dist-info/RECORD,,\n")
        .unwrap();
    let run = sandbox.run(&["needs", "--why", "site", "--sysroot", "root"]).success();
    assert_eq!(run.stdout, "so:libgreet.so.3  one/a.so (one 1.2)\n                  two/b.so (site)\n");
    assert_eq!(sandbox.run(&["needs", "site", "--sysroot", "root"]).success().stdout, "so:libgreet.so.3\n");
}

#[test]
fn lddtree_says_that_a_file_was_built_for_glibc() {
    let sandbox = Scene::Small.sandbox();
    std::fs::write(sandbox.path().join("glibc.so"), object("x86_64/ext_glibc.so")).unwrap();
    std::fs::write(sandbox.path().join("musl.so"), object("x86_64/core.so")).unwrap();
    let run = sandbox.run(&["lddtree", "glibc.so", "musl.so", "--sysroot", "root"]).success();
    let (glibc, musl) = run.stdout.split_once("\n\n").unwrap();
    assert!(
        glibc.contains("\nnote: this file was built for glibc, and musl cannot load it"),
        "{}",
        run.stdout
    );
    assert!(
        musl.contains("libgreet.so.3  /usr/lib/libgreet.so.3") && !musl.contains("note:"),
        "{}",
        run.stdout
    );
}

#[test]
fn lddtree_draws_one_diagram_of_all_files() {
    let sandbox = Scene::Failure.sandbox();
    let run = |format: &str| {
        let wheels =
            ["dist/broken-1.0-cp312-cp312-linux_x86_64.whl", "dist/demo-1.0-cp312-cp312-linux_x86_64.whl"];
        let arguments = [&["lddtree"][..], &wheels, &["--sysroot", "root", "--format", format]].concat();
        sandbox.run(&arguments).success().stdout
    };
    let dot = run("dot");
    assert!(dot.starts_with("digraph libraries {\n") && dot.ends_with("}\n"), "{dot}");
    assert!(dot.contains("[label=\"libabsent.so.7\\nnot found\", color=red, style=bold];"), "{dot}");
    let mermaid = run("mermaid");
    assert!(mermaid.starts_with("flowchart LR\n  n0[\"broken/"), "{mermaid}");
    assert!(mermaid.contains("[\"libabsent.so.7<br>not found\"]:::missing\n"), "{mermaid}");
    assert_eq!(mermaid.matches("/libgreet.so.3").count(), 1, "{mermaid}");
}
