//! The machines fixtures are loaded on: musl's real loader, run natively or by qemu.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::catalogue::{Outcomes, load_originals};

/// An architecture and how its programs are run here.
pub(crate) struct Machine {
    /// As wheel tags spell it.
    pub(crate) arch: &'static str,
    /// musl's loader.
    pub(crate) loader: PathBuf,
    /// What runs it, if this machine cannot.
    pub(crate) qemu: Option<PathBuf>,
    /// musl's version.
    pub(crate) version: (u32, u32, u32),
    originals: OnceLock<Result<Outcomes, String>>,
}

/// Architecture, musl's name for it, qemu's.
const ARCHES: &[(&str, &str, &str)] = &[
    ("x86_64", "x86_64", "x86_64"),
    ("i686", "i386", "i386"),
    ("aarch64", "aarch64", "aarch64"),
    ("armv7l", "armhf", "arm"),
    ("ppc64le", "powerpc64le", "ppc64le"),
    ("s390x", "s390x", "s390x"),
    ("riscv64", "riscv64", "riscv64"),
    ("loongarch64", "loongarch64", "loongarch64"),
];

/// Every architecture with fixtures: its machine, or why there is none here.
pub(crate) fn all() -> Vec<(&'static str, Result<Machine, String>)> {
    ARCHES.iter().map(|&(arch, loader, qemu)| (arch, find(arch, loader, qemu))).collect()
}

fn find(arch: &'static str, loader: &str, qemu: &str) -> Result<Machine, String> {
    let file = format!("lib/ld-musl-{loader}.so.1");
    let roots = std::env::var_os("MUSLREPAIR_MUSL_ROOTS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/musl-roots"), PathBuf::from);
    let own = roots.join(arch).join(&file);
    let native = is_native(arch);
    let loader = match Path::new("/").join(&file) {
        _ if own.is_file() => own,
        system if native && system.is_file() => system,
        _ => return Err("no musl loader".to_owned()),
    };
    let qemu = if native { None } else { Some(on_path(&format!("qemu-{qemu}"))?) };
    let mut machine = Machine { arch, loader, qemu, version: (0, 0, 0), originals: OnceLock::new() };
    machine.version = machine.ask_version().ok_or("the musl loader does not run")?;
    Ok(machine)
}

fn is_native(arch: &str) -> bool {
    match std::env::consts::ARCH {
        "x86" => arch == "i686",
        "arm" => arch == "armv7l",
        "powerpc64" => arch == "ppc64le" && cfg!(target_endian = "little"),
        host => arch == host,
    }
}

fn on_path(program: &str) -> Result<PathBuf, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Debian's package qemu-user-static has the same programs under another name.
    let names = [program.to_owned(), format!("{program}-static")];
    std::env::split_paths(&path)
        .flat_map(|directory| names.iter().map(move |name| directory.join(name)))
        .find(|file| file.is_file())
        .ok_or_else(|| format!("no {program}"))
}

impl Machine {
    /// A command that runs a program of this machine.
    fn command(&self, program: &Path) -> Command {
        let mut command = match &self.qemu {
            Some(qemu) => Command::new(qemu),
            None => Command::new(program),
        };
        command.env_clear();
        command
    }

    /// A command that starts a program through musl's loader, wherever the program's own
    /// interpreter may be.
    pub(crate) fn load(&self) -> Command {
        let mut command = self.command(&self.loader);
        if self.qemu.is_some() {
            command.arg(&self.loader);
        }
        command
    }

    /// A command that starts a program as the kernel does, with a library path or without; or why
    /// that is not possible.
    pub(crate) fn start(&self, program: &Path, libraries: Option<&Path>) -> Result<Command, String> {
        let mut command = self.command(program);
        if self.qemu.is_some() {
            let root = self.loader.ancestors().nth(2).unwrap_or(Path::new("/"));
            command.arg("-L").arg(root);
            if let Some(libraries) = libraries {
                let mut variable = OsString::from("LD_LIBRARY_PATH=");
                variable.push(libraries);
                command.arg("-E").arg(variable);
            }
            command.arg(program);
        } else {
            let name = self.loader.file_name().unwrap_or_default();
            if !Path::new("/lib").join(name).is_file() {
                return Err("musl's loader is not in /lib".to_owned());
            }
            command.envs(libraries.map(|libraries| ("LD_LIBRARY_PATH", libraries)));
        }
        Ok(command)
    }

    /// Without arguments the loader says on its second line which version it is.
    fn ask_version(&self) -> Option<(u32, u32, u32)> {
        let output = self.load().output().ok()?;
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let version = text.lines().find_map(|line| line.strip_prefix("Version "))?;
        let mut numbers = version.split('.').map_while(|number| number.parse().ok());
        Some((numbers.next()?, numbers.next()?, numbers.next()?))
    }

    /// What the libraries do as they were linked; they are loaded once.
    pub(crate) fn originals(&self) -> Result<&Outcomes, String> {
        self.originals.get_or_init(|| load_originals(self)).as_ref().map_err(Clone::clone)
    }

    /// musl reads `DT_RELR` from 1.2.4 on; before, it ignores it.
    pub(crate) fn reads_relr(&self) -> bool {
        self.version >= (1, 2, 4)
    }
}
