//! Its one list of orders, and the other one that is forgotten so easily.

use riskd_paper::{Side, TwapTicket};
use rust_decimal::Decimal;

use super::{BingX, Desk};
use crate::e2e::exchange::desk::config;
use crate::e2e::exchange::{BTC, ETH};

const CANCEL_TWAP: &str = "/openApi/swap/v1/twap/cancelOrder";
const CANCEL_ONE: &str = "/openApi/swap/v2/trade/order?";

impl Desk {
    /// An order that the venue trades in parts, one each second.
    fn twap(&self, symbol: &str) {
        let ticket = TwapTicket {
            instrument: symbol.to_owned(),
            side: Side::Buy,
            position_side: Default::default(),
            per_order: Decimal::new(1, 1),
            total: Decimal::from(100),
            every_ms: 1000,
            limit: Decimal::from(1_000_000),
        };
        self.rig.venue.place_twap("main", &ticket).unwrap();
    }

    /// As the requests of this method say it.
    fn asked_by(&self, method: &str, path: &str) -> Vec<String> {
        let requests = self.rig.venue.requests().into_iter();
        let of_method = requests.filter(|request| request.method == method);
        let paths = of_method.map(|request| request.path);
        paths.filter(|asked| asked.starts_with(path)).collect()
    }
}

/// No cancel of all takes it along, and it opens again what was closed.
#[test]
fn an_order_that_is_traded_in_parts_is_cancelled_and_what_it_opened_is_closed() {
    let mut desk = Desk::new();
    desk.open(BTC, "0.5");
    desk.twap("ETH-USDT");
    desk.rig.start_ready();
    desk.crosses_to_flat();
    assert!(!desk.asked(CANCEL_TWAP).is_empty());
}

/// One that is placed under a lock is no less of a violation, though nothing is open yet.
#[test]
fn an_order_in_parts_that_comes_under_a_lock_goes_too() {
    let mut desk = Desk::new();
    desk.open(BTC, "0.5");
    desk.rig.start_ready();
    desk.crosses_to_flat();
    desk.twap("BTC-USDT");
    desk.wait_verified(2);
    assert!(desk.is_flat_and_quiet());
    desk.has_only_protected();
}

/// The list of what a cancel of all could not cancel is read, and the next round does it.
#[test]
fn orders_that_a_cancel_could_not_take_along_go_with_the_next() {
    let mut desk = Desk::new();
    desk.open(BTC, "0.5");
    desk.rest(ETH, "1500");
    desk.stop(BTC, "30000");
    desk.rig.start_ready();
    desk.rig.fault(
        r#"{"fault": {"entry_fails": {"instrument": "ETH-USDT"}}, "class": "cancel", "count": 1}"#,
    );
    desk.crosses_to_flat();
}

/// Ids are above 2^53, and two neighbours are one where they are read as floats: the order
/// that may stay is not the one that is cancelled.
#[test]
fn neighbours_above_two_to_the_fifty_third_are_two_orders() {
    let rules = r#"
rules:
  - name: no more
    accounts: ["*"]
    when: { position: { positions: 0 } }
    then: [{ close_only: { until: session_end } }]
"#;
    let mut desk = Desk::of("hedge", config::<BingX>(), rules);
    desk.open(BTC, "0.5");
    desk.place(serde_json::json!({
        "instrument": BTC, "side": "sell", "quantity": "0.1", "order_type": "limit",
        "limit_price": "60000", "position_side": "long",
    }));
    desk.rest(BTC, "40000");
    desk.place(serde_json::json!({
        "instrument": BTC, "side": "sell", "quantity": "0.1", "order_type": "limit",
        "limit_price": "61000", "position_side": "long",
    }));
    desk.rig.start();
    let live = |desk: &Desk| desk.rig.venue.live_orders("hedge").unwrap();
    desk.rig
        .wait_for("the entry to be gone", |_| live(&desk).len() == 2);
    desk.rig.let_polls_pass();
    assert!(live(&desk).iter().all(|order| order.only_reduces));
    let cancelled = desk.asked_by("DELETE", CANCEL_ONE);
    assert_eq!(cancelled.len(), 1, "{cancelled:?}");
    desk.has_only_protected();
}
