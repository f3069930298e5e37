//! Commands of people.

use tokio::sync::oneshot;

use super::Dispatcher;
use crate::api::CommandError;
use crate::domain::timeouts;
use crate::engine::commands::CommandReply;
use crate::engine::event::{Command, Event};
use crate::rules::settings::Mode;

impl Dispatcher {
    pub(in crate::daemon) fn carry_out_command(
        &mut self,
        command: Command,
        done: oneshot::Sender<Result<CommandReply, CommandError>>,
    ) {
        if let Some(objection) = self.objection(&command) {
            let _ = done.send(Err(objection));
            return;
        }
        let account = command.account().clone();
        let response = self.engine.step(self.now(), Event::Command(command));
        self.carry_out(response.effects, None);
        let Some(reply) = response.reply else {
            let _ = done.send(Err(CommandError::UnknownAccount(account)));
            return;
        };
        let store = self.store.clone();
        // Done is said only once it survives a loss of power, what an earlier
        // command did included: it may be why this one changed nothing.
        tokio::spawn(async move {
            let _ = done.send(match store.flush(timeouts::RECORD).await {
                Ok(()) => Ok(reply),
                Err(error) => Err(CommandError::NotRecorded {
                    error,
                    reply: Box::new(CommandReply {
                        recorded: false,
                        ..reply
                    }),
                }),
            });
        });
    }

    /// Why a command cannot be carried out. That it had no effect must never
    /// pass for success.
    pub(super) fn objection(&self, command: &Command) -> Option<CommandError> {
        let rules = self.engine.rules();
        let account = command.account();
        if rules.account(account).is_none() {
            return Some(CommandError::UnknownAccount(account.clone()));
        }
        match command {
            Command::Flatten { .. } | Command::TakeOver { .. } | Command::Lock { .. } => {
                (self.rules.daemon.mode == Mode::Observe)
                    .then(|| CommandError::OnlyObserves(account.clone()))
            }
            Command::Unlock { .. } => None,
            Command::Rearm { rule, .. } => {
                let is_known = rules.rules_of(account).any(|known| known.name == *rule);
                (!is_known).then(|| CommandError::UnknownRule {
                    account: account.clone(),
                    rule: rule.clone(),
                })
            }
        }
    }
}
