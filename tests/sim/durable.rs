//! The record: what a restart has to go by.

use std::collections::{BTreeMap, BTreeSet};

use riskd::domain::account::{AccountName, RuleName};
use riskd::domain::ids::{FiringId, IntentId, RequestId};
use riskd::domain::lock::LockKind;
use riskd::domain::now::Now;
use riskd::domain::observation::Timestamp;
use riskd::domain::request::Outcome;
use riskd::engine::NextIds;
use riskd::engine::enforcement::FILLING;
use riskd::engine::record::{FiringRow, IntentRow, LockRow, RecordRow};
use riskd::engine::restore::{Kept, KeptRows, RecentRequest};

/// Requests that are remembered.
const KEPT_REQUESTS: usize = 200;

/// Everything that was handed over as a record, whole at the end of each step.
#[derive(Clone, Debug, Default)]
pub struct Durable {
    pub accounts: BTreeMap<AccountName, String>,
    pub rules: BTreeMap<(AccountName, RuleName), String>,
    pub locks: BTreeMap<(AccountName, LockKind), LockRow>,
    pub intents: BTreeMap<IntentId, IntentRow>,
    pub firings: BTreeMap<FiringId, FiringRow>,
    /// The requests, as a start finds them.
    pub requests: BTreeMap<RequestId, RecentRequest>,
    /// Requests that are on record as having left before their row.
    pub unrecorded: BTreeSet<RequestId>,
    last_intent: i64,
}

impl Durable {
    pub fn write(&mut self, record: &RecordRow) {
        match record {
            RecordRow::AccountState { account, state } => {
                self.accounts.insert(account.clone(), state.clone());
            }
            RecordRow::RuleState {
                account,
                rule,
                state,
            } => {
                self.rules
                    .insert((account.clone(), rule.clone()), state.clone());
            }
            RecordRow::Firing(row) => {
                self.firings.insert(row.id, row.clone());
            }
            RecordRow::Intent(row) => {
                self.last_intent = self.last_intent.max(row.id.0);
                self.intents.insert(row.id, row.clone());
            }
            RecordRow::IntentEnded { id, .. } => {
                self.intents.remove(id);
            }
            RecordRow::Request(row) => {
                let request = RecentRequest {
                    account: row.account.clone(),
                    write: row.write.name().to_owned(),
                    target: row.write.target(),
                    queued_at: row.at,
                    sent_at: None,
                    answer: None,
                };
                self.requests.insert(row.id, request);
                // Only those of the last seconds count for anything.
                if self.requests.len() > KEPT_REQUESTS {
                    self.requests.pop_first();
                }
            }
            RecordRow::Sent {
                request,
                at,
                unrecorded,
            } => {
                if unrecorded.is_some() {
                    self.unrecorded.insert(*request);
                }
                if let Some(request) = self.requests.get_mut(request) {
                    request.sent_at = Some(*at);
                }
            }
            RecordRow::Answer(row) => {
                if let Some(request) = self.requests.get_mut(&row.request) {
                    request.answer = Some((row.at, row.outcome));
                }
            }
            RecordRow::Lock(row) => {
                self.locks
                    .insert((row.account.clone(), row.kind), row.clone());
            }
            RecordRow::LockEnded { account, kind, .. } => {
                self.locks.remove(&(account.clone(), *kind));
            }
            RecordRow::LogEntry(_) => {}
        }
    }

    /// What a start reads back.
    pub fn kept(&self, now: Timestamp) -> Kept {
        let last_firing = self.firings.keys().next_back().map_or(0, |id| id.0);
        let rows = KeptRows {
            accounts: self.accounts.clone().into_iter().collect(),
            rules: self
                .rules
                .iter()
                .map(|((account, rule), state)| (account.clone(), rule.clone(), state.clone()))
                .collect(),
            locks: self.locks.values().cloned().collect(),
            intents: self.intents.values().cloned().collect(),
            observed: Vec::new(),
            recent: self
                .requests
                .values()
                .filter(|request| left_lately(request, now))
                .filter(|request| {
                    let is_unsent = matches!(request.answer, Some((_, Outcome::NotSent)));
                    request.sent_at.is_some() || !is_unsent
                })
                .cloned()
                .collect(),
        };
        Kept {
            rows,
            next: NextIds {
                firing: FiringId(last_firing + 1),
                intent: IntentId(self.last_intent + 1),
                request: RequestId(self.requests.keys().next_back().map_or(0, |id| id.0) + 1),
            },
            ..Kept::default()
        }
    }

    /// Whether a request is on record, and left shortly before this time: one whose
    /// answer has not come for so long is not waited for over a start.
    pub fn is_recent(&self, request: RequestId, now: Timestamp) -> bool {
        let request = self.requests.get(&request);
        request.is_some_and(|request| left_lately(request, now))
    }

    /// Until when closes of the process before this one may still be filling, by
    /// account and by the steady clock: the answer to one that has none on record
    /// does not come any more.
    pub fn filling(&self, now: Now) -> BTreeMap<String, Timestamp> {
        let closes = ["flatten", "close_position"];
        let mut filling = BTreeMap::new();
        let recent = |request: &&RecentRequest| left_lately(request, now.wall);
        for request in self.requests.values().filter(recent) {
            let answered = match request.answer {
                Some((_, Outcome::NotSent | Outcome::Refused)) => continue,
                Some((at, _)) => at.min(now.wall),
                None => now.wall,
            };
            let until = now.steady - (now.wall - answered) + FILLING;
            if closes.contains(&request.write.as_str()) && until > now.steady {
                // The last of several ends it.
                let known = filling.entry(request.account.to_string()).or_insert(until);
                *known = until.max(*known);
            }
        }
        filling
    }

    /// The open intents of an account.
    pub fn open(&self, account: &str) -> impl Iterator<Item = &IntentRow> {
        self.intents
            .values()
            .filter(move |row| row.account.as_str() == account)
    }
}

/// Whether a start still counts this request.
fn left_lately(request: &RecentRequest, now: Timestamp) -> bool {
    let left_at = request.sent_at.unwrap_or(request.queued_at);
    left_at >= now - chrono::TimeDelta::seconds(10)
}
