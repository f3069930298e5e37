//! The one task that owns the engine.
//!
//! It turns everything that happens into engine events, in order, and starts
//! what the engine asks for. It never waits for the venue, the disk or a
//! notifier: requests and reads go to the executors, rows to the writer of the
//! record, messages to the notifiers, each behind a bounded queue.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::clock::Clock;
use super::clock_skew::{ClockSkew, Finding};
use super::counters::Counters;
use super::executor::{Job, JobKind};
use super::heartbeat::Heart;
use super::input::{Input, Polled, Queues};
use super::key_rights::KeysTold;
use super::latency::Latencies;
use super::lifecycle::{Lifecycle, StatusLine};
use super::reload::RulesFile;
use super::set_up::SetUpError;
use super::venues::Venues;
use crate::api::status::{RecordStatus, Status, VenueStatus};
use crate::api::{ApiRequest, CommandError};
use crate::domain::account::{AccountName, VenueName};
use crate::domain::duration;
use crate::domain::ids::RequestId;
use crate::domain::now::Now;
use crate::domain::observation::{Content, Missing, Observation, Timestamp};
use crate::domain::timeouts;
use crate::engine::commands::CommandReply;
use crate::engine::effect::{Audience, Effect, Notice, Severity};
use crate::engine::event::{Command, Event};
use crate::engine::record::{EntryKind, Fields, LogEntry, Record};
use crate::engine::{Data, Engine};
use crate::notify::{Notifiers, Undelivered};
use crate::rules::redacted_text;
use crate::rules::ruleset::RuleSet;
use crate::rules::settings::Mode;
use crate::store::{
    Batch, Extent, Health, Quality, Reads, Receipt, RuleSetRow, Sample, StoreHandle,
};

/// The longest sleep between two looks at the clocks, so that a wall clock that
/// was set is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
/// How long messages that wait are tried when the daemon stops.
const LAST_MESSAGES: Duration = Duration::from_secs(5);
/// A difference of the two clocks beyond this between two turns is a step of
/// the wall clock.
const CLOCK_STEP: TimeDelta = TimeDelta::seconds(2);

/// The state of the dispatcher.
pub(super) struct Dispatcher {
    pub(super) engine: Engine,
    /// The rule file in force; what the engine decides by is a part of it.
    pub(super) rules: Arc<RuleSet>,
    pub(super) clock: Clock,
    pub(super) started: Timestamp,
    pub(super) rules_file: RulesFile,
    pub(super) store: StoreHandle,
    pub(super) health: watch::Receiver<Health>,
    pub(super) database: String,
    pub(super) extent: watch::Receiver<Option<Extent>>,
    pub(super) inputs: mpsc::Sender<Input>,
    /// What stands on record.
    pub(super) record: Arc<dyn Reads>,
    pub(super) venues: Venues,
    pub(super) notifiers: Notifiers,
    pub(super) heart: watch::Sender<Heart>,
    pub(super) latencies: Arc<Latencies>,
    pub(super) counters: Counters,
    pub(super) lifecycle: Lifecycle,
    pub(super) keys_told: KeysTold,
    pub(super) samples: HashMap<AccountName, Sample>,
    pub(super) polls: HashMap<VenueName, PollCount>,
    /// What was handed to the executors and can still be withdrawn.
    pub(super) waiting: HashMap<Waiting, CancellationToken>,
    pub(super) last_turn: Option<Now>,
    /// When time is to be passed to the engine; kept until that is done, however
    /// many inputs come first.
    pub(super) due: Instant,
    /// Whether the record was degraded when it was last told of.
    pub(super) is_degraded: bool,
}

/// Something that waits to leave.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Waiting {
    /// A write.
    Request(RequestId),
    /// A read of an account.
    Read(AccountName, u64),
}

/// What one turn brings: rows for one transaction, and what is started once they
/// are handed over.
#[derive(Default)]
struct Turn {
    batch: Batch,
    jobs: Vec<(AccountName, JobKind)>,
    notices: Vec<Notice>,
    /// The entries among the rows, for the log.
    entries: Vec<LogEntry>,
}

/// What became of the polls of one venue.
#[derive(Clone, Debug, Default)]
pub(super) struct PollCount {
    done: u64,
    failed: u64,
    last: Option<Instant>,
    failure: Option<String>,
    clock_skew: ClockSkew,
}

impl Dispatcher {
    /// Runs until it is stopped; then everything that was decided is handed to
    /// the record.
    pub(super) async fn run(mut self, mut queues: Queues, stop: CancellationToken) {
        let mut has_writer = true;
        loop {
            self.due = self.due.min(self.sleep_until());
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                input = queues.inputs.recv() => match input {
                    Some(input) => self.take(input),
                    None => break,
                },
                Some(question) = queues.questions.recv() => self.answer(question),
                Some(failure) = queues.undelivered.recv() => self.take_undelivered(failure),
                changed = self.health.changed(), if has_writer => {
                    has_writer = changed.is_ok();
                    self.take_health(has_writer);
                }
                () = tokio::time::sleep_until(self.due) => {}
            }
            if Instant::now() >= self.due {
                self.due = later(LONGEST_SLEEP);
                self.step(Event::Time, None);
                self.notifiers.tick(self.clock.now().wall);
            }
            self.watch_the_clock();
            let orders = self.engine.accounts_needing_orders(self.clock.now());
            self.venues.want(orders, self.engine.unread_results());
        }
        self.tell(EntryKind::Stopped, "riskd stops".to_owned());
        self.venues.release_dead_men().await;
        let now = self.clock.now().wall;
        self.notifiers.close(now, LAST_MESSAGES).await;
        while let Ok(failure) = queues.undelivered.try_recv() {
            self.take_undelivered(failure);
        }
    }

    pub(super) fn now(&self) -> Now {
        self.clock.now()
    }

    fn sleep_until(&self) -> Instant {
        let wake = self
            .engine
            .next_wake(self.now())
            .and_then(|wake| wake.to_std().ok())
            .unwrap_or(LONGEST_SLEEP)
            .min(LONGEST_SLEEP);
        // A wake that is due now must still let the inputs through.
        later(wake.max(Duration::from_millis(1)))
    }

    fn take(&mut self, input: Input) {
        match input {
            // What was asked for before a reload is asked for again.
            Input::Polled(polled) if !self.venues.polls(&polled.venue, &polled.accounts) => {}
            Input::OrdersRead(read) if !self.venues.polls(&read.venue, &read.accounts) => {}
            Input::Polled(polled) => self.take_poll(polled),
            Input::OrdersRead(read) => {
                let event = Event::OrdersRead {
                    account: read.account,
                    at: read.at,
                    orders: read.orders,
                    are_all: read.are_all,
                };
                self.step(event, None);
            }
            Input::Answer(event) => {
                self.note_left(&event);
                self.step(event, None);
            }
            Input::Reload(why) => self.prepare_reload(why),
            Input::Reloaded(reloaded) => self.end_reload(reloaded),
            Input::Renewed(venue) => self.report_renewed(&[venue]),
            Input::KeyRefused(venue) => self.report_key_refused(&venue),
            Input::KeyRights(venue, seen) => self.take_key_rights(&venue, seen),
        }
    }

    fn answer(&mut self, question: ApiRequest) {
        match question {
            ApiRequest::Command { command, done } => self.carry_out_command(command, done),
            ApiRequest::TakeOver {
                account,
                reason,
                sent,
                done,
            } => self.take_over(account, reason, &sent, done),
            // Who asked may have gone away.
            ApiRequest::Show(reply) => drop(reply.send(self.status())),
        }
    }

    /// Tells of what could not be set up at the start and is not needed to
    /// protect.
    pub(super) fn report_mishap(&mut self, kind: EntryKind, text: String) {
        error!("{text}");
        self.report_everyone(Severity::Warning, kind, text);
    }

    /// Tells of a venue whose credential could not be read at the start.
    pub(super) fn report_keyless(&mut self, venue: &VenueName, wrong: &SetUpError) {
        let accounts = &self.engine.rules().accounts;
        let its = accounts.iter().filter(|account| account.venue == *venue);
        let its: Vec<&str> = its.map(|account| account.name.as_str()).collect();
        let text = format!(
            "{wrong}; riskd runs, but NOT PROTECTED: {}. It reads the credential again every 10 s; one that systemd hands over, with the next start",
            its.join(", ")
        );
        error!("{text}");
        self.report_everyone(Severity::Critical, EntryKind::CredentialMissing, text);
    }

    fn take_undelivered(&mut self, failure: Undelivered) {
        warn!("{}", failure.message);
        self.counters.undelivered();
        self.tell(EntryKind::NotifyFailed, failure.message);
    }

    pub(super) fn step(&mut self, event: Event, trigger: Option<Instant>) {
        let response = self.engine.step(self.now(), event);
        self.carry_out(response.effects, trigger);
    }

    /// Takes a poll. What its accounts need leaves together, once the rows of all
    /// of it are handed to the record: one transaction, whoever fired.
    fn take_poll(&mut self, polled: Polled) {
        self.count(&polled);
        let has_answered = polled.observations.iter().any(|o| o.learned().is_some());
        let mut turn = Turn::default();
        let mut seen = Vec::with_capacity(polled.observations.len());
        for observation in polled.observations {
            let is_news = observation.content != Content::Missing(Missing::Unchanged);
            let mut sample = self.sample(&observation);
            let account = observation.account.clone();
            let response = self.engine.step(self.now(), Event::Observed(observation));
            if let Some(Data::Suspect(doubt)) = self.engine.data(&account) {
                sample.quality = Quality::Suspect(doubt.name().to_owned());
            }
            seen.push((account, sample.quality.clone()));
            if is_news {
                self.keep_if_changed(sample, &mut turn.batch);
            }
            self.collect(response.effects, &mut turn);
        }
        self.carry_out_turn(turn, Some(polled.received));
        for (account, quality) in seen {
            let rules = self.engine.rules().rules_of(&account).count();
            self.counters.observed(&account, &quality, rules);
        }
        if has_answered {
            self.check_clock_skew(&polled.venue);
        }
        if self.lifecycle.round_done(&polled.venue) {
            self.report_alive();
        }
        self.tell_ready();
    }

    /// Says, once, that riskd is ready.
    pub(super) fn tell_ready(&mut self) {
        if let Some(text) = self.lifecycle.became_ready() {
            info!("{text}");
            self.tell(EntryKind::Ready, text);
        }
    }

    /// Tells the service manager that a round of polls was evaluated.
    pub(super) fn report_alive(&mut self) {
        let failure = self.polls.values().find_map(|poll| poll.failure.as_deref());
        let state = StatusLine {
            overview: self.engine.overview(self.now()),
            mode: self.rules.daemon.mode,
            rules_are_refused: self.rules_file.refused.is_some(),
            record_is_bad: self.is_degraded,
            failure,
        };
        self.lifecycle.alive(&state);
    }

    /// The sample of an observation, at wall time.
    fn sample(&self, observation: &Observation) -> Sample {
        let now = self.now();
        let wall = now
            .wall
            .checked_sub_signed(now.since(observation.at))
            .unwrap_or(now.wall);
        Sample {
            at: wall,
            ..Sample::of(observation)
        }
    }

    fn keep_if_changed(&mut self, sample: Sample, batch: &mut Batch) {
        let is_same = self.samples.get(&sample.account).is_some_and(|old| {
            Sample {
                at: old.at,
                ..sample.clone()
            } == *old
        });
        if !is_same {
            self.samples.insert(sample.account.clone(), sample.clone());
            batch.samples.push(sample);
        }
    }

    fn count(&mut self, polled: &Polled) {
        let count = self.polls.entry(polled.venue.clone()).or_default();
        count.done = count.done.saturating_add(1);
        count.last = Some(polled.received);
        let failure = polled.failure.as_ref().map(ToString::to_string);
        if failure.is_some() {
            count.failed = count.failed.saturating_add(1);
        }
        if failure != count.failure {
            let is_missing = |o: &&Observation| matches!(o.content, Content::Missing(_));
            let affected: Vec<&str> = polled
                .observations
                .iter()
                .filter(is_missing)
                .map(|o| o.account.as_str())
                .collect();
            match &failure {
                Some(failure) => {
                    warn!(venue = %polled.venue, accounts = affected.join(", "), "nothing is known of these accounts: {failure}");
                }
                None => info!(venue = %polled.venue, "the venue answers again"),
            }
            count.failure = failure;
        }
    }

    /// Compares the wall clock with that of a venue that has just answered, and
    /// tells of each change.
    fn check_clock_skew(&mut self, venue: &VenueName) {
        let Some(ahead) = self.venues.clock_error(venue) else {
            return;
        };
        let count = self.polls.entry(venue.clone()).or_default();
        let (severity, kind, text) = match count.clock_skew.hears(ahead) {
            None => return,
            Some(Finding::Off(ahead)) => {
                let by = duration::write(TimeDelta::seconds(ahead.num_seconds().abs()));
                let lies = if ahead > TimeDelta::zero() {
                    "ahead of"
                } else {
                    "behind"
                };
                let text = format!(
                    "the clock of this machine is {by} {lies} that of {venue}; sessions, windows and schedules go by it: see `timedatectl`"
                );
                (Severity::Warning, EntryKind::ClockOff, text)
            }
            Some(Finding::Right) => {
                let text = format!("the clock of this machine agrees with that of {venue} again");
                (Severity::Info, EntryKind::ClockRight, text)
            }
        };
        warn!("{text}");
        self.report_everyone(severity, kind, text);
    }

    /// Hands the rows to the record and starts what the engine asks for.
    pub(super) fn carry_out(&mut self, effects: Vec<Effect>, trigger: Option<Instant>) {
        let mut turn = Turn::default();
        self.collect(effects, &mut turn);
        self.carry_out_turn(turn, trigger);
    }

    /// Sorts what the engine asks for. What need not leave any more is withdrawn
    /// at once.
    fn collect(&mut self, effects: Vec<Effect>, turn: &mut Turn) {
        self.counters.decided(&effects);
        for effect in effects {
            match effect {
                Effect::Send {
                    account,
                    request,
                    write,
                    urgency,
                } => {
                    let kind = JobKind::Write {
                        request,
                        write,
                        urgency,
                    };
                    turn.jobs.push((account, kind));
                }
                Effect::Read {
                    account,
                    read,
                    what,
                } => turn.jobs.push((account, JobKind::Read { read, what })),
                Effect::Withdraw { request, .. } => self.withdraw(&Waiting::Request(request)),
                Effect::WithdrawRead { account, read } => {
                    self.withdraw(&Waiting::Read(account, read));
                }
                Effect::Record(record) => {
                    if let Record::LogEntry(entry) = &record {
                        turn.entries.push(entry.clone());
                    }
                    turn.batch.records.push(record);
                }
                Effect::Notify(notice) => turn.notices.push(notice),
            }
        }
    }

    fn withdraw(&mut self, waiting: &Waiting) {
        if let Some(token) = self.waiting.remove(waiting) {
            token.cancel();
        }
    }

    /// Hands the rows to the record, then starts the requests, which wait for the
    /// rows to be committed but not for long; then tells people and the log.
    fn carry_out_turn(&mut self, mut turn: Turn, trigger: Option<Instant>) {
        let mut rejected = Vec::new();
        let receipt = self.commit(turn.batch);
        turn.jobs.sort_by_key(|(_, kind)| kind.order());
        for (account, kind) in turn.jobs.drain(..) {
            if let Err(event) = self.give(account, kind, trigger, receipt.clone()) {
                rejected.push(event);
            }
        }
        for notice in turn.notices.drain(..) {
            self.notifiers.send(notice, self.clock.now().wall);
        }
        for entry in &turn.entries {
            log(entry);
        }
        for event in rejected {
            self.note_left(&event);
            self.step(*event, None);
        }
    }

    fn give(
        &mut self,
        account: AccountName,
        kind: JobKind,
        trigger: Option<Instant>,
        receipt: Option<Receipt>,
    ) -> Result<(), Box<Event>> {
        let Some(known) = self.engine.rules().account(&account) else {
            // The engine only speaks of accounts of its rule set.
            return Ok(());
        };
        let (venue, number) = (known.venue.clone(), known.number.clone());
        let withdrawn = CancellationToken::new();
        let waiting = match &kind {
            JobKind::Write { request, .. } => Waiting::Request(*request),
            JobKind::Read { read, .. } => Waiting::Read(account.clone(), *read),
        };
        self.waiting.insert(waiting, withdrawn.clone());
        self.venues.give(
            &venue,
            Job {
                account,
                number,
                kind,
                trigger,
                withdrawn,
                receipt,
            },
        )
    }

    /// What has left, or has ended, cannot be withdrawn any more.
    fn note_left(&mut self, event: &Event) {
        let waiting = match event {
            Event::Sent { request, .. } | Event::Answered { request, .. } => {
                Waiting::Request(*request)
            }
            Event::ReadLeft { account, read, .. } | Event::ReadEnded { account, read, .. } => {
                Waiting::Read(account.clone(), *read)
            }
            _ => return,
        };
        self.waiting.remove(&waiting);
    }

    /// One transaction: what was seen, what was decided, what is remembered.
    fn commit(&mut self, mut batch: Batch) -> Option<Receipt> {
        self.engine.drain_states(&mut batch.records);
        (batch.rows() > 0).then(|| self.store.submit(batch))
    }

    /// Writes a log entry that is about no account.
    pub(super) fn tell(&mut self, kind: EntryKind, message: String) {
        let record = Record::LogEntry(LogEntry {
            at: self.now().wall,
            kind,
            account: None,
            rule: None,
            firing: None,
            message,
            fields: Fields::new(),
        });
        self.store.submit(Batch::from(vec![record]));
    }

    pub(super) fn report_everyone(&mut self, severity: Severity, kind: EntryKind, text: String) {
        let notice = Notice {
            to: Audience::Everyone,
            severity,
            kind,
            account: None,
            rule: None,
            text: text.clone(),
        };
        self.notifiers.send(notice, self.now().wall);
        self.tell(kind, text);
    }

    /// Tells once of each change between a record that can be written and one
    /// that cannot.
    fn take_health(&mut self, has_writer: bool) {
        let reason = match &*self.health.borrow_and_update() {
            Health::Good => None,
            Health::Degraded { reason, .. } => Some(reason.clone()),
        };
        let reason = if has_writer {
            reason
        } else {
            Some("its writer has ended".to_owned())
        };
        let is_degraded = reason.is_some();
        if self.is_degraded == is_degraded {
            return;
        }
        self.is_degraded = is_degraded;
        match reason {
            None => {
                let text = "the record can be written again".to_owned();
                info!("{text}");
                self.report_everyone(Severity::Info, EntryKind::RecordBack, text);
            }
            Some(reason) => {
                let text = format!(
                    "the record cannot be written: {reason}; riskd goes on protecting and keeps what it can in memory"
                );
                error!("{text}");
                self.report_everyone(Severity::Critical, EntryKind::RecordFailed, text);
            }
        }
    }

    /// Notes when the wall clock was set.
    fn watch_the_clock(&mut self) {
        let now = self.now();
        if let Some(last) = self.last_turn {
            let step = now
                .wall
                .signed_duration_since(last.wall)
                .checked_sub(&now.steady.signed_duration_since(last.steady));
            if let Some(step) = step.filter(|step| step.abs() > CLOCK_STEP) {
                let text = format!(
                    "the wall clock was set by {} s; waits and locks are not shortened by it",
                    step.num_seconds()
                );
                warn!("{text}");
                self.tell(EntryKind::ClockStepped, text);
            }
        }
        self.last_turn = Some(now);
    }

    pub(super) fn carry_out_command(
        &mut self,
        command: Command,
        done: oneshot::Sender<Result<CommandReply, CommandError>>,
    ) {
        if let Some(objection) = self.objection(&command) {
            let _ = done.send(Err(objection));
            return;
        }
        let account = command.account().clone();
        let response = self.engine.step(self.now(), Event::Command(command));
        self.carry_out(response.effects, None);
        let Some(reply) = response.reply else {
            let _ = done.send(Err(CommandError::UnknownAccount(account)));
            return;
        };
        let store = self.store.clone();
        // Done is said only once it survives a loss of power, what an earlier
        // command did included: it may be why this one changed nothing.
        tokio::spawn(async move {
            let _ = done.send(match store.flush(timeouts::RECORD).await {
                Ok(()) => Ok(reply),
                Err(error) => Err(CommandError::NotRecorded {
                    error,
                    reply: Box::new(CommandReply {
                        recorded: false,
                        ..reply
                    }),
                }),
            });
        });
    }

    /// Why a command cannot be carried out. That it had no effect must never
    /// pass for success.
    fn objection(&self, command: &Command) -> Option<CommandError> {
        let rules = self.engine.rules();
        let account = command.account();
        if rules.account(account).is_none() {
            return Some(CommandError::UnknownAccount(account.clone()));
        }
        match command {
            Command::Flatten { .. } | Command::TakeOver { .. } | Command::Lock { .. } => {
                (self.rules.daemon.mode == Mode::Observe)
                    .then(|| CommandError::OnlyObserves(account.clone()))
            }
            Command::Unlock { .. } => None,
            Command::Rearm { rule, .. } => {
                let is_known = rules.rules_of(account).any(|known| known.name == *rule);
                (!is_known).then(|| CommandError::UnknownRule {
                    account: account.clone(),
                    rule: rule.clone(),
                })
            }
        }
    }

    fn status(&self) -> Status {
        let now = self.now();
        let rules = &self.rules;
        let accounts = self.engine.status(now);
        Status {
            version: env!("CARGO_PKG_VERSION"),
            pid: std::process::id(),
            started: self.started.to_rfc3339(),
            now: now.wall.to_rfc3339(),
            mode: match rules.daemon.mode {
                Mode::Enforce => "enforce",
                Mode::Observe => "observe",
            },
            ready: self.lifecycle.is_ready(),
            rules: self.rules_file.status(rules),
            record: self.record_status(),
            venues: rules.venues.iter().map(|v| self.venue_status(v)).collect(),
            reaction: self.latencies.status(),
            reaction_histogram: self.latencies.histogram(),
            counts: self.counters.counts(&accounts),
            accounts,
        }
    }

    fn record_status(&self) -> RecordStatus {
        let (state, reason) = match &*self.health.borrow() {
            Health::Good => ("good", None),
            Health::Degraded { reason, .. } => ("degraded", Some(reason.clone())),
        };
        let extent = *self.extent.borrow();
        RecordStatus {
            database: self.database.clone(),
            state,
            reason,
            bytes: extent.map(|extent| extent.bytes),
            log_bytes: extent.map(|extent| extent.log_bytes),
            free_bytes: extent.map(|extent| extent.free_bytes),
            full_since: extent.and_then(|extent| extent.full_since),
        }
    }

    fn venue_status(&self, venue: &crate::rules::settings::Venue) -> VenueStatus {
        let count = self.polls.get(&venue.name).cloned().unwrap_or_default();
        let budget = self.venues.budget(&venue.name);
        VenueStatus {
            venue: venue.name.to_string(),
            poll_ms: venue.poll.num_milliseconds(),
            polls: count.done,
            failed_polls: count.failed,
            last_poll_ms: count
                .last
                .map(|last| u64::try_from(last.elapsed().as_millis()).unwrap_or(u64::MAX)),
            failure: count.failure,
            budget_left: budget.map_or(0, |budget| budget.left),
            budget: budget.map_or(0, |budget| budget.capacity),
        }
    }
}

fn later(wait: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(wait).unwrap_or(now)
}

/// The row of a rule set that comes into force. The record can be read by more
/// people than the addresses of notifiers are for.
pub(super) fn row_of(rules: &RuleSet, now: Timestamp) -> RuleSetRow {
    RuleSetRow {
        hash: rules.book.hash.to_string(),
        text: redacted_text(&rules.text),
        files: Some(rules.files.clone()),
        loaded_at: now,
    }
}

/// The beginning of a hash, enough to tell two apart.
pub(super) fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

/// Log entries of the record stand in the process's log too; ERROR means that a person must act.
fn log(entry: &LogEntry) {
    let account = entry.account.as_ref().map_or("", AccountName::as_str);
    let rule = entry.rule.as_ref().map_or("", |rule| rule.as_str());
    let event = entry.kind.name();
    match entry.kind {
        EntryKind::EnforcementStuck
        | EntryKind::EnforcementSlowed
        | EntryKind::LeftBehind
        | EntryKind::RecordFailed => {
            error!(event, account, rule, "{}", entry.message);
        }
        EntryKind::Fired
        | EntryKind::Warned
        | EntryKind::LockViolated
        | EntryKind::Reopened
        | EntryKind::LockCorrected
        | EntryKind::DataLost
        | EntryKind::DataSuspect
        | EntryKind::RuleUnknown
        | EntryKind::VerifyFailed
        | EntryKind::NotYet
        | EntryKind::WouldSend => warn!(event, account, rule, "{}", entry.message),
        _ => info!(event, account, rule, "{}", entry.message),
    }
}
