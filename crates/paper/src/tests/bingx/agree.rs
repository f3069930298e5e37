//! Whatever happens, every door says what is true: wallets, positions, orders of both
//! lists and the log of money.

use rust_decimal::Decimal;
use serde_json::Value;

use super::{
    BALANCE, BTC, CANCEL_ALL, CLOSE_ALL, ETH, HEDGE_KEY, KEY, OPEN, ORDER, POSITIONS, Rig, amount,
    number, rows, text,
};
use crate::sim::random::SplitMix64;

const ACCOUNTS: [(&str, &str); 2] = [("main", KEY), ("hedge", HEDGE_KEY)];

fn pick<'a>(random: &mut SplitMix64, choices: &[&'a str]) -> &'a str {
    let index = random.below(u64::try_from(choices.len()).unwrap());
    choices[usize::try_from(index).unwrap()]
}

/// Asks for something that may be refused.
fn act(rig: &Rig, random: &mut SplitMix64) {
    let (name, key) = ACCOUNTS[usize::try_from(random.below(2)).unwrap()];
    let symbol = pick(random, &[BTC, ETH]);
    let side = pick(random, &["BUY", "SELL"]);
    let position_side = match name {
        "main" => "BOTH",
        _ => pick(random, &["LONG", "SHORT"]),
    };
    let quantity = pick(random, &["0.1", "0.25", "1"]);
    let last = rig.venue.price(symbol).unwrap();
    let percent = Decimal::from(96 + random.below(9)) / Decimal::ONE_HUNDRED;
    let near = (last * percent).round_dp(1);
    let order =
        format!("symbol={symbol}&side={side}&positionSide={position_side}&quantity={quantity}");
    let send = |more: String| rig.post_as(key, ORDER, &format!("{order}&{more}"));
    match random.below(12) {
        0..4 => drop(send("type=MARKET".to_owned())),
        4 => drop(send(format!("type=LIMIT&price={near}"))),
        5 => drop(send(format!("type=TRIGGER_MARKET&stopPrice={near}"))),
        6 => drop(send(format!("type=STOP_MARKET&stopPrice={near}"))),
        7 => rig.venue.set_price(symbol, near).unwrap(),
        8 => rig.venue.pay_funding(symbol, number("0.0003")).unwrap(),
        9 => {
            let parts = "priceType=constant&priceVariance=1&interval=5&amountPerOrder=0.1";
            let twap = format!("{order}&{parts}&totalAmount={quantity}&triggerPrice={near}");
            let twap = twap.replace("BOTH", "LONG");
            rig.post_as(key, "/openApi/swap/v1/twap/order", &twap);
        }
        10 => drop(rig.post_as(key, CLOSE_ALL, "")),
        _ => drop(rig.signed(key, "DELETE", CANCEL_ALL, "")),
    }
}

/// Symbol, direction and signed size.
fn shown_position(row: &Value) -> (String, Decimal) {
    let size = amount(row, "positionAmt");
    let signed = match text(row, "positionSide") {
        "LONG" => size,
        "SHORT" => -size,
        other => panic!("{other} in {row}"),
    };
    (text(row, "symbol").to_owned(), signed)
}

fn check(rig: &Rig, name: &str, key: &str) {
    let positions = rig.get_as(key, POSITIONS, "");
    let mut shown: Vec<_> = positions.list().iter().map(shown_position).collect();
    let holdings = rig.venue.holdings(name).unwrap();
    let mut held: Vec<_> = holdings
        .iter()
        .map(|one| (one.instrument.clone(), one.quantity))
        .collect();
    shown.sort();
    held.sort();
    assert_eq!(shown, held, "{name}");
    let orders = rows(rig.get_as(key, OPEN, "").data(), "orders").len();
    let twaps = rig.get_as(key, "/openApi/swap/v1/twap/openOrders", "");
    let twaps = rows(twaps.data(), "list").len();
    assert_eq!(orders + twaps, rig.venue.live_orders(name).unwrap().len());
    let income = rig.get_as(key, "/openApi/swap/v2/user/income", "limit=1000");
    for row in rig.get_as(key, BALANCE, "").list() {
        let asset = text(row, "asset");
        let wallets = rig.venue.wallets(name).unwrap();
        let own = wallets.iter().find(|wallet| wallet.asset == asset).unwrap();
        assert_eq!(amount(row, "balance"), own.balance.round_dp(8));
        assert_eq!(amount(row, "equity"), own.equity.round_dp(8));
        let of_it = income.list().iter().filter(|row| row["asset"] == asset);
        let moved: Decimal = of_it.map(|row| amount(row, "income")).sum();
        let start = Decimal::from(if asset == "USDT" { 10_000 } else { 5000 });
        let apart = start + moved - own.balance;
        // Each row is rounded to eight digits.
        assert!(apart.abs() < number("0.00001"), "{asset} {apart}");
    }
}

#[test]
fn every_door_says_what_is_true() {
    let mut traded = [0, 0];
    for seed in 0..12 {
        let rig = Rig::start();
        let mut random = SplitMix64::new(seed);
        for step in 0..50 {
            act(&rig, &mut random);
            rig.time.advance_ms(random.below(4000));
            if step % 10 == 9 {
                ACCOUNTS
                    .iter()
                    .for_each(|(name, key)| check(&rig, name, key));
            }
        }
        for (count, (name, _)) in traded.iter_mut().zip(ACCOUNTS) {
            *count += rig.venue.fills(name).unwrap().len();
        }
    }
    assert!(traded.iter().all(|count| *count > 100), "{traded:?}");
}
