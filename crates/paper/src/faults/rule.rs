//! What triggers a fault: which requests, of which account, how often or how
//! likely. The faults themselves are in `kind.rs`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use super::class::RequestClass;
use super::kind::{Fault, FaultLayer};
use crate::sim::clock;
use crate::sim::random::SplitMix64;

/// Paths whose replies one rule remembers; beyond that it starts again.
const MAX_REMEMBERED: usize = 1000;

/// The most fault rules at one time.
pub const MAX_RULES: usize = 1000;

/// A fault, and what triggers it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// What goes wrong.
    pub fault: Fault,
    /// For which requests.
    #[serde(default)]
    pub class: RequestClass,
    /// For which account; for all when left out. In a read of several accounts
    /// a data fault then touches that account alone; a wire fault of one
    /// account does not touch such reads.
    #[serde(default)]
    pub account: Option<String>,
    /// How many requests it touches; without it until cleared.
    #[serde(default)]
    pub count: Option<u32>,
    /// How likely a request triggers it, 0 to 1; always when left out.
    #[serde(default)]
    pub probability: Option<f64>,
    /// Seed of that chance.
    #[serde(default)]
    pub seed: u64,
}

impl FaultRule {
    /// Triggered by every request until cleared.
    pub fn new(fault: Fault) -> FaultRule {
        FaultRule {
            fault,
            class: RequestClass::All,
            account: None,
            count: None,
            probability: None,
            seed: 0,
        }
    }

    /// Limits the rule to a class of requests.
    #[must_use]
    pub fn on(mut self, class: RequestClass) -> FaultRule {
        self.class = class;
        self
    }

    /// Limits the rule to an account.
    #[must_use]
    pub fn of(mut self, account: &str) -> FaultRule {
        self.account = Some(account.to_owned());
        self
    }

    /// Limits the rule to the next `count` requests.
    #[must_use]
    pub fn times(mut self, count: u32) -> FaultRule {
        self.count = Some(count);
        self
    }

    /// Triggered with a probability, 0 to 1, drawn with a seed.
    #[must_use]
    pub fn with_probability(mut self, probability: f64, seed: u64) -> FaultRule {
        self.probability = Some(probability);
        self.seed = seed;
        self
    }

    fn matches(&self, class: RequestClass, account: Option<&str>) -> bool {
        self.class.covers(class) && self.fault.can_touch(class) && self.matches_account(account)
    }

    fn matches_account(&self, account: Option<&str>) -> bool {
        match (&self.account, account) {
            (None, _) => true,
            (Some(wanted), Some(account)) => wanted.eq_ignore_ascii_case(account),
            (Some(_), None) => self.fault.layer() == FaultLayer::Data,
        }
    }
}

/// Why a fault rule is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FaultError {
    /// A status that is no error.
    #[error("a fault's status is 400 to 599")]
    Status,
    /// A slow body without pause.
    #[error("a fault's interval is at least 1 ms")]
    Interval,
    /// A copier that would do nothing else.
    #[error("a copier compares every 100 ms or less often")]
    Comparison,
    /// A clock that is off by more than a day.
    #[error("a venue's clock is off by a day at most")]
    Offset,
    /// Another program that asks for nothing, or for too much.
    #[error("another program sends 1 to 100 requests a second")]
    OtherProgram,
    /// What others do has no requests to touch at random.
    #[error("what others do (clock_off, ban, other_program, reopens, copier) has no probability")]
    NoChance,
    /// A bot's or a copier's account.
    #[error("a fault of what others do names an account that is not there")]
    NoAccount,
    /// A probability that is none.
    #[error("a probability is 0 to 1")]
    Probability,
    /// More than [`MAX_RULES`].
    #[error("at most 1000 faults at one time")]
    TooMany,
}

/// A rule in force.
#[derive(Debug)]
struct Active {
    id: u64,
    rule: FaultRule,
    since: DateTime<Utc>,
    left: Option<u32>,
    struck: u64,
    random: SplitMix64,
    /// What reads said, for the faults that repeat it, by path.
    remembered: HashMap<String, (DateTime<Utc>, Value)>,
}

/// A fault that a request has triggered.
#[derive(Clone, Debug)]
pub(crate) struct Triggered {
    pub(crate) rule: u64,
    pub(crate) fault: Fault,
    /// The account that the rule is limited to.
    pub(crate) account: Option<String>,
}

/// A rule in force, for lists.
#[derive(Clone, Debug, Serialize)]
pub struct FaultStatus {
    /// The number by which it is cleared.
    pub id: u64,
    /// The rule as it was given.
    pub rule: FaultRule,
    /// Requests that it will still touch; null without limit.
    pub left: Option<u32>,
    /// Requests that it touched.
    pub struck: u64,
}

/// The rules in force.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    active: Vec<Active>,
    last_id: u64,
}

impl Faults {
    /// Puts a rule in force now and returns its number.
    pub(crate) fn add(&mut self, rule: FaultRule, now: DateTime<Utc>) -> Result<u64, FaultError> {
        rule.fault.check()?;
        if rule.probability.is_some_and(|p| !(0.0..=1.0).contains(&p)) {
            return Err(FaultError::Probability);
        }
        if rule.probability.is_some() && rule.fault.layer() == FaultLayer::Others {
            return Err(FaultError::NoChance);
        }
        if self.active.len() >= MAX_RULES {
            return Err(FaultError::TooMany);
        }
        self.last_id = self.last_id.saturating_add(1);
        self.active.push(Active {
            id: self.last_id,
            since: now,
            left: rule.count,
            struck: 0,
            random: SplitMix64::new(rule.seed),
            remembered: HashMap::new(),
            rule,
        });
        Ok(self.last_id)
    }

    /// Ends a rule; whether there was one.
    pub(crate) fn remove(&mut self, id: u64) -> bool {
        let before = self.active.len();
        self.active.retain(|active| active.id != id);
        self.active.len() < before
    }

    /// Ends all rules.
    pub(crate) fn clear(&mut self) {
        self.active.clear();
    }

    /// The rules in force, spent ones included.
    pub(crate) fn list(&self) -> Vec<FaultStatus> {
        self.active
            .iter()
            .map(|active| FaultStatus {
                id: active.id,
                rule: active.rule.clone(),
                left: active.left,
                struck: active.struck,
            })
            .collect()
    }

    /// The faults that a request triggers. Counts go down, but for a trader's
    /// re-entry, which is spent only when there was something to flatten.
    pub(crate) fn trigger(&mut self, class: RequestClass, account: Option<&str>) -> Vec<Triggered> {
        let mut triggered = Vec::new();
        for active in &mut self.active {
            if active.left == Some(0) || !active.rule.matches(class, account) {
                continue;
            }
            let probability = active.rule.probability;
            if probability.is_some_and(|p| !active.random.chance(p)) {
                continue;
            }
            if !matches!(active.rule.fault, Fault::Reenters { .. }) {
                active.spend();
            }
            triggered.push(Triggered {
                rule: active.id,
                fault: active.rule.fault.clone(),
                account: active.rule.account.clone(),
            });
        }
        triggered
    }

    /// By how much the venue's clock is off.
    pub(crate) fn clock_offset_ms(&self) -> i64 {
        let offsets = self.active.iter().filter_map(|active| {
            let Fault::ClockOff { ms } = active.rule.fault else {
                return None;
            };
            Some(ms)
        });
        offsets.fold(0, i64::saturating_add)
    }

    /// Until when the address is turned away.
    pub(crate) fn banned_until(&self) -> Option<DateTime<Utc>> {
        let ends = self.active.iter().filter_map(|active| {
            let Fault::Ban { ms } = active.rule.fault else {
                return None;
            };
            Some(clock::after(active.since, ms))
        });
        ends.max()
    }

    /// Counts one use of a rule.
    pub(crate) fn spend(&mut self, id: u64) {
        if let Some(active) = self.active.iter_mut().find(|active| active.id == id) {
            active.spend();
        }
    }

    /// What a read of `path` said earlier under this rule, when that is
    /// younger than `max_age_ms`; else remembers and returns `fresh`.
    pub(crate) fn remembered(
        &mut self,
        id: u64,
        path: &str,
        now: DateTime<Utc>,
        max_age_ms: Option<u64>,
        fresh: Value,
    ) -> Value {
        let Some(active) = self.active.iter_mut().find(|active| active.id == id) else {
            return fresh;
        };
        if let Some((since, value)) = active.remembered.get(path) {
            let age = now.signed_duration_since(*since).num_milliseconds();
            let young = |most: u64| u64::try_from(age).is_ok_and(|age| age < most);
            if max_age_ms.is_none_or(young) {
                return value.clone();
            }
        }
        if active.remembered.len() >= MAX_REMEMBERED {
            active.remembered.clear();
        }
        active
            .remembered
            .insert(path.to_owned(), (now, fresh.clone()));
        fresh
    }
}

impl Active {
    fn spend(&mut self) {
        self.struck = self.struck.saturating_add(1);
        self.left = self.left.map(|left| left.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
    }

    #[test]
    fn a_count_runs_out() {
        let mut faults = Faults::default();
        faults
            .add(FaultRule::new(Fault::Hang).times(2), start())
            .unwrap();
        let struck = |faults: &mut Faults| faults.trigger(RequestClass::Snapshot, None).len();
        assert_eq!(struck(&mut faults), 1);
        assert_eq!(struck(&mut faults), 1);
        assert_eq!(struck(&mut faults), 0);
    }

    #[test]
    fn class_and_account_limit_a_rule() {
        let mut faults = Faults::default();
        let rule = FaultRule::new(Fault::Hang)
            .on(RequestClass::Flatten)
            .of("sim101");
        faults.add(rule, start()).unwrap();
        for (class, account, expected) in [
            (RequestClass::Flatten, Some("Sim101"), 1),
            (RequestClass::Flatten, Some("Sim102"), 0),
            (RequestClass::Flatten, None, 0),
            (RequestClass::Cancel, Some("Sim101"), 0),
        ] {
            assert_eq!(faults.trigger(class, account).len(), expected, "{class:?}");
        }
    }

    #[test]
    fn faults_are_triggered_only_where_they_can_be() {
        let mut faults = Faults::default();
        faults
            .add(FaultRule::new(Fault::PnlZeroed), start())
            .unwrap();
        faults
            .add(FaultRule::new(Fault::FlattenHalf), start())
            .unwrap();
        faults
            .add(FaultRule::new(Fault::CancelNothing), start())
            .unwrap();
        for class in [
            RequestClass::Snapshot,
            RequestClass::Flatten,
            RequestClass::Cancel,
        ] {
            assert_eq!(faults.trigger(class, Some("Sim101")).len(), 1, "{class:?}");
        }
        assert!(
            faults
                .trigger(RequestClass::Place, Some("Sim101"))
                .is_empty()
        );
    }

    #[test]
    fn chances_repeat_with_their_seed() {
        let run = |seed| {
            let mut faults = Faults::default();
            let rule = FaultRule::new(Fault::Hang).with_probability(0.5, seed);
            faults.add(rule, start()).unwrap();
            (0..64)
                .map(|_| faults.trigger(RequestClass::Orders, None).len())
                .collect::<Vec<_>>()
        };
        assert_eq!(run(3), run(3));
        assert_ne!(run(3), run(4));
    }

    #[test]
    fn impossible_rules_are_refused() {
        let mut faults = Faults::default();
        let status = Fault::Status {
            code: 200,
            retry_after: None,
            after_effect: false,
        };
        assert_eq!(
            faults.add(FaultRule::new(status), start()),
            Err(FaultError::Status)
        );
        let unlikely = FaultRule::new(Fault::Hang).with_probability(f64::NAN, 0);
        assert_eq!(faults.add(unlikely, start()), Err(FaultError::Probability));
    }
}
