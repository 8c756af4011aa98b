//! Which rules a command does not apply.

use clap::Args;
use muslrepair::audit::Code;
use muslrepair::audit::rules::find;

/// Options of `repair`, `show` and `verify` that turn rules off.
#[derive(Clone, Debug, Args)]
pub(super) struct Checks {
    /// Do not report this finding, by its code; can be given more than once
    #[arg(long, value_name = "CODE")]
    allow: Vec<Code>,
    /// Skip the CPU instruction set check
    #[arg(long)]
    disable_isa_ext_check: bool,
}

impl Checks {
    /// The codes of those rules.
    pub(super) fn allowed(&self) -> Vec<Code> {
        let isa = find("unsupported-isa").filter(|_| self.disable_isa_ext_check);
        self.allow.iter().copied().chain(isa.map(|rule| rule.code)).collect()
    }
}
