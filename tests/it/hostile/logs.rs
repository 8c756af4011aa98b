//! Names that a terminal, or a CI service that reads the build log line by line, would take for commands.

use super::scene::{CORE, wheel};
use super::{Group, refused};
use crate::support::elf_builder::ElfBuilder;

const ESCAPED_COMMAND: &str = "`libx\\n::set-output name=x::y.so`, needed by";

pub(super) const GROUP: Group = Group {
    title: "Names in messages",
    cases: &[
        refused(
            "a needed name with a line break and a workflow command behind it",
            &[ESCAPED_COMMAND],
            |scene| {
                scene.module(ElfBuilder::new().needed("libx\n::set-output name=x::y.so").build());
            },
        ),
        refused(
            "a member whose name begins as a workflow command",
            &["`::set-output name=x::y.so`"],
            |scene| {
                let elf = ElfBuilder::new().needed("::stop-commands::t").build();
                scene.wheel(&wheel().file(CORE, &elf).file("::set-output name=x::y.so", &elf));
            },
        ),
        refused(
            "a needed name that is a command anywhere in a line",
            &["`\\u{23}#[error]x", "#\\u{23}#vso[task.x]"],
            |scene| {
                scene.module(ElfBuilder::new().needed("##[error]x").needed("###vso[task.x]").build());
            },
        ),
        refused(
            "needed names with characters that are not seen",
            &["`lib\\u{3164}x.so`", "`lib\\u{e0101}x.so`", "`lib\\u{34f}\\u{115f}x.so`"],
            |scene| {
                let names = ["lib\u{3164}x.so", "lib\u{e0101}x.so", "lib\u{34f}\u{115f}x.so"];
                scene.module(names.iter().fold(ElfBuilder::new(), |elf, name| elf.needed(name)).build());
            },
        ),
    ],
};
