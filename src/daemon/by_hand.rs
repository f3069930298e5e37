//! Making accounts flat by hand, without the daemon.
//!
//! It shares nothing with the daemon but the way to flat: no lock, no thread, no
//! record. It works while the daemon hangs, while the rules are broken beyond
//! the accounts, and while the database cannot be written. The accounts of one
//! venue are worked on together: one poll a second shows the positions of all.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;

use super::clock::Clock;
use super::executor::{self, Job, JobKind};
use super::poller;
use super::venues::connect;
use crate::domain::account::{AccountName, AccountNumber};
use crate::domain::holdings::{Position, WorkingOrders};
use crate::domain::ids::{IntentId, RequestId};
use crate::domain::now::Now;
use crate::domain::observation::{Content, Missing, Observation, Timestamp};
use crate::domain::request::{Answer, Write};
use crate::engine::enforcement::{Enforcement, Intent, Shown, Step};
use crate::engine::event::{Event, ReadFailure, ReadResult};
use crate::engine::reconcile::Planned;
use crate::engine::record::{Cause, Goal};
use crate::engine::words;
use crate::rules::Target;
use crate::rules::ruleset;
use crate::venue::Venue;

/// What happens while an account is made flat, to be shown as it happens.
#[derive(Debug)]
pub enum Progress {
    /// A request goes out.
    Sent {
        /// The round, from 1.
        round: u32,
        /// What is asked.
        write: Write,
    },
    /// A request was answered.
    Answered {
        /// What was asked.
        write: Write,
        /// What came of it.
        answer: Answer,
    },
    /// What was seen after the last request shows what is still there.
    NotYet {
        /// It, in words.
        holdings: String,
    },
    /// A read learned nothing.
    ReadFailed {
        /// Why.
        failure: ReadFailure,
    },
    /// The account is flat and quiet, by what was read after the last request.
    Done {
        /// How many rounds it took.
        rounds: u32,
    },
}

/// Between two polls.
const POLL_EVERY: Duration = Duration::from_secs(1);
/// How many answers may wait to be looked at.
const QUEUE: usize = 4096;
/// The longest sleep between two looks at what is due.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// Sets up a venue for [`flatten`].
///
/// # Errors
/// What is wrong with its secret or its address, in words.
pub fn set_up(config: &ruleset::Venue) -> Result<Arc<dyn Venue>, String> {
    connect(config)
}

/// Makes accounts of one venue flat and quiet and tells of each step. Goes on
/// until all are; the caller bounds it.
pub async fn flatten(
    venue: Arc<dyn Venue>,
    targets: &[Target],
    tell: &mut impl FnMut(&AccountName, Progress),
) {
    let clock = Clock::start();
    let (events, mut heard) = mpsc::channel(QUEUE);
    let accounts: Vec<(AccountName, AccountNumber)> = targets
        .iter()
        .map(|target| (target.account.clone(), target.number.clone()))
        .collect();
    let mut hands = Hands {
        hands: accounts
            .iter()
            .map(|(name, number)| (name.clone(), Hand::new(number.clone())))
            .collect(),
        venue: Arc::clone(&venue),
        clock: clock.clone(),
        events: events.clone(),
        jobs: JoinSet::new(),
        waiting: HashMap::new(),
        sent: HashMap::new(),
        next_request: 1,
    };
    let polls = poll_for_ever(venue, accounts, clock, events);
    let polling = tokio::spawn(polls);
    hands.begin(tell);
    while !hands.are_done() {
        let due = hands.next_due();
        tokio::select! {
            heard = heard.recv() => match heard {
                Some(Heard::Polled(observations)) => hands.take_poll(&observations, tell),
                Some(Heard::Event(event)) => hands.take(event, tell),
                None => break,
            },
            () = sleep_until(due) => {}
        }
        hands.advance(tell);
    }
    polling.abort();
}

enum Heard {
    Polled(Vec<Observation>),
    Event(Event),
}

async fn poll_for_ever(
    venue: Arc<dyn Venue>,
    accounts: Vec<(AccountName, AccountNumber)>,
    clock: Clock,
    events: mpsc::Sender<Heard>,
) {
    let numbers: Vec<AccountNumber> = accounts.iter().map(|(_, number)| number.clone()).collect();
    let mut due = interval(POLL_EVERY);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        due.tick().await;
        let steady = || clock.steady();
        let (observations, _) = poller::observe(venue.as_ref(), &accounts, &numbers, steady).await;
        if events.send(Heard::Polled(observations)).await.is_err() {
            return;
        }
    }
}

/// The accounts that are worked on, and what is under way for them.
struct Hands {
    hands: Vec<(AccountName, Hand)>,
    venue: Arc<dyn Venue>,
    clock: Clock,
    events: mpsc::Sender<Heard>,
    jobs: JoinSet<()>,
    waiting: HashMap<Waiting, CancellationToken>,
    sent: HashMap<RequestId, (u32, Write)>,
    next_request: i64,
}

#[derive(PartialEq, Eq, Hash)]
enum Waiting {
    Request(RequestId),
    Read(AccountName, u64),
}

/// One account.
struct Hand {
    number: AccountNumber,
    enforcement: Enforcement,
    positions: Option<Arc<[Position]>>,
    orders: WorkingOrders,
    /// Since when the account is known to be connected and loaded.
    alive_since: Option<Timestamp>,
    is_done: bool,
}

impl Hand {
    fn new(number: AccountNumber) -> Hand {
        Hand {
            number,
            enforcement: Enforcement::default(),
            positions: None,
            orders: WorkingOrders::Unknown,
            alive_since: None,
            is_done: false,
        }
    }

    /// Takes what a poll has shown. An empty list of an account that is not known
    /// to be alive is not flat.
    fn take_poll(&mut self, observation: &Observation, now: Now) {
        let at = observation.at;
        let learned = match &observation.content {
            Content::Learned(learned) => learned,
            Content::Missing(Missing::Unchanged) => {
                self.enforcement.polled_unchanged(at);
                return;
            }
            Content::Missing(_) => {
                self.alive_since = None;
                return;
            }
        };
        let as_of = self.enforcement.polled(learned.stamp, at);
        if learned.figures.are_all_zero() {
            self.alive_since = None;
        } else {
            self.alive_since.get_or_insert(now.steady);
        }
        let Some(positions) = &learned.positions else {
            return;
        };
        self.enforcement.poll_showed(!positions.is_empty(), at);
        let is_believed = |as_of| !positions.is_empty() || self.is_alive_at(as_of);
        if let Some(as_of) = as_of.filter(|as_of| is_believed(*as_of)) {
            self.positions = Some(Arc::clone(positions));
            self.enforcement.saw(Shown::Positions {
                positions: Arc::clone(positions),
                as_of,
            });
        }
    }

    fn is_alive_at(&self, at: Timestamp) -> bool {
        self.alive_since.is_some_and(|since| at > since)
    }

    /// Takes what a read has shown, or says why it is not believed.
    fn take_read(&mut self, seen: ReadResult, at: Timestamp) -> Result<(), ReadFailure> {
        match seen {
            ReadResult::Orders(orders) => {
                if orders.count() == Some(0) && self.alive_since.is_none() {
                    return Err(ReadFailure {
                        missing: Missing::Late,
                        words: Arc::from("it is not known whether the account is connected"),
                    });
                }
                self.orders = orders.clone();
                self.enforcement.saw(Shown::Orders { orders, as_of: at });
            }
            // Whether an empty list can be believed was asked with it.
            ReadResult::Positions(positions) => {
                self.positions = Some(Arc::clone(&positions));
                self.enforcement.saw(Shown::Positions {
                    positions,
                    as_of: at,
                });
            }
        }
        Ok(())
    }
}

impl Hands {
    fn are_done(&self) -> bool {
        self.hands.iter().all(|(_, hand)| hand.is_done)
    }

    fn next_due(&self) -> Instant {
        let now = self.clock.now();
        let waits = self.hands.iter().filter_map(|(_, hand)| {
            let at = hand.enforcement.deadline()?;
            at.signed_duration_since(now.steady).to_std().ok()
        });
        let wait = waits.min().unwrap_or(LONGEST_SLEEP).min(LONGEST_SLEEP);
        let wait = wait.max(Duration::from_millis(1));
        let now = Instant::now();
        now.checked_add(wait).unwrap_or(now)
    }

    fn begin(&mut self, tell: &mut impl FnMut(&AccountName, Progress)) {
        let now = self.clock.now();
        for place in 0..self.hands.len() {
            let intent = Intent {
                id: IntentId(0),
                goal: Goal::FlatAndQuiet,
                cause: Cause::Person("riskd flatten".to_owned()),
                since: now.steady,
            };
            let begun = self.hands.get_mut(place).map(|(_, hand)| {
                hand.enforcement
                    .begin(intent, None, &WorkingOrders::Unknown, now)
            });
            self.carry_out(place, begun.unwrap_or_default(), tell);
        }
    }

    fn advance(&mut self, tell: &mut impl FnMut(&AccountName, Progress)) {
        let now = self.clock.now();
        for place in 0..self.hands.len() {
            let open = self.hands.get_mut(place).filter(|(_, hand)| !hand.is_done);
            let steps = open.map(|(_, hand)| hand.enforcement.advance(now));
            self.carry_out(place, steps.unwrap_or_default(), tell);
        }
    }

    fn take_poll(
        &mut self,
        observations: &[Observation],
        tell: &mut impl FnMut(&AccountName, Progress),
    ) {
        let now = self.clock.now();
        for observation in observations {
            if let Some(place) = self.place(&observation.account)
                && let Some((_, hand)) = self.hands.get_mut(place)
            {
                hand.take_poll(observation, now);
            }
        }
        self.advance(tell);
    }

    fn place(&self, account: &AccountName) -> Option<usize> {
        self.hands.iter().position(|(name, _)| name == account)
    }

    fn take(&mut self, event: Event, tell: &mut impl FnMut(&AccountName, Progress)) {
        let now = self.clock.now();
        let (account, steps) = match event {
            Event::Sent {
                account, request, ..
            } => {
                self.waiting.remove(&Waiting::Request(request));
                if let Some((round, write)) = self.sent.get(&request).cloned() {
                    tell(&account, Progress::Sent { round, write });
                }
                let hand = self.hand(&account);
                hand.map(|hand| hand.enforcement.left(request, now));
                (account, Vec::new())
            }
            Event::Answered {
                account,
                request,
                answer,
            } => {
                self.waiting.remove(&Waiting::Request(request));
                let hand = self.hand(&account);
                let steps = hand.map(|hand| hand.enforcement.answered(request, &answer, now));
                if let Some((_, write)) = self.sent.remove(&request) {
                    tell(&account, Progress::Answered { write, answer });
                }
                (account, steps.unwrap_or_default())
            }
            Event::ReadLeft { account, read, at } => {
                self.waiting.remove(&Waiting::Read(account.clone(), read));
                let hand = self.hand(&account);
                hand.map(|hand| hand.enforcement.read_left(read, at));
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

    fn hand(&mut self, account: &AccountName) -> Option<&mut Hand> {
        let mut hands = self.hands.iter_mut();
        hands
            .find(|(name, _)| name == account)
            .map(|(_, hand)| hand)
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
        let Some(hand) = self.hand(account) else {
            return Vec::new();
        };
        if !hand.enforcement.awaits_read(read) {
            return Vec::new();
        }
        match result.and_then(|seen| hand.take_read(seen, at)) {
            Ok(()) => hand.enforcement.read_ended(now),
            Err(failure) => {
                let is_busy = failure.missing == Missing::RateLimited;
                let steps = hand.enforcement.read_failed(is_busy, now);
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
        let Some(account) = self.hands.get(place).map(|(name, _)| name.clone()) else {
            return;
        };
        for step in steps {
            match step {
                Step::Send { round, writes } => self.send(place, &account, round, writes),
                Step::Read { read, what } => {
                    let waiting = Waiting::Read(account.clone(), read);
                    self.start(place, &account, waiting, JobKind::Read { read, what });
                }
                Step::Withdraw { requests } => {
                    for request in requests {
                        self.withdraw(&Waiting::Request(request));
                    }
                }
                Step::WithdrawRead { read } => {
                    self.withdraw(&Waiting::Read(account.clone(), read));
                }
                Step::Reached { rounds, .. } => {
                    if let Some((_, hand)) = self.hands.get_mut(place) {
                        hand.is_done = true;
                    }
                    tell(&account, Progress::Done { rounds });
                }
                Step::NotYet { .. } => {
                    if let Some((_, hand)) = self.hands.get(place) {
                        let holdings = words::holdings(hand.positions.as_deref(), &hand.orders);
                        tell(&account, Progress::NotYet { holdings });
                    }
                }
                Step::Stuck { .. } | Step::Slowed => {}
            }
        }
    }

    fn send(&mut self, place: usize, account: &AccountName, round: u32, writes: Vec<Planned>) {
        let mut requests = Vec::with_capacity(writes.len());
        for planned in writes {
            let request = RequestId(self.next_request);
            self.next_request = self.next_request.saturating_add(1);
            self.sent.insert(request, (round, planned.write.clone()));
            let kind = JobKind::Write {
                request,
                write: planned.write.clone(),
                urgency: planned.urgency,
            };
            requests.push((request, planned));
            self.start(place, account, Waiting::Request(request), kind);
        }
        if let Some((_, hand)) = self.hands.get_mut(place) {
            hand.enforcement.queued(requests);
        }
    }

    fn start(&mut self, place: usize, account: &AccountName, waiting: Waiting, kind: JobKind) {
        let Some((_, hand)) = self.hands.get(place) else {
            return;
        };
        let withdrawn = CancellationToken::new();
        let job = Job {
            account: account.clone(),
            number: hand.number.clone(),
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
                let _ = events.try_send(Heard::Event(event));
            };
            let steady = || clock.steady();
            let ended = executor::carry_out(venue.as_ref(), job, steady, left).await;
            if let Some(event) = ended {
                let _ = events.send(Heard::Event(event)).await;
            }
        });
    }

    fn withdraw(&mut self, waiting: &Waiting) {
        if let Some(token) = self.waiting.remove(waiting) {
            token.cancel();
        }
    }
}
