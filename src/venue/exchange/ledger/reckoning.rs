//! Which of the listed rows a wallet holds.
//!
//! The wallet itself says it: what has changed in it is the sum of those that have come
//! to it, in the order of the list. By its time a row is held, or comes later; but the
//! clock of the wallets and that of the list may differ. Where the times say what the
//! wallet does not show, the wallet is believed.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use rust_decimal::Decimal;
use tokio::time::Instant;

use super::{Look, Meaning, News, OVERLAP, Row};
use crate::domain::flow::{Flow, WalletChange};
use crate::domain::money::Money;

/// How long a change may stay without an explanation before it is taken for a result;
/// and how long a row may be listed before it counts as held, come what may.
const DOUBT: Duration = Duration::from_secs(60);
/// Changes up to this share of the wallet are no matter: a thousandth.
const SMALL: Decimal = Decimal::from_parts(1, 0, 0, false, 3);
/// Up to this share rows explain a change to the cent: a millionth.
const EXACT: Decimal = Decimal::from_parts(1, 0, 0, false, 6);
/// Ids kept of the rows that were read; older ones lie before every span.
const MOST_IDS: usize = 5_000;

/// What was seen of the wallet and of the list.
#[derive(Debug, Default)]
pub(super) struct Reckoning {
    /// The look that all others are held against.
    first: Option<Look>,
    last: Option<Look>,
    /// What the rows that came to the wallet since the first look moved, together.
    listed: Decimal,
    /// By how much the wallet had moved otherwise when that was last accepted.
    accepted: Decimal,
    /// Rows that no wallet is known to hold yet, the oldest first.
    waiting: Vec<Waiting>,
    /// Whether there is no first look because a flow is not known to be in it.
    awaits_next: bool,
    /// Since when the wallet is in doubt.
    doubtful_since: Option<Instant>,
    seen: VecDeque<Arc<str>>,
}

#[derive(Debug)]
struct Waiting {
    row: Row,
    listed_at: Instant,
    /// Whether it was listed before the look that is judged: then it should be held.
    is_earlier: bool,
}

/// Where the times have a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In the first look already.
    Before,
    /// In the wallet since.
    Held,
    /// In none yet.
    Later,
}

/// What explains a wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Explanation {
    /// The rows that it holds by the times.
    ByTimes,
    /// The first ones of the list, so many, whatever the times say.
    First(usize),
}

impl Reckoning {
    /// Whether the wallet is another one than before.
    pub(super) fn has_changed(&self, look: &Look) -> bool {
        let mut last = self.last.iter();
        last.any(|last| last.balance != look.balance)
    }

    /// Whether the wallet was in doubt.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.doubtful_since.is_some()
    }

    /// Whether the next look is to be the first one, and the list read with it.
    pub(super) fn awaits_next(&self) -> bool {
        self.awaits_next
    }

    /// Holds a look against the list, as far as that was read behind it; gives the
    /// flows that are new in the wallet.
    pub(super) fn judge(
        &mut self,
        look: Look,
        news: News,
        now: Instant,
    ) -> (Vec<Flow>, WalletChange) {
        let rows: Vec<Row> = news
            .rows
            .into_iter()
            .filter(|row| self.is_new(row))
            .collect();
        match self.first.as_ref().map(|first| first.stamp) {
            None => self.begin(look, &rows, news.is_whole, now),
            Some(begun) => self.go_on(look, rows, begun, now),
        }
    }

    fn is_new(&mut self, row: &Row) -> bool {
        let is_known = self.seen.contains(&row.id);
        if !is_known {
            self.seen.push_back(Arc::clone(&row.id));
            if self.seen.len() > MOST_IDS {
                self.seen.pop_front();
            }
        }
        !is_known
    }

    /// Takes a look for the first one, once it is known what is in it: the list was
    /// read behind it, and shows no flow that may have come in between. Until then
    /// money that moved while riskd was away may be in the wallet, or not: it is in
    /// doubt for as long.
    fn begin(
        &mut self,
        look: Look,
        rows: &[Row],
        is_read: bool,
        now: Instant,
    ) -> (Vec<Flow>, WalletChange) {
        let flows: Vec<Flow> = rows.iter().filter_map(Row::flow).collect();
        let is_uncertain = rows.iter().any(|row| row.may_be_later(&look));
        if (is_uncertain || !is_read) && self.may_doubt(now) {
            self.awaits_next |= is_uncertain;
            return (flows, WalletChange::Unexplained(Money::ZERO));
        }
        self.awaits_next = false;
        self.doubtful_since = None;
        self.first = Some(look.clone());
        self.last = Some(look);
        (flows, WalletChange::Explained)
    }

    fn go_on(
        &mut self,
        look: Look,
        rows: Vec<Row>,
        begun: i64,
        now: Instant,
    ) -> (Vec<Flow>, WalletChange) {
        for waiting in &mut self.waiting {
            waiting.is_earlier = true;
        }
        let is_uncertain = rows.iter().any(|row| row.may_be_later(&look));
        self.waiting.extend(rows.into_iter().map(|row| Waiting {
            row,
            listed_at: now,
            is_earlier: false,
        }));
        self.waiting.sort_by_key(|waiting| waiting.row.at);
        let is_traded = self.last.as_ref().is_none_or(|last| last.held != look.held);
        let (explanation, change) = match self.explanation(&look, begun) {
            Some(explanation) => (explanation, WalletChange::Explained),
            // A trade explains any change, and its rows may come late. It may hide a
            // flow of which it is not known whether it has come.
            None if is_traded && !is_uncertain => (Explanation::ByTimes, WalletChange::Explained),
            None => {
                let rest = self.rest(&look, self.held_by_times(&look, begun));
                let rest = Money::new(rest.unwrap_or_default().normalize());
                if self.may_doubt(now) {
                    // What is in doubt is no look to compare with.
                    return (Vec::new(), WalletChange::Unexplained(rest));
                }
                (Explanation::ByTimes, WalletChange::TakenForResult(rest))
            }
        };
        self.doubtful_since = None;
        let mut flows = self.take(explanation, &look, begun);
        self.accepted = self.moved(&look).unwrap_or(self.accepted);
        flows.extend(self.take_old(now));
        self.last = Some(look);
        (flows, change)
    }

    /// What explains a wallet: the times; or else that nothing has come to it, or the
    /// first rows of the list, as many as make up its very change.
    fn explanation(&self, look: &Look, begun: i64) -> Option<Explanation> {
        if self.explains(look, self.held_by_times(look, begun), SMALL) {
            return Some(Explanation::ByTimes);
        }
        if self.explains(look, Some(Decimal::ZERO), SMALL) {
            return Some(Explanation::First(0));
        }
        let mut sum = Decimal::ZERO;
        for (waiting, most) in self.waiting.iter().zip(1..) {
            sum = sum.checked_add(waiting.row.change)?;
            if self.explains(look, Some(sum), EXACT) {
                return Some(Explanation::First(most));
            }
        }
        None
    }

    /// The sum of the rows that have come to the wallet by the times.
    fn held_by_times(&self, look: &Look, begun: i64) -> Option<Decimal> {
        let held = self
            .waiting
            .iter()
            .filter(|waiting| waiting.place(look, begun) == Place::Held);
        held.map(|waiting| waiting.row.change)
            .try_fold(Decimal::ZERO, Decimal::checked_add)
    }

    /// Whether what a wallet shows beside rows of this sum is nothing, or what was
    /// accepted before, up to a share of it.
    fn explains(&self, look: &Look, sum: Option<Decimal>, share: Decimal) -> bool {
        let first = self.first.as_ref().map(|first| first.balance.abs());
        let worth = look.balance.abs().max(first.unwrap_or_default());
        let most = worth.checked_mul(share).unwrap_or_default();
        let is_little = |rest: Option<Decimal>| rest.is_some_and(|rest| rest.abs() <= most);
        let other = || self.moved(look)?.checked_sub(sum?);
        is_little(other()) || is_little(self.rest(look, sum))
    }

    /// What a wallet shows that neither rows of this sum nor what was accepted explain.
    fn rest(&self, look: &Look, sum: Option<Decimal>) -> Option<Decimal> {
        let other = self.moved(look)?.checked_sub(sum?)?;
        other.checked_sub(self.accepted)
    }

    /// By how much a wallet has moved beside the rows that came to it.
    fn moved(&self, look: &Look) -> Option<Decimal> {
        let first = self.first.as_ref()?;
        let moved = look.balance.checked_sub(first.balance)?;
        moved.checked_sub(self.listed)
    }

    /// Takes the rows that a wallet holds; gives the flows among them.
    fn take(&mut self, explanation: Explanation, look: &Look, begun: i64) -> Vec<Flow> {
        let mut flows = Vec::new();
        let waiting = std::mem::take(&mut self.waiting);
        for (number, waiting) in waiting.into_iter().enumerate() {
            let place = match explanation {
                Explanation::ByTimes => waiting.place(look, begun),
                Explanation::First(most) if number < most => Place::Held,
                Explanation::First(_) => Place::Later,
            };
            if place == Place::Held {
                let sum = self.listed.checked_add(waiting.row.change);
                self.listed = sum.unwrap_or(self.listed);
            }
            if place == Place::Later {
                self.waiting.push(waiting);
            } else {
                flows.extend(waiting.row.flow());
            }
        }
        flows
    }

    /// Takes the rows that have been listed for long while wallets were explained
    /// without them: what they moved was in the first look, or in what was accepted.
    fn take_old(&mut self, now: Instant) -> Vec<Flow> {
        let is_old =
            |waiting: &mut Waiting| now.saturating_duration_since(waiting.listed_at) >= DOUBT;
        let old: Vec<Waiting> = self.waiting.extract_if(.., is_old).collect();
        for waiting in &old {
            let change = waiting.row.change;
            let sums = self
                .listed
                .checked_add(change)
                .zip(self.accepted.checked_sub(change));
            (self.listed, self.accepted) = sums.unwrap_or((self.listed, self.accepted));
        }
        old.iter()
            .filter_map(|waiting| waiting.row.flow())
            .collect()
    }

    /// Whether the wallet may go on being in doubt, which it is from now on at least.
    fn may_doubt(&mut self, now: Instant) -> bool {
        let since = *self.doubtful_since.get_or_insert(now);
        now.saturating_duration_since(since) < DOUBT
    }
}

impl Waiting {
    /// Where the times have it. What was listed before the wallet was asked for is in
    /// it, or was in the first one.
    fn place(&self, look: &Look, begun: i64) -> Place {
        let at = self.row.at;
        let is_before = at <= begun;
        let is_long_before = at <= begun.saturating_sub(OVERLAP);
        if is_long_before || (self.is_earlier && is_before) {
            Place::Before
        } else if self.is_earlier || (!is_before && at <= look.stamp) {
            Place::Held
        } else {
            // Whether the first look had it is seen by the next one.
            Place::Later
        }
    }
}

impl Row {
    /// Whether it is a flow that may have come after a wallet behind which it was
    /// listed, by whichever clock is wrong.
    fn may_be_later(&self, look: &Look) -> bool {
        let near = look.stamp.saturating_sub(OVERLAP);
        self.meaning == Meaning::Flow && self.at > near
    }
}
