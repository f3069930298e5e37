//! How fast rounds follow each other, and when a person is told.

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::TimeDelta;

use super::Step;
use crate::domain::now::Now;
use crate::domain::observation::Timestamp;
use crate::domain::request::{Answer, Outcome};

/// Wait between a round and the look that judges it, for the first round; it
/// doubles with each round.
pub const FIRST_WAIT: TimeDelta = TimeDelta::milliseconds(250);
/// The longest wait between two rounds.
pub const LONGEST_WAIT: TimeDelta = TimeDelta::seconds(5);
/// Rounds without success before a person is told, and failed reads likewise.
pub const STUCK_AFTER: u32 = 5;
/// Most rounds in a minute before riskd slows itself down.
pub const RUNAWAY_ROUNDS: usize = 30;
/// The span in which rounds are counted.
const RUNAWAY_SPAN: TimeDelta = TimeDelta::seconds(60);

/// The pace of one account's enforcement.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace {
    round: u32,
    attempts: u32,
    next_alarm: u32,
    recent: VecDeque<Timestamp>,
    is_slowed: bool,
    /// Writes in a row that did not leave.
    unsent: u32,
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
    /// Said, and no look has shown yet whether that matters.
    Said,
    /// A person was told.
    Told,
}

impl Pace {
    pub(super) fn round(&self) -> u32 {
        self.round
    }

    pub(super) fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Enforcement begins anew.
    pub(super) fn begin(&mut self) {
        self.round = 0;
        self.attempts = 0;
        self.next_alarm = STUCK_AFTER;
        self.unsent = 0;
        self.trouble = None;
        self.refusal = Refusal::None;
    }

    /// Notes what the venue said to a write.
    pub(super) fn note(&mut self, answer: &Answer) {
        match answer.outcome {
            Outcome::Acknowledged | Outcome::NothingToDo => return,
            Outcome::Refused if self.refusal == Refusal::None => self.refusal = Refusal::Said,
            Outcome::Refused | Outcome::NotSent | Outcome::Unknown => {}
        }
        if !answer.words.is_empty() {
            self.trouble = Some(Arc::clone(&answer.words));
        }
    }

    /// How long a write that did not leave waits before it is sent again: not at
    /// all where something else paces it.
    pub(super) fn wait_unsent(&mut self, is_paced: bool) -> TimeDelta {
        if is_paced {
            return TimeDelta::zero();
        }
        self.unsent = self.unsent.saturating_add(1);
        wait_after(self.unsent)
    }

    /// A write has left, whatever came of it.
    pub(super) fn got_through(&mut self) {
        self.unsent = 0;
    }

    /// Whether one more round may begin now, and counts it. One that may not is
    /// sent later all the same, and counts too.
    pub(super) fn admits(&mut self, now: Now, steps: &mut Vec<Step>) -> bool {
        while self
            .recent
            .front()
            .is_some_and(|oldest| now.since(*oldest) > RUNAWAY_SPAN)
        {
            self.recent.pop_front();
        }
        let is_admitted = self.recent.len() < RUNAWAY_ROUNDS;
        if !is_admitted {
            if !self.is_slowed {
                self.is_slowed = true;
                steps.push(Step::Slowed);
            }
            self.recent.pop_front();
        } else if self.recent.len() < RUNAWAY_ROUNDS / 2 {
            self.is_slowed = false;
        }
        self.recent.push_back(now.steady);
        is_admitted
    }

    /// The number of the round that begins, from 1.
    pub(super) fn next_round(&mut self) -> u32 {
        self.round = self.round.saturating_add(1);
        self.round
    }

    /// Counts an attempt that did not suffice; a person is told after so many,
    /// and at once when the venue refuses.
    pub(super) fn count_attempt(&mut self, steps: &mut Vec<Step>) {
        self.attempts = self.attempts.saturating_add(1);
        let is_due = self.attempts >= self.next_alarm;
        if is_due {
            // Said again after twice as many attempts, not each time.
            self.next_alarm = self.next_alarm.saturating_mul(2);
        }
        let is_refused = self.refusal == Refusal::Said;
        if is_due || is_refused {
            if is_refused {
                self.refusal = Refusal::Told;
            }
            steps.push(Step::Stuck {
                attempts: self.attempts,
            });
        }
    }
}

/// The wait after the given number of turns: 250 ms, duplicate each time, at most
/// 5 s.
pub(super) fn wait_after(turns: u32) -> TimeDelta {
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
