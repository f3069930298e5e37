//! The checked form of a rule file: every name resolved, every value possible. It is
//! made by the checker alone, from the raw form that mirrors the YAML.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::book::{Account, Rule, RuleBook};
use super::settings::{Daemon, Notifier, TestFileName, Venue};
use crate::domain::account::{AccountName, VenueName};

/// A whole rule file, checked.
#[derive(Clone, Debug)]
pub struct RuleSet {
    /// The text that was loaded.
    pub text: Arc<str>,
    /// The files that it names, in the order in which they were read.
    pub files: Vec<RuleFile>,
    /// What is decided by.
    pub book: Arc<RuleBook>,
    /// Settings of the daemon.
    pub daemon: Daemon,
    /// Venues, in the order of the file.
    pub venues: Vec<Venue>,
    /// Where messages go, in the order of the file.
    pub notifiers: Vec<Notifier>,
    /// The files of rule tests that it names, in the order of the file. What is
    /// in them changes no rule, so that it is no part of the hash.
    pub tests: Vec<TestFileName>,
}

/// A file that a rule file names and that is a part of its rules: a list of closures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleFile {
    /// Its path, as the rule file has it.
    pub path: String,
    /// Its text.
    pub text: String,
}

impl RuleSet {
    /// The account of this name.
    pub fn account(&self, name: &AccountName) -> Option<&Arc<Account>> {
        self.book.account(name)
    }

    /// The enabled rules whose scope holds this account.
    pub fn rules_of<'a>(&'a self, name: &'a AccountName) -> impl Iterator<Item = &'a Arc<Rule>> {
        self.book.rules_of(name)
    }

    /// The venue of this name.
    pub fn venue(&self, name: &VenueName) -> Option<&Venue> {
        self.venues.iter().find(|venue| venue.name == *name)
    }

    /// Whether an account of the same number is the same account at this venue and at
    /// that one of other rules.
    pub fn has_the_accounts_of(
        &self,
        venue: &VenueName,
        (others, other): (&RuleSet, &VenueName),
    ) -> bool {
        let both = self.venue(venue).zip(others.venue(other));
        both.is_some_and(|(venue, other)| venue.has_the_accounts_of(other))
    }
}
