//! What the engine asks the shell to write down.
//!
//! Rows are plain data; the store decides how they are kept. The kinds have
//! stable names: queries, `riskd events` and other programs rely on them.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::domain::account::{AccountName, RuleName};
use crate::domain::ids::{FiringId, IntentId, RequestId};
use crate::domain::lock::{LockEnd, LockKind};
use crate::domain::observation::Timestamp;
use crate::domain::position_key::PositionKey;
use crate::domain::request::{Outcome, Write};

/// One row for the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordRow {
    /// What an account remembers: session anchors, marks, ledger.
    AccountState {
        /// The account.
        account: AccountName,
        /// The state as JSON.
        state: String,
    },
    /// What a rule remembers for one account.
    RuleState {
        /// The account.
        account: AccountName,
        /// The rule.
        rule: RuleName,
        /// The state as JSON.
        state: String,
    },
    /// A rule fired.
    Firing(FiringRow),
    /// Something is to be done until it is done.
    Intent(IntentRow),
    /// An intent came to its end.
    IntentEnded {
        /// Which one.
        id: IntentId,
        /// When.
        at: Timestamp,
        /// How.
        end: IntentEnd,
    },
    /// A write goes out.
    Request(RequestRow),
    /// A write left for the venue.
    Sent {
        /// Which one.
        request: RequestId,
        /// When.
        at: Timestamp,
        /// Why it left before its row was known to be committed; `None` when
        /// it was committed first.
        unrecorded: Option<String>,
    },
    /// A write was answered, or given up.
    Answer(AnswerRow),
    /// An account is locked, or its lock holds longer than before.
    Lock(LockRow),
    /// An account is not locked any more.
    LockEnded {
        /// The account.
        account: AccountName,
        /// Which of its locks.
        kind: LockKind,
        /// When.
        at: Timestamp,
        /// Why, in words.
        reason: String,
    },
    /// One log entry.
    LogEntry(LogEntry),
}

impl RecordRow {
    /// Whether the row must survive a loss of power before it is acknowledged:
    /// firings, intents, locks and what became of them.
    pub const fn is_vital(&self) -> bool {
        match self {
            RecordRow::AccountState { .. } | RecordRow::RuleState { .. } => false,
            RecordRow::LogEntry(entry) => entry.kind.is_vital(),
            RecordRow::Firing(_)
            | RecordRow::Intent(_)
            | RecordRow::IntentEnded { .. }
            | RecordRow::Request(_)
            | RecordRow::Sent { .. }
            | RecordRow::Answer(_)
            | RecordRow::Lock(_)
            | RecordRow::LockEnded { .. } => true,
        }
    }
}

/// A rule going from not fired to fired for one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FiringRow {
    /// Its number.
    pub id: FiringId,
    /// The account.
    pub account: AccountName,
    /// The rule.
    pub rule: RuleName,
    /// When.
    pub at: Timestamp,
    /// The actions of the rule, by name.
    pub actions: Vec<&'static str>,
    /// What was compared with what.
    pub evidence: Fields,
    /// Hash of the rule set that was in force.
    pub rules_hash: String,
}

/// Who or what asks for something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A rule fired.
    Firing(FiringId),
    /// The account is locked and is not flat and quiet.
    Lock,
    /// A person asked, with this reason.
    Person(String),
}

/// What an intent is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// No working order.
    Quiet,
    /// No position and no working order.
    FlatAndQuiet,
    /// None of these positions (their instruments as the venue spells them), and no
    /// order that could open one again.
    Closed(Vec<PositionKey>),
    /// No working order that would open or increase exposure.
    ReduceOnly,
}

impl Goal {
    /// The stable name, as in the record.
    pub const fn name(&self) -> &'static str {
        match self {
            Goal::Quiet => "quiet",
            Goal::FlatAndQuiet => "flat_and_quiet",
            Goal::Closed(_) => "closed",
            Goal::ReduceOnly => "reduce_only",
        }
    }

    /// The goal in words that read well after an account's name.
    pub fn words(&self) -> String {
        match self {
            Goal::Quiet => "free of working orders".to_owned(),
            Goal::FlatAndQuiet => "flat and quiet".to_owned(),
            Goal::Closed(keys) => {
                let names: Vec<String> = keys.iter().map(ToString::to_string).collect();
                format!("out of {}", names.join(", "))
            }
            Goal::ReduceOnly => "free of orders that increase exposure".to_owned(),
        }
    }

    /// Whether reaching this goal reaches the other one too.
    pub fn covers(&self, other: &Goal) -> bool {
        *self == Goal::FlatAndQuiet || self == other
    }
}

/// Something that is to be done until it is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntentRow {
    /// Its number.
    pub id: IntentId,
    /// The account.
    pub account: AccountName,
    /// What is to be reached.
    pub goal: Goal,
    /// Who or what asked.
    pub cause: Cause,
    /// When.
    pub at: Timestamp,
}

/// How an intent ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntentEnd {
    /// An observation made after the last request shows the goal reached.
    Verified,
    /// Nothing was sent because riskd only observes.
    Observed,
    /// It is moot: its lock has ended, the account is not in the rule file under
    /// this name and number, or riskd only observes now.
    Abandoned,
}

impl IntentEnd {
    /// The stable name, as in the record.
    pub const fn name(self) -> &'static str {
        match self {
            IntentEnd::Verified => "verified",
            IntentEnd::Observed => "observed",
            IntentEnd::Abandoned => "abandoned",
        }
    }
}

/// A write to a venue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRow {
    /// Its number.
    pub id: RequestId,
    /// The account.
    pub account: AccountName,
    /// What was asked.
    pub write: Write,
    /// The enforcement round it belongs to, from 1.
    pub round: u32,
    /// When it was decided, and queued for the venue.
    pub at: Timestamp,
    /// The intents behind it.
    pub intents: Vec<IntentId>,
}

/// What became of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerRow {
    /// The write.
    pub request: RequestId,
    /// When the answer was there, or was given up.
    pub at: Timestamp,
    /// What came of it.
    pub outcome: Outcome,
    /// The HTTP status, when there was one.
    pub status: Option<u16>,
    /// The venue's own words, shortened.
    pub words: String,
}

/// A lock in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockRow {
    /// The account.
    pub account: AccountName,
    /// What it asks.
    pub kind: LockKind,
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub end: LockEnd,
    /// Why, in words: the rule's name or a person's reason.
    pub reason: String,
    /// The firing that set it, if one did.
    pub firing: Option<FiringId>,
}

/// Named values, in a fixed order; written as a JSON object of strings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(pub Vec<(Cow<'static, str>, String)>);

impl Fields {
    /// No values.
    pub const fn new() -> Fields {
        Fields(Vec::new())
    }

    /// Adds a value; a second one of the same name goes behind the first, since
    /// a JSON object has each name once.
    pub fn put(&mut self, name: impl Into<Cow<'static, str>>, value: impl ToString) -> &mut Fields {
        let name = name.into();
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => {
                values.push_str("; ");
                values.push_str(&value.to_string());
            }
            None => self.0.push((name, value.to_string())),
        }
        self
    }

    /// Adds a value, if there is one.
    pub fn put_known(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        value: Option<impl ToString>,
    ) -> &mut Fields {
        if let Some(value) = value {
            self.put(name, value);
        }
        self
    }

    /// The value of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

impl Serialize for Fields {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// One log entry that `riskd events` tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub kind: EntryKind,
    /// The account, when it is about one.
    pub account: Option<AccountName>,
    /// The rule, when it is about one.
    pub rule: Option<RuleName>,
    /// The firing, when it belongs to one.
    pub firing: Option<FiringId>,
    /// What happened, in words with the numbers.
    pub message: String,
    /// The numbers by name.
    pub fields: Fields,
}

macro_rules! entry_kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $vital:literal;)*) => {
        /// What an entry of the story is about. The names are stable.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum EntryKind { $($(#[$doc])* $name,)* }

        impl EntryKind {
            /// Every kind, in the order of the documentation.
            pub const ALL: &[EntryKind] = &[$(EntryKind::$name,)*];

            /// The stable name, as in the record.
            pub const fn name(self) -> &'static str {
                match self { $(EntryKind::$name => $text,)* }
            }

            /// Whether it must survive a loss of power.
            pub const fn is_vital(self) -> bool {
                match self { $(EntryKind::$name => $vital,)* }
            }
        }
    };
}

entry_kinds! {
    /// The daemon started.
    Started = "started", true;
    /// The daemon is ready: every account was observed afresh.
    Ready = "ready", false;
    /// The daemon stopped in order.
    Stopped = "stopped", true;
    /// A rule set was put into force.
    RulesLoaded = "rules_loaded", true;
    /// A changed rule file was refused; the old rules stay.
    RulesRefused = "rules_refused", true;
    /// A credential was replaced; the new one is used from here on.
    CredentialRenewed = "credential_renewed", true;
    /// A credential cannot be read: no account of its venue is protected.
    CredentialMissing = "credential_missing", true;
    /// A change that loosens a rule waits for the next session.
    LooseningHeld = "loosening_held", true;
    /// A change that waited for the session is in force.
    LooseningReleased = "loosening_released", true;
    /// A session began for an account.
    SessionOpened = "session_opened", false;
    /// A rule came near its limit.
    Warned = "warned", false;
    /// A rule fired.
    Fired = "fired", true;
    /// The condition of a fired rule became false, for the first time since it fired.
    Cleared = "cleared", false;
    /// A fired rule may fire again.
    Rearmed = "rearmed", true;
    /// A rule has been unknown for long.
    RuleUnknown = "rule_unknown", false;
    /// A rule that was unknown for long is known again.
    RuleKnown = "rule_known", false;
    /// Enforcement began for an account.
    EnforcementStarted = "enforcement_started", true;
    /// A write goes out.
    RequestSent = "request_sent", true;
    /// A write was answered, or given up.
    RequestAnswered = "request_answered", true;
    /// A verification read after the last request shows what is still there.
    NotYet = "not_yet", false;
    /// A verification read learned nothing.
    VerifyFailed = "verify_failed", false;
    /// An observation after the last request shows the goal reached.
    Verified = "verified", true;
    /// Enforcement does not get there; a person should look.
    EnforcementStuck = "enforcement_stuck", true;
    /// Enforcement was slowed down by riskd's own guard.
    EnforcementSlowed = "enforcement_slowed", true;
    /// An intent from before a restart is taken up again.
    Resumed = "resumed", true;
    /// In observe mode: what would have been sent.
    WouldSend = "would_send", true;
    /// An account was locked.
    Locked = "locked", true;
    /// A lock was extended.
    LockExtended = "lock_extended", true;
    /// A lock ended by time.
    LockEnded = "lock_ended", true;
    /// A person ended a lock.
    Unlocked = "unlocked", true;
    /// The end of a lock was found anew, since the wall clock was set.
    LockCorrected = "lock_corrected", true;
    /// A locked account was found not flat and quiet.
    LockViolated = "lock_violated", true;
    /// A position came back within seconds of a proof that there was none.
    Reopened = "reopened", true;
    /// What is held is less than an order can close, and counts as flat.
    Dust = "dust", false;
    /// A lock or unfinished work belongs to an account that is not in the rule file.
    LeftBehind = "left_behind", true;
    /// Nothing can be learned of an account.
    DataLost = "data_lost", false;
    /// Observations of an account are back.
    DataBack = "data_back", false;
    /// An observation cannot be trusted.
    DataSuspect = "data_suspect", false;
    /// Money came in or went out that is no result: P&L goes on without it.
    Flow = "flow", true;
    /// A change of the wallet that the venue lists nowhere was taken for a result.
    WalletUnexplained = "wallet_unexplained", true;
    /// An account has something that its figures do not hold.
    BlindSpot = "blind_spot", false;
    /// What a venue's key may do.
    KeyRights = "key_rights", false;
    /// A venue's key may withdraw, which no key of riskd should.
    KeyMayWithdraw = "key_may_withdraw", true;
    /// A message could not be delivered.
    NotifyFailed = "notify_failed", false;
    /// The local API cannot listen; riskd protects without it.
    ApiFailed = "api_failed", false;
    /// The record could not be written.
    RecordFailed = "record_failed", true;
    /// The record can be written again.
    RecordBack = "record_back", true;
    /// The wall clock was set.
    ClockStepped = "clock_stepped", true;
    /// The wall clock differs from a venue's.
    ClockOff = "clock_off", true;
    /// The wall clock agrees with the venue's again.
    ClockRight = "clock_right", false;
}
