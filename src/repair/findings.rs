//! What an audit found and a plan does not fix.

use super::error::RepairError;
use super::note::Note;
use super::options::RepairOptions;
use super::plan::Plan;
use crate::audit::{Audit, Finding, Severity};
use crate::wheel::PlatformTag;

impl Plan {
    /// The same with what the audit found and it does not fix.
    ///
    /// # Errors
    ///
    /// When `RECORD` cannot be read, and would stay as it is.
    pub(super) fn with_findings(
        mut self,
        audit: &Audit,
        options: &RepairOptions,
    ) -> Result<Self, RepairError> {
        let found = audit.findings().filter(|finding| finding.severity >= Severity::Warning);
        let (fixed, left): (Vec<_>, Vec<_>) =
            found.cloned().partition(|finding| self.fixes(finding, options));
        // What installers read in different ways, and what is written says the same.
        let (ambiguous, left): (Vec<_>, Vec<_>) = left
            .into_iter()
            .partition(|finding| ["unreadable-record", "wrong-script"].contains(&finding.code.as_str()));
        if !ambiguous.is_empty() {
            return Err(RepairError::Unrepairable { findings: ambiguous });
        }
        let fixed = fixed.into_iter().filter(is_about_record);
        self.notes.extend(fixed.map(|finding| Note::RecordFixed { problem: finding.message }));
        // What a repair would fix in a copy keeps nobody from copying it.
        let tolerated = |finding: &Finding| finding.fixed_by_repair && self.published.is_some();
        let as_said = |finding: Finding| match is_about_record(&finding) || tolerated(&finding) {
            true => finding.with_severity(Severity::Warning),
            false => finding,
        };
        self.findings = left.into_iter().map(as_said).collect();
        Ok(self)
    }

    /// Whether the plan fixes what the audit found.
    fn fixes(&self, finding: &Finding, options: &RepairOptions) -> bool {
        let asked = match finding.code.as_str() {
            "relr" => self.target.as_ref().is_some_and(|target| options.lowers_relr(target)),
            "linux-tag" => !self.output.platforms().iter().any(|tag| matches!(tag, PlatformTag::Linux(_))),
            "wrong-tag" | "manylinux-tag-on-musl" => options.update_tags,
            _ => true,
        };
        asked && finding.fixed_by_repair && !self.is_copy()
    }
}

/// Whether a finding is about `RECORD`. Installers take wheels whose `RECORD` is wrong, so that it is a warning in a repair.
fn is_about_record(finding: &Finding) -> bool {
    ["unreadable-record", "record-mismatch", "unlisted"].iter().any(|code| finding.code == *code)
}
