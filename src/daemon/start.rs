//! Which rules to start with, and with what of them.
//!
//! A first start wants everything right: somebody is looking. A later one is
//! often nobody's: a crash or a reboot in the night must not leave the accounts
//! without protection because of an edit that was refused by day, or of the
//! secret of a notifier. So a file with a mistake, or one that fails its own
//! tests, gives way to the rules of the record where they were in force not long
//! ago, as it does when a reload is refused; and a notifier that cannot be set up
//! keeps nobody from being protected, nor does an address that something else listens
//! on; the missing token of one venue keeps nobody of another one from it. All of
//! that is told of, loudly.

use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use tracing::error;

use super::rule_file::{Fingerprint, Reading, Refusal, Source, Verdict};
use super::venues::Prepared;
use super::{StartError, load_rules};
use crate::domain::observation::Timestamp;
use crate::rules::ruleset::{Daemon, RuleSet};
use crate::store::Restored;

/// How long after riskd was last at work the rules of then still count: they
/// outlast a long weekend, and are not brought back after weeks in which somebody
/// did without them.
const STILL_IN_FORCE: TimeDelta = TimeDelta::days(7);

/// Why no rules of the record are used, where it has none that count.
const NONE_EARLIER: &str = "no rules were in force in the last 7 days that could take its place";

/// What the rule file says at the start.
pub(super) struct First {
    pub(super) fingerprint: Fingerprint,
    pub(super) files: Vec<PathBuf>,
    pub(super) daemon: Option<Daemon>,
    verdict: Verdict,
}

/// What to start with.
pub(super) struct Choice {
    pub(super) prepared: Prepared,
    /// What is wrong with the file, when it is not good.
    pub(super) refused: Option<Refusal>,
    /// Whether no rules were in force not long ago.
    pub(super) is_first: bool,
}

/// Reads the rule file for the first time.
pub(super) fn read(source: &Source) -> Result<First, StartError> {
    // Nothing is known that it could be the same as.
    let Some(reading) = source.read(None) else {
        let report = "the rule file was not read".to_owned();
        let instead = NONE_EARLIER.to_owned();
        return Err(StartError::Rules { report, instead });
    };
    let Reading {
        fingerprint,
        files,
        daemon,
        verdict,
    } = reading;
    Ok(First {
        fingerprint,
        files,
        daemon,
        verdict,
    })
}

impl First {
    /// Refuses a file without usable rules when there is no record that could
    /// have some; opening one would make it. Where a failing disk does not say
    /// whether there is one, opening it will.
    pub(super) fn refuse_without(&self, record: &Path) -> Result<(), StartError> {
        match &self.verdict {
            Verdict::Bad(refusal) if matches!(record.try_exists(), Ok(false)) => {
                let mut instead = NONE_EARLIER.to_owned();
                if self.daemon.is_none() {
                    instead += &format!(
                        " (the record was looked for at {}, since the file does not say where it is; --database names another one)",
                        record.display()
                    );
                }
                Err(StartError::Rules {
                    report: refusal.text.clone(),
                    instead,
                })
            }
            _ => Ok(()),
        }
    }

    /// The rules to start with, set up.
    pub(super) fn choose(
        self,
        source: &Source,
        restored: &Restored,
        now: Timestamp,
    ) -> Result<Choice, StartError> {
        let hash = in_force(restored, now);
        let (rules, refusal) = match self.verdict {
            Verdict::Good(rules) => return good(rules, hash.is_none()),
            Verdict::TestsFail(rules, refusal) => (Some(rules), refusal),
            Verdict::Bad(refusal) => (None, refusal),
        };
        let report = refusal.text.clone();
        let chosen = |prepared| Choice {
            prepared,
            refused: Some(refusal),
            is_first: false,
        };
        let Some(hash) = hash else {
            let instead = NONE_EARLIER.to_owned();
            return Err(match rules {
                Some(_) => StartError::Tests { report, instead },
                None => StartError::Rules { report, instead },
            });
        };
        let is_in_force = |rules: &RuleSet| *rules.hash == *hash;
        let prepared = match rules {
            Some(rules) if is_in_force(&rules) => Prepared::new(rules, &[]),
            Some(rules) => earlier(hash, source, restored).or_else(|problem| {
                error!(
                    "the rules that were in force before cannot be used ({problem}); those of the file are, in spite of its tests"
                );
                Prepared::new(rules, &[])
            }),
            None => {
                let prepared = earlier(hash, source, restored);
                return prepared.map(chosen).map_err(|problem| StartError::Rules {
                    report,
                    instead: format!(
                        "the rules that were in force before cannot be used either: {problem}"
                    ),
                });
            }
        };
        prepared.map(chosen).map_err(StartError::Setup)
    }
}

fn good(rules: RuleSet, is_first: bool) -> Result<Choice, StartError> {
    let prepared = Prepared::new(rules, &[]).and_then(|prepared| match is_first {
        true => prepared.whole(),
        false => Ok(prepared),
    });
    Ok(Choice {
        prepared: prepared.map_err(StartError::Setup)?,
        refused: None,
        is_first,
    })
}

/// The hash of the rules that were in force not long ago.
fn in_force(restored: &Restored, now: Timestamp) -> Option<&str> {
    let last = restored.last_sign?;
    let is_recent = now.signed_duration_since(last) <= STILL_IN_FORCE;
    restored.rules_hash.as_deref().filter(|_| is_recent)
}

/// The rules that were in force last, from the record.
fn earlier(hash: &str, source: &Source, restored: &Restored) -> Result<Prepared, String> {
    let kept = restored.rule_sets.iter().find(|kept| kept.hash == hash);
    let kept = kept.ok_or("they are not on record")?;
    let loaded = load_rules(&source.path, &kept.text);
    let rules = loaded.rules.ok_or("they have errors")?;
    Prepared::new(source.observing(rules), &[])
}
