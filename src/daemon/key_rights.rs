//! What the keys of venues may do: read at the start, when a key was replaced and
//! every six hours. A key that may withdraw is more than a guard should hold.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, interval, timeout};
use tracing::{info, warn};

use super::StartError;
use super::dispatcher::Dispatcher;
use super::input::Input;
use super::set_up::SetUpError;
use super::venues::Prepared;
use crate::domain::account::VenueName;
use crate::domain::key_rights::KeyRights;
use crate::domain::observation::Missing;
use crate::domain::timeouts;
use crate::engine::effect::Severity;
use crate::engine::record::EntryKind;
use crate::rules::settings;
use crate::store::{EntryFilter, Reads};
use crate::venue::{Failure, Venue};

/// How often the rights of a key are read again.
const EVERY: Duration = Duration::from_secs(6 * 3600);
/// How often those of a key that cannot trade, or cannot be read, are.
const SOON: Duration = Duration::from_secs(10);
/// How long a start with a key that is not on record waits for its rights.
const FIRST_LOOK: Duration = Duration::from_secs(3);
/// How many digits of a key's hash name it.
const NAME_DIGITS: usize = 12;

/// What was read of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeySeen {
    /// The hash that names the key.
    pub(super) key: String,
    /// What it may do.
    pub(super) rights: Result<KeyRights, Failure>,
}

/// A short name of the key that a venue is asked with, which does not show it.
fn name_of(venue: &dyn Venue) -> Option<String> {
    let name = venue.scope()?.fingerprint();
    Some(name.chars().take(NAME_DIGITS).collect())
}

async fn read(venue: &dyn Venue) -> Option<Result<KeyRights, Failure>> {
    let late = Failure {
        missing: Missing::Late,
        words: Arc::from("no answer in time"),
    };
    let read = timeout(timeouts::POLL, venue.key_rights()).await;
    read.unwrap_or(Some(Err(late)))
}

/// Reads the rights of a venue's key for as long as it is polled. A venue that has no
/// such rights is asked once.
pub(super) async fn watch(
    config: settings::Venue,
    venue: Arc<dyn Venue>,
    inputs: mpsc::Sender<Input>,
) {
    let mut looks = interval(SOON);
    let mut last: Option<(String, Instant, bool)> = None;
    loop {
        looks.tick().await;
        let Some(key) = name_of(venue.as_ref()) else {
            continue;
        };
        let is_due = last.as_ref().is_none_or(|(known, read_at, is_good)| {
            *known != key || !is_good || read_at.elapsed() >= EVERY
        });
        if !is_due {
            continue;
        }
        let Some(rights) = read(venue.as_ref()).await else {
            return;
        };
        let is_good = rights.as_ref().is_ok_and(|rights| rights.may_trade);
        last = Some((key.clone(), Instant::now(), is_good));
        let seen = KeySeen { key, rights };
        let input = Input::KeyRights(Box::new(config.clone()), seen);
        // The dispatcher is gone only when the process ends.
        let _ = inputs.send(input).await;
    }
}

/// Refuses a start with a key that may withdraw, unless the rule file allows it or the
/// key is on record: protection that has begun goes on.
///
/// # Errors
/// When there is such a key. Rights that cannot be read now are told later.
pub(super) async fn refuse_first_start(
    prepared: &Prepared,
    record: &dyn Reads,
) -> Result<(), StartError> {
    for config in &prepared.rules.venues {
        let Some(venue) = prepared.venues.get(&config.name) else {
            continue;
        };
        if config.allow_withdraw_right {
            continue;
        }
        let Some(key) = name_of(venue.as_ref()) else {
            continue;
        };
        if is_on_record(&key, record).await {
            continue;
        }
        let read = timeout(FIRST_LOOK, venue.key_rights()).await;
        if let Ok(Some(Ok(rights))) = read
            && rights.may_withdraw
        {
            return Err(SetUpError::MayWithdraw {
                venue: config.name.clone(),
            }
            .into());
        }
    }
    Ok(())
}

async fn is_on_record(key: &str, record: &dyn Reads) -> bool {
    let filter = EntryFilter {
        kind: Some(EntryKind::KeyRights),
        limit: 10_000,
        newest_first: true,
        ..EntryFilter::default()
    };
    // A record that cannot be read is no reason to refuse a key that may have been
    // protecting until now.
    let Ok(entries) = record.entries(&filter).await else {
        return true;
    };
    entries.iter().any(|entry| entry.message.contains(key))
}

/// What was told of the keys of venues.
#[derive(Debug, Default)]
pub(super) struct KeysTold(BTreeMap<VenueName, KeySeen>);

impl Dispatcher {
    /// Tells what a key may do, once, and of what it should not.
    pub(super) fn take_key_rights(&mut self, config: &settings::Venue, seen: KeySeen) {
        let name = &config.name;
        let may_trade = seen.rights.as_ref().map(|rights| rights.may_trade);
        self.lifecycle.key_seen(name, may_trade.unwrap_or(true));
        if !self.lifecycle.is_ready() {
            self.report_alive();
            self.tell_ready();
        }
        let before = self.keys_told.0.insert(name.clone(), seen.clone());
        if before.as_ref() == Some(&seen) {
            return;
        }
        let key = &seen.key;
        match &seen.rights {
            Err(failure) => {
                let text = format!(
                    "what the key of {name} may do cannot be read ({failure}); it counts as one that may too much"
                );
                warn!("{text}");
                self.report_everyone(Severity::Warning, EntryKind::KeyRights, text);
            }
            Ok(rights) => {
                let text = format!("the key {key} of {name} {}", rights.words());
                info!("{text}");
                self.tell(EntryKind::KeyRights, text);
                self.tell_excess(config, rights);
            }
        }
    }

    fn tell_excess(&mut self, config: &settings::Venue, rights: &KeyRights) {
        let name = &config.name;
        for (severity, kind, text) in excess(config, rights) {
            let text = format!("the key of {name} {text}");
            warn!("{text}");
            self.report_everyone(severity, kind, text);
        }
    }
}

/// What is wrong with a key's rights, the worst first.
pub fn excess(
    config: &settings::Venue,
    rights: &KeyRights,
) -> Vec<(Severity, EntryKind, &'static str)> {
    let mut found = Vec::new();
    if !rights.may_trade {
        let text = "may not trade: riskd can see the account and close nothing; make a key that may place orders for derivatives";
        found.push((Severity::Critical, EntryKind::KeyRights, text));
    }
    if rights.may_withdraw && !config.allow_withdraw_right {
        let text = "may withdraw: whoever gets hold of it can empty the account; make one without that right (protection goes on meanwhile)";
        found.push((Severity::Critical, EntryKind::KeyMayWithdraw, text));
    }
    if rights.may_transfer {
        let text = "may transfer money between accounts, which riskd does not need";
        found.push((Severity::Warning, EntryKind::KeyRights, text));
    }
    if !rights.is_bound {
        let text = "works from any address: bind it to the address of this machine at the venue";
        found.push((Severity::Warning, EntryKind::KeyRights, text));
    }
    found
}
