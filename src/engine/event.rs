//! Everything that can happen to the engine.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::restore::{EarlierRules, KeptRows};
use crate::domain::account::{AccountName, RuleName};
use crate::domain::holdings::{Position, WorkingOrders};
use crate::domain::ids::RequestId;
use crate::domain::made::MadeSpan;
use crate::domain::money::Money;
use crate::domain::observation::{Missing, Observation, Timestamp};
use crate::domain::request::Answer;
use crate::rules::book::RuleBook;
use crate::rules::book::Until;

/// One thing that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A poll ended, well or badly.
    Observed(Observation),
    /// The working orders of an account were read.
    OrdersRead {
        /// The account.
        account: AccountName,
        /// When they were asked for, by the steady clock.
        at: Timestamp,
        /// What was learned.
        orders: WorkingOrders,
        /// Whether all of them were read; else some stand as they were read before, and
        /// nothing is proven of an account that is to be quiet.
        are_all: bool,
    },
    /// What an account made before it was first seen was read.
    ResultsListed {
        /// The account.
        account: AccountName,
        /// In which span of time.
        span: MadeSpan,
        /// Results, fees and funding, without flows; `None` where the venue lists
        /// nothing.
        made: Option<Money>,
    },
    /// A read that the engine asked for has left riskd.
    ReadLeft {
        /// The account.
        account: AccountName,
        /// Which read: the number that [`super::effect::Effect::Read`] gave.
        read: u64,
        /// When, by the steady clock.
        at: Timestamp,
    },
    /// A read that the engine asked for ended.
    ReadEnded {
        /// The account.
        account: AccountName,
        /// Which read: the number that [`super::effect::Effect::Read`] gave.
        read: u64,
        /// When it left riskd, by the steady clock: what it shows is no older.
        at: Timestamp,
        /// What it learned, or why nothing.
        result: Result<ReadResult, ReadFailure>,
    },
    /// A write has left riskd.
    Sent {
        /// The account.
        account: AccountName,
        /// Which write.
        request: RequestId,
        /// Why it left before its row was known to be on record, if it did.
        unrecorded: Option<Arc<str>>,
    },
    /// A write was answered, or given up.
    Answered {
        /// The account.
        account: AccountName,
        /// Which write.
        request: RequestId,
        /// What came of it.
        answer: Answer,
    },
    /// Nothing but time passed.
    Time,
    /// A new rule set is to be in force.
    Reloaded(Arc<RuleBook>),
    /// From now on this engine runs an account that it did not run: it is taken up as
    /// at a start.
    Adopted {
        /// The account.
        account: AccountName,
        /// What the record keeps under its name, and under one that it had before.
        kept: Box<KeptRows>,
        /// The rule sets that were in force last, as at a start.
        earlier: Vec<EarlierRules>,
    },
    /// This engine does not run an account any more. Nothing is done for it or decided
    /// of it from here on, and what arrives of it late is not taken in: what is on
    /// record holds for whoever takes it up.
    Released {
        /// The account.
        account: AccountName,
    },
    /// A person asks for something.
    Command(Command),
}

/// What a read learned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadResult {
    /// The working orders.
    Orders(WorkingOrders),
    /// The positions.
    Positions(Arc<[Position]>),
}

/// Why a verification read learned nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadFailure {
    /// The stable reason.
    pub missing: Missing,
    /// The venue's own words.
    pub words: Arc<str>,
}

impl fmt::Display for ReadFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.words.is_empty() {
            write!(f, "{}", self.missing)
        } else {
            write!(f, "{}: {}", self.missing, self.words)
        }
    }
}

/// What became of the flatten of a command that has it taken over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FlattenSent {
    /// The venue answered, or may have: it may have been carried out.
    #[default]
    Answered,
    /// The venue's rate limit turned it away, or it did not leave for that reason.
    /// The account has seen nothing of it.
    Refused,
}

/// What a person may ask of the running engine. Each has a reason, on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Make the account flat and quiet now.
    Flatten {
        /// The account.
        account: AccountName,
        /// Why.
        reason: String,
    },
    /// Take over from a command that has just sent a flatten for the account by
    /// itself, and go on until the account is flat and quiet.
    TakeOver {
        /// The account.
        account: AccountName,
        /// Why.
        reason: String,
        /// What became of that flatten.
        sent: FlattenSent,
    },
    /// Keep the account flat and quiet.
    Lock {
        /// The account.
        account: AccountName,
        /// Until when.
        until: Until,
        /// Why.
        reason: String,
    },
    /// End the account's locks.
    Unlock {
        /// The account.
        account: AccountName,
        /// Why.
        reason: String,
    },
    /// Let a fired rule fire again.
    Rearm {
        /// The account.
        account: AccountName,
        /// The rule.
        rule: RuleName,
        /// Why.
        reason: String,
    },
}

impl Command {
    /// The account that it is about.
    pub const fn account(&self) -> &AccountName {
        match self {
            Command::Flatten { account, .. }
            | Command::TakeOver { account, .. }
            | Command::Lock { account, .. }
            | Command::Unlock { account, .. }
            | Command::Rearm { account, .. } => account,
        }
    }
}
