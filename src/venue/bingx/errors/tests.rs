use super::*;
use crate::domain::holdings::{OrderBook, OrderSide};
use crate::domain::instrument::{Dialect, Instrument};
use crate::domain::observation::Missing;
use crate::domain::position_key::PositionKey;
use crate::domain::request::CloseQuantity;
use crate::venue::rest::transport::Broken;
use rust_decimal::Decimal;

fn sent(status: u16, body: &str) -> Sent {
    Sent::Answered(Reply::of(status, Ok(body.as_bytes().to_vec())))
}

fn close() -> Write {
    Write::CloseQuantity(CloseQuantity {
        position: PositionKey::of("BTC-USDT", Dialect::Symbols),
        side: OrderSide::Sell,
        quantity: Decimal::ONE,
        part: 1,
    })
}

fn cancel() -> Write {
    Write::CancelOrdersOf {
        instrument: Instrument::of("BTC-USDT", Dialect::Symbols),
        book: Some(OrderBook::Regular),
    }
}

fn coded(code: i64, words: &str) -> Sent {
    sent(
        200,
        &format!(r#"{{"code": {code}, "msg": "{words}", "data": {{}}}}"#),
    )
}

/// B18: closing what is not there is no failure.
#[test]
fn each_code_means_one_thing_for_a_read_and_one_for_a_write() {
    use Missing as M;
    use Outcome as O;
    for (code, words, missing, outcome) in [
        (100_001, "no", M::Unauthorized, O::Refused),
        (100_412, "no", M::Unauthorized, O::Refused),
        (100_413, "no", M::Unauthorized, O::Refused),
        (100_004, "no", M::Unauthorized, O::Refused),
        (100_419, "no", M::Unauthorized, O::Refused),
        (100_414, "no", M::Unauthorized, O::Refused),
        (100_410, "rate limited", M::RateLimited, O::NotSent),
        (100_410, "The system is busy", M::Unreachable, O::Unknown),
        (109_403, "no", M::RateLimited, O::NotSent),
        (109_429, "no", M::RateLimited, O::NotSent),
        (100_421, "Null timestamp or", M::Malformed, O::Refused),
        (100_421, "pair restricted", M::Malformed, O::Refused),
        (109_400, "timestamp is invalid", M::Malformed, O::Refused),
        (109_400, "PositionSide", M::Malformed, O::Refused),
        (109_400, "Try again later", M::Unreachable, O::Refused),
        (80_014, "timestamp is invalid", M::Malformed, O::Refused),
        (80_014, "temporarily off", M::Unreachable, O::Refused),
        (80_014, "quantity", M::Malformed, O::Refused),
        (101_515, "Try again later", M::Unreachable, O::Refused),
        (80_001, "no", M::Unreachable, O::Unknown),
        (109_414, "no", M::Unreachable, O::Unknown),
        (101_205, "no", M::Malformed, O::NothingToDo),
        (109_420, "no", M::Malformed, O::NothingToDo),
        (101_290, "no", M::Malformed, O::NothingToDo),
        (80_017, "no", M::Malformed, O::NothingToDo),
        (110_203, "no", M::Unreachable, O::Refused),
        (101_212, "no", M::Unreachable, O::Refused),
        (101_214, "no", M::Unreachable, O::Refused),
        (101_413, "no", M::Unreachable, O::Refused),
        (109_421, "no", M::Unreachable, O::Unknown),
        (80_018, "no", M::Unreachable, O::Unknown),
        (101_481, "no", M::Unreachable, O::Unknown),
        (109_201, "no", M::Unreachable, O::Unknown),
        (100_500, "no", M::Unreachable, O::Unknown),
        (109_500, "no", M::Unreachable, O::Unknown),
        (101_485, "no", M::Malformed, O::Refused),
        (4_711, "no", M::Malformed, O::Refused),
    ] {
        let answer = coded(code, words);
        assert_eq!(read(&answer).unwrap_err().missing(), missing, "{code}");
        let (found, status, told) = write(&answer, &close());
        assert_eq!((found, status), (outcome, Some(200)), "{code}");
        assert_eq!(told, format!("code {code}: {words}"));
    }
    // As a text too.
    let text = sent(200, r#"{"code": "101205", "msg": "no"}"#);
    assert_eq!(write(&text, &Write::Flatten).0, O::NothingToDo);
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
        (sent(200, r#"{"code": null}"#), M::Malformed, O::Unknown),
        (sent(200, r#"{"code": 0}"#), M::Malformed, O::Unknown),
        (
            sent(200, r#"{"code": 0, "data": null}"#),
            M::Malformed,
            O::Unknown,
        ),
        (sent(200, r#"{"data": []}"#), M::Malformed, O::Unknown),
        (sent(401, "no"), M::Unauthorized, O::Refused),
        (sent(403, "<html>"), M::RateLimited, O::NotSent),
        (sent(418, ""), M::RateLimited, O::NotSent),
        (sent(429, "slow"), M::RateLimited, O::NotSent),
        (sent(504, ""), M::Unreachable, O::Unknown),
        (sent(302, ""), M::Malformed, O::Unknown),
        (sent(404, "<html>"), M::Malformed, O::Refused),
        (Sent::NoBudget, M::RateLimited, O::NotSent),
        (Sent::Unsent("gone".to_owned()), M::Unreachable, O::NotSent),
        (Sent::Lost("late".to_owned()), M::Unreachable, O::Unknown),
    ];
    for (answer, missing, outcome) in &answers {
        let result = read(answer).and_then(|json| {
            data(json.root())?;
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
    let yes = |data: &str| sent(200, &format!(r#"{{"code": 0, "msg": "", "data": {data}}}"#));
    let order = r#"{"order": {"orderId": 1736008778921491201, "orderID": "1736008778921491201"}}"#;
    assert_eq!(write(&yes(order), &close()).0, Outcome::Acknowledged);
    let failed = order.replace("\"orderID\"", "\"status\": \"FAILED\", \"orderID\"");
    assert_eq!(write(&yes(&failed), &close()).0, Outcome::Refused);
    assert_eq!(write(&yes("{}"), &close()).0, Outcome::Unknown);
    let none = r#"{"success": null, "failed": null}"#;
    assert_eq!(write(&yes(none), &cancel()).0, Outcome::NothingToDo);
    assert_eq!(write(&yes(none), &Write::Flatten).0, Outcome::NothingToDo);
    assert_eq!(write(&yes("{}"), &Write::Flatten).0, Outcome::Unknown);
    let one = Write::cancel_order("7");
    assert_eq!(write(&yes("{}"), &one).0, Outcome::Acknowledged);
    assert_eq!(write(&yes("[]"), &one).0, Outcome::Unknown);
}

#[test]
fn the_venue_says_for_how_long_it_is_to_be_left_alone() {
    let now = DateTime::from_timestamp_millis(1_700_000_000_000).unwrap();
    let pause = |code, words: &str| {
        let Sent::Answered(reply) = coded(code, words) else {
            unreachable!()
        };
        let pause = Said::of(&reply).pause(now);
        pause.map(|pause| pause.as_millis())
    };
    let disabled = "code:100410:The endpoint is currently in the disabled period and will be \
                    unblocked after 1700000120000";
    assert_eq!(pause(100_410, disabled), Some(120_000));
    // Other calls are open: it is no use to wait for this one.
    for (words, outcome) in [
        (disabled, Outcome::Refused),
        (
            "over 20 error code:101205 requests within 480000 ms for this api",
            Outcome::Refused,
        ),
        ("rate limited", Outcome::NotSent),
    ] {
        let answer = coded(100_410, words);
        assert_eq!(write(&answer, &Write::Flatten).0, outcome, "{words}");
        assert_eq!(read(&answer).unwrap_err().missing(), Missing::RateLimited);
    }
    let wrong = "over 20 error code, can retry after time: 1700000030000";
    assert_eq!(pause(100_410, wrong), Some(30_000));
    assert_eq!(pause(100_410, "rate limited"), Some(1000));
    // It is over already, by a clock that is off.
    let over = "will be unblocked after 1600000000000";
    assert_eq!(pause(100_410, over), Some(1000));
    assert_eq!(pause(100_001, disabled), None);
    assert_eq!(pause(100_410, "the system is busy"), None);
}
