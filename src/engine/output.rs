//! Where a step of the engine puts what it wants done.

use super::EngineConfig;
use super::account::RuleRun;
use super::effect::{Effect, Notice};
use super::record::{EntryKind, Fields, LogEntry, RecordRow};
use crate::domain::account::{AccountName, RuleName};
use crate::domain::ids::{FiringId, IntentId, RequestId};
use crate::domain::now::Now;
use crate::rules::book::Account;

/// The numbers that are given out next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextIds {
    /// For firings.
    pub firing: FiringId,
    /// For intents.
    pub intent: IntentId,
    /// For requests.
    pub request: RequestId,
}

impl Default for NextIds {
    fn default() -> NextIds {
        NextIds {
            firing: FiringId(1),
            intent: IntentId(1),
            request: RequestId(1),
        }
    }
}

/// Where a step puts what it wants done.
#[derive(Debug)]
pub(super) struct Output<'a> {
    pub(super) now: Now,
    pub(super) config: &'a EngineConfig,
    pub(super) rules_hash: &'a str,
    pub(super) ids: &'a mut NextIds,
    pub(super) effects: Vec<Effect>,
}

impl Output<'_> {
    pub(super) fn firing_id(&mut self) -> FiringId {
        let id = self.ids.firing;
        self.ids.firing = FiringId(id.0.saturating_add(1));
        id
    }

    pub(super) fn intent_id(&mut self) -> IntentId {
        let id = self.ids.intent;
        self.ids.intent = IntentId(id.0.saturating_add(1));
        id
    }

    pub(super) fn request_id(&mut self) -> RequestId {
        let id = self.ids.request;
        self.ids.request = RequestId(id.0.saturating_add(1));
        id
    }

    pub(super) fn record(&mut self, record: RecordRow) {
        self.effects.push(Effect::Record(record));
    }

    pub(super) fn notify(&mut self, notice: Notice) {
        self.effects.push(Effect::Notify(notice));
    }

    /// A log entry about an account, or about none.
    pub(super) fn entry(
        &mut self,
        kind: EntryKind,
        account: Option<&AccountName>,
        message: String,
        fields: Fields,
    ) {
        let at = self.now.wall;
        self.record(RecordRow::LogEntry(LogEntry {
            at,
            kind,
            account: account.cloned(),
            rule: None,
            firing: None,
            message,
            fields,
        }));
    }

    /// A log entry about a rule, and about its firing while it has one.
    pub(super) fn rule_entry(
        &mut self,
        kind: EntryKind,
        account: &Account,
        run: &RuleRun,
        message: String,
        fields: Fields,
    ) {
        let about = (&run.rule.name, run.state.fired.map(|fired| fired.id));
        self.firing_entry(kind, account, about, message, fields);
    }

    /// A log entry about a rule and a firing of it.
    pub(super) fn firing_entry(
        &mut self,
        kind: EntryKind,
        account: &Account,
        (rule, firing): (&RuleName, Option<FiringId>),
        message: String,
        fields: Fields,
    ) {
        let at = self.now.wall;
        self.record(RecordRow::LogEntry(LogEntry {
            at,
            kind,
            account: Some(account.name.clone()),
            rule: Some(rule.clone()),
            firing,
            message,
            fields,
        }));
    }
}
