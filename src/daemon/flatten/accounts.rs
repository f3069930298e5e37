//! The accounts of one venue that are made flat by hand, and what is under way
//! for them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;

use super::Progress;
use super::account::{FlattenAccount, Stage};
use super::other_program::OtherProgram;
use super::verifier::Verifier;
use crate::daemon::clock::Clock;
use crate::daemon::executor::{self, Job, JobKind};
use crate::daemon::poller;
use crate::domain::account::{AccountName, AccountNumber};
use crate::domain::ids::RequestId;
use crate::domain::now::Now;
use crate::domain::observation::{Missing, Observation, Timestamp};
use crate::domain::request::{Answer, Urgency, Write};
use crate::engine::enforcement::Step;
use crate::engine::enforcement::plan::Planned;
use crate::engine::event::{Event, ReadFailure, ReadResult};
use crate::rules::Target;
use crate::venue::Venue;

/// Between two polls.
const POLL_EVERY: Duration = Duration::from_secs(1);
/// How many answers may wait to be looked at.
const QUEUE: usize = 4096;
/// The longest sleep between two looks at what is due.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// Something that came of what was started.
pub(super) enum Input {
    Polled(Vec<Observation>),
    Event(Event),
}

/// The accounts that are worked on, and what is under way for them.
pub(super) struct FlattenAccounts {
    pub(super) accounts: Vec<(AccountName, FlattenAccount)>,
    venue: Arc<dyn Venue>,
    pub(super) clock: Clock,
    pub(super) verifier: Verifier,
    /// What is not started before it is known who looks: reads, and cancels that
    /// the flattens beside them may make needless.
    pub(super) held: Vec<Held>,
    events: mpsc::Sender<Input>,
    jobs: JoinSet<()>,
    waiting: HashMap<Waiting, CancellationToken>,
    sent: HashMap<RequestId, Asked>,
    next_request: i64,
}

/// Something that can still be withdrawn.
#[derive(PartialEq, Eq, Hash)]
pub(super) enum Waiting {
    Request(RequestId),
    Read(AccountName, u64),
}

/// Something that is not started yet.
pub(super) struct Held {
    place: usize,
    waiting: Waiting,
    kind: JobKind,
}

/// A request without an answer.
#[derive(Clone)]
struct Asked {
    round: u32,
    write: Write,
    /// Whether it is not needed any more, and nobody wants to hear of it.
    is_withdrawn: bool,
}

impl FlattenAccounts {
    pub(super) fn new(
        venue: Arc<dyn Venue>,
        targets: &[Target],
        other: Option<OtherProgram>,
    ) -> (FlattenAccounts, mpsc::Receiver<Input>) {
        let (events, inputs) = mpsc::channel(QUEUE);
        let of = |target: &Target| {
            let run = FlattenAccount::new(target.number.clone(), target.venue.profile);
            (target.account.clone(), run)
        };
        let verifier = Verifier::of(other, venue.scope().as_ref());
        let all = FlattenAccounts {
            accounts: targets.iter().map(of).collect(),
            venue,
            clock: Clock::start(),
            verifier,
            held: Vec::new(),
            events,
            jobs: JoinSet::new(),
            waiting: HashMap::new(),
            sent: HashMap::new(),
            next_request: 1,
        };
        (all, inputs)
    }

    pub(super) async fn run(
        &mut self,
        mut events: mpsc::Receiver<Input>,
        tell: &mut impl FnMut(&AccountName, Progress),
    ) {
        if self.verifier.is_own() {
            self.poll_for_ever();
        }
        self.begin(tell);
        while !self.are_done() {
            let due = self.next_due();
            tokio::select! {
                input = events.recv() => match input {
                    Some(Input::Polled(observations)) => self.take_poll(&observations),
                    Some(Input::Event(event)) => self.take(event, tell),
                    None => break,
                },
                report = self.verifier.next_report() => self.take_report(report, tell),
                () = sleep_until(due) => {}
            }
            self.hand_over(tell);
            self.advance(tell);
        }
    }

    /// Polls the accounts from now on; that ends with this.
    pub(super) fn poll_for_ever(&mut self) {
        let accounts: Vec<(AccountName, AccountNumber)> = self
            .accounts
            .iter()
            .map(|(name, run)| (name.clone(), run.number.clone()))
            .collect();
        let (venue, clock) = (Arc::clone(&self.venue), self.clock.clone());
        let events = self.events.clone();
        self.jobs.spawn(async move {
            let numbers: Vec<_> = accounts.iter().map(|(_, number)| number.clone()).collect();
            let mut due = interval(POLL_EVERY);
            due.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                due.tick().await;
                let steady = || clock.steady();
                let (observations, _) =
                    poller::observe(venue.as_ref(), &accounts, &numbers, steady).await;
                if events.send(Input::Polled(observations)).await.is_err() {
                    return;
                }
            }
        });
    }

    fn are_done(&self) -> bool {
        self.accounts
            .iter()
            .all(|(_, run)| run.stage == Stage::Done)
    }

    fn next_due(&self) -> Instant {
        let now = self.clock.now();
        let here = self
            .accounts
            .iter()
            .filter(|(_, run)| run.stage == Stage::Own);
        let waits = here.filter_map(|(_, run)| {
            let at = run.enforcement.deadline()?;
            at.signed_duration_since(now.steady).to_std().ok()
        });
        let wait = waits.min().unwrap_or(LONGEST_SLEEP).min(LONGEST_SLEEP);
        let wait = wait.max(Duration::from_millis(1));
        let now = Instant::now();
        now.checked_add(wait).unwrap_or(now)
    }

    fn begin(&mut self, tell: &mut impl FnMut(&AccountName, Progress)) {
        let now = self.clock.now();
        self.each(tell, |run| run.begin(now));
    }

    fn advance(&mut self, tell: &mut impl FnMut(&AccountName, Progress)) {
        let now = self.clock.now();
        self.each(tell, |run| match run.stage {
            Stage::Own => run.enforcement.advance(now),
            Stage::Settling | Stage::HandedOver | Stage::Done => Vec::new(),
        });
    }

    /// Has every account say what is to be done next, and does it.
    pub(super) fn each(
        &mut self,
        tell: &mut impl FnMut(&AccountName, Progress),
        next: impl Fn(&mut FlattenAccount) -> Vec<Step>,
    ) {
        for place in 0..self.accounts.len() {
            let steps = self.accounts.get_mut(place).map(|(_, run)| next(run));
            self.carry_out(place, steps.unwrap_or_default(), tell);
        }
    }

    fn take_poll(&mut self, observations: &[Observation]) {
        let now = self.clock.now();
        for observation in observations {
            if let Some(run) = self.account(&observation.account) {
                run.take_poll(observation, now);
            }
        }
    }

    fn place(&self, account: &AccountName) -> Option<usize> {
        self.accounts.iter().position(|(name, _)| name == account)
    }

    pub(super) fn account(&mut self, account: &AccountName) -> Option<&mut FlattenAccount> {
        let mut all = self.accounts.iter_mut();
        all.find(|(name, _)| name == account).map(|(_, run)| run)
    }

    fn take(&mut self, event: Event, tell: &mut impl FnMut(&AccountName, Progress)) {
        let now = self.clock.now();
        let (account, steps) = match event {
            Event::Sent {
                account, request, ..
            } => {
                self.note_sent(&account, request, now, tell);
                (account, Vec::new())
            }
            Event::Answered {
                account,
                request,
                answer,
            } => {
                let steps = self.note_answered(&account, request, answer, now, tell);
                (account, steps)
            }
            Event::ReadLeft { account, read, at } => {
                self.waiting.remove(&Waiting::Read(account.clone(), read));
                if let Some(run) = self.account(&account) {
                    run.enforcement.read_left(read, at);
                }
                (account, Vec::new())
            }
            Event::ReadEnded {
                account,
                read,
                at,
                result,
            } => {
                self.waiting.remove(&Waiting::Read(account.clone(), read));
                let steps = self.end_read(&account, read, at, result, now, tell);
                (account, steps)
            }
            _ => return,
        };
        if let Some(place) = self.place(&account) {
            self.carry_out(place, steps, tell);
        }
    }

    fn note_sent(
        &mut self,
        account: &AccountName,
        request: RequestId,
        now: Now,
        tell: &mut impl FnMut(&AccountName, Progress),
    ) {
        self.waiting.remove(&Waiting::Request(request));
        if let Some(Asked { round, write, .. }) = self.sent.get(&request).cloned() {
            tell(account, Progress::Sent { round, write });
        }
        if let Some(run) = self.account(account) {
            run.requests = run.requests.saturating_add(1);
            run.enforcement.left(request, now);
        }
    }

    fn note_answered(
        &mut self,
        account: &AccountName,
        request: RequestId,
        answer: Answer,
        now: Now,
        tell: &mut impl FnMut(&AccountName, Progress),
    ) -> Vec<Step> {
        self.waiting.remove(&Waiting::Request(request));
        let asked = self.sent.remove(&request);
        let Some(run) = self.account(account) else {
            return Vec::new();
        };
        if let Some(asked) = &asked {
            run.note_answered(&asked.write, &answer);
        }
        let steps = run.enforcement.answered(request, &answer, now);
        if let Some(asked) = asked.filter(|asked| !asked.is_withdrawn) {
            let write = asked.write;
            tell(account, Progress::Answered { write, answer });
        }
        steps
    }

    fn end_read(
        &mut self,
        account: &AccountName,
        read: u64,
        at: Timestamp,
        result: Result<ReadResult, ReadFailure>,
        now: Now,
        tell: &mut impl FnMut(&AccountName, Progress),
    ) -> Vec<Step> {
        let Some(run) = self.account(account) else {
            return Vec::new();
        };
        if !run.enforcement.awaits_read(read) {
            return Vec::new();
        }
        match result.and_then(|seen| run.take_read(seen, at)) {
            Ok(()) => run.enforcement.read_ended(now),
            Err(failure) => {
                let is_busy = failure.missing == Missing::RateLimited;
                let steps = run.enforcement.read_failed(is_busy, now);
                tell(account, Progress::ReadFailed { failure });
                steps
            }
        }
    }

    fn carry_out(
        &mut self,
        place: usize,
        steps: Vec<Step>,
        tell: &mut impl FnMut(&AccountName, Progress),
    ) {
        let Some(account) = self.accounts.get(place).map(|(name, _)| name.clone()) else {
            return;
        };
        for step in steps {
            match step {
                Step::Send { round, writes } => self.send(place, round, writes),
                Step::Read { read, what } => {
                    let waiting = Waiting::Read(account.clone(), read);
                    self.start_or_hold(place, waiting, JobKind::Read { read, what });
                }
                Step::Withdraw { requests } => {
                    for request in requests {
                        self.withdraw_request(request);
                    }
                }
                Step::WithdrawRead { read } => {
                    self.withdraw(&Waiting::Read(account.clone(), read));
                }
                Step::Reached { rounds, .. } => {
                    if let Some((_, run)) = self.accounts.get_mut(place) {
                        run.stage = Stage::Done;
                    }
                    tell(&account, Progress::Done { rounds });
                }
                Step::NotYet { .. } => {
                    if let Some((_, run)) = self.accounts.get(place) {
                        let holdings = run.holdings();
                        tell(&account, Progress::NotYet { holdings });
                    }
                }
                Step::Stuck { .. } | Step::Slowed => {}
            }
        }
    }

    fn send(&mut self, place: usize, round: u32, writes: Vec<Planned>) {
        let mut requests = Vec::with_capacity(writes.len());
        for planned in writes {
            let request = RequestId(self.next_request);
            self.next_request = self.next_request.saturating_add(1);
            let asked = Asked {
                round,
                write: planned.write.clone(),
                is_withdrawn: false,
            };
            self.sent.insert(request, asked);
            let kind = JobKind::Write {
                request,
                write: planned.write.clone(),
                urgency: planned.urgency,
            };
            requests.push((request, planned));
            if let Some((_, run)) = self.accounts.get_mut(place) {
                run.note_asked();
            }
            self.start_or_hold(place, Waiting::Request(request), kind);
        }
        if let Some((_, run)) = self.accounts.get_mut(place) {
            run.enforcement.queued(requests);
        }
    }

    /// Starts what is asked for, unless it waits for it to be known who looks.
    fn start_or_hold(&mut self, place: usize, waiting: Waiting, kind: JobKind) {
        let urgency = match &kind {
            JobKind::Write { urgency, .. } => Some(*urgency),
            JobKind::Read { .. } => None,
        };
        let goes_at_once = urgency.is_some_and(|urgency| urgency != Urgency::Beside);
        let job = Held {
            place,
            waiting,
            kind,
        };
        if goes_at_once || self.verifier.is_own() {
            self.start(job);
        } else {
            self.held.push(job);
        }
    }

    pub(super) fn start(&mut self, job: Held) {
        let Held {
            place,
            waiting,
            kind,
        } = job;
        let Some((account, run)) = self.accounts.get(place) else {
            return;
        };
        let withdrawn = CancellationToken::new();
        let job = Job {
            account: account.clone(),
            number: run.number.clone(),
            kind,
            trigger: None,
            withdrawn: withdrawn.clone(),
            receipt: None,
        };
        self.waiting.insert(waiting, withdrawn);
        let (venue, events) = (Arc::clone(&self.venue), self.events.clone());
        let clock = self.clock.clone();
        while self.jobs.try_join_next().is_some() {}
        self.jobs.spawn(async move {
            let left = |event| {
                let _ = events.try_send(Input::Event(event));
            };
            let steady = || clock.steady();
            let ended = executor::carry_out(venue.as_ref(), job, steady, left).await;
            if let Some(event) = ended {
                let _ = events.send(Input::Event(event)).await;
            }
        });
    }

    fn withdraw_request(&mut self, request: RequestId) {
        if let Some(asked) = self.sent.get_mut(&request) {
            asked.is_withdrawn = true;
        }
        self.withdraw(&Waiting::Request(request));
    }

    fn withdraw(&mut self, waiting: &Waiting) {
        if let Some(token) = self.waiting.remove(waiting) {
            token.cancel();
        }
        let held = self.held.iter().position(|held| held.waiting == *waiting);
        let Some(held) = held.map(|place| self.held.swap_remove(place)) else {
            return;
        };
        if let Waiting::Request(request) = held.waiting {
            self.sent.remove(&request);
            if let Some((_, run)) = self.accounts.get_mut(held.place) {
                run.note_not_started();
            }
        }
    }
}
