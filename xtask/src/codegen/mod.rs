//! `cargo xtask codegen [--check]`: files that are generated from data in `testdata/` and from the program.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::page;
use crate::process::root;

mod picture;
mod policy;
mod program;
mod symbols;

/// One generated file: its path and its generator.
struct Output {
    path: &'static str,
    generate: fn() -> Result<String>,
}

/// Every generated file. A new one needs a file here and a line in this table.
const OUTPUTS: &[Output] = &[
    Output { path: "src/policy/table.rs", generate: policy::generate },
    Output { path: "src/musl/table.rs", generate: symbols::generate },
    // Last, because they are made by the program, which includes the sources above.
    Output { path: "docs/cli.md", generate: program::command_line },
    Output { path: "docs/rules.md", generate: program::rules },
    Output { path: program::SCHEMA, generate: program::schema },
    Output { path: "docs/picture-light.svg", generate: picture::light },
    Output { path: "docs/picture-dark.svg", generate: picture::dark },
];

#[derive(clap::Args)]
pub struct Options {
    /// Write nothing; a file that is stale is an error
    #[arg(long)]
    pub check: bool,
}

pub fn run(options: &Options) -> Result<()> {
    let mut stale = Vec::new();
    for output in OUTPUTS {
        let text = (output.generate)().with_context(|| format!("cannot generate {}", output.path))?;
        if !options.check {
            page::write(output.path, &text)?;
        } else if !fs::read_to_string(root().join(output.path)).is_ok_and(|found| found == text) {
            stale.push(output.path);
        }
    }
    if !stale.is_empty() {
        bail!("stale: {}; `cargo xtask codegen` writes them anew", stale.join(", "));
    }
    Ok(())
}

/// Formats generated source with rustfmt and the repository's settings, so that `cargo fmt --check` accepts
/// it.
fn formatted(source: &str) -> Result<String> {
    use std::io::Write as _;
    use std::process::Stdio;

    let mut rustfmt = crate::process::command("rustfmt");
    rustfmt.args(["--edition", "2024", "--emit", "stdout"]);
    let mut child =
        rustfmt.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("cannot start rustfmt")?;
    child.stdin.take().context("rustfmt has no input")?.write_all(source.as_bytes())?;
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("rustfmt refuses the generated source");
    }
    Ok(String::from_utf8(output.stdout)?)
}
