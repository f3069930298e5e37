//! What had been made since the open of a session when it is first seen in its middle,
//! where the venue has no figure of a day: its list of what moved money says it.
//!
//! The list is read away from here, by whoever polls the venue. Until it was, results
//! begin at first sight, and nothing is decided by what is not known.

use super::account::AccountRun;
use super::memory::{AccountMemory, AnchorSource, PnlSum, SessionMemory, sum};
use super::output::Output;
use super::record::{EntryKind, Fields};
use crate::domain::account::AccountName;
use crate::domain::holdings::Position;
use crate::domain::made::MadeSpan;
use crate::domain::money::Money;
use crate::domain::observation::{Learned, Timestamp};
use crate::engine::Engine;

impl Engine {
    /// The accounts whose venue is to say what they made before they were first seen,
    /// each with the span of time.
    pub fn unread_results(&self) -> Vec<(AccountName, MadeSpan)> {
        let all = self.accounts.iter();
        let unread = all.filter_map(|run| Some((run, run.ledger.session()?.unread()?)));
        unread
            .map(|(run, span)| (run.account.name.clone(), span))
            .collect()
    }
}

impl AccountRun {
    /// Has the venue's list read where this observation, made at `wall`, was the first
    /// of a session that has been open for long.
    pub(super) fn await_list(&mut self, learned: &Learned, wall: Timestamp) {
        let lists = self.account.profile.day.is_none() && learned.wallet.is_some();
        if let Some(stamp) = learned.stamp.filter(|_| lists) {
            let held = learned.positions.as_deref().unwrap_or_default();
            self.ledger.await_list(wall, stamp, held);
        }
    }

    /// Takes what was made in a span of time by the venue's list; `None` where it has
    /// none after all.
    pub(super) fn results_listed(
        &mut self,
        span: MadeSpan,
        made: Option<Money>,
        out: &mut Output<'_>,
    ) {
        let Some(made) = self.ledger.take_list(span, made) else {
            return;
        };
        let name = &self.account.name;
        let message = format!(
            "{name} had made {} in this session before it was first seen, by the venue's list",
            made.grouped()
        );
        let mut fields = Fields::new();
        fields.put("made_before", made);
        out.entry(EntryKind::SessionOpened, Some(name), message, fields);
    }
}

impl AccountMemory {
    /// Takes what was made before the running session was first seen, where that is
    /// still to be read for this span; gives it.
    pub(super) fn take_list(&mut self, span: MadeSpan, made: Option<Money>) -> Option<Money> {
        let session = self.session.as_mut()?;
        if session.unread() != Some(span) {
            return None;
        }
        let anchor = session.anchor.as_mut()?;
        anchor.unread_until = None;
        let made = made?;
        let both = PnlSum {
            total: Some(made),
            realized: Some(made),
        };
        anchor.made_before = anchor.made_before.plus(both);
        session.raise_to_open();
        if let Some(last) = &self.last {
            session.pnl = session.pnl_by(&last.figures);
        }
        self.lifetime.raise_to_open(session);
        Some(made)
    }
}

impl SessionMemory {
    /// The span of time of which the venue's list is still to be read.
    pub(super) fn unread(&self) -> Option<MadeSpan> {
        let until = self.anchor?.unread_until?;
        Some(MadeSpan {
            since: self.open.timestamp_millis(),
            until,
        })
    }

    /// Has the list read up to this stamp of the observation that was made at `wall`,
    /// if that anchors the session in its middle. The open result of what was opened
    /// since the open was made since; that of what was carried over it begins here.
    pub(super) fn await_list(&mut self, wall: Timestamp, stamp: i64, held: &[Position]) {
        let open = self.open;
        let Some(anchor) = &mut self.anchor else {
            return;
        };
        let is_by_this = anchor.source == AnchorSource::MidSession && anchor.at == wall;
        let is_whole = anchor.balance.is_some() && anchor.equity.is_some();
        if !is_by_this || !is_whole {
            return;
        }
        anchor.unread_until = Some(stamp);
        let is_new = |position: &&Position| position.opened.is_some_and(|at| at >= open);
        let results = held
            .iter()
            .filter(is_new)
            .map(|position| position.unrealized);
        let begun = results.fold(Some(Money::ZERO), sum);
        anchor.made_before.total = sum(anchor.made_before.total, begun.or(Some(Money::ZERO)));
        self.raise_to_open();
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};
    use rust_decimal::Decimal;

    use super::*;
    use crate::domain::observation::Figures;
    use crate::domain::position_key::PositionKey;
    use crate::domain::session::Session;
    use crate::domain::trade_date::TradeDate;

    /// So many hours after a midnight.
    fn at(hour: i64) -> Timestamp {
        let seconds = hour.checked_mul(3600).unwrap();
        let at = seconds.checked_add(1_772_582_400).unwrap();
        DateTime::from_timestamp(at, 0).unwrap()
    }

    fn money(amount: i64) -> Option<Money> {
        Some(Money::from(amount))
    }

    fn held(opened: Option<Timestamp>, open: i64) -> Position {
        Position {
            unrealized: money(open),
            opened,
            ..Position::new(PositionKey::new("BTCUSDT"), Decimal::ONE)
        }
    }

    /// An account that is first seen at two o'clock with 10,000 and an open result of
    /// -150, in a session since midnight.
    fn first_seen() -> AccountMemory {
        let mut memory = AccountMemory::default();
        let session = Session {
            date: TradeDate::new(at(0).date_naive()),
            open: at(0),
            close: at(24),
            next_open: at(24),
        };
        memory.open_session(&session, None);
        let figures = Figures {
            unrealized: money(-150),
            balance: money(10_000),
            equity: money(9850),
            ..Figures::default()
        };
        memory.learn(&figures, Some(false), at(2), TimeDelta::zero(), None);
        let positions = [
            held(Some(at(1)), -100),
            held(Some(at(-5)), -30),
            held(None, -20),
        ];
        let session = memory.session.as_mut().unwrap();
        session.await_list(at(2), 7200, &positions);
        memory
    }

    #[test]
    fn results_since_the_open_count_once_the_list_was_read() {
        let mut memory = first_seen();
        let span = memory.session.as_ref().unwrap().unread().unwrap();
        assert_eq!((span.since, span.until), (at(0).timestamp_millis(), 7200));
        let other = MadeSpan {
            until: 7201,
            ..span
        };
        assert_eq!(memory.take_list(other, money(5)), None);
        assert_eq!(memory.take_list(span, money(-400)), money(-400));
        assert_eq!(memory.take_list(span, money(-400)), None);
        let session = memory.session.as_ref().unwrap();
        // 400 realized, and 100 of what was opened since.
        assert_eq!(session.pnl.total, money(-500));
        assert_eq!(session.pnl.realized, money(-400));
        let marks = session.marks;
        assert_eq!(marks.balance.unwrap().value, Money::from(10_400));
        assert_eq!(marks.equity.unwrap().value, Money::from(10_350));
        assert_eq!(memory.lifetime.equity.unwrap().value, Money::from(10_350));
    }

    #[test]
    fn without_a_list_results_begin_at_first_sight() {
        let mut memory = first_seen();
        let span = memory.session.as_ref().unwrap().unread().unwrap();
        assert_eq!(memory.take_list(span, None), None);
        let session = memory.session.as_ref().unwrap();
        assert_eq!(session.unread(), None);
        assert_eq!(session.pnl.realized, money(0));
    }

    #[test]
    fn what_waits_for_the_list_outlasts_a_restart() {
        let memory = first_seen();
        let text = serde_json::to_string(&memory).unwrap();
        let again: AccountMemory = serde_json::from_str(&text).unwrap();
        assert_eq!(again, memory);
        assert!(again.session.unwrap().unread().is_some());
    }
}
