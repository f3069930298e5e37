//! A sign of life: a GET to an address of the user's choice.

use std::time::Duration;

use super::channel::url_of;
use super::post;
use super::set_up::SetUpError;
use crate::rules::settings::Heartbeat;
use crate::secret::Secret;

/// Why a sign of life did not arrive. The address, which may be a secret, does not
/// stand in it.
#[derive(Debug, thiserror::Error)]
pub enum BeatError {
    /// The request failed, in words.
    #[error("{0}")]
    NoAnswer(String),
    /// The answer was no success.
    #[error("the server answered {0}")]
    Status(reqwest::StatusCode),
}

/// A heartbeat that is set up.
pub struct Pulse {
    client: reqwest::Client,
    url: Secret,
    /// Time from one to the next.
    pub every: Duration,
}

impl Pulse {
    /// Sets a heartbeat up. May wait for the disk, where its address may be.
    ///
    /// # Errors
    /// What is wrong with its address.
    pub fn of(heartbeat: &Heartbeat) -> Result<Pulse, SetUpError> {
        Ok(Pulse {
            client: post::client()?,
            url: url_of(&heartbeat.url)?,
            every: heartbeat.every.to_std().unwrap_or(Duration::MAX),
        })
    }

    /// Sends one.
    ///
    /// # Errors
    /// Why it did not arrive.
    pub async fn beat(&self) -> Result<(), BeatError> {
        let answer = self.client.get(self.url.expose()).send().await;
        let status = answer
            .map_err(|error| BeatError::NoAnswer(post::words_of(error)))?
            .status();
        if status.is_success() {
            Ok(())
        } else {
            Err(BeatError::Status(status))
        }
    }
}
