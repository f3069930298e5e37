//! Taking over from `riskd flatten`, which sends by itself and has the daemon
//! prove what came of it: with two programs that look, each would starve the other
//! of the venue's request budget.

use tokio::sync::oneshot;

use super::dispatcher::Dispatcher;
use crate::api::{CommandError, SentElsewhere};
use crate::domain::account::AccountName;
use crate::engine::commands::CommandReply;
use crate::engine::event::Command;

impl Dispatcher {
    /// Takes over an account that a flatten was sent for, unless what is seen here
    /// would prove nothing of it.
    pub(super) fn take_over(
        &mut self,
        account: AccountName,
        reason: String,
        sent: &SentElsewhere,
        done: oneshot::Sender<Result<CommandReply, CommandError>>,
    ) {
        if let Some(objection) = self.objection_to(&account, sent) {
            let _ = done.send(Err(objection));
            return;
        }
        if let Some(known) = self.engine.rules().account(&account) {
            // They left with the same credential: the venue counts them too.
            self.venues.count_elsewhere(&known.venue, sent.requests);
        }
        let command = Command::TakeOver {
            account,
            reason,
            sent: sent.flatten,
        };
        self.carry_out_command(command, done);
    }

    /// Why what the daemon sees says nothing of the account that was flattened. An
    /// account that is not in the rule file, and a daemon that only observes, are
    /// refused as with any other command.
    fn objection_to(&self, account: &AccountName, sent: &SentElsewhere) -> Option<CommandError> {
        let known = self.engine.rules().account(account)?;
        let is_it = known.number.matches(&sent.number)
            && self.venues.is_asked_for(&known.venue, &sent.scope);
        if !is_it {
            return Some(CommandError::AnotherAccount(account.clone()));
        }
        let is_seen = self.lifecycle.is_ready() && self.engine.sees(account, self.now());
        (!is_seen).then(|| CommandError::Unseen(account.clone()))
    }
}
