//! What one poll learned of one account.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::account::AccountName;
use super::flow::WalletReport;
use super::holdings::{Position, WorkingOrders};
use super::money::Money;
use super::symbols::Symbols;

/// An instant, always in UTC.
pub type Timestamp = DateTime<Utc>;

/// What one poll learned of one account, with the time at which it was true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The account it is about.
    pub account: AccountName,
    /// When it was true, by riskd's clock; nothing in it is older than this.
    pub at: Timestamp,
    /// What was learned, or why nothing was.
    pub content: Content,
}

/// The content of an observation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// The venue answered and the answer can be read.
    Learned(Learned),
    /// Nothing is known at this time. Never the same as flat.
    Missing(Missing),
}

/// What the venue said; each part may be unknown by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Learned {
    /// The account's figures.
    pub figures: Figures,
    /// What the venue wants the account to keep for what it holds before it
    /// liquidates, of the same assets as the figures; `None` when it is unknown.
    pub maintenance_margin: Option<Money>,
    /// Open positions; `None` when they are unknown.
    pub positions: Option<Arc<[Position]>>,
    /// Working orders.
    pub orders: WorkingOrders,
    /// The venue's own time of the answer, in milliseconds since 1970 by the
    /// venue's clock; `None` where it says none. It is compared with other
    /// stamps of the same venue alone, never with a clock of this machine: two
    /// answers with one stamp are one look at the account.
    pub stamp: Option<i64>,
    /// What the venue says of its symbols, where it was asked: that stands until it
    /// says something else.
    pub symbols: Option<Arc<Symbols>>,
    /// What the wallet showed beside the figures, where the venue lists what moves
    /// money.
    pub wallet: Option<Arc<WalletReport>>,
}

/// The figures of an account; a missing or non-finite number is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Closed result of the venue's day, net of commission where known.
    pub realized: Option<Money>,
    /// Open result of the held positions.
    pub unrealized: Option<Money>,
    /// Cash without open result.
    pub balance: Option<Money>,
    /// Cash with open result (net liquidation).
    pub equity: Option<Money>,
}

impl Figures {
    /// Whether every figure that is known is zero, as of an account that has not
    /// loaded: an empty list of its holdings does not mean that it is flat.
    pub fn are_all_zero(&self) -> bool {
        let has_worth = self.balance.is_some() || self.equity.is_some();
        has_worth && self.are_known_zeros()
    }

    /// Whether something is known and all of that is zero: nothing in it says that
    /// the account has loaded.
    pub fn are_known_zeros(&self) -> bool {
        let all = [self.realized, self.unrealized, self.balance, self.equity];
        let mut known = all.into_iter().flatten().peekable();
        known.peek().is_some() && known.all(Money::is_zero)
    }
}

/// Why an observation has no content. The names are stable: they stand in the
/// record and in metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// The venue did not answer in time, or the connection failed.
    Unreachable,
    /// The venue answers, but the platform behind it is away (HTTP 408).
    PlatformOffline,
    /// The venue refused the credential or the plan.
    Unauthorized,
    /// The venue, or riskd's own budget, allows no request now.
    RateLimited,
    /// The answer was no answer: wrong status, not JSON, a missing part.
    Malformed,
    /// The account is not in the venue's list.
    NotListed,
    /// The account's connection at the venue is not up; its values may be frozen.
    Disconnected,
    /// The venue repeats an old snapshot.
    Frozen,
    /// The venue answered with the very snapshot that it had given before, as a
    /// cache does: nothing new was learned, and nothing is wrong yet.
    Unchanged,
    /// The poll was due and did not end.
    Late,
    /// A history or a test says so.
    Stated,
}

impl Missing {
    /// The stable name, as in the record.
    pub const fn name(self) -> &'static str {
        match self {
            Missing::Unreachable => "unreachable",
            Missing::PlatformOffline => "platform_offline",
            Missing::Unauthorized => "unauthorized",
            Missing::RateLimited => "rate_limited",
            Missing::Malformed => "malformed",
            Missing::NotListed => "not_listed",
            Missing::Disconnected => "disconnected",
            Missing::Frozen => "frozen",
            Missing::Unchanged => "unchanged",
            Missing::Late => "late",
            Missing::Stated => "stated",
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Missing::Unreachable => "the venue does not answer",
            Missing::PlatformOffline => "the trading platform behind the venue is offline",
            Missing::Unauthorized => "the venue refuses the credential",
            Missing::RateLimited => "no request is allowed now",
            Missing::Malformed => "the venue's answer cannot be read",
            Missing::NotListed => "the venue does not list the account",
            Missing::Disconnected => "the account's connection at the venue is down",
            Missing::Frozen => "the venue repeats an old snapshot",
            Missing::Unchanged => "the venue answered from its cache",
            Missing::Late => "the poll did not end in time",
            Missing::Stated => "said to be missing",
        })
    }
}

impl Observation {
    /// What was learned, if anything was.
    pub fn learned(&self) -> Option<&Learned> {
        match &self.content {
            Content::Learned(learned) => Some(learned),
            Content::Missing(_) => None,
        }
    }
}

impl Learned {
    /// Whether there is no position, or `None` when that is unknown.
    pub fn is_flat(&self) -> Option<bool> {
        self.positions
            .as_ref()
            .map(|positions| positions.is_empty())
    }

    /// The maintenance margin, as far as it can be: none at all for something that is
    /// held is not known, for a venue that has not worked it out yet says zero too.
    pub fn believable_margin(&self) -> Option<Money> {
        let is_held = self.is_flat() == Some(false);
        self.maintenance_margin
            .filter(|margin| !(is_held && margin.is_zero()))
    }

    /// Whether there is neither a position nor a working order, or `None` when
    /// that is unknown. One thing that is known to be there decides it.
    pub fn is_flat_and_quiet(&self) -> Option<bool> {
        let flat = self.is_flat();
        let quiet = self.orders.count().map(|count| count == 0);
        match (flat, quiet) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::*;
    use crate::domain::position_key::PositionKey;

    #[test]
    fn no_margin_at_all_for_something_that_is_held_is_not_known() {
        let held = Position::new(PositionKey::new("BTCUSDT"), Decimal::ONE);
        let margin = |positions: Option<&[Position]>, margin: Option<i64>| {
            let learned = Learned {
                maintenance_margin: margin.map(Money::from),
                positions: positions.map(Arc::from),
                ..Learned::default()
            };
            learned.believable_margin()
        };
        let one = [held];
        assert_eq!(margin(Some(&[]), Some(0)), Some(Money::ZERO));
        assert_eq!(margin(Some(&one), Some(0)), None);
        assert_eq!(margin(Some(&one), Some(250)), Some(Money::from(250)));
        assert_eq!(margin(Some(&one), None), None);
        assert_eq!(margin(None, Some(0)), Some(Money::ZERO));
    }
}
