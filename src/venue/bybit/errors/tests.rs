use super::*;
use crate::domain::holdings::OrderSide;
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
    Write::cancel_orders_of(Instrument::of("BTCUSDT", Dialect::Symbols))
}

fn coded(code: i64) -> Sent {
    let body =
        format!(r#"{{"retCode": {code}, "retMsg": "no", "result": {{}}, "time": 1700000000123}}"#);
    sent(200, &body)
}

#[test]
fn each_code_means_one_thing_for_a_read_and_one_for_a_write() {
    use Missing as M;
    use Outcome as O;
    for (code, missing, outcome) in [
        (10_002, M::Malformed, O::Refused),
        (10_003, M::Unauthorized, O::Refused),
        (10_004, M::Unauthorized, O::Refused),
        (10_005, M::Unauthorized, O::Refused),
        (10_007, M::Unauthorized, O::Refused),
        (10_010, M::Unauthorized, O::Refused),
        (33_004, M::Unauthorized, O::Refused),
        (10_006, M::RateLimited, O::NotSent),
        (10_018, M::RateLimited, O::NotSent),
        (10_000, M::Unreachable, O::Unknown),
        (10_016, M::Unreachable, O::Unknown),
        (429, M::Unreachable, O::Unknown),
        (110_072, M::Unreachable, O::Unknown),
        (110_001, M::Malformed, O::NothingToDo),
        (110_008, M::Malformed, O::NothingToDo),
        (110_010, M::Malformed, O::NothingToDo),
        (110_017, M::Malformed, O::NothingToDo),
        (110_063, M::Unreachable, O::Refused),
        (110_094, M::Malformed, O::Refused),
        (10_001, M::Malformed, O::Refused),
        (4_711, M::Malformed, O::Refused),
    ] {
        let error = read(&coded(code)).unwrap_err();
        assert_eq!(error.missing(), missing, "{code}");
        let (found, status, words) = write(&coded(code), &close());
        assert_eq!((found, status), (outcome, Some(200)), "{code}");
        assert_eq!(words, format!("code {code}: no"));
    }
}

#[test]
fn what_is_no_answer_of_the_venue_is_nothing_to_go_by() {
    use Missing as M;
    use Outcome as O;
    let answers = [
        (sent(200, "<html>"), M::Malformed, O::Unknown),
        (sent(200, "[]"), M::Malformed, O::Unknown),
        (sent(200, "{}"), M::Malformed, O::Unknown),
        (sent(200, ""), M::Malformed, O::Unknown),
        (sent(200, r#"{"retCode": null}"#), M::Malformed, O::Unknown),
        (sent(200, r#"{"retCode": 0}"#), M::Malformed, O::Unknown),
        (sent(401, "no"), M::Unauthorized, O::Refused),
        (sent(403, "<html>"), M::RateLimited, O::NotSent),
        (sent(429, "slow"), M::RateLimited, O::Unknown),
        (sent(302, ""), M::Malformed, O::Unknown),
        (sent(500, "{}"), M::Unreachable, O::Unknown),
        (sent(404, "<html>"), M::Malformed, O::Refused),
        (Sent::NoBudget, M::RateLimited, O::NotSent),
        (Sent::Unsent("gone".to_owned()), M::Unreachable, O::NotSent),
        (Sent::Lost("late".to_owned()), M::Unreachable, O::Unknown),
    ];
    for (answer, missing, outcome) in &answers {
        let result = read(answer).and_then(|json| {
            json.root().as_object()?.need("result")?;
            Ok(())
        });
        assert_eq!(result.unwrap_err().missing(), *missing, "{answer:?}");
        assert_eq!(write(answer, &close()).0, *outcome, "{answer:?}");
    }
    let cut = Sent::Answered(Reply::of(200, Err(Broken::Cut("cut".to_owned()))));
    assert_eq!(write(&cut, &close()).0, Outcome::Unknown);
}

#[test]
fn a_yes_to_a_cancel_says_how_many() {
    let yes = |result: &str| sent(200, &format!(r#"{{"retCode": 0, "result": {result}}}"#));
    let outcome = |result: &str| write(&yes(result), &cancel()).0;
    let row = r#"{"orderId": "a"}"#;
    assert_eq!(
        outcome(&format!(r#"{{"list": [{row}], "success": "1"}}"#)),
        Outcome::Acknowledged
    );
    assert_eq!(
        outcome(r#"{"list": [], "success": "1"}"#),
        Outcome::NothingToDo
    );
    assert_eq!(
        outcome(&format!(r#"{{"list": [{row}], "success": "0"}}"#)),
        Outcome::Refused
    );
    assert_eq!(outcome(r#"{"success": "1"}"#), Outcome::Unknown);
    assert_eq!(write(&yes("{}"), &close()).0, Outcome::Acknowledged);
}

#[test]
fn the_venue_says_its_time_and_whom_it_turns_away() {
    let reply = |code| {
        let Sent::Answered(reply) = coded(code) else {
            unreachable!()
        };
        Said::of(&reply)
    };
    let said = reply(10_002);
    assert!(said.is_off());
    assert_eq!(said.time.unwrap().timestamp_millis(), 1_700_000_000_123);
    assert_eq!(reply(10_006).turned_away(), Some(TurnedAway::Key));
    assert_eq!(reply(10_018).turned_away(), Some(TurnedAway::Address));
    assert_eq!(reply(0).turned_away(), None);
}
