//! How an account is brought to where it must be: one loop of looking and
//! sending that goes on until what is asked for is reached.
//!
//! There is one enforcement an account at a time, whatever asked for it. It
//! takes no input but what is seen of the account and what became of its
//! requests, so that taking up the work from before a crash is the same as going
//! on. At each turn it does four things, in this order:
//!
//! 1. what is proven is done,
//! 2. what did not leave is sent again,
//! 3. what is seen to be missing is sent,
//! 4. what is not known is looked at.

mod evidence;
mod filling;
mod looks;
mod pace;
pub mod plan;
mod proof;
mod requests;
mod sending;
mod step;
mod watch;

use std::sync::Arc;

use chrono::TimeDelta;

pub use evidence::Shown;
pub use filling::FILLING;
pub use pace::{FIRST_WAIT, LONGEST_WAIT, RUNAWAY_ROUNDS, STUCK_AFTER};
pub use step::{Intent, Reading, Step};

use evidence::Evidence;
use looks::Looks;
use pace::Pace;
use plan::{Means, Planned, Seen, plan};
use requests::Requests;
use watch::Watch;

use super::record::{Cause, Goal};
use crate::domain::holdings::{Position, WorkingOrders};
use crate::domain::ids::RequestId;
use crate::domain::now::Now;
use crate::domain::observation::Timestamp;
use crate::domain::request::{Urgency, Write};
use crate::domain::symbols::Symbols;
use crate::domain::timeouts;
use crate::domain::venue::VenueProfile;

/// A position that comes back so soon after a proof that there was none was
/// opened by something that undoes what riskd does.
pub const REOPENED_WITHIN: TimeDelta = TimeDelta::seconds(10);

/// The enforcement of one account.
#[derive(Clone, Debug)]
pub struct Enforcement {
    profile: &'static VenueProfile,
    /// What the venue says of its symbols.
    symbols: Arc<Symbols>,
    intents: Vec<Intent>,
    requests: Requests,
    evidence: Evidence,
    looks: Looks,
    watch: Watch,
    pace: Pace,
    /// Whether a lock guards the account: what fills late is closed again.
    is_locked: bool,
    /// When the positions were first seen closed after the last request.
    flat_at: Option<Timestamp>,
}

impl Enforcement {
    /// Nothing is asked for yet.
    pub fn new(profile: &'static VenueProfile) -> Enforcement {
        Enforcement {
            profile,
            symbols: Arc::default(),
            intents: Vec::new(),
            requests: Requests::default(),
            evidence: Evidence::default(),
            looks: Looks::default(),
            watch: Watch::default(),
            pace: Pace::default(),
            is_locked: false,
            flat_at: None,
        }
    }

    /// Whether nothing is asked for.
    pub fn is_idle(&self) -> bool {
        self.intents.is_empty()
    }

    /// What is asked for.
    pub fn intents(&self) -> &[Intent] {
        &self.intents
    }

    /// The account is at a venue of this kind from now on.
    pub fn set_profile(&mut self, profile: &'static VenueProfile) {
        if self.profile != profile {
            self.symbols = Arc::default();
        }
        self.profile = profile;
    }

    /// These positions without those that no order can close; `None` where there are
    /// none of those.
    pub fn closable(&self, positions: &Arc<[Position]>) -> Option<Arc<[Position]>> {
        let means = self.means();
        if positions.iter().all(|position| means.can_close(position)) {
            return None;
        }
        let closable = positions
            .iter()
            .filter(|position| means.can_close(position));
        Some(closable.cloned().collect())
    }

    /// The venue says this of its symbols from now on.
    pub fn set_symbols(&mut self, symbols: &Arc<Symbols>) {
        self.symbols = Arc::clone(symbols);
    }

    fn means(&self) -> Means<'_> {
        Means {
            abilities: &self.profile.abilities,
            symbols: &self.symbols,
        }
    }

    /// The facts of the venue that the account is at.
    pub fn profile(&self) -> &'static VenueProfile {
        self.profile
    }

    /// The round that is going on; 0 before the first.
    pub fn round(&self) -> u32 {
        self.pace.round()
    }

    /// Verification reads in a row that learned nothing.
    pub fn failed_reads(&self) -> u32 {
        self.looks.failed()
    }

    /// What was said last when a write was not taken: the venue's own words, or
    /// what went wrong on the way.
    pub fn trouble(&self) -> Option<&str> {
        self.pace.trouble()
    }

    /// Says whether a lock guards the account.
    pub fn set_locked(&mut self, is_locked: bool) {
        self.is_locked = is_locked;
    }

    /// Takes up an intent and sends what it needs at once, unless that is under
    /// way already: rules that fire together act once. `held` is what the account
    /// was last seen to hold.
    pub fn begin(
        &mut self,
        intent: Intent,
        held: Option<&Arc<[Position]>>,
        orders: &WorkingOrders,
        now: Now,
    ) -> Vec<Step> {
        self.requests.pass_time(now);
        let covers = |other: &Intent| other.goal.covers(&intent.goal);
        if self.intents.iter().any(covers) {
            return self.resume(intent, now);
        }
        let seen = Seen::glimpse(held.map(AsRef::as_ref), orders);
        let writes = plan(&intent.goal, seen, self.means()).writes;
        self.admit(intent);
        self.requests.note_held(held);
        let mut steps = self.send(writes, now);
        steps.extend(self.advance(now));
        steps
    }

    /// Takes up an intent and looks before it sends anything: for what may have
    /// been done already.
    pub fn resume(&mut self, intent: Intent, now: Now) -> Vec<Step> {
        self.admit(intent);
        self.advance(now)
    }

    /// Takes up an intent for which somebody else has sent a flatten, which was
    /// answered by now: that counts as one of riskd's own, so that nothing of
    /// before it proves anything or leads to another one, and the account is
    /// looked at first.
    pub fn take_over(&mut self, intent: Intent, now: Now) -> Vec<Step> {
        self.admit(intent);
        self.flattened_elsewhere(now)
    }

    /// Somebody else has sent a flatten of the account, which was answered by now.
    pub fn flattened_elsewhere(&mut self, now: Now) -> Vec<Step> {
        let flatten = Planned {
            write: Write::Flatten,
            urgency: Urgency::Close,
        };
        // It is not known what was held when it arrived.
        self.requests.note_held(None);
        self.requests.note_answered(&flatten, self.profile, now);
        self.flat_at = None;
        self.wait_for_look(now);
        self.advance(now)
    }

    fn admit(&mut self, intent: Intent) {
        if self.intents.is_empty() {
            self.looks.begin();
            self.flat_at = None;
            self.pace.begin();
        }
        self.intents.push(intent);
    }

    /// Whether a person's wish for this goal is being worked on twice already:
    /// once by what is under way, and once for the time after the last wish. A
    /// further one only moves the second one's time on, and asks for nothing.
    pub fn joins_earlier_wish(&mut self, goal: &Goal, now: Now) -> bool {
        let mut wishes: Vec<&mut Intent> = self
            .intents
            .iter_mut()
            .filter(|intent| intent.goal == *goal && matches!(intent.cause, Cause::Person(_)))
            .collect();
        if wishes.len() < 2 {
            return false;
        }
        if let Some(last) = wishes.last_mut() {
            last.since = now.steady;
        }
        true
    }

    /// Drops the intents that `is_moot` picks and gives them back, with what
    /// need not leave any more.
    pub fn drop_intents(&mut self, is_moot: impl Fn(&Intent) -> bool) -> (Vec<Intent>, Vec<Step>) {
        let (moot, kept) = self.intents.drain(..).partition(|intent| is_moot(intent));
        self.intents = kept;
        (moot, self.withdraw_needless())
    }

    /// A close of the account that may still be filling was asked for before
    /// this engine started, and is taken to until `until`.
    pub fn note_earlier_close(&mut self, write: Write, until: Timestamp) {
        self.requests.note_filling(write, until);
    }

    /// Names the requests that a [`Step::Send`] became.
    pub fn queued(&mut self, requests: Vec<(RequestId, Planned)>) {
        self.requests.name(requests);
    }

    /// A request has left riskd.
    pub fn left(&mut self, request: RequestId, now: Now) {
        if self.requests.closes(request) {
            // It closes what is held as it leaves, not what was held when it was
            // decided, which may be long ago.
            self.requests.note_seen(self.evidence.newest_positions());
        }
        self.requests.left(request, now);
        self.flat_at = None;
    }

    /// A poll that was asked for at `at` was answered with this stamp of the venue;
    /// gives the time that what it shows is no older than, where that is known.
    pub fn polled(&mut self, stamp: Option<i64>, at: Timestamp) -> Option<Timestamp> {
        if self.profile.polls_cached_for.is_none() {
            return Some(at);
        }
        self.evidence.take_stamp(stamp?, at)
    }

    /// A poll that was asked for at `at` was answered with the stamp of before.
    pub fn polled_unchanged(&mut self, at: Timestamp) {
        self.evidence.repeat_stamp(at);
    }

    /// A poll that was asked for at `asked` has shown a position, or that there is
    /// none. It may be older than that.
    pub fn poll_showed(&mut self, is_held: bool, asked: Timestamp) {
        self.evidence.take_poll(is_held, asked);
    }

    /// Something was seen of the account. Nothing in it is older than its time.
    pub fn saw(&mut self, shown: Shown) {
        if let Shown::Positions { positions, as_of } = &shown
            && self.requests.closed_at().is_none_or(|at| *as_of > at)
        {
            self.requests.see(positions);
        }
        self.evidence.take(shown);
    }

    /// Time has passed, or something was seen.
    pub fn advance(&mut self, now: Now) -> Vec<Step> {
        self.requests.pass_time(now);
        self.give_up_lost(now);
        let mut steps = self.finish(now);
        steps.extend(self.drop_needless_closes());
        if self.intents.is_empty() {
            steps.extend(self.stand_by(now));
            return steps;
        }
        steps.extend(self.send_again(now));
        steps.extend(self.send_missing(now));
        steps.extend(self.look_for_missing(now));
        steps
    }

    /// When time alone moves enforcement on, by the steady clock.
    pub fn deadline(&self) -> Option<Timestamp> {
        // What is over, or waits for something else than time, must not hide what
        // time alone moves on.
        let next_look = self.looks.next_at().filter(|_| self.may_look());
        let watched = self.watch.until().filter(|_| self.intents.is_empty());
        let answers = self
            .requests
            .deadline(timeouts::ANSWER, timeouts::FORGOTTEN);
        let times = [self.looks.lost_at(), next_look, watched, answers];
        times.into_iter().flatten().min()
    }

    /// The answer to what has left long ago does not come any more.
    fn give_up_lost(&mut self, now: Now) {
        let lost = self
            .requests
            .lost(timeouts::ANSWER, timeouts::FORGOTTEN, now);
        for planned in lost {
            self.requests.note_answered(&planned, self.profile, now);
            self.wait_for_look(now);
        }
        if self.looks.give_up_lost(now) {
            self.wait_for_look(now);
        }
    }
}

fn after(now: Now, span: TimeDelta) -> Timestamp {
    plus(now.steady, span)
}

fn plus(at: Timestamp, span: TimeDelta) -> Timestamp {
    at.checked_add_signed(span).unwrap_or(at)
}

#[cfg(test)]
mod tests;
