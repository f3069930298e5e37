//! What is counted since the start, for metrics.

use crate::api::status::{AccountCounts, Counts};
use crate::domain::account::AccountName;
use crate::domain::request::{Outcome, Write};
use crate::engine::effect::Effect;
use crate::engine::record::RecordRow;
use crate::engine::status::AccountStatus;
use crate::store::Quality;

/// How far observations can be trusted, by the names of the metrics.
const QUALITIES: [&str; 3] = ["good", "suspect", "missing"];

/// The counters. They never fall while the process lives.
#[derive(Debug, Default)]
pub(super) struct Counters(Counts);

impl Counters {
    /// The counts as they are, with a zero for all that these accounts and
    /// their rules may yet count: an increase can only be seen of a series that
    /// was there before it.
    pub(super) fn counts(&self, accounts: &[AccountStatus]) -> Counts {
        let mut counts = self.0.clone();
        for account in accounts {
            let count = counts.accounts.entry(account.account.clone()).or_default();
            for quality in QUALITIES {
                count.observations.entry(quality).or_default();
            }
            for rule in &account.rules {
                count.firings.entry(rule.rule.clone()).or_default();
            }
            for write in Write::NAMES {
                count.requests.entry(write).or_default();
            }
        }
        for outcome in Outcome::ALL {
            counts.answers.entry(outcome.name()).or_default();
        }
        counts
    }

    /// An observation was evaluated by so many rules.
    pub(super) fn observed(&mut self, account: &AccountName, quality: &Quality, rules: usize) {
        let [good, suspect, missing] = QUALITIES;
        let quality = match quality {
            Quality::Good => good,
            Quality::Suspect(_) => suspect,
            Quality::Missing(_) => missing,
        };
        let rules = u64::try_from(rules).unwrap_or(u64::MAX);
        let counts = self.account(account);
        up(counts.observations.entry(quality).or_default());
        counts.evaluations = counts.evaluations.saturating_add(rules);
    }

    /// The engine asked for these effects in one step.
    pub(super) fn decided(&mut self, effects: &[Effect]) {
        let mut round = None;
        for effect in effects {
            let Effect::Record(record) = effect else {
                continue;
            };
            match record {
                RecordRow::Firing(row) => {
                    let rule = row.rule.as_str().to_owned();
                    up(self.account(&row.account).firings.entry(rule).or_default());
                }
                RecordRow::Request(row) => {
                    let counts = self.account(&row.account);
                    up(counts.requests.entry(row.write.name()).or_default());
                    // The requests of a round come one after another.
                    let this = Some((&row.account, row.round));
                    if round != this {
                        up(&mut counts.rounds);
                        round = this;
                    }
                }
                RecordRow::Answer(row) => {
                    up(self.0.answers.entry(row.outcome.name()).or_default());
                }
                _ => {}
            }
        }
    }

    /// A message could not be delivered.
    pub(super) fn undelivered(&mut self) {
        up(&mut self.0.undelivered);
    }

    fn account(&mut self, name: &AccountName) -> &mut AccountCounts {
        self.0.accounts.entry(name.to_string()).or_default()
    }
}

fn up(count: &mut u64) {
    *count = count.saturating_add(1);
}
