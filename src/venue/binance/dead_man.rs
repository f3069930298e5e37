//! For which symbols the venue cancels regular orders should riskd stay away.
//!
//! That is set while the account is flat and has resting orders: beside a position it
//! could cancel the trader's own stops. Conditional orders are not said to be reached
//! by it (countdown page).

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use tracing::warn;

use super::{Binance, errors, routes};
use crate::domain::limits::{Ask, Cost};
use crate::locked::Locked;
use crate::venue::exchange::held::Held;
use crate::venue::{Lane, Permit};

/// What setting the dead man's switch of a symbol takes.
const COUNTDOWN: Cost = Cost(&[("weight", 10)]);

/// The symbols for which it may be set.
#[derive(Debug, Default)]
pub(super) struct DeadMan(Mutex<BTreeSet<String>>);

/// One request: in so long the orders of the symbol are cancelled, or never when that
/// is no time at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Countdown {
    pub(super) symbol: String,
    pub(super) time: Duration,
}

impl DeadMan {
    /// What is to be asked, where these symbols have resting orders. From here on it
    /// counts as set for them, whatever becomes of the requests.
    pub(super) fn wanted(&self, resting: &BTreeSet<String>, time: Duration) -> Vec<Countdown> {
        let mut set = self.0.locked();
        let back = set.difference(resting).map(|symbol| Countdown {
            symbol: symbol.clone(),
            time: Duration::ZERO,
        });
        let mut wanted: Vec<Countdown> = back.collect();
        wanted.extend(resting.iter().map(|symbol| Countdown {
            symbol: symbol.clone(),
            time,
        }));
        set.extend(resting.iter().cloned());
        wanted
    }

    /// Whether it may be set for any.
    pub(super) fn is_set(&self) -> bool {
        !self.0.locked().is_empty()
    }

    /// The venue has taken it back for a symbol.
    pub(super) fn forget(&self, symbol: &str) {
        self.0.locked().remove(symbol);
    }
}

impl Binance {
    /// Takes the dead man's switch back at once where something is held.
    pub(super) async fn disarm_beside(&self, held: &[Held], permit: &Permit) {
        if !held.is_empty() && self.dead_man.is_set() {
            self.set_countdowns(&BTreeSet::new(), Duration::ZERO, permit)
                .await;
        }
    }

    /// Sets the dead man's switch for these symbols, and takes it back for others.
    async fn set_countdowns(&self, resting: &BTreeSet<String>, time: Duration, permit: &Permit) {
        for countdown in self.dead_man.wanted(resting, time) {
            let permit = self.client.http.beside(permit, COUNTDOWN);
            let sent = self
                .client
                .write(&permit, &routes::countdown(&countdown))
                .await;
            match errors::read(&sent) {
                Ok(_) if countdown.time.is_zero() => self.dead_man.forget(&countdown.symbol),
                Ok(_) => {}
                Err(error) => {
                    let words = self.credentials.clean(&error.to_string());
                    let symbol = &countdown.symbol;
                    warn!(%symbol, %words, "the dead man's switch could not be set or taken back");
                }
            }
        }
    }

    pub(super) async fn keep_countdowns(&self, resting: &BTreeSet<String>, time: Duration) {
        if resting.is_empty() && !self.dead_man.is_set() {
            return;
        }
        let budget = self.client.http.budget();
        if let Ok(permit) = budget.take(Lane::Poll, Ask::List).await {
            self.set_countdowns(resting, time, &permit).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_set_where_orders_rest_and_taken_back_elsewhere() {
        let dead_man = DeadMan::default();
        let time = Duration::from_secs(60);
        let of = |symbols: &[&str]| symbols.iter().map(ToString::to_string).collect();
        let wanted = |symbols: &[&str]| -> Vec<String> {
            let wanted = dead_man.wanted(&of(symbols), time);
            let text = |one: &Countdown| format!("{} {}", one.symbol, one.time.as_secs());
            wanted.iter().map(text).collect()
        };
        assert!(!dead_man.is_set());
        assert_eq!(wanted(&["A", "B"]), ["A 60", "B 60"]);
        assert_eq!(wanted(&["B", "C"]), ["A 0", "B 60", "C 60"]);
        // Until the venue has said yes it is asked again.
        assert_eq!(wanted(&["B"]), ["A 0", "C 0", "B 60"]);
        dead_man.forget("A");
        dead_man.forget("C");
        assert_eq!(wanted(&[]), ["B 0"]);
        dead_man.forget("B");
        assert!(!dead_man.is_set());
    }
}
