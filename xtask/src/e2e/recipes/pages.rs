//! Dockerfiles that pages of the documentation show.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, bail};

use super::dockerfile::{Instruction, parse};
use super::{Kitchen, directory};
use crate::process::{output, root};

/// The pages with Dockerfiles in them.
const PAGES: &[&str] = &["README.md", "docs/docker.md", "docs/guide.md"];

/// The RUN lines of a text, as one line each.
fn runs(text: &str) -> Result<Vec<String>> {
    let instructions = parse(text)?;
    Ok(instructions
        .into_iter()
        .filter_map(|instruction| match instruction {
            Instruction::Run { script, .. } => Some(script.split_whitespace().collect::<Vec<_>>().join(" ")),
            _ => None,
        })
        .collect())
}

/// The RUN lines that the pages show.
fn shown() -> Result<Vec<(&'static str, String)>> {
    let mut lines = Vec::new();
    for page in PAGES {
        let text = fs::read_to_string(root().join(page))?;
        for block in text.split("```dockerfile\n").skip(1).filter_map(|block| block.split("```").next()) {
            let block = runs(block).with_context(|| format!("a Dockerfile in {page}"))?;
            lines.extend(block.into_iter().map(|line| (*page, line)));
        }
    }
    Ok(lines)
}

/// Every command that a page shows in a Dockerfile is one that a recipe runs, or that is run here.
pub fn pages(kitchen: &Kitchen) -> Result<()> {
    let mut tried = BTreeSet::new();
    for entry in fs::read_dir(root().join("docs/examples"))? {
        if let Ok(text) = fs::read_to_string(entry?.path().join("Dockerfile")) {
            for script in runs(&text)? {
                tried.extend(commands(&script));
            }
        }
    }
    let mut count = 0;
    for (page, script) in shown()? {
        count += 1;
        if script.contains("apk del .build-deps") {
            single_stage(kitchen, &script)?;
        } else if script.contains("--find-links=/wheels cffi") {
            from_wheel_image(kitchen, &script)?;
        } else if let Some(command) = commands(&script).find(|command| !tried.contains(command)) {
            bail!("`{command}` of {page} is in no recipe");
        }
    }
    println!("   {count} RUN lines of {}", PAGES.join(", "));
    Ok(())
}

fn commands(script: &str) -> impl Iterator<Item = String> + '_ {
    // The packages to install are those of the moment.
    script.split(" && ").map(|command| match command.strip_prefix("apk add --no-cache build-base") {
        Some(_) => "apk add --no-cache build-base".to_owned(),
        None => command.to_owned(),
    })
}

/// What is installed from source in one stage goes on working when the compilers have gone.
fn single_stage(kitchen: &Kitchen, script: &str) -> Result<()> {
    let root = kitchen.image.copy_to(&kitchen.work.join("single-stage"))?;
    root.put(&kitchen.program.join("muslrepair"), "/usr/local/bin/muslrepair")?;
    root.put(&directory("builder").join("main.py"), "/main.py")?;
    root.put(&directory("builder").join("requirements.txt"), "/requirements.txt")?;
    root.run("apk add --no-cache --virtual .build-deps build-base libffi-dev yaml-dev")?;
    output(&mut root.shell("pip install -r /requirements.txt", &kitchen.environment(), "/", None)?)?;
    root.run(&script.replace("python3.13", "python3.11"))?;
    root.fails("gcc --version")?;
    match root.run("python3 /main.py")?.trim() {
        "works: true" => Ok(()),
        said => bail!("the program says `{said}`"),
    }
}

fn from_wheel_image(kitchen: &Kitchen, script: &str) -> Result<()> {
    let root = kitchen.image.copy_to(&kitchen.work.join("from-wheel-image"))?;
    let wheels = kitchen.work.join("wheel-image/bundled");
    if !wheels.is_dir() {
        bail!("the recipe `wheel-image` has to come before");
    }
    root.put(&wheels, "/wheels")?;
    root.run(script)?;
    root.run("python3 -c 'import _cffi_backend'").map(drop)
}
