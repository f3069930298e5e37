//! Whether the venue cancels the account's orders should riskd stay away.
//!
//! That is set while the account is flat and has resting orders: beside a position it
//! would cancel the trader's own stops, which stand in the same list. TWAP orders are not
//! reached by it.

use std::sync::Mutex;
use std::time::Duration;

use tracing::warn;

use super::{BingX, errors, routes};
use crate::domain::holdings::{OrderBook, WorkingOrder};
use crate::domain::limits::{Ask, Cost};
use crate::locked::Locked;
use crate::venue::Lane;
use crate::venue::exchange::held::Held;
use crate::venue::rest::error::RestError;

/// What setting it takes.
const TIMER: Cost = Cost(&[("timers", 1)]);
/// The states that an answer says it is in.
const SET: &str = "ACTIVATED";
const TAKEN_BACK: &str = "CLOSED";

/// What decides whether it may be set, and whether it may be.
#[derive(Debug, Default)]
pub(super) struct DeadMan(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// Whether the last poll showed a position, once there was one.
    is_held: Option<bool>,
    /// Whether the last list showed orders that it would reach.
    has_orders: bool,
    is_set: bool,
}

/// What is to be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Set,
    TakeBack,
}

impl DeadMan {
    /// A poll has shown this.
    pub(super) fn note_held(&self, held: &[Held]) {
        self.0.locked().is_held = Some(!held.is_empty());
    }

    /// The lists of orders were read.
    pub(super) fn note_orders(&self, orders: &[WorkingOrder]) {
        let is_reached = |order: &WorkingOrder| order.book != Some(OrderBook::Twap);
        self.0.locked().has_orders = orders.iter().any(is_reached);
    }

    /// What is to be asked for now, if anything. From here on it counts as set, whatever
    /// becomes of the request.
    fn wanted(&self) -> Option<Wanted> {
        let mut known = self.0.locked();
        if known.is_held == Some(false) && known.has_orders {
            known.is_set = true;
            return Some(Wanted::Set);
        }
        known.is_set.then_some(Wanted::TakeBack)
    }

    fn is_set(&self) -> bool {
        self.0.locked().is_set
    }

    fn note_taken_back(&self) {
        self.0.locked().is_set = false;
    }
}

impl BingX {
    /// Sets it again where that may be, and takes it back where not.
    pub(super) async fn keep_countdown(&self, time: Duration) {
        match self.dead_man.wanted() {
            Some(Wanted::Set) => self.ask_countdown(Some(time.as_secs())).await,
            Some(Wanted::TakeBack) => self.ask_countdown(None).await,
            None => {}
        }
    }

    /// Takes it back, where it may be set.
    pub(super) async fn take_countdown_back(&self) {
        if self.dead_man.is_set() {
            self.ask_countdown(None).await;
        }
    }

    /// Takes it back at once where something is held.
    pub(super) async fn disarm_beside(&self, held: &[Held]) {
        if !held.is_empty() {
            self.take_countdown_back().await;
        }
    }

    async fn ask_countdown(&self, seconds: Option<u64>) {
        let expected = if seconds.is_some() { SET } else { TAKEN_BACK };
        match self.countdown(seconds).await {
            Ok(state) if state == expected => {
                if seconds.is_none() {
                    self.dead_man.note_taken_back();
                }
            }
            Ok(state) => {
                let words = self.credentials.clean(&state);
                warn!(%words, "the venue says another state of the dead man's switch");
            }
            Err(error) => {
                let words = self.credentials.clean(&error.to_string());
                warn!(%words, "the dead man's switch could not be set or taken back");
            }
        }
    }

    async fn countdown(&self, seconds: Option<u64>) -> Result<String, RestError> {
        let budget = self.client.http.budget();
        let permit = budget.take(Lane::LatePoll, Ask::Other(TIMER)).await;
        let permit = permit.map_err(|_| RestError::NoBudget)?;
        let route = routes::countdown(seconds);
        let sent = self.client.write(&permit, &route).await;
        let json = errors::read(&sent)?;
        let data = errors::data(json.root())?.as_object()?;
        Ok(data.need("status")?.as_label()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::holdings::Position;
    use crate::domain::instrument::Dialect;
    use crate::domain::position_key::PositionKey;
    use rust_decimal::Decimal;

    #[test]
    fn it_is_set_while_orders_rest_beside_no_position() {
        let dead_man = DeadMan::default();
        let order = |book| WorkingOrder {
            book: Some(book),
            ..WorkingOrder::default()
        };
        let held = [Held {
            position: Position::new(PositionKey::of("BTC-USDT", Dialect::Symbols), Decimal::ONE),
            margin: None,
        }];
        // Nobody knows yet what is held.
        dead_man.note_orders(&[order(OrderBook::Regular)]);
        assert_eq!(dead_man.wanted(), None);
        dead_man.note_held(&[]);
        assert_eq!(dead_man.wanted(), Some(Wanted::Set));
        dead_man.note_held(&held);
        // Until the venue has said yes it is asked again.
        assert_eq!(dead_man.wanted(), Some(Wanted::TakeBack));
        assert_eq!(dead_man.wanted(), Some(Wanted::TakeBack));
        dead_man.note_taken_back();
        assert_eq!(dead_man.wanted(), None);
        dead_man.note_held(&[]);
        // It would not reach this one.
        dead_man.note_orders(&[order(OrderBook::Twap)]);
        assert_eq!(dead_man.wanted(), None);
        assert!(!dead_man.is_set());
    }
}
