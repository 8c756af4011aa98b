//! Command lines that are in use with auditwheel, with the name of the program changed: one test per line.
//! Where a line starts auditwheel through Python or `uvx`, the program stands in that place.

use crate::support::sandbox::{Repaired, Run, Sandbox, object};
use crate::support::wheel_builder::WheelBuilder;

const LINUX: &str = "demo-1.0-cp312-cp312-linux_x86_64.whl";
const MUSLLINUX: &str = "demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl";
const CORE: &str = "demo/_core.cpython-312-x86_64-linux-musl.so";

fn wheel(name: &str) -> WheelBuilder {
    WheelBuilder::new(name).file("demo/__init__.py", "").file_with_mode(CORE, object("x86_64/core.so"), 0o755)
}

/// A wheel of another architecture without external libraries.
fn plain(name: &str, arch: &str) -> WheelBuilder {
    WheelBuilder::new(name).file("demo/plain.so", object(&format!("{arch}/libgreet.so.3")))
}

/// A sandbox with one wheel in `directory`, in which the line has run.
fn ran(directory: &str, builder: &WheelBuilder, line: &str) -> (Sandbox, Run) {
    let sandbox = Sandbox::new();
    sandbox.wheel_in(directory, builder);
    let run = sandbox.shell(line);
    (sandbox, run)
}

/// Checks that a directory holds exactly this wheel with exactly one graft.
fn is_repaired(sandbox: &Sandbox, directory: &str, name: &str) -> Repaired {
    assert_eq!(sandbox.names(directory), [name]);
    let result = Repaired::open(&sandbox.path().join(directory).join(name));
    assert_eq!(result.below("demo.libs").len(), 1);
    result
}

#[test]
fn cibuildwheels_default_makes_exactly_one_wheel_and_nothing_else() {
    // The directory exists and is empty; paths are absolute; the working directory is the project.
    let line = "mkdir out; muslrepair repair -w \"$PWD/out\" \"$PWD/built/\"*.whl";
    let (sandbox, run) = ran("built", &wheel(LINUX), line);
    run.success();
    is_repaired(&sandbox, "out", MUSLLINUX);
}

#[test]
fn the_suffix_is_appended_to_the_name_verbatim() {
    let (sandbox, run) = ran(".", &wheel(LINUX), "muslrepair repair --lib-sdir . -w out demo*.whl");
    run.success();
    assert_eq!(sandbox.result().below("demo.").len(), 1);
}

#[test]
fn strip_needs_no_other_program() {
    let (sandbox, run) = ran(".", &wheel(LINUX), "muslrepair repair --strip -w out demo*.whl");
    run.success();
    is_repaired(&sandbox, "out", MUSLLINUX);
}

#[test]
fn the_self_test_of_the_musllinux_images_repairs_in_place() {
    let line =
        "D=$PWD/dist; muslrepair repair --only-plat -w \"$D\" \"$D/demo-1.0-cp312-cp312-linux_x86_64.whl\"";
    let (sandbox, run) = ran("dist", &wheel(LINUX), line);
    run.success();
    assert_eq!(sandbox.names("dist"), [LINUX, MUSLLINUX]);
}

#[test]
fn home_assistants_builder_gets_one_platform_tag() {
    let (sandbox, run) = ran(".", &wheel(LINUX), "muslrepair repair -w temp demo*.whl");
    run.success();
    is_repaired(&sandbox, "temp", MUSLLINUX);
}

#[test]
fn what_cannot_be_repaired_is_left_to_the_caller_and_nothing_half_written() {
    let line = "mkdir wheels; muslrepair repair -w wheels demo*.whl || mv demo*.whl wheels/";
    let broken = WheelBuilder::new(LINUX).file("demo/_core.so", object("x86_64/ext_missing.so"));
    let (sandbox, run) = ran(".", &broken, line);
    run.success();
    assert_eq!(sandbox.names("wheels"), [LINUX]);
    let (sandbox, run) = ran(".", &wheel(LINUX), line);
    run.success();
    assert_eq!(sandbox.names("wheels"), [MUSLLINUX]);
}

#[test]
fn everything_that_is_said_can_go_to_a_log() {
    let line = "muslrepair repair --plat musllinux_1_2_x86_64 -w repaired wheels/*.whl > log 2>&1; cat log";
    let (sandbox, run) = ran("wheels", &wheel(LINUX), line);
    assert!(run.success().stdout.lines().last().unwrap().starts_with("Fixed-up wheel written to /"));
    is_repaired(&sandbox, "repaired", MUSLLINUX);
}

#[test]
fn wheel_dir_in_its_long_form_is_created_with_its_parents() {
    let line =
        "muslrepair repair --plat musllinux_1_2_x86_64 --wheel-dir artifacts/wheels artifacts/raw/*.whl";
    let (sandbox, run) = ran("artifacts/raw", &wheel(LINUX), line);
    run.success();
    is_repaired(&sandbox, "artifacts/wheels", MUSLLINUX);
}

#[test]
fn only_plat_and_plat_go_together() {
    let line = "work=$PWD/work; muslrepair repair --plat musllinux_1_2_x86_64 --only-plat \
                --wheel-dir \"$work/repaired\" \"$work\"/unrepaired/*.whl";
    let (sandbox, run) = ran("work/unrepaired", &wheel(LINUX), line);
    run.success();
    is_repaired(&sandbox, "work/repaired", MUSLLINUX);
}

#[test]
fn another_architecture_and_an_older_musl_into_the_default_directory() {
    let line = "muslrepair repair --plat musllinux_1_1_aarch64 dist/awscrt-*cp38*.whl";
    let (sandbox, run) = ran("dist", &plain("awscrt-1.0-cp38-cp38-linux_aarch64.whl", "aarch64"), line);
    run.success();
    assert_eq!(sandbox.names("wheelhouse"), ["awscrt-1.0-cp38-cp38-musllinux_1_1_aarch64.whl"]);
}

#[test]
fn armv8l_is_the_architecture_of_32_or_64_bit_wheels() {
    let line = "muslrepair repair --plat musllinux_1_2_$(echo armv8l) -w repaired raw/*.whl";
    for (arch, tag) in [("armv7l", "armv7l"), ("aarch64", "aarch64")] {
        let (sandbox, run) =
            ran("raw", &plain(&format!("demo-1.0-cp312-cp312-linux_{arch}.whl"), arch), line);
        run.success();
        assert_eq!(sandbox.names("repaired"), [format!("demo-1.0-cp312-cp312-musllinux_1_2_{tag}.whl")]);
    }
    let (_, run) = ran("raw", &wheel(LINUX), line);
    run.failure(2, &["cannot repair a wheel for x86_64 to `musllinux_1_2_armv8l`"]);
}

#[test]
fn options_may_follow_the_wheel() {
    let line = "muslrepair repair -w wheelhouse/ wheelhouse/demo-1.0-cp312-cp312-linux_x86_64.whl --strip";
    let (sandbox, run) = ran("wheelhouse", &wheel(LINUX), line);
    run.success();
    assert_eq!(sandbox.names("wheelhouse"), [LINUX, MUSLLINUX]);
}

#[test]
fn a_repaired_wheel_is_shown_with_its_tag() {
    let (_, run) = ran(
        "wheelhouse",
        &wheel(LINUX),
        "muslrepair repair -w repaired wheelhouse/*.whl; muslrepair show repaired/*.whl",
    );
    let sentence =
        format!("{MUSLLINUX} is consistent with the following platform tag: \"musllinux_1_2_x86_64\".");
    assert!(run.success().stdout.contains(&sentence));
}

#[test]
fn showing_a_platform_wheel_succeeds_also_when_it_needs_repair() {
    let line = "for whl in dist_wheels/*.whl; do muslrepair show \"${whl}\"; done";
    let (_, run) = ran("dist_wheels", &wheel(LINUX), line);
    assert!(run.success().stdout.contains("\"linux_x86_64\""));
}

#[test]
fn the_wheel_may_come_before_the_options() {
    let line = "for whl in dist_wheels/*.whl; do muslrepair repair \"${whl}\" --wheel-dir wheels/; done";
    let (sandbox, run) = ran("dist_wheels", &wheel(LINUX), line);
    run.success();
    is_repaired(&sandbox, "wheels", MUSLLINUX);
}

#[test]
fn show_tells_pure_wheels_from_others_by_its_exit_status() {
    let line = "AUDITWHEEL_PLAT=musllinux_1_2_x86_64; for wheel in raw/*.whl; do \
                if ! muslrepair show \"$wheel\"; then echo \"Skipping $wheel\"; \
                else muslrepair repair \"$wheel\" --plat \"$AUDITWHEEL_PLAT\" -w io/wheelhouse/; fi; done";
    let sandbox = Sandbox::new();
    sandbox.wheel_in("raw", &wheel(LINUX));
    sandbox.wheel_in("raw", &WheelBuilder::new("six-1.0-py3-none-any.whl").purelib().file("six.py", ""));
    let run = sandbox.shell(line).success();
    assert!(run.stdout.ends_with("Skipping raw/six-1.0-py3-none-any.whl\n"), "{}", run.stdout);
    is_repaired(&sandbox, "io/wheelhouse", MUSLLINUX);
}

#[test]
fn verbose_comes_before_the_verb() {
    let line = "muslrepair -v repair --plat musllinux_1_2_x86_64 demo*.whl";
    let (sandbox, run) = ran(".", &wheel(LINUX), line);
    assert!(run.success().stderr.contains("NEEDED libgreet.so.3 -> "));
    is_repaired(&sandbox, "wheelhouse", MUSLLINUX);
}

#[test]
fn verbose_in_its_long_form_or_after_the_verb() {
    for line in
        ["muslrepair --verbose repair -w out demo*.whl", "muslrepair repair -w out demo*.whl --verbose"]
    {
        let (_, run) = ran(".", &wheel(LINUX), line);
        assert!(run.success().stderr.contains("NEEDED libgreet.so.3 -> "), "{line}");
    }
}

#[test]
fn instead_of_the_python_module_with_the_directory_last() {
    let (sandbox, run) = ran("dist", &wheel(LINUX), "muslrepair repair dist/*.whl -w wheelhouse");
    run.success();
    is_repaired(&sandbox, "wheelhouse", MUSLLINUX);
}

#[test]
fn everything_in_dist_must_be_a_wheel() {
    let line = "muslrepair repair -w final_dist dist/*";
    let (sandbox, run) = ran("dist", &wheel(LINUX), line);
    run.success();
    is_repaired(&sandbox, "final_dist", MUSLLINUX);
    let line = format!("touch dist/demo-1.0.tar.gz; {line}");
    let (sandbox, run) = ran("dist", &wheel(LINUX), &line);
    run.failure(2, &["`dist/demo-1.0.tar.gz` is not named `*.whl`"]);
    assert_eq!(sandbox.names("final_dist"), [""; 0]);
}

#[test]
fn instead_of_uvx_with_level_and_exclusions() {
    let line = "muslrepair repair dist/*.whl -w dist/wheelhouse -z 9 --exclude libgreet.so.3 --exclude b.so";
    let (sandbox, run) = ran("dist", &wheel(LINUX), line);
    assert!(run.success().stderr.contains("warning: `--exclude b.so` matched nothing"));
    let result = Repaired::open(&sandbox.path().join("dist/wheelhouse").join(MUSLLINUX));
    assert_eq!(result.facts(CORE).needed[0], "libgreet.so.3");
}

#[test]
fn instead_of_uvx_from_with_the_platform_of_the_image() {
    let line = "AUDITWHEEL_PLAT=musllinux_1_2_x86_64; export AUDITWHEEL_PLAT; \
                export AUDITWHEEL_POLICY=musllinux_1_2 AUDITWHEEL_ARCH=x86_64; set -- raw/*.whl; \
                muslrepair repair --plat \"$AUDITWHEEL_PLAT\" -w temp \"$1\"";
    let (sandbox, run) = ran("raw", &wheel(LINUX), line);
    run.success();
    is_repaired(&sandbox, "temp", MUSLLINUX);
}

#[test]
fn many_exclusions_before_the_wheel_and_options_after_it() {
    let line = "muslrepair repair --exclude libcuda.so.1 --exclude 'libgreet*' --exclude 'libcrypto*' \
                demo*.whl --plat musllinux_1_2_x86_64 --wheel-dir out";
    let (sandbox, run) = ran(".", &wheel(LINUX), line);
    let run = run.success();
    assert!(run.stderr.contains("Excluding libgreet.so.3 (`libgreet*`)"), "{}", run.stderr);
    assert_eq!(sandbox.result().below("demo.libs"), [""; 0]);
}

#[test]
fn a_pattern_that_the_shell_left_alone_is_a_pattern() {
    let line = "f=demo-1.0-cp312-cp312-linux_x86_64.whl; \
                muslrepair repair --exclude libgreet.so.* \"${f}\" -w io/dist/";
    let (sandbox, run) = ran(".", &wheel(LINUX), line);
    run.success();
    let result = Repaired::open(&sandbox.path().join("io/dist").join(MUSLLINUX));
    assert_eq!(result.facts(CORE).needed[0], "libgreet.so.3");
}

#[test]
fn the_library_path_of_the_caller_is_searched() {
    let line = "unset MUSLREPAIR_LD_LIBRARY_PATH; cp demo/libgreet.so.3 opt/lib/; \
                LD_LIBRARY_PATH=opt/lib:/usr/local/lib muslrepair repair --lib-sdir . -w out demo*.whl";
    let sandbox = Sandbox::new();
    for directory in ["demo", "opt/lib"] {
        std::fs::create_dir_all(sandbox.path().join(directory)).unwrap();
    }
    std::fs::write(sandbox.path().join("demo/libgreet.so.3"), object("x86_64/core.so")).unwrap();
    std::fs::copy(
        crate::support::sandbox::testdata("rootfs/usr/lib/libgreet.so.3"),
        sandbox.path().join("demo/libgreet.so.3"),
    )
    .unwrap();
    sandbox.wheel(&wheel(LINUX));
    sandbox.shell(line).success();
    assert!(sandbox.result().one("demo.", "libgreet-").ends_with(".so.3"));
}

#[test]
fn ldpaths_replace_the_system_path_and_auditwheels_variable_comes_first() {
    let line = "unset MUSLREPAIR_LD_LIBRARY_PATH; \
                muslrepair repair --ldpaths none:$GREET -w out demo*.whl; \
                AUDITWHEEL_LD_LIBRARY_PATH=$GREET muslrepair repair --ldpaths none -w prefixed demo*.whl; \
                ! LD_LIBRARY_PATH=$GREET muslrepair repair --ldpaths none -w ignored demo*.whl";
    let greet = crate::support::sandbox::testdata("rootfs/usr/lib");
    let line = format!("GREET={}; {line}", greet.display());
    let (sandbox, run) = ran(".", &wheel(LINUX), &line);
    run.success();
    is_repaired(&sandbox, "out", MUSLLINUX);
    is_repaired(&sandbox, "prefixed", MUSLLINUX);
    assert_eq!(sandbox.names("ignored"), [""; 0]);
}

#[test]
fn the_path_of_the_result_is_the_only_one_in_the_log() {
    let line = "P=musllinux_1_2_x86_64; wheel=raw/demo-1.0-cp312-cp312-linux_x86_64.whl; \
                muslrepair repair --plat $P \"$wheel\" --wheel-dir \"$PWD/pkg\" 2>&1 | tee check.txt >/dev/null; \
                grep -Eo \"$PWD/pkg/\\\\S+.whl\" check.txt";
    let (sandbox, run) = ran("raw", &wheel(LINUX), line);
    let expected = sandbox.path().canonicalize().unwrap().join("pkg").join(MUSLLINUX);
    assert_eq!(run.success().stdout, format!("{}\n", expected.display()));
}

#[test]
fn plat_auto_gives_the_default_platform() {
    let (sandbox, run) = ran(".", &wheel(LINUX), "muslrepair repair --plat auto -w out demo*.whl");
    run.success();
    is_repaired(&sandbox, "out", MUSLLINUX);
}

#[test]
fn a_linux_platform_grafts_and_keeps_the_name() {
    let (sandbox, run) = ran("raw", &wheel(LINUX), "muslrepair repair -w D --plat linux_x86_64 raw/*.whl");
    run.success();
    is_repaired(&sandbox, "D", LINUX);
}

#[test]
fn a_result_over_its_input_is_warned_about() {
    let line = "muslrepair repair --published fix --no-update-tags dist/*.whl -w dist/";
    let (sandbox, run) = ran("dist", &wheel(MUSLLINUX), line);
    assert!(run.success().stderr.contains("warning: the result replaces its input"));
    is_repaired(&sandbox, "dist", MUSLLINUX);
    assert!(sandbox.shell(line).success().stderr.contains("warning: the result replaces its input"));
    is_repaired(&sandbox, "dist", MUSLLINUX);
}

#[test]
fn lddtree_logs_its_json_where_it_is_called_auditwheel() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.path().join("x.so"), object("x86_64/core.so")).unwrap();
    let run = sandbox.shell("auditwheel lddtree x.so").success();
    assert_eq!(run.stdout, "");
    let json = run.stderr.strip_prefix("INFO:auditwheel.main_lddtree:").unwrap();
    let tree: serde_json::Value = serde_json::from_str(json).unwrap();
    let keys: Vec<&str> = tree.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        ["interpreter", "libc", "libraries", "needed", "path", "platform", "realpath", "rpath", "runpath"]
    );
    let library = tree["libraries"]["libgreet.so.3"].as_object().unwrap();
    let keys: Vec<&str> = library.keys().map(String::as_str).collect();
    assert_eq!(keys, ["needed", "path", "platform", "realpath", "soname"]);
    assert_eq!(tree["platform"]["_base_arch"], "<Architecture.x86_64: 'x86_64'>");
    let own = sandbox.shell("muslrepair lddtree x.so").success();
    assert!(own.stdout.contains("libgreet.so.3 => ") && own.stderr.is_empty(), "{}", own.stdout);
}

#[test]
fn the_json_of_show_goes_to_standard_output() {
    let line = "muslrepair show --json demo*.whl > auditwheel.json; cat auditwheel.json";
    let (_, run) = ran(".", &wheel(LINUX), line);
    let json: serde_json::Value = serde_json::from_str(&run.success().stdout).unwrap();
    assert_eq!(json["overall_tag"], "linux_x86_64");
}

#[test]
fn version_and_help_go_to_standard_output_and_succeed() {
    let sandbox = Sandbox::new();
    for (line, start) in [
        ("muslrepair --version", "muslrepair "),
        ("auditwheel --version", "auditwheel 6."),
        ("muslrepair --help", "Repair Python wheels"),
        ("muslrepair repair --help", "Repair wheels"),
        ("auditwheel repair --help", "Repair wheels"),
    ] {
        let run = sandbox.shell(line).success();
        assert!(run.stdout.starts_with(start) && run.stderr.is_empty(), "{line}: {}", run.stdout);
    }
    // An environment that makes no sense stands in nobody's way who only asks.
    sandbox.shell("AUDITWHEEL_PLAT=nonsense muslrepair repair --help").success();
}

#[test]
fn addtag_says_where_it_went() {
    let (_, run) = ran(".", &wheel(LINUX), "muslrepair addtag -w out demo*.whl");
    run.failure(2, &["there is no `addtag`", "hint: ", "`repair"]);
}
