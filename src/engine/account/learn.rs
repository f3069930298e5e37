//! What an observation teaches, and whether it can be trusted.

use std::sync::Arc;

use chrono::TimeDelta;

use super::{AccountRun, Data, Frozen, LOST_AFTER};
use crate::domain::holdings::{Position, WorkingOrders};
use crate::domain::money::Money;
use crate::domain::now::Now;
use crate::domain::observation::{Figures, Learned, Missing, Timestamp};
use crate::engine::effect::Severity;
use crate::engine::memory::AccountMemory;
use crate::engine::output::Output;
use crate::engine::quality::{Doubts, Suspicion, suspicions};
use crate::engine::record::{EntryKind, Fields};

/// How long working orders that were read stay known without a new read.
const ORDERS_KEPT: TimeDelta = TimeDelta::seconds(90);

impl AccountRun {
    pub(super) fn on_missing(&mut self, missing: Missing, out: &mut Output<'_>) {
        // A platform that was away may come back before its accounts have loaded,
        // and lists nothing for them then.
        if matches!(
            missing,
            Missing::Disconnected | Missing::NotListed | Missing::Frozen | Missing::PlatformOffline
        ) {
            self.frozen = Some(Frozen {
                why: missing,
                until: None,
            });
            // What it says when it is back may be what it loads, and is no
            // confirmation of what it said before.
            self.seen.doubts = Doubts::default();
        }
        self.seen.figures = Figures::default();
        self.seen.positions = None;
        self.seen.orders = WorkingOrders::Unknown;
        self.seen.data = Data::Missing(missing);
        self.seen.missing_in_a_row = self.seen.missing_in_a_row.saturating_add(1);
        if self.seen.missing_in_a_row >= LOST_AFTER && !self.seen.lost_reported {
            self.seen.lost_reported = true;
            let message = format!(
                "no data of {}: {missing}; its rules are unknown until it is back",
                self.account.name
            );
            let mut fields = Fields::new();
            fields.put("reason", missing.name());
            out.entry(
                EntryKind::DataLost,
                Some(&self.account.name),
                message.clone(),
                fields,
            );
            out.notify(self.notice(Severity::Warning, EntryKind::DataLost, message));
        }
    }

    /// Accepts what was learned; whether its figures can be trusted.
    pub(super) fn accept(
        &mut self,
        learned: &Learned,
        at: Timestamp,
        now: Now,
        out: &mut Output<'_>,
    ) -> bool {
        self.note_data_back(at, now, out);
        if let Some(symbols) = &learned.symbols {
            self.enforcement.set_symbols(symbols);
        }
        let as_of = self.enforcement.polled(learned.stamp, at);
        let without_dust = self.without_dust(learned, out);
        let holdings = without_dust.as_ref().unwrap_or(learned);
        self.take_holdings(holdings, at, as_of, now);
        // The record's times are wall times.
        let wall = if at == now.steady {
            now.wall
        } else {
            now.wall
                .checked_sub_signed(now.since(at))
                .unwrap_or(now.wall)
        };
        let reported = self.seen.doubts.verdict();
        let doubt = self.doubt(learned, wall);
        if out.config.acts {
            self.show_to_enforcement(holdings, doubt, at, as_of);
        }
        if let Some(doubt) = doubt {
            self.disbelieve(doubt);
            if reported != Some(doubt) {
                self.report_suspect(doubt, &learned.figures, out);
            }
            return false;
        }
        self.believe(holdings, at, wall, out);
        true
    }

    /// An observation is there again.
    fn note_data_back(&mut self, at: Timestamp, now: Now, out: &mut Output<'_>) {
        self.seen.at = Some(at);
        if let Some(frozen) = &mut self.frozen {
            frozen.until.get_or_insert(now.steady);
        }
        self.seen.missing_in_a_row = 0;
        if self.seen.lost_reported {
            self.seen.lost_reported = false;
            let message = format!("data of {} is back", self.account.name);
            out.entry(
                EntryKind::DataBack,
                Some(&self.account.name),
                message.clone(),
                Fields::new(),
            );
            out.notify(self.notice(Severity::Info, EntryKind::DataBack, message));
        }
    }

    /// Shows enforcement what the observation proves.
    fn show_to_enforcement(
        &mut self,
        learned: &Learned,
        doubt: Option<Suspicion>,
        at: Timestamp,
        as_of: Option<Timestamp>,
    ) {
        // An account that has not loaded lists nothing, and what is in doubt proves
        // nothing to be gone; but what is listed is there.
        let is_unloaded =
            self.account.profile.zero_means_unloaded && learned.figures.are_known_zeros();
        let is_trusted = doubt.is_none() && !is_unloaded;
        let is_believed = is_trusted || learned.is_flat() == Some(false);
        let positions = learned.positions.as_ref().filter(|_| is_believed);
        if let Some(positions) = positions {
            self.enforcement.poll_showed(!positions.is_empty(), at);
        }
        self.show_positions(positions, as_of);
        if learned.orders.count().is_some() && is_believed {
            self.show_orders(&learned.orders, at);
        }
    }

    /// Knows no figures, because those that were learned are in doubt.
    fn disbelieve(&mut self, doubt: Suspicion) {
        self.seen.figures = Figures::default();
        self.seen.forget_results();
        if doubt == Suspicion::AllZero {
            self.seen.forget_emptiness();
            // An account that has not loaded lists nothing either.
            self.frozen = Some(Frozen {
                why: Missing::Malformed,
                until: None,
            });
        }
        self.seen.data = Data::Suspect(doubt);
    }

    /// Takes the figures for the truth, and learns from them.
    fn believe(&mut self, learned: &Learned, at: Timestamp, wall: Timestamp, out: &mut Output<'_>) {
        self.seen.data = Data::Good;
        self.seen.has_been_good = true;
        self.seen.figures = learned.figures;
        self.seen.trusted_at = at;
        let anchored = |memory: &AccountMemory| {
            memory
                .session
                .as_ref()
                .is_some_and(|session| session.anchor.is_some())
        };
        self.follow_positions(wall);
        let was_anchored = anchored(&self.memory);
        let is_opened_anew = self.memory.learn(
            &learned.figures,
            learned.is_flat(),
            wall,
            at.signed_duration_since(wall),
            self.account.profile.day,
        );
        if (!was_anchored || is_opened_anew) && anchored(&self.memory) {
            self.report_session_opened(out);
        }
    }

    /// Tells the positions that are held now from those that were held before.
    pub(super) fn follow_positions(&mut self, wall: Timestamp) {
        let Some(positions) = &self.seen.positions else {
            return;
        };
        let is_known = |known: &Arc<[Position]>| Arc::ptr_eq(known, positions);
        if self.followed.as_ref().is_some_and(is_known) {
            return;
        }
        self.memory.follow_positions(positions, wall);
        self.followed = Some(Arc::clone(positions));
    }

    /// Whether a poll may show what was before the last read of the account's
    /// own positions.
    fn may_be_older_than_read(&self, at: Timestamp, as_of: Option<Timestamp>) -> bool {
        let as_of = as_of.max(self.oldest_of_poll(at));
        self.verified_at
            .is_some_and(|verified| as_of.is_none_or(|as_of| as_of < verified))
    }

    /// The oldest time that a poll which was asked for at `at` may show.
    fn oldest_of_poll(&self, at: Timestamp) -> Option<Timestamp> {
        let lag = self.enforcement.profile().polls_cached_for;
        at.checked_sub_signed(lag.unwrap_or_default())
    }

    /// Positions and orders, unless a read of the account's own has newer ones.
    fn take_holdings(
        &mut self,
        learned: &Learned,
        at: Timestamp,
        as_of: Option<Timestamp>,
        now: Now,
    ) {
        if !self.may_be_older_than_read(at, as_of) {
            self.seen.take_positions(learned.positions.as_ref());
            // Without a stamp nothing stands between what is seen and its time.
            let as_of = as_of.or(learned.stamp.is_none().then_some(at));
            self.seen.positions_as_of = as_of.or_else(|| self.oldest_of_poll(at));
        }
        if at >= self.seen.orders_at && learned.orders != WorkingOrders::NotRead {
            self.seen.orders = learned.orders.clone();
            self.seen.orders_at = at;
        }
        if self.seen.orders_at < now.steady && now.since(self.seen.orders_at) > ORDERS_KEPT {
            self.seen.orders = WorkingOrders::Unknown;
        }
    }

    /// What is suspect about the observation, unless that is taken for the truth by
    /// now.
    fn doubt(&mut self, learned: &Learned, wall: Timestamp) -> Option<Suspicion> {
        let open = self.memory.session.as_ref().map(|session| session.open);
        let last = self.memory.last.as_ref();
        let last = last.filter(|last| open.is_some_and(|open| last.at >= open));
        let is_zero_now = learned.figures.realized.is_some_and(Money::is_zero);
        // A day figure that starts anew at its time is not suspect. The calendar
        // need not be asked about one that was zero before.
        let is_reset = last.is_some_and(|last| {
            let was_made = last.figures.realized.is_some_and(|made| !made.is_zero());
            was_made
                && is_zero_now
                && self
                    .account
                    .profile
                    .day
                    .is_some_and(|day| !day.is_same(last.at, wall))
        });
        let others;
        let before = match last {
            Some(last) if is_reset => {
                others = Figures {
                    realized: None,
                    ..last.figures
                };
                Some(&others)
            }
            last => last.map(|last| &last.figures),
        };
        let found = suspicions(learned, before, self.account.profile);
        self.seen.doubts.judge(found, learned.stamp)
    }
}
