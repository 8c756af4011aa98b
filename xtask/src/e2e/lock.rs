//! `xtask/wheels.lock`: which wheels are loaded, and which loads say something about this check's own stand-in
//! for Python instead of about the wheel.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::process::root;

/// The file's contents.
#[derive(Debug, Default)]
pub struct Lock {
    pub wheels: Vec<Locked>,
    pub artefacts: Vec<Artefact>,
}

/// One published wheel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locked {
    /// Its file name.
    pub file: String,
    /// Its SHA-256 digest, in hexadecimal.
    pub sha256: String,
}

/// A module whose constructors need more of Python than the stand-in has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artefact {
    /// The wheel's file name.
    pub wheel: String,
    /// The module's path in the wheel.
    pub member: String,
    /// Why the load says nothing.
    pub reason: String,
}

/// Where it is.
pub fn path() -> PathBuf {
    root().join("xtask/wheels.lock")
}

impl Lock {
    pub fn read() -> Result<Self> {
        let path = path();
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        Self::parse(&text).with_context(|| format!("`{}`", path.display()))
    }

    /// A line is `sha256 FILE DIGEST` or `artefact FILE MEMBER REASON...`; `#` begins a line of comment.
    fn parse(text: &str) -> Result<Self> {
        let mut lock = Self::default();
        for (index, line) in text.lines().enumerate() {
            let mut words = line.splitn(4, ' ').map(str::to_owned);
            let mut word = || words.next().filter(|word| !word.is_empty());
            match (word().as_deref(), word(), word(), word()) {
                (None, ..) => {}
                (Some(comment), ..) if comment.starts_with('#') => {}
                (Some("sha256"), Some(file), Some(sha256), None) => lock.wheels.push(Locked { file, sha256 }),
                (Some("artefact"), Some(wheel), Some(member), Some(reason)) => {
                    lock.artefacts.push(Artefact { wheel, member, reason });
                }
                _ => bail!("line {} is neither `sha256` nor `artefact`: {line}", index + 1),
            }
        }
        Ok(lock)
    }

    /// Why a load of this module says nothing, if so.
    pub fn artefact(&self, wheel: &str, member: &str) -> Option<&str> {
        self.artefacts
            .iter()
            .find(|artefact| artefact.wheel == wheel && artefact.member == member)
            .map(|artefact| artefact.reason.as_str())
    }
}

impl Locked {
    /// What `pip` calls it: `NAME==VERSION`.
    pub fn requirement(&self) -> Result<String> {
        let mut parts = self.file.split('-');
        match (parts.next(), parts.next()) {
            (Some(name), Some(version)) => Ok(format!("{name}=={version}")),
            _ => bail!("`{}` is no wheel's file name", self.file),
        }
    }

    /// The project's name, the same however it is spelt.
    pub fn project(&self) -> String {
        self.file.split('-').next().unwrap_or_default().to_lowercase()
    }

    /// The CPython that takes it, as `3.12`: of an `abi3` or `none` wheel the one that most others here are for.
    pub fn python(&self) -> String {
        let abi = self.file.trim_end_matches(".whl").split('-').rev().nth(1);
        match abi.and_then(|abi| abi.strip_prefix("cp3")) {
            Some(minor) => format!("3.{minor}"),
            None => "3.12".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_has_wheels_and_artefacts() -> Result<()> {
        let lock = Lock::parse(
            "# about\n\nsha256 a_b-1.0-cp310-cp310-x.whl 00ff\nartefact w.whl a/b.so needs a type\n",
        )?;
        assert_eq!(lock.wheels[0].requirement()?, "a_b==1.0");
        assert_eq!(lock.wheels[0].project(), "a_b");
        assert_eq!(lock.wheels[0].python(), "3.10");
        assert_eq!(lock.artefact("w.whl", "a/b.so"), Some("needs a type"));
        assert_eq!(lock.artefact("w.whl", "a/c.so"), None);
        assert!(Lock::parse("md5 x y").is_err());
        Ok(())
    }
}
