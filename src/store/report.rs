//! One firing with all that came of it, for `riskd why`.

use super::batch::RuleSetRow;
use super::entry::EntryRow;
use crate::domain::ids::{FiringId, IntentId, LockId, RequestId};
use crate::domain::observation::Timestamp;
use crate::engine::record::{AnswerRow, IntentEnd, IntentRow, LockRow};

/// A firing with all that came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FiringReport {
    /// The firing.
    pub firing: FiringView,
    /// The rule set that was in force, when the record has it.
    pub rule_set: Option<RuleSetRow>,
    /// What it asked for.
    pub intents: Vec<IntentView>,
    /// The writes that went out for it, each with its answer. At most 10,000.
    pub requests: Vec<RequestView>,
    /// The locks that it set.
    pub locks: Vec<LockView>,
    /// The log entries that name it. At most 10,000.
    pub entries: Vec<EntryRow>,
}

/// A firing as it is in the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FiringView {
    /// Its number.
    pub id: FiringId,
    /// The account.
    pub account: String,
    /// The rule.
    pub rule: String,
    /// When.
    pub at: Timestamp,
    /// The actions of the rule, by name.
    pub actions: Vec<String>,
    /// What was compared with what, in the order in which it was written.
    pub evidence: Vec<(String, String)>,
    /// Hash of the rule set that was in force.
    pub rules_hash: String,
}

/// An intent with its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntentView {
    /// The intent.
    pub intent: IntentRow,
    /// When and how it ended; `None` while it is open.
    pub ended: Option<(Timestamp, IntentEnd)>,
}

/// A write with its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestView {
    /// Its number.
    pub id: RequestId,
    /// The account.
    pub account: String,
    /// What was asked, by its stable name.
    pub write: String,
    /// The instrument or order that it names besides the account.
    pub target: Option<String>,
    /// The enforcement round it belongs to, from 1.
    pub round: u32,
    /// When it was decided, and queued for the venue.
    pub at: Timestamp,
    /// The intents behind it.
    pub intents: Vec<IntentId>,
    /// When it left; `None` when that is not known: in a record from before this
    /// was written down, or it never left.
    pub sent: Option<SentView>,
    /// What became of it; `None` when that was never learned.
    pub answer: Option<AnswerRow>,
}

/// When a write left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentView {
    /// When.
    pub at: Timestamp,
    /// Why it left before its row was known to be committed.
    pub unrecorded: Option<String>,
}

/// A lock with what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockView {
    /// Its number.
    pub id: LockId,
    /// The lock.
    pub lock: LockRow,
    /// The number of the lock that took its place, when it was extended.
    pub replaced_by: Option<LockId>,
    /// When and why it ended; `None` while it is in force.
    pub ended: Option<(Timestamp, String)>,
}
