//! What waits to be written.
//!
//! The queue is bounded by kind of row, because rows are not worth the same
//! when the disk is full for an hour: a sample can be missed, a line of the
//! log is missed by a person, and a lock or an intent is missed by the
//! account that it protects. Of a state only the newest counts, so it takes
//! the place of the one that waits.
//!
//! What waits is always taken as a whole and written in one transaction.
//! Otherwise a state could be on disk without the firing that it belongs to.

use std::collections::BTreeMap;

use tokio::sync::oneshot;

use super::batch::{Batch, RuleSetRow, Sample};
use super::retention::Sweep;
use crate::domain::account::{AccountName, RuleName};
use crate::engine::record::RecordRow;

/// How many rows wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Samples and log entries that need not survive a loss of power.
    pub passing: usize,
    /// Requests, answers and the other log entries.
    pub log: usize,
    /// What a restart needs: firings, intents, locks, rule sets.
    pub control: usize,
    /// States of accounts and rules, the newest of each.
    pub states: usize,
}

impl Waiting {
    /// Most samples and passing lines that wait.
    pub const MOST_PASSING: usize = 4_096;
    /// Most requests, answers and vital lines that wait.
    pub const MOST_STORY: usize = 10_000;
    /// Most firings, intents, locks and rule sets that wait.
    pub const MOST_CONTROL: usize = 10_000;

    /// All rows.
    pub fn rows(&self) -> usize {
        self.passing
            .saturating_add(self.log)
            .saturating_add(self.control)
            .saturating_add(self.states)
    }

    /// This and the other together.
    #[must_use]
    pub(super) fn plus(&self, other: Waiting) -> Waiting {
        Waiting {
            passing: self.passing.saturating_add(other.passing),
            log: self.log.saturating_add(other.log),
            control: self.control.saturating_add(other.control),
            states: self.states.saturating_add(other.states),
        }
    }
}

/// How many rows found no room since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// Of the passing kind.
    pub passing: u64,
    /// Of the log.
    pub log: u64,
    /// Of what a restart needs.
    pub control: u64,
}

impl Lost {
    /// All that should have survived a loss of power.
    pub fn vital(&self) -> u64 {
        self.log.saturating_add(self.control)
    }
}

/// Told when what was submitted before is durable: how many rows SQLite
/// refused in that transaction.
pub(super) type Flush = oneshot::Sender<usize>;

/// What waits.
#[derive(Debug, Default)]
pub(super) struct Queue {
    rule_sets: Vec<RuleSetRow>,
    samples: Vec<Sample>,
    records: Vec<RecordRow>,
    states: BTreeMap<(AccountName, Option<RuleName>), String>,
    flushes: Vec<Flush>,
    waiting: Waiting,
    /// How many batches were pushed.
    tickets: u64,
    pub(super) lost: Lost,
    pub(super) sweep: Option<Sweep>,
    /// Nothing is written any more.
    pub(super) has_ended: bool,
}

/// What is written in one transaction.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) batch: Batch,
    pub(super) waiting: Waiting,
    pub(super) flushes: Vec<Flush>,
    /// The ticket of the last batch in it.
    pub(super) ticket: u64,
}

/// What a batch got when it was pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pushed {
    /// Its number among the batches, which rises.
    pub(super) ticket: u64,
    /// How many of its vital rows found no room, as long as there is a writer.
    pub(super) lost: u64,
}

impl Queue {
    /// Takes a batch in.
    pub(super) fn push(&mut self, batch: Batch) -> Pushed {
        let before = self.lost.vital();
        for rule_set in batch.rule_sets {
            if self.has_control_room() {
                self.rule_sets.push(rule_set);
            }
        }
        for sample in batch.samples {
            if self.has_passing_room() {
                self.samples.push(sample);
            }
        }
        for record in batch.records {
            self.push_record(record);
        }
        self.tickets = self.tickets.saturating_add(1);
        Pushed {
            ticket: self.tickets,
            lost: if self.has_ended {
                0
            } else {
                self.lost.vital().saturating_sub(before)
            },
        }
    }

    /// Asks to be told when all that was pushed before is durable.
    pub(super) fn push_flush(&mut self, flush: Flush) {
        self.flushes.push(flush);
    }

    fn push_record(&mut self, record: RecordRow) {
        let has_room = match record {
            RecordRow::AccountState { account, state } => {
                self.push_state((account, None), state);
                return;
            }
            RecordRow::RuleState {
                account,
                rule,
                state,
            } => {
                self.push_state((account, Some(rule)), state);
                return;
            }
            RecordRow::Firing(_)
            | RecordRow::Intent(_)
            | RecordRow::IntentEnded { .. }
            | RecordRow::Lock(_)
            | RecordRow::LockEnded { .. } => self.has_control_room(),
            RecordRow::LogEntry(ref entry) if !entry.kind.is_vital() => self.has_passing_room(),
            RecordRow::Request(_)
            | RecordRow::Sent { .. }
            | RecordRow::Answer(_)
            | RecordRow::LogEntry(_) => self.has_entry_room(),
        };
        if has_room {
            self.records.push(record);
        }
    }

    fn push_state(&mut self, key: (AccountName, Option<RuleName>), state: String) {
        if self.has_ended {
            return;
        }
        self.states.insert(key, state);
        self.waiting.states = self.states.len();
    }

    fn has_passing_room(&mut self) -> bool {
        let limit = Waiting::MOST_PASSING;
        take_room(
            self.has_ended,
            limit,
            &mut self.waiting.passing,
            &mut self.lost.passing,
        )
    }

    fn has_entry_room(&mut self) -> bool {
        let limit = Waiting::MOST_STORY;
        take_room(
            self.has_ended,
            limit,
            &mut self.waiting.log,
            &mut self.lost.log,
        )
    }

    fn has_control_room(&mut self) -> bool {
        let limit = Waiting::MOST_CONTROL;
        take_room(
            self.has_ended,
            limit,
            &mut self.waiting.control,
            &mut self.lost.control,
        )
    }

    /// How many rows wait.
    pub(super) fn waiting(&self) -> Waiting {
        self.waiting
    }

    /// Takes out all that waits; `None` when nothing does.
    pub(super) fn take(&mut self) -> Option<Group> {
        if self.waiting.rows() == 0 && self.flushes.is_empty() {
            return None;
        }
        let flushes = std::mem::take(&mut self.flushes);
        let mut records = std::mem::take(&mut self.records);
        records.extend(
            std::mem::take(&mut self.states)
                .into_iter()
                .map(state_record),
        );
        let batch = Batch {
            rule_sets: std::mem::take(&mut self.rule_sets),
            samples: std::mem::take(&mut self.samples),
            records,
        };
        Some(Group {
            batch,
            waiting: std::mem::take(&mut self.waiting),
            flushes,
            ticket: self.tickets,
        })
    }

    /// Takes no more, and counts what is left as lost.
    pub(super) fn end(&mut self) {
        self.has_ended = true;
        if let Some(left) = self.take() {
            self.lost_with(left.waiting);
        }
    }

    /// Counts rows as lost.
    pub(super) fn lost_with(&mut self, rows: Waiting) {
        let add = |count: &mut u64, rows: usize| {
            *count = count.saturating_add(u64::try_from(rows).unwrap_or(u64::MAX));
        };
        add(&mut self.lost.passing, rows.passing);
        add(&mut self.lost.log, rows.log);
        add(&mut self.lost.control, rows.control);
    }
}

fn take_room(has_ended: bool, limit: usize, waiting: &mut usize, lost: &mut u64) -> bool {
    let has_room = !has_ended && *waiting < limit;
    if has_room {
        *waiting = waiting.saturating_add(1);
    } else {
        *lost = lost.saturating_add(1);
    }
    has_room
}

fn state_record(((account, rule), state): ((AccountName, Option<RuleName>), String)) -> RecordRow {
    match rule {
        Some(rule) => RecordRow::RuleState {
            account,
            rule,
            state,
        },
        None => RecordRow::AccountState { account, state },
    }
}
