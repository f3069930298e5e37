//! Looks at an account that was just proven flat, while nothing goes wrong.
//!
//! They are most of what riskd asks in a week, and nearly all of them show that
//! nothing is there. Such a one takes its part of both budgets and its time on the
//! way like any other request, and shows the truth of when it arrives; but no
//! address and no JSON is made of it. Whatever else is asked, and everything while
//! something goes wrong, goes through the adapter.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use riskd::daemon::{JobKind, lane_of};
use riskd::domain::account::AccountName;
use riskd::domain::holdings::WorkingOrders;
use riskd::domain::limits::Ask;
use riskd::domain::observation::Timestamp;
use riskd::engine::enforcement::Reading;
use riskd::engine::event::{Event, ReadResult};

use super::{Happening, Pace, World, known};
use crate::invariants::Violation;
use crate::net::{Note, ms};
use crate::see::Truths;

/// Such a look on its way to the venue.
pub struct Watching {
    generation: u64,
    account: AccountName,
    read: u64,
    what: Reading,
    /// When it left riskd.
    at: Timestamp,
}

impl World {
    /// Whether this is such a look, of a venue whose answers say nothing of what is
    /// used. What is written goes before it, and is not under way.
    pub(super) fn shows_nothing(&self, account: &AccountName, what: Reading) -> bool {
        what.is_watch()
            && self.kind().budget().told_by.is_none()
            && self.pace != Pace::Chaos
            && self.faults.is_empty()
            && self.options.mutation.is_none()
            && self.asked.is_empty()
            && self.nothing_seen(account, what).is_some()
    }

    /// What such a look learns, as long as there is nothing to be seen.
    fn nothing_seen(&self, account: &AccountName, what: Reading) -> Option<ReadResult> {
        let account = known(account);
        if what == Reading::WatchOrders {
            let working = self.venue.paper.live_orders(account).unwrap();
            let none = || ReadResult::Orders(WorkingOrders::Listed(Arc::from([])));
            return working.is_empty().then(none);
        }
        let held = self.venue.held(account);
        held.is_empty().then_some(ReadResult::Positions(held))
    }

    /// Starts such a look, or has the adapter wait for the budget.
    pub(super) fn watch(&mut self, account: AccountName, read: u64, what: Reading) {
        if !self.has_room_for(&account, what) {
            self.job_by_adapter(account, JobKind::Read { read, what }, None);
            return;
        }
        let watching = Watching {
            generation: self.generation,
            account,
            read,
            what,
            at: self.now().steady,
        };
        let left = Event::ReadLeft {
            account: watching.account.clone(),
            read,
            at: watching.at,
        };
        // It changes nothing but what the engine knows of its own look.
        let effects = self.engine.step(self.now(), left).effects;
        assert!(effects.is_empty(), "{effects:?}");
        self.stats.steps += 1;
        self.stats.requests += 1;
        let now = self.time.now();
        let mut desks = self.desks.iter_mut();
        let desk = desks.find(|desk| desk.number_of(&watching.account).is_some());
        desk.unwrap().polls.other_left(1, now);
        let way = self.random.within(10, 120);
        self.at(ms(way), Happening::Watches(Box::new(watching)));
    }

    /// Takes the look out of riskd's budget and the venue's, if they have room.
    fn has_room_for(&self, account: &AccountName, what: Reading) -> bool {
        let adapter = &self.desk_of(account).adapter;
        let mut admitted = adapter.admit(lane_of(what), Ask::Positions);
        let mut context = Context::from_waker(Waker::noop());
        let is_admitted = matches!(admitted.as_mut().poll(&mut context), Poll::Ready(Ok(_)));
        is_admitted && self.kind().takes_look(&self.venue.paper)
    }

    /// It arrives at the venue, and its answer is there.
    pub(super) fn arrive_watching(&mut self, watching: Watching) -> Result<(), Violation> {
        let Watching {
            generation,
            account,
            read,
            what,
            at,
        } = watching;
        if generation != self.generation {
            return Ok(());
        }
        let Some(seen) = self.nothing_seen(&account, what) else {
            // Something has come to be there on the way.
            self.job_by_adapter(account, JobKind::Read { read, what }, None);
            return Ok(());
        };
        self.calls += 1;
        let call = self.calls;
        self.truths.insert(call, Truths::of(known(&account), &seen));
        let ended = Event::ReadEnded {
            account,
            read,
            at,
            result: Ok(seen),
        };
        self.take(Note::Done(generation, call, ended))
    }
}
