//! The generic webhook: one JSON POST.

use std::time::Duration;

use super::Message;
use crate::http;
use crate::rules::ruleset::WebhookUrl;
use crate::secret::{self, Secret};

/// How long one try may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A webhook.
pub(super) struct Webhook {
    client: reqwest::Client,
    url: Secret,
}

impl Webhook {
    pub(super) fn new(url: &WebhookUrl) -> Result<Webhook, String> {
        let url = match url {
            WebhookUrl::Plain(url) => {
                Secret::new(url.clone()).map_err(|error| error.to_string())?
            }
            WebhookUrl::Secret(source) => {
                secret::resolve(source).map_err(|error| error.to_string())?
            }
        };
        let client = http::builder()
            .map_err(|error| error.to_string())?
            .timeout(TIMEOUT)
            .build()
            .map_err(|error| error.without_url().to_string())?;
        Ok(Webhook { client, url })
    }

    pub(super) async fn send(&self, message: &Message) -> Result<(), String> {
        // The address may be a secret by itself: it stands in no error.
        let answer = self
            .client
            .post(self.url.expose())
            .json(message)
            .send()
            .await
            .map_err(|error| error.without_url().to_string())?;
        if answer.status().is_success() {
            Ok(())
        } else {
            Err(format!("the server answered {}", answer.status()))
        }
    }
}
