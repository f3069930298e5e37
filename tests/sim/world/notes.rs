//! What the tasks of riskd tell the world, and what is held against each of it.

use riskd::domain::observation::{Content, Observation};
use riskd::engine::event::{Event, ReadResult};
use riskd::store::{Batch, Sample};
use riskd_paper::Delivery as Answered;

use super::{World, is_write, known};
use crate::faults::Moment;
use crate::invariants::Violation;
use crate::leaving::Sent;
use crate::mutations;
use crate::net::{Outbound, ms};
use crate::see::{self, Truths};

/// The pause after a "too many requests" that names none, and what a venue may
/// round up, in milliseconds.
const UNTOLD: i64 = 1_000;

impl World {
    /// A request leaves riskd.
    pub(crate) fn take_out(&mut self, outbound: Outbound) -> Result<(), Violation> {
        let now = self.time.now();
        let is_write = is_write(&outbound.asked);
        if outbound.asked.url.path().ends_with("/accounts/snapshot") {
            self.leaving.polls.left(now)?;
        } else {
            self.leaving.polls.other_left(now);
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
        observations: Vec<Observation>,
        truths: &Truths,
    ) -> Result<(), Violation> {
        let generation = self.generation;
        for observation in observations {
            let trigger = self.judge(&observation, truths);
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
        self.read_orders();
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
            } => self.leaving.closes.told(account.as_str(), positions, *at),
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
        }
    }

    /// The venue says that too much was asked: polls are held for as long as it
    /// says.
    pub(crate) fn note_limit(&mut self, answered: &Answered) {
        let page = match answered {
            Answered::Whole(page) | Answered::HalfWay(page) | Answered::Slowly(page, _) => page,
            Answered::Closed | Answered::Never => return,
        };
        if page.status != 429 {
            return;
        }
        let told = page.retry_after.and_then(|told| i64::try_from(told).ok());
        let pause = told.map_or(UNTOLD, |told| told * 1_000);
        self.leaving.polls.hold(self.time.now() + ms(pause));
    }
}
