//! What happened in a replay: the lines of `riskd replay --json`.

use serde::Serialize;

use crate::domain::account::{AccountName, RuleName};
use crate::domain::observation::Timestamp;
use crate::engine::effect::Effect;
use crate::engine::record::{EntryKind, Fields, FiringRow, LogEntry, RecordRow};

/// One thing that happened to a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReplayEvent {
    /// When.
    pub time: Timestamp,
    /// The account.
    pub account: AccountName,
    /// The rule.
    pub rule: RuleName,
    /// What happened to it.
    pub event: ReplayEventKind,
    /// What a firing does, by the stable names, in the order of the rule; empty
    /// for everything that is no firing.
    pub actions: Vec<&'static str>,
    /// The numbers behind it, as decimal strings.
    pub evidence: Fields,
}

/// What can happen to a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplayEventKind {
    /// It came near its limit.
    Warned,
    /// It fired.
    Fired,
    /// Its condition became false, for the first time after it had fired.
    Cleared,
    /// It may fire again.
    Rearmed,
}

impl ReplayEventKind {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            ReplayEventKind::Warned => "warned",
            ReplayEventKind::Fired => "fired",
            ReplayEventKind::Cleared => "cleared",
            ReplayEventKind::Rearmed => "rearmed",
        }
    }
}

/// Something that explains what did not happen: figures that were not trusted,
/// a rule that could not be evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// When.
    pub time: Timestamp,
    /// What, as a sentence.
    pub text: String,
}

/// Everything that a replay tells, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplayLog {
    /// What happened to rules.
    pub events: Vec<ReplayEvent>,
    /// What explains the rest.
    pub notes: Vec<Note>,
}

impl ReplayLog {
    /// Adds what the effects of one step tell.
    pub fn add(&mut self, effects: Vec<Effect>) {
        if effects.is_empty() {
            return;
        }
        for effect in effects {
            match effect {
                Effect::Record(RecordRow::Firing(row)) => self.events.push(fired(row)),
                Effect::Record(RecordRow::LogEntry(entry)) => self.add_entry(entry),
                _ => {}
            }
        }
    }

    fn add_entry(&mut self, entry: LogEntry) {
        let event = match entry.kind {
            EntryKind::Warned => ReplayEventKind::Warned,
            EntryKind::Cleared => ReplayEventKind::Cleared,
            EntryKind::Rearmed => ReplayEventKind::Rearmed,
            EntryKind::DataSuspect | EntryKind::RuleUnknown => {
                self.notes.push(Note {
                    time: entry.at,
                    text: entry.message,
                });
                return;
            }
            _ => return,
        };
        if let (Some(account), Some(rule)) = (entry.account, entry.rule) {
            self.events.push(ReplayEvent {
                time: entry.at,
                account,
                rule,
                event,
                actions: Vec::new(),
                evidence: entry.fields,
            });
        }
    }
}

fn fired(row: FiringRow) -> ReplayEvent {
    ReplayEvent {
        time: row.at,
        account: row.account,
        rule: row.rule,
        event: ReplayEventKind::Fired,
        actions: row.actions,
        evidence: row.evidence,
    }
}
