//! How riskd is set up: its daemon, the venues and how they are reached, and where
//! messages go. What is decided does not depend on it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::TimeDelta;

use crate::domain::account::{NotifierName, VenueName};
use crate::domain::severity::Severity;
use crate::domain::venue::VenueProfile;
use crate::rules::diagnostic::Place;

/// A file of rule tests, and where the rule file names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestFileName {
    /// The file; a relative path is relative to the rule file.
    pub path: PathBuf,
    /// Where it is named.
    pub place: Place,
}

/// Settings of the daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Daemon {
    /// Whether requests are sent.
    pub mode: Mode,
    /// The database, when the file names one.
    pub database: Option<PathBuf>,
    /// Where the local API listens; `None` when it is off.
    pub http: Option<SocketAddr>,
    /// Who is told, again and again, that all is well.
    pub heartbeat: Option<Heartbeat>,
}

/// A sign of life that is sent while all is well, so that silence is the alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// Where to.
    pub url: PlainOrSecret,
    /// Time from one to the next.
    pub every: TimeDelta,
}

/// Whether riskd acts or only watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Decide, record and send.
    Enforce,
    /// Decide and record; send nothing.
    Observe,
}

/// A venue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Venue {
    /// Its name in the file.
    pub name: VenueName,
    /// What is known of its kind.
    pub profile: &'static VenueProfile,
    /// Its address, without a trailing slash.
    pub base_url: Arc<str>,
    /// Where it says what its key may do, where that is another address; without a
    /// trailing slash.
    pub rights_url: Option<Arc<str>>,
    /// Where its credential is found.
    pub credential: CredentialSource,
    /// The margin assets whose sum is the account's figures, at par; none where an
    /// account has one currency.
    pub assets: Vec<String>,
    /// Whether a key that may withdraw is used all the same.
    pub allow_withdraw_right: bool,
    /// Whether the account of demo trading is meant, where the venue has it at the same
    /// address.
    pub demo: bool,
    /// After how long without riskd the venue cancels resting orders, where it is to.
    pub dead_man: Option<TimeDelta>,
    /// Time from one poll to the next.
    pub poll: TimeDelta,
}

/// Where the parts of a credential are found, by the names that the profile of the
/// venue gives them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialSource(pub Vec<(&'static str, SecretSource)>);

impl Venue {
    /// Whether both are reached in the same way, as far as the rule file says.
    pub fn is_reached_as(&self, other: &Venue) -> bool {
        self.profile == other.profile
            && self.base_url == other.base_url
            && self.rights_url == other.rights_url
            && self.credential == other.credential
            && self.assets == other.assets
            && self.demo == other.demo
            && self.allow_withdraw_right == other.allow_withdraw_right
    }

    /// Whether an account of the same number is the same account at both: they
    /// are reached at one address, and with one credential, as far as the rule file
    /// says. Under one name another place of the credential is that of a renewed one.
    pub fn has_the_accounts_of(&self, other: &Venue) -> bool {
        self.profile == other.profile
            && self.base_url == other.base_url
            && self.demo == other.demo
            && (self.name == other.name || self.credential == other.credential)
    }
}

/// Where a secret is found; never the secret itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// A systemd credential: a file of this name in `$CREDENTIALS_DIRECTORY`.
    Credential(String),
    /// A file that only its owner may read.
    File(PathBuf),
    /// An environment variable.
    Env(String),
}

/// Where messages go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notifier {
    /// Its name in the file.
    pub name: NotifierName,
    /// What it is.
    pub kind: NotifierKind,
    /// It hears of what matters at least this much.
    pub severity: Severity,
}

/// What a notifier is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotifierKind {
    /// A line in riskd's own log.
    Log,
    /// One JSON POST.
    Webhook {
        /// Where to.
        url: PlainOrSecret,
        /// Where a bearer token is found.
        token: Option<SecretSource>,
    },
    /// A chat with a Telegram bot.
    Telegram {
        /// Everything before `/bot`, without a trailing slash.
        api: String,
        /// The chat: its number, or `@name` of a channel.
        chat: String,
        /// Where the bot's token is found.
        token: SecretSource,
    },
    /// A channel at Discord.
    Discord {
        /// Where the webhook's address is found.
        url: SecretSource,
    },
    /// A channel at Slack.
    Slack {
        /// Where the incoming webhook's address is found.
        url: SecretSource,
    },
    /// A topic of an ntfy server.
    Ntfy {
        /// The server, without a trailing slash.
        server: String,
        /// The topic; on a public server whoever knows it can read it.
        topic: PlainOrSecret,
        /// Where an access token is found.
        token: Option<SecretSource>,
    },
    /// E-mail.
    Email(Email),
}

impl NotifierKind {
    /// The word in a rule file.
    pub const fn name(&self) -> &'static str {
        match self {
            NotifierKind::Log => "log",
            NotifierKind::Webhook { .. } => "webhook",
            NotifierKind::Telegram { .. } => "telegram",
            NotifierKind::Discord { .. } => "discord",
            NotifierKind::Slack { .. } => "slack",
            NotifierKind::Ntfy { .. } => "ntfy",
            NotifierKind::Email(_) => "email",
        }
    }
}

/// How e-mail is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    /// The SMTP server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is secured.
    pub tls: MailTls,
    /// The sender's address.
    pub from: String,
    /// The receivers' addresses; never empty.
    pub to: Vec<String>,
    /// Who signs in, and where the password is found.
    pub login: Option<(String, SecretSource)>,
}

/// How the connection to an SMTP server is secured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MailTls {
    /// It begins plain and must be upgraded before anything is said.
    #[default]
    StartTls,
    /// It is TLS from the first byte.
    Implicit,
    /// Not at all; only to this machine itself.
    None,
}

/// A text that may be a secret by itself, such as a webhook's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlainOrSecret {
    /// Written in the file.
    Plain(String),
    /// Found where this says.
    Secret(SecretSource),
}
