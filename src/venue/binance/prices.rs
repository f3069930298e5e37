//! What the account does not say of its positions: entry and liquidation prices, and
//! margin assets.
//!
//! They are read when a position is new or another one, and else every few seconds.

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::position_key::PositionKey;
use crate::locked::Locked;
use crate::venue::exchange::held::Held;

/// How often they are read while something is held.
const EVERY: Duration = Duration::from_secs(5);

/// What the last read of them said.
#[derive(Debug, Default)]
pub(super) struct Prices(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    positions: Vec<Held>,
    read_at: Option<Instant>,
    /// Whether something is held that has changed since.
    is_behind: bool,
}

impl Prices {
    /// Whether they are to be read beside this poll.
    pub(super) fn are_due(&self) -> bool {
        let known = self.0.locked();
        let is_old = known.read_at.is_none_or(|at| at.elapsed() >= EVERY);
        known.read_at.is_none() || known.is_behind || (is_old && !known.positions.is_empty())
    }

    /// They were read.
    pub(super) fn learn(&self, positions: &[Held]) {
        let mut known = self.0.locked();
        known.positions = positions.to_vec();
        known.read_at = Some(Instant::now());
    }

    /// Whether each of these positions was among them, in whatever size.
    pub(super) fn know_all(&self, held: &[Held]) -> bool {
        let known = self.0.locked();
        held.iter().all(|one| known.of(&one.position.key).is_some())
    }

    /// Adds what is known to positions as the account shows them: the margin asset, and
    /// the prices where the size is the same.
    pub(super) fn add_to(&self, held: &mut [Held]) {
        let mut known = self.0.locked();
        let mut is_behind = known.positions.len() != held.len();
        for one in held {
            let same = known.of(&one.position.key);
            is_behind |= same.is_none_or(|same| same.position.quantity != one.position.quantity);
            if let Some(same) = same {
                one.margin.clone_from(&same.margin);
                if same.position.quantity == one.position.quantity {
                    one.position.average_price = same.position.average_price;
                    one.position.liquidation = same.position.liquidation;
                }
            }
        }
        known.is_behind = is_behind;
    }
}

impl Known {
    fn of(&self, key: &PositionKey) -> Option<&Held> {
        self.positions.iter().find(|one| one.position.key == *key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::holdings::Position;
    use crate::domain::instrument::Dialect;
    use rust_decimal::Decimal;

    fn held(key: &str, quantity: i64, price: Option<i64>) -> Held {
        Held {
            position: Position {
                average_price: price.map(Decimal::from),
                ..Position::new(
                    PositionKey::of(key, Dialect::Symbols),
                    Decimal::from(quantity),
                )
            },
            margin: price.map(|_| "USDT".to_owned()),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn they_are_read_anew_when_what_is_held_has_changed() {
        let prices = Prices::default();
        assert!(prices.are_due());
        prices.learn(&[]);
        tokio::time::advance(EVERY).await;
        assert!(!prices.are_due());
        let mut seen = [held("BTCUSDT", 1, None)];
        assert!(!prices.know_all(&seen));
        prices.learn(&[held("BTCUSDT", 1, Some(50_000))]);
        prices.add_to(&mut seen);
        assert_eq!(seen, [held("BTCUSDT", 1, Some(50_000))]);
        assert!(!prices.are_due());
        // Another size has another entry price.
        let mut seen = [held("BTCUSDT", 2, None)];
        assert!(prices.know_all(&seen));
        prices.add_to(&mut seen);
        assert_eq!(seen[0].position.average_price, None);
        assert_eq!(seen[0].margin.as_deref(), Some("USDT"));
        assert!(prices.are_due());
        prices.learn(&[held("BTCUSDT", 2, Some(51_000))]);
        prices.add_to(&mut seen);
        assert!(!prices.are_due());
        tokio::time::advance(EVERY).await;
        assert!(prices.are_due());
    }
}
