//! What the API asks of the daemon, and how it waits for the answer.

use serde::Deserialize;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::status::Status;
use crate::domain::account::{AccountName, RuleName};
use crate::domain::timeouts;
use crate::engine::commands::CommandReply;
use crate::engine::event::{Command, FlattenSent};
use crate::store::FlushError;

/// One thing that the API asks of the daemon.
#[derive(Debug)]
pub enum ApiRequest {
    /// The state, as it is now.
    Show(oneshot::Sender<Status>),
    /// A person asks for something and waits until it is on record.
    Command {
        /// What.
        command: Command,
        /// Told what came of it once that survives a loss of power, or why that
        /// is not known.
        done: oneshot::Sender<Result<CommandReply, CommandError>>,
    },
    /// The same for an account that somebody has just sent a flatten for.
    TakeOver {
        /// The account.
        account: AccountName,
        /// Why.
        reason: String,
        /// What was sent.
        sent: SentElsewhere,
        /// As above.
        done: oneshot::Sender<Result<CommandReply, CommandError>>,
    },
}

/// A flatten that was sent without the daemon.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "sent: the number, the scope, how many requests, and `answered` or `refused`"
)]
pub struct SentElsewhere {
    /// The number that it named.
    pub number: String,
    /// For whom it was sent: [`Scope::fingerprint`](crate::venue::Scope).
    pub scope: String,
    /// How many requests of the budget it took, what was tried before included.
    pub requests: u32,
    /// What became of it.
    #[serde(default)]
    pub flatten: FlattenSent,
}

/// Why a person's command was not carried out, or is not known to be on record.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CommandError {
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
    /// The daemon has another account under this name than the one that a flatten
    /// was sent for.
    #[error(
        "{0} is another account here than the one that the flatten was sent for: the number, the address or the token of its venue is another"
    )]
    AnotherAccount(AccountName),
    /// The daemon does not see the account, so it can prove nothing.
    #[error("riskd has no fresh data of {0}")]
    Unseen(AccountName),
    /// It was carried out, but the record is not known to hold what came of it.
    #[error("done, but the record could not be written: {error}")]
    NotRecorded {
        /// Why not.
        error: FlushError,
        /// What came of it.
        reply: Box<CommandReply>,
    },
}

impl CommandError {
    /// What came of the command, where it was carried out.
    pub(super) fn reply(&self) -> Option<&CommandReply> {
        match self {
            CommandError::NotRecorded { reply, .. } => Some(reply),
            CommandError::UnknownAccount(_)
            | CommandError::UnknownRule { .. }
            | CommandError::OnlyObserves(_)
            | CommandError::AnotherAccount(_)
            | CommandError::Unseen(_) => None,
        }
    }
}

/// The state; `None` when the daemon does not answer.
pub(super) async fn show(questions: &mpsc::Sender<ApiRequest>) -> Option<Status> {
    let (reply, state) = oneshot::channel();
    let asked = async {
        questions.send(ApiRequest::Show(reply)).await.ok()?;
        state.await.ok()
    };
    timeout(timeouts::STATE, asked).await.ok().flatten()
}

/// What came of a command; `None` when the daemon does not answer.
pub(super) type Done = Option<Result<CommandReply, CommandError>>;

/// Hands a command over and waits until it is on record.
pub(super) async fn command(questions: &mpsc::Sender<ApiRequest>, command: Command) -> Done {
    ask(questions, |done| ApiRequest::Command { command, done }).await
}

/// Hands over an account that a flatten was sent for, and waits until that is on
/// record.
pub(super) async fn take_over(
    questions: &mpsc::Sender<ApiRequest>,
    account: AccountName,
    reason: String,
    sent: SentElsewhere,
) -> Done {
    ask(questions, |done| ApiRequest::TakeOver {
        account,
        reason,
        sent,
        done,
    })
    .await
}

async fn ask(
    questions: &mpsc::Sender<ApiRequest>,
    question: impl FnOnce(oneshot::Sender<Result<CommandReply, CommandError>>) -> ApiRequest,
) -> Done {
    let (done, outcome) = oneshot::channel();
    let asked = async {
        questions.send(question(done)).await.ok()?;
        outcome.await.ok()
    };
    timeout(timeouts::COMMAND, asked).await.ok().flatten()
}
