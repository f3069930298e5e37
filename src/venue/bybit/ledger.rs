//! The list of what moved money, held against the wallet.
//!
//! The list is read when the wallet has changed. Its flows are handed on with the very
//! look whose wallet holds them, so that a deposit is never a profit and a withdrawal
//! never a loss. What the list does not explain is in doubt for a while.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::DateTime;
use rust_decimal::Decimal;
use tokio::time::Instant;
use tracing::warn;

use crate::domain::flow::{Flow, WalletChange};
use crate::domain::money::Money;
use crate::domain::observation::Timestamp;
use crate::locked::Locked;
use crate::venue::rest::json::{Node, Unexpected};

/// The longest span that the venue lists at once, in milliseconds: a little less than
/// seven days. The first read goes back so far, for what happened while riskd was away.
const LONGEST_SPAN: i64 = 7 * 24 * 3_600_000 - 60_000;
/// Of a span longer than this only transfers are read: trades would fill many pages.
const LONG_SPAN: i64 = 3_600_000;
/// How far a read goes back behind the one before it, in milliseconds: rows may be
/// listed late.
const OVERLAP: i64 = 120_000;
/// How often the list is read while the wallet is not explained.
const READ_EVERY: Duration = Duration::from_secs(5);
/// How long a change may stay without an explanation before it is taken for a result.
const DOUBT: Duration = Duration::from_secs(60);
/// Changes up to this share of the wallet are no matter: a thousandth.
const SMALL: Decimal = Decimal::from_parts(1, 0, 0, false, 3);
/// Ids kept of the rows that were read; older ones lie before every span.
const MOST_IDS: usize = 5_000;

/// Types of rows that are flows (enum page, transaction log). A trade is one where it
/// was of spot: one asset became another.
const FLOWS: [&str; 24] = [
    "TRANSFER_IN",
    "TRANSFER_OUT",
    "TRANSFER_IN_INS_LOAN",
    "TRANSFER_OUT_INS_LOAN",
    "BORROWED_AMOUNT_INS_LOAN",
    "PRINCIPLE_REPAYMENT_INS_LOAN",
    "AUTO_PRINCIPLE_REPAYMENT_INS_LOAN",
    "BONUS",
    "BONUS_TRANSFER_IN",
    "BONUS_TRANSFER_OUT",
    "BONUS_RECOLLECT",
    "AIRDROP",
    "CURRENCY_BUY",
    "CURRENCY_SELL",
    "CONVERT",
    "SPOT_REPAYMENT_SELL",
    "SPOT_REPAYMENT_BUY",
    "TOKENS_SUBSCRIPTION",
    "TOKENS_REDEMPTION",
    "FLEXIBLE_STAKING_SUBSCRIPTION",
    "FLEXIBLE_STAKING_REDEMPTION",
    "FIXED_STAKING_SUBSCRIPTION",
    "BYBITCARD_USD_IN",
    "BYBITCARD_USD_OUT",
];
/// Types of rows that are results.
const RESULTS: [&str; 9] = [
    "TRADE",
    "SETTLEMENT",
    "DELIVERY",
    "LIQUIDATION",
    "ADL",
    "FEE_REFUND",
    "INTEREST",
    "INTEREST_REPAYMENT_INS_LOAN",
    "AUTO_INTEREST_REPAYMENT_INS_LOAN",
];

/// A row of the list, in an asset that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    id: Arc<str>,
    /// In milliseconds, by the venue's clock.
    at: i64,
    change: Decimal,
    kind: String,
    is_flow: bool,
}

/// Adds the rows of one page that are in an asset that counts.
///
/// # Errors
/// When a row does not say what it moved.
pub(super) fn add(
    rows: &mut Vec<Row>,
    page: &[Node<'_>],
    assets: &[String],
) -> Result<(), Unexpected> {
    for row in page {
        let fields = row.as_object()?;
        let currency = fields.need("currency")?.as_text()?;
        if !assets.contains(&currency) {
            continue;
        }
        let at = fields.need("transactionTime")?.as_integer()?;
        let change = fields.need("change")?;
        let amount = change.as_decimal()?;
        let kind = fields.need("type")?.as_label()?;
        let is_of_spot = || {
            let category = fields.member("category").and_then(Node::text);
            kind == "TRADE" && category.as_deref() == Some("spot")
        };
        let is_flow = FLOWS.contains(&kind.as_str()) || is_of_spot();
        let id = fields.member("id").and_then(Node::label);
        // Rows of old had no id of their own.
        let id = id.unwrap_or_else(|| format!("{at} {kind} {currency} {amount}"));
        rows.push(Row {
            id: Arc::from(id),
            at,
            change: amount,
            kind,
            is_flow,
        });
    }
    Ok(())
}

/// A span of time to be read, in milliseconds by the venue's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) since: i64,
    pub(super) until: i64,
}

impl Span {
    /// The types of rows to be asked for; `None` for all of them.
    pub(super) fn types(self) -> &'static [Option<&'static str>] {
        if self.until.saturating_sub(self.since) > LONG_SPAN {
            &[Some("TRANSFER_IN"), Some("TRANSFER_OUT")]
        } else {
            &[None]
        }
    }
}

/// One look at the wallet.
#[derive(Clone, Debug)]
pub(super) struct Look {
    /// The sum of the assets that count.
    pub(super) balance: Decimal,
    /// The positions, in words: a trade changes them.
    pub(super) held: String,
    /// The venue's time of it, in milliseconds.
    pub(super) stamp: i64,
}

/// What was read of the list, beside the wallet.
#[derive(Debug, Default)]
pub(super) struct Ledger(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// The look that all others are held against.
    first: Option<Look>,
    last: Option<Look>,
    /// What the rows since the first look moved, together.
    listed: Decimal,
    /// By how much the wallet had moved otherwise when that was last accepted.
    accepted: Decimal,
    /// Up to when the list was read.
    read_until: Option<i64>,
    read_at: Option<Instant>,
    /// Since when the wallet is in doubt.
    doubtful_since: Option<Instant>,
    seen: VecDeque<Arc<str>>,
    untold: Vec<String>,
}

impl Ledger {
    /// The span of time of which the list is to be read for this look, if it is.
    pub(super) fn span(&self, look: &Look, now: Instant) -> Option<Span> {
        let mut known = self.0.locked();
        let has_changed = known
            .last
            .as_ref()
            .is_none_or(|last| last.balance != look.balance);
        let is_behind = known.read_until.is_none() || known.doubtful_since.is_some();
        let is_due = known
            .read_at
            .is_none_or(|at| now.saturating_duration_since(at) >= READ_EVERY);
        let is_wanted = has_changed || (is_behind && is_due);
        if !is_wanted {
            return None;
        }
        known.read_at = Some(now);
        let since = match known.read_until {
            Some(until) => until.saturating_sub(OVERLAP),
            None => i64::MIN,
        };
        let until = look.stamp;
        Some(Span {
            since: since.clamp(until.saturating_sub(LONGEST_SPAN), until),
            until,
        })
    }

    /// Takes what was read up to a look; gives the flows that are new.
    pub(super) fn take(&self, rows: Vec<Row>, until: i64) -> Vec<Flow> {
        let mut known = self.0.locked();
        known.read_until = Some(until);
        let begun = known.first.as_ref().map(|first| first.stamp);
        let mut flows = Vec::new();
        for row in rows {
            // What is newer than the wallet is no part of it yet.
            if row.at > until || known.seen.contains(&row.id) {
                continue;
            }
            known.seen.push_back(Arc::clone(&row.id));
            if known.seen.len() > MOST_IDS {
                known.seen.pop_front();
            }
            if begun.is_some_and(|begun| row.at > begun) {
                let sum = known.listed.checked_add(row.change);
                known.listed = sum.unwrap_or(known.listed);
            }
            known.tell_unknown(&row);
            flows.extend(row.flow());
        }
        flows
    }

    /// Holds a look against the list, as far as it was read.
    pub(super) fn judge(&self, look: Look, now: Instant) -> WalletChange {
        let mut known = self.0.locked();
        let is_traded = known
            .last
            .as_ref()
            .is_none_or(|last| last.held != look.held);
        let Some(first) = known.first.as_ref().map(|first| first.balance) else {
            known.first = Some(look.clone());
            known.last = Some(look);
            return WalletChange::Explained;
        };
        let small = look.balance.abs().max(first.abs()).checked_mul(SMALL);
        let small = small.unwrap_or_default();
        let is_small = |rest: Option<Decimal>| rest.is_some_and(|rest| rest.abs() <= small);
        let other = look
            .balance
            .checked_sub(first)
            .and_then(|moved| moved.checked_sub(known.listed));
        let rest = other.and_then(|other| other.checked_sub(known.accepted));
        let money = |rest: Option<Decimal>| Money::new(rest.unwrap_or_default().normalize());
        let verdict = if is_small(other) || is_small(rest) || is_traded {
            WalletChange::Explained
        } else {
            let since = *known.doubtful_since.get_or_insert(now);
            if now.saturating_duration_since(since) < DOUBT {
                // What is in doubt is no look to compare with.
                return WalletChange::Unexplained(money(rest));
            }
            WalletChange::TakenForResult(money(rest))
        };
        known.doubtful_since = None;
        known.accepted = other.unwrap_or(known.accepted);
        known.last = Some(look);
        verdict
    }
}

impl Known {
    /// Says of a type that is not known what becomes of it, once.
    fn tell_unknown(&mut self, row: &Row) {
        let is_known = row.is_flow || RESULTS.contains(&row.kind.as_str());
        if !is_known && !self.untold.contains(&row.kind) {
            self.untold.push(row.kind.clone());
            warn!(
                kind = row.kind,
                "the venue lists a movement of a type that riskd does not know; it counts as a result"
            );
        }
    }
}

impl Row {
    fn flow(&self) -> Option<Flow> {
        let at: Timestamp = DateTime::from_timestamp_millis(self.at)?;
        self.is_flow.then(|| Flow {
            id: Arc::clone(&self.id),
            at,
            amount: Money::new(self.change.normalize()),
            kind: Arc::from(self.kind.to_lowercase()),
        })
    }
}

#[cfg(test)]
mod tests;
