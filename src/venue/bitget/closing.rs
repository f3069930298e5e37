//! How one side of hedge mode is closed at a classic account.
//!
//! An order there names the position by its `side`, which the vendor's own pages say in
//! two ways (B15); a call that closes a side whatever its size is names it beyond doubt,
//! and may be asked once a second. So that call is asked where it may be, and an order
//! is placed where it may not, or where it has done nothing.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use rust_decimal::Decimal;
use tokio::time::Instant;

use crate::domain::position_key::PositionSide;
use crate::domain::request::{CloseQuantity, Outcome};
use crate::locked::Locked;

/// How long the call rests, with the time that requests take to arrive.
const REST: Duration = Duration::from_millis(1200);

/// How a position is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// By an order of its size.
    Order,
    /// By its side, whatever its size is.
    Side,
}

/// What came of the ways so far.
#[derive(Debug, Default)]
pub(super) struct Ways(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    side_asked_at: Option<Instant>,
    /// The way in which a position was last not closed.
    failed: BTreeMap<String, Way>,
}

impl Ways {
    /// How to close this, of whose symbol a market order may trade so much at most.
    pub(super) fn choose(&self, close: &CloseQuantity, largest: Option<Decimal>) -> Way {
        if close.position.side == PositionSide::OneWay {
            return Way::Order;
        }
        let now = Instant::now();
        let mut known = self.0.locked();
        let has_failed = known.failed.get(&close.position.to_string()) == Some(&Way::Side);
        let rested = known
            .side_asked_at
            .is_none_or(|at| now.saturating_duration_since(at) >= REST);
        // One of several orders is of a position that is too large for one.
        let is_part = close.part > 1 || largest.is_some_and(|most| close.quantity >= most);
        if has_failed || is_part || !rested {
            return Way::Order;
        }
        known.side_asked_at = Some(now);
        Way::Side
    }

    /// What came of it.
    pub(super) fn learn(&self, close: &CloseQuantity, way: Way, outcome: Outcome) {
        let mut known = self.0.locked();
        let position = close.position.to_string();
        match outcome {
            Outcome::Refused | Outcome::NothingToDo => {
                known.failed.insert(position, way);
            }
            Outcome::Acknowledged => {
                known.failed.remove(&position);
            }
            Outcome::NotSent | Outcome::Unknown => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::holdings::OrderSide;
    use crate::domain::instrument::Dialect;
    use crate::domain::position_key::PositionKey;

    fn close(key: &str, part: usize) -> CloseQuantity {
        CloseQuantity {
            position: PositionKey::of(key, Dialect::Symbols),
            side: OrderSide::Sell,
            quantity: Decimal::ONE,
            part,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn b15_a_side_is_closed_by_its_name_where_that_may_be_asked() {
        let ways = Ways::default();
        let long = close("BTCUSDT/long", 1);
        assert_eq!(ways.choose(&close("BTCUSDT", 1), None), Way::Order);
        assert_eq!(ways.choose(&close("ETHUSDT/long", 2), None), Way::Order);
        assert_eq!(ways.choose(&long, Some(Decimal::ONE)), Way::Order);
        assert_eq!(ways.choose(&long, Some(Decimal::TEN)), Way::Side);
        // Once a second.
        assert_eq!(ways.choose(&close("ETHUSDT/long", 1), None), Way::Order);
        tokio::time::advance(REST).await;
        // What has closed nothing is tried the other way.
        ways.learn(&long, Way::Side, Outcome::Refused);
        assert_eq!(ways.choose(&long, None), Way::Order);
        ways.learn(&long, Way::Order, Outcome::NothingToDo);
        assert_eq!(ways.choose(&long, None), Way::Side);
        tokio::time::advance(REST).await;
        ways.learn(&long, Way::Side, Outcome::Acknowledged);
        assert_eq!(ways.choose(&long, None), Way::Side);
    }
}
