//! The replies to a sequence of requests, byte for byte as they were recorded:
//! what the simulation learns for other venues changes nothing of CrossTrade's.

use std::fmt::Write;

use rust_decimal::Decimal;

use crate::{
    Delivery, Fault, FaultRule, PaperClock, PaperConfig, PaperVenue, Request, RequestClass, Side,
    Ticket,
};

const RECORDED: &str = include_str!("recorded.txt");

struct Recorder {
    venue: PaperVenue,
    text: String,
}

impl Recorder {
    fn send(&mut self, method: &str, path: &str, body: &str) {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let response = self.venue.receive(&Request {
            method,
            path: &format!("/v1/api/{path}"),
            query,
            authorization: Some("Bearer paper-token"),
            body: body.as_bytes(),
        });
        let Delivery::Whole(page) = response.delivery else {
            panic!("{path}: {response:?}");
        };
        let sent = String::from_utf8(page.body.to_vec()).unwrap();
        writeln!(self.text, "{method} {path}?{query} {body}").unwrap();
        writeln!(self.text, "{} {sent}", page.status).unwrap();
    }

    fn read(&mut self) {
        for path in [
            "accounts/snapshot",
            "accounts/Sim101",
            "accounts/Sim101/positions",
            "accounts/Sim101/orders?activeOnly=true",
            "accounts/Sim101/watermarks",
        ] {
            self.send("GET", path, "");
        }
    }
}

fn venue() -> PaperVenue {
    let config = PaperConfig {
        rate_limit: false,
        commission: Decimal::new(204, 2),
        ..PaperConfig::default()
    };
    let stop = Ticket::stop("ES", Side::Sell, 3, Decimal::from(4990));
    let target = Ticket::limit("ES", Side::Sell, 3, Decimal::from(5010));
    let config = config
        .account("Sim101", Decimal::new(5_000_035, 2))
        .account("Eval 50K!", 100_000)
        .position("Sim101", "ES", 3)
        .position("Eval 50K!", "GC", -2)
        .order("Sim101", stop.in_oco("bracket"))
        .order("Sim101", target.in_oco("bracket"));
    let (clock, _) = PaperClock::manual("2026-03-05T15:00:00Z".parse().unwrap());
    PaperVenue::new(config, clock).unwrap()
}

#[test]
fn replies_stay_as_they_were_recorded() {
    let venue = venue();
    let text = String::new();
    let mut recorder = Recorder { venue, text };
    recorder.read();
    let price = Decimal::new(500_675, 2);
    recorder.venue.set_price("ES", price).unwrap();
    let close = r#"{"instrument": "ESH26", "percent": 0.3}"#;
    recorder.send("POST", "accounts/Sim101/positions/close", close);
    let order = r#"{"instrument": "MNQ", "action": "SELL", "quantity": 3, "orderType": "LIMIT",
        "limitPrice": 20010.25, "timeInForce": "DAY"}"#
        .replace("\n        ", " ");
    recorder.send("POST", "accounts/Sim101/orders/place", &order);
    let half = order.replace(": 3,", ": 1.5,");
    recorder.send("POST", "accounts/Sim101/orders/place", &half);
    recorder.read();
    recorder.send("GET", "market/quote?instrument=ES", "");
    recorder.send("GET", "positions?includeFlat=true", "");
    let rule = FaultRule::new(Fault::FlattenHalf).on(RequestClass::Flatten);
    recorder.venue.set_fault(rule.times(1)).unwrap();
    for _ in 0..3 {
        recorder.send("POST", "accounts/Sim101/positions/flatten", "{}");
    }
    recorder.send("POST", "accounts/Sim101/orders/f00/cancel", "{}");
    recorder.send(
        "POST",
        "positions/flatten",
        r#"{"marketPosition": "Short"}"#,
    );
    recorder.read();
    let lines = recorder.text.lines().zip(RECORDED.lines());
    for (sent, recorded) in lines {
        assert_eq!(sent, recorded);
    }
    assert_eq!(recorder.text, RECORDED);
}
