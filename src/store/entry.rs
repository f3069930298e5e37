//! Log entries, and how they are asked for.

use crate::domain::account::{AccountName, RuleName};
use crate::domain::ids::FiringId;
use crate::domain::observation::Timestamp;
use crate::engine::record::EntryKind;

/// Which log entries are asked for; the default is the first ones of
/// all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryFilter {
    /// Only of this account.
    pub account: Option<AccountName>,
    /// Only of this rule.
    pub rule: Option<RuleName>,
    /// Only of this kind.
    pub kind: Option<EntryKind>,
    /// Only what happened at or after this.
    pub since: Option<Timestamp>,
    /// Only what comes after the line with this number, in the order asked for.
    pub after_id: Option<i64>,
    /// At most so many; 0 stands for 100, and there is a limit of 10,000.
    pub limit: u32,
    /// The last line first.
    pub newest_first: bool,
}

/// One log entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRow {
    /// Its number; lines are in the order of their numbers.
    pub id: i64,
    /// When it happened.
    pub at: Timestamp,
    /// What it is about, by its stable name. A record may hold kinds that this
    /// program does not know any more.
    pub kind: String,
    /// The account, when it is about one.
    pub account: Option<String>,
    /// The rule, when it is about one.
    pub rule: Option<String>,
    /// The firing, when it belongs to one.
    pub firing: Option<FiringId>,
    /// What happened, in words.
    pub message: String,
    /// The numbers by name, in the order in which they were written.
    pub fields: Vec<(String, String)>,
}
