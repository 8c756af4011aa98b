//! The steps of the action, with a release that lies on this machine.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::Bench;
use super::step::Step;
use crate::process::{command, output, root};

/// What the runner gives a step, and what is left of it.
struct Runner {
    directory: PathBuf,
}

impl Runner {
    fn new(bench: &Bench, name: &str) -> Result<Self> {
        let directory = bench.directory(name)?;
        for part in ["temp", "tools"] {
            fs::create_dir_all(directory.join(part))?;
        }
        Ok(Self { directory })
    }

    fn path(&self, name: &str) -> String {
        self.directory.join(name).display().to_string()
    }

    fn run(&self, step: &Step, given: &[(&str, &str)]) -> Result<super::step::Ended> {
        let action = root().display().to_string();
        let own = [
            ("RUNNER_TEMP", self.path("temp")),
            ("RUNNER_TOOL_CACHE", self.path("tools")),
            ("GITHUB_OUTPUT", self.path("output")),
            ("GITHUB_STEP_SUMMARY", self.path("summary")),
            ("GITHUB_ACTION_PATH", action),
        ];
        let own = own.iter().map(|(name, value)| (*name, value.as_str()));
        step.run(&self.directory, &own.chain(given.iter().copied()).collect::<Vec<_>>())
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.directory.join(name)).unwrap_or_default()
    }
}

/// The files of a release for this machine, and their address.
fn release(bench: &Bench, directory: &Path) -> Result<String> {
    let place = directory.join("download").join(format!("v{}", bench.version));
    let tree = directory.join(format!("muslrepair-{}", bench.version));
    fs::create_dir_all(&place)?;
    fs::create_dir_all(&tree)?;
    fs::copy(&bench.program, tree.join("muslrepair"))?;
    let stem = format!("muslrepair-{}-{}-linux-musl", bench.version, std::env::consts::ARCH);
    let archive = format!("{stem}.tar.gz");
    output(
        command("tar")
            .arg("-czf")
            .arg(place.join(&archive))
            .arg("-C")
            .arg(directory)
            .arg(format!("muslrepair-{}", bench.version)),
    )?;
    let sum = output(command("sha256sum").arg(&archive).current_dir(&place))?;
    // The sums are those of all files of a machine.
    fs::write(place.join(format!("{stem}.sha256")), format!("{}  {stem}.cdx.json\n{sum}", "0".repeat(64)))?;
    Ok(format!("file://{}", directory.join("download").display()))
}

/// The program is downloaded, kept and found again; a file that is not the one of the sums is not run.
pub fn install(bench: &Bench, step: &Step) -> Result<()> {
    let runner = Runner::new(bench, "action-install")?;
    let address = release(bench, &runner.directory)?;
    let said = format!("muslrepair {}", bench.version);
    // Without a version, the one of the action.
    runner.run(step, &[("VERSION", ""), ("RELEASES", &address)])?.expect(0, &said)?;
    let program = format!("/tools/muslrepair/{}/{}/muslrepair\n", bench.version, std::env::consts::ARCH);
    if !runner.read("output").ends_with(&program) {
        bail!("the program is said to be at {}", runner.read("output"));
    }
    // It is there: nothing is asked of an address where nothing is.
    let version = format!("v{}", bench.version);
    runner.run(step, &[("VERSION", &version), ("RELEASES", "file:///nowhere")])?.expect(0, &said)?;

    let runner = Runner::new(bench, "action-wrong-sum")?;
    let address = release(bench, &runner.directory)?;
    let place = runner.directory.join("download").join(&version);
    for file in fs::read_dir(&place)? {
        let file = file?.path();
        if file.extension().is_some_and(|end| end == "sha256") {
            // Sums of the same length, for the same names.
            let lines = fs::read_to_string(&file)?;
            let wrong = lines.lines().filter_map(|line| line.split_once("  "));
            fs::write(
                &file,
                wrong.map(|(_, name)| format!("{}  {name}\n", "0".repeat(64))).collect::<String>(),
            )?;
        }
    }
    // The package is what is left, and there is none of this version.
    let ended = runner.run(
        step,
        &[
            ("VERSION", ""),
            ("RELEASES", &address),
            ("PIP_NO_INDEX", "1"),
            ("PIP_DISABLE_PIP_VERSION_CHECK", "1"),
        ],
    )?;
    if ended.status == 0 || !ended.said.contains("the package is installed instead") {
        bail!("an archive that is not the one of the sums was taken: {}", ended.said);
    }
    if runner
        .directory
        .join("tools/muslrepair")
        .join(&bench.version)
        .join(std::env::consts::ARCH)
        .join("muslrepair")
        .exists()
    {
        bail!("an archive that is not the one of the sums was unpacked");
    }
    Ok(())
}

fn demo(runner: &Runner) -> Result<PathBuf> {
    let wheels = runner.directory.join("dist");
    fs::create_dir_all(&wheels)?;
    for entry in fs::read_dir(root().join("testdata/wheels/demo"))? {
        let path = entry?.path();
        fs::copy(&path, wheels.join(path.file_name().context("no name")?))?;
    }
    Ok(wheels)
}

/// A wheel is repaired, and a missing one fails the step; the summary has it, where one is wanted.
pub fn repair(bench: &Bench, step: &Step) -> Result<()> {
    let runner = Runner::new(bench, "action-repair")?;
    demo(&runner)?;
    let program = bench.program.display().to_string();
    let sysroot = format!("--sysroot {}", root().join("testdata/rootfs").display());
    let given = |wheels: &'static str, summary: &'static str| {
        [
            ("MUSLREPAIR", program.clone()),
            ("WHEELS", wheels.to_owned()),
            ("WHEEL_DIR", "wheelhouse".to_owned()),
            ("ARGS", sysroot.clone()),
            ("SUMMARY", summary.to_owned()),
        ]
    };
    let run = |wheels, summary| {
        let given = given(wheels, summary);
        runner.run(step, &given.each_ref().map(|(name, value)| (*name, value.as_str())))
    };
    run("dist", "true")?.expect(0, "musllinux_1_2_x86_64.whl")?;
    let summary = runner.read("summary");
    // Characters that Markdown would take for its own are escaped.
    if !summary.contains("musllinux") || !summary.contains("libgreet") {
        bail!("the summary is `{summary}`");
    }
    run("dist", "false")?.expect(0, "musllinux_1_2_x86_64.whl")?;
    if runner.read("summary") != summary {
        bail!("there is a summary although none was wanted");
    }
    run("dist missing.whl", "true")?.expect(2, "missing.whl")?;
    Ok(())
}

/// What was repaired passes, and what was not fails the step.
pub fn verify(bench: &Bench, step: &Step) -> Result<()> {
    let runner = Runner::new(bench, "action-verify")?;
    demo(&runner)?;
    let program = bench.program.display().to_string();
    let sysroot = root().join("testdata/rootfs");
    output(
        command(&bench.program)
            .args(["repair", "dist", "--wheel-dir", "wheelhouse", "--sysroot"])
            .arg(sysroot)
            .current_dir(&runner.directory),
    )?;
    let run = |directory: &str, arguments: &str| {
        let given = [
            ("MUSLREPAIR", program.as_str()),
            ("WHEEL_DIR", directory),
            ("ARGS", arguments),
            ("SUMMARY", "true"),
        ];
        runner.run(step, &given)
    };
    run("wheelhouse", "")?.expect(0, "demo-1.0")?;
    run("dist", "")?.expect(1, "::error")?;
    // A pattern is not for the shell, which has files of such names.
    fs::write(runner.directory.join("libgreet.so.3"), "")?;
    run("dist", "--exclude libgreet.so.*")?.expect(0, "linux-tag")?;
    // Both calls are in it, one behind the other.
    let summary = runner.read("summary");
    if !summary.contains("-musllinux") || !summary.contains("-linux") {
        bail!("the summary is `{summary}`");
    }
    Ok(())
}
