//! The venues of a rule set: their adapters, pollers and executors.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::TimeDelta;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::clock::Clock;
use super::connect::{credential, open};
use super::dead_man;
use super::executor::{self, Job};
use super::heartbeat::Heart;
use super::input::Input;
use super::key_rights;
use super::latency::Latencies;
use super::poller::{Accounts, Poller};
use super::set_up::SetUpError;
use super::vital;
use crate::domain::account::{AccountName, VenueName};
use crate::domain::made::MadeSpan;
use crate::domain::observation::Timestamp;
use crate::engine::event::Event;
use crate::engine::restore::RecentRequest;
use crate::notify::{Channels, Pulse};
use crate::rules::ruleset::RuleSet;
use crate::rules::settings::{self, Mode};
use crate::secret::Credential;
use crate::store::Reads;
use crate::venue::awaiting_credential::AwaitingCredential;
use crate::venue::{Budget, Venue};

/// A rule set with everything that it needs of the outside: secrets are read,
/// adapters and notifiers set up.
pub struct Prepared {
    pub(super) rules: RuleSet,
    pub(super) venues: HashMap<VenueName, Arc<dyn Venue>>,
    /// The credentials of the venues that go on running, read anew.
    pub(super) credentials: HashMap<VenueName, Credential>,
    pub(super) channels: Channels,
    pub(super) heart: Heart,
    /// The venues whose accounts cannot be protected before there is a
    /// credential, and what is wrong with it.
    pub(super) awaiting_credential: Vec<(VenueName, SetUpError)>,
    /// What is wrong with notifiers and the heartbeat, which say nothing then.
    pub(super) silent: Vec<SetUpError>,
}

impl Prepared {
    /// Sets up what these rules need beyond the venues that are running. May
    /// wait for the disk.
    ///
    /// # Errors
    /// What is wrong with a venue's address or its running credential.
    pub(super) fn new(rules: RuleSet, running: &[settings::Venue]) -> Result<Prepared, SetUpError> {
        let mut venues = HashMap::new();
        let mut credentials = HashMap::new();
        let mut awaiting_credential = Vec::new();
        for config in &rules.venues {
            let is_running = running
                .iter()
                .any(|known| known.name == config.name && known.is_reached_as(config));
            if is_running {
                credentials.insert(config.name.clone(), credential(config)?);
                continue;
            }
            let venue = match credential(config) {
                Ok(credential) => open(config, credential)?,
                Err(wrong) => {
                    let venue = without_key(config, &wrong);
                    awaiting_credential.push((config.name.clone(), wrong));
                    venue
                }
            };
            venues.insert(config.name.clone(), venue);
        }
        let (channels, wrong) = Channels::of(&rules);
        let named = |(notifier, source)| SetUpError::Notifier { notifier, source };
        let mut silent: Vec<SetUpError> = wrong.into_iter().map(named).collect();
        let pulse = rules.daemon.heartbeat.as_ref().map(Pulse::of);
        let heart = pulse.and_then(|pulse| {
            let pulse = pulse.map_err(|wrong| silent.push(SetUpError::Heartbeat(wrong)));
            pulse.ok()
        });
        Ok(Prepared {
            rules,
            venues,
            credentials,
            channels,
            heart: heart.map(Arc::new),
            awaiting_credential,
            silent,
        })
    }

    /// The same, where every venue must have its credential and every notifier
    /// must be able to speak.
    ///
    /// # Errors
    /// What is wrong with venues, notifiers or the heartbeat.
    pub(super) fn whole(self) -> Result<Prepared, SetUpError> {
        if self.awaiting_credential.is_empty() && self.silent.is_empty() {
            return Ok(self);
        }
        let awaiting_credential = self.awaiting_credential.into_iter().map(|(_, wrong)| wrong);
        let all = awaiting_credential.chain(self.silent).collect();
        Err(SetUpError::Several(all))
    }
}

/// A venue that has no credential yet.
fn without_key(config: &settings::Venue, wrong: &SetUpError) -> Arc<dyn Venue> {
    let of = config.clone();
    Arc::new(AwaitingCredential::new(
        &wrong.to_string(),
        move |credential| open(&of, credential).map_err(|error| error.to_string()),
    ))
}

/// Takes out of each venue's budget what left for it shortly before this start:
/// the venue has not forgotten it.
pub(super) fn count_earlier(
    venues: &HashMap<VenueName, Arc<dyn Venue>>,
    rules: &RuleSet,
    recent: &[RecentRequest],
    now: Timestamp,
) {
    for (name, venue) in venues {
        let config = rules.venues.iter().find(|config| config.name == *name);
        let remembered = config.map(|config| config.profile.limits.remembered());
        let remembered = TimeDelta::from_std(remembered.unwrap_or_default()).unwrap_or_default();
        let its = recent.iter().filter(|request| {
            let account = rules.account(&request.account);
            let left_at = request.sent_at.unwrap_or(request.queued_at);
            account.is_some_and(|account| account.venue == *name)
                && now.signed_duration_since(left_at) <= remembered
        });
        venue.count_earlier(u32::try_from(its.count()).unwrap_or(u32::MAX));
    }
}

/// The running venues.
pub(super) struct Venues {
    running: HashMap<VenueName, Running>,
    orders_wanted: watch::Sender<Vec<AccountName>>,
    results_wanted: watch::Sender<Vec<(AccountName, MadeSpan)>>,
    clock: Clock,
    inputs: mpsc::Sender<Input>,
    record: Arc<dyn Reads>,
    latencies: Arc<Latencies>,
    stop: CancellationToken,
}

struct Running {
    config: settings::Venue,
    accounts: Accounts,
    venue: Arc<dyn Venue>,
    jobs: mpsc::Sender<Job>,
    renewed: Arc<Notify>,
    polling: CancellationToken,
    /// What keeps the venue's dead man's switch set.
    dead_man: Option<JoinHandle<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.polling.cancel();
    }
}

impl Venues {
    pub(super) fn new(
        clock: Clock,
        inputs: mpsc::Sender<Input>,
        record: Arc<dyn Reads>,
        latencies: Arc<Latencies>,
        stop: CancellationToken,
    ) -> Venues {
        Venues {
            running: HashMap::new(),
            orders_wanted: watch::Sender::default(),
            results_wanted: watch::Sender::default(),
            clock,
            inputs,
            record,
            latencies,
            stop,
        }
    }

    /// The venues that are asked now.
    pub(super) fn connected(&self) -> key_rights::Running {
        let running = self.running.iter();
        let venues = running.map(|(name, running)| (name.clone(), Arc::clone(&running.venue)));
        venues.collect()
    }

    /// What runs now.
    pub(super) fn configs(&self) -> Vec<settings::Venue> {
        self.running
            .values()
            .map(|running| running.config.clone())
            .collect()
    }

    /// Starts the venues of these rules and stops those that are not in them.
    /// One that is not among `connected` goes on with its connections and its
    /// budget.
    pub(super) fn change(
        &mut self,
        rules: &RuleSet,
        mut connected: HashMap<VenueName, Arc<dyn Venue>>,
    ) {
        let mut old = std::mem::take(&mut self.running);
        let acts = rules.daemon.mode == Mode::Enforce;
        for config in &rules.venues {
            let mut config = config.clone();
            config.dead_man = config.dead_man.filter(|_| acts);
            let config = &config;
            let venue = match (connected.remove(&config.name), old.get(&config.name)) {
                (Some(venue), _) => venue,
                (None, Some(running)) => Arc::clone(&running.venue),
                (None, None) => continue,
            };
            let accounts: Accounts = Arc::new(
                rules
                    .book
                    .accounts
                    .iter()
                    .filter(|account| account.venue == config.name)
                    .map(|account| (account.name.clone(), account.number.clone()))
                    .collect(),
            );
            let unchanged = old.remove(&config.name).filter(|running| {
                running.config == *config
                    && running.accounts == accounts
                    && Arc::ptr_eq(&running.venue, &venue)
            });
            let running = unchanged.unwrap_or_else(|| self.start(config.clone(), accounts, venue));
            self.running.insert(config.name.clone(), running);
        }
    }

    /// Uses these credentials from now on; gives the venues whose credential is
    /// another one than before.
    pub(super) fn renew(&self, credentials: &HashMap<VenueName, Credential>) -> Vec<VenueName> {
        let renewed = credentials.iter().filter(|(name, credential)| {
            let Some(running) = self.running.get(*name) else {
                return false;
            };
            let is_another = running.venue.renew(credential);
            if is_another {
                running.renewed.notify_one();
            }
            is_another
        });
        renewed.map(|(name, _)| name.clone()).collect()
    }

    fn start(&self, config: settings::Venue, accounts: Accounts, venue: Arc<dyn Venue>) -> Running {
        let polling = self.stop.child_token();
        let renewed = Arc::new(Notify::new());
        let (jobs, queue) = mpsc::channel(executor::QUEUE);
        let executor = executor::run(
            Arc::clone(&venue),
            queue,
            self.inputs.clone(),
            Arc::clone(&self.latencies),
            self.clock.clone(),
        );
        vital::spawn("an executor", executor);
        if !accounts.is_empty() {
            let poller = Poller {
                config: config.clone(),
                venue: Arc::clone(&venue),
                every: config.poll.to_std().unwrap_or(super::DEFAULT_POLL),
                accounts: Arc::clone(&accounts),
                renewed: Arc::clone(&renewed),
                orders_wanted: self.orders_wanted.subscribe(),
                results_wanted: self.results_wanted.subscribe(),
                clock: self.clock.clone(),
                inputs: self.inputs.clone(),
                record: Arc::clone(&self.record),
                stop: polling.clone(),
            };
            vital::spawn("a poller", poller.run());
            let watch = key_rights::watch(config.clone(), Arc::clone(&venue), self.inputs.clone());
            tokio::spawn(polling.clone().run_until_cancelled_owned(watch));
        }
        let time = config.dead_man.and_then(|time| time.to_std().ok());
        let dead_man = time.map(|time| {
            let keep = dead_man::keep(Arc::clone(&venue), time, polling.clone());
            tokio::spawn(keep)
        });
        Running {
            config,
            accounts,
            venue,
            jobs,
            renewed,
            polling,
            dead_man,
        }
    }

    /// Takes back every venue's dead man's switch, at an orderly end.
    pub(super) async fn release_dead_men(&mut self) {
        self.stop.cancel();
        for running in self.running.values_mut() {
            if let Some(keeping) = running.dead_man.take() {
                let _late = timeout(dead_man::LAST, keeping).await;
            }
        }
    }

    /// Hands a job to a venue; when that cannot be, gives the answer to it.
    pub(super) fn give(&self, venue: &VenueName, job: Job) -> Result<(), Box<Event>> {
        match self.running.get(venue) {
            Some(running) => running.jobs.try_send(job).map_err(|rejected| {
                Box::new(rejected.into_inner().not_started(self.clock.steady()))
            }),
            None => Err(Box::new(job.not_started(self.clock.steady()))),
        }
    }

    /// Says whose working orders are wanted now, and of whom it is wanted what they made
    /// before they were first seen.
    pub(super) fn want(&self, orders: Vec<AccountName>, results: Vec<(AccountName, MadeSpan)>) {
        replace(&self.orders_wanted, orders);
        replace(&self.results_wanted, results);
    }

    /// Whether these are the accounts that a venue is polled for now.
    pub(super) fn polls(&self, venue: &VenueName, accounts: &Accounts) -> bool {
        let running = self.running.get(venue);
        running.is_some_and(|running| Arc::ptr_eq(&running.accounts, accounts))
    }

    /// How far the wall clock is ahead of a venue's, as far as that is known.
    pub(super) fn clock_error(&self, venue: &VenueName) -> Option<TimeDelta> {
        self.running.get(venue)?.venue.clock_error()
    }

    /// Whether a venue is asked for this user, by the name of its scope.
    pub(super) fn is_asked_for(&self, venue: &VenueName, scope: &str) -> bool {
        let running = self.running.get(venue);
        let own = running.and_then(|running| running.venue.scope());
        own.is_some_and(|own| own.fingerprint() == scope)
    }

    /// Takes requests out of a venue's budget that left without this process.
    pub(super) fn count_elsewhere(&self, venue: &VenueName, requests: u32) {
        if let Some(running) = self.running.get(venue) {
            running.venue.count_earlier(requests);
        }
    }

    /// What is left of a venue's request budget.
    pub(super) fn budget(&self, venue: &VenueName) -> Option<Budget> {
        self.running
            .get(venue)
            .map(|running| running.venue.budget())
    }
}

/// Puts a value in the place of another one, and tells of it when it differs.
fn replace<T: PartialEq>(sender: &watch::Sender<T>, value: T) {
    sender.send_if_modified(|known| {
        let is_new = *known != value;
        *known = value;
        is_new
    });
}

#[cfg(test)]
mod tests;
