//! What an observation teaches, and whether it can be trusted.

use super::AccountRun;
use crate::domain::money::Money;
use crate::domain::now::Now;
use crate::domain::observation::{Figures, Learned, Missing, Timestamp};
use crate::engine::effect::Severity;
use crate::engine::output::Output;
use crate::engine::quality::{Suspicion, suspicions};
use crate::engine::record::{EntryKind, Fields};

impl AccountRun {
    pub(super) fn on_missing(&mut self, missing: Missing, out: &mut Output<'_>) {
        if self.view.lose(missing) {
            self.report_lost(missing, out);
        }
    }

    /// Nothing was observed for as long as that may take.
    pub(super) fn on_silence(&mut self, out: &mut Output<'_>) {
        if self.view.lose_by_silence() {
            self.report_lost(Missing::Late, out);
        }
    }

    fn report_lost(&self, missing: Missing, out: &mut Output<'_>) {
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

    fn report_back(&self, out: &mut Output<'_>) {
        let message = format!("data of {} is back", self.account.name);
        out.entry(
            EntryKind::DataBack,
            Some(&self.account.name),
            message.clone(),
            Fields::new(),
        );
        out.notify(self.notice(Severity::Info, EntryKind::DataBack, message));
    }

    /// Accepts what was learned; whether its figures can be trusted.
    pub(super) fn accept(
        &mut self,
        learned: &Learned,
        at: Timestamp,
        now: Now,
        out: &mut Output<'_>,
    ) -> bool {
        if self.view.find_again(at, now) {
            self.report_back(out);
        }
        let enforcement = self.guard.enforcement_mut();
        if let Some(symbols) = &learned.symbols {
            enforcement.set_symbols(symbols);
        }
        let as_of = enforcement.polled(learned.stamp, at);
        let without_dust = self.without_dust(learned, out);
        let holdings = without_dust.as_ref().unwrap_or(learned);
        let lag = self.account.profile.polls_cached_for.unwrap_or_default();
        self.view.take_holdings(holdings, at, (as_of, lag), now);
        // The record's times are wall times.
        let wall = if at == now.steady {
            now.wall
        } else {
            now.wall
                .checked_sub_signed(now.since(at))
                .unwrap_or(now.wall)
        };
        self.take_flows(learned, wall, out);
        self.tell_blind_spots(learned, out);
        self.report_unexplained(learned, out);
        let reported = self.view.doubt();
        let doubt = self.doubt(learned, wall);
        if out.config.acts {
            self.show_to_enforcement(holdings, doubt, at, as_of);
        }
        if let Some(doubt) = doubt {
            self.view.disbelieve(doubt);
            if reported != Some(doubt) {
                self.report_suspect(doubt, &learned.figures, out);
            }
            return false;
        }
        self.believe(holdings, at, wall, out);
        true
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
            let is_held = !positions.is_empty();
            self.guard.enforcement_mut().poll_showed(is_held, at);
        }
        self.show_positions(positions, as_of);
        if learned.orders.count().is_some() && is_believed {
            self.show_orders(&learned.orders, at);
        }
    }

    /// Takes the figures for the truth, and learns from them.
    fn believe(&mut self, learned: &Learned, at: Timestamp, wall: Timestamp, out: &mut Output<'_>) {
        self.view.believe(learned, at);
        self.ledger.follow_positions(&self.view, wall);
        let seen = (&learned.figures, learned.is_flat());
        if self.ledger.learn(seen, &self.account, at, wall) {
            self.await_list(learned, wall);
            self.report_session_opened(out);
        }
    }

    /// What is suspect about the observation, unless that is taken for the truth by
    /// now.
    fn doubt(&mut self, learned: &Learned, wall: Timestamp) -> Option<Suspicion> {
        let last = self.ledger.last_of_session(wall);
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
        let profile = self.account.profile;
        let found = suspicions(learned, before, profile);
        // Only where answers come out of a cache does a stamp say which answer it is.
        let stamp = learned.stamp.filter(|_| profile.polls_cached_for.is_some());
        self.view.judge(found, stamp)
    }
}
