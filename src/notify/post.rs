//! Notifiers that take one JSON POST for each message.

mod discord;
mod ntfy;
mod slack;
mod telegram;

use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde_json::{Value, json};

use super::failure::{Failure, ServiceReply, verdict_of, with_causes};
use super::message::Message;
use super::set_up::SetUpError;
use crate::http;
use crate::secret::Secret;

/// How long one try may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long the connection for it may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How much of an answer is read, in bytes.
const MAX_ANSWER: usize = 16 * 1024;
/// How much of an answer is told, in characters.
const MAX_TOLD: usize = 200;
/// The longest wait that a service can ask for.
const MAX_AFTER: Duration = Duration::from_secs(3600);
/// The shortest part of an address that is looked for in texts.
const MIN_HIDDEN: usize = 6;

/// The client of notifiers.
///
/// # Errors
/// When TLS cannot be set up.
pub(super) fn client() -> Result<reqwest::Client, SetUpError> {
    http::builder()?
        .timeout(TIMEOUT)
        .connect_timeout(CONNECT_TIMEOUT)
        .build()
        .map_err(|error| SetUpError::Client(words_of(error)))
}

/// Whose shape the request and the answer have.
pub(super) enum Service {
    /// riskd's own.
    Webhook,
    /// Telegram's Bot API.
    Telegram {
        /// The chat.
        chat: String,
        /// The bot's token, which is in the address.
        token: Secret,
    },
    /// A Discord webhook.
    Discord,
    /// A Slack incoming webhook.
    Slack,
    /// An ntfy server.
    Ntfy {
        /// The topic.
        topic: Secret,
    },
}

/// A notifier that takes one JSON POST for each message.
pub(super) struct Post {
    client: reqwest::Client,
    url: Secret,
    bearer: Option<Secret>,
    service: Service,
}

impl Post {
    pub(super) fn new(
        client: reqwest::Client,
        url: Secret,
        bearer: Option<Secret>,
        service: Service,
    ) -> Post {
        Post {
            client,
            url,
            bearer,
            service,
        }
    }

    /// Sends a message, once.
    pub(super) async fn send(&self, message: &Message) -> Result<ServiceReply, Failure> {
        let mut request = self.client.post(self.url.expose());
        if let Some(bearer) = &self.bearer {
            request = request.bearer_auth(bearer.expose());
        }
        request = match &self.service {
            Service::Webhook => request.json(message),
            Service::Telegram { chat, .. } => request.json(&telegram::body(message, chat)),
            Service::Discord => request
                .query(&[discord::WAIT])
                .json(&discord::body(message)),
            Service::Slack => request.json(&slack::body(message)),
            Service::Ntfy { topic } => request.json(&ntfy::body(message, topic.expose())),
        };
        let lost = |error| Failure::later(self.hide(words_of(error)));
        let mut answer = request.send().await.map_err(lost)?;
        let status = answer.status();
        let headers = std::mem::take(answer.headers_mut());
        let body = read(&mut answer).await;
        let value: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        // Hidden before it is cut: a half of a secret is too much.
        let said = cut(&self.hide(said(&body, &value)));
        let is_taken = status.is_success() && self.is_taken(&value);
        let words = if said.is_empty() {
            format!("the server answered {status}")
        } else {
            format!("the server answered {status}: {said}")
        };
        if is_taken {
            return Ok(ServiceReply(words));
        }
        Err(Failure {
            words,
            verdict: verdict_of(status.as_u16(), after(&headers, &value)),
        })
    }

    /// Whether a success says so in its body too. Telegram's "Bot API" page,
    /// "Making requests": `ok` is there always.
    fn is_taken(&self, value: &Value) -> bool {
        match self.service {
            Service::Telegram { .. } => value.get("ok") == Some(&json!(true)),
            _ => true,
        }
    }

    /// The text without the secrets of this notifier: a proxy's page of errors
    /// may hold the path.
    fn hide(&self, mut text: String) -> String {
        let url = self.url.expose();
        let path = url
            .split_once("://")
            .and_then(|(_, rest)| rest.find('/').and_then(|at| rest.get(at..)))
            .unwrap_or_default();
        let own = match &self.service {
            Service::Telegram { token, .. } => Some(token),
            Service::Ntfy { topic } => Some(topic),
            _ => None,
        };
        let tokens = [own, self.bearer.as_ref()];
        let tokens = tokens.into_iter().flatten().map(Secret::expose);
        for secret in [url, path].into_iter().chain(tokens) {
            if secret.len() >= MIN_HIDDEN && text.contains(secret) {
                text = text.replace(secret, "***");
            }
        }
        text
    }
}

/// What a failed request says, with its causes and without its address.
pub(super) fn words_of(error: reqwest::Error) -> String {
    let error = error.without_url();
    let words = if error.is_timeout() {
        "no answer in time".to_owned()
    } else {
        error.to_string()
    };
    with_causes(words, &error)
}

/// The beginning of the answer. One that breaks off is as good as it is.
async fn read(answer: &mut reqwest::Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        let room = MAX_ANSWER.saturating_sub(body.len());
        body.extend(chunk.iter().take(room));
        if chunk.len() >= room {
            break;
        }
    }
    body
}

/// What the service says of a request: `description` at Telegram, `message` at
/// Discord, `error` at ntfy, the whole text at Slack. One line.
fn said(body: &[u8], value: &Value) -> String {
    let known = ["description", "message", "error"]
        .iter()
        .find_map(|key| value.get(key)?.as_str());
    let text = match (known, value) {
        (Some(known), _) => known.to_owned(),
        // JSON that tells of the message says nothing that matters.
        (None, Value::Object(_) | Value::Array(_)) => String::new(),
        (None, _) => String::from_utf8_lossy(body).into_owned(),
    };
    let mut text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some(chat) = value.pointer("/parameters/migrate_to_chat_id") {
        text.push_str(&format!("; the chat is now {chat}"));
    }
    text
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_TOLD) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// How long the service asks to wait: the header `Retry-After` in seconds,
/// Telegram's `parameters.retry_after`, Discord's `retry_after`; the longest of
/// them.
fn after(headers: &HeaderMap, value: &Value) -> Option<Duration> {
    let header = headers
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let seconds = |value: Option<&Value>| Duration::try_from_secs_f64(value?.as_f64()?).ok();
    [
        header.map(Duration::from_secs),
        seconds(value.pointer("/parameters/retry_after")),
        seconds(value.get("retry_after")),
    ]
    .into_iter()
    .flatten()
    .max()
    .map(|after| after.min(MAX_AFTER))
}
