//! The one task that owns the engine.
//!
//! It turns everything that happens into engine events, in order, and starts
//! what the engine asks for. It never waits for the venue, the disk or a
//! notifier: requests and reads go to the executors, rows to the writer of the
//! record, messages to the notifiers, each behind a bounded queue.

mod commands;
mod polls;
mod shown;
mod telling;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::clock::Clock;
use super::counters::Counters;
use super::executor::{Job, JobKind};
use super::heartbeat::Heart;
use super::input::{Input, Queues};
use super::key_rights::KeysTold;
use super::latency::Latencies;
use super::lifecycle::Lifecycle;
use super::reload::RulesFile;
use super::venues::Venues;
use crate::api::ApiRequest;
use crate::domain::account::{AccountName, VenueName};
use crate::domain::ids::RequestId;
use crate::domain::now::Now;
use crate::domain::observation::Timestamp;
use crate::engine::Engine;
use crate::engine::effect::{Effect, Notice};
use crate::engine::event::Event;
use crate::engine::record::{EntryKind, LogEntry, RecordRow};
use crate::notify::Notifiers;
use crate::rules::redacted_text;
use crate::rules::ruleset::RuleSet;
use crate::store::{Batch, Extent, Health, Reads, Receipt, RuleSetRow, Sample, StoreHandle};
use polls::PollCount;
use telling::log;

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

    pub(super) fn step(&mut self, event: Event, trigger: Option<Instant>) {
        let response = self.engine.step(self.now(), event);
        self.carry_out(response.effects, trigger);
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
                    if let RecordRow::LogEntry(entry) = &record {
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
}

fn later(wait: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(wait).unwrap_or(now)
}

/// The beginning of a hash, enough to tell two apart.
pub(super) fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

/// The row of a rule set that comes into force. The record can be read by more
/// people than the addresses of notifiers are for.
pub(super) fn in_force(rules: &RuleSet, now: Timestamp) -> Batch {
    let row = RuleSetRow {
        hash: rules.book.hash.to_string(),
        text: redacted_text(&rules.text),
        files: Some(rules.files.clone()),
        loaded_at: now,
    };
    Batch {
        rule_sets: vec![row],
        ..Batch::default()
    }
}
