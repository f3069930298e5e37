//! Which rules to start with.
//!
//! A file without rules that can be used keeps riskd from starting. One that
//! only fails its own tests does not, where the record knows the rules that were
//! in force: they go on, as they do when a reload is refused, since a crash in
//! the night must not leave the accounts without protection, nor put an edit in
//! force that was refused by day.

use std::path::PathBuf;

use tracing::error;

use super::rule_file::{Fingerprint, Reading, Refusal, Source, Verdict};
use super::venues::Prepared;
use super::{StartError, load_rules};
use crate::rules::ruleset::RuleSet;
use crate::store::Restored;

/// What the rule file says at the start; its rules can be used.
pub(super) struct First {
    pub(super) fingerprint: Fingerprint,
    pub(super) files: Vec<PathBuf>,
    rules: RuleSet,
    failed: Option<Refusal>,
}

impl First {
    pub(super) fn rules(&self) -> &RuleSet {
        &self.rules
    }
}

/// Reads the rule file for the first time.
pub(super) fn read(source: &Source) -> Result<First, StartError> {
    let bad = |refusal: Refusal| StartError::Rules {
        report: refusal.text,
    };
    // Nothing is known that it could be the same as.
    let Some(reading) = source.read(None) else {
        return Err(bad(Refusal::from("the rule file was not read".to_owned())));
    };
    let Reading {
        fingerprint,
        files,
        verdict,
    } = reading;
    let (rules, failed) = match verdict {
        Verdict::Good(rules) => (rules, None),
        Verdict::TestsFail(rules, refusal) => (rules, Some(refusal)),
        Verdict::Bad(refusal) => return Err(bad(refusal)),
    };
    Ok(First {
        fingerprint,
        files,
        rules,
        failed,
    })
}

/// The rules to start with, set up, and why they are not those of the file or
/// are so in spite of its tests.
pub(super) fn choose(
    first: First,
    source: &Source,
    restored: &Restored,
) -> Result<(Prepared, Option<Refusal>), StartError> {
    let Some(failed) = first.failed else {
        let prepared = Prepared::new(first.rules, &[]).map_err(StartError::Setup)?;
        return Ok((prepared, None));
    };
    let Some(hash) = &restored.rules_hash else {
        return Err(StartError::Tests {
            report: failed.text,
        });
    };
    if *hash != *first.rules.hash {
        match earlier(hash, source, restored) {
            Ok(prepared) => return Ok((prepared, Some(failed))),
            Err(problem) => error!(
                "the rules that were in force before cannot be used ({problem}); those of the file are, in spite of its tests"
            ),
        }
    }
    let prepared = Prepared::new(first.rules, &[]).map_err(StartError::Setup)?;
    Ok((prepared, Some(failed)))
}

/// The rules that were in force last, from the record.
fn earlier(hash: &str, source: &Source, restored: &Restored) -> Result<Prepared, String> {
    let kept = restored.rule_sets.iter().find(|kept| kept.hash == hash);
    let kept = kept.ok_or("they are not on record")?;
    let loaded = load_rules(&source.path, &kept.text);
    let rules = loaded.rules.ok_or("they have errors")?;
    Prepared::new(source.observing(rules), &[])
}
