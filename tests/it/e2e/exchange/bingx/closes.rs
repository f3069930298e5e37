//! Its close of everything, and the orders that close what that leaves.

use super::{BingX, Desk};
use crate::e2e::exchange::desk::config;
use crate::e2e::exchange::{BTC, ETH, LIMIT};

const CLOSE_ALL: &str = "/openApi/swap/v2/trade/closeAllPositions";
const CLOSE_ONE: &str = "/openApi/swap/v1/trade/closePosition";
const ORDER: &str = "/openApi/swap/v2/trade/order?";

const ONE_POSITION: &str = r#"
rules:
  - name: one position
    accounts: ["*"]
    when: { pnl: { loss: 400, per: position } }
    then: [close_position]
    rearm: clear
"#;

/// A position that the call could not close stands in its list of those that failed: it is
/// closed by an order.
#[test]
fn an_entry_that_failed_is_closed_by_an_order() {
    let mut desk = Desk::new();
    desk.open(BTC, "0.5");
    desk.open(ETH, "2");
    desk.rig.start_ready();
    desk.rig.fault(
        r#"{"fault": {"entry_fails": {"instrument": "ETH-USDT"}}, "class": "flatten", "count": 1}"#,
    );
    desk.crosses_to_flat();
    assert_eq!(desk.asked(CLOSE_ALL).len(), 1);
    let orders = desk.asked(ORDER);
    assert_eq!(orders.len(), 1, "{orders:?}");
    assert!(orders[0].contains("symbol=ETH-USDT"), "{orders:?}");
    assert!(orders[0].contains("reduceOnly=true"), "{orders:?}");
}

/// The same where it fails again and again, in hedge mode, where the side says it all.
#[test]
fn a_side_that_failed_is_closed_by_its_side() {
    let mut desk = Desk::hedged();
    desk.open(BTC, "0.6");
    desk.open(BTC, "-0.1");
    desk.rig.start_ready();
    desk.rig
        .fault(r#"{"fault": {"entry_fails": {"instrument": "BTC-USDT"}}, "class": "flatten"}"#);
    desk.crosses_to_flat();
    let orders = desk.asked(ORDER);
    for side in ["LONG", "SHORT"] {
        let named = format!("positionSide={side}");
        assert!(
            orders.iter().any(|order| order.contains(&named)),
            "{orders:?}"
        );
    }
    assert!(!orders.iter().any(|order| order.contains("reduceOnly")));
}

/// The close by symbol takes both sides of hedge mode along: one side is closed by an
/// order that names it.
#[test]
fn b19_one_side_is_closed_and_the_other_stays() {
    let mut desk = Desk::of("hedge", config::<BingX>(), ONE_POSITION);
    desk.open(BTC, "0.5");
    desk.open(BTC, "-0.2");
    desk.rig.start_ready();
    desk.price(BTC, 49_000);
    desk.wait_verified(1);
    let held = desk.rig.venue.holdings("hedge").unwrap();
    assert_eq!(held.len(), 1, "{held:?}");
    assert!(desk.asked(CLOSE_ALL).is_empty() && desk.asked(CLOSE_ONE).is_empty());
    let orders = desk.asked(ORDER);
    assert_eq!(orders.len(), 1, "{orders:?}");
    assert!(orders[0].contains("positionSide=LONG&"), "{orders:?}");
    desk.has_only_protected();
}

/// `closePosition` beside a quantity is refused, and a side that is left out is `LONG`.
#[test]
fn b20_each_close_says_its_side_and_its_quantity_alone() {
    for (account, side) in [("main", "BOTH"), ("hedge", "SHORT")] {
        let mut desk = Desk::of(account, config::<BingX>(), ONE_POSITION);
        desk.open(ETH, "-10");
        desk.rig.start_ready();
        desk.price(ETH, 2041);
        desk.wait_verified(1);
        assert!(desk.is_flat_and_quiet());
        let orders = desk.asked(ORDER);
        assert_eq!(orders.len(), 1, "{orders:?}");
        let named = format!("positionSide={side}&");
        assert!(orders[0].contains(&named), "{orders:?}");
        assert!(orders[0].contains("quantity=10&"), "{orders:?}");
        assert!(!orders[0].contains("closePosition"), "{orders:?}");
        desk.has_only_protected();
    }
}

/// With a margin for each opening an order that closes must name its position: one that
/// was refused is followed by one that does.
#[test]
fn a_position_with_a_margin_of_its_own_is_named() {
    for account in ["main", "hedge"] {
        let mut config = config::<BingX>();
        for known in &mut config.accounts {
            known.isolated = true;
            known.separate = true;
        }
        let mut desk = Desk::of(account, config, ONE_POSITION);
        desk.open(BTC, "0.5");
        desk.open(ETH, "-1");
        desk.rig.start_ready();
        desk.price(BTC, 49_000);
        desk.wait_verified(1);
        let held = desk.rig.venue.holdings(account).unwrap();
        assert_eq!(held.len(), 1, "{held:?}");
        let orders = desk.asked(ORDER);
        assert!(!orders[0].contains("positionId="), "{orders:?}");
        assert!(orders[1].contains("positionId="), "{orders:?}");
        desk.has_only_protected();
    }
}

/// The venue says nowhere how large an order may be: one that was refused is followed by
/// halves of it.
#[test]
fn an_order_that_is_too_large_is_followed_by_smaller_ones() {
    let mut desk = Desk::of("main", config::<BingX>(), ONE_POSITION);
    // The largest market order is 100.
    desk.open(ETH, "250.5");
    desk.rig.start_ready();
    desk.price(ETH, 1998);
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    assert!(desk.asked(ORDER).len() >= 6, "{:?}", desk.asked(ORDER));
    desk.has_only_protected();
}

/// What resting limits hold cannot be closed: they are cancelled with it, and where that
/// comes late what is left is closed then.
#[test]
fn limits_that_hold_a_position_go_before_it() {
    let mut desk = Desk::of("hedge", config::<BingX>(), LIMIT);
    desk.open(BTC, "0.5");
    desk.place(serde_json::json!({
        "instrument": BTC, "side": "sell", "quantity": "0.5", "order_type": "limit",
        "limit_price": "60000", "position_side": "long",
    }));
    desk.rig.start_ready();
    desk.crosses_to_flat();
}
