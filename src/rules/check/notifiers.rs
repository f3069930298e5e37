//! The `notify` section.

mod email;

use super::{Declared, named_entries, secrets, venues};
use crate::domain::account::NotifierName;
use crate::domain::severity::Severity;
use crate::rules::diagnostic::{Diagnostic, Findings, quoted};
use crate::rules::keys::Fields;
use crate::rules::node::{Node, Value};
use crate::rules::read;
use crate::rules::settings::{Notifier, NotifierKind, PlainOrSecret, SecretSource};
use crate::rules::tables;

/// Most notifiers in a file: each has a queue and a task of its own.
pub const MAX_NOTIFIERS: usize = 50;
/// Where Telegram's Bot API is.
const TELEGRAM_API: &str = "https://api.telegram.org";
/// The public ntfy server.
const NTFY_SERVER: &str = "https://ntfy.sh";
/// Longest topic that an ntfy server takes, in bytes.
const MAX_TOPIC: usize = 64;
/// Most digits of the number of a chat.
const MAX_CHAT_DIGITS: usize = 20;
/// Length of the name of a Telegram channel, in bytes.
const CHANNEL_NAME: std::ops::RangeInclusive<usize> = 4..=32;

pub(super) fn notifiers(node: &Node<'_>, declared: &mut Declared, findings: &mut Findings) {
    let entries = named_entries(node, "notifiers", findings);
    if entries.len() > MAX_NOTIFIERS {
        let message = format!("{} notifiers; {MAX_NOTIFIERS} is the most", entries.len());
        let help = "one notifier can reach many people: a channel, a topic, a list of addresses";
        findings.push(Diagnostic::error(node.place, message).help(help));
    }
    for entry in entries {
        declared.notifier_names.insert(entry.key.to_string());
        if let Some((kind, severity)) = notifier(&entry.value, findings) {
            declared.notifiers.push(Notifier {
                name: NotifierName::from(&*entry.key),
                kind,
                severity,
            });
        }
    }
}

fn notifier(node: &Node<'_>, findings: &mut Findings) -> Option<(NotifierKind, Severity)> {
    let kinds = tables::NOTIFIER_KINDS.iter();
    let names = kinds.clone().map(|(name, _)| *name);
    let name = venues::kind(node, "a notifier", names, &[], findings)?;
    let (name, table) = kinds.clone().find(|(known, _)| *known == name)?;
    let fields = Fields::open(node, table, findings)?;
    let before = findings.errors();
    let severity = fields.read("severity", findings, read::word);
    let kind = match *name {
        "log" => Some(NotifierKind::Log),
        "webhook" => webhook(&fields, findings),
        "telegram" => telegram(&fields, findings),
        "discord" => webhook_secret(&fields, "a Discord webhook", findings)
            .map(|url| NotifierKind::Discord { url }),
        "slack" => webhook_secret(&fields, "a Slack webhook", findings)
            .map(|url| NotifierKind::Slack { url }),
        "ntfy" => ntfy(&fields, findings),
        _ => email::email(&fields, findings).map(NotifierKind::Email),
    };
    let kind = kind.filter(|_| findings.errors() == before);
    Some((kind?, severity.unwrap_or_default()))
}

fn webhook(fields: &Fields<'_, '_>, findings: &mut Findings) -> Option<NotifierKind> {
    let url = fields.read("url", findings, secrets::url_or_source);
    let token = fields.read("token", findings, secrets::source);
    Some(NotifierKind::Webhook { url: url?, token })
}

fn telegram(fields: &Fields<'_, '_>, findings: &mut Findings) -> Option<NotifierKind> {
    let chat = fields.read("chat", findings, chat);
    let token = fields.read("token", findings, secrets::source);
    let api = base_url(fields, "api", TELEGRAM_API, findings);
    Some(NotifierKind::Telegram {
        api: api?,
        chat: chat?,
        token: token?,
    })
}

fn ntfy(fields: &Fields<'_, '_>, findings: &mut Findings) -> Option<NotifierKind> {
    let topic = fields.read("topic", findings, topic);
    let token = fields.read("token", findings, secrets::source);
    let server = base_url(fields, "server", NTFY_SERVER, findings);
    Some(NotifierKind::Ntfy {
        server: server?,
        topic: topic?,
        token,
    })
}

/// The address of a webhook that lets whoever knows it write: it never stands
/// in the file.
fn webhook_secret(
    fields: &Fields<'_, '_>,
    what: &str,
    findings: &mut Findings,
) -> Option<SecretSource> {
    let message = format!(
        "the address of {what} is a secret, since whoever knows it can write; it must not stand in a rule file"
    );
    fields.read("url", findings, |node, findings| {
        secrets::source_of(node, &message, findings)
    })
}

fn base_url(
    fields: &Fields<'_, '_>,
    key: &str,
    default: &str,
    findings: &mut Findings,
) -> Option<String> {
    match fields.get(key) {
        Some(node) => secrets::base_url(node, findings),
        None => Some(default.to_owned()),
    }
}

/// A chat: its number, below zero for groups, or the `@name` of a channel.
fn chat(node: &Node<'_>, findings: &mut Findings) -> Option<String> {
    let text = read::scalar(node, "a chat", findings)?;
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number =
        (1..=MAX_CHAT_DIGITS).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let is_channel = text.strip_prefix('@').is_some_and(|name| {
        CHANNEL_NAME.contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    });
    if is_number || is_channel {
        return Some(text.to_owned());
    }
    let message = format!("{} is not a chat", quoted(text));
    let help = "write the number of the chat, such as `\"12345\"` or `\"-10012345\"`, or the \
                `\"@name\"` of a channel; a bot cannot write to a person by name";
    findings.push(Diagnostic::error(node.place, message).help(help));
    None
}

fn topic(node: &Node<'_>, findings: &mut Findings) -> Option<PlainOrSecret> {
    if let Value::Map(_) = node.value {
        return secrets::source(node, findings).map(PlainOrSecret::Secret);
    }
    let text = read::scalar(node, "a topic", findings)?;
    if is_topic(text) {
        return Some(PlainOrSecret::Plain(text.to_owned()));
    }
    let message = format!("{} cannot be a topic", quoted(text));
    let help = format!(
        "use letters, digits, `-` and `_`, {MAX_TOPIC} at most; the server has a key of its own: \
         `server: https://...`"
    );
    findings.push(Diagnostic::error(node.place, message).help(help));
    None
}

/// Whether an ntfy server takes this as the name of a topic.
pub fn is_topic(text: &str) -> bool {
    (1..=MAX_TOPIC).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}
