//! What the keys of venues may do: read at the start, when a key was replaced and
//! every six hours. A key that may withdraw is more than a guard should hold.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, interval, timeout};
use tracing::{info, warn};

use super::StartError;
use super::connect;
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
use crate::secret::Credential;
use crate::store::{EntryFilter, Reads};
use crate::venue::{Failure, Venue};

/// How often the rights of a key are read again.
const EVERY: Duration = Duration::from_secs(6 * 3600);
/// How often those of a key that cannot trade, or cannot be read, are.
const SOON: Duration = Duration::from_secs(10);
/// How long is waited for the record of keys, and for the rights of one that is not on
/// it, before it is used.
const FIRST_LOOK: Duration = Duration::from_secs(3);
/// How many digits of a key's hash name it.
const NAME_DIGITS: usize = 12;

/// The venues that are asked now.
pub(super) type Running = HashMap<VenueName, Arc<dyn Venue>>;

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

/// What a key counts as while the record cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// One that has been protecting until now: nothing else would.
    Known,
    /// One that is seen for the first time: another one goes on protecting.
    New,
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
        if let Some(venue) = prepared.venues.get(&config.name) {
            refuse(config, venue.as_ref(), record, Unread::Known).await?;
        }
    }
    Ok(())
}

/// Refuses a key that a reload found in the place of another one, or for a venue that
/// is new, as a first start does. `running` are the venues that are asked now.
///
/// # Errors
/// When there is such a key; the ones that are in use stay.
pub(super) async fn refuse_renewed(
    prepared: &Prepared,
    running: &Running,
    record: &dyn Reads,
) -> Result<(), SetUpError> {
    for config in &prepared.rules.venues {
        if let Some(venue) = prepared.venues.get(&config.name) {
            refuse(config, venue.as_ref(), record, Unread::New).await?;
        } else if let Some(credential) = prepared.credentials.get(&config.name)
            && let Some(venue) = running.get(&config.name)
        {
            refuse_in_place_of(venue.as_ref(), config, credential, record, Unread::New).await?;
        }
    }
    Ok(())
}

/// Refuses a credential that may take the place of the one that a venue is asked with.
///
/// # Errors
/// When it is another one, which may withdraw.
pub(super) async fn refuse_in_place_of(
    venue: &dyn Venue,
    config: &settings::Venue,
    credential: &Credential,
    record: &dyn Reads,
    unread: Unread,
) -> Result<(), SetUpError> {
    if venue.uses(credential) {
        return Ok(());
    }
    let renewed = connect::open(config, credential.clone())?;
    refuse(config, renewed.as_ref(), record, unread).await
}

async fn refuse(
    config: &settings::Venue,
    venue: &dyn Venue,
    record: &dyn Reads,
    unread: Unread,
) -> Result<(), SetUpError> {
    if config.allow_withdraw_right {
        return Ok(());
    }
    let Some(key) = name_of(venue) else {
        return Ok(());
    };
    let is_known = is_on_record(&key, record).await;
    if is_known.unwrap_or(unread == Unread::Known) {
        return Ok(());
    }
    let read = timeout(FIRST_LOOK, venue.key_rights()).await;
    if let Ok(Some(Ok(rights))) = read
        && rights.may_withdraw
    {
        return Err(SetUpError::MayWithdraw {
            venue: config.name.clone(),
        });
    }
    Ok(())
}

/// Whether riskd was ever run with the key of this name; `None` when the record cannot
/// be read, or not in time.
async fn is_on_record(key: &str, record: &dyn Reads) -> Option<bool> {
    let filter = EntryFilter {
        kind: Some(EntryKind::KeyRights),
        limit: 10_000,
        newest_first: true,
        ..EntryFilter::default()
    };
    let entries = timeout(FIRST_LOOK, record.entries(&filter))
        .await
        .ok()?
        .ok()?;
    Some(entries.iter().any(|entry| entry.message.contains(key)))
}

/// What was told of the keys of venues.
#[derive(Debug, Default)]
pub(super) struct KeysTold(BTreeMap<VenueName, KeySeen>);

impl Dispatcher {
    /// Tells of a key that a venue refuses and whose successor is not used either.
    pub(super) fn report_key_refused(&mut self, venue: &VenueName) {
        let text = format!(
            "the new key of {venue} may withdraw and is not used, and the venue refuses the one before it: NOT PROTECTED; make one without that right, or say `allow_withdraw_right: true`"
        );
        warn!("{text}");
        self.report_everyone(Severity::Critical, EntryKind::KeyMayWithdraw, text);
    }

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
        let text = "may not trade: riskd can see the account and close nothing; make a key that may place orders for derivatives, and look whether the venue lets the account trade";
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
    if rights.is_bound == Some(false) {
        let text = "works from any address: bind it to the address of this machine at the venue";
        found.push((Severity::Warning, EntryKind::KeyRights, text));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::observation::Timestamp;
    use crate::engine::record::{Fields, LogEntry, RecordRow};
    use crate::store::{Batch, Store, Writer};

    fn told_of(key: &str) -> Batch {
        let entry = LogEntry {
            at: Timestamp::UNIX_EPOCH,
            kind: EntryKind::KeyRights,
            account: None,
            rule: None,
            firing: None,
            message: format!("the key {key} of bybit may read, trade"),
            fields: Fields::new(),
        };
        Batch {
            records: vec![RecordRow::LogEntry(entry)],
            ..Batch::default()
        }
    }

    #[tokio::test]
    async fn a_key_is_on_record_or_not_or_nobody_knows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("riskd.db");
        let store = Store::open(&path, Timestamp::UNIX_EPOCH).await.unwrap();
        let (reader, later) = (store.reader(), store.reader());
        let (handle, writer) = Writer::new(store);
        let writing = tokio::spawn(writer.run());
        handle.submit(told_of("1234567890ab"));
        handle.close(Duration::from_secs(10));
        assert!(writing.await.unwrap().is_closed);
        assert_eq!(is_on_record("1234567890ab", &reader).await, Some(true));
        assert_eq!(is_on_record("ba0987654321", &reader).await, Some(false));
        reader.close().await;
        for name in ["riskd.db-wal", "riskd.db-shm"] {
            let _ = std::fs::remove_file(folder.path().join(name));
        }
        std::fs::write(&path, "no database at all".repeat(500)).unwrap();
        assert_eq!(is_on_record("1234567890ab", &later).await, None);
    }
}
