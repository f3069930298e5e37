//! What the venue says of positions and margins, where riskd shows it.

use std::fs;

use rust_decimal::Decimal;
use serde_json::Value;

use super::desk::Desk;
use super::{BTC, ETH, Exchange};
use crate::e2e::secrets::{free_port, get};

pub(super) fn what_positions_are_worth_is_shown_wherever_they_are<E: Exchange>() {
    let mut desk = Desk::<E>::hedged();
    let http = format!("127.0.0.1:{}", free_port());
    let text = fs::read_to_string(desk.rig.rules()).unwrap();
    desk.rig
        .write_rules(&text.replace("http: off", &format!("http: \"{http}\"")));
    desk.open(BTC, "0.5");
    desk.open(ETH, "-2");
    desk.rig.start_ready();
    desk.price(BTC, 50_100);
    let account = || -> Value {
        let answer = String::from_utf8(get(&http, "/status")).unwrap();
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        let status: Value = serde_json::from_str(body).unwrap();
        status["accounts"][0].clone()
    };
    // The wallets and the positions of a poll are asked for side by side.
    let wallets = desk.rig.venue.wallets("hedge").unwrap();
    let margin: Decimal = wallets.iter().map(|one| one.maintenance_margin).sum();
    assert!(margin > Decimal::ZERO);
    desk.rig.wait_for("the new mark", |_| {
        let shown = account();
        let said = shown["maintenance_margin"].as_str();
        let said = said.and_then(|said| said.parse::<Decimal>().ok());
        let expected = E::SAYS_MAINTENANCE.then_some(margin);
        shown["position_figures"][0]["mark_price"] == "50100" && said == expected
    });
    let shown = account();
    let long = &shown["position_figures"][0];
    let btc = E::spelled(BTC);
    assert_eq!(long["position"], format!("{btc}/long"));
    assert_eq!(long["quantity"], "0.5");
    assert_eq!(long["average_price"], "50000");
    assert_eq!(long["notional"], "25050.00");
    assert_eq!(shown["positions"][0], format!("{btc}/long:+0.5@50000"));
    // The paper venue says of each of them that it would be liquidated, or that no price does.
    for place in 0..2 {
        assert!(shown["position_figures"][place]["liquidation_price"].is_string());
    }
    let status = desk
        .rig
        .riskd()
        .arg("status")
        .arg("--rules")
        .arg(desk.rig.rules())
        .output();
    let status = String::from_utf8(status.unwrap().stdout).unwrap();
    let expected = format!("{btc}/long:+0.5@50000 (mark 50100, notional 25,050.00, ");
    assert!(status.contains(&expected), "{status}");
    let says = status.contains("maintenance margin");
    assert_eq!(says, E::SAYS_MAINTENANCE, "{status}");
    desk.price(BTC, 48_900);
    desk.wait_verified(1);
    let fired = desk.first("fired");
    let held = fired["fields"]["holdings"].as_str().unwrap();
    assert!(held.contains("(mark 48900, notional 24,450.00, "), "{held}");
    desk.has_only_protected();
}
