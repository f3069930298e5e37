//! What a position has cost and earned since it became one.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use crate::sim::Simulation;
use crate::sim::ledger::{EntryKind, Fill};
use crate::sim::position::{PositionKey, PositionSide};

/// The sums of a position's life. Fees and funding that were paid are negative.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Life {
    pub(crate) opened: Option<DateTime<Utc>>,
    /// The number of the fill that made it one.
    first: u64,
    pub(crate) changed: Option<DateTime<Utc>>,
    /// Closed results before fees.
    pub(crate) realized: Decimal,
    pub(crate) open_fees: Decimal,
    pub(crate) close_fees: Decimal,
    pub(crate) funding: Decimal,
}

/// The life of a position that is held. What both sides of hedge mode paid in funding
/// stands at the long one: the ledger has it in one sum.
pub(crate) fn life(sim: &Simulation, account: usize, key: PositionKey) -> Life {
    let Some(contract) = sim.market.contracts.get(key.contract) else {
        return Life::default();
    };
    let symbol = contract.symbol.as_str();
    let fills = sim.ledger.fills(account);
    let its = fills.filter(|fill| fill.instrument == symbol && fill.position_side == key.side);
    let (mut life, mut held) = (Life::default(), Decimal::ZERO);
    for fill in its {
        life.add(fill, &mut held);
    }
    if key.side != PositionSide::Short {
        let entries = sim.ledger.entries(account).filter(|entry| {
            entry.kind == EntryKind::Funding
                && entry.instrument.as_deref() == Some(symbol)
                && entry.id > life.first
        });
        life.funding = entries.map(|entry| entry.amount).sum();
    }
    life
}

impl Life {
    fn add(&mut self, fill: &Fill, held: &mut Decimal) {
        let before = *held;
        let traded = fill.side.signed(fill.quantity);
        *held += traded;
        let adds = before.is_zero() || before.is_sign_negative() == traded.is_sign_negative();
        let closed = if adds {
            Decimal::ZERO
        } else {
            before.abs().min(fill.quantity)
        };
        let is_new = before.is_zero() || closed < fill.quantity && !adds;
        if is_new {
            // The part of the fee that opened goes with what was opened.
            let opening = fill.quantity - closed;
            let part = opening.checked_div(fill.quantity).unwrap_or_default();
            *self = Life {
                opened: Some(fill.at),
                first: fill.id,
                open_fees: -fill.fee * part,
                ..Life::default()
            };
        } else if adds {
            self.open_fees -= fill.fee;
        } else {
            self.close_fees -= fill.fee;
            self.realized += fill.realized;
        }
        self.changed = Some(fill.at);
    }
}
