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
use tokio::time::{Instant, timeout_at};
use tracing::{debug, warn};

use super::held::Held;
use super::wallet::Wallet;
use crate::domain::flow::{Flow, WalletChange};
use crate::domain::holdings::Position;
use crate::domain::money::Money;
use crate::domain::observation::Timestamp;
use crate::locked::Locked;
use crate::venue::Failure;

/// The longest span that is read at once, in milliseconds: a little less than seven
/// days, the most that venues list. The first read goes back so far, for what happened
/// while riskd was away.
pub(in crate::venue) const LONGEST_SPAN: i64 = 7 * 24 * 3_600_000 - 60_000;
/// Of a span longer than this flows are read first: trades may fill more answers than
/// there is time for.
const LONG_SPAN: i64 = 3_600_000;
/// How far a read goes back behind the one before it, in milliseconds: rows may be
/// listed late. It goes as far beyond the look too: the clock of the answers and that of
/// the list may differ, and a flow that was not asked for would be a loss.
const OVERLAP: i64 = 120_000;
/// How long the list is left alone while the wallet is not explained, and how often
/// another read of it may be made where several followed each other.
const READ_EVERY: Duration = Duration::from_secs(5);
/// How long a change may stay without an explanation before it is taken for a result.
const DOUBT: Duration = Duration::from_secs(60);
/// Changes up to this share of the wallet are no matter: a thousandth.
const SMALL: Decimal = Decimal::from_parts(1, 0, 0, false, 3);
/// How long a poll waits for the list.
pub(in crate::venue) const WAIT: Duration = Duration::from_millis(1500);
/// Ids kept of the rows that were read; older ones lie before every span.
const MOST_IDS: usize = 5_000;

/// What a row of the list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::venue) enum Meaning {
    /// Money that came in or went out.
    Flow,
    /// A result.
    Result,
    /// A type that is not known: it counts as a result, and is told.
    Unknown,
}

/// A row of the list, in an asset that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::venue) struct Row {
    /// What sets it apart from every other row.
    pub(in crate::venue) id: Arc<str>,
    /// In milliseconds, by the venue's clock.
    pub(in crate::venue) at: i64,
    /// What came into the wallet; below zero what went out.
    pub(in crate::venue) change: Decimal,
    /// Its type, in the venue's word.
    pub(in crate::venue) kind: String,
    pub(in crate::venue) meaning: Meaning,
}

/// A span of time to be read, in milliseconds by the venue's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::venue) struct Span {
    pub(in crate::venue) since: i64,
    pub(in crate::venue) until: i64,
}

/// Which rows of a span are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::venue) enum Part {
    /// Those that are flows in most accounts.
    Flows,
    /// All of them.
    All,
}

/// What is to be read for a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Due {
    span: Span,
    /// The venue's time of the look.
    until: i64,
    /// One after the other.
    parts: &'static [Part],
}

/// One look at the wallet.
#[derive(Clone, Debug)]
pub(in crate::venue) struct Look {
    /// The sum of the assets that count.
    pub(in crate::venue) balance: Decimal,
    /// The positions, in words: a trade changes them.
    pub(in crate::venue) held: String,
    /// The venue's time of it, in milliseconds.
    pub(in crate::venue) stamp: i64,
}

impl Look {
    /// What was seen of the wallet and beside it, where both are known.
    pub(in crate::venue) fn of(wallet: &Wallet, held: &[Held], stamp: Option<i64>) -> Option<Look> {
        let (balance, stamp) = wallet.figures.balance.zip(stamp)?;
        let words = held.iter().map(|one| {
            let Position { key, quantity, .. } = &one.position;
            format!("{key}:{quantity}")
        });
        let mut words: Vec<String> = words.collect();
        words.sort_unstable();
        Some(Look {
            balance: balance.decimal(),
            held: words.join(";"),
            stamp,
        })
    }
}

/// What was read of the list, beside the wallet.
#[derive(Debug)]
pub(in crate::venue) struct Ledger(Mutex<Known>);

#[derive(Debug)]
struct Known {
    reads: Reads,
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

/// How many reads of the list may be made now.
#[derive(Debug)]
struct Reads {
    most: u32,
    left: u32,
    /// When the last one came back.
    filled_at: Option<Instant>,
}

impl Reads {
    fn take(&mut self, now: Instant) -> bool {
        let filled_at = *self.filled_at.get_or_insert(now);
        let passed = now.saturating_duration_since(filled_at);
        let more = passed.as_secs() / READ_EVERY.as_secs().max(1);
        if more > 0 {
            let more = u32::try_from(more).unwrap_or(u32::MAX);
            self.left = self.left.saturating_add(more).min(self.most);
            self.filled_at = Some(now);
        }
        let is_left = self.left > 0;
        self.left = self.left.saturating_sub(1);
        is_left
    }
}

impl Ledger {
    /// Of a venue whose list may be read so often at once, and then every five
    /// seconds.
    pub(in crate::venue) fn new(reads_at_once: u32) -> Ledger {
        Ledger(Mutex::new(Known {
            reads: Reads {
                most: reads_at_once,
                left: reads_at_once,
                filled_at: None,
            },
            first: None,
            last: None,
            listed: Decimal::ZERO,
            accepted: Decimal::ZERO,
            read_until: None,
            read_at: None,
            doubtful_since: None,
            seen: VecDeque::new(),
            untold: Vec::new(),
        }))
    }

    /// The flows that the wallet holds, and whether all that has changed in it is
    /// explained. `read` reads the list; one that cannot be read explains nothing.
    pub(in crate::venue) async fn explain<F>(
        &self,
        look: Look,
        read: impl Fn(Span, Part) -> F,
    ) -> (Vec<Flow>, WalletChange)
    where
        F: Future<Output = Result<Vec<Row>, Failure>>,
    {
        let flows = match self.due(&look, Instant::now()) {
            Some(due) => self.flows(due, read).await,
            None => Vec::new(),
        };
        (flows, self.judge(look, Instant::now()))
    }

    /// The flows that are new, as far as there is time to read the list.
    async fn flows<F>(&self, due: Due, read: impl Fn(Span, Part) -> F) -> Vec<Flow>
    where
        F: Future<Output = Result<Vec<Row>, Failure>>,
    {
        let deadline = Instant::now() + WAIT;
        let until = due.until;
        let mut flows = Vec::new();
        let mut is_newer = false;
        for part in due.parts {
            match timeout_at(deadline, read(due.span, *part)).await {
                Ok(Ok(rows)) => {
                    let mut newer = rows.iter().filter(|row| row.at > until);
                    is_newer |= newer.any(|row| row.meaning == Meaning::Flow);
                    flows.extend(self.take(rows, until));
                }
                Ok(Err(failure)) => {
                    debug!(%failure, "what moved money could not be read");
                    return flows;
                }
                Err(_) => {
                    debug!("what moved money was not listed in time");
                    return flows;
                }
            }
        }
        // A flow that is listed as newer than the first wallet may be in it all the same,
        // and nothing from before is there to hold that wallet against.
        if !is_newer || self.has_begun() {
            self.read_until(until);
        }
        flows
    }

    /// What is to be read of the list for this look, if anything.
    fn due(&self, look: &Look, now: Instant) -> Option<Due> {
        let mut known = self.0.locked();
        let has_changed = known
            .last
            .as_ref()
            .is_some_and(|last| last.balance != look.balance);
        let is_behind = known.read_until.is_none() || known.doubtful_since.is_some();
        let is_due = known
            .read_at
            .is_none_or(|at| now.saturating_duration_since(at) >= READ_EVERY);
        let is_wanted = has_changed || (is_behind && is_due);
        if !is_wanted || !known.reads.take(now) {
            return None;
        }
        known.read_at = Some(now);
        let since = match known.read_until {
            Some(until) => until.saturating_sub(OVERLAP),
            None => i64::MIN,
        };
        let until = look.stamp;
        let end = until.saturating_add(OVERLAP);
        let since = since.clamp(end.saturating_sub(LONGEST_SPAN), until);
        let is_long = until.saturating_sub(since) > LONG_SPAN;
        let parts: &[Part] = match (is_long, known.read_until) {
            (false, _) => &[Part::All],
            // There is no wallet that results would have to explain.
            (true, None) => &[Part::Flows],
            (true, Some(_)) => &[Part::Flows, Part::All],
        };
        Some(Due {
            span: Span { since, until: end },
            until,
            parts,
        })
    }

    /// Whether there is a look that others are held against.
    fn has_begun(&self) -> bool {
        self.0.locked().first.is_some()
    }

    /// Everything up to a look was read.
    fn read_until(&self, until: i64) {
        self.0.locked().read_until = Some(until);
    }

    /// Takes what was read up to a look; gives the flows that are new.
    fn take(&self, rows: Vec<Row>, until: i64) -> Vec<Flow> {
        let mut known = self.0.locked();
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
    ///
    /// Before the list was read once, money that moved while riskd was away may be in
    /// the wallet: it is in doubt for as long.
    fn judge(&self, look: Look, now: Instant) -> WalletChange {
        let mut known = self.0.locked();
        if known.first.is_none() && known.read_until.is_none() && known.is_in_doubt(now) {
            return WalletChange::Unexplained(Money::ZERO);
        }
        let is_traded = known
            .last
            .as_ref()
            .is_none_or(|last| last.held != look.held);
        let Some(first) = known.first.as_ref().map(|first| first.balance) else {
            known.first = Some(look.clone());
            known.last = Some(look);
            known.doubtful_since = None;
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
            if known.is_in_doubt(now) {
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
    /// Whether the wallet may go on being in doubt, which it is from now on at least.
    fn is_in_doubt(&mut self, now: Instant) -> bool {
        let since = *self.doubtful_since.get_or_insert(now);
        now.saturating_duration_since(since) < DOUBT
    }

    /// Says of a type that is not known what becomes of it, once.
    fn tell_unknown(&mut self, row: &Row) {
        if row.meaning == Meaning::Unknown && !self.untold.contains(&row.kind) {
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
        (self.meaning == Meaning::Flow).then(|| Flow {
            id: Arc::clone(&self.id),
            at,
            amount: Money::new(self.change.normalize()),
            kind: Arc::from(self.kind.to_lowercase()),
        })
    }
}

#[cfg(test)]
mod tests;
