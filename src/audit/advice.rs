//! Advice about missing libraries: it depends on the system on which they were looked for.

use std::collections::BTreeSet;

use crate::resolve::{Purpose, System, is_apk_name};

use super::finding::Finding;
use super::install::Install;
use super::subject::Subject;

/// Advice about missing libraries. Advice that holds for all of them is given once.
pub(super) struct Advice<'a> {
    audit: &'a Subject<'a>,
    /// The libraries that a package may provide.
    installable: BTreeSet<&'a str>,
    /// Whether the common advice was given.
    said: bool,
}

impl<'a> Advice<'a> {
    /// The advice for libraries of these names.
    pub(super) fn new(audit: &'a Subject<'a>, missing: impl Iterator<Item = &'a str>) -> Self {
        let is_installable = |name: &&str| is_apk_name(name) && audit.layout.named(name).next().is_none();
        Self { audit, installable: missing.filter(is_installable).collect(), said: false }
    }

    /// The finding about one of them, with advice unless it was given for another one before.
    pub(super) fn add_to(&mut self, finding: Finding, name: &str) -> Finding {
        if let Some(advice) = self.about(name) {
            return finding.with_hint(advice);
        }
        if std::mem::replace(&mut self.said, true) {
            return finding;
        }
        let install = self.install();
        let hint = match &install {
            Some(command) => format!("`{command}`, or pass {}", self.exclude()),
            None => self.elsewhere(),
        };
        Finding { install, ..finding.with_hint(hint) }
    }

    /// The advice for this library alone; `None` if a package may provide it.
    fn about(&self, name: &str) -> Option<String> {
        let inside = self.audit.layout.named(name).find_map(|index| self.audit.graph.objects.get(index));
        if let Some(object) = inside {
            return Some(format!(
                "no run path leads there, but there is `{}`: link with `-Wl,-rpath,'$ORIGIN/...'` (musl does not take a \
                 library that was opened by its path for one of the same name)",
                object.origin.display_name()
            ));
        }
        // musl opens the path, wherever a package has installed the library.
        if name.contains('/') {
            return Some(
                "link with a library that has a `DT_SONAME` without a slash, so that it is needed by its name".to_owned(),
            );
        }
        if !self.installable.contains(name) {
            return Some("no package can provide a library of that name: build the object again".to_owned());
        }
        None
    }

    /// The command that installs them, where they were looked for; `None` if there is no such command.
    fn install(&self) -> Option<Install> {
        let system = &self.audit.options.system;
        let can = system.is_for(self.audit.arch) && system.purpose != Purpose::Nothing && system.has_apk;
        can.then(|| Install {
            root: system.root.clone(),
            tokens: self.installable.iter().map(|name| format!("so:{name}")).collect(),
        })
    }

    /// Where to find them, if they cannot be installed where they were looked for.
    fn elsewhere(&self) -> String {
        let system = &self.audit.options.system;
        let arch = self.audit.arch.map_or_else(String::new, |arch| format!(" for {arch}"));
        if !system.is_for(self.audit.arch) {
            let is = format!("{} is for {}", shown(system), listed(system));
            return format!("{is}: name a root file system{arch} with `--sysroot DIR`");
        }
        if system.purpose == Purpose::Nothing {
            let root = match system.has_apk {
                true => "add `--sysroot /` to count them".to_owned(),
                false => format!("name an Alpine root file system{arch} with `--sysroot DIR`"),
            };
            return format!("libraries of this machine do not count; {root}");
        }
        format!(
            "name the directory that has it with `-l DIR`, or an Alpine root file system{arch} with `--sysroot DIR`, or \
             pass {}",
            self.exclude()
        )
    }

    fn exclude(&self) -> String {
        match self.installable.first() {
            Some(name) if self.installable.len() == 1 => {
                format!("`--exclude {name}` if the user must provide it")
            }
            _ => "`--exclude NAME` for what the user must provide".to_owned(),
        }
    }
}

fn shown(system: &System) -> String {
    system.root.as_ref().map_or_else(|| "this machine".to_owned(), |root| format!("`{}`", root.display()))
}

fn listed(system: &System) -> String {
    let names: Vec<&str> = system.arches.iter().map(|arch| arch.as_str()).collect();
    names.join(" and ")
}
