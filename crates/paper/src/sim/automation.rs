//! What others do to the accounts by themselves, for as long as their fault is
//! in force: a bot that opens again what was closed, a trade copier that brings
//! its followers back in line.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use crate::sim::Simulation;
use crate::sim::clock;
use crate::sim::order::Side;
use crate::sim::position::{PositionKey, PositionSide};

/// What somebody keeps doing.
#[derive(Clone, Debug)]
pub(crate) enum Automation {
    /// Opens a position again so long after it was closed, whoever closed it.
    Reopens { after_ms: u64 },
    /// Gives the followers the leader's positions, so often.
    Copies { leader: usize, every_ms: u64 },
}

/// A position that a bot will open.
#[derive(Clone, Debug)]
struct Opening {
    at: DateTime<Utc>,
    account: usize,
    key: PositionKey,
    quantity: Decimal,
}

/// An automation in force.
#[derive(Clone, Debug)]
struct Active {
    id: u64,
    automation: Automation,
    /// The one account that it is about.
    account: Option<usize>,
    /// How often it will still act; without it for ever.
    left: Option<u32>,
    acted: u64,
    /// The largest size of each open position since it was opened: a bot opens
    /// that again.
    seen: BTreeMap<(usize, PositionKey), Decimal>,
    openings: Vec<Opening>,
    /// When a copier compares next.
    next: Option<DateTime<Utc>>,
}

impl Active {
    fn is_about(&self, account: usize) -> bool {
        self.account.is_none_or(|wanted| wanted == account)
    }

    fn count(&mut self) {
        self.acted = self.acted.saturating_add(1);
        self.left = self.left.map(|left| left.saturating_sub(1));
    }

    fn next_due(&self) -> Option<DateTime<Utc>> {
        let openings = self.openings.iter().map(|opening| opening.at);
        openings.chain(self.next).min()
    }
}

/// All automations in force.
#[derive(Clone, Debug, Default)]
pub(crate) struct Automations(Vec<Active>);

impl Automations {
    /// When one of them acts next.
    pub(super) fn next_due(&self) -> Option<DateTime<Utc>> {
        self.0.iter().filter_map(Active::next_due).min()
    }

    /// Ends the automation of that number.
    pub(crate) fn remove(&mut self, id: u64) {
        self.0.retain(|active| active.id != id);
    }

    /// Ends all automations.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// How often the automation of that number acted, and how often it still will.
    pub(crate) fn progress(&self, id: u64) -> Option<(u64, Option<u32>)> {
        let active = self.0.iter().find(|active| active.id == id)?;
        Some((active.acted, active.left))
    }
}

impl Simulation {
    /// Lets somebody do this from now on, for one account or for all.
    pub(crate) fn add_automation(
        &mut self,
        id: u64,
        automation: Automation,
        account: Option<usize>,
        count: Option<u32>,
    ) {
        let next = match automation {
            Automation::Copies { every_ms, .. } => Some(clock::after(self.now(), every_ms.max(1))),
            Automation::Reopens { .. } => None,
        };
        self.automations.0.push(Active {
            id,
            automation,
            account,
            left: count,
            acted: 0,
            seen: BTreeMap::new(),
            openings: Vec::new(),
            next,
        });
        self.notice_closes();
    }

    /// Lets the bots see which positions are open, and which are no more.
    pub(super) fn notice_closes(&mut self) {
        let mut automations = std::mem::take(&mut self.automations);
        for active in &mut automations.0 {
            if let Automation::Reopens { after_ms } = active.automation {
                self.notice(active, after_ms);
            }
        }
        self.automations = automations;
    }

    fn notice(&self, active: &mut Active, after_ms: u64) {
        for (index, account) in self.accounts.iter().enumerate() {
            if !active.is_about(index) {
                continue;
            }
            for position in &account.positions {
                let largest = active.seen.entry((index, position.key)).or_default();
                let turned = Side::of(*largest) != Side::of(position.quantity);
                if turned || position.quantity.abs() > largest.abs() {
                    *largest = position.quantity;
                }
            }
        }
        let closed: Vec<_> = active
            .seen
            .iter()
            .filter(|((account, key), _)| self.held(*account, *key).is_zero())
            .map(|((account, key), quantity)| Opening {
                at: clock::after(self.now(), after_ms),
                account: *account,
                key: *key,
                quantity: *quantity,
            })
            .collect();
        for opening in closed {
            active.seen.remove(&(opening.account, opening.key));
            active.openings.push(opening);
        }
    }

    pub(super) fn run_automations(&mut self) {
        let mut automations = std::mem::take(&mut self.automations);
        for active in &mut automations.0 {
            if active.next_due().is_some_and(|due| due <= self.now()) {
                self.open_again(active);
                self.align(active);
            }
        }
        self.automations = automations;
    }

    /// Opens what is due, unless somebody else has opened meanwhile.
    fn open_again(&mut self, active: &mut Active) {
        let now = self.now();
        let (due, waiting): (Vec<_>, Vec<_>) = std::mem::take(&mut active.openings)
            .into_iter()
            .partition(|opening| opening.at <= now);
        active.openings = waiting;
        for opening in due {
            let is_open = !self.held(opening.account, opening.key).is_zero();
            if !is_open && active.left != Some(0) {
                self.trade_at_market(opening.account, opening.key, opening.quantity, "Entry");
                active.count();
            }
        }
    }

    /// Gives each follower what its leader holds.
    fn align(&mut self, active: &mut Active) {
        let Automation::Copies { leader, every_ms } = active.automation else {
            return;
        };
        let Some(due) = active.next.filter(|next| *next <= self.now()) else {
            return;
        };
        active.next = Some(clock::after(due, every_ms.max(1)));
        let followers =
            (0..self.accounts.len()).filter(|one| *one != leader && active.is_about(*one));
        for follower in followers.collect::<Vec<_>>() {
            for key in self.position_keys() {
                let missing = self.held(leader, key) - self.held(follower, key);
                if !missing.is_zero() && active.left != Some(0) {
                    self.trade_at_market(follower, key, missing, "Copier");
                    active.count();
                }
            }
        }
    }

    /// Every position that there can be.
    fn position_keys(&self) -> Vec<PositionKey> {
        let contracts = 0..self.market.contracts.len();
        let of_one = |contract| PositionSide::ALL.map(|side| PositionKey { contract, side });
        contracts.flat_map(of_one).collect()
    }
}
