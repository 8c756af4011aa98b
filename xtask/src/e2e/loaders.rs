//! Real musl loaders, and their messages about a module.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::stub::Stub;
use crate::musl_root;
use crate::process::{command, target};

/// The releases to try, and Debian's root for each: the last one that ignores `DT_RELR`, and the one in most
/// current Alpine releases.
const RELEASES: &[(&str, &str)] = &[("1.2.3", "x86_64"), ("1.2.5", "x86_64-trixie")];

/// The path file of such a loader, which must not name directories with libraries of this machine.
const PATH_FILE: &str = "etc/ld-musl-x86_64.path";

/// A loader in a separate root.
#[derive(Debug)]
pub struct Loader {
    /// The musl release, as printed by the loader.
    pub release: &'static str,
    program: PathBuf,
}

impl Loader {
    /// All loaders, downloaded if necessary.
    pub fn all(stub: &Stub) -> Result<Vec<Self>> {
        let names: Vec<&str> = RELEASES.iter().map(|(_, root)| *root).collect();
        musl_root::fetch_some(&names)?;
        RELEASES.iter().map(|(release, root)| Self::install(release, root, stub)).collect()
    }

    /// The loader searches its path file two levels above itself, so each loader in a root of its own has its
    /// own path file.
    fn install(release: &'static str, origin: &str, stub: &Stub) -> Result<Self> {
        const NAME: &str = "lib/ld-musl-x86_64.so.1";
        let root = target().join("e2e/roots").join(release);
        let program = root.join(NAME);
        fs::create_dir_all(root.join("lib"))?;
        fs::create_dir_all(root.join("etc"))?;
        fs::copy(musl_root::directory().join(origin).join(NAME), &program)?;
        fs::write(root.join(PATH_FILE), format!("{}\n", stub.system.display()))?;
        let loader = Self { release, program };
        let said = command(&loader.program).output().context("cannot start musl's loader")?;
        let said = String::from_utf8_lossy(&said.stderr).into_owned();
        if !said.lines().any(|line| line == format!("Version {release}")) {
            bail!("`{}` is not musl {release}; it says: {said}", loader.program.display());
        }
        Ok(loader)
    }

    /// Loads a module in a separate process. `None` if that succeeds, else the loader's message, or the
    /// signal that ended the process.
    pub fn load(&self, module: &Path, stub: &Stub) -> Result<Option<String>> {
        let mut driver = Command::new(&self.program);
        driver.arg("--preload").arg(&stub.python).arg("--").arg(&stub.driver).arg(module);
        // Without library paths or anything else from this machine.
        let output =
            driver.env_clear().current_dir(target()).output().context("cannot start musl's loader")?;
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Ok(match (output.status.code(), output.status.signal()) {
            (Some(0), _) => None,
            (Some(1), _) => Some(said),
            (_, Some(signal)) => Some(format!("killed by {}", signal_name(signal))),
            // 127: the program itself could not be loaded, so there is no result.
            _ => bail!("the driver failed with {}: {said}", output.status),
        })
    }
}

fn signal_name(signal: i32) -> String {
    match signal {
        4 => "SIGILL".to_owned(),
        6 => "SIGABRT".to_owned(),
        7 => "SIGBUS".to_owned(),
        8 => "SIGFPE".to_owned(),
        11 => "SIGSEGV".to_owned(),
        14 => "SIGALRM: it took longer than a minute".to_owned(),
        other => format!("signal {other}"),
    }
}
