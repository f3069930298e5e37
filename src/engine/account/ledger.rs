//! What the results of an account are reckoned from: its sessions with their
//! anchors and marks, the last trustworthy figures, and its positions by number.

use std::sync::Arc;

use chrono::TimeDelta;

use super::View;
use crate::domain::account::AccountNumber;
use crate::domain::flow::Flow;
use crate::domain::holdings::Position;
use crate::domain::made::MadeSpan;
use crate::domain::money::Money;
use crate::domain::now::Now;
use crate::domain::observation::{Figures, Timestamp};
use crate::domain::session::Session;
use crate::domain::trade_date::TradeDate;
use crate::engine::memory::{AccountMemory, LastTrusted, PnlSum, SessionMemory};
use crate::rules::book::Account;

/// The ledger of one account.
#[derive(Debug)]
pub(in crate::engine) struct Ledger {
    /// The session of the calendar that the present is in.
    current: Option<Session>,
    memory: AccountMemory,
    /// The memory as it was stored last.
    stored: Option<AccountMemory>,
    /// The positions that were told last from those before them.
    followed: Option<Arc<[Position]>>,
    /// Up to when flows were known before this process saw any.
    flows_known_until: Option<Timestamp>,
}

impl Ledger {
    /// Goes on from what is remembered of the account with this number; another
    /// number at the venue is another account.
    pub(in crate::engine) fn new(number: &AccountNumber, memory: Option<AccountMemory>) -> Ledger {
        let mine = memory.filter(|memory| number.matches(&memory.number));
        Ledger {
            current: None,
            stored: mine.clone(),
            memory: mine.unwrap_or_else(|| AccountMemory {
                number: number.to_string(),
                ..AccountMemory::default()
            }),
            followed: None,
            flows_known_until: None,
        }
    }

    pub(in crate::engine) fn memory(&self) -> &AccountMemory {
        &self.memory
    }

    pub(in crate::engine) fn into_memory(self) -> AccountMemory {
        self.memory
    }

    /// The session of the calendar that the present is in.
    pub(in crate::engine) fn current(&self) -> Option<Session> {
        self.current
    }

    /// The session that the account is in. It is not the one of the calendar where
    /// the wall clock was set back.
    pub(in crate::engine) fn session(&self) -> Option<&SessionMemory> {
        self.memory.session.as_ref()
    }

    /// The date of that session.
    pub(in crate::engine) fn trade_date(&self) -> Option<TradeDate> {
        self.session().map(|session| session.date)
    }

    /// Whether the session that the account is in can be traded.
    pub(in crate::engine) fn is_in_open_session(&self) -> bool {
        self.session().is_some_and(|session| !session.closed)
    }

    /// Whether the session that the account is in goes on, be it that its market has
    /// closed.
    pub(in crate::engine) fn is_in_session(&self, now: Now) -> bool {
        self.session()
            .is_some_and(|session| (session.open..session.next_open).contains(&now.wall))
    }

    pub(super) fn is_anchored(&self) -> bool {
        self.session()
            .is_some_and(|session| session.anchor.is_some())
    }

    /// The calendar changed: the session that the present is in is found anew.
    pub(in crate::engine) fn forget_current(&mut self) {
        self.current = None;
    }

    /// Moves to the session that the present belongs to; whether one has begun.
    pub(super) fn roll(&mut self, account: &Account, now: Now) -> bool {
        self.memory.note_early_open(now);
        let current = match self.current {
            Some(session) if session.contains(now.wall) => session,
            _ => match account.session.session_at(now.wall) {
                Some(session) => session,
                None => return false,
            },
        };
        self.current = Some(current);
        // A wall clock that was set back must not bring an old session back.
        let has_begun = self.trade_date().is_none_or(|date| date < current.date);
        if has_begun {
            self.memory.open_session(&current, account.profile.day);
        }
        // Nor may it close the running session at the close of an old one.
        let is_running = self.trade_date() == Some(current.date);
        if is_running && now.wall >= current.close {
            self.memory.close_session();
        }
        has_begun
    }

    /// Learns from a trustworthy observation of this account that was true at `at` of
    /// the steady clock and `wall` of the other; whether the session got its anchor by
    /// it.
    pub(super) fn learn(
        &mut self,
        (figures, is_flat): (&Figures, Option<bool>),
        account: &Account,
        at: Timestamp,
        wall: Timestamp,
    ) -> bool {
        let was_anchored = self.is_anchored();
        let clock_gap = at.signed_duration_since(wall);
        let is_opened_anew =
            self.memory
                .learn(figures, is_flat, wall, clock_gap, account.profile.day);
        (!was_anchored || is_opened_anew) && self.is_anchored()
    }

    /// Has the venue's list read for what was made before this observation, if it is the
    /// first of its session.
    pub(in crate::engine) fn await_list(&mut self, wall: Timestamp, stamp: i64, held: &[Position]) {
        if let Some(session) = &mut self.memory.session {
            session.await_list(wall, stamp, held);
        }
    }

    /// Takes what was made before the session was first seen; gives it.
    pub(in crate::engine) fn take_list(
        &mut self,
        span: MadeSpan,
        made: Option<Money>,
    ) -> Option<Money> {
        self.memory.take_list(span, made)
    }

    /// Takes the flows that were not taken before; gives them. What was learned before
    /// this process began holds the older ones already.
    pub(in crate::engine) fn take_flows(&mut self, flows: &[Flow], wall: Timestamp) -> Vec<Flow> {
        let last = self.memory.last.map(|last| last.at);
        let known_until = *self.flows_known_until.get_or_insert(last.unwrap_or(wall));
        let newer = flows.iter().filter(|flow| flow.at > known_until);
        newer
            .filter(|flow| self.memory.take_flow(flow))
            .cloned()
            .collect()
    }

    /// Tells the positions that are held now from those that were held before.
    pub(super) fn follow_positions(&mut self, view: &View, wall: Timestamp) {
        let Some(positions) = view.positions() else {
            return;
        };
        let is_known = |known: &Arc<[Position]>| Arc::ptr_eq(known, positions);
        if self.followed.as_ref().is_some_and(is_known) {
            return;
        }
        self.memory.follow_positions(positions, wall);
        self.followed = Some(Arc::clone(positions));
    }

    /// The figures of the last trustworthy observation of the running session, with
    /// their time. One that a clock which was ahead has opened begins at its open, and
    /// until then what was seen before is of the same day.
    pub(super) fn last_of_session(&self, wall: Timestamp) -> Option<&LastTrusted> {
        let open = self.session()?.open;
        let last = self.memory.last.as_ref()?;
        (last.at >= open || wall < open).then_some(last)
    }

    /// Session P&L by these figures.
    pub(super) fn pnl(&self, figures: &Figures) -> PnlSum {
        self.memory.session_pnl(figures)
    }

    /// What is to be stored now, as JSON, if that differs from what is stored. The time
    /// of the last trustworthy observation by itself is stored every ten seconds, and
    /// with each while a rule waits for its `hold`: what was held before a restart
    /// counts after it.
    pub(super) fn take_unstored(&mut self, is_holding: bool) -> Option<String> {
        if !self.is_worth_storing(is_holding) {
            return None;
        }
        let state = serde_json::to_string(&self.memory).ok()?;
        self.stored = Some(self.memory.clone());
        Some(state)
    }

    fn is_worth_storing(&self, is_holding: bool) -> bool {
        const SAVE_TIME_EVERY: TimeDelta = TimeDelta::seconds(10);
        let Some(stored) = &self.stored else {
            return true;
        };
        let recent = match (&stored.last, &self.memory.last) {
            (Some(old), Some(new)) => {
                // A clock that was set back leaves the stored one ahead.
                let apart = new.at.signed_duration_since(old.at).abs();
                (apart.is_zero() || apart < SAVE_TIME_EVERY && !is_holding)
                    && LastTrusted { at: old.at, ..*new } == *old
            }
            (None, None) => true,
            _ => false,
        };
        !(recent
            && stored.session == self.memory.session
            && stored.lifetime == self.memory.lifetime
            && stored.week == self.memory.week
            && stored.month == self.memory.month
            && stored.held == self.memory.held
            && stored.number == self.memory.number)
    }
}
