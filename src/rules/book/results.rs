//! Conditions on results and drawdowns.

use super::condition::{Amount, Breach};
use crate::domain::money::Money;

/// A threshold on profit and loss.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pnl {
    /// True at a loss of this much; a share is one of `starting_balance`.
    pub loss: Option<Amount>,
    /// True at a profit of this much; a share is one of `starting_balance`.
    pub profit: Option<Amount>,
    /// Which result.
    pub of: PnlOf,
    /// Over which span.
    pub over: PnlOver,
    /// Whose result.
    pub per: PnlPer,
    /// Whether the level itself counts.
    pub breach: Breach,
}

/// Which result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PnlOf {
    /// Realized and unrealized.
    #[default]
    Total,
    /// Closed result.
    Realized,
    /// Open result.
    Unrealized,
}

/// Over which span a result is summed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PnlOver {
    /// The account's session.
    #[default]
    Session,
    /// Monday to Sunday by trade date.
    Week,
    /// The calendar month by trade date.
    Month,
    /// Since `starting_balance`.
    Lifetime,
}

/// Whose result is tested.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PnlPer {
    /// The account's.
    #[default]
    Account,
    /// Each position's open result; true when any one is beyond the limit.
    Position,
}

/// A floor under the session's P&L that is armed once a profit was reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfitFloor {
    /// Armed once session P&L reaches this.
    pub arm_at: Money,
    /// True when armed and session P&L is at or below this.
    pub floor: Money,
    /// Whether the floor itself counts.
    pub breach: Breach,
}

/// What a drawdown tests or follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// Session P&L.
    Pnl,
    /// Equity.
    Equity,
    /// Balance.
    Balance,
    /// Unrealized P&L.
    Unrealized,
}

impl Metric {
    /// The word in a rule file.
    pub const fn name(self) -> &'static str {
        match self {
            Metric::Pnl => "pnl",
            Metric::Equity => "equity",
            Metric::Balance => "balance",
            Metric::Unrealized => "unrealized",
        }
    }
}

/// A floor that follows a high-water mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailingDrawdown {
    /// The tested value.
    pub metric: Metric,
    /// What the high-water mark follows.
    pub mark: Metric,
    /// How far below the mark the floor lies; a share is one of the mark.
    pub trail: Amount,
    /// Tested only once the mark has reached this.
    pub arm_at: Option<Money>,
    /// How long a mark lasts.
    pub span: Span,
    /// When the mark moves.
    pub ratchet: Ratchet,
    /// Where the floor stops rising.
    pub lock_at: Option<Level>,
    /// The mark of an account that is already running.
    pub high_water: Option<Money>,
    /// Whether the floor itself counts.
    pub breach: Breach,
}

/// How long a high-water mark lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// One session.
    Session,
    /// For ever; the mark starts at `starting_balance`.
    Lifetime,
}

/// When a high-water mark moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ratchet {
    /// With each trustworthy observation.
    #[default]
    Tick,
    /// With the last trustworthy value of a session, when it closes.
    SessionEnd,
}

/// A level at which a floor stops rising.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// This value.
    Money(Money),
    /// `starting_balance` and this much more.
    StartPlus(Money),
}

/// A floor that is fixed for its span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaxLoss {
    /// How far below the anchor the floor lies; a share is one of `starting_balance`.
    pub amount: Amount,
    /// What it is measured from.
    pub anchor: Anchor,
    /// The tested value.
    pub of: MaxLossOf,
    /// Whether the floor itself counts.
    pub breach: Breach,
}

/// What a fixed floor is measured from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// `starting_balance`; the floor never moves.
    StartingBalance,
    /// Balance at the session's open.
    SessionBalance,
    /// Equity at the session's open.
    SessionEquity,
    /// The higher of both at the session's open.
    SessionMax,
}

/// What a fixed floor tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MaxLossOf {
    /// Equity.
    #[default]
    Equity,
    /// Balance.
    Balance,
}
