//! Messages to people, against servers of this process that answer as the
//! services do, or badly.

mod command;
mod failing;
mod shapes;
mod smtp;
mod smtp_server;
pub mod stub;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use chrono::{TimeZone, Utc};
use riskd::domain::account::{AccountName, RuleName};
use riskd::domain::observation::Timestamp;
use riskd::engine::effect::{Audience, Notice, Severity};
use riskd::engine::record::EntryKind;
use riskd::notify::{Channels, Notifiers, Undelivered};
use riskd::rules;
use riskd::rules::ruleset::RuleSet;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// A part of every secret: searched for where it must not be.
const CANARY: &str = "cAnArY";
/// The shape of a bot's token, by Telegram's own example.
const BOT_TOKEN: &str = "123456:cAnArY-DEF1234ghIkl-zyx57W2v1u123ew11";

/// A folder of secrets.
struct Secrets(TempDir);

impl Secrets {
    fn new() -> Secrets {
        Secrets(tempfile::tempdir().unwrap())
    }

    /// A file with this secret, as a rule file names it.
    fn file(&self, name: &str, secret: &str) -> String {
        let path = self.path(name);
        fs::write(&path, secret).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        format!("{{ file: '{}' }}", path.display())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

/// A rule file with these lines under `notify`.
fn rule_file(notify: &str) -> String {
    format!(
        "version: 1
sessions: {{ g: {{ timezone: UTC, open: '00:00', days: [mon, tue, wed, thu, fri] }} }}
venues: {{ ct: {{ kind: crosstrade, token: {{ env: TOKEN }} }} }}
accounts: {{ a-1: {{ number: A1 }} }}
notify:
{notify}
rules:
  - {{ name: r, accounts: ['*'], when: {{ no_data: 1m }}, then: [flatten] }}
"
    )
}

fn rule_set(notify: &str) -> RuleSet {
    let text = rule_file(notify);
    let none = |_: &std::path::Path| Err(std::io::ErrorKind::NotFound.into());
    let loaded = rules::load("rules.yaml", &text, &none);
    let report = loaded.render_short();
    loaded.rules.unwrap_or_else(|| panic!("{report}"))
}

fn channels(notify: &str) -> Channels {
    let (channels, wrong) = Channels::of(&rule_set(notify));
    assert!(wrong.is_empty(), "{wrong:?}");
    channels
}

/// Notifiers that run, and what they could not deliver.
struct Desk {
    notifiers: Notifiers,
    failures: mpsc::Receiver<Undelivered>,
}

impl Desk {
    fn new(notify: &str) -> Desk {
        let (tell, failures) = mpsc::channel(1000);
        Desk {
            notifiers: Notifiers::start(channels(notify), tell),
            failures,
        }
    }

    fn send(&mut self, notice: Notice) {
        self.notifiers.send(notice, moment());
    }

    /// The next failure that is told.
    async fn failure(&mut self) -> String {
        let failure = timeout(PATIENCE, self.failures.recv()).await;
        failure.expect("a failure is told").unwrap().message
    }
}

fn moment() -> Timestamp {
    Utc.with_ymd_and_hms(2026, 3, 5, 14, 30, 0).unwrap()
}

/// Something that a person must see, of account `apex_1`.
fn fired(rule: &str) -> Notice {
    notice(
        Severity::Critical,
        rule,
        "P&L -1,012.50 <= -1,000.00 *now*, closing ES_03-26 @everyone",
    )
}

fn notice(severity: Severity, rule: &str, text: &str) -> Notice {
    Notice {
        to: Audience::Everyone,
        severity,
        kind: EntryKind::Fired,
        account: Some(AccountName::from("apex_1")),
        rule: Some(RuleName::from(rule)),
        text: text.to_owned(),
    }
}

/// The same, for this notifier alone.
fn to(name: &str, notice: Notice) -> Notice {
    Notice {
        to: Audience::Named(vec![name.into()]),
        ..notice
    }
}
