//! What holds after any sequence of orders, prices, transfers and funding.

use super::{BTC, ETH, exchange, number, venue_of};
use crate::sim::random::SplitMix64;
use crate::{
    OrderType, PaperVenue, PositionMode, PositionSide, Side, Ticket, TimeInForce, TwapTicket,
};
use rust_decimal::Decimal;

const ACCOUNTS: [(&str, PositionMode); 2] = [
    ("main", PositionMode::OneWay),
    ("hedge", PositionMode::Hedge),
];

struct Random(SplitMix64);

impl Random {
    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        let index = self.0.below(u64::try_from(choices.len()).unwrap());
        choices[usize::try_from(index).unwrap()]
    }

    /// From `-most` to `most`, in hundredths.
    fn around(&mut self, most: i64) -> Decimal {
        let span = u64::try_from(most * 200 + 1).unwrap();
        let drawn = i64::try_from(self.0.below(span)).unwrap();
        Decimal::new(drawn - most * 100, 2)
    }

    fn twap(&mut self, mode: PositionMode, instrument: &str, last: Decimal) -> TwapTicket {
        let ticket = self.ticket(mode, instrument, last);
        TwapTicket {
            instrument: ticket.instrument,
            side: ticket.side,
            position_side: ticket.position_side,
            per_order: number("0.01"),
            total: ticket.quantity,
            every_ms: 1000,
            limit: ticket.limit_price.unwrap_or(last),
        }
    }

    fn ticket(&mut self, mode: PositionMode, instrument: &str, last: Decimal) -> Ticket {
        let sides = match mode {
            PositionMode::OneWay => [PositionSide::Net, PositionSide::Net],
            PositionMode::Hedge => [PositionSide::Long, PositionSide::Short],
        };
        let near = (last * (Decimal::ONE + self.around(1) / Decimal::from(50))).round_dp(1);
        Ticket {
            instrument: instrument.to_owned(),
            side: self.of(&[Side::Buy, Side::Sell]),
            quantity: self.around(2).abs() + number("0.001"),
            order_type: self.of(&[
                OrderType::Market,
                OrderType::Limit,
                OrderType::StopMarket,
                OrderType::StopLimit,
                OrderType::TakeProfit,
            ]),
            limit_price: Some(near),
            stop_price: Some(near),
            time_in_force: TimeInForce::Gtc,
            oco_id: None,
            name: None,
            position_side: self.of(&sides),
            reduce_only: self.of(&[false, false, true]),
        }
    }
}

fn act(venue: &PaperVenue, random: &mut Random) {
    let (account, mode) = random.of(&ACCOUNTS);
    let instrument = random.of(&[BTC, ETH]);
    let last = venue.price(instrument).unwrap();
    // What is refused changes nothing, which the sums show.
    let _ = match random.of(&[0, 0, 0, 0, 1, 1, 1, 2, 3, 4, 5, 6]) {
        0 => {
            let ticket = random.ticket(mode, instrument, last);
            venue.place(account, &ticket).map(drop)
        }
        1 => {
            let change = Decimal::ONE + random.around(1) / Decimal::from(40);
            venue.set_price(instrument, (last * change).round_dp(1))
        }
        2 => venue.pay_funding(instrument, random.around(1) / Decimal::from(1000)),
        3 => {
            let asset = random.of(&["USDT", "USDC"]);
            venue.transfer(account, asset, random.around(500)).map(drop)
        }
        4 => venue.close(account),
        6 => {
            let twap = random.twap(mode, instrument, last);
            venue.place_twap(account, &twap).map(drop)
        }
        _ => venue.cancel_orders(account),
    };
}

/// Every wallet is its start and the sum of its ledger, to the last digit.
fn check_sums(venue: &PaperVenue, account: &str) {
    let ledger = venue.ledger(account).unwrap();
    for (asset, began) in [("USDT", 10_000), ("USDC", 5000)] {
        let its = ledger.iter().filter(|entry| entry.asset == asset);
        let moved: Decimal = its.map(|entry| entry.amount).sum();
        let balance = super::balance(venue, account, asset);
        assert_eq!(balance, Decimal::from(began) + moved, "{account} {asset}");
    }
    assert!(ledger.is_sorted_by_key(|entry| (entry.at, entry.id)));
}

/// Each position is the sum of its fills, on the side where it belongs.
fn check_positions(venue: &PaperVenue, account: &str) {
    let fills = venue.fills(account).unwrap();
    let mut sums = std::collections::BTreeMap::new();
    for fill in &fills {
        let key = (fill.instrument.clone(), fill.position_side);
        *sums.entry(key).or_insert(Decimal::ZERO) += fill.side.signed(fill.quantity);
    }
    let holdings = venue.holdings(account).unwrap();
    let held: std::collections::BTreeMap<_, _> = holdings
        .iter()
        .map(|one| ((one.instrument.clone(), one.side), one.quantity))
        .collect();
    sums.retain(|_, sum| !sum.is_zero());
    assert_eq!(held, sums, "{account}");
    for ((instrument, side), quantity) in held {
        let is_right = match side {
            PositionSide::Net => true,
            PositionSide::Long => quantity > Decimal::ZERO,
            PositionSide::Short => quantity < Decimal::ZERO,
        };
        assert!(is_right, "{instrument} {side:?} {quantity}");
    }
}

#[test]
fn money_and_positions_add_up() {
    for seed in 0..40 {
        let (venue, time) = venue_of(exchange());
        let mut random = Random(SplitMix64::new(seed));
        for _ in 0..300 {
            act(&venue, &mut random);
            time.advance_ms(random.0.below(5000));
        }
        for (account, _) in ACCOUNTS {
            check_sums(&venue, account);
            check_positions(&venue, account);
            venue.cancel_orders(account).unwrap();
            venue.close(account).unwrap();
            assert!(venue.figures(account).unwrap().is_flat_and_quiet());
            check_sums(&venue, account);
        }
    }
}

#[test]
fn the_same_sequence_gives_the_same_ledger() {
    let run = || {
        let (venue, time) = venue_of(exchange());
        let mut random = Random(SplitMix64::new(7));
        for _ in 0..500 {
            act(&venue, &mut random);
            time.advance_ms(1000);
        }
        (venue.ledger("main").unwrap(), venue.fills("hedge").unwrap())
    };
    let (ledger, fills) = run();
    let sizes = (ledger.len(), fills.len());
    assert!(sizes.0 > 20 && sizes.1 > 20, "{sizes:?}");
    assert_eq!((ledger, fills), run());
}
