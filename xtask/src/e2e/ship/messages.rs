//! Provokes the messages of docs/troubleshooting.md, and measures the figures of docs/guide.md.

use std::fs;

use anyhow::{Context, Result, bail};

use super::Ship;
use crate::image::Root;
use crate::process::{command, root, run};

/// A heading, a script that provokes its message where wheels are installed without their libraries, and the
/// message.
struct Message {
    heading: &'static str,
    script: &'static str,
    text: &'static str,
}

const MESSAGES: &[Message] = &[
    Message {
        heading: "Error loading shared library",
        script: "python3 -c 'import yaml._yaml'",
        text: "Error loading shared library libyaml-0.so.2: No such file or directory (needed by ",
    },
    Message {
        heading: "Error relocating",
        script: "python3 -c 'import ctypes; ctypes.CDLL(\"./module.so\")'",
        text: "Error relocating ./module.so: no_such_function: symbol not found",
    },
    Message {
        heading: "is not a supported wheel on this platform",
        script: "cp /dist/pyyaml-*.whl /tmp/PyYAML-6.0.2-cp311-cp311-manylinux_2_17_x86_64.whl \
                 && pip install --no-index /tmp/PyYAML-6.0.2-cp311-cp311-manylinux_2_17_x86_64.whl",
        text: "PyYAML-6.0.2-cp311-cp311-manylinux_2_17_x86_64.whl is not a supported wheel on this platform.",
    },
    Message {
        heading: "No matching distribution found for",
        script: "pip uninstall -q -y cffi && pip install --no-index --find-links /tmp cffi",
        text: "ERROR: No matching distribution found for cffi",
    },
    Message {
        heading: "was not found",
        script: "muslrepair repair -w /tmp/out /dist/pyyaml-*.whl",
        text: "error: cannot repair `/dist/pyyaml-6.0.2-cp311-cp311-linux_x86_64.whl`\n  \
               `libyaml-0.so.2`, needed by `yaml/_yaml.cpython-311-x86_64-linux-musl.so`, was not found\n  \
               searched: `/lib`, `/usr/local/lib`, `/usr/lib`\n\
               hint: `apk add so:libyaml-0.so.2`, or pass `--exclude libyaml-0.so.2` if the user must provide it",
    },
    Message {
        heading: "no installed package provides",
        script: "muslrepair needs --format pkg /dist",
        text: "error: no installed package provides `so:libffi.so.8`",
    },
];

/// Messages that other steps provoke.
const ELSEWHERE: &[&str] =
    &["error: command 'gcc' failed: No such file or directory", "405 Method Not Allowed"];

/// Provokes every message that the documentation marks as tested.
pub fn provoke(ship: &mut Ship) -> Result<()> {
    let known = |heading: &str| {
        MESSAGES.iter().any(|message| message.heading == heading) || ELSEWHERE.contains(&heading)
    };
    let page = fs::read_to_string(root().join("docs/troubleshooting.md"))?;
    for section in page.split("\n## ").skip(1).filter(|section| section.contains('✔')) {
        let heading = section.split('`').nth(1).context("a heading without a message")?;
        if !known(heading) {
            bail!("nothing provokes `{heading}` of docs/troubleshooting.md");
        }
    }
    let builder = ship.builder()?;
    builder.run(
        "echo 'int no_such_function(void); int f(void) { return no_such_function(); }' > /module.c \
         && gcc -shared -fPIC -o /module.so /module.c",
    )?;
    let root = Root { directory: ship.directory.join("unrepaired") };
    root.put(&builder.path("/module.so"), "/module.so")?;
    for message in MESSAGES {
        let said = root.fails(message.script)?;
        if !said.contains(message.text) {
            bail!("`{}` does not say:\n{}\nbut:\n{said}", message.script, message.text);
        }
    }
    root.run("pip install -q --no-index --find-links /dist cffi")?;
    println!("{} messages as documented", MESSAGES.len());
    Ok(())
}

/// The guide's claims about stacks, locales and time zones.
pub fn traps(ship: &mut Ship) -> Result<()> {
    let root = Root { directory: ship.directory.join("unrepaired") };
    let source = crate::process::root().join("xtask/src/e2e/ship");
    let gcc = ship.image_ref()?.compiler();
    let library = ship.directory.join("stack.so");
    run(command(gcc).args(["-shared", "-fPIC", "-o"]).arg(&library).arg(source.join("stack.c")))?;
    root.put(&library, "/stack.so")?;
    root.put(&source.join("traps.py"), "/traps.py")?;
    let said = root.run("python3 /traps.py")?;
    print!("{said}");
    let expected =
        ["c 133920", "python 133920", "asked 1051424", "day Monday .", "zone UTC UTC", "zone CET CEST"];
    if said.lines().collect::<Vec<_>>() != expected {
        bail!("docs/guide.md says otherwise");
    }
    Ok(())
}
