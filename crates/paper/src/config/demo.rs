//! The scenario of `riskd demo`.

use rust_decimal::Decimal;

use super::{InstrumentConfig, PaperConfig, TraderConfig, WatchConfig};
use crate::dialect::VenueKind;
use crate::sim::market::Motion;
use crate::sim::order::{Side, Ticket};
use crate::sim::script::{ScriptAction, ScriptStep};

/// The account that loses.
const LOSER: &str = "Sim101";
/// What loses at an exchange.
const FALLING: &str = "ETHUSDT";

impl PaperConfig {
    /// Three accounts that trade. `Sim101` holds two ES and loses 500 dollars
    /// ten seconds after the start, with a stop and a target resting; the
    /// others enter and leave in micros, far from any limit. From 30 seconds
    /// on no price runs away any more.
    pub fn demo() -> PaperConfig {
        let walk = |every_ms| Motion::Walk {
            every_ms,
            ticks: 2,
            band_ticks: 40,
        };
        // Two ticks a second at 12.50 dollars a tick and two contracts.
        let fall = Motion::Drift {
            ticks_per_second: Decimal::NEGATIVE_ONE * Decimal::TWO,
        };
        let es = Decimal::from(5000);
        let config = PaperConfig {
            instruments: vec![
                InstrumentConfig::new("ES 03-26", es).moving(fall),
                InstrumentConfig::new("MES 03-26", es).moving(walk(400)),
                InstrumentConfig::new("MNQ 03-26", Decimal::from(20_000)).moving(walk(300)),
                InstrumentConfig::new("GC 02-26", Decimal::from(2600)).moving(walk(700)),
            ],
            script: vec![ScriptStep {
                after_ms: 30_000,
                action: ScriptAction::Motion {
                    instrument: "ES 03-26".to_owned(),
                    motion: walk(500),
                },
            }],
            traders: vec![
                trader("APEX-1234-01", "MES 03-26", 7_000),
                trader("Eval 50K 2", "MNQ 03-26", 11_000),
            ],
            watches: vec![WatchConfig {
                account: LOSER.to_owned(),
                loss: Decimal::from(500),
            }],
            ..PaperConfig::default()
        };
        let stop = Ticket::stop("ES 03-26", Side::Sell, 2, es - Decimal::from(40));
        let target = Ticket::limit("ES 03-26", Side::Sell, 2, es + Decimal::TEN);
        config
            .account(LOSER, 50_000)
            .account("APEX-1234-01", 50_000)
            .account("Eval 50K 2", 150_000)
            .position(LOSER, "ES 03-26", 2)
            .order(LOSER, stop.in_oco("bracket"))
            .order(LOSER, target.in_oco("bracket"))
    }
}

impl PaperConfig {
    /// The accounts of an exchange. `main` holds five ETH and loses 500 dollars ten
    /// seconds after the start, with a stop and a target resting; `hedge` holds
    /// nothing. From 30 seconds on no price runs away any more.
    pub fn exchange_demo(kind: VenueKind) -> PaperConfig {
        let falling = kind.spelled(FALLING);
        let walk = |every_ms| Motion::Walk {
            every_ms,
            ticks: 20,
            band_ticks: 400,
        };
        // A hundred ticks a second of a tenth of a dollar, and five coins.
        let fall = Motion::Drift {
            ticks_per_second: -Decimal::ONE_HUNDRED,
        };
        let mut config = PaperConfig::exchange(kind);
        for instrument in &mut config.instruments {
            let is_falling = instrument.symbol == falling;
            instrument.motion = if is_falling { fall.clone() } else { walk(400) };
        }
        config.script = vec![ScriptStep {
            after_ms: 30_000,
            action: ScriptAction::Motion {
                instrument: falling.to_owned(),
                motion: walk(500),
            },
        }];
        config.watches = vec![WatchConfig {
            account: "main".to_owned(),
            loss: Decimal::from(500),
        }];
        let stop = Ticket::stop(falling, Side::Sell, 5, Decimal::from(1800));
        let target = Ticket::limit(falling, Side::Sell, 5, Decimal::from(2050));
        config
            .position("main", falling, 5)
            .order("main", stop.reduce_only())
            .order("main", target.reduce_only())
    }
}

fn trader(account: &str, instrument: &str, every_ms: u64) -> TraderConfig {
    TraderConfig {
        account: account.to_owned(),
        instrument: instrument.to_owned(),
        every_ms,
        max_quantity: 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::clock;
    use chrono::{DateTime, Utc};

    fn midday() -> DateTime<Utc> {
        "2026-03-05T15:00:00Z".parse().unwrap()
    }

    #[test]
    fn the_loser_crosses_after_ten_seconds_with_orders_resting() {
        let mut sim = PaperConfig::demo().simulation(midday()).unwrap();
        sim.advance(clock::after(midday(), 9_999));
        assert!(sim.crossings().is_empty());
        sim.advance(clock::after(midday(), 10_000));
        let [crossing] = sim.crossings() else {
            panic!("{:?}", sim.crossings());
        };
        assert_eq!(crossing.account, LOSER);
        assert_eq!(crossing.pnl, Decimal::from(-500));
        assert_eq!(crossing.at, clock::after(midday(), 10_000));
        assert_eq!(sim.live_orders(0, None).len(), 2);
    }

    #[test]
    fn the_others_trade_for_an_hour_without_losing_five_hundred() {
        let mut sim = PaperConfig::demo().simulation(midday()).unwrap();
        for second in 0..3600 {
            sim.advance(clock::after(midday(), second * 1000));
            for account in sim.accounts.iter().skip(1) {
                let pnl = account.day_pnl(&sim.market);
                assert!(pnl > Decimal::from(-450), "{} {pnl}", account.name);
            }
        }
        let trades = sim.orders.iter().filter(|order| order.account != 0).count();
        assert!(trades > 500, "{trades}");
    }
}
