//! What a start needs of the record.

use super::entry::EntryRow;
use crate::domain::observation::Timestamp;
use crate::engine::NextIds;
use crate::engine::restore::{EarlierRules, Kept, KeptRows};
use crate::rules::ruleset::RuleFile;

/// What was in force when the record was last written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// What is kept of the accounts: the sum of what
    /// [`Reads::kept`](super::Reads::kept) gives for each.
    pub kept: KeptRows,
    /// The numbers to give out next: those of this writer.
    pub next: NextIds,
    /// The hash of the rule set that was put into force last.
    pub rules_hash: Option<String>,
    /// The rule sets that were in force last, at most 32, in the order in which
    /// they came into force.
    pub rule_sets: Vec<KeptRuleSet>,
    /// The last log entry: `stopped` after an orderly end.
    pub last_entry: Option<EntryRow>,
    /// When riskd was last at work: the time of the last line or the last
    /// sample.
    pub last_sign: Option<Timestamp>,
}

impl Restored {
    /// What the engine starts from, with these of the rule sets.
    pub fn into_kept(self, earlier: Vec<EarlierRules>) -> Kept {
        Kept {
            rows: self.kept,
            next: self.next,
            earlier,
            ..Kept::default()
        }
    }
}

/// A rule set that was in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRuleSet {
    /// Its hash.
    pub hash: String,
    /// Its text.
    pub text: String,
    /// The files that it named, as they were then; `None` when they are not on
    /// record.
    pub files: Option<Vec<RuleFile>>,
    /// When it came into force first.
    pub loaded_at: Timestamp,
    /// When it came into force last.
    pub last_loaded_at: Timestamp,
}
