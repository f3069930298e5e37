//! What a start needs of the record.

use super::entry::EntryRow;
use crate::domain::account::{AccountName, RuleName};
use crate::domain::ids::{FiringId, IntentId, RequestId};
use crate::domain::observation::Timestamp;
use crate::engine::NextIds;
use crate::engine::record::{IntentRow, LockRow};
use crate::engine::restore::{EarlierRules, Kept, RecentRequest};
use crate::rules::ruleset::RuleFile;

/// What was in force when the record was last written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// What each account remembers, as JSON.
    pub account_states: Vec<(AccountName, String)>,
    /// What each rule remembers for each account, as JSON.
    pub rule_states: Vec<(AccountName, RuleName, String)>,
    /// The locks in force, also those whose time has passed meanwhile.
    pub locks: Vec<LockRow>,
    /// The intents that have not ended, oldest first.
    pub intents: Vec<IntentRow>,
    /// The firings of rules that are still latched for which nothing was sent,
    /// because riskd only observed.
    pub observed: Vec<FiringId>,
    /// The number of the next firing.
    pub next_firing: FiringId,
    /// The number of the next intent.
    pub next_intent: IntentId,
    /// The number of the next request.
    pub next_request: RequestId,
    /// The hash of the rule set that was put into force last.
    pub rules_hash: Option<String>,
    /// The rule sets that were in force last, at most 32, in the order in which
    /// they came into force.
    pub rule_sets: Vec<KeptRuleSet>,
    /// The requests of the ten seconds before this start, oldest first: what the
    /// venue's budget may have been used for, and which close may still be
    /// filling. One that is known never to have left is not among them.
    pub recent_requests: Vec<RecentRequest>,
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
            earlier,
            accounts: self.account_states,
            rules: self.rule_states,
            locks: self.locks,
            intents: self.intents,
            recent: self.recent_requests,
            observed: self.observed,
            next: NextIds {
                firing: self.next_firing,
                intent: self.next_intent,
                request: self.next_request,
            },
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
