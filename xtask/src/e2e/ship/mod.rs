//! `cargo xtask e2e ship`: from source distributions to imported modules on a real musl Python, with the
//! released files.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail};

use super::server::TOOLS;
use crate::dist::{self, Profile, Program};
use crate::image::{self, Image, Root};
use crate::install;
use crate::process::{command, entries, name, target};

mod index;
mod messages;

/// The projects that are built from source, and the packages with the headers they need.
const PROJECTS: &[Project] = &[
    Project { requirement: "cffi==1.17.1", packages: "libffi-dev", library: "libffi.so.8" },
    Project { requirement: "PyYAML==6.0.2", packages: "yaml-dev", library: "libyaml-0.so.2" },
    Project { requirement: "lz4==4.4.4", packages: "lz4-dev pkgconf", library: "liblz4.so.1" },
    Project { requirement: "MarkupSafe==3.0.2", packages: "", library: "" },
];

struct Project {
    requirement: &'static str,
    packages: &'static str,
    library: &'static str,
}

/// The Python packages that the builds need.
pub const BUILD: &[&str] = &[
    "setuptools==80.9.0",
    "wheel==0.45.1",
    "Cython==3.0.12",
    "pycparser==2.22",
    "pkgconfig==1.5.5",
    "setuptools-scm==8.3.1",
    "packaging==25.0",
];

/// The tools that make the metadata of source distributions on this machine.
pub const SOURCES: &[&str] = &[
    "setuptools==80.9.0",
    "wheel==0.45.1",
    "Cython==3.0.12",
    "cffi==1.17.1",
    "pkgconfig==1.5.5",
    "setuptools-scm==8.3.1",
    "packaging==25.0",
];

/// The pips that install the results: the first with musllinux support, one for each later behaviour, the
/// newest.
const PIPS: &[&str] = &["pip==21.2.4", "pip==23.3.2", "pip==25.3", "pip==26.3"];
const UV: &str = "uv==0.13.8";

/// Uses every module, and fails if a library outside the wheels was loaded.
const SMOKE: &str = include_str!("smoke.py");

pub fn run(short: bool) -> Result<()> {
    let mut ship = Ship::new(short)?;
    ship.step("the program, static, and the image: musl, CPython, pip, libraries", Ship::material)?;
    ship.step("source distributions", Ship::sources)?;
    ship.step("without a compiler: `command 'gcc' failed`", Ship::without_compiler)?;
    ship.step("pip wheel", Ship::build)?;
    ship.step("unrepaired, they do not load", Ship::unrepaired)?;
    ship.step("messages of docs/troubleshooting.md", messages::provoke)?;
    ship.step("musl's traps", messages::traps)?;
    ship.step("muslrepair needs", Ship::needs)?;
    ship.step("muslrepair repair, verify, needs", Ship::repair)?;
    if short {
        ship.step("pip install from a directory, import, use", Ship::install_from_directory)?;
    } else {
        ship.step("twine check --strict", Ship::check)?;
        ship.step("our own wheel on musl Python", Ship::own_wheel)?;
        ship.step("clients: four pips and uv", index::fetch_clients)?;
        ship.step("pypiserver: twine upload, install, import, use", index::pypiserver)?;
        ship.step("devpi: twine upload, install, import, use", index::devpi)?;
    }
    ship.summary();
    Ok(())
}

/// The state of the check.
pub struct Ship {
    short: bool,
    directory: PathBuf,
    program: PathBuf,
    image: Option<Image>,
    builder: Option<Root>,
    times: Vec<(String, f32)>,
}

impl Ship {
    fn new(short: bool) -> Result<Self> {
        let directory = target().join("e2e/ship");
        fs::create_dir_all(&directory)?;
        let program = PathBuf::new();
        Ok(Self { short, directory, program, image: None, builder: None, times: Vec::new() })
    }

    fn step(&mut self, name: &str, step: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        println!("-- {name}");
        let start = Instant::now();
        step(self).with_context(|| name.to_owned())?;
        self.times.push((name.to_owned(), start.elapsed().as_secs_f32()));
        Ok(())
    }

    fn summary(&self) {
        println!();
        for (name, seconds) in &self.times {
            println!("{seconds:7.1} s  {name}");
        }
        println!("{:7.1} s  altogether", self.times.iter().map(|(_, seconds)| seconds).sum::<f32>());
        println!("e2e ship: {} passed, 0 failed", self.times.len());
    }

    fn image_ref(&self) -> Result<&Image> {
        self.image.as_ref().context("no image")
    }

    fn builder(&self) -> Result<&Root> {
        self.builder.as_ref().context("no builder")
    }

    /// In parallel, because each leaves cores unused: one links while the other runs `configure`.
    fn material(&mut self) -> Result<()> {
        let profile = if self.short { Profile::Development } else { Profile::Release };
        let (program, image) = std::thread::scope(|scope| {
            let program = scope.spawn(|| Program::build(dist::HOST, profile));
            let image = Image::build();
            (program.join(), image)
        });
        let program = program.map_err(|_| anyhow!("the build panicked"))??;
        program.check()?;
        self.program = program.path;
        self.image = Some(image?);
        Ok(())
    }

    /// A new root file system for each part of the check, with the files of the index and the program.
    fn fresh(&self, name: &str) -> Result<Root> {
        let root = self.image_ref()?.copy_to(&self.directory.join(name))?;
        root.put(&self.directory.join("index"), "/index")?;
        root.put(&self.program, "/usr/local/bin/muslrepair")?;
        Ok(root)
    }

    /// Downloads everything from the Python package index; later steps need no network.
    fn sources(&mut self) -> Result<()> {
        fetch_index(&self.directory.join("index"))
    }

    fn without_compiler(&mut self) -> Result<()> {
        let builder = self.fresh("builder")?;
        let said = builder.fails("pip wheel --no-index --find-links /index -w /dist cffi")?;
        for expected in
            ["error: command 'gcc' failed: No such file or directory", "Failed building wheel for cffi"]
        {
            if !said.contains(expected) {
                bail!("pip does not say `{expected}` but:\n{said}");
            }
        }
        self.builder = Some(builder);
        Ok(())
    }

    fn build(&mut self) -> Result<()> {
        let builder = self.builder()?;
        let packages: Vec<&str> = PROJECTS.iter().map(|project| project.packages).collect();
        builder.run(&format!("apk add --no-cache build-base {}", packages.join(" ")))?;
        let requirements: Vec<&str> = PROJECTS.iter().map(|project| project.requirement).collect();
        builder.run(&format!(
            "PYLZ4_USE_SYSTEM_LZ4=True PYYAML_FORCE_LIBYAML=1 CFLAGS='-O1 -g0 -w' \
             pip wheel --no-index --find-links /index -w /dist {}",
            requirements.join(" ")
        ))?;
        println!("{}", builder.run("ls /dist")?.trim());
        Ok(())
    }

    /// The wheels that pip built install without their libraries, and fail at import as documented.
    fn unrepaired(&mut self) -> Result<()> {
        let root = self.fresh("unrepaired")?;
        root.put(&self.builder()?.path("/dist"), "/dist")?;
        root.run("pip install --no-index --find-links /dist /dist/*.whl")?;
        for (module, library) in
            [("_cffi_backend", "libffi.so.8"), ("yaml._yaml", "libyaml-0.so.2"), ("lz4.frame", "liblz4.so.1")]
        {
            let said = root.fails(&format!("python3 -c 'import {module}'"))?;
            let expected =
                format!("Error loading shared library {library}: No such file or directory (needed by ");
            if !said.contains(&expected) {
                bail!("`import {module}` does not say `{expected}` but:\n{said}");
            }
        }
        Ok(())
    }

    /// Unbundled wheels load once apk has installed the packages listed by `needs`.
    fn needs(&mut self) -> Result<()> {
        let root = Root { directory: self.directory.join("unrepaired") };
        let tokens = root.run("muslrepair needs /dist")?;
        let mut expected: Vec<String> =
            PROJECTS.iter().filter(|p| !p.library.is_empty()).map(|p| format!("so:{}", p.library)).collect();
        expected.sort();
        if tokens.lines().collect::<Vec<_>>() != expected {
            bail!("`needs` lists {tokens}, not {expected:?}");
        }
        root.run("muslrepair needs /dist | xargs -r apk add --no-cache --virtual .wheel-rundeps")?;
        fs::write(self.directory.join("smoke.py"), SMOKE)?;
        root.put(&self.directory.join("smoke.py"), "/smoke.py")?;
        root.run("python3 /smoke.py /usr/lib")?;
        Ok(())
    }

    fn repair(&mut self) -> Result<()> {
        let builder = self.builder()?;
        builder.run("muslrepair repair -w /wheels /dist && muslrepair verify /wheels")?;
        let left = builder.run("muslrepair needs /wheels")?;
        if !left.is_empty() {
            bail!("the repaired wheels still need {left}");
        }
        println!("{}", builder.run("ls /wheels")?.trim());
        Ok(())
    }

    fn install_from_directory(&mut self) -> Result<()> {
        let root = self.fresh("runtime")?;
        root.put(&self.builder()?.path("/wheels"), "/wheels")?;
        root.put(&self.directory.join("smoke.py"), "/smoke.py")?;
        let names: Vec<&str> = PROJECTS.iter().map(|project| project.requirement).collect();
        root.run(&format!("pip install --no-index --find-links /wheels {}", names.join(" ")))?;
        println!("{}", root.run("python3 /smoke.py")?.trim());
        Ok(())
    }

    /// `twine check --strict` must report no more than before the repair: the metadata of some projects lacks
    /// the type of the description. Our own wheel must have no report.
    fn check(&mut self) -> Result<()> {
        let twine = install::python_tools("index", TOOLS)?.join("twine");
        let said = |directory: &str| -> Result<Vec<String>> {
            let directory = self.builder()?.path(directory);
            let mut check = command(&twine);
            // One line per wheel.
            check.args(["check", "--strict"]).env("COLUMNS", "500").env("NO_COLOR", "1");
            check.args(entries(&directory)?);
            let text = String::from_utf8_lossy(&check.output()?.stdout).into_owned();
            let plain = text.replace(&format!("{}/", directory.display()), "");
            let mut lines: Vec<String> = plain.lines().map(|line| line.trim().to_owned()).collect();
            lines.sort();
            Ok(lines)
        };
        let before: Vec<String> = said("/dist")?
            .iter()
            .map(|line| line.replace("-linux_x86_64.whl", "-musllinux_1_2_x86_64.whl"))
            .collect();
        let after = said("/wheels")?;
        if before != after || !after.iter().any(|line| line.contains("PASSED")) {
            bail!("before the repair:\n{}\nafter:\n{}", before.join("\n"), after.join("\n"));
        }
        println!("{}", after.join("\n"));
        Ok(())
    }

    /// The released wheel, installed by the musl Python's pip, and both ways to run it.
    fn own_wheel(&mut self) -> Result<()> {
        let program = Program { triple: dist::HOST.to_owned(), path: self.program.clone() };
        fs::create_dir_all(dist::directory())?;
        let wheel = dist::build_wheel(&program)?;
        dist::check_wheel(&wheel)?;
        let root = self.image_ref()?.copy_to(&self.directory.join("own"))?;
        let name = name(&wheel);
        root.put(&wheel, &format!("/tmp/{name}"))?;
        root.run(&format!("pip install --no-index /tmp/{name}"))?;
        for call in ["muslrepair", "python3 -m muslrepair"] {
            println!("musl Python, `{call}`: {}", root.run(&format!("{call} --version"))?.trim());
        }
        Ok(())
    }
}

/// The source distributions and their build requirements, as files in a directory.
pub fn fetch_index(index: &std::path::Path) -> Result<()> {
    let pip = install::python_tools("sources", SOURCES)?.join("pip");
    let sdists: Vec<&str> = PROJECTS.iter().map(|project| project.requirement).collect();
    // Not isolated: only metadata is made here, and isolation would install the same tools for each project.
    image::fetch_python(&pip, index, &["--no-binary=:all:", "--no-build-isolation"], &sdists)?;
    let musl = ["--only-binary=:all:", "--platform=musllinux_1_2_x86_64", "--platform=musllinux_1_1_x86_64"];
    let wheels: Vec<&str> = musl.iter().copied().chain(["--python-version=3.11"]).collect();
    image::fetch_python(&pip, index, &wheels, BUILD)
}
