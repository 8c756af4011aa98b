//! Checks the Dockerfiles in pages of the documentation.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Result, bail};

use super::Kitchen;
use crate::process::root;

/// The pages with Dockerfiles in them.
const PAGES: &[&str] = &["README.md", "docs/docker.md", "docs/guide.md"];

/// The commands of each RUN line of a Dockerfile, without mounts. Versions of packages are not compared.
fn runs(text: &str) -> Vec<Vec<String>> {
    let joined =
        text.lines().filter(|line| !line.trim_start().starts_with('#')).collect::<Vec<_>>().join("\n");
    let joined = joined.replace("\\\n", " ");
    let scripts = joined.lines().filter_map(|line| line.strip_prefix("RUN "));
    let words =
        scripts.map(|script| script.split_whitespace().skip_while(|word| word.starts_with("--mount=")));
    let plain = |command: &str| match command.starts_with("apk add --no-cache build-base") {
        true => "apk add --no-cache build-base".to_owned(),
        false => command.to_owned(),
    };
    words.map(|words| words.collect::<Vec<_>>().join(" ").split(" && ").map(plain).collect()).collect()
}

/// Every command in a Dockerfile of a page must be in a recipe, or is run here.
pub fn pages(kitchen: &Kitchen) -> Result<()> {
    let mut tried = BTreeSet::new();
    for file in crate::process::files(&root().join("docs/examples"))?
        .iter()
        .filter(|file| file.ends_with("Dockerfile"))
    {
        tried.extend(runs(&fs::read_to_string(file)?).into_iter().flatten());
    }
    let mut count = 0;
    for page in PAGES {
        let text = fs::read_to_string(root().join(page))?;
        let blocks = text.split("```dockerfile\n").skip(1).filter_map(|block| block.split("```").next());
        for commands in blocks.flat_map(runs) {
            count += 1;
            let script = commands.join(" && ");
            if script.contains("--find-links=/wheels cffi") {
                from_wheel_image(kitchen, &script)?;
            } else if let Some(command) = commands.iter().find(|command| !tried.contains(*command)) {
                bail!("`{command}` of {page} is in no recipe");
            }
        }
    }
    println!("   {count} RUN lines of {}", PAGES.join(", "));
    Ok(())
}

fn from_wheel_image(kitchen: &Kitchen, script: &str) -> Result<()> {
    let root = kitchen.image.copy_to(&kitchen.work.join("from-wheel-image"))?;
    let options =
        ["MODULE=cffi", "VERSION=1.17.1", "PACKAGES=libffi-dev"].map(|arg| format!("--build-arg={arg}"));
    root.put(&kitchen.build("wheel-image", "bundled", &options)?.root.directory, "/wheels")?;
    root.run(script)?;
    root.run("python3 -c 'import _cffi_backend'").map(drop)
}

#[cfg(test)]
mod tests {
    #[test]
    fn commands_of_a_dockerfile_without_mounts_comments_and_line_ends() {
        let text = "FROM x\nRUN --mount=type=bind,from=w,target=/w \\\n    # not this\n  a b \\\n && apk add --no-cache build-base z\n";
        assert_eq!(super::runs(text), [["a b", "apk add --no-cache build-base"]]);
    }
}
