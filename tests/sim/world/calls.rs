//! The calls of riskd to the venue, and their way there and back.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use riskd::daemon::{self, Job, JobKind};
use riskd::domain::account::AccountName;
use riskd::domain::ids::RequestId;
use riskd::domain::limits::Ask;
use riskd::domain::observation::Timestamp;
use riskd::engine::event::Event;
use riskd::store::Receipt;
use riskd::venue::rest::NoAnswer;
use riskd_paper::Delivery as Answered;

use super::{Desk, Happening, OVERDUE, POLL, Pace, Returning, World};
use crate::faults::{Act, TABLE, Way};
use crate::invariants::Violation;
use crate::kind::What;
use crate::mutations::{Mutation, PollsLast};
use crate::net::{CALL, Note, OrdersRead, Outbound, ms};
use crate::see::Truths;
use crate::week;
use tokio_util::sync::CancellationToken;

/// Where orders are read as often as polls are made, each poll reads some.
const EACH_POLL: Duration = Duration::from_secs(1);

impl World {
    pub(crate) fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        while self.tasks.try_join_next().is_some() {}
        self.calls += 1;
        self.tasks.spawn(CALL.scope(self.calls, task));
    }

    /// Whether something is under way that polls decide on.
    pub(crate) fn is_busy(&mut self) -> bool {
        if !self.is_ready {
            self.is_ready = self.engine.overview(self.now()).awaited.is_empty();
        }
        !self.is_ready || !self.handed.intents.is_empty()
    }

    /// While nothing goes wrong, what is asked for is soon reached.
    pub(crate) fn goes_on(&self) -> Result<(), Violation> {
        if self.pace != Pace::Quiet {
            return Ok(());
        }
        let old = self.now().steady - OVERDUE;
        for id in self.handed.intents.keys() {
            let since = self.checker.worked_on_since(*id);
            if let Some(since) = since.filter(|since| *since < old) {
                return Err(format!("L: intent {id} is open since {since}"));
            }
        }
        Ok(())
    }

    /// The next poll comes soon, though little happens otherwise.
    pub(crate) fn poll_soon(&mut self) {
        if self.pace != Pace::Quiet || !self.is_busy() {
            return;
        }
        let soon = self.time.now() + ms(POLL);
        let is_poll = |happening: &Happening| matches!(happening, Happening::PollBegins(_));
        let has_soon = |((at, _), happening): (&(Timestamp, u64), &Happening)| {
            *at <= soon && is_poll(happening)
        };
        if !self.queue.iter().any(has_soon) {
            self.queue.retain(|_, happening| !is_poll(happening));
            self.at_time(soon, Happening::PollBegins(self.paces));
        }
    }

    pub(crate) fn begin_poll(&mut self) {
        let is_busy = self.is_busy();
        let wait = match self.pace {
            // Polls go on while something is to be done.
            Pace::Quiet if is_busy => POLL,
            // Often in pairs, so that what is odd can be seen twice.
            Pace::Quiet if self.random.percent(20) => POLL,
            Pace::Quiet => self.random.within(week::QUIET.0, week::QUIET.1),
            Pace::Chaos => POLL,
            Pace::Calm => self.options.calm_poll,
        };
        self.at(ms(wait), Happening::PollBegins(self.paces));
        if self.paused.is_some() {
            return;
        }
        for place in 0..self.desks.len() {
            if self.desks[place].poll.is_none() {
                self.begin_poll_of(place);
            }
        }
    }

    fn begin_poll_of(&mut self, place: usize) {
        self.stats.polls += 1;
        let call = self.calls + 1;
        let now = self.time.now();
        let desk = &mut self.desks[place];
        desk.poll = Some(call);
        desk.polls.due(now);
        let (adapter, sender) = (Arc::clone(&desk.adapter), self.wires.notes.clone());
        let (accounts, numbers) = (Arc::clone(&desk.accounts), Arc::clone(&desk.numbers));
        let generation = self.generation;
        self.truths.insert(call, Truths::default());
        let steady = self.steady_clock();
        let last = self.options.mutation == Some(Mutation::PollsLast);
        self.spawn(async move {
            let (observations, _) = if last {
                let venue = PollsLast(adapter);
                daemon::observe(&venue, &accounts, &numbers, steady).await
            } else {
                daemon::observe(adapter.as_ref(), &accounts, &numbers, steady).await
            };
            let _ = sender.send(Note::Polled(generation, place, call, observations));
        });
    }

    /// Polls leave working orders out; each desk reads them for one account at a time,
    /// as often as the venue is asked for them.
    pub(crate) fn read_orders(&mut self, place: usize) {
        let mut wanted = self.engine.accounts_needing_orders(self.now());
        let every = self.kind().profile().limits.order_reads.every;
        let desk = &mut self.desks[place];
        wanted.retain(|account| desk.number_of(account).is_some());
        let is_due = every <= EACH_POLL || desk.orders_tried.elapsed() >= every;
        let ask = desk.adapter.orders_due().filter(|_| !wanted.is_empty());
        let Some(ask) = ask else {
            desk.orders_read = tokio::time::Instant::now();
            return;
        };
        if desk.is_reading || !is_due {
            return;
        }
        desk.turn += 1;
        let account = wanted[desk.turn % wanted.len()].clone();
        let number = desk.number_of(&account).unwrap().clone();
        desk.is_reading = true;
        desk.orders_tried = tokio::time::Instant::now();
        let lane = daemon::lane_of_orders(desk.orders_read.elapsed(), every);
        let (adapter, sender) = (Arc::clone(&desk.adapter), self.wires.notes.clone());
        let (generation, call) = (self.generation, self.calls + 1);
        self.truths.insert(call, Truths::default());
        let steady = self.steady_clock();
        let are_all = ask == Ask::Orders;
        self.spawn(async move {
            let permit = adapter.admit(lane, ask).await;
            let at = steady();
            let read = match permit {
                Ok(permit) if are_all => adapter.orders(&number, permit).await.ok(),
                Ok(permit) => adapter.orders_of_held(&number, permit).await.ok(),
                Err(_) => None,
            };
            let note = match read {
                Some(orders) => Note::Orders(Box::new(OrdersRead {
                    generation,
                    desk: place,
                    call,
                    account,
                    at,
                    orders,
                    are_all,
                })),
                None => Note::NoOrders(generation, place),
            };
            let _ = sender.send(note);
        });
    }

    /// Whether a call is the poll of a desk.
    pub(crate) fn is_poll(&self, call: u64) -> bool {
        self.desks.iter().any(|desk| desk.poll == Some(call))
    }

    /// The clock of this process by which things wait, as the tasks of riskd read
    /// it.
    fn steady_clock(&self) -> impl Fn() -> Timestamp + Send + 'static {
        let (start, origin, steady) = (self.start, self.origin, self.steady);
        move || start + TimeDelta::from_std(origin.elapsed()).unwrap() + steady
    }

    /// Hands a job to the venue.
    pub(crate) fn job(&mut self, account: AccountName, kind: JobKind, receipt: Option<Receipt>) {
        match kind {
            JobKind::Read { read, what } if self.shows_nothing(&account, what) => {
                self.watch(account, read, what);
            }
            kind => self.job_by_adapter(account, kind, receipt),
        }
    }

    /// Hands a job to the adapter. A write waits for the transaction that it is
    /// recorded by, but not for longer than riskd does.
    pub(super) fn job_by_adapter(
        &mut self,
        account: AccountName,
        kind: JobKind,
        receipt: Option<Receipt>,
    ) {
        let withdrawn = CancellationToken::new();
        let waiting = match &kind {
            JobKind::Write { request, write, .. } => {
                // riskd's own wait goes on while the machine sleeps.
                let now = self.time.now();
                self.leaving.rows.asked(*request, now);
                self.asked.insert(*request, write.clone());
                Waiting::Request(*request)
            }
            JobKind::Read { read, .. } => Waiting::Read(account.clone(), *read),
        };
        self.waiting.insert(waiting, withdrawn.clone());
        let is_gated = self.options.mutation != Some(Mutation::CommitsLate);
        let desk = self.desk_of(&account);
        let number = desk.number_of(&account).unwrap().clone();
        self.start_job(Job {
            number,
            account,
            kind,
            trigger: None,
            withdrawn,
            receipt: receipt.filter(|_| is_gated),
        });
    }

    /// The desk of an account.
    pub(super) fn desk_of(&self, account: &AccountName) -> &Desk {
        let mut desks = self.desks.iter();
        let found = desks.find(|desk| desk.number_of(account).is_some());
        found.unwrap()
    }

    fn start_job(&mut self, job: Job) {
        let adapter = Arc::clone(&self.desk_of(&job.account).adapter);
        let sender = self.wires.notes.clone();
        let (generation, call) = (self.generation, self.calls + 1);
        if matches!(job.kind, JobKind::Read { .. }) {
            self.truths.insert(call, Truths::default());
        }
        let steady = self.steady_clock();
        let notes = self.wires.notes.clone();
        self.spawn(async move {
            let left = |event| {
                let _ = notes.send(Note::Left(generation, event));
            };
            let ended = daemon::carry_out(adapter.as_ref(), job, steady, left).await;
            if let Some(event) = ended {
                let _ = sender.send(Note::Done(generation, call, event));
            }
        });
    }

    pub(crate) fn withdraw(&mut self, waiting: &Waiting) {
        if let Some(token) = self.waiting.remove(waiting) {
            token.cancel();
        }
    }

    /// What has left, or has ended, cannot be withdrawn any more.
    pub(crate) fn note_left(&mut self, event: &Event) {
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

    /// A request leaves riskd.
    pub(crate) fn leave(&mut self, outbound: Outbound) {
        self.stats.requests += 1;
        let account = self.kind().asked(&outbound.asked).account;
        let on = |way| self.way_fails(way, account);
        let (unconnected, lost) = (on(Way::Unconnected), on(Way::LostThere));
        let (slow, late) = (on(Way::Slow), on(Way::ArrivesLate));
        let usual = self.random.within(5, 60);
        if unconnected {
            let refused = "connection refused".to_owned();
            let refused = NoAnswer::NotSent(refused);
            drop(outbound.reply.send(Err(refused)));
        } else if lost {
            self.held.push(outbound.reply);
        } else {
            let way = match (slow, late) {
                (_, true) => self.random.within(6_000, 12_000),
                (true, false) => self.random.within(100, 2_000),
                (false, false) => usual,
            };
            self.at(ms(way), Happening::Arrives(Box::new(outbound)));
        }
    }

    /// A request arrives at the venue, which does what it does.
    pub(crate) fn arrive(&mut self, outbound: Outbound) -> Result<(), Violation> {
        let Outbound {
            desk,
            call,
            asked,
            reply,
        } = outbound;
        let answering = self.receive(call, &asked)?;
        let what = self.kind().asked(&asked);
        let account = what.account;
        let lost = self.way_fails(Way::LostBack, account);
        let slow = self.way_fails(Way::Slow, account);
        if let Some(account) = account.filter(|_| what.what == What::Close) {
            self.notice_close(account);
        }
        let back = self.random.within(5, if slow { 2_000 } else { 60 });
        let after = TimeDelta::from_std(answering.after).unwrap() + ms(back);
        let answered = if lost {
            Answered::Never
        } else {
            answering.delivery
        };
        let returning = Returning {
            desk,
            reply,
            answered,
        };
        self.at(after, Happening::Returns(Box::new(returning)));
        Ok(())
    }

    pub(crate) fn way_fails(&self, way: Way, account: Option<&str>) -> bool {
        self.faults.iter().any(|active| {
            matches!(TABLE[active.index].act, Act::Way(one) if one == way)
                && (active.account.is_none() || active.account == account)
        })
    }
}

/// Something that waits to leave.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Waiting {
    Request(RequestId),
    Read(AccountName, u64),
}
