//! `cargo xtask e2e newcomer`: clones the repository and runs the README's commands, with nothing built or
//! downloaded before. Packages of the distribution that are already installed stay installed.

use std::fs;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::image;
use crate::process::{command, run as run_command, target};

/// The section of the README with the commands.
const SECTION: &str = "## Try it";

pub fn run() -> Result<()> {
    let place = target().join("e2e/newcomer");
    image::remove(&place)?;
    let (clone, cargo) = (place.join("muslrepair"), place.join("cargo"));
    fs::create_dir_all(&cargo)?;
    // The clone uses the crate sources that this machine is configured for.
    if let Some(home) = std::env::home_dir() {
        for name in ["config.toml", "config"] {
            let _ = fs::copy(home.join(".cargo").join(name), cargo.join(name));
        }
    }
    let mut times = Vec::new();
    let mut timed = |name: &str, command: &mut std::process::Command| -> Result<()> {
        println!("-- {name}");
        let start = Instant::now();
        run_command(command)?;
        times.push((name.to_owned(), start.elapsed().as_secs_f32()));
        Ok(())
    };
    timed("git clone", command("git").args(["clone", "--quiet", "."]).arg(&clone))?;
    let readme = fs::read_to_string(clone.join("README.md"))?;
    for line in commands(&readme)? {
        let mut shell = command("sh");
        shell
            .args(["-ec", &line])
            .current_dir(&clone)
            .env("CARGO_HOME", &cargo)
            .env_remove("CARGO_TARGET_DIR");
        timed(&line, &mut shell)?;
    }
    println!();
    for (name, seconds) in &times {
        println!("{seconds:7.1} s  {name}");
    }
    println!("e2e newcomer: {} passed, 0 failed", times.len());
    Ok(())
}

/// The commands of the section, one per line.
fn commands(readme: &str) -> Result<Vec<String>> {
    let section = readme.split(SECTION).nth(1).with_context(|| format!("no `{SECTION}` in the README"))?;
    let section = section.split("\n## ").next().unwrap_or_default();
    let blocks = section.split("```sh\n").skip(1).filter_map(|block| block.split("```").next());
    let lines: Vec<String> = blocks.flat_map(str::lines).map(str::to_owned).collect();
    if lines.len() != 2 {
        bail!("the README promises two commands, and `{SECTION}` has {}", lines.len());
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_readme_has_two_commands() {
        let readme = std::fs::read_to_string(crate::process::root().join("README.md")).unwrap();
        let commands = super::commands(&readme).unwrap();
        assert!(commands[0].starts_with("cargo run --release -- repair "));
        assert_eq!(commands[1], "cargo xtask test");
    }
}
