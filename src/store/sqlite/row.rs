//! Rows as they come out of the file, and what they say.

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as ValueError, StrDeserializer};

use super::columns::columns;
use super::fault::Fault;
use super::time::from_millis;
use crate::domain::ids::{FiringId, IntentId};
use crate::domain::lock::LockEnd;
use crate::domain::money::Money;
use crate::domain::observation::Figures;
use crate::engine::record::{Cause, Goal, IntentRow, LockRow};
use crate::engine::restore::RecentRequest;
use crate::store::batch::{Quality, Sample};
use crate::store::restored::KeptRuleSet;

columns! {
    /// A row of `rule_sets`.
    pub(super) struct RawRuleSet {
        hash: String,
        text: String,
        files: Option<String>,
        loaded_at: i64,
        last_loaded_at: i64,
    }
}

impl RawRuleSet {
    /// What the row says.
    pub(super) fn kept(self) -> Result<KeptRuleSet, Fault> {
        Ok(KeptRuleSet {
            files: self.files.as_deref().map(from_json).transpose()?,
            hash: self.hash,
            text: self.text,
            loaded_at: from_millis(self.loaded_at)?,
            last_loaded_at: from_millis(self.last_loaded_at)?,
        })
    }
}

columns! {
    /// A row of `intents`.
    pub(super) struct RawIntent {
        pub(super) id: i64,
        pub(super) account: String,
        pub(super) goal: String,
        pub(super) instruments: Option<String>,
        pub(super) cause: String,
        pub(super) firing: Option<i64>,
        pub(super) cause_words: Option<String>,
        pub(super) at: i64,
        pub(super) ended_at: Option<i64>,
        pub(super) ended: Option<String>,
    }
}

impl RawIntent {
    /// What the row says of the intent itself.
    pub(super) fn intent(&self) -> Result<IntentRow, Fault> {
        Ok(IntentRow {
            id: IntentId(self.id),
            account: self.account.as_str().into(),
            goal: self.goal()?,
            cause: self.cause()?,
            at: from_millis(self.at)?,
        })
    }

    fn goal(&self) -> Result<Goal, Fault> {
        match (self.goal.as_str(), &self.instruments) {
            ("quiet", _) => Ok(Goal::Quiet),
            ("flat_and_quiet", _) => Ok(Goal::FlatAndQuiet),
            ("reduce_only", _) => Ok(Goal::ReduceOnly),
            ("closed", Some(instruments)) => from_json(instruments).map(Goal::Closed),
            (other, _) => Err(strange("goal of an intent", other)),
        }
    }

    fn cause(&self) -> Result<Cause, Fault> {
        match (self.cause.as_str(), self.firing, &self.cause_words) {
            ("firing", Some(id), _) => Ok(Cause::Firing(FiringId(id))),
            ("lock", _, _) => Ok(Cause::Lock),
            ("person", _, Some(words)) => Ok(Cause::Person(words.clone())),
            (other, _, _) => Err(strange("cause of an intent", other)),
        }
    }
}

columns! {
    /// A row of `requests`, as far as a start needs it.
    pub(super) struct RawRecentRequest {
        account: String,
        write: String,
        target: Option<String>,
        at: i64,
        sent_at: Option<i64>,
        answered_at: Option<i64>,
        outcome: Option<String>,
    }
}

impl RawRecentRequest {
    /// What the row says.
    pub(super) fn request(self) -> Result<RecentRequest, Fault> {
        let answer = match (self.answered_at, &self.outcome) {
            (Some(at), Some(outcome)) => Some((
                from_millis(at)?,
                from_name("outcome of a request", outcome)?,
            )),
            _ => None,
        };
        Ok(RecentRequest {
            account: self.account.as_str().into(),
            write: self.write,
            target: self.target,
            queued_at: from_millis(self.at)?,
            sent_at: self.sent_at.map(from_millis).transpose()?,
            answer,
        })
    }
}

columns! {
    /// A row of `locks`.
    pub(super) struct RawLock {
        pub(super) id: i64,
        pub(super) account: String,
        pub(super) kind: String,
        pub(super) since: i64,
        pub(super) until: Option<i64>,
        pub(super) reason: String,
        pub(super) firing: Option<i64>,
        pub(super) replaced_by: Option<i64>,
        pub(super) ended_at: Option<i64>,
        pub(super) ended_reason: Option<String>,
    }
}

impl RawLock {
    /// What the row says of the lock itself.
    pub(super) fn lock(&self) -> Result<LockRow, Fault> {
        Ok(LockRow {
            account: self.account.as_str().into(),
            kind: from_name("kind of a lock", &self.kind)?,
            since: from_millis(self.since)?,
            end: match self.until {
                Some(until) => LockEnd::At(from_millis(until)?),
                None => LockEnd::Manual,
            },
            reason: self.reason.clone(),
            firing: self.firing.map(FiringId),
        })
    }
}

columns! {
    /// A row of `samples`.
    pub(super) struct RawSample {
        at: i64,
        account: String,
        quality: String,
        reason: Option<String>,
        realized: Option<String>,
        unrealized: Option<String>,
        balance: Option<String>,
        equity: Option<String>,
        positions: Option<String>,
        orders: Option<u32>,
    }
}

impl RawSample {
    /// When it was true, in milliseconds.
    pub(super) fn at(&self) -> i64 {
        self.at
    }

    /// What the row says; nothing but that it is suspect when it cannot be read.
    pub(super) fn sample_or_suspect(self) -> Result<Sample, Fault> {
        let (account, at) = (self.account.as_str().into(), from_millis(self.at)?);
        Ok(self.sample().unwrap_or_else(|_| Sample {
            account,
            at,
            quality: Quality::Suspect("the row cannot be read".to_owned()),
            figures: Figures::default(),
            positions: None,
            orders: None,
        }))
    }

    /// What the row says.
    pub(super) fn sample(self) -> Result<Sample, Fault> {
        let reason = self.reason.unwrap_or_default();
        Ok(Sample {
            account: self.account.as_str().into(),
            at: from_millis(self.at)?,
            quality: match self.quality.as_str() {
                "good" => Quality::Good,
                "suspect" => Quality::Suspect(reason),
                "missing" => {
                    Quality::Missing(from_name("reason of a missing observation", &reason)?)
                }
                other => return Err(strange("quality of a sample", other)),
            },
            figures: Figures {
                realized: amount(self.realized)?,
                unrealized: amount(self.unrealized)?,
                balance: amount(self.balance)?,
                equity: amount(self.equity)?,
            },
            positions: self.positions,
            orders: self.orders,
        })
    }
}

/// Named values in the order in which they were written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pairs(pub(super) Vec<(String, String)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Pairs, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Pairs;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of strings")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

/// Reads JSON that the store wrote.
pub(super) fn from_json<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Fault> {
    serde_json::from_str(text)
        .map_err(|error| Fault::Unreadable(format!("{text:?} is not what was written: {error}")))
}

/// Reads a stable name that the store wrote.
pub(super) fn from_name<'a, T: Deserialize<'a>>(
    what: &'static str,
    name: &'a str,
) -> Result<T, Fault> {
    let deserializer: StrDeserializer<'a, ValueError> = name.into_deserializer();
    T::deserialize(deserializer).map_err(|_| strange(what, name))
}

fn strange(what: &str, found: &str) -> Fault {
    Fault::Unreadable(format!("{found:?} as the {what}"))
}

fn amount(text: Option<String>) -> Result<Option<Money>, Fault> {
    text.map(|text| {
        text.parse()
            .map_err(|_| strange("amount of a sample", &text))
    })
    .transpose()
}
