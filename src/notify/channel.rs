//! How messages leave: one channel for each kind of notifier.

use std::cell::OnceCell;

use tracing::{error, info, warn};

use super::email::Mail;
use super::failure::{Failure, Retry, ServiceReply};
use super::message::Message;
use super::post::{self, Post, Service};
use super::set_up::SetUpError;
use crate::domain::severity::Severity;
use crate::rules::settings::{NotifierKind, PlainOrSecret};
use crate::rules::{address, is_topic};
use crate::secret::{self, Secret};

/// How messages leave.
pub(super) enum Channel {
    /// Into riskd's own log.
    Log,
    /// As one request.
    Post(Post),
    /// As one e-mail.
    Mail(Mail),
    /// Not at all: it could not be set up, for this reason. What is meant for
    /// it goes the way of messages to a notifier that refuses them.
    Broken(String),
}

/// The HTTP client of all notifiers, which is made when the first one needs it.
/// It is not the venues' client: what hangs here holds up nothing there.
#[derive(Default)]
pub(super) struct Shared(OnceCell<reqwest::Client>);

impl Shared {
    fn client(&self) -> Result<reqwest::Client, SetUpError> {
        if let Some(client) = self.0.get() {
            return Ok(client.clone());
        }
        let client = post::client()?;
        Ok(self.0.get_or_init(|| client).clone())
    }
}

impl Channel {
    /// Sets a notifier up. May wait for the disk, where its secrets are.
    ///
    /// # Errors
    /// What is wrong with its secrets or its address.
    pub(super) fn of(kind: &NotifierKind, shared: &Shared) -> Result<Channel, SetUpError> {
        let post = |url: Secret, bearer: Option<Secret>, service| {
            Ok(Channel::Post(Post::new(
                shared.client()?,
                url,
                bearer,
                service,
            )))
        };
        match kind {
            NotifierKind::Log => Ok(Channel::Log),
            NotifierKind::Webhook { url, token } => {
                let token = token.as_ref().map(secret::resolve).transpose()?;
                post(url_of(url)?, token, Service::Webhook)
            }
            NotifierKind::Telegram { api, chat, token } => {
                let token = secret::resolve(token)?;
                let chat = chat.clone();
                post(
                    bot_url(api, &token)?,
                    None,
                    Service::Telegram { chat, token },
                )
            }
            NotifierKind::Discord { url } => {
                post(checked(secret::resolve(url)?)?, None, Service::Discord)
            }
            NotifierKind::Slack { url } => {
                post(checked(secret::resolve(url)?)?, None, Service::Slack)
            }
            NotifierKind::Ntfy {
                server,
                topic,
                token,
            } => {
                let topic = text_of(topic)?;
                if !is_topic(topic.expose()) {
                    return Err(SetUpError::Topic);
                }
                let token = token.as_ref().map(secret::resolve).transpose()?;
                post(Secret::new(server.clone())?, token, Service::Ntfy { topic })
            }
            NotifierKind::Email(email) => Mail::new(email).map(Channel::Mail),
        }
    }

    /// Sends a message, once.
    ///
    /// # Errors
    /// Why it was not delivered; no secret stands in it.
    pub(super) async fn send(&self, message: &Message) -> Result<ServiceReply, Failure> {
        match self {
            Channel::Log => {
                log(message);
                Ok(ServiceReply("written to riskd's own log".to_owned()))
            }
            Channel::Post(post) => post.send(message).await,
            Channel::Mail(mail) => mail.send(message).await,
            Channel::Broken(words) => Err(Failure {
                words: words.clone(),
                verdict: Retry::Refused,
            }),
        }
    }
}

/// Writes a message to riskd's own log, at the level of its severity.
fn log(message: &Message) {
    let (event, text) = (message.event, &message.text);
    let severity = message.severity.name();
    match message.severity {
        Severity::Info => info!(event, severity, "{text}"),
        Severity::Warning => warn!(event, severity, "{text}"),
        Severity::Critical => error!(event, severity, "{text}"),
    }
}

/// The text itself, or what its source holds.
pub(super) fn text_of(text: &PlainOrSecret) -> Result<Secret, SetUpError> {
    match text {
        PlainOrSecret::Plain(text) => Ok(Secret::new(text.clone())?),
        PlainOrSecret::Secret(source) => Ok(secret::resolve(source)?),
    }
}

/// An address that may be a secret by itself, checked as one in the file is.
pub(super) fn url_of(text: &PlainOrSecret) -> Result<Secret, SetUpError> {
    checked(text_of(text)?)
}

fn checked(secret: Secret) -> Result<Secret, SetUpError> {
    let checked = address::checked(secret.expose(), address::Query::Yes)
        .map_err(|(message, help)| SetUpError::Address { message, help })?;
    Ok(Secret::new(checked)?)
}

/// The address that a bot's messages go to. The token is a part of its path:
/// see "Making requests" of Telegram's "Bot API" page.
fn bot_url(api: &str, token: &Secret) -> Result<Secret, SetUpError> {
    let is_token = token
        .expose()
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b':' | b'_' | b'-'));
    if !is_token || !token.expose().contains(':') {
        return Err(SetUpError::BotToken);
    }
    let url = format!("{api}/bot{}/sendMessage", token.expose());
    Ok(Secret::new(url)?)
}
