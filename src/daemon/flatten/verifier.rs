//! Who looks whether what was sent sufficed: another program, or this one.

use super::Progress;
use super::account::{FlattenAccount, Stage};
use super::accounts::FlattenAccounts;
use super::other_program::{HandedOver, OtherProgram, Report};
use crate::domain::account::AccountName;
use crate::engine::enforcement::Step;
use crate::venue::Scope;

/// Who looks.
pub(super) enum Verifier {
    /// It is asked whether another program does; until that is known, nobody.
    Asked(OtherProgram, String),
    /// Another program, which knows the venue's user by this name.
    Other(OtherProgram, String),
    /// This one.
    Own,
}

impl Verifier {
    /// Whoever looks at first: nobody else where there is no other program, or the
    /// venue has no user to name.
    pub(super) fn of(other: Option<OtherProgram>, scope: Option<&Scope>) -> Verifier {
        match (other, scope) {
            (Some(other), Some(scope)) => Verifier::Asked(other, scope.fingerprint()),
            _ => Verifier::Own,
        }
    }

    pub(super) const fn is_own(&self) -> bool {
        matches!(self, Verifier::Own)
    }

    /// What the other program says next; nothing where there is none, and that
    /// there is none once it has ended.
    pub(super) async fn next_report(&mut self) -> Report {
        match self {
            Verifier::Asked(other, _) | Verifier::Other(other, _) => {
                other.reports.recv().await.unwrap_or(Report::Alone)
            }
            Verifier::Own => std::future::pending().await,
        }
    }
}

impl FlattenAccounts {
    /// Takes what the other program says.
    pub(super) fn take_report(
        &mut self,
        report: Report,
        tell: &mut impl FnMut(&AccountName, Progress),
    ) {
        match report {
            Report::Willing => {
                self.verifier = match std::mem::replace(&mut self.verifier, Verifier::Own) {
                    Verifier::Asked(other, scope) => Verifier::Other(other, scope),
                    other => other,
                };
            }
            Report::Proven(account) => {
                let run = self.account(&account);
                if let Some(run) = run.filter(|run| run.stage == Stage::HandedOver) {
                    run.stage = Stage::Done;
                    tell(&account, Progress::ProvenByOther);
                }
            }
            Report::Alone => self.verify_here(tell),
        }
    }

    /// Takes everything back, and looks from here from now on.
    fn verify_here(&mut self, tell: &mut impl FnMut(&AccountName, Progress)) {
        if self.verifier.is_own() {
            return;
        }
        self.verifier = Verifier::Own;
        self.poll_for_ever();
        for held in std::mem::take(&mut self.held) {
            self.start(held);
        }
        let now = self.clock.now();
        self.each(tell, |run| match run.stage {
            Stage::Settling | Stage::HandedOver => run.take_back(now),
            Stage::Own | Stage::Done => Vec::new(),
        });
    }

    /// FlattenAccounts over what was sent, where another program looks: each account as soon
    /// as its flatten was answered. Once the venue's rate limit has turned one away,
    /// the token's share is used up, and two that send would only take it from each
    /// other: then the accounts whose flatten still waits are handed over as well,
    /// for the other program to send it in its turn.
    pub(super) fn hand_over(&mut self, tell: &mut impl FnMut(&AccountName, Progress)) {
        let Verifier::Other(..) = &self.verifier else {
            return;
        };
        let here = |run: &FlattenAccount| run.stage == Stage::Own;
        let mut all = self.accounts.iter();
        let is_used_up = all.any(|(_, run)| here(run) && run.is_refused());
        self.each(tell, |run| -> Vec<Step> {
            if here(run) && (is_used_up || run.is_flattened()) {
                run.let_go()
            } else {
                Vec::new()
            }
        });
        self.hand_over_settled();
    }

    fn hand_over_settled(&mut self) {
        let Verifier::Other(other, scope) = &self.verifier else {
            return;
        };
        for (account, run) in &mut self.accounts {
            if !run.is_settled() {
                continue;
            }
            run.stage = Stage::HandedOver;
            // Nobody takes it where the other side has ended, which is noticed.
            let _ = other.handed.try_send(HandedOver {
                account: account.clone(),
                number: run.number.clone(),
                scope: scope.clone(),
                requests: run.requests,
                flatten: run.flatten(),
            });
        }
    }
}
