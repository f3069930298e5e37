//! A desk of riskd: one adapter with the accounts that it asks for, and what is under
//! way for them.

use std::ops::Range;
use std::sync::Arc;

use riskd::domain::account::{AccountName, AccountNumber};
use riskd::domain::observation::Timestamp;
use riskd::rules::book::RuleBook;
use riskd::venue::Venue;
use tokio::time::Instant;

use crate::kind::Kind;
use crate::leaving::{Polls, Used};
use crate::net::Wires;

/// What the daemon runs for one entry of the venues.
pub(crate) struct Desk {
    pub(crate) adapter: Arc<dyn Venue>,
    /// The places of its accounts in the rule file.
    places: Range<usize>,
    pub(crate) accounts: Arc<Vec<(AccountName, AccountNumber)>>,
    pub(crate) numbers: Arc<Vec<AccountNumber>>,
    /// The call of the poll that is under way.
    pub(crate) poll: Option<u64>,
    /// What must hold of its polls.
    pub(crate) polls: Polls,
    /// Whether working orders are being read for rules and locks.
    pub(crate) is_reading: bool,
    /// When they were last read, or were fresh.
    pub(crate) orders_read: Instant,
    /// When it was last tried.
    pub(crate) orders_tried: Instant,
    pub(crate) turn: usize,
}

impl Desk {
    /// The desks of a venue, as a process that starts makes them.
    pub(crate) fn all(kind: Kind, names: &[&str], wires: &Wires, rules: &RuleBook) -> Vec<Desk> {
        let adapters = kind.adapters(names, wires).into_iter();
        let budget = kind.budget();
        let all = Used::new(budget);
        let desk = |(adapter, places)| {
            let used = if budget.is_shared {
                all.clone()
            } else {
                Used::new(budget)
            };
            let mut desk = Desk {
                adapter,
                places,
                accounts: Arc::default(),
                numbers: Arc::default(),
                poll: None,
                polls: Polls::new(used, kind.poll_weight()),
                is_reading: false,
                orders_read: Instant::now(),
                orders_tried: Instant::now(),
                turn: 0,
            };
            desk.take_numbers(rules);
            desk
        };
        adapters.map(desk).collect()
    }

    /// Asks for the numbers that are in the rule file from now on.
    pub(crate) fn take_numbers(&mut self, rules: &RuleBook) {
        let its = &rules.accounts[self.places.clone()];
        let numbers = its.iter().map(|account| account.number.clone());
        self.numbers = Arc::new(numbers.collect());
        let pairs = its.iter().map(|one| (one.name.clone(), one.number.clone()));
        self.accounts = Arc::new(pairs.collect());
    }

    /// What is wrong with a poll, and how much of the budget was used.
    pub(crate) fn with_budget(&self, words: &str, now: Timestamp) -> String {
        let left = self.adapter.budget().left;
        format!("{words}: {} used, {left} left", self.polls.used(now))
    }

    /// The number of an account, where it is one of its own.
    pub(crate) fn number_of(&self, account: &AccountName) -> Option<&AccountNumber> {
        let found = self.accounts.iter().find(|(name, _)| name == account);
        found.map(|(_, number)| number)
    }

    /// Working orders were read.
    pub(crate) fn has_read_orders(&mut self) {
        self.is_reading = false;
        self.orders_read = Instant::now();
    }
}
