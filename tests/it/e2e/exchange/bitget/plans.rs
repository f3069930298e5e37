//! Conditional orders of every kind: a classic account keeps them by plan type, and one is
//! not found without its own; a unified one keeps strategies, which go one by one.

use reqwest::Method;
use reqwest::header::HeaderName;
use riskd::secret::Secret;
use riskd::venue::rest::query::Pairs;
use riskd::venue::rest::sign::{HeaderNames, InHeaders, Sign, SignedText, Unsigned};
use riskd_paper::{Delivery, Incoming};
use serde_json::{Value, json};

use super::Exchange;
use super::classic::Classic;
use super::unified::Unified;
use crate::e2e::exchange::desk::PASSPHRASE;
use crate::e2e::exchange::{BTC, Desk, ETH, SECRET};

impl<E: Exchange> Desk<E> {
    /// The trader asks the venue with a key of the account.
    fn ask(&self, path: &str, body: &Value) {
        let body = body.to_string();
        let name = HeaderName::from_static;
        let names = HeaderNames {
            key: name("access-key"),
            time: name("access-timestamp"),
            signature: name("access-sign"),
            text: SignedText::TimeMethodPath {
                passphrase: name("access-passphrase"),
            },
        };
        let secret = |text: &str| Secret::new(text.to_owned()).unwrap();
        let key = format!("paper-key-{}", self.account);
        let passphrase = Some(secret(PASSPHRASE));
        let signer = InHeaders::new(names, secret(&key), secret(SECRET), passphrase).unwrap();
        let signed = signer.sign(&Unsigned {
            method: &Method::POST,
            path,
            query: &Pairs::default(),
            body: &body,
            time: self.rig.venue.now(),
        });
        let headers = signed.unwrap().headers;
        let headers = headers.iter();
        let headers = headers.map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
        let response = self.rig.venue.receive(Incoming {
            method: "POST",
            path,
            query: "",
            headers: headers.collect(),
            body: body.as_bytes(),
        });
        let Delivery::Whole(page) = response.delivery else {
            panic!("no fault is on");
        };
        let text = String::from_utf8_lossy(&page.body);
        assert_eq!(page.status, 200, "{path}: {text}");
    }

    fn orders(&self) -> usize {
        self.rig.venue.live_orders(self.account).unwrap().len()
    }
}

/// TP/SL of every plan type, of a position and of its whole, a trigger and two that trail:
/// all are found in the three lists, and each is cancelled by its own type.
#[test]
fn every_plan_type_is_listed_and_cancelled() {
    let mut desk = Desk::<Classic>::new();
    desk.open(BTC, "0.5");
    for (plan, more) in [
        ("normal_plan", json!({"triggerPrice": "30000"})),
        (
            "track_plan",
            json!({"triggerPrice": "31000", "callbackRatio": "1"}),
        ),
    ] {
        let mut body = json!({
            "symbol": BTC, "productType": "USDT-FUTURES", "marginMode": "crossed",
            "marginCoin": "USDT", "size": "0.01", "side": "sell", "orderType": "market",
            "planType": plan,
        });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        desk.ask("/api/v2/mix/order/place-plan-order", &body);
    }
    for (plan, trigger, more) in [
        ("profit_plan", "60000", json!({"size": "0.1"})),
        ("loss_plan", "32000", json!({"size": "0.1"})),
        ("pos_profit", "61000", json!({})),
        ("pos_loss", "33000", json!({})),
        (
            "moving_plan",
            "34000",
            json!({"size": "0.1", "rangeRate": "1"}),
        ),
    ] {
        let mut body = json!({
            "symbol": BTC, "productType": "USDT-FUTURES", "marginCoin": "USDT",
            "planType": plan, "holdSide": "long", "triggerPrice": trigger,
        });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        desk.ask("/api/v2/mix/order/place-tpsl-order", &body);
    }
    assert_eq!(desk.orders(), 7);
    desk.rig.venue.clear_requests();
    desk.rig.start_ready();
    desk.crosses_to_flat();
    let cancels = desk.asked("/api/v2/mix/order/cancel-plan-order");
    assert!(cancels.len() >= 7, "{cancels:?}");
}

/// A strategy that takes profit and stops a loss at once is one row and one cancel.
#[test]
fn every_strategy_is_listed_and_cancelled() {
    let mut desk = Desk::<Unified>::new();
    desk.open(BTC, "0.5");
    let path = "/api/v3/trade/place-strategy-order";
    desk.ask(
        path,
        &json!({
            "category": "USDT-FUTURES", "symbol": BTC, "type": "tpsl", "tpslMode": "full",
            "posSide": "long", "takeProfit": "60000", "stopLoss": "32000",
        }),
    );
    desk.ask(
        path,
        &json!({
            "category": "USDT-FUTURES", "symbol": BTC, "type": "tpsl", "qty": "0.1",
            "posSide": "long", "stopLoss": "33000",
        }),
    );
    desk.ask(
        path,
        &json!({
            "category": "USDT-FUTURES", "symbol": ETH, "type": "trigger", "qty": "1",
            "side": "buy", "triggerPrice": "2500",
        }),
    );
    assert_eq!(desk.orders(), 4);
    desk.rig.venue.clear_requests();
    desk.rig.start_ready();
    desk.crosses_to_flat();
    let cancels = desk.asked("/api/v3/trade/cancel-strategy-order");
    assert!(cancels.len() >= 3, "{cancels:?}");
}
