//! What is decided by: accounts, their sessions and rules, every name resolved and
//! every value possible. Only this of a rule file reaches the engine.

mod condition;
mod holdings;
mod results;

use std::sync::Arc;

use chrono::{NaiveTime, TimeDelta};

pub use condition::{Amount, Breach, Condition, Leaf};
pub use holdings::{At, Expr, NoData, Only, OrderLimit, PositionLimit, WindowSide, Windows};
pub use results::{
    Anchor, Level, MaxLoss, MaxLossOf, Metric, Pnl, PnlOf, PnlOver, PnlPer, ProfitFloor, Ratchet,
    Span, TrailingDrawdown,
};

use crate::domain::account::{
    AccountName, AccountNumber, GroupName, NotifierName, RuleName, VenueName,
};
use crate::domain::duration;
use crate::domain::money::{Fraction, Money};
use crate::domain::session::SessionCalendar;
use crate::domain::venue::VenueProfile;

/// The accounts and the rules of a rule file, checked.
#[derive(Clone, Debug)]
pub struct RuleBook {
    /// SHA-256 of the text and of the files it names, in lower-case hex.
    pub hash: Arc<str>,
    /// Accounts, in the order of the file.
    pub accounts: Vec<Arc<Account>>,
    /// Rules, in the order of the file; disabled ones are among them.
    pub rules: Vec<Arc<Rule>>,
    /// When an edit that loosens a rule takes effect.
    pub loosening: Loosening,
    /// The longest time between two polls of an account.
    pub slowest_poll: TimeDelta,
}

impl RuleBook {
    /// The account of this name.
    pub fn account(&self, name: &AccountName) -> Option<&Arc<Account>> {
        self.accounts.iter().find(|account| account.name == *name)
    }

    /// The enabled rules whose scope holds this account.
    pub fn rules_of<'a>(&'a self, name: &'a AccountName) -> impl Iterator<Item = &'a Arc<Rule>> {
        self.rules
            .iter()
            .filter(move |rule| rule.enabled && rule.accounts.contains(name))
    }
}

/// When an edit that loosens a rule takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loosening {
    /// With the reload.
    Immediate,
    /// At the account's next session.
    NextSession,
}

/// An account.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its name in the file.
    pub name: AccountName,
    /// The venue that it is at.
    pub venue: VenueName,
    /// What is known of the kind of its venue.
    pub profile: &'static VenueProfile,
    /// Its name at the venue.
    pub number: AccountNumber,
    /// Its trading days.
    pub session: Arc<SessionCalendar>,
    /// What it started with, in its own currency.
    pub starting_balance: Option<Money>,
    /// The groups it belongs to.
    pub groups: Vec<GroupName>,
}

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its name; state is kept under it.
    pub name: RuleName,
    /// What it is for, in the author's words.
    pub description: Option<String>,
    /// The accounts that its patterns matched, in the order of the file.
    pub accounts: Vec<AccountName>,
    /// When it fires.
    pub when: Condition,
    /// What is done for the account that it fired for; never empty.
    pub then: Vec<Action>,
    /// How long the condition must stay true before the rule fires.
    pub hold: Option<TimeDelta>,
    /// On how many observations in a row it must be true; at least 1.
    pub confirm: u32,
    /// Shares of the limit at which a warning goes out, ascending, each in (0, 1).
    pub warn_at: Vec<Fraction>,
    /// When it may fire again.
    pub rearm: Rearm,
    /// Whether it is evaluated at all.
    pub enabled: bool,
    /// Who hears of its warnings and firings, besides the `notify` actions.
    pub notify: Vec<NotifierName>,
    /// The line it begins on, from 1.
    pub line: usize,
}

impl Rule {
    /// Every notifier that hears of a firing: those of `notify` and those of
    /// the actions, each once.
    pub fn notifiers(&self) -> Vec<NotifierName> {
        let mut names = self.notify.clone();
        for action in &self.then {
            if let Action::Notify(name) = action {
                names.push(name.clone());
            }
        }
        names.sort();
        names.dedup();
        names
    }
}

/// When a fired rule may fire again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rearm {
    /// At the account's next session.
    Session,
    /// Once the condition is false.
    Clear,
    /// Once the account is known to be flat and quiet.
    Flat,
    /// When a person re-arms it.
    Never,
    /// This long after it fired.
    After(TimeDelta),
}

impl Rearm {
    /// The word of the rule file, or the duration.
    pub fn word(self) -> String {
        match self {
            Rearm::Session => "session".to_owned(),
            Rearm::Clear => "clear".to_owned(),
            Rearm::Flat => "flat".to_owned(),
            Rearm::Never => "never".to_owned(),
            Rearm::After(span) => duration::write(span),
        }
    }
}

/// What a firing does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Cancel every working order of the account.
    CancelOrders,
    /// Close every position and cancel every order of the account.
    Flatten,
    /// Close just the offending positions.
    ClosePosition,
    /// Keep the account flat and quiet.
    Lock {
        /// Until when.
        until: Until,
    },
    /// Keep only orders that reduce exposure.
    CloseOnly {
        /// Until when.
        until: Until,
    },
    /// Send a message.
    Notify(NotifierName),
}

impl Action {
    /// The stable name, as in rules and in the record.
    pub const fn name(&self) -> &'static str {
        match self {
            Action::CancelOrders => "cancel_orders",
            Action::Flatten => "flatten",
            Action::ClosePosition => "close_position",
            Action::Lock { .. } => "lock",
            Action::CloseOnly { .. } => "close_only",
            Action::Notify(_) => "notify",
        }
    }
}

/// Until when a lock holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Until the account's next session opens.
    SessionEnd,
    /// Until this time of day next comes in the session's zone.
    TimeOfDay(NaiveTime),
    /// For this long.
    For(TimeDelta),
    /// Until a person unlocks the account.
    Manual,
}
