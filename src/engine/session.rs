//! How an account moves through its sessions: anchors, marks and P&L.

use chrono::TimeDelta;
use rust_decimal::Decimal;

use super::memory::{
    AccountMemory, AnchorSource, LastTrusted, Mark, PnlSum, SessionAnchor, SessionMarks,
    SessionMemory, SpanSum, VenueFigure, difference, sum,
};
use super::quality::{dropped_to_zero, has_lost_open_result};
use crate::domain::money::Money;
use crate::domain::observation::{Figures, Timestamp};
use crate::domain::session::Session;
use crate::domain::trade_date::{TradeDate, month_of, week_of};
use crate::domain::venue::VenueDay;
use crate::rules::book::Metric;

/// How old the last observation before an open may be to say what held at the
/// open.
pub const ANCHOR_FRESH: TimeDelta = TimeDelta::minutes(10);

/// How far the venue's session figure may lie from riskd's own ledger at the
/// open and still belong to the same session, as a share of the account's worth: a
/// millionth, five cents of 50,000, for what the venue rounds. It is no fixed amount,
/// because an account may be worth half a bitcoin.
const SAME_FIGURE_SHARE: Decimal = Decimal::from_parts(1, 0, 0, false, 6);

impl AccountMemory {
    /// Takes a trustworthy observation: anchors, P&L, marks. `clock_gap` is how
    /// far the steady clock is ahead of the wall clock. Whether the session was
    /// opened anew by it.
    pub(super) fn learn(
        &mut self,
        figures: &Figures,
        flat: Option<bool>,
        at: Timestamp,
        clock_gap: TimeDelta,
        day: Option<VenueDay>,
    ) -> bool {
        let is_opened_anew = self.open_anew(at, day);
        self.lifetime.raise(figures, at);
        if let Some(session) = &mut self.session {
            if session.anchor_with(figures, flat, at, day) {
                self.lifetime.raise_to_open(session);
            }
            session.test_venue_figure(figures, self.last.as_ref(), day, at);
            session.pnl = session.pnl_by(figures);
            session.raise_marks(figures, flat, at);
        }
        let last = self.last.get_or_insert_default();
        last.at = at;
        last.figures = *figures;
        last.flat = flat;
        last.clock_gap = clock_gap.num_seconds();
        is_opened_anew
    }

    /// Session P&L by these figures, without learning anything from them.
    pub fn session_pnl(&self, figures: &Figures) -> PnlSum {
        let session = self.session.as_ref();
        session
            .map(|session| session.pnl_by(figures))
            .unwrap_or_default()
    }

    /// What happens at the close: marks that follow closes take the last
    /// trustworthy value.
    pub(super) fn close_session(&mut self) {
        let Some(session) = &mut self.session else {
            return;
        };
        if session.closed {
            return;
        }
        session.closed = true;
        if let Some(last) = self.last.filter(|last| last.at >= session.open) {
            self.lifetime.raise_at_close(&last.figures, last.at);
        }
    }

    /// Begins a session; the one before is closed and added to its week and
    /// month.
    pub(super) fn open_session(&mut self, next: &Session, day: Option<VenueDay>) {
        self.close_session();
        if let Some(ended) = self.session.take() {
            let seen_to_the_end = self
                .last
                .is_some_and(|last| ended.close.signed_duration_since(last.at) <= ANCHOR_FRESH)
                && next.open <= ended.next_open;
            add_session(&mut self.week, &ended, next.date, seen_to_the_end, week_of);
            add_session(
                &mut self.month,
                &ended,
                next.date,
                seen_to_the_end,
                month_of,
            );
        }
        self.session = Some(SessionMemory::opened(next, self.last, day));
    }

    /// The result of the running week or month: its closed sessions and the
    /// running one. When a part was missed, worth now less worth at its start.
    pub fn span_pnl(span: &Option<SpanSum>, session: PnlSum, figures: &Figures) -> PnlSum {
        match span {
            None => session,
            Some(span) if span.whole => span.closed.plus(session),
            Some(span) => PnlSum {
                total: difference(figures.equity, span.worth.total),
                realized: difference(figures.balance, span.worth.realized),
            },
        }
    }
}

/// Whether the gap is no more than what rounding makes of an account that is worth
/// this.
fn is_rounding(gap: Money, figures: &Figures) -> bool {
    let sizes = [figures.equity, figures.balance].into_iter().flatten();
    let worth = sizes.map(|worth| worth.decimal().abs()).max();
    let allowed = worth.and_then(|worth| worth.checked_mul(SAME_FIGURE_SHARE));
    gap.is_zero() || allowed.is_some_and(|allowed| gap.decimal().abs() <= allowed)
}

/// Adds a session that ended to its span, or ends the span with it.
fn add_session<K: PartialEq>(
    span: &mut Option<SpanSum>,
    ended: &SessionMemory,
    next: TradeDate,
    seen_to_the_end: bool,
    key: fn(TradeDate) -> K,
) {
    if key(ended.date) != key(next) {
        *span = None;
        return;
    }
    if span.is_none() && ended.anchor.is_none() {
        // Nothing was seen of it: the span begins with what riskd sees first.
        return;
    }
    let running = span.get_or_insert_with(|| SpanSum {
        first: ended.date,
        closed: PnlSum::ZERO,
        worth: ended.worth_at_open(),
        whole: true,
    });
    running.closed = running.closed.plus(ended.pnl);
    running.whole &= seen_to_the_end;
}

impl SessionMemory {
    /// A session at its open, anchored by the last observation before it when
    /// that is fresh.
    pub(super) fn opened(
        next: &Session,
        last: Option<LastTrusted>,
        day: Option<VenueDay>,
    ) -> SessionMemory {
        let starts_with_day = day.is_some_and(|day| day.starts_at(next.open));
        let mut session = SessionMemory {
            date: next.date,
            open: next.open,
            close: next.close,
            next_open: next.next_open,
            closed: false,
            opened_early: false,
            anchor: None,
            venue_before: last.and_then(|last| last.figures.realized),
            venue_figure: if starts_with_day {
                VenueFigure::Untested
            } else {
                VenueFigure::OtherDay
            },
            marks: SessionMarks {
                pnl: Some(Mark {
                    value: Money::ZERO,
                    at: next.open,
                }),
                unrealized: Some(Mark {
                    value: Money::ZERO,
                    at: next.open,
                }),
                ..SessionMarks::default()
            },
            pnl: PnlSum::default(),
        };
        let fresh = last.filter(|last| {
            last.at <= next.open && next.open.signed_duration_since(last.at) <= ANCHOR_FRESH
        });
        if let Some(last) = fresh {
            session.set_anchor(SessionAnchor {
                at: last.at,
                source: AnchorSource::BeforeOpen,
                balance: last.figures.balance,
                equity: last.figures.equity,
                flat: last.flat,
                made_before: PnlSum::ZERO,
                unread_until: None,
            });
        }
        session
    }

    /// Equity and balance at the open, less what had been made before the
    /// session was first seen.
    fn worth_at_open(&self) -> PnlSum {
        let Some(anchor) = &self.anchor else {
            return PnlSum::default();
        };
        PnlSum {
            total: anchor.equity_at_open(),
            realized: anchor.balance_at_open(),
        }
    }

    fn set_anchor(&mut self, anchor: SessionAnchor) {
        if anchor.flat == Some(false) && self.venue_figure == VenueFigure::Untested {
            self.venue_figure = VenueFigure::Carried;
        }
        self.anchor = Some(anchor);
        self.raise_to_open();
    }

    /// Raises the marks to what held at the open: of a session that is first seen
    /// in its middle, to what it was before what the venue says was made since.
    pub(super) fn raise_to_open(&mut self) {
        let Some(anchor) = self.anchor else { return };
        let at = anchor.held_at(self.open);
        self.marks
            .raise(Metric::Equity, anchor.equity_at_open(), at);
        self.marks
            .raise(Metric::Balance, anchor.balance_at_open(), at);
    }

    /// Anchors the session by its first observation, or completes an anchor
    /// that lacks a figure; whether there was anything to do.
    #[inline]
    fn anchor_with(
        &mut self,
        figures: &Figures,
        flat: Option<bool>,
        at: Timestamp,
        day: Option<VenueDay>,
    ) -> bool {
        match &self.anchor {
            None => self.anchor_by(figures, flat, at, day),
            Some(anchor) => {
                let is_new =
                    |known: Option<Money>, seen: Option<Money>| known.is_none() && seen.is_some();
                if !is_new(anchor.balance, figures.balance)
                    && !is_new(anchor.equity, figures.equity)
                {
                    return false;
                }
                self.complete_anchor(figures, at, day);
            }
        }
        true
    }

    /// Completes an anchor that lacks a figure. It is learned later than the rest,
    /// and what the venue says was made up to now is taken off it.
    fn complete_anchor(&mut self, figures: &Figures, at: Timestamp, day: Option<VenueDay>) {
        let made = self.made_by(figures, at, day);
        let Some(anchor) = &mut self.anchor else {
            return;
        };
        if anchor.balance.is_none() && figures.balance.is_some() {
            anchor.balance = figures.balance;
            anchor.made_before.realized = made.realized.or(anchor.made_before.realized);
        }
        if anchor.equity.is_none() && figures.equity.is_some() {
            anchor.equity = figures.equity;
            anchor.made_before.total = made.total.or(anchor.made_before.total);
        }
        self.raise_to_open();
    }

    /// Whether the session has been open for longer than what is seen now may
    /// stand in for what held at its open.
    fn is_late(&self, at: Timestamp) -> bool {
        at.signed_duration_since(self.open) > ANCHOR_FRESH
    }

    /// What the venue says was made in this session so far, as far as its figures
    /// are of this session; nothing, just after the open.
    fn made_by(&self, figures: &Figures, at: Timestamp, day: Option<VenueDay>) -> PnlSum {
        let has_day_figure = day.is_some_and(|day| day.starts_at(self.open));
        if !self.is_late(at) || !has_day_figure {
            return PnlSum::ZERO;
        }
        PnlSum {
            total: sum(figures.realized, figures.unrealized),
            realized: figures.realized,
        }
    }

    /// Anchors the session by its first observation.
    fn anchor_by(
        &mut self,
        figures: &Figures,
        flat: Option<bool>,
        at: Timestamp,
        day: Option<VenueDay>,
    ) {
        let late = self.is_late(at);
        let source = if late {
            AnchorSource::MidSession
        } else {
            AnchorSource::AfterOpen
        };
        let made = self.made_by(figures, at, day);
        // What the venue does not say begins here; a sum that does not fit is not
        // known.
        let says_all = figures.realized.is_some() && figures.unrealized.is_some();
        let made_before = PnlSum {
            total: made.total.or((!says_all).then_some(Money::ZERO)),
            realized: made.realized.or(Some(Money::ZERO)),
        };
        let has_ledger = figures.equity.is_some() && figures.balance.is_some();
        let may_carry = late && flat == Some(false) && has_ledger;
        if may_carry && self.venue_figure == VenueFigure::Untested {
            // It may have been carried over the open: the venue will drop what it
            // makes, and riskd's own ledger, which begins with the venue's figure
            // here, will not.
            self.venue_figure = VenueFigure::Carried;
        }
        self.set_anchor(SessionAnchor {
            at,
            source,
            balance: figures.balance,
            equity: figures.equity,
            // Whether a position was carried over an open that nobody saw is
            // not known.
            flat: if late { None } else { flat },
            made_before,
            unread_until: None,
        });
    }

    /// Decides whether the venue's session figure belongs to this session.
    ///
    /// A venue may reset its figure some seconds after the open; until it
    /// agrees with riskd's own ledger it may still be yesterday's. It starts
    /// anew every day, also where the session does not: Friday's lasts until
    /// Sunday.
    fn test_venue_figure(
        &mut self,
        figures: &Figures,
        before: Option<&LastTrusted>,
        day: Option<VenueDay>,
        at: Timestamp,
    ) {
        let is_next_day = || day.is_some_and(|day| day.is_over(self.open, at));
        // Taken for the truth, because it was said twice: then the venue's
        // figure says nothing any more, but balance and equity may.
        let has_dropped = || {
            let before = before.filter(|last| last.at >= self.open);
            before.is_some_and(|last| {
                dropped_to_zero(figures, &last.figures)
                    || has_lost_open_result(figures, &last.figures)
            })
        };
        match self.venue_figure {
            VenueFigure::Trusted | VenueFigure::Untested if is_next_day() => {
                self.venue_figure = VenueFigure::OtherDay;
            }
            VenueFigure::Trusted if has_dropped() => self.venue_figure = VenueFigure::Dropped,
            VenueFigure::Untested if day.is_some() => {
                let venue = sum(figures.realized, figures.unrealized);
                let joined = match difference(venue, self.ledger(figures).total) {
                    Some(gap) => is_rounding(gap, figures),
                    // Without a ledger, a figure that differs from the last
                    // one of the session before has been reset.
                    None => {
                        venue.is_some()
                            && self
                                .venue_before
                                .is_none_or(|old| old.is_zero() || figures.realized != Some(old))
                    }
                };
                if joined {
                    self.venue_figure = VenueFigure::Trusted;
                }
            }
            _ => {}
        }
    }

    /// riskd's own ledger: worth now less worth at the open.
    #[inline]
    fn ledger(&self, figures: &Figures) -> PnlSum {
        let Some(anchor) = &self.anchor else {
            return PnlSum::default();
        };
        PnlSum {
            total: difference(figures.equity, anchor.equity),
            realized: difference(figures.balance, anchor.balance),
        }
        .plus(anchor.made_before)
    }

    /// Session P&L by these figures.
    #[inline]
    pub(super) fn pnl_by(&self, figures: &Figures) -> PnlSum {
        if self.venue_figure != VenueFigure::Trusted {
            // A figure of another day, or one that dropped a carried trade,
            // must not stand in for a ledger that is not there.
            return self.ledger(figures);
        }
        let total = sum(figures.realized, figures.unrealized);
        if total.is_some() {
            return PnlSum {
                total,
                realized: figures.realized,
            };
        }
        let ledger = self.ledger(figures);
        PnlSum {
            total: ledger.total,
            realized: figures.realized.or(ledger.realized),
        }
    }

    /// Whether session P&L by these figures is the venue's, and not riskd's own
    /// ledger.
    pub fn is_by_venue(&self, figures: &Figures) -> bool {
        self.venue_figure == VenueFigure::Trusted
            && sum(figures.realized, figures.unrealized).is_some()
    }

    fn raise_marks(&mut self, figures: &Figures, flat: Option<bool>, at: Timestamp) {
        if flat == Some(true) {
            self.marks.forget_open_result(at);
        }
        self.marks.raise(Metric::Pnl, self.pnl.total, at);
        self.marks.raise(Metric::Equity, figures.equity, at);
        self.marks.raise(Metric::Balance, figures.balance, at);
        self.marks.raise(Metric::Unrealized, figures.unrealized, at);
    }
}
