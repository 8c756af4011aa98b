//! `cargo xtask bench WHAT [OPTION...]`: figures, each made by one command that anyone can run.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

mod batch;
mod cost;
mod engines;
mod growth;
mod large;
mod objects;
mod page;
mod rows;
mod scale;
mod strip;
mod synthetic;
mod wheels;

pub fn run(arguments: &[String]) -> Result<()> {
    match arguments.split_first() {
        Some((what, rest)) if what == "growth" => growth::run(&Options::parse(rest)?),
        Some((what, rest)) if what == "scale" => scale::run(rest),
        Some((what, rest)) if what == "strip" => strip::run(&Options::parse(rest)?),
        Some((what, rest)) if what == "wheels" => wheels::run(rest),
        _ => bail!("usage: cargo xtask bench growth|scale|strip|wheels [OPTION...]"),
    }
}

/// What those take that measure the patcher.
#[derive(Debug, Default)]
struct Options {
    /// Where wheels are, here or in directories below, whose ELF files are measured too.
    wheels: Option<PathBuf>,
    /// Whether the tables go into `docs/patcher.md`.
    write: bool,
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self> {
        let mut options = Self::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--wheels" => {
                    let directory = arguments.next().context("--wheels takes a directory")?;
                    options.wheels = Some(std::path::absolute(directory)?);
                }
                "--write" => options.write = true,
                _ => bail!("unknown option `{argument}`; there are --wheels DIRECTORY and --write"),
            }
        }
        Ok(options)
    }
}
