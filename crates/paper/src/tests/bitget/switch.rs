//! Sections 0 and 4.1, B17: an account speaks one family, and may be switched.

use serde_json::{Value, json};

use super::{BTC, HEDGE_KEY, Rig, USDT, bitget, number, product};
use crate::{ScriptAction, ScriptStep, Side, Ticket};

const UNIFIED_ORDERS: &str = "/api/v3/trade/unfilled-strategy-orders?category=USDT-FUTURES";

/// The codes of the probe of each family.
fn families(rig: &Rig) -> (String, String) {
    let code = |target: &str| rig.get(target).code().to_owned();
    let classic = code(&format!("/api/v2/mix/account/accounts?{USDT}"));
    (classic, code("/api/v3/account/assets"))
}

#[test]
fn each_kind_of_account_has_its_own_calls() {
    let classic = Rig::start();
    assert_eq!(families(&classic), ("00000".into(), "40084".into()));
    let probe = classic.get("/api/v3/account/info");
    assert_eq!((probe.status, probe.code()), (400, "40084"));
    let unified = Rig::unified();
    assert_eq!(families(&unified), ("40085".into(), "00000".into()));
    let write = unified.post(super::CLOSE, &product());
    assert_eq!(write.code(), "40085");
    let text = write.body["msg"].as_str().unwrap();
    assert!(
        text.starts_with("You are in Unified Account mode"),
        "{text}"
    );
}

#[test]
fn an_account_is_switched_with_all_that_it_has() {
    let rig = Rig::start();
    rig.venue.open("main", BTC, 1, None).unwrap();
    let stop = Ticket::stop(BTC, Side::Sell, number("0.5"), number("45000")).reduce_only();
    rig.venue.place("main", &stop).unwrap();
    let id = rig.plans("profit_loss")[0]["orderId"].clone();
    rig.venue.set_unified("main", true).unwrap();
    assert_eq!(families(&rig), ("40085".into(), "00000".into()));
    let rows = rig.get(UNIFIED_ORDERS);
    assert_eq!(rows.data()[0]["orderId"], id);
    // The other account is what it was.
    let other = rig.get_as(HEDGE_KEY, &format!("{}?{USDT}", super::POSITIONS));
    assert_eq!(other.code(), "00000");
    let closed = rig.post(
        "/api/v3/trade/close-positions",
        &json!({"category": "USDT-FUTURES"}),
    );
    assert_eq!(closed.list("list").len(), 1);
    rig.venue.set_unified("main", false).unwrap();
    assert_eq!(families(&rig), ("00000".into(), "40084".into()));
    assert!(rig.positions().is_empty());
}

#[test]
fn a_script_switches_it() {
    let mut config = bitget();
    config.script = vec![ScriptStep {
        after_ms: 1000,
        action: ScriptAction::Unified {
            account: "main".to_owned(),
            unified: true,
        },
    }];
    let rig = Rig::of(config);
    assert_eq!(families(&rig).0, "00000");
    rig.pause();
    assert_eq!(families(&rig).0, "40085");
}

#[test]
fn the_control_api_switches_it() {
    let rig = Rig::start();
    let body = json!({"account": "main", "unified": true}).to_string();
    let headers = [("Content-Type", "application/json")];
    let reply = rig.raw("POST /paper/unified", &headers, &body).unwrap();
    assert_eq!(reply.body, json!({"done": true}));
    assert_eq!(families(&rig).0, "40085");
    let nobody = json!({"account": "nobody", "unified": true}).to_string();
    let reply = rig.raw("POST /paper/unified", &headers, &nobody).unwrap();
    assert_eq!(reply.status, 400);
    assert_ne!(reply.body, Value::Null);
}
