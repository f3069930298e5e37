//! What moved money, as exchanges list it: result and fee of one fill in one row.

use std::collections::HashMap;

use rust_decimal::Decimal;

use crate::sim::Simulation;
use crate::sim::ledger::{EntryKind, Fill, LedgerEntry};

/// The entries of one fill, or another entry alone.
pub(crate) struct Movement<'a> {
    /// The first of them.
    pub(crate) entry: &'a LedgerEntry,
    /// A closed result, or what came in or went out.
    pub(crate) cash_flow: Decimal,
    pub(crate) funding: Decimal,
    /// Positive is paid.
    pub(crate) fee: Decimal,
    pub(crate) fill: Option<&'a Fill>,
}

impl Movement<'_> {
    /// By how much the wallet changed.
    pub(crate) fn change(&self) -> Decimal {
        self.cash_flow + self.funding - self.fee
    }
}

/// The movements of an account, oldest first.
pub(crate) fn movements(sim: &Simulation, index: usize) -> Vec<Movement<'_>> {
    let fills: HashMap<u64, &Fill> = sim.ledger.fills(index).map(|it| (it.id, it)).collect();
    let mut rows: Vec<Movement<'_>> = Vec::new();
    for entry in sim.ledger.entries(index) {
        let fill = entry.fill.and_then(|id| fills.get(&id).copied());
        let same = rows
            .last()
            .is_some_and(|row| entry.fill.is_some() && row.entry.fill == entry.fill);
        if !same {
            rows.push(Movement {
                entry,
                cash_flow: Decimal::ZERO,
                funding: Decimal::ZERO,
                fee: Decimal::ZERO,
                fill,
            });
        }
        let Some(row) = rows.last_mut() else {
            continue;
        };
        match entry.kind {
            EntryKind::RealizedPnl | EntryKind::Transfer => row.cash_flow += entry.amount,
            EntryKind::Fee => row.fee -= entry.amount,
            EntryKind::Funding => row.funding += entry.amount,
        }
    }
    rows
}

/// The movements of an account, newest first, each with the balance of its wallet after
/// it.
pub(crate) fn with_balances(sim: &Simulation, index: usize) -> Vec<(Movement<'_>, Decimal)> {
    let mut balances = wallets(sim, index);
    let newest_first = movements(sim, index).into_iter().rev();
    newest_first
        .map(|movement| {
            let balance = balances.entry(movement.entry.asset.as_str()).or_default();
            let after = *balance;
            *balance -= movement.change();
            (movement, after)
        })
        .collect()
}

fn wallets(sim: &Simulation, index: usize) -> HashMap<&str, Decimal> {
    let accounts = sim.accounts.get(index).into_iter();
    accounts
        .flat_map(|account| &account.wallets)
        .map(|wallet| (wallet.asset.as_str(), wallet.balance))
        .collect()
}
