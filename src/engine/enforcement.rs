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
mod pace;
pub mod plan;
mod requests;

use std::sync::Arc;

use chrono::TimeDelta;

pub use evidence::Shown;
pub use pace::{FIRST_WAIT, LONGEST_WAIT, RUNAWAY_ROUNDS, STUCK_AFTER};
pub use requests::FILLING;

use evidence::{Evidence, Polled};
use pace::Pace;
use requests::Requests;

use super::enforcement::plan::{Means, Planned, Seen, merged, plan, serves};
use super::record::{Cause, Goal};
use crate::domain::holdings::{Position, WorkingOrders};
use crate::domain::ids::{IntentId, RequestId};
use crate::domain::now::Now;
use crate::domain::observation::Timestamp;
use crate::domain::request::{Answer, Outcome, Urgency, Write};
use crate::domain::symbols::Symbols;
use crate::domain::timeouts;
use crate::domain::venue::VenueProfile;

/// Failed reads in a row before the writes are repeated without a read: cancel
/// and flatten are safe to repeat, and the venue may still carry them out.
const BLIND_REPEAT_AFTER: u32 = 3;
/// Between two looks at a position that a close may still be filling.
const LOOK_AT_FILLING: TimeDelta = TimeDelta::milliseconds(500);
/// From a cancel that was not answered yet to a look.
const LOOK_AT_UNANSWERED: TimeDelta = TimeDelta::milliseconds(500);
/// Between two looks at an account that is watched after it was proven flat.
const WATCH_EVERY: TimeDelta = TimeDelta::seconds(1);
/// The same, of one that was opened again from outside meanwhile.
const WATCH_CLOSELY_EVERY: TimeDelta = TimeDelta::milliseconds(250);
/// How old what is known of its working orders may be: close looks at positions
/// leave nothing of the budget to the reads of orders that can wait.
const WATCH_ORDERS_EVERY: TimeDelta = TimeDelta::seconds(5);
/// A position that comes back so soon after a proof that there was none was
/// opened by something that undoes what riskd does.
pub const REOPENED_WITHIN: TimeDelta = TimeDelta::seconds(10);

/// One thing that is to be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// Its number.
    pub id: IntentId,
    /// What is to be reached.
    pub goal: Goal,
    /// Who or what asked.
    pub cause: Cause,
    /// Since when, by the steady clock: what was seen before proves nothing.
    pub since: Timestamp,
}

/// What is read of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The working orders.
    Orders,
    /// The positions, and that an empty list of them can be believed.
    Positions,
    /// The positions, to see early when one comes back. An empty list proves
    /// nothing.
    Watch,
    /// The same of an account that was just opened again from outside: as often
    /// as the budget allows.
    CloseWatch,
    /// The working orders of such an account, in between.
    WatchOrders,
}

impl Reading {
    /// Whether it looks at an account of which nothing is asked.
    pub const fn is_watch(self) -> bool {
        matches!(
            self,
            Reading::Watch | Reading::CloseWatch | Reading::WatchOrders
        )
    }
}

/// What enforcement wants done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send these, as this round; [`Enforcement::queued`] names them.
    Send {
        /// The round, from 1.
        round: u32,
        /// The writes.
        writes: Vec<Planned>,
    },
    /// These need not leave any more, should they still wait.
    Withdraw {
        /// Which ones.
        requests: Vec<RequestId>,
    },
    /// Read something of the account.
    Read {
        /// The number of the read.
        read: u64,
        /// What is read.
        what: Reading,
    },
    /// This read is not needed any more, should it still wait.
    WithdrawRead {
        /// The number of the read.
        read: u64,
    },
    /// These intents are done.
    Reached {
        /// What had been asked for.
        intents: Vec<Intent>,
        /// How many rounds it took.
        rounds: u32,
        /// When the positions were first seen closed after the last request.
        flat_at: Option<Timestamp>,
    },
    /// What was seen after the last request shows that something is still there.
    NotYet {
        /// The round that did not suffice.
        round: u32,
    },
    /// A person should look: this many rounds or reads have not helped, or the
    /// venue says no.
    Stuck {
        /// How many.
        attempts: u32,
    },
    /// Rounds come too fast; the next one waits.
    Slowed,
}

/// A read that is asked for.
#[derive(Clone, Copy, Debug)]
struct Look {
    number: u64,
    what: Reading,
    asked: Timestamp,
    /// When it left riskd, once it is known to have.
    left: Option<Timestamp>,
}

/// The enforcement of one account.
#[derive(Clone, Debug)]
pub struct Enforcement {
    profile: &'static VenueProfile,
    /// What the venue says of its symbols.
    symbols: Arc<Symbols>,
    intents: Vec<Intent>,
    requests: Requests,
    evidence: Evidence,
    /// The newest look of a poll that may be answered from a cache.
    polled: Option<Polled>,
    look: Option<Look>,
    /// The earliest time of the next look.
    next_look: Option<Timestamp>,
    next_read: u64,
    failed_reads: u32,
    pace: Pace,
    /// Whether a lock guards the account: what fills late is closed again.
    is_locked: bool,
    /// When the positions were first seen closed after the last request.
    flat_at: Option<Timestamp>,
    /// Until when the account is watched.
    watch_until: Option<Timestamp>,
    /// Whether it was opened again from outside since it is watched.
    is_reopened: bool,
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
            polled: None,
            look: None,
            next_look: None,
            next_read: 0,
            failed_reads: 0,
            pace: Pace::default(),
            is_locked: false,
            flat_at: None,
            watch_until: None,
            is_reopened: false,
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
        self.failed_reads
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
            self.failed_reads = 0;
            self.next_look = None;
            self.flat_at = None;
            self.pace.begin();
            // A look of the watch is none that proves anything.
            self.look = None;
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

    /// A read has left riskd at this time.
    pub fn read_left(&mut self, read: u64, at: Timestamp) {
        if let Some(look) = self.look.as_mut().filter(|look| look.number == read) {
            look.left = Some(at);
        }
    }

    /// A write was answered, or given up. Whatever the answer, what is seen
    /// afterwards decides.
    pub fn answered(&mut self, request: RequestId, answer: &Answer, now: Now) -> Vec<Step> {
        let Some(ended) = self.requests.take(request) else {
            return Vec::new();
        };
        let planned = ended.planned;
        if ended.is_withdrawn && answer.outcome == Outcome::NotSent {
            return self.advance(now);
        }
        self.pace.note(answer);
        match answer.outcome {
            Outcome::NotSent => {
                // What the venue turns away at its gate is paced by the budget;
                // what cannot be connected is paced here.
                let is_paced = answer.status.is_some();
                let wait = self.pace.wait_unsent(is_paced);
                self.requests.send_again(planned, after(now, wait));
                let mut steps = Vec::new();
                self.pace.count_attempt(&mut steps);
                steps.extend(self.advance(now));
                steps
            }
            _ => {
                self.pace.got_through();
                self.requests.note_answered(&planned, self.profile, now);
                self.flat_at = None;
                self.wait_for_look(now);
                self.advance(now)
            }
        }
    }

    /// A poll that was asked for at `at` was answered with this stamp of the venue;
    /// gives the time that what it shows is no older than, where that is known.
    pub fn polled(&mut self, stamp: Option<i64>, at: Timestamp) -> Option<Timestamp> {
        if self.profile.polls_cached_for.is_none() {
            return Some(at);
        }
        let polled = Polled::take(self.polled, stamp?, at);
        self.polled = Some(polled);
        polled.as_of()
    }

    /// A poll that was asked for at `at` was answered with the stamp of before.
    pub fn polled_unchanged(&mut self, at: Timestamp) {
        if let Some(polled) = &mut self.polled {
            polled.repeat(at);
        }
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

    /// Whether this is the read that is waited for.
    pub fn awaits_read(&self, number: u64) -> bool {
        self.look.is_some_and(|look| look.number == number)
    }

    /// Whether this is the read of an account that is only watched.
    pub fn is_watching(&self, number: u64) -> bool {
        self.look
            .is_some_and(|look| look.number == number && look.what.is_watch())
    }

    /// The read that is waited for has ended and shown something.
    pub fn read_ended(&mut self, now: Now) -> Vec<Step> {
        let was_watch = self.look.take().is_some_and(|look| look.what.is_watch());
        if was_watch {
            self.next_look = Some(after(now, self.watch_every()));
        } else {
            self.failed_reads = 0;
        }
        self.advance(now)
    }

    /// The read that is waited for learned nothing; `is_busy` when no request was
    /// allowed, which says nothing of the account.
    pub fn read_failed(&mut self, is_busy: bool, now: Now) -> Vec<Step> {
        self.requests.pass_time(now);
        let look = self.look.take();
        if look.is_some_and(|look| look.what.is_watch()) || self.is_idle() {
            self.next_look = Some(after(now, self.watch_every()));
            return Vec::new();
        }
        let mut steps = Vec::new();
        if is_busy {
            self.next_look = Some(after(now, FIRST_WAIT));
            return self.advance(now);
        }
        self.failed_reads = self.failed_reads.saturating_add(1);
        self.pace.count_attempt(&mut steps);
        self.wait_for_look(now);
        if self.failed_reads.is_multiple_of(BLIND_REPEAT_AFTER) {
            let writes = self.blind_writes();
            let writes = self.requests.put_off(writes);
            steps.extend(self.send(writes, now));
        }
        steps.extend(self.advance(now));
        steps
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
        let look = self.look.map(|look| match look.left {
            Some(left) => plus(left, timeouts::ANSWER),
            None => plus(look.asked, timeouts::FORGOTTEN),
        });
        // What is over, or waits for something else than time, must not hide what
        // time alone moves on.
        let next_look = self
            .next_look
            .filter(|_| self.look.is_none() && self.may_look());
        let watched = self.watch_until.filter(|_| self.intents.is_empty());
        let answers = self
            .requests
            .deadline(timeouts::ANSWER, timeouts::FORGOTTEN);
        let times = [look, next_look, watched, answers];
        times.into_iter().flatten().min()
    }

    /// Whether a look may be asked for once it is due.
    fn may_look(&self) -> bool {
        if self.intents.is_empty() {
            return self.watch_until.is_some();
        }
        !self.requests.awaits_close() && !self.requests.has_unsent()
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
        let is_lost = self.look.is_some_and(|look| match look.left {
            Some(left) => now.since(left) >= timeouts::ANSWER,
            None => now.since(look.asked) >= timeouts::FORGOTTEN,
        });
        if is_lost {
            self.look = None;
            self.failed_reads = self.failed_reads.saturating_add(1);
            self.wait_for_look(now);
        }
    }

    /// Ends the intents that are proven.
    fn finish(&mut self, now: Now) -> Vec<Step> {
        if self.requests.awaits_answer() {
            return Vec::new();
        }
        let acted = self.requests.acted_at();
        if self.flat_at.is_none() && self.evidence.is_flat_after(acted) {
            self.flat_at = Some(now.steady);
        }
        let evidence = &self.evidence;
        let (is_locked, means) = (self.is_locked, self.means());
        let is_done = |intent: &Intent| {
            let since = acted.map_or(intent.since, |acted| acted.max(intent.since));
            plan(&intent.goal, evidence.after(Some(since)), means).is_reached()
                && evidence.stands_for(&intent.goal, is_locked)
        };
        let done: Vec<bool> = self.intents.iter().map(is_done).collect();
        // A part of what was asked for at the same time is done with the whole.
        let is_part_of_open = |part: &Intent| {
            let mut others = self.intents.iter().zip(&done);
            others.any(|(whole, is_done)| {
                !is_done
                    && whole.goal != part.goal
                    && whole.goal.covers(&part.goal)
                    && whole.since <= part.since
            })
        };
        let ended: Vec<bool> = self
            .intents
            .iter()
            .zip(&done)
            .map(|(intent, is_done)| *is_done && !is_part_of_open(intent))
            .collect();
        let mut ended = ended.into_iter();
        let (done, open): (Vec<_>, Vec<_>) = self
            .intents
            .drain(..)
            .partition(|_| ended.next().unwrap_or(false));
        self.intents = open;
        if done.is_empty() {
            return Vec::new();
        }
        if done.iter().any(|one| one.goal == Goal::FlatAndQuiet) {
            self.watch_until = Some(after(now, self.profile.watch_after_flat));
            self.next_look = Some(after(now, FIRST_WAIT));
        }
        let mut steps = vec![Step::Reached {
            intents: done,
            rounds: self.pace.round(),
            flat_at: self.flat_at,
        }];
        steps.extend(self.withdraw_needless());
        steps
    }

    /// What still waits for nobody need not leave.
    fn withdraw_needless(&mut self) -> Vec<Step> {
        let intents = &self.intents;
        let is_wanted = |write: &Write| intents.iter().any(|intent| serves(&intent.goal, write));
        let requests = self.requests.withdraw(|one| !is_wanted(&one.write));
        let mut steps = Vec::new();
        if !requests.is_empty() {
            steps.push(Step::Withdraw { requests });
        }
        if self.intents.is_empty()
            && let Some(look) = self.look.take_if(|look| !look.what.is_watch())
        {
            steps.push(Step::WithdrawRead { read: look.number });
        }
        steps
    }

    /// Nothing is asked for: the account is watched for a while.
    fn stand_by(&mut self, now: Now) -> Vec<Step> {
        if self.watch_until.is_some_and(|until| until <= now.steady) {
            self.watch_until = None;
            self.is_reopened = false;
        }
        if self.watch_until.is_none() || self.look.is_some() {
            return Vec::new();
        }
        self.look_when_due(self.watched(now), now)
    }

    /// What is looked at next of an account that is watched.
    fn watched(&self, now: Now) -> Reading {
        if !self.is_reopened {
            return Reading::Watch;
        }
        let seen = self.evidence.orders_seen_at();
        if seen.is_some_and(|seen| now.since(seen) < WATCH_ORDERS_EVERY) {
            Reading::CloseWatch
        } else {
            Reading::WatchOrders
        }
    }

    fn watch_every(&self) -> TimeDelta {
        if self.is_reopened {
            WATCH_CLOSELY_EVERY
        } else {
            WATCH_EVERY
        }
    }

    /// The account was opened again from outside: it is watched as closely as the
    /// budget allows until it has been left alone for as long as it is watched.
    pub fn note_reopened(&mut self) {
        self.is_reopened = true;
    }

    /// What did not leave is sent as soon as it may, without a look.
    fn send_again(&mut self, now: Now) -> Vec<Step> {
        let writes = self.requests.take_due(now);
        if writes.is_empty() {
            return Vec::new();
        }
        // The account has seen nothing of what did not leave, so this is no
        // further round that somebody who trades it made necessary.
        vec![self.ask(writes, now)]
    }

    /// What was seen after the last request shows to be missing is sent.
    fn send_missing(&mut self, now: Now) -> Vec<Step> {
        let known = self
            .evidence
            .unused_after(self.requests.closed_at(), self.requests.acted_at());
        let positions = known.positions.clone();
        let seen = Seen::proof(positions.as_deref(), &known.orders);
        let means = self.means();
        let goals = self.intents.iter().map(|intent| &intent.goal);
        let missing = merged(goals.flat_map(|goal| plan(goal, seen, means).writes));
        if missing.is_empty() {
            return Vec::new();
        }
        self.evidence.mark_used();
        let mut steps = Vec::new();
        let writes = self.requests.without_those_under_way(missing);
        // A cancel that can wait went along with the close that is filling.
        if writes.iter().all(|one| one.urgency == Urgency::Beside) {
            self.wait_for_fill(now);
            return steps;
        }
        steps.extend(self.supersede(&writes));
        steps.push(Step::NotYet {
            round: self.pace.round(),
        });
        self.pace.count_attempt(&mut steps);
        self.requests.note_held(positions.as_ref());
        steps.extend(self.begin_round(writes, now));
        steps
    }

    /// Looks at what is not known, once nothing that closes is on its way.
    fn look_for_missing(&mut self, now: Now) -> Vec<Step> {
        if !self.may_look() {
            return self.withdraw_look();
        }
        let since = self.intents.iter().map(|intent| intent.since).min();
        let acted = self.requests.acted_at().max(since);
        let what = self.evidence.lacks_after(acted, self.is_locked);
        match self.look {
            Some(look) if look.what == Reading::Positions && what == Some(Reading::Orders) => {
                // A poll has shown the positions meanwhile.
                Vec::new()
            }
            Some(look) if look.what == Reading::Positions && what.is_none() => self.withdraw_look(),
            Some(_) => Vec::new(),
            None => {
                // All was seen, and it does not suffice: look again.
                let what = what.unwrap_or(Reading::Orders);
                self.look_when_due(what, now)
            }
        }
    }

    fn withdraw_look(&mut self) -> Vec<Step> {
        // One that has left is waited for: it learns something all the same.
        match self.look.take_if(|look| look.left.is_none()) {
            Some(look) => vec![Step::WithdrawRead { read: look.number }],
            None => Vec::new(),
        }
    }

    fn look_when_due(&mut self, what: Reading, now: Now) -> Vec<Step> {
        if self.next_look.is_some_and(|at| at > now.steady) {
            return Vec::new();
        }
        self.next_look = None;
        self.next_read = self.next_read.saturating_add(1);
        let read = self.next_read;
        self.look = Some(Look {
            number: read,
            what,
            asked: now.steady,
            left: None,
        });
        vec![Step::Read { read, what }]
    }

    /// The next look waits as long as the rounds and failures say.
    fn wait_for_look(&mut self, now: Now) {
        let turns = self.pace.round().saturating_add(self.failed_reads);
        self.next_look = Some(after(now, pace::wait_after(turns.max(1))));
    }

    /// What is missing is under way, or would meet a close that may still be
    /// filling: it is looked at again when that has ended, and in between.
    fn wait_for_fill(&mut self, now: Now) {
        let soon = after(now, LOOK_AT_FILLING);
        let filled = self.requests.filled_at().filter(|at| *at > now.steady);
        self.next_look = Some(filled.map_or(soon, |filled| filled.min(soon)));
    }

    /// Cancels that could wait give way to those that cannot.
    fn supersede(&mut self, writes: &[Planned]) -> Option<Step> {
        let requests = self.requests.withdraw(|one| {
            one.urgency == Urgency::Beside
                && writes.iter().any(|other| other.write.covers(&one.write))
        });
        (!requests.is_empty()).then_some(Step::Withdraw { requests })
    }

    /// A close that still waits in riskd's queue need not leave once nothing is
    /// held any more.
    fn drop_needless_closes(&mut self) -> Option<Step> {
        let asked = self.intents.iter().map(|intent| intent.since).max();
        let is_flat = self
            .evidence
            .is_flat_after(self.requests.acted_at().max(asked));
        if !is_flat {
            return None;
        }
        let requests = self.requests.withdraw(|one| one.write.closes());
        (!requests.is_empty()).then_some(Step::Withdraw { requests })
    }

    /// Sends what is not under way already, as a new round.
    fn send(&mut self, writes: Vec<Planned>, now: Now) -> Vec<Step> {
        let writes = self.requests.without_those_under_way(writes);
        if writes.is_empty() {
            return Vec::new();
        }
        self.begin_round(writes, now)
    }

    /// Begins a round, unless rounds come too fast.
    fn begin_round(&mut self, writes: Vec<Planned>, now: Now) -> Vec<Step> {
        let mut steps = Vec::new();
        if self.pace.admits(now, &mut steps) {
            steps.push(self.ask(writes, now));
        } else {
            // Only a person, or another program, who keeps on trading gets here.
            // Protection goes on, at the slowest pace.
            for planned in writes {
                self.requests.send_again(planned, after(now, LONGEST_WAIT));
            }
        }
        steps
    }

    fn ask(&mut self, writes: Vec<Planned>, now: Now) -> Step {
        let round = self.pace.next_round();
        self.requests.ask(&writes, now);
        // A look before the answer proves nothing; without one it is looked soon.
        self.next_look = self.next_look.max(Some(after(now, LOOK_AT_UNANSWERED)));
        Step::Send { round, writes }
    }

    /// What is sent when nothing can be read: everything the goals may need by what
    /// was seen last, as long as that is safe to repeat without looking, and less what
    /// a poll has shown not to be needed.
    fn blind_writes(&self) -> Vec<Planned> {
        let is_flat = self.evidence.is_flat_after(self.requests.acted_at());
        let (seen, means) = (self.evidence.newest(), self.means());
        let goals = self.intents.iter().map(|intent| &intent.goal);
        // Which orders increase exposure is not known without a look.
        let goals = goals.filter(|goal| **goal != Goal::ReduceOnly);
        let all = merged(goals.flat_map(|goal| plan(goal, seen, means).writes));
        let mut writes = Vec::new();
        for mut planned in all {
            if is_flat && planned.write.closes() {
                continue;
            }
            if is_flat && planned.urgency == Urgency::Beside {
                planned.urgency = Urgency::Cancel;
            }
            writes.push(planned);
        }
        writes
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
