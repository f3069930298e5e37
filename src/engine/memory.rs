//! What an account remembers from one observation to the next, and over a
//! restart.

use serde::{Deserialize, Serialize};

use super::held_positions::HeldPosition;
use crate::domain::money::Money;
use crate::domain::observation::{Figures, Timestamp};
use crate::domain::trade_date::TradeDate;
use crate::rules::book::Metric;

/// Everything that is stored for one account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountMemory {
    /// The account's number at the venue; another number is another account,
    /// and nothing here holds for it.
    pub number: String,
    /// The session that the account is in.
    pub session: Option<SessionMemory>,
    /// The last trustworthy observation.
    pub last: Option<LastTrusted>,
    /// High-water marks that last for ever.
    pub lifetime: LifetimeMarks,
    /// Closed sessions of the running week.
    pub week: Option<SpanSum>,
    /// Closed sessions of the running month.
    pub month: Option<SpanSum>,
    /// The positions as they were seen last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<HeldPosition>,
    /// How many positions have been seen.
    #[serde(default)]
    pub last_position: u64,
    /// The venue's ids of the newest flows that were taken: each counts once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flows: Vec<String>,
}

/// The session that an account is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionMemory {
    /// Its trade date.
    pub date: TradeDate,
    /// When it opened.
    pub open: Timestamp,
    /// When its market closes.
    pub close: Timestamp,
    /// When the next one opens.
    pub next_open: Timestamp,
    /// Whether what happens at its close has happened.
    pub closed: bool,
    /// Whether a wall clock that was ahead has opened it before its time.
    #[serde(default)]
    pub opened_early: bool,
    /// What held at the open, once known.
    pub anchor: Option<SessionAnchor>,
    /// How far the venue's own session figure can be trusted.
    pub venue_figure: VenueFigure,
    /// The venue's last realized figure from before the open: while it still says
    /// the same, it has not been reset.
    #[serde(default)]
    pub venue_before: Option<Money>,
    /// High-water marks that last for the session.
    pub marks: SessionMarks,
    /// Session P&L by the last trustworthy observation.
    pub pnl: PnlSum,
}

/// What held at the open of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionAnchor {
    /// When it was observed.
    pub at: Timestamp,
    /// How that lies to the open.
    pub source: AnchorSource,
    /// Balance.
    pub balance: Option<Money>,
    /// Equity.
    pub equity: Option<Money>,
    /// Whether no position was held.
    pub flat: Option<bool>,
    /// Session P&L that had already been made when a session was first seen
    /// long after its open, by the venue's figure or list; else zero.
    pub made_before: PnlSum,
    /// Up to when the venue's list is still to be read for what had been made before,
    /// in milliseconds by the venue's clock: what the balance here holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread_until: Option<i64>,
}

impl SessionAnchor {
    /// Balance at the open: what was observed, less what had been realized
    /// before it was.
    pub fn balance_at_open(&self) -> Option<Money> {
        difference(self.balance, self.made_before.realized)
    }

    /// Equity at the open: what was observed, less what had been made before it
    /// was.
    pub fn equity_at_open(&self) -> Option<Money> {
        difference(self.equity, self.made_before.total)
    }

    /// When balance and equity were what they were at the open: when they were
    /// observed, but for a session that was first seen in its middle.
    pub(super) fn held_at(&self, open: Timestamp) -> Timestamp {
        match self.source {
            AnchorSource::MidSession => open,
            AnchorSource::BeforeOpen | AnchorSource::AfterOpen => self.at,
        }
    }
}

/// How the observation that anchors a session lies to its open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnchorSource {
    /// The last one before the open, and fresh.
    BeforeOpen,
    /// The first one after the open.
    AfterOpen,
    /// The first one of all, long after the open.
    MidSession,
}

impl AnchorSource {
    /// The stable name, as in evidence.
    pub const fn name(self) -> &'static str {
        match self {
            AnchorSource::BeforeOpen => "last observation before the open",
            AnchorSource::AfterOpen => "first observation after the open",
            AnchorSource::MidSession => "first observation, long after the open",
        }
    }
}

/// How far the venue's own session figure can be trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VenueFigure {
    /// It has not yet been seen to belong to this session.
    #[default]
    Untested,
    /// It belongs to this session.
    Trusted,
    /// A position was carried over the open.
    Carried,
    /// The venue's day is not this account's session.
    OtherDay,
    /// It fell to zero and stayed there while a result had been made.
    Dropped,
}

/// Total and realized result; an unknown one is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PnlSum {
    /// Realized and unrealized.
    pub total: Option<Money>,
    /// Realized.
    pub realized: Option<Money>,
}

impl PnlSum {
    /// No result, and known to be none.
    pub const ZERO: PnlSum = PnlSum {
        total: Some(Money::ZERO),
        realized: Some(Money::ZERO),
    };

    /// Both sums, each unknown when one side is.
    #[must_use]
    pub fn plus(self, other: PnlSum) -> PnlSum {
        PnlSum {
            total: sum(self.total, other.total),
            realized: sum(self.realized, other.realized),
        }
    }
}

/// The sum of two amounts, unknown when either is.
#[inline]
pub(super) fn sum(left: Option<Money>, right: Option<Money>) -> Option<Money> {
    left?.plus(right?)
}

/// The difference of two amounts, unknown when either is.
#[inline]
pub(super) fn difference(left: Option<Money>, right: Option<Money>) -> Option<Money> {
    left?.minus(right?)
}

/// The result of the closed sessions of a week or a month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpanSum {
    /// The first trade date of the span that riskd saw.
    pub first: TradeDate,
    /// What the closed sessions made.
    pub closed: PnlSum,
    /// Equity and balance when riskd first saw the span, less what had been
    /// made before: what the sums are measured from when a part was missed.
    pub worth: PnlSum,
    /// Whether every session since `first` was observed to its end.
    pub whole: bool,
}

/// The last trustworthy observation, as far as later sessions need it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastTrusted {
    /// When it was made.
    pub at: Timestamp,
    /// Its figures.
    #[serde(flatten)]
    pub figures: Figures,
    /// Whether no position was held.
    pub flat: Option<bool>,
    /// How far the steady clock was ahead of the wall clock then, in whole seconds;
    /// the one of the next process begins at the wall clock's time.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub clock_gap: i64,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
const fn is_zero(gap: &i64) -> bool {
    *gap == 0
}

/// A high-water mark and when it was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The highest value in the span.
    pub value: Money,
    /// When it was reached.
    pub at: Timestamp,
}

impl Mark {
    /// Raises the mark to `value`; it never falls.
    #[inline]
    fn raise(slot: &mut Option<Mark>, value: Option<Money>, at: Timestamp) {
        let Some(value) = value else { return };
        match slot {
            Some(mark) if mark.value >= value => {}
            _ => *slot = Some(Mark { value, at }),
        }
    }
}

/// High-water marks of one session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionMarks {
    /// Of session P&L, which is zero at the open.
    pub pnl: Option<Mark>,
    /// Of equity.
    pub equity: Option<Mark>,
    /// Of balance.
    pub balance: Option<Mark>,
    /// Of unrealized P&L; starts afresh whenever all that was held has ended.
    pub unrealized: Option<Mark>,
}

impl SessionMarks {
    /// Begins the mark of the open result anew: what was held has ended.
    pub(super) fn forget_open_result(&mut self, at: Timestamp) {
        let is_raised = self.unrealized.is_some_and(|mark| !mark.value.is_zero());
        if is_raised {
            self.unrealized = Some(Mark {
                value: Money::ZERO,
                at,
            });
        }
    }

    /// The mark of this metric.
    pub const fn of(&self, metric: Metric) -> Option<Mark> {
        match metric {
            Metric::Pnl => self.pnl,
            Metric::Equity => self.equity,
            Metric::Balance => self.balance,
            Metric::Unrealized => self.unrealized,
        }
    }

    /// Raises the marks that `value` lies above.
    pub fn raise(&mut self, metric: Metric, value: Option<Money>, at: Timestamp) {
        let slot = match metric {
            Metric::Pnl => &mut self.pnl,
            Metric::Equity => &mut self.equity,
            Metric::Balance => &mut self.balance,
            Metric::Unrealized => &mut self.unrealized,
        };
        Mark::raise(slot, value, at);
    }
}

/// High-water marks that never end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifetimeMarks {
    /// Of equity, by every trustworthy observation.
    pub equity: Option<Mark>,
    /// Of balance, by every trustworthy observation.
    pub balance: Option<Mark>,
    /// Of equity, by the last trustworthy observation of each session.
    pub equity_at_close: Option<Mark>,
    /// Of balance, by the last trustworthy observation of each session.
    pub balance_at_close: Option<Mark>,
}

impl LifetimeMarks {
    /// Raises the marks that follow every observation.
    pub fn raise(&mut self, figures: &Figures, at: Timestamp) {
        Mark::raise(&mut self.equity, figures.equity, at);
        Mark::raise(&mut self.balance, figures.balance, at);
    }

    /// Raises them to what the account was worth at the open of a session: first seen in
    /// its middle it had been worth more, or less, than it is now.
    pub(super) fn raise_to_open(&mut self, session: &SessionMemory) {
        let Some(anchor) = &session.anchor else {
            return;
        };
        let worth = Figures {
            balance: anchor.balance_at_open(),
            equity: anchor.equity_at_open(),
            ..Figures::default()
        };
        self.raise(&worth, anchor.held_at(session.open));
    }

    /// Raises the marks that follow the closes of sessions.
    pub fn raise_at_close(&mut self, figures: &Figures, at: Timestamp) {
        Mark::raise(&mut self.equity_at_close, figures.equity, at);
        Mark::raise(&mut self.balance_at_close, figures.balance, at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Records of earlier versions have it in this form.
    #[test]
    fn the_last_observation_is_stored_as_ever() {
        let stored = concat!(
            r#"{"at":"2026-03-05T14:30:00Z","realized":"-12.50","unrealized":null,"#,
            r#""balance":"50000.00","equity":"49987.50","flat":true}"#
        );
        let last: LastTrusted = serde_json::from_str(stored).unwrap();
        assert_eq!(last.figures.balance, Some(Money::from(50_000)));
        assert_eq!(last.figures.unrealized, None);
        assert_eq!(serde_json::to_string(&last).unwrap(), stored);
    }
}
