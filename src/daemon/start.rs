//! Which rules to start with, and with what of them.
//!
//! A first start wants everything right: somebody is looking. A later one is
//! often nobody's: a crash or a reboot in the night must not leave the accounts
//! without protection because of an edit that was refused by day, or of the
//! secret of a notifier. So a file with a mistake, or one that fails its own
//! tests, gives way to the rules of the record where they were in force not long
//! ago, as it does when a reload is refused, and so does an edit that a reload
//! would refuse because it loses sight of an account; and a notifier that cannot be set up
//! keeps nobody from being protected, nor does an address that something else listens
//! on; the missing token of one venue keeps nobody of another one from it. All of
//! that is told of, loudly.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::TimeDelta;
use tracing::error;

use super::rule_file::{Fingerprint, Reading, Refusal, Source, Verdict};
use super::set_up::SetUpError;
use super::venues::Prepared;
use super::{StartError, load_kept};
use crate::domain::now::Now;
use crate::domain::observation::Timestamp;
use crate::engine::restore::Kept;
use crate::engine::{Engine, EngineConfig};
use crate::rules::ruleset::RuleSet;
use crate::rules::settings::{Daemon, Mode};
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
        kept: &Kept,
        now: Now,
    ) -> Result<Choice, StartError> {
        let earlier = Earlier {
            hash: in_force(restored, now.wall),
            source,
            restored,
            daemon: self.daemon,
        };
        let (rules, refusal) = match self.verdict {
            Verdict::Good(rules) => match earlier.objection(&rules, kept, now) {
                None => return good(rules, earlier.hash.is_none()),
                Some(refusal) => (Some(rules), refusal),
            },
            Verdict::TestsFail(rules, refusal) => (Some(rules), refusal),
            Verdict::Bad(refusal) => (None, refusal),
        };
        let report = refusal.text.clone();
        let chosen = |prepared| Choice {
            prepared,
            refused: Some(refusal),
            is_first: false,
        };
        let Some(hash) = earlier.hash else {
            let instead = NONE_EARLIER.to_owned();
            return Err(match rules {
                Some(_) => StartError::Tests { report, instead },
                None => StartError::Rules { report, instead },
            });
        };
        let is_in_force = |rules: &RuleSet| *rules.book.hash == *hash;
        let prepared = match rules {
            Some(rules) if is_in_force(&rules) => Prepared::new(rules, &[]),
            Some(rules) => earlier.prepared(hash, Some(&rules)).or_else(|problem| {
                error!(
                    "the rules that were in force before cannot be used ({problem}); those of the file are, in spite of what speaks against them"
                );
                Prepared::new(rules, &[])
            }),
            None => {
                let prepared = earlier.prepared(hash, None);
                return prepared.map(chosen).map_err(|problem| StartError::Rules {
                    report,
                    instead: format!(
                        "the rules that were in force before cannot be used either: {problem}"
                    ),
                });
            }
        };
        Ok(chosen(prepared?))
    }
}

/// The rules that were in force before, as far as they count.
struct Earlier<'a> {
    hash: Option<&'a str>,
    source: &'a Source,
    restored: &'a Restored,
    /// The settings of the rule file, when nothing is wrong with them.
    daemon: Option<Daemon>,
}

impl Earlier<'_> {
    /// Why a reload would refuse these rules, had riskd gone on running until
    /// now. Where the rules from before cannot be used, nothing can take the place
    /// of these, and the engine tells what becomes of locks.
    fn objection(&self, rules: &RuleSet, kept: &Kept, now: Now) -> Option<Refusal> {
        let hash = self.hash.filter(|hash| **hash != *rules.book.hash)?;
        let before = self.rules(hash).ok()?;
        let config = EngineConfig {
            acts: true,
            stale_after: None,
        };
        let book = Arc::clone(&before.book);
        let running = Engine::start(book, config, kept.clone(), now).engine;
        Refusal::by(&running, &before, rules)
    }

    /// The rules that were in force last, from the record.
    fn rules(&self, hash: &str) -> Result<RuleSet, EarlierError> {
        let kept = self.restored.rule_sets.iter();
        let kept = kept.into_iter().find(|kept| kept.hash == hash);
        let kept = kept.ok_or(EarlierError::NotOnRecord)?;
        let loaded = load_kept(&self.source.path, kept);
        loaded.rules.ok_or(EarlierError::Faulty)
    }

    /// The same, set up. What a start takes of an edit, though the rest of it be
    /// refused, is that of the file.
    fn prepared(&self, hash: &str, file: Option<&RuleSet>) -> Result<Prepared, EarlierError> {
        let mut rules = self.rules(hash)?;
        if let Some(daemon) = &self.daemon {
            // A file with a mistake may be cut short before its `mode`: it cannot
            // make riskd act that did not.
            if file.is_some() || daemon.mode == Mode::Observe {
                rules.daemon.mode = daemon.mode;
            }
            rules.daemon.http = daemon.http;
            rules.daemon.database.clone_from(&daemon.database);
        }
        if let Some(file) = file {
            take_secrets(&mut rules, file);
        }
        Ok(Prepared::new(self.source.observing(rules), &[])?)
    }
}

/// Why the rules from before cannot be used.
#[derive(Debug, thiserror::Error)]
enum EarlierError {
    #[error("they are not on record")]
    NotOnRecord,
    #[error("they have errors")]
    Faulty,
    #[error(transparent)]
    SetUp(#[from] SetUpError),
}

/// Takes the places of secrets from the file: those from before may be gone.
fn take_secrets(rules: &mut RuleSet, file: &RuleSet) {
    for venue in &mut rules.venues {
        let new = file.venue(&venue.name);
        if let Some(new) = new.filter(|new| new.has_the_accounts_of(venue)) {
            venue.credential = new.credential.clone();
        }
    }
    for notifier in &mut rules.notifiers {
        let mut new = file.notifiers.iter();
        if let Some(new) = new.find(|new| new.name == notifier.name) {
            notifier.kind = new.kind.clone();
        }
    }
}

fn good(rules: RuleSet, is_first: bool) -> Result<Choice, StartError> {
    let prepared = Prepared::new(rules, &[]).and_then(|prepared| {
        if is_first {
            prepared.whole()
        } else {
            Ok(prepared)
        }
    });
    Ok(Choice {
        prepared: prepared?,
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
