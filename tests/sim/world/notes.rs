//! What the tasks of riskd tell the world, and what is held against each of it.

use chrono::TimeDelta;
use reqwest::Method;
use riskd::domain::observation::{Content, Observation, Timestamp};
use riskd::engine::event::{Event, ReadResult};
use riskd::store::{Batch, Sample};
use riskd_paper::Delivery as Answered;

use super::{World, known, say};
use crate::faults::Moment;
use crate::invariants::Violation;
use crate::leaving::Sent;
use crate::mutations::{self, Mutation};
use crate::net::{OrdersRead, Outbound, ms};
use crate::see::{self, Truths};

/// Signed requests are good for five seconds.
const KNOWN_TO: TimeDelta = TimeDelta::seconds(6);

impl World {
    /// A request leaves riskd.
    pub(crate) fn take_out(&mut self, outbound: Outbound) -> Result<(), Violation> {
        let now = self.time.now();
        let is_write = outbound.asked.method != Method::GET;
        let weight = self.kind().weight(&outbound.asked);
        if self.options.tells && weight != 1 {
            let path = outbound.asked.url.path();
            say!(self, "desk {} asks {path} ({weight})", outbound.desk);
        }
        let desk = &mut self.desks[outbound.desk];
        if desk.poll == Some(outbound.call) {
            let left = desk.polls.left(weight, now);
            left.map_err(|words| desk.with_budget(&words, now))?;
        } else {
            desk.polls.other_left(weight, now);
        }
        self.leave(outbound);
        if is_write && self.dies_on_leaving {
            return self.crash();
        }
        Ok(())
    }

    /// A poll has no request under way any more.
    pub(crate) fn poll_ended(&mut self, desk: usize) -> Result<(), Violation> {
        let now = self.time.now();
        let desk = &mut self.desks[desk];
        let ended = desk.polls.ended(now);
        ended.map_err(|words| desk.with_budget(&words, now))
    }

    /// A poll ended.
    pub(crate) fn take_poll(
        &mut self,
        desk: usize,
        observations: Vec<Observation>,
        truths: &Truths,
    ) -> Result<(), Violation> {
        let generation = self.generation;
        for observation in observations {
            let trigger = self.judge(&observation, truths)?;
            if self.disk.is_real() {
                let sample = Sample::of(&observation);
                self.disk.submit(Batch {
                    samples: vec![sample],
                    ..Batch::default()
                });
            }
            let observation = mutations::misread(self.options.mutation, observation);
            if self.options.tells {
                self.say(&trigger.words());
            }
            self.note_told(&observation);
            self.step(Event::Observed(observation), &trigger)?;
            // It was killed on the way.
            if generation != self.generation {
                return Ok(());
            }
        }
        self.read_orders(desk);
        Ok(())
    }

    /// Working orders were read for rules and locks.
    pub(crate) fn take_orders(&mut self, read: OrdersRead) -> Result<(), Violation> {
        let truths = self.truths.remove(&read.call).unwrap_or_default();
        if read.generation != self.generation {
            return Ok(());
        }
        self.desks[read.desk].has_read_orders();
        if self.options.mutation == Some(Mutation::NeverLearns) {
            return Ok(());
        }
        let trigger = self.judge_orders(&read, truths);
        let event = Event::OrdersRead {
            account: read.account,
            at: read.at,
            orders: read.orders,
            are_all: read.are_all,
        };
        self.step(event, &trigger)
    }

    /// A write or a read has left riskd.
    pub(crate) fn take_left(&mut self, event: Event) -> Result<(), Violation> {
        self.note_left(&event);
        let Event::Sent {
            account,
            request,
            unrecorded,
        } = &event
        else {
            return self.step(event, &crate::invariants::Trigger::Other);
        };
        let now = self.now().steady;
        let request = *request;
        if let Some(write) = self.asked.get(&request) {
            self.leaving
                .closes
                .sent(account.as_str(), request, write, now)?;
        }
        let is_unrecorded = unrecorded.is_some();
        let sent = Sent {
            request,
            unrecorded: unrecorded.as_deref(),
            disk_fails: self.disk.is_failing(),
            now: self.time.now(),
        };
        self.leaving.rows.sent(&sent, &self.disk.durable)?;
        if self.is_killed_at(Moment::Left) {
            self.dies_on_leaving = true;
            return Ok(());
        }
        let (generation, trigger) = (self.generation, see::acted(&event));
        self.step(event, &trigger)?;
        let is_noted = self.handed.unrecorded.contains(&request) == is_unrecorded;
        if generation == self.generation && !is_noted {
            return Err(format!(
                "I12: request {request} left {} its row, and the record says otherwise",
                if is_unrecorded { "without" } else { "after" }
            ));
        }
        Ok(())
    }

    /// A write was answered, or something was read.
    pub(crate) fn note_answer(&mut self, event: &Event) {
        let now = self.now().steady;
        match event {
            Event::Answered {
                request, answer, ..
            } => {
                self.asked.remove(request);
                self.leaving.closes.answered(*request, answer.outcome, now);
            }
            Event::ReadEnded {
                account,
                at,
                result: Ok(ReadResult::Positions(positions)),
                ..
            } => {
                self.leaving.closes.told(account.as_str(), positions, *at);
                self.checker.told(account.as_str(), positions);
            }
            _ => {}
        }
    }

    /// A poll told something.
    fn note_told(&mut self, observation: &Observation) {
        if let Content::Learned(learned) = &observation.content
            && let Some(positions) = &learned.positions
        {
            let account = known(&observation.account);
            self.leaving.closes.told(account, positions, observation.at);
            self.checker.told(account, positions);
        }
    }

    /// When the minute of the venue's clock began, at the latest as riskd may have it: its
    /// clock is known to some seconds, and to nothing at all once one was set.
    fn minute_began(&self) -> Timestamp {
        let now = self.time.now();
        if self.has_moved_clocks {
            return now;
        }
        let passed = now.timestamp_millis().rem_euclid(60_000);
        (now - ms(passed) + KNOWN_TO).min(now)
    }

    /// The venue says that too much was asked: polls are held for as long as it
    /// says.
    pub(crate) fn note_limit(&mut self, desk_place: usize, answered: &Answered) {
        let page = match answered {
            Answered::Whole(page) | Answered::HalfWay(page) | Answered::Slowly(page, _) => page,
            Answered::Closed | Answered::Never => return,
        };
        let (kind, now) = (self.kind(), self.time.now());
        let used = kind.used(page).map(|used| (used, self.minute_began()));
        let (is_ban, pause) = (kind.is_ban(page), kind.pause(page));
        let is_shared = kind.budget().is_shared;
        for (place, desk) in self.desks.iter_mut().enumerate() {
            if place != desk_place && !is_shared {
                continue;
            }
            desk.polls.answered(is_ban, used, now);
            if let Some(pause) = pause {
                desk.polls.hold(now + ms(pause));
            }
        }
    }
}
