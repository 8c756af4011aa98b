//! Options that say where libraries are looked for.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use muslrepair::Limits;
use muslrepair::policy::Policy;
use muslrepair::resolve::{
    Pattern, Purpose, Resolver, ResolverOptions, SearchPaths, Sysroot, System, SystemPath,
};

use super::env::Environment;
use super::heading;
use super::usage::UsageError;

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = heading::SEARCHING)]
pub(super) struct SearchArgs {
    /// Search this root file system instead of this machine
    ///
    /// Absolute run paths, musl's path file and its default directories are those of this root file system, such as an
    /// unpacked Alpine container of another architecture.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) sysroot: Option<PathBuf>,
    /// Search this directory first (repeatable)
    #[arg(short = 'l', long = "library-path", value_name = "DIR", value_hint = ValueHint::DirPath)]
    library_path: Vec<PathBuf>,
    /// Search these directories instead of the system's
    ///
    /// The directories are separated by colons. Musl's path file and default directories are not searched.
    #[arg(long, value_name = "DIRS", hide_short_help = true)]
    ldpaths: Option<String>,
    /// Do not search the system's directories
    ///
    /// Neither musl's path file nor its default directories are searched.
    #[arg(long, conflicts_with = "ldpaths", hide_short_help = true)]
    no_system_paths: bool,
}

impl SearchArgs {
    /// A search in one root file system, as its loader makes it.
    pub(super) fn in_root(sysroot: &Path) -> Self {
        Self { sysroot: Some(sysroot.to_owned()), ..Self::default() }
    }

    pub(super) fn sysroot(&self) -> Sysroot {
        self.sysroot.as_ref().map_or_else(Sysroot::default, Sysroot::new)
    }

    pub(super) fn has_sysroot(&self) -> bool {
        self.sysroot.is_some()
    }

    /// The system whose libraries are looked at, to repair or show what is there.
    pub(super) fn system(&self) -> System {
        System::of(&self.sysroot(), Purpose::Build)
    }

    /// The same for what has to load there, if a root file system was named.
    pub(super) fn system_for_verify(&self) -> System {
        let purpose = if self.has_sysroot() { Purpose::Run } else { Purpose::Nothing };
        System::of(&self.sysroot(), purpose)
    }

    /// For what has to stand by itself: nothing of the host counts, only the root and the directories that were named.
    pub(super) fn resolver_for_verify(
        &self,
        exclude: Vec<Pattern>,
        limits: Limits,
    ) -> Result<Resolver, UsageError> {
        let no_root = self.sysroot.is_none();
        let alone = Self {
            // No file system is a root in which absolute run paths lead somewhere: below a device there is nothing.
            sysroot: Some(self.sysroot.clone().unwrap_or_else(|| PathBuf::from("/dev/null"))),
            no_system_paths: self.no_system_paths || (no_root && self.ldpaths.is_none()),
            ..self.clone()
        };
        self.check()?;
        Ok(alone.unchecked_resolver(&Environment::default(), exclude, false, limits))
    }

    /// A directory that was named has to be there. Entries of `--ldpaths` need not be, as those of `LD_LIBRARY_PATH`.
    fn check(&self) -> Result<(), UsageError> {
        let sysroot = self.sysroot.iter().map(|directory| ("--sysroot", directory));
        let mut named =
            sysroot.chain(self.library_path.iter().map(|directory| ("--library-path", directory)));
        match named.find(|(_, directory)| !directory.is_dir()) {
            Some((option, directory)) => {
                let shown = directory.display();
                let usage =
                    UsageError::from(format!("`{option} {shown}` is not a directory that can be read"));
                Err(usage.with_hint(match option {
                    "--sysroot" => "name the directory of an unpacked root file system, such as that of an Alpine container",
                    _ => "name a directory that contains libraries",
                }))
            }
            None => Ok(()),
        }
    }

    pub(super) fn resolver(
        &self,
        environment: &Environment,
        exclude: Vec<Pattern>,
        bundle_zlib: bool,
        limits: Limits,
    ) -> Result<Resolver, UsageError> {
        self.check()?;
        Ok(self.unchecked_resolver(environment, exclude, bundle_zlib, limits))
    }

    fn unchecked_resolver(
        &self,
        environment: &Environment,
        exclude: Vec<Pattern>,
        bundle_zlib: bool,
        limits: Limits,
    ) -> Resolver {
        let mut first = self.library_path.clone();
        first.extend(environment.library_path.iter().cloned());
        let system = match &self.ldpaths {
            Some(directories) => SystemPath::Replaced(
                std::env::split_paths(directories).filter(|d| !d.as_os_str().is_empty()).collect(),
            ),
            None if self.no_system_paths => SystemPath::None,
            None => SystemPath::Loader,
        };
        // What programs of this machine are to find is no part of another root.
        if self.ldpaths.is_none() && self.sysroot.is_none() {
            first.extend(environment.ld_library_path.iter().cloned());
        }
        let mut allowed: Vec<String> = Vec::new();
        for name in Policy::all().iter().flat_map(|policy| policy.allowed_libraries) {
            let bundled = bundle_zlib && name.starts_with("libz.");
            if !bundled && !allowed.iter().any(|known| known == name) {
                allowed.push((*name).to_owned());
            }
        }
        Resolver::new(ResolverOptions {
            search_paths: SearchPaths { sysroot: self.sysroot(), first, system },
            exclude,
            allowed,
            limits,
        })
    }
}
