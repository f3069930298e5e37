//! The record: what a restart has to go by.

use std::collections::BTreeMap;

use riskd::domain::account::{AccountName, RuleName};
use riskd::domain::ids::{FiringId, IntentId, RequestId};
use riskd::domain::lock::LockKind;
use riskd::engine::NextIds;
use riskd::engine::record::{FiringRow, IntentRow, LockRow, Record};
use riskd::engine::restore::Kept;

/// Everything that was handed over as a record, whole at the end of each step.
#[derive(Clone, Debug, Default)]
pub struct Durable {
    pub accounts: BTreeMap<AccountName, String>,
    pub rules: BTreeMap<(AccountName, RuleName), String>,
    pub locks: BTreeMap<(AccountName, LockKind), LockRow>,
    pub intents: BTreeMap<IntentId, IntentRow>,
    pub firings: BTreeMap<FiringId, FiringRow>,
    last_intent: i64,
    last_request: i64,
}

impl Durable {
    pub fn write(&mut self, record: &Record) {
        match record {
            Record::AccountState { account, state } => {
                self.accounts.insert(account.clone(), state.clone());
            }
            Record::RuleState {
                account,
                rule,
                state,
            } => {
                self.rules
                    .insert((account.clone(), rule.clone()), state.clone());
            }
            Record::Firing(row) => {
                self.firings.insert(row.id, row.clone());
            }
            Record::Intent(row) => {
                self.last_intent = self.last_intent.max(row.id.0);
                self.intents.insert(row.id, row.clone());
            }
            Record::IntentEnded { id, .. } => {
                self.intents.remove(id);
            }
            Record::Request(row) => self.last_request = self.last_request.max(row.id.0),
            Record::Lock(row) => {
                self.locks
                    .insert((row.account.clone(), row.kind), row.clone());
            }
            Record::LockEnded { account, kind, .. } => {
                self.locks.remove(&(account.clone(), *kind));
            }
            Record::Sent { .. } | Record::Answer(_) | Record::Entry(_) => {}
        }
    }

    /// What a start reads back.
    pub fn kept(&self) -> Kept {
        let last_firing = self.firings.keys().next_back().map_or(0, |id| id.0);
        Kept {
            earlier: Vec::new(),
            accounts: self.accounts.clone().into_iter().collect(),
            rules: self
                .rules
                .iter()
                .map(|((account, rule), state)| (account.clone(), rule.clone(), state.clone()))
                .collect(),
            locks: self.locks.values().cloned().collect(),
            intents: self.intents.values().cloned().collect(),
            observed: Vec::new(),
            next: NextIds {
                firing: FiringId(last_firing + 1),
                intent: IntentId(self.last_intent + 1),
                request: RequestId(self.last_request + 1),
            },
        }
    }

    /// The open intents of an account.
    pub fn open(&self, account: &str) -> impl Iterator<Item = &IntentRow> {
        self.intents
            .values()
            .filter(move |row| row.account.as_str() == account)
    }
}
