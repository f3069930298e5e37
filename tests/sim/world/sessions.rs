//! What sessions made in truth, and when riskd must know it exactly.

use riskd::domain::observation::Learned;
use rust_decimal::Decimal;

use super::World;

/// The true result of a session.
#[derive(Clone, Copy, Debug)]
pub struct SessionTruth {
    /// Equity at its open, less all money that had come in by then.
    open: Decimal,
    /// Whether riskd can know it as exactly: the account was left alone around
    /// the open, and no clock was off.
    clean: bool,
    /// Whether the account is being left alone before the next open.
    settling: bool,
    /// Whether the session was seen as it was since its open.
    pub seen: bool,
}

impl SessionTruth {
    /// That of before the first open: nothing is known by it.
    const BEFORE: SessionTruth = SessionTruth {
        open: Decimal::ZERO,
        clean: false,
        settling: true,
        seen: false,
    };
}

impl World {
    pub(crate) fn open_session(&mut self) {
        self.realized.clear();
        let off = self.clock_is_off();
        for account in self.options.names.iter().copied() {
            let equity = self.venue.figures(account).equity.unwrap();
            let calm = self.sessions.get(account).is_none_or(|old| old.settling);
            let truth = SessionTruth {
                open: equity.decimal() - self.flows_of(account),
                clean: calm && !off && self.venue.is_empty(account),
                settling: false,
                seen: false,
            };
            self.sessions.insert(account, truth);
        }
    }

    /// The trader puts everything down well before the next open.
    pub(crate) fn settle(&mut self) {
        for account in self.options.names.iter().copied() {
            let _ = self.venue.paper.cancel_orders(account);
            let _ = self.venue.paper.close(account);
        }
        for truth in self.sessions.values_mut() {
            truth.settling = true;
        }
    }

    /// Somebody moved the account: if that was close to an open, riskd need not
    /// know what the session began with.
    pub(crate) fn leave_unclean(&mut self, account: &str) {
        // Before the first open too.
        let mut names = self.options.names.iter().copied();
        if let Some(name) = names.find(|name| *name == account) {
            let truth = self.sessions.entry(name).or_insert(SessionTruth::BEFORE);
            truth.settling = false;
            truth.clean &= truth.seen;
        }
    }

    /// The account showed what is not so, and could be believed.
    pub(crate) fn mislead(&mut self, account: &str) {
        if let Some(truth) = self.sessions.get_mut(account) {
            truth.settling = false;
            truth.clean = false;
        }
    }

    pub(crate) fn leave_all_unclean(&mut self) {
        for truth in self.sessions.values_mut() {
            truth.clean = false;
            truth.settling = false;
        }
    }

    /// All money that has come in and was no result, less what went out.
    pub(crate) fn flows_of(&self, account: &str) -> Decimal {
        self.flows.get(account).copied().unwrap_or_default()
    }

    /// The session's true result by the equity that was told, where riskd must know it
    /// exactly; `flows` is all money that had come in as it was read.
    pub(crate) fn session_pnl(
        &self,
        account: &str,
        told: &Learned,
        flows: Decimal,
    ) -> Option<Decimal> {
        let truth = self.sessions.get(account)?;
        let equity = told.figures.equity?.decimal();
        let is_known = truth.clean && !self.clock_is_off();
        is_known.then(|| equity - flows - truth.open)
    }
}
