//! The list of what moved money, held against the wallet.
//!
//! The list is read when the wallet has changed. Its flows are handed on with the very
//! look whose wallet holds them, so that a deposit is never a profit and a withdrawal
//! never a loss. What the list does not explain is in doubt for a while.
//!
//! `reckoning` says which of the listed rows a wallet holds.

mod reckoning;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::DateTime;
use rust_decimal::Decimal;
use tokio::time::{Instant, timeout_at};
use tracing::{debug, warn};

use self::reckoning::Reckoning;
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
/// How long a poll waits for the list.
pub(in crate::venue) const WAIT: Duration = Duration::from_millis(1500);

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
    /// One after the other.
    parts: &'static [Part],
}

/// What a read of the list has shown.
#[derive(Debug, Default)]
struct News {
    rows: Vec<Row>,
    /// Whether that is all that was asked for.
    is_whole: bool,
}

/// One look at the wallet.
#[derive(Clone, Debug)]
struct Look {
    /// The sum of the assets that count.
    balance: Decimal,
    /// The positions, in words: a trade changes them.
    held: String,
    /// The venue's time of it, in milliseconds.
    stamp: i64,
}

impl Look {
    fn at(balance: Money, held: &[Held], stamp: i64) -> Look {
        let words = held.iter().map(|one| {
            let Position { key, quantity, .. } = &one.position;
            format!("{key}:{quantity}")
        });
        let mut words: Vec<String> = words.collect();
        words.sort_unstable();
        Look {
            balance: balance.decimal(),
            held: words.join(";"),
            stamp,
        }
    }
}

/// What was read of the list, beside the wallet.
#[derive(Debug)]
pub(in crate::venue) struct Ledger(Mutex<Known>);

#[derive(Debug)]
struct Known {
    reads: Reads,
    reckoning: Reckoning,
    /// Up to when the list was read, by the time of the looks.
    read_until: Option<i64>,
    read_at: Option<Instant>,
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
            reckoning: Reckoning::default(),
            read_until: None,
            read_at: None,
            untold: Vec::new(),
        }))
    }

    /// The flows that the wallet holds, and whether all that has changed in it is
    /// explained. `stamp` is the venue's time of it in milliseconds: one whose time is
    /// not known cannot be held against the list, and is in doubt. `read` reads the
    /// list; one that cannot be read explains nothing.
    pub(in crate::venue) async fn explain<F>(
        &self,
        wallet: &Wallet,
        held: &[Held],
        stamp: Option<i64>,
        read: impl Fn(Span, Part) -> F,
    ) -> (Vec<Flow>, WalletChange)
    where
        F: Future<Output = Result<Vec<Row>, Failure>>,
    {
        let Some(balance) = wallet.figures.balance else {
            // Then nothing is reckoned from it.
            return (Vec::new(), WalletChange::Explained);
        };
        match stamp {
            Some(stamp) => {
                self.explain_look(Look::at(balance, held, stamp), read)
                    .await
            }
            None => (Vec::new(), WalletChange::Unexplained(Money::ZERO)),
        }
    }

    async fn explain_look<F>(
        &self,
        look: Look,
        read: impl Fn(Span, Part) -> F,
    ) -> (Vec<Flow>, WalletChange)
    where
        F: Future<Output = Result<Vec<Row>, Failure>>,
    {
        let due = self.0.locked().due(&look, Instant::now());
        let news = match due {
            Some(due) => read_list(due, read).await,
            None => News::default(),
        };
        let mut known = self.0.locked();
        if news.is_whole {
            known.read_until = Some(look.stamp);
        }
        news.rows.iter().for_each(|row| known.tell_unknown(row));
        known.reckoning.judge(look, news, Instant::now())
    }
}

/// Reads what is due of the list, as far as there is time.
async fn read_list<F>(due: Due, read: impl Fn(Span, Part) -> F) -> News
where
    F: Future<Output = Result<Vec<Row>, Failure>>,
{
    let deadline = Instant::now() + WAIT;
    let mut news = News::default();
    for part in due.parts {
        match timeout_at(deadline, read(due.span, *part)).await {
            Ok(Ok(rows)) => news.rows.extend(rows),
            Ok(Err(failure)) => {
                debug!(%failure, "what moved money could not be read");
                return news;
            }
            Err(_) => {
                debug!("what moved money was not listed in time");
                return news;
            }
        }
    }
    News {
        is_whole: true,
        ..news
    }
}

impl Known {
    /// What is to be read of the list for this look, if anything.
    fn due(&mut self, look: &Look, now: Instant) -> Option<Due> {
        let is_behind = self.read_until.is_none() || self.reckoning.is_in_doubt();
        let is_due = self
            .read_at
            .is_none_or(|at| now.saturating_duration_since(at) >= READ_EVERY);
        let is_wanted = self.reckoning.has_changed(look)
            || self.reckoning.awaits_next()
            || (is_behind && is_due);
        if !is_wanted || !self.reads.take(now) {
            return None;
        }
        self.read_at = Some(now);
        let since = match self.read_until {
            Some(until) => until.saturating_sub(OVERLAP),
            None => i64::MIN,
        };
        let until = look.stamp;
        let end = until.saturating_add(OVERLAP);
        let since = since.clamp(end.saturating_sub(LONGEST_SPAN), until);
        let is_long = until.saturating_sub(since) > LONG_SPAN;
        let parts: &[Part] = match (is_long, self.read_until) {
            (false, _) => &[Part::All],
            // There is no wallet that results would have to explain.
            (true, None) => &[Part::Flows],
            (true, Some(_)) => &[Part::Flows, Part::All],
        };
        Some(Due {
            span: Span { since, until: end },
            parts,
        })
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
