//! What the API asks of the daemon, and how it waits for the answer.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::status::Status;
use crate::domain::account::{AccountName, RuleName};
use crate::engine::event::Command;
use crate::engine::obey::Obeyed;
use crate::store::FlushError;

/// How long the daemon may take to show its state before the API says that it
/// hangs.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a person's command may take, the write to disk included.
const COMMAND_PATIENCE: Duration = Duration::from_secs(8);

/// One thing that the API asks of the daemon.
#[derive(Debug)]
pub enum Question {
    /// The state, as it is now.
    Show(oneshot::Sender<Status>),
    /// A person asks for something and waits until it is on record.
    Person {
        /// What.
        command: Command,
        /// Told what came of it once that survives a loss of power, or why that
        /// is not known.
        done: oneshot::Sender<Result<Obeyed, PersonError>>,
    },
}

/// Why a person's command was not carried out, or is not known to be on record.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PersonError {
    /// The account is not in the rule file.
    #[error("no account {0} in the rule file")]
    UnknownAccount(AccountName),
    /// No rule of this name watches the account.
    #[error("no rule {rule} watches {account}")]
    UnknownRule {
        /// The account.
        account: AccountName,
        /// The rule.
        rule: RuleName,
    },
    /// In observe mode nothing is sent and nothing is locked.
    #[error(
        "riskd only observes: nothing was sent and nothing is locked; `riskd flatten {0}` closes the account without the daemon"
    )]
    OnlyObserves(AccountName),
    /// It was carried out, but the record is not known to hold what came of it.
    #[error("done, but the record could not be written: {error}")]
    NotRecorded {
        /// Why not.
        error: FlushError,
        /// What came of it.
        obeyed: Box<Obeyed>,
    },
}

impl PersonError {
    /// What came of the command, where it was carried out.
    pub(super) fn obeyed(&self) -> Option<&Obeyed> {
        match self {
            PersonError::NotRecorded { obeyed, .. } => Some(obeyed),
            PersonError::UnknownAccount(_)
            | PersonError::UnknownRule { .. }
            | PersonError::OnlyObserves(_) => None,
        }
    }
}

/// The state; `None` when the daemon does not answer.
pub(super) async fn show(questions: &mpsc::Sender<Question>) -> Option<Status> {
    let (reply, state) = oneshot::channel();
    let asked = async {
        questions.send(Question::Show(reply)).await.ok()?;
        state.await.ok()
    };
    timeout(PATIENCE, asked).await.ok().flatten()
}

/// Hands a command over and waits until it is on record; `None` when the daemon
/// does not answer.
pub(super) async fn command(
    questions: &mpsc::Sender<Question>,
    command: Command,
) -> Option<Result<Obeyed, PersonError>> {
    let (done, outcome) = oneshot::channel();
    let asked = async {
        questions
            .send(Question::Person { command, done })
            .await
            .ok()?;
        outcome.await.ok()
    };
    timeout(COMMAND_PATIENCE, asked).await.ok().flatten()
}
