//! The checked form of a rule file: every name resolved, every value possible.
//!
//! Only this form reaches the engine. It is made by the checker alone, from the
//! raw form that mirrors the YAML.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{NaiveTime, TimeDelta};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::domain::account::{
    AccountName, AccountNumber, GroupName, NotifierName, RuleName, VenueName,
};
use crate::domain::duration;
use crate::domain::instrument::Instrument;
use crate::domain::money::{Fraction, Money};
use crate::domain::schedule::Schedule;
use crate::domain::session::SessionCalendar;
use crate::domain::severity::Severity;
use crate::domain::venue::VenueProfile;
use crate::domain::window::Window;
use crate::rules::diagnostic::Place;
use crate::rules::expression::Expression;

/// A whole rule file, checked.
#[derive(Clone, Debug)]
pub struct RuleSet {
    /// The text that was loaded.
    pub text: Arc<str>,
    /// SHA-256 of the text and of the files it names, in lower-case hex.
    pub hash: Arc<str>,
    /// The files that it names, in the order in which they were read.
    pub files: Vec<RuleFile>,
    /// Settings of the daemon.
    pub daemon: Daemon,
    /// Venues, in the order of the file.
    pub venues: Vec<Venue>,
    /// Accounts, in the order of the file.
    pub accounts: Vec<Arc<Account>>,
    /// Where messages go, in the order of the file.
    pub notifiers: Vec<Notifier>,
    /// Rules, in the order of the file; disabled ones are among them.
    pub rules: Vec<Arc<Rule>>,
    /// The files of rule tests that it names, in the order of the file. What is
    /// in them changes no rule, so that it is no part of the hash.
    pub tests: Vec<TestFileName>,
}

/// A file that a rule file names and that is a part of its rules: a list of closures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleFile {
    /// Its path, as the rule file has it.
    pub path: String,
    /// Its text.
    pub text: String,
}

impl RuleSet {
    /// The account of this name.
    pub fn account(&self, name: &AccountName) -> Option<&Arc<Account>> {
        self.accounts.iter().find(|account| account.name == *name)
    }

    /// The venue of this name.
    pub fn venue(&self, name: &VenueName) -> Option<&Venue> {
        self.venues.iter().find(|venue| venue.name == *name)
    }

    /// The enabled rules whose scope holds this account.
    pub fn rules_of<'a>(&'a self, name: &'a AccountName) -> impl Iterator<Item = &'a Arc<Rule>> {
        self.rules
            .iter()
            .filter(move |rule| rule.enabled && rule.accounts.contains(name))
    }
}

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
    /// When an edit that loosens a rule takes effect.
    pub loosening: Loosening,
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

/// When an edit that loosens a rule takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loosening {
    /// With the reload.
    Immediate,
    /// At the account's next session.
    NextSession,
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
    /// Where its credential is found.
    pub credential: CredentialSource,
    /// The margin assets whose sum is the account's figures, at par; none where an
    /// account has one currency.
    pub assets: Vec<String>,
    /// Whether a key that may withdraw is used all the same.
    pub allow_withdraw_right: bool,
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
            && self.credential == other.credential
            && self.assets == other.assets
            && self.allow_withdraw_right == other.allow_withdraw_right
    }

    /// Whether an account of the same number is the same account at both: they
    /// are reached at one address, and with one credential, as far as the rule file
    /// says. Under one name another place of the credential is that of a renewed one.
    pub fn has_the_accounts_of(&self, other: &Venue) -> bool {
        self.profile == other.profile
            && self.base_url == other.base_url
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

/// An account.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its name in the file.
    pub name: AccountName,
    /// The venue that it is at.
    pub venue: VenueName,
    /// What is known of the kind of its venue.
    pub profile: &'static VenueProfile,
    /// Its name at the venue.
    pub number: AccountNumber,
    /// Its trading days.
    pub session: Arc<SessionCalendar>,
    /// What it started with, in its own currency.
    pub starting_balance: Option<Money>,
    /// The groups it belongs to.
    pub groups: Vec<GroupName>,
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

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its name; state is kept under it.
    pub name: RuleName,
    /// What it is for, in the author's words.
    pub description: Option<String>,
    /// The accounts that its patterns matched, in the order of the file.
    pub accounts: Vec<AccountName>,
    /// When it fires.
    pub when: Condition,
    /// What is done for the account that it fired for; never empty.
    pub then: Vec<Action>,
    /// How long the condition must stay true before the rule fires.
    pub hold: Option<TimeDelta>,
    /// On how many observations in a row it must be true; at least 1.
    pub confirm: u32,
    /// Shares of the limit at which a warning goes out, ascending, each in (0, 1).
    pub warn_at: Vec<Fraction>,
    /// When it may fire again.
    pub rearm: Rearm,
    /// Whether it is evaluated at all.
    pub enabled: bool,
    /// Who hears of its warnings and firings, besides the `notify` actions.
    pub notify: Vec<NotifierName>,
    /// The line it begins on, from 1.
    pub line: usize,
}

impl Rule {
    /// Every notifier that hears of a firing: those of `notify` and those of
    /// the actions, each once.
    pub fn notifiers(&self) -> Vec<NotifierName> {
        let mut names = self.notify.clone();
        for action in &self.then {
            if let Action::Notify(name) = action {
                names.push(name.clone());
            }
        }
        names.sort();
        names.dedup();
        names
    }
}

/// When a fired rule may fire again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rearm {
    /// At the account's next session.
    Session,
    /// Once the condition is false.
    Clear,
    /// Once the account is known to be flat and quiet.
    Flat,
    /// When a person re-arms it.
    Never,
    /// This long after it fired.
    After(TimeDelta),
}

impl Rearm {
    /// The word of the rule file, or the duration.
    pub fn word(self) -> String {
        match self {
            Rearm::Session => "session".to_owned(),
            Rearm::Clear => "clear".to_owned(),
            Rearm::Flat => "flat".to_owned(),
            Rearm::Never => "never".to_owned(),
            Rearm::After(span) => duration::write(span),
        }
    }
}

/// A condition: a tree over the kinds, combined by Kleene logic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// True when all are true.
    All(Vec<Condition>),
    /// True when one is true.
    Any(Vec<Condition>),
    /// True when the other is false.
    Not(Box<Condition>),
    /// One of the kinds.
    Is(Box<Leaf>),
}

impl Condition {
    /// Calls `visit` for each kind in the tree, left to right.
    pub fn for_each_leaf<'a>(&'a self, visit: &mut impl FnMut(&'a Leaf)) {
        match self {
            Condition::All(parts) | Condition::Any(parts) => {
                for part in parts {
                    part.for_each_leaf(visit);
                }
            }
            Condition::Not(part) => part.for_each_leaf(visit),
            Condition::Is(leaf) => visit(leaf),
        }
    }

    /// Whether any kind in the tree passes the test.
    pub fn has_leaf(&self, mut test: impl FnMut(&Leaf) -> bool) -> bool {
        let mut found = false;
        self.for_each_leaf(&mut |leaf| found |= test(leaf));
        found
    }
}

/// One condition kind with its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leaf {
    /// `pnl`
    Pnl(Pnl),
    /// `profit_floor`
    ProfitFloor(ProfitFloor),
    /// `trailing_drawdown`
    TrailingDrawdown(TrailingDrawdown),
    /// `max_loss`
    MaxLoss(MaxLoss),
    /// `outside` and `inside`
    Windows(Windows),
    /// `at`
    At(At),
    /// `position`
    Position(PositionLimit),
    /// `orders`
    Orders(OrderLimit),
    /// `no_data`
    NoData(NoData),
    /// `expr`
    Expr(Expr),
}

impl Leaf {
    /// The key under which the kind stands in a rule file.
    pub const fn key(&self) -> &'static str {
        match self {
            Leaf::Pnl(_) => "pnl",
            Leaf::ProfitFloor(_) => "profit_floor",
            Leaf::TrailingDrawdown(_) => "trailing_drawdown",
            Leaf::MaxLoss(_) => "max_loss",
            Leaf::Windows(Windows {
                side: WindowSide::Outside,
                ..
            }) => "outside",
            Leaf::Windows(_) => "inside",
            Leaf::At(_) => "at",
            Leaf::Position(_) => "position",
            Leaf::Orders(_) => "orders",
            Leaf::NoData(_) => "no_data",
            Leaf::Expr(_) => "expr",
        }
    }

    /// Whether a rule with this kind is re-armed by the session unless it says
    /// otherwise: the P&L and drawdown kinds.
    pub const fn rearms_by_session(&self) -> bool {
        matches!(
            self,
            Leaf::Pnl(_) | Leaf::ProfitFloor(_) | Leaf::TrailingDrawdown(_) | Leaf::MaxLoss(_)
        )
    }
}

/// Whether the level itself is a breach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Breach {
    /// `<=` and `>=`.
    #[default]
    Touch,
    /// `<` and `>`.
    Cross,
}

/// An amount, or a share of a base that the condition names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// In account currency; above zero.
    Money(Money),
    /// A share of the base; above zero.
    Share(Fraction),
}

/// A threshold on profit and loss.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pnl {
    /// True at a loss of this much; a share is one of `starting_balance`.
    pub loss: Option<Amount>,
    /// True at a profit of this much; a share is one of `starting_balance`.
    pub profit: Option<Amount>,
    /// Which result.
    pub of: PnlOf,
    /// Over which span.
    pub over: PnlOver,
    /// Whose result.
    pub per: PnlPer,
    /// Whether the level itself counts.
    pub breach: Breach,
}

/// Which result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PnlOf {
    /// Realized and unrealized.
    #[default]
    Total,
    /// Closed result.
    Realized,
    /// Open result.
    Unrealized,
}

/// Over which span a result is summed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PnlOver {
    /// The account's session.
    #[default]
    Session,
    /// Monday to Sunday by trade date.
    Week,
    /// The calendar month by trade date.
    Month,
    /// Since `starting_balance`.
    Lifetime,
}

/// Whose result is tested.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PnlPer {
    /// The account's.
    #[default]
    Account,
    /// Each position's open result; true when any one is beyond the limit.
    Position,
}

/// A floor under the session's P&L that is armed once a profit was reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfitFloor {
    /// Armed once session P&L reaches this.
    pub arm_at: Money,
    /// True when armed and session P&L is at or below this.
    pub floor: Money,
    /// Whether the floor itself counts.
    pub breach: Breach,
}

/// What a drawdown tests or follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// Session P&L.
    Pnl,
    /// Equity.
    Equity,
    /// Balance.
    Balance,
    /// Unrealized P&L.
    Unrealized,
}

impl Metric {
    /// The word in a rule file.
    pub const fn name(self) -> &'static str {
        match self {
            Metric::Pnl => "pnl",
            Metric::Equity => "equity",
            Metric::Balance => "balance",
            Metric::Unrealized => "unrealized",
        }
    }
}

/// A floor that follows a high-water mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailingDrawdown {
    /// The tested value.
    pub metric: Metric,
    /// What the high-water mark follows.
    pub mark: Metric,
    /// How far below the mark the floor lies; a share is one of the mark.
    pub trail: Amount,
    /// Tested only once the mark has reached this.
    pub arm_at: Option<Money>,
    /// How long a mark lasts.
    pub span: Span,
    /// When the mark moves.
    pub ratchet: Ratchet,
    /// Where the floor stops rising.
    pub lock_at: Option<Level>,
    /// The mark of an account that is already running.
    pub high_water: Option<Money>,
    /// Whether the floor itself counts.
    pub breach: Breach,
}

/// How long a high-water mark lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// One session.
    Session,
    /// For ever; the mark starts at `starting_balance`.
    Lifetime,
}

/// When a high-water mark moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ratchet {
    /// With each trustworthy observation.
    #[default]
    Tick,
    /// With the last trustworthy value of a session, when it closes.
    SessionEnd,
}

/// A level at which a floor stops rising.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// This value.
    Money(Money),
    /// `starting_balance` and this much more.
    StartPlus(Money),
}

/// A floor that is fixed for its span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaxLoss {
    /// How far below the anchor the floor lies; a share is one of `starting_balance`.
    pub amount: Amount,
    /// What it is measured from.
    pub anchor: Anchor,
    /// The tested value.
    pub of: MaxLossOf,
    /// Whether the floor itself counts.
    pub breach: Breach,
}

/// What a fixed floor is measured from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// `starting_balance`; the floor never moves.
    StartingBalance,
    /// Balance at the session's open.
    SessionBalance,
    /// Equity at the session's open.
    SessionEquity,
    /// The higher of both at the session's open.
    SessionMax,
}

/// What a fixed floor tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MaxLossOf {
    /// Equity.
    #[default]
    Equity,
    /// Balance.
    Balance,
}

/// A condition on the time of day of what the account holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Windows {
    /// Outside all of them, or inside any.
    pub side: WindowSide,
    /// The windows; never empty.
    pub windows: Vec<Window>,
    /// Which holdings count.
    pub only: Option<Only>,
    /// The instruments that count; empty for all.
    pub instruments: Vec<Instrument>,
}

/// Which side of the windows is a violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowSide {
    /// Outside all windows.
    Outside,
    /// Inside any window.
    Inside,
}

/// Which holdings count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Only {
    /// Positions.
    Positions,
    /// Working orders.
    Orders,
}

/// True once at each scheduled time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    /// The times; shared, because a schedule is large.
    pub schedule: Arc<Schedule>,
    /// A time that was missed is caught up while it is younger than this.
    pub catch_up: TimeDelta,
}

/// Limits on what is held; true when any is exceeded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PositionLimit {
    /// Most contracts over all instruments, long and short added up.
    pub contracts: Option<Decimal>,
    /// Most contracts of one instrument.
    pub per_instrument: Vec<(Instrument, Decimal)>,
    /// Most instruments with a position.
    pub positions: Option<u32>,
    /// When not empty, only these may be held.
    pub allow: Vec<Instrument>,
    /// These may not be held.
    pub deny: Vec<Instrument>,
    /// How many micro contracts count as one contract; 1 when unset.
    pub micro_ratio: Option<Decimal>,
    /// Groups of correlated instruments in which long and short may not be
    /// held at once; empty when not asked for.
    pub opposite: Vec<Vec<Instrument>>,
}

/// Limits on working orders; true when any is exceeded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderLimit {
    /// Most working orders.
    pub working: Option<u32>,
    /// Largest quantity of one order.
    pub quantity: Option<Decimal>,
}

/// True when the newest trustworthy observation is older than this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoData {
    /// The age.
    pub after: TimeDelta,
}

/// An expression over the account's metrics; checked when the file is loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expr {
    /// Its text.
    pub text: Arc<str>,
    /// What it says.
    pub checked: Expression,
}

/// What a firing does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Cancel every working order of the account.
    CancelOrders,
    /// Close every position and cancel every order of the account.
    Flatten,
    /// Close just the offending positions.
    ClosePosition,
    /// Keep the account flat and quiet.
    Lock {
        /// Until when.
        until: Until,
    },
    /// Keep only orders that reduce exposure.
    CloseOnly {
        /// Until when.
        until: Until,
    },
    /// Send a message.
    Notify(NotifierName),
}

impl Action {
    /// The stable name, as in rules and in the record.
    pub const fn name(&self) -> &'static str {
        match self {
            Action::CancelOrders => "cancel_orders",
            Action::Flatten => "flatten",
            Action::ClosePosition => "close_position",
            Action::Lock { .. } => "lock",
            Action::CloseOnly { .. } => "close_only",
            Action::Notify(_) => "notify",
        }
    }
}

/// Until when a lock holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Until the account's next session opens.
    SessionEnd,
    /// Until this time of day next comes in the session's zone.
    TimeOfDay(NaiveTime),
    /// For this long.
    For(TimeDelta),
    /// Until a person unlocks the account.
    Manual,
}
