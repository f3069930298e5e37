//! Enforcement of one account: rounds of request, wait, read and compare until
//! everything that was asked for is reached.
//!
//! There is one enforcement an account at a time, whatever asked for it. It
//! takes no input but what it reads, so that taking up the work of before a
//! crash is the same as going on.

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::TimeDelta;

use super::reconcile::{Seen, missing_writes, opening_writes};
use super::record::{Cause, Goal};
use crate::domain::holdings::{Position, WorkingOrders};
use crate::domain::ids::{IntentId, RequestId};
use crate::domain::now::Now;
use crate::domain::observation::Timestamp;
use crate::domain::request::{Answer, Outcome, Write};

/// Wait between a round and the read that judges it, for the first round; it
/// doubles with each round.
pub const FIRST_WAIT: TimeDelta = TimeDelta::milliseconds(250);
/// The longest wait between two rounds.
pub const LONGEST_WAIT: TimeDelta = TimeDelta::seconds(5);
/// Rounds without success before a person is told, and failed reads likewise.
pub const STUCK_AFTER: u32 = 5;
/// Failed reads in a row before the writes are repeated without a read: cancel
/// and flatten are safe to repeat, and the venue may still carry them out.
const BLIND_REPEAT_AFTER: u32 = 3;
/// Most rounds in a minute before riskd slows itself down.
pub const RUNAWAY_ROUNDS: usize = 30;
/// The span in which rounds are counted.
const RUNAWAY_SPAN: TimeDelta = TimeDelta::seconds(60);
/// How long an answer to a write or a read may take before the engine goes on
/// without it. The adapters give up sooner; this holds should one not.
const LOST_AFTER: TimeDelta = TimeDelta::seconds(15);

/// One thing that is to be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// Its number.
    pub id: IntentId,
    /// What is to be reached.
    pub goal: Goal,
    /// Who or what asked.
    pub cause: Cause,
}

/// What is going on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// Nothing is asked for.
    #[default]
    Idle,
    /// Writes are on their way.
    Sending {
        awaited: Vec<RequestId>,
        since: Timestamp,
    },
    /// The next read waits for its time.
    Waiting { until: Timestamp },
    /// A read is on its way.
    Reading { read: u64, since: Timestamp },
}

/// What enforcement wants done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send these, as this round.
    Send {
        /// The round, from 1.
        round: u32,
        /// The writes.
        writes: Vec<Write>,
    },
    /// Read the holdings.
    Read {
        /// The number of the read.
        read: u64,
    },
    /// Every goal is reached: these intents are done.
    Reached {
        /// What had been asked for.
        intents: Vec<Intent>,
        /// How many rounds it took.
        rounds: u32,
    },
    /// The last read shows that something is still there.
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

/// The enforcement of one account.
#[derive(Clone, Debug, Default)]
pub struct Enforcement {
    intents: Vec<Intent>,
    phase: Phase,
    round: u32,
    failed_reads: u32,
    attempts: u32,
    next_alarm: u32,
    next_read: u64,
    recent: VecDeque<Timestamp>,
    slowed: bool,
    /// What the venue, or the way to it, said last when a write was not taken.
    trouble: Option<Arc<str>>,
    refusal: Refusal,
}

/// Whether the venue says no: a person hears of that at once, not only after
/// many rounds, because a closed market stays closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Refusal {
    #[default]
    None,
    /// Said, and no read has shown yet whether that matters.
    Said,
    /// A person was told.
    Told,
}

impl Enforcement {
    /// Whether nothing is asked for.
    pub fn is_idle(&self) -> bool {
        self.intents.is_empty()
    }

    /// Whether time alone changes nothing.
    pub fn is_at_rest(&self) -> bool {
        self.phase == Phase::Idle
    }

    /// What is asked for.
    pub fn intents(&self) -> &[Intent] {
        &self.intents
    }

    /// The round that is going on; 0 before the first.
    pub fn round(&self) -> u32 {
        self.round
    }

    /// Verification reads in a row that learned nothing.
    pub fn failed_reads(&self) -> u32 {
        self.failed_reads
    }

    /// What was said last when a write was not taken: the venue's own words, or
    /// what went wrong on the way.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Takes up an intent and sends what it needs at once, unless that is under
    /// way already: rules that fire together act once.
    pub fn begin(
        &mut self,
        intent: Intent,
        positions: &[Position],
        orders: &WorkingOrders,
        now: Now,
    ) -> Vec<Step> {
        if self
            .intents
            .iter()
            .any(|other| other.goal.covers(&intent.goal))
        {
            return self.resume(intent, now);
        }
        let writes = opening_writes(&intent.goal, orders, positions);
        self.admit(intent);
        if writes.is_empty() {
            return self.read_for_the_newest(now);
        }
        self.send(writes, now)
    }

    /// Takes up an intent and reads before it sends anything: for what may have
    /// been done already.
    pub fn resume(&mut self, intent: Intent, now: Now) -> Vec<Step> {
        self.admit(intent);
        self.read_for_the_newest(now)
    }

    /// Sees to it that the intent that was just taken up is judged by a read
    /// that is asked for from now on: one that is on its way may show how
    /// things were before.
    fn read_for_the_newest(&mut self, now: Now) -> Vec<Step> {
        match self.phase {
            // The read to come is made after the last request, and judges it.
            Phase::Sending { .. } => Vec::new(),
            Phase::Reading { since, .. } if since == now.steady => Vec::new(),
            Phase::Idle | Phase::Waiting { .. } | Phase::Reading { .. } => self.read_now(now),
        }
    }

    /// Takes up an intent that needs nothing sent for itself: what is under way
    /// for others serves it too.
    fn admit(&mut self, intent: Intent) {
        if self.intents.is_empty() {
            self.round = 0;
            self.failed_reads = 0;
            self.attempts = 0;
            self.next_alarm = STUCK_AFTER;
            self.trouble = None;
            self.refusal = Refusal::None;
        }
        self.intents.push(intent);
    }

    /// Drops the intents that `is_moot` picks and gives them back.
    pub fn drop_intents(&mut self, is_moot: impl Fn(&Intent) -> bool) -> Vec<Intent> {
        let (moot, kept) = self.intents.drain(..).partition(|intent| is_moot(intent));
        self.intents = kept;
        if self.intents.is_empty() {
            self.phase = Phase::Idle;
        }
        moot
    }

    /// Names the requests that a [`Step::Send`] became.
    pub fn sent(&mut self, requests: &[RequestId], now: Now) {
        match &mut self.phase {
            Phase::Sending { awaited, since } => {
                awaited.extend_from_slice(requests);
                *since = now.steady;
            }
            Phase::Idle | Phase::Waiting { .. } | Phase::Reading { .. } => {
                self.phase = Phase::Sending {
                    awaited: requests.to_vec(),
                    since: now.steady,
                };
            }
        }
    }

    /// A write was answered. Whatever the answer, the next read decides.
    pub fn answered(&mut self, request: RequestId, answer: &Answer, now: Now) {
        self.note(answer);
        if let Phase::Sending { awaited, .. } = &mut self.phase {
            awaited.retain(|awaited| *awaited != request);
            if awaited.is_empty() {
                self.wait(now);
            }
        }
    }

    fn note(&mut self, answer: &Answer) {
        match answer.outcome {
            Outcome::Acknowledged | Outcome::NothingToDo => return,
            Outcome::Refused if self.refusal == Refusal::None => self.refusal = Refusal::Said,
            Outcome::Refused | Outcome::NotSent | Outcome::Unknown => {}
        }
        if !answer.words.is_empty() {
            self.trouble = Some(Arc::clone(&answer.words));
        }
    }

    /// Whether this is the read that is waited for.
    pub fn awaits_read(&self, number: u64) -> bool {
        matches!(self.phase, Phase::Reading { read, .. } if read == number)
    }

    /// The read that is waited for learned this.
    pub fn learned(&mut self, seen: Seen<'_>, now: Now) -> Vec<Step> {
        let mut missing: Vec<Write> = Vec::new();
        for intent in &self.intents {
            match missing_writes(&intent.goal, seen) {
                None => return self.read_failed(now),
                Some(writes) => {
                    for write in writes {
                        if !missing.contains(&write) {
                            missing.push(write);
                        }
                    }
                }
            }
        }
        self.failed_reads = 0;
        if missing.is_empty() {
            return self.reached();
        }
        let mut steps = vec![Step::NotYet { round: self.round }];
        self.count_attempt(&mut steps);
        steps.extend(self.send(missing, now));
        steps
    }

    /// The read that is waited for learned nothing.
    pub fn read_failed(&mut self, now: Now) -> Vec<Step> {
        self.failed_reads = self.failed_reads.saturating_add(1);
        let mut steps = Vec::new();
        self.count_attempt(&mut steps);
        if self.failed_reads.is_multiple_of(BLIND_REPEAT_AFTER) {
            let writes = self.blind_writes();
            if !writes.is_empty() {
                steps.extend(self.send(writes, now));
                return steps;
            }
        }
        self.wait(now);
        steps
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Now) -> Vec<Step> {
        match self.phase {
            Phase::Idle => Vec::new(),
            Phase::Waiting { until } if until <= now.steady => self.read_now(now),
            Phase::Reading { since, .. } if now.since(since) >= LOST_AFTER => self.read_failed(now),
            Phase::Sending { since, .. } if now.since(since) >= LOST_AFTER => self.read_now(now),
            Phase::Waiting { .. } | Phase::Reading { .. } | Phase::Sending { .. } => Vec::new(),
        }
    }

    /// When time alone moves enforcement on, by the steady clock.
    pub fn deadline(&self) -> Option<Timestamp> {
        match &self.phase {
            Phase::Idle => None,
            Phase::Waiting { until } => Some(*until),
            Phase::Reading { since, .. } | Phase::Sending { since, .. } => {
                since.checked_add_signed(LOST_AFTER)
            }
        }
    }

    fn reached(&mut self) -> Vec<Step> {
        self.phase = Phase::Idle;
        let rounds = self.round;
        vec![Step::Reached {
            intents: std::mem::take(&mut self.intents),
            rounds,
        }]
    }

    /// Begins a round, unless rounds come too fast.
    fn send(&mut self, writes: Vec<Write>, now: Now) -> Vec<Step> {
        let mut steps = Vec::new();
        while self
            .recent
            .front()
            .is_some_and(|oldest| now.since(*oldest) > RUNAWAY_SPAN)
        {
            self.recent.pop_front();
        }
        if self.recent.len() >= RUNAWAY_ROUNDS {
            // Only a person, or another program, who keeps on trading gets
            // here. Protection goes on, at the slowest pace.
            self.phase = Phase::Waiting {
                until: after(now, LONGEST_WAIT),
            };
            if !self.slowed {
                self.slowed = true;
                steps.push(Step::Slowed);
            }
            // The oldest round makes room, so that each slow turn still acts.
            self.recent.pop_front();
            return steps;
        }
        if self.recent.len() < RUNAWAY_ROUNDS / 2 {
            self.slowed = false;
        }
        self.recent.push_back(now.steady);
        self.round = self.round.saturating_add(1);
        steps.push(Step::Send {
            round: self.round,
            writes,
        });
        steps
    }

    fn read_now(&mut self, now: Now) -> Vec<Step> {
        self.next_read = self.next_read.saturating_add(1);
        self.phase = Phase::Reading {
            read: self.next_read,
            since: now.steady,
        };
        vec![Step::Read {
            read: self.next_read,
        }]
    }

    fn wait(&mut self, now: Now) {
        let turns = self.round.saturating_add(self.failed_reads).max(1);
        self.phase = Phase::Waiting {
            until: after(now, wait_after(turns)),
        };
    }

    /// What is sent when nothing can be read: everything the goals may need,
    /// as long as that is safe to repeat without looking.
    fn blind_writes(&self) -> Vec<Write> {
        let mut writes: Vec<Write> = Vec::new();
        for intent in &self.intents {
            for write in opening_writes(&intent.goal, &WorkingOrders::Unknown, &[]) {
                if !writes.contains(&write) {
                    writes.push(write);
                }
            }
        }
        writes
    }

    fn count_attempt(&mut self, steps: &mut Vec<Step>) {
        self.attempts = self.attempts.saturating_add(1);
        let is_due = self.attempts >= self.next_alarm;
        if is_due {
            // Said again after twice as many attempts, not each time.
            self.next_alarm = self.next_alarm.saturating_mul(2);
        }
        let is_refused = self.refusal == Refusal::Said;
        if is_due || is_refused {
            self.refusal = match self.refusal {
                Refusal::None => Refusal::None,
                Refusal::Said | Refusal::Told => Refusal::Told,
            };
            steps.push(Step::Stuck {
                attempts: self.attempts,
            });
        }
    }
}

fn after(now: Now, span: TimeDelta) -> Timestamp {
    now.steady.checked_add_signed(span).unwrap_or(now.steady)
}

/// The wait after the given number of turns: 250 ms, doubled each time, at most
/// 5 s.
fn wait_after(turns: u32) -> TimeDelta {
    let doublings = turns.saturating_sub(1).min(8);
    FIRST_WAIT
        .checked_mul(1_i32.checked_shl(doublings).unwrap_or(i32::MAX))
        .map_or(LONGEST_WAIT, |wait| wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_five_seconds() {
        let waits: Vec<i64> = (1..=7)
            .map(|turns| wait_after(turns).num_milliseconds())
            .collect();
        assert_eq!(waits, [250, 500, 1000, 2000, 4000, 5000, 5000]);
    }
}
