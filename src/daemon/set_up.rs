//! Why what a rule set needs of the outside cannot be set up.

use std::error::Error;

use crate::domain::account::{NotifierName, VenueName};
use crate::notify;
use crate::secret::SecretError;

/// Why a venue, a notifier or the heartbeat cannot be set up. No secret stands in
/// it.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// A part of a venue's credential could not be had.
    #[error("venue {venue}: {source}")]
    Credential {
        /// The venue.
        venue: VenueName,
        /// Why.
        source: SecretError,
    },
    /// A venue has no credential of a name that its adapter needs.
    #[error("venue {venue}: it has no {part}")]
    NoPart {
        /// The venue.
        venue: VenueName,
        /// The name of the part.
        part: &'static str,
    },
    /// The key of a venue may withdraw, and riskd was never started with it.
    #[error(
        "venue {venue}: the key may withdraw, and whoever gets hold of it can empty the account; make one without that right, or say `allow_withdraw_right: true`"
    )]
    MayWithdraw {
        /// The venue.
        venue: VenueName,
    },
    /// A venue's address or its HTTP client.
    #[error("venue {venue}: {source}")]
    Venue {
        /// The venue.
        venue: VenueName,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A notifier.
    #[error("notifier {notifier}: {source}")]
    Notifier {
        /// The notifier.
        notifier: NotifierName,
        /// Why.
        source: notify::SetUpError,
    },
    /// The heartbeat.
    #[error("heartbeat: {0}")]
    Heartbeat(#[source] notify::SetUpError),
    /// Several of them, each on a line.
    #[error("{}", lines(.0))]
    Several(Vec<SetUpError>),
}

fn lines(errors: &[SetUpError]) -> String {
    let lines: Vec<String> = errors.iter().map(SetUpError::to_string).collect();
    lines.join("\n")
}
