//! Listed contracts and how their prices move.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

use crate::sim::clock;
use crate::sim::flows::next_funding;
use crate::sim::random::SplitMix64;
use crate::sim::rules::{Rules, Terms};
use crate::sim::symbol::Symbol;
use crate::sim::trade::TradeError;

/// The highest price that may be set.
pub const MAX_PRICE: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);

/// Root, tick size, point value in dollars, description, exchange.
///
/// Contract specifications of CME Group for the roots that prop accounts trade.
const KNOWN_ROOTS: [(&str, Decimal, u32, &str, &str); 6] = [
    ("ES", cents(25), 50, "E-mini S&P 500", "Globex"),
    ("MES", cents(25), 5, "Micro E-mini S&P 500", "Globex"),
    ("NQ", cents(25), 20, "E-mini Nasdaq-100", "Globex"),
    ("MNQ", cents(25), 2, "Micro E-mini Nasdaq-100", "Globex"),
    ("CL", cents(1), 1000, "Crude Oil", "Nymex"),
    ("GC", cents(10), 100, "Gold", "Comex"),
];

const fn cents(cents: u32) -> Decimal {
    Decimal::from_parts(cents, 0, 0, false, 2)
}

/// How a price moves by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Motion {
    /// It stays where it was set.
    #[default]
    Still,
    /// One tick at a time in one direction.
    Drift {
        /// Ticks a second; negative falls. At most 1,000 either way.
        ticks_per_second: Decimal,
    },
    /// A seeded random walk.
    Walk {
        /// Milliseconds between two moves, at least 1.
        every_ms: u64,
        /// The largest move in ticks.
        ticks: u32,
        /// How far in ticks it may stray from where the walk began.
        band_ticks: u32,
    },
}

/// A contract as the venue knows it.
#[derive(Clone, Debug)]
pub(crate) struct Contract {
    pub(crate) symbol: Symbol,
    pub(crate) tick_size: Decimal,
    pub(crate) point_value: Decimal,
    pub(crate) description: &'static str,
    pub(crate) exchange: &'static str,
    pub(crate) rules: Rules,
    pub(crate) terms: Terms,
    /// When funding is paid next.
    pub(crate) next_funding: Option<DateTime<Utc>>,
    pub(crate) last: Decimal,
    /// The price at which positions are valued, where it is not the last one.
    mark: Option<Decimal>,
    pub(crate) open: Decimal,
    pub(crate) high: Decimal,
    pub(crate) low: Decimal,
    pub(crate) volume: Decimal,
    motion: Motion,
    /// Where and when the motion began, and how many of its moves are done.
    motion_price: Decimal,
    motion_since: DateTime<Utc>,
    moves_done: u64,
}

impl Contract {
    /// A contract at its first price. Unknown roots need a tick size and a
    /// point value.
    pub(crate) fn new(
        symbol: &str,
        price: Decimal,
        tick_size: Option<Decimal>,
        point_value: Option<Decimal>,
        now: DateTime<Utc>,
    ) -> Option<Contract> {
        let symbol = Symbol::new(symbol);
        let known = KNOWN_ROOTS
            .iter()
            .find(|known| known.0.eq_ignore_ascii_case(symbol.root()));
        let tick_size = tick_size.or(known.map(|known| known.1))?;
        let point_value = point_value.or(known.map(|known| Decimal::from(known.2)))?;
        Some(Contract {
            tick_size,
            point_value,
            description: known.map_or("Future", |known| known.3),
            exchange: known.map_or("Default", |known| known.4),
            rules: Rules::default(),
            terms: Terms::default(),
            next_funding: None,
            last: price,
            mark: None,
            open: price,
            high: price,
            low: price,
            volume: Decimal::ZERO,
            motion: Motion::Still,
            motion_price: price,
            motion_since: now,
            moves_done: 0,
            symbol,
        })
    }

    /// Sets what orders must be and what holding costs; funding counts from now.
    pub(crate) fn set_rules(&mut self, rules: Rules, terms: Terms, now: DateTime<Utc>) {
        self.next_funding = terms.funding.and_then(|funding| next_funding(funding, now));
        self.rules = rules;
        self.terms = terms;
    }

    /// Starts another motion from the price as it is.
    pub(crate) fn set_motion(&mut self, motion: Motion, now: DateTime<Utc>) {
        self.motion = motion;
        self.motion_price = self.last;
        self.motion_since = now;
        self.moves_done = 0;
    }

    /// Sets the price; a motion goes on from there.
    pub(crate) fn set_price(&mut self, price: Decimal) {
        self.last = price;
        self.high = self.high.max(price);
        self.low = self.low.min(price);
    }

    /// The price at which positions are valued.
    pub(crate) fn mark(&self) -> Decimal {
        self.mark.unwrap_or(self.last)
    }

    /// Sets the mark price apart from the last one; `None` lets it follow again.
    pub(crate) fn set_mark(&mut self, mark: Option<Decimal>) {
        self.mark = mark;
    }

    pub(crate) fn set_largest_market_order(&mut self, quantity: Decimal) -> Result<(), TradeError> {
        let rules = Rules {
            market_maximum: Some(quantity),
            ..self.rules.clone()
        };
        if !rules.is_sound() {
            return Err(TradeError::BadQuantity(self.rules.maximum));
        }
        self.rules = rules;
        Ok(())
    }

    /// Changes of what every quantity is a multiple. What is held stays as it is.
    pub(crate) fn set_step(&mut self, step: Decimal) -> Result<(), TradeError> {
        let rules = Rules {
            step,
            ..self.rules.clone()
        };
        if !rules.is_sound() {
            return Err(TradeError::OffStep(self.rules.step));
        }
        self.rules = rules;
        Ok(())
    }

    /// When the motion moves the price next.
    pub(crate) fn next_move(&self) -> Option<DateTime<Utc>> {
        let number = self.moves_done.saturating_add(1);
        match &self.motion {
            Motion::Still => None,
            Motion::Drift { ticks_per_second } => {
                let rate = ticks_per_second.abs();
                let micros = Decimal::from(number)
                    .checked_mul(Decimal::from(1_000_000))
                    .and_then(|micros| micros.checked_div(rate))?;
                Some(clock::after_micros(self.motion_since, micros.to_u64()?))
            }
            Motion::Walk { every_ms, .. } => Some(clock::after_micros(
                self.motion_since,
                every_ms.saturating_mul(1000).saturating_mul(number),
            )),
        }
    }

    /// Carries out the move that is due.
    pub(crate) fn step(&mut self, random: &mut SplitMix64) {
        self.moves_done = self.moves_done.saturating_add(1);
        let ticks = match self.motion {
            Motion::Still => 0,
            Motion::Drift { ticks_per_second } if ticks_per_second.is_sign_negative() => -1,
            Motion::Drift { .. } => 1,
            Motion::Walk {
                ticks, band_ticks, ..
            } => self.walk(ticks, band_ticks, random),
        };
        let price = self.last + self.tick_size * Decimal::from(ticks);
        if price >= self.tick_size && price <= MAX_PRICE {
            self.set_price(price);
        }
    }

    /// The walk's next move in ticks, turned back at the edge of its band.
    fn walk(&self, ticks: u32, band_ticks: u32, random: &mut SplitMix64) -> i64 {
        let span = u64::from(ticks) * 2 + 1;
        let drawn = i64::try_from(random.below(span)).unwrap_or(0) - i64::from(ticks);
        let strayed = (self.last - self.motion_price)
            .checked_div(self.tick_size)
            .and_then(|ticks| ticks.to_i64())
            .unwrap_or(0);
        let band = i64::from(band_ticks);
        if strayed.saturating_add(drawn).abs() > band {
            -drawn
        } else {
            drawn
        }
    }

    /// The money that `points` summed over a quantity are worth.
    pub(crate) fn money(&self, points: Decimal) -> Decimal {
        points * self.point_value
    }
}

/// Every listed contract.
#[derive(Clone, Debug, Default)]
pub(crate) struct Market {
    pub(crate) contracts: Vec<Contract>,
}

impl Market {
    /// The contract that a spelling names. A spelling without a month means
    /// the first listed contract of that root, as the front month.
    pub(crate) fn find(&self, text: &str) -> Option<usize> {
        let wanted = Symbol::new(text);
        self.contracts
            .iter()
            .position(|contract| contract.symbol.is_meant_by(&wanted))
    }

    /// The mark price of every contract, in listing order.
    pub(crate) fn marks(&self) -> Vec<Decimal> {
        self.contracts.iter().map(Contract::mark).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::str::FromStr;

    fn contract(symbol: &str, price: &str) -> Contract {
        let price = Decimal::from_str(price).unwrap();
        Contract::new(symbol, price, None, None, DateTime::UNIX_EPOCH).unwrap()
    }

    #[test]
    fn known_roots_have_their_tick_and_point_value() {
        for (symbol, tick, tick_value) in [
            ("ES 03-26", "0.25", "12.50"),
            ("MES 03-26", "0.25", "1.25"),
            ("NQ 03-26", "0.25", "5"),
            ("MNQ 03-26", "0.25", "0.50"),
            ("CL 02-26", "0.01", "10"),
            ("GC 02-26", "0.10", "10"),
        ] {
            let contract = contract(symbol, "100");
            assert_eq!(contract.tick_size, Decimal::from_str(tick).unwrap());
            let value = contract.money(contract.tick_size);
            assert_eq!(value, Decimal::from_str(tick_value).unwrap(), "{symbol}");
        }
        let price = Decimal::ONE;
        assert!(Contract::new("XYZ 03-26", price, None, None, DateTime::UNIX_EPOCH).is_none());
    }

    #[test]
    fn any_spelling_finds_the_contract() {
        let market = Market {
            contracts: vec![contract("ES 03-26", "5000"), contract("ES 06-26", "5050")],
        };
        for text in ["ES 03-26", "ES", "es", "ES1!", "ESH26"] {
            assert_eq!(market.find(text), Some(0), "{text}");
        }
        assert_eq!(market.find("ESM26"), Some(1));
        assert_eq!(market.find("MES"), None);
    }

    #[test]
    fn a_drift_moves_at_exact_times() {
        let mut contract = contract("ES 03-26", "5000");
        let drift = Motion::Drift {
            ticks_per_second: Decimal::from(-3),
        };
        contract.set_motion(drift, DateTime::UNIX_EPOCH);
        let mut random = SplitMix64::new(0);
        let mut times = Vec::new();
        for _ in 0..3 {
            times.push(contract.next_move().unwrap().timestamp_micros());
            contract.step(&mut random);
        }
        assert_eq!(times, [333_333, 666_666, 1_000_000]);
        assert_eq!(contract.last, Decimal::from_str("4999.25").unwrap());
    }

    #[test]
    fn a_walk_stays_in_its_band_and_repeats_with_its_seed() {
        let run = |seed| {
            let mut contract = contract("MES 03-26", "5000");
            let walk = Motion::Walk {
                every_ms: 100,
                ticks: 3,
                band_ticks: 8,
            };
            contract.set_motion(walk, DateTime::UNIX_EPOCH);
            let mut random = SplitMix64::new(seed);
            (0..500)
                .map(|_| {
                    contract.step(&mut random);
                    contract.last
                })
                .collect::<Vec<_>>()
        };
        let prices = run(7);
        assert_eq!(prices, run(7));
        assert_ne!(prices, run(8));
        let strayed = |price: &&Decimal| (**price - Decimal::from(5000)).abs() > Decimal::TWO;
        assert_eq!(prices.iter().find(strayed), None);
        assert!(prices.iter().any(|price| *price != Decimal::from(5000)));
    }
}
