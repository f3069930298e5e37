use super::*;
use crate::domain::holdings::{OrderBook, OrderSide};
use crate::domain::instrument::{Dialect, Instrument};
use crate::domain::position_key::PositionKey;
use crate::domain::request::CloseQuantity;
use crate::venue::rest::transport::Broken;
use rust_decimal::Decimal;

fn sent(status: u16, body: &str) -> Sent {
    Sent::Answered(Reply::of(status, Ok(body.as_bytes().to_vec())))
}

fn close() -> Write {
    Write::CloseQuantity(CloseQuantity {
        position: PositionKey::of("BTCUSDT", Dialect::Symbols),
        side: OrderSide::Sell,
        quantity: Decimal::ONE,
        part: 1,
    })
}

fn cancel() -> Write {
    Write::CancelOrdersOf {
        instrument: Instrument::of("BTCUSDT", Dialect::Symbols),
        book: Some(OrderBook::Conditional),
    }
}

/// B3: an order that is not found is not gone. B6: nothing to reduce is no failure.
#[test]
fn each_code_means_one_thing_for_a_read_and_one_for_a_write() {
    use Missing as M;
    use Outcome as O;
    for (status, code, missing, outcome) in [
        (400, -1021, M::Malformed, O::Refused),
        (400, -1022, M::Unauthorized, O::Refused),
        (401, -2014, M::Unauthorized, O::Refused),
        (401, -2015, M::Unauthorized, O::Refused),
        (429, -1003, M::RateLimited, O::NotSent),
        (418, -1003, M::RateLimited, O::NotSent),
        (429, -1015, M::RateLimited, O::NotSent),
        (503, -1006, M::Unreachable, O::Unknown),
        (408, -1007, M::Unreachable, O::Unknown),
        (503, -1001, M::Unreachable, O::Unknown),
        (400, -2011, M::Unreachable, O::Unknown),
        (400, -2013, M::Unreachable, O::Unknown),
        (400, -4116, M::Unreachable, O::Unknown),
        (400, -2022, M::Malformed, O::NothingToDo),
        (503, -1008, M::Unreachable, O::Refused),
        (400, -4118, M::Unreachable, O::Refused),
        (400, -4131, M::Unreachable, O::Refused),
        (400, -4061, M::Malformed, O::Refused),
        (400, -2019, M::Malformed, O::Refused),
        (400, -4164, M::Malformed, O::Refused),
        (400, -4711, M::Malformed, O::Refused),
    ] {
        let answer = sent(status, &format!(r#"{{"code": {code}, "msg": "no"}}"#));
        assert_eq!(read(&answer).unwrap_err().missing(), missing, "{code}");
        let (found, told, words) = write(&answer, &close());
        assert_eq!((found, told), (outcome, Some(status)), "{code}");
        assert_eq!(words, format!("code {code}: no"));
    }
}

#[test]
fn what_is_no_answer_of_the_venue_is_nothing_to_go_by() {
    use Missing as M;
    use Outcome as O;
    let unknown = r#"{"timestamp": 1, "path": "/fapi/v1/order", "msg": "Unknown error"}"#;
    let not_done = r#"{"code": 0, "msg": "Service Unavailable."}"#;
    let answers = [
        (sent(200, "<html>"), M::Malformed, O::Unknown),
        (sent(200, "[]"), M::Malformed, O::Unknown),
        (sent(200, "{}"), M::Malformed, O::Unknown),
        (sent(200, ""), M::Malformed, O::Unknown),
        (sent(200, r#"{"orderId": 7}"#), M::Malformed, O::Unknown),
        (sent(401, "no"), M::Unauthorized, O::Refused),
        (sent(403, "<html>"), M::RateLimited, O::NotSent),
        (sent(418, "<html>"), M::RateLimited, O::NotSent),
        (sent(429, "slow"), M::RateLimited, O::NotSent),
        (sent(408, "late"), M::Unreachable, O::Unknown),
        // Texts are not gone by: what says that it failed is unknown too.
        (sent(503, unknown), M::Unreachable, O::Unknown),
        (sent(503, not_done), M::Unreachable, O::Unknown),
        (sent(302, ""), M::Malformed, O::Unknown),
        (sent(404, "<html>"), M::Malformed, O::Refused),
        (Sent::NoBudget, M::RateLimited, O::NotSent),
        (Sent::Unsent("gone".to_owned()), M::Unreachable, O::NotSent),
        (Sent::Lost("late".to_owned()), M::Unreachable, O::Unknown),
    ];
    for (answer, missing, outcome) in &answers {
        let result = read(answer).and_then(|json| {
            json.root().as_object()?.need("assets")?;
            Ok(())
        });
        assert_eq!(result.unwrap_err().missing(), *missing, "{answer:?}");
        assert_eq!(write(answer, &close()).0, *outcome, "{answer:?}");
    }
    let cut = Sent::Answered(Reply::of(200, Err(Broken::Cut("cut".to_owned()))));
    assert_eq!(write(&cut, &close()).0, Outcome::Unknown);
}

#[test]
fn a_yes_says_what_became_of_it() {
    let order = |state: &str| {
        let body = format!(
            r#"{{"orderId": 8389765700000000123, "status": "{state}", "origQty": "0.5",
            "executedQty": "0.2", "cumQty": "0.2"}}"#
        );
        let (outcome, _, words) = write(&sent(200, &body), &close());
        (outcome, words)
    };
    assert_eq!(
        order("EXPIRED"),
        (
            Outcome::Acknowledged,
            "EXPIRED, 0.2 of 0.5 filled".to_owned()
        )
    );
    assert_eq!(order("REJECTED").0, Outcome::Refused);
    for body in [
        r#"{"code": 200, "msg": "The operation of cancel all open order is done."}"#,
        r#"{"code": "200", "msg": "success"}"#,
    ] {
        assert_eq!(write(&sent(200, body), &cancel()).0, Outcome::Acknowledged);
    }
    assert_eq!(write(&sent(200, "{}"), &cancel()).0, Outcome::Unknown);
}

#[test]
fn the_end_of_a_ban_stands_in_its_text() {
    let said = |body: &str| {
        let Sent::Answered(reply) = sent(418, body) else {
            unreachable!()
        };
        let until = Said::of(&reply).banned_until();
        until.map(|until| until.timestamp_millis())
    };
    let text = "Way too many requests; IP(203.0.113.7) banned until 1700000120000. Please use";
    assert_eq!(
        said(&format!(
            r#"{{"code": -1003, "msg": "{text} the websocket."}}"#
        )),
        Some(1_700_000_120_000)
    );
    assert_eq!(
        said(r#"{"code": -1003, "msg": "Too many requests."}"#),
        None
    );
    assert_eq!(
        said(&format!(r#"{{"code": -2011, "msg": "{text}"}}"#)),
        None
    );
}
