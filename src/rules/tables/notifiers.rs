//! The keys of notifiers, kind by kind.

use super::{SECRET, may, must, secretive};
use crate::domain::severity::Severity;
use crate::rules::keys::{Key, Shape, Table};
use crate::rules::read::words;
use crate::rules::settings::MailTls;

/// Every kind of notifier with its keys.
pub(crate) static NOTIFIER_KINDS: &[(&str, &Table)] = &[
    ("log", &LOG),
    ("webhook", &WEBHOOK),
    ("telegram", &TELEGRAM),
    ("discord", &DISCORD),
    ("slack", &SLACK),
    ("ntfy", &NTFY),
    ("email", &EMAIL),
];

macro_rules! kind {
    ($word:literal) => {
        must(
            "kind",
            Shape::Constant($word),
            concat!("kind: ", $word),
            concat!("What the notifier is: `", $word, "`."),
        )
    };
}

const SEVERITY: Key = may(
    "severity",
    Shape::Words(words::<Severity>),
    "severity: critical",
    "It hears of what matters at least this much: `info` (default), `warning` or `critical`.",
);

static LOG: Table = secretive(
    "a log notifier",
    "Messages become lines in riskd's own log.",
    &[kind!("log"), SEVERITY],
);

static WEBHOOK: Table = secretive(
    "a webhook notifier",
    "Messages are sent as one JSON POST.",
    &[
        kind!("webhook"),
        must(
            "url",
            Shape::Either(&[Shape::Text, Shape::One(&SECRET)]),
            "url: { credential: webhook-url }",
            "Where to, or where that is found.",
        ),
        may(
            "token",
            Shape::One(&SECRET),
            "token: { credential: webhook-token }",
            "Where a token is found that is sent as `Authorization: Bearer`.",
        ),
        SEVERITY,
    ],
);

static TELEGRAM: Table = secretive(
    "a telegram notifier",
    "Messages are sent to a chat by a Telegram bot.",
    &[
        kind!("telegram"),
        must(
            "chat",
            Shape::Text,
            "chat: \"12345\"",
            "The number of the chat, or `@name` of a channel.",
        ),
        must(
            "token",
            Shape::One(&SECRET),
            "token: { credential: telegram-token }",
            "Where the bot's token is found.",
        ),
        may(
            "api",
            Shape::Text,
            "api: https://api.telegram.org",
            "Everything before `/bot`; plain http only to a loopback address.",
        ),
        SEVERITY,
    ],
);

static DISCORD: Table = secretive(
    "a discord notifier",
    "Messages are sent to a channel by a Discord webhook.",
    &[
        kind!("discord"),
        must(
            "url",
            Shape::One(&SECRET),
            "url: { credential: discord-url }",
            "Where the webhook's address is found; it is a secret.",
        ),
        SEVERITY,
    ],
);

static SLACK: Table = secretive(
    "a slack notifier",
    "Messages are sent to a channel by a Slack incoming webhook.",
    &[
        kind!("slack"),
        must(
            "url",
            Shape::One(&SECRET),
            "url: { credential: slack-url }",
            "Where the webhook's address is found; it is a secret.",
        ),
        SEVERITY,
    ],
);

static NTFY: Table = secretive(
    "an ntfy notifier",
    "Messages are published to a topic of an ntfy server.",
    &[
        kind!("ntfy"),
        must(
            "topic",
            Shape::Either(&[Shape::Text, Shape::One(&SECRET)]),
            "topic: riskd-7f3a9c51",
            "The topic, or where it is found: on a public server whoever knows it can read it.",
        ),
        may(
            "server",
            Shape::Text,
            "server: https://ntfy.sh",
            "The server; default `https://ntfy.sh`. Plain http only to a loopback address.",
        ),
        may(
            "token",
            Shape::One(&SECRET),
            "token: { credential: ntfy-token }",
            "Where an access token is found.",
        ),
        SEVERITY,
    ],
);

static EMAIL: Table = secretive(
    "an email notifier",
    "Messages are sent as e-mail through an SMTP server.",
    &[
        kind!("email"),
        must(
            "host",
            Shape::Text,
            "host: smtp.example.com",
            "The SMTP server.",
        ),
        may(
            "port",
            Shape::Whole(1, 65_535),
            "port: 587",
            "Its port; default 587 for `starttls`, 465 for `implicit`, 25 for `none`.",
        ),
        may(
            "tls",
            Shape::Words(words::<MailTls>),
            "tls: starttls",
            "`starttls` (default), `implicit`, or `none`, which is possible to a loopback address alone.",
        ),
        must(
            "from",
            Shape::Text,
            "from: riskd@example.com",
            "The sender's address.",
        ),
        must(
            "to",
            Shape::Either(&[Shape::Text, Shape::List(&Shape::Text)]),
            "to: [me@example.com]",
            "The receivers' addresses.",
        ),
        may(
            "username",
            Shape::Text,
            "username: riskd@example.com",
            "Who signs in.",
        ),
        may(
            "password",
            Shape::One(&SECRET),
            "password: { credential: smtp-password }",
            "Where the password is found.",
        ),
        SEVERITY,
    ],
);
