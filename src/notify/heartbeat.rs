//! A sign of life: a GET to an address of the user's choice.

use std::time::Duration;

use super::channel::url_of;
use super::post;
use crate::rules::ruleset::Heartbeat;
use crate::secret::Secret;

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
    /// What is wrong with its address, in words; never the address.
    pub fn of(heartbeat: &Heartbeat) -> Result<Pulse, String> {
        let named = |error| format!("heartbeat: {error}");
        Ok(Pulse {
            client: post::client().map_err(named)?,
            url: url_of(&heartbeat.url).map_err(named)?,
            every: heartbeat.every.to_std().unwrap_or(Duration::MAX),
        })
    }

    /// Sends one.
    ///
    /// # Errors
    /// Why it did not arrive, in words without the address.
    pub async fn beat(&self) -> Result<(), String> {
        let answer = self.client.get(self.url.expose()).send().await;
        let status = answer.map_err(post::words_of)?.status();
        if status.is_success() {
            Ok(())
        } else {
            Err(format!("the server answered {status}"))
        }
    }
}
