//! Everything that the engine may ask of the shell.

use crate::domain::account::{AccountName, NotifierName, RuleName};
use crate::domain::ids::RequestId;
use crate::domain::request::{Urgency, Write};
pub use crate::domain::severity::Severity;

use super::enforcement::Reading;
use super::record::{EntryKind, RecordRow};

/// One thing for the shell to do, in this order within a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Send a write; answer with `Event::Answered`, whatever happens.
    Send {
        /// The account.
        account: AccountName,
        /// The number of the request.
        request: RequestId,
        /// What is asked.
        write: Write,
        /// Where it stands in the order of what leaves.
        urgency: Urgency,
    },
    /// A request need not leave any more, should it still wait; it is answered
    /// as not sent then.
    Withdraw {
        /// The account.
        account: AccountName,
        /// The number of the request.
        request: RequestId,
    },
    /// Read something of an account, asked after now; answer with
    /// `Event::ReadEnded`, whatever happens.
    Read {
        /// The account.
        account: AccountName,
        /// The number of the read.
        read: u64,
        /// What is read.
        what: Reading,
    },
    /// A read is not needed any more, should it still wait; it needs no answer.
    WithdrawRead {
        /// The account.
        account: AccountName,
        /// The number of the read.
        read: u64,
    },
    /// Write a row. The rows of one step belong into one transaction.
    Record(RecordRow),
    /// Tell somebody.
    Notify(Notice),
}

/// A message for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Who hears of it.
    pub to: Audience,
    /// How much it matters.
    pub severity: Severity,
    /// What happened.
    pub kind: EntryKind,
    /// The account, when it is about one.
    pub account: Option<AccountName>,
    /// The rule, when it is about one.
    pub rule: Option<RuleName>,
    /// The message itself.
    pub text: String,
}

/// Who hears of a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// These notifiers.
    Named(Vec<NotifierName>),
    /// Every notifier of the rule file.
    Everyone,
}
