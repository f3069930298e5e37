//! Positions: one for each instrument in one-way mode, a long and a short one in
//! hedge mode.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::market::Contract;
use super::order::Side;

/// Digits kept when part of a position's cost is taken out. What is taken out
/// and what stays always add up to the cost exactly.
const COST_DIGITS: u32 = 10;

/// How an account holds positions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PositionMode {
    /// One position for each instrument, long or short.
    #[default]
    OneWay,
    /// A long and a short position for each instrument, side by side.
    Hedge,
}

/// Which position of an instrument.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum PositionSide {
    /// The only one, of one-way mode.
    #[default]
    Net,
    /// The long one of hedge mode.
    Long,
    /// The short one of hedge mode.
    Short,
}

impl PositionSide {
    /// Every side, in the order in which positions are compared.
    pub(crate) const ALL: [PositionSide; 3] =
        [PositionSide::Net, PositionSide::Long, PositionSide::Short];

    /// Whether an account of this mode has such a position.
    pub(crate) fn belongs_to(self, mode: PositionMode) -> bool {
        match mode {
            PositionMode::OneWay => self == PositionSide::Net,
            PositionMode::Hedge => self != PositionSide::Net,
        }
    }

    /// Whether an order of this side can only close: in hedge mode a sale never
    /// turns a long position round.
    pub(crate) fn is_closed_by(self, side: Side) -> bool {
        matches!(
            (self, side),
            (PositionSide::Long, Side::Sell) | (PositionSide::Short, Side::Buy)
        )
    }
}

/// What tells the positions of one account apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PositionKey {
    pub(crate) contract: usize,
    pub(crate) side: PositionSide,
}

impl PositionKey {
    /// The position of one-way mode.
    pub(crate) fn net(contract: usize) -> PositionKey {
        PositionKey {
            contract,
            side: PositionSide::Net,
        }
    }
}

/// An open position. There is none with a quantity of zero.
#[derive(Clone, Debug)]
pub(crate) struct Position {
    pub(crate) key: PositionKey,
    /// In contracts or coins, negative when short.
    pub(crate) quantity: Decimal,
    /// Sum of entry prices over the whole quantity, in points. Kept instead of
    /// the average so that no result is ever rounded.
    cost: Decimal,
    /// What was already open at the last day reset, without sign.
    carried: Decimal,
}

impl Position {
    pub(crate) fn open(key: PositionKey, quantity: Decimal, price: Decimal) -> Position {
        Position {
            key,
            quantity,
            cost: price * quantity.abs(),
            carried: Decimal::ZERO,
        }
    }

    /// Adds to the position; `quantity` has its sign.
    pub(crate) fn add(&mut self, quantity: Decimal, price: Decimal) {
        self.quantity += quantity;
        self.cost += price * quantity.abs();
    }

    /// From now on all of it is carried from an earlier day.
    pub(crate) fn carry(&mut self) {
        self.carried = self.quantity.abs();
    }

    /// The average entry price.
    pub(crate) fn average_price(&self) -> Decimal {
        self.cost
            .checked_div(self.quantity.abs())
            .unwrap_or_default()
    }

    /// What it was worth when it was opened, in the contract's margin asset.
    pub(crate) fn entry_value(&self, contract: &Contract) -> Decimal {
        contract.money(self.cost)
    }

    /// The open result at the given price, in the contract's margin asset.
    pub(crate) fn unrealized(&self, contract: &Contract, price: Decimal) -> Decimal {
        let worth = price * self.quantity.abs();
        contract.money(self.directed(worth - self.cost))
    }

    /// `points` as this position's side earns them.
    fn directed(&self, points: Decimal) -> Decimal {
        if self.quantity.is_sign_negative() {
            -points
        } else {
            points
        }
    }

    /// Takes out `count` at `price`: the result in money, and the part of it that
    /// belongs to what was opened since the day reset.
    pub(crate) fn reduce(
        &mut self,
        count: Decimal,
        price: Decimal,
        contract: &Contract,
    ) -> (Decimal, Decimal) {
        let cost = share(self.cost, count, self.quantity.abs());
        let points = self.directed(price * count - cost);
        let result = contract.money(points);
        let carried = self.carried.min(count);
        let counted = result - share(result, carried, count);
        self.cost -= cost;
        self.carried -= carried;
        self.quantity -= signed_as(count, self.quantity);
        (result, counted)
    }
}

/// The part of a sum that goes with a part of a quantity.
fn share(sum: Decimal, part: Decimal, of: Decimal) -> Decimal {
    if part == of {
        return sum;
    }
    (sum * part)
        .checked_div(of)
        .unwrap_or_default()
        .round_dp(COST_DIGITS)
}

/// A size with the sign of another quantity.
pub(crate) fn signed_as(size: Decimal, other: Decimal) -> Decimal {
    if other.is_sign_negative() {
        -size
    } else {
        size
    }
}
