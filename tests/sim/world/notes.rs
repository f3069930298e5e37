//! What the tasks of riskd tell the world, and what is held against each of it.

use riskd::domain::observation::{Content, Observation};
use riskd::engine::event::{Event, ReadResult};
use riskd::store::{Batch, Sample};
use riskd_paper::Delivery as Answered;

use super::{World, known};
use crate::faults::Moment;
use crate::invariants::Violation;
use crate::leaving::Sent;
use crate::mutations;
use crate::net::{Outbound, ms};
use crate::see::{self, Truths};

impl World {
    /// A request leaves riskd.
    pub(crate) fn take_out(&mut self, outbound: Outbound) -> Result<(), Violation> {
        let now = self.time.now();
        let is_write = outbound.asked.body.is_some();
        let desk = &mut self.desks[outbound.desk];
        if desk.poll == Some(outbound.call) {
            desk.polls.left(now)?;
        } else {
            desk.polls.other_left(now);
        }
        self.leave(outbound);
        if is_write && self.dies_on_leaving {
            return self.crash();
        }
        Ok(())
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

    /// The venue says that too much was asked: polls are held for as long as it
    /// says.
    pub(crate) fn note_limit(&mut self, desk: usize, answered: &Answered) {
        let page = match answered {
            Answered::Whole(page) | Answered::HalfWay(page) | Answered::Slowly(page, _) => page,
            Answered::Closed | Answered::Never => return,
        };
        let (kind, now) = (self.kind(), self.time.now());
        let polls = &mut self.desks[desk].polls;
        polls.answered(kind.is_ban(page), now);
        if let Some(pause) = kind.pause(page) {
            polls.hold(now + ms(pause));
        }
    }
}
