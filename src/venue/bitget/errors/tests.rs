use super::*;
use crate::venue::rest::transport::Broken;

fn sent(status: u16, body: &str) -> Sent {
    Sent::Answered(Reply::of(status, Ok(body.as_bytes().to_vec())))
}

fn coded(code: i64) -> Sent {
    let body =
        format!(r#"{{"code": "{code}", "msg": "no", "requestTime": 1700000000123, "data": null}}"#);
    sent(400, &body)
}

#[test]
fn each_code_means_one_thing_for_a_read_and_one_for_a_write() {
    use Missing as M;
    use Outcome as O;
    for (code, missing, outcome) in [
        (40_004, M::Malformed, O::Refused),
        (40_008, M::Malformed, O::Refused),
        (40_006, M::Unauthorized, O::Refused),
        (40_009, M::Unauthorized, O::Refused),
        (40_012, M::Unauthorized, O::Refused),
        (40_014, M::Unauthorized, O::Refused),
        (40_018, M::Unauthorized, O::Refused),
        (40_037, M::Unauthorized, O::Refused),
        (40_084, M::Unreachable, O::Refused),
        (40_085, M::Unreachable, O::Refused),
        (429, M::RateLimited, O::NotSent),
        (40_015, M::Unreachable, O::Unknown),
        (40_200, M::Unreachable, O::Unknown),
        (40_725, M::Unreachable, O::Unknown),
        (43_118, M::Unreachable, O::Unknown),
        (22_001, M::Malformed, O::NothingToDo),
        (22_002, M::Malformed, O::NothingToDo),
        (25_227, M::Malformed, O::NothingToDo),
        (24_056, M::Malformed, O::NothingToDo),
        (40_768, M::Malformed, O::NothingToDo),
        (25_204, M::Malformed, O::NothingToDo),
        (40_762, M::Unreachable, O::Refused),
        (40_774, M::Malformed, O::Refused),
        (40_808, M::Malformed, O::Refused),
        (25_236, M::Malformed, O::Refused),
        (4_711, M::Malformed, O::Refused),
    ] {
        let error = read(&coded(code)).unwrap_err();
        assert_eq!(error.missing(), missing, "{code}");
        let (found, status, words) = write(&coded(code), Says::Order);
        assert_eq!((found, status), (outcome, Some(400)), "{code}");
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
        (sent(200, r#"{"code": null}"#), M::Malformed, O::Unknown),
        (sent(200, r#"{"code": "ok"}"#), M::Malformed, O::Unknown),
        (sent(200, r#"{"code": "00000"}"#), M::Malformed, O::Unknown),
        (sent(401, "no"), M::Unauthorized, O::Refused),
        (sent(403, "<html>"), M::RateLimited, O::NotSent),
        (sent(429, "slow"), M::RateLimited, O::Unknown),
        (sent(500, "{}"), M::Unreachable, O::Unknown),
        (sent(404, "<html>"), M::Malformed, O::Refused),
        (Sent::NoBudget, M::RateLimited, O::NotSent),
        (Sent::Unsent("gone".to_owned()), M::Unreachable, O::NotSent),
        (Sent::Lost("late".to_owned()), M::Unreachable, O::Unknown),
    ];
    for (answer, missing, outcome) in &answers {
        let result = read(answer).and_then(|json| {
            json.root().as_object()?.need("data")?;
            Ok(())
        });
        assert_eq!(result.unwrap_err().missing(), *missing, "{answer:?}");
        assert_eq!(write(answer, Says::Order).0, *outcome, "{answer:?}");
    }
    let cut = Sent::Answered(Reply::of(200, Err(Broken::Cut("cut".to_owned()))));
    assert_eq!(write(&cut, Says::Order).0, Outcome::Unknown);
}

#[test]
fn a_yes_says_of_each_order_what_became_of_it() {
    use Outcome as O;
    let yes = |data: &str| sent(200, &format!(r#"{{"code": "00000", "data": {data}}}"#));
    let row = r#"{"orderId": "1", "clientOid": "2"}"#;
    let failed = |code: &str| {
        format!(r#"{{"orderId": "", "clientOid": "", "errorMsg": "no", "errorCode": "{code}"}}"#)
    };
    let lists = |done: &str, failed: &str| {
        let data = format!(r#"{{"successList": [{done}], "failureList": [{failed}]}}"#);
        write(&yes(&data), Says::Lists)
    };
    assert_eq!(lists(row, "").0, O::Acknowledged);
    assert_eq!(lists("", "").0, O::NothingToDo);
    assert_eq!(lists("", &failed("43025")).0, O::NothingToDo);
    assert_eq!(lists("", &failed("43007")).0, O::Refused);
    assert_eq!(lists("", &failed("40725")).0, O::Unknown);
    let (outcome, _, words) = lists(row, &failed("43007"));
    assert_eq!(outcome, O::Acknowledged);
    assert_eq!(words, "1 done, 1 refused, the first with code 43007: no");
    let entries = |list: &str| write(&yes(&format!(r#"{{"list": {list}}}"#)), Says::Entries).0;
    assert_eq!(entries(&format!("[{row}]")), O::Acknowledged);
    assert_eq!(entries("[]"), O::NothingToDo);
    assert_eq!(entries("null"), O::NothingToDo);
    let gone = r#"[{"orderId": "", "code": "24056", "msg": "notExisted"}]"#;
    assert_eq!(entries(gone), O::NothingToDo);
    assert_eq!(entries(&gone.replace("24056", "40725")), O::Unknown);
    // Without what must be there nobody knows.
    assert_eq!(write(&yes("{}"), Says::Lists).0, O::Unknown);
    assert_eq!(write(&yes("null"), Says::Entries).0, O::Unknown);
    assert_eq!(write(&yes("null"), Says::Order).0, O::Unknown);
    assert_eq!(write(&yes("null"), Says::Anything).0, O::Acknowledged);
    assert_eq!(write(&yes("{}"), Says::Order).0, O::Acknowledged);
}

#[test]
fn b17_the_venue_says_which_api_the_account_does_not_speak() {
    let said = |code| {
        let Sent::Answered(reply) = coded(code) else {
            unreachable!()
        };
        Said::of(&reply)
    };
    assert_eq!(said(40_084).refused_family(), Some(Family::Unified));
    assert_eq!(said(40_085).refused_family(), Some(Family::Classic));
    assert_eq!(said(40_731).refused_family(), Some(Family::Classic));
    assert_eq!(said(40_009).refused_family(), None);
    let off = said(40_008);
    assert!(off.is_off() && !off.is_too_many());
    assert_eq!(off.time.unwrap().timestamp_millis(), 1_700_000_000_123);
    assert!(said(429).is_too_many());
    assert!(said(40_014).lacks_right());
}
