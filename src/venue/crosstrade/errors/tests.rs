use super::*;
use crate::domain::position_key::PositionKey;

fn answered(status: u16, body: &str) -> Sent {
    Sent::Answered(Reply::of(status, Ok(body.as_bytes().to_vec())))
}

fn broken(status: u16, broken: Broken) -> Sent {
    Sent::Answered(Reply::of(status, Err(broken)))
}

const PAGE: &str = "<!DOCTYPE html><html><body>Attention required</body></html>";

#[test]
fn a_read_succeeds_only_with_2xx_json_that_does_not_say_no() {
    for body in [
        r#"{"positions": [], "success": true}"#,
        r#"{"positions": []}"#,
        "[]",
        r#"{"success": "true"}"#,
    ] {
        assert!(read(&answered(200, body)).is_ok(), "{body}");
    }
    assert!(read(&answered(206, "{}")).is_ok());
}

#[test]
fn a_read_that_learned_nothing_says_why() {
    use Missing::*;
    let error = |code: &str| format!(r#"{{"success": false, "error": "{code}", "detail": "why"}}"#);
    let cases = [
        (Sent::NoBudget, RateLimited, "budget"),
        (Sent::Unsent("refused".into()), Unreachable, "refused"),
        (Sent::Lost("no answer within 4s".into()), Unreachable, "4s"),
        (
            broken(200, Broken::Cut("broke off".into())),
            Unreachable,
            "broke off",
        ),
        (broken(200, Broken::TooLong(9)), Malformed, "9 bytes"),
        (
            broken(502, Broken::Cut("broke off".into())),
            Unreachable,
            "502",
        ),
        (answered(200, ""), Malformed, "not JSON"),
        (answered(200, r#"{"positions": ["#), Malformed, "not JSON"),
        (answered(200, r#"{"a": NaN}"#), Malformed, "not JSON"),
        (answered(200, PAGE), Malformed, "HTML"),
        (answered(200, &format!("\n {PAGE}")), Malformed, "base URL"),
        (
            answered(200, &error("odd_code")),
            Malformed,
            "odd_code: why",
        ),
        (
            answered(200, r#"{"success": "False"}"#),
            Malformed,
            "read failed",
        ),
        (
            answered(200, r#"{"success": true, "Success": false}"#),
            Malformed,
            "read failed",
        ),
        (
            answered(200, r#"{"orders": [], "success": null}"#),
            Malformed,
            "read failed",
        ),
        (
            answered(200, &error("addon_disconnected")),
            PlatformOffline,
            "addon",
        ),
        (answered(200, &error("rate_limited")), RateLimited, "rate"),
        (answered(200, &error("invalid_account")), NotListed, "why"),
        (answered(301, PAGE), Malformed, "redirect"),
        (answered(302, ""), Malformed, "edge"),
        (
            answered(400, r#"{"error": "Invalid request"}"#),
            Malformed,
            "Invalid request",
        ),
        (answered(400, &error("account_not_found")), NotListed, "why"),
        (
            answered(400, &error("account_disconnected")),
            Disconnected,
            "why",
        ),
        (
            answered(401, &error("api_requires_pro")),
            Unauthorized,
            "api_requires_pro",
        ),
        (answered(401, ""), Unauthorized, "token or the plan"),
        (answered(403, "{}"), Unauthorized, "403"),
        (answered(403, PAGE), Malformed, "edge"),
        (
            answered(404, r#"{"error": "nf", "did_you_mean": "/v1/x"}"#),
            Malformed,
            "did you mean /v1/x",
        ),
        (answered(404, PAGE), Malformed, "HTML"),
        (answered(404, &error("Account_Not_Found")), NotListed, "404"),
        (
            answered(408, r#"{"success": false, "error": "gone"}"#),
            PlatformOffline,
            "gone",
        ),
        (answered(408, ""), PlatformOffline, "408"),
        (
            answered(429, r#"{"error": "Rate limit exceeded"}"#),
            RateLimited,
            "exceeded",
        ),
        (answered(500, "{}"), Unreachable, "500"),
        (answered(503, PAGE), Unreachable, "503"),
        (
            answered(503, &error("addon_disconnected")),
            PlatformOffline,
            "503",
        ),
    ];
    for (sent, expected, part) in cases {
        let error = read(&sent).unwrap_err();
        let (missing, words) = (error.missing(), error.to_string());
        assert_eq!(missing, expected, "{sent:?}");
        assert!(words.contains(part), "{words:?} of {sent:?}");
    }
    let plain = Reply::of(200, Ok(b"plain words".to_vec()));
    let called_html = Sent::Answered(Reply::new(200, true, plain.body, plain.times));
    assert!(read(&called_html).unwrap_err().to_string().contains("HTML"));
}

#[test]
fn only_a_yes_is_a_yes_and_only_a_no_is_a_no() {
    use Outcome::*;
    let order = Write::cancel_order("1");
    let close = Write::ClosePosition(PositionKey::new("ES 12-24"));
    let cases = [
        (Sent::NoBudget, Write::Flatten, NotSent),
        (Sent::Unsent("refused".into()), Write::Flatten, NotSent),
        (Sent::Lost("no answer".into()), Write::Flatten, Unknown),
        (
            broken(200, Broken::Cut("cut".into())),
            Write::Flatten,
            Unknown,
        ),
        (broken(200, Broken::TooLong(9)), Write::Flatten, Unknown),
        (
            broken(400, Broken::Cut("cut".into())),
            Write::Flatten,
            Refused,
        ),
        (
            answered(200, r#"{"closedPositions": [], "success": true}"#),
            Write::Flatten,
            Acknowledged,
        ),
        (
            answered(200, r#"{"closed_positions": [], "success": true}"#),
            Write::Flatten,
            Acknowledged,
        ),
        (
            answered(200, r#"{"success": true}"#),
            Write::Flatten,
            Acknowledged,
        ),
        (
            answered(202, r#"{"success": true, "pending": true}"#),
            Write::Flatten,
            Acknowledged,
        ),
        (
            answered(
                200,
                r#"{"success": true, "verified": false, "remainingQuantity": 2}"#,
            ),
            close.clone(),
            Acknowledged,
        ),
        (
            answered(200, r#"{"success": true, "warning": "Nothing to flatten"}"#),
            Write::Flatten,
            NothingToDo,
        ),
        (
            answered(200, r#"{"success": true, "warning": "No position open"}"#),
            Write::Flatten,
            NothingToDo,
        ),
        (
            answered(200, r#"{"success": true, "warning": "market is closed"}"#),
            Write::Flatten,
            Acknowledged,
        ),
        (
            answered(200, r#"{"orderIds": [], "success": true}"#),
            Write::CancelOrders,
            Acknowledged,
        ),
        (
            answered(200, r#"{"success": false, "error": "nothing_to_flatten"}"#),
            Write::Flatten,
            NothingToDo,
        ),
        (
            answered(200, r#"{"success": false, "error": "invalid_account"}"#),
            Write::Flatten,
            Refused,
        ),
        (
            answered(200, r#"{"success": false, "error": "rate_limited"}"#),
            Write::Flatten,
            NotSent,
        ),
        (
            answered(200, r#"{"success": false, "error": "addon_disconnected"}"#),
            Write::Flatten,
            Unknown,
        ),
        (
            answered(200, r#"{"success": false, "error": "close_in_progress"}"#),
            close.clone(),
            Unknown,
        ),
        (
            answered(200, r#"{"closedPositions": []}"#),
            Write::Flatten,
            Unknown,
        ),
        (
            answered(200, r#"{"success": null}"#),
            Write::Flatten,
            Unknown,
        ),
        (answered(200, r#"{"success": 1}"#), Write::Flatten, Unknown),
        (
            answered(200, r#"{"success": true, "Success": false}"#),
            Write::Flatten,
            Unknown,
        ),
        (answered(200, "{}"), Write::Flatten, Unknown),
        (answered(200, "[]"), Write::Flatten, Unknown),
        (answered(200, ""), Write::Flatten, Unknown),
        (answered(204, ""), Write::Flatten, Unknown),
        (answered(200, r#"{"success": tru"#), Write::Flatten, Unknown),
        (answered(200, PAGE), Write::Flatten, Unknown),
        (answered(302, ""), Write::Flatten, Unknown),
        (
            answered(400, r#"{"error": "nothing_to_flatten"}"#),
            Write::Flatten,
            NothingToDo,
        ),
        (
            answered(
                400,
                r#"{"error": "No positions found for instrument 'ES 12-24'"}"#,
            ),
            close.clone(),
            NothingToDo,
        ),
        (
            answered(
                400,
                r#"{"error": "Order linked to '1' not found or already terminal."}"#,
            ),
            order.clone(),
            NothingToDo,
        ),
        (
            answered(400, r#"{"success": false, "error": "order_not_found"}"#),
            order,
            NothingToDo,
        ),
        (
            answered(400, r#"{"error": "order_not_found"}"#),
            Write::Flatten,
            Refused,
        ),
        (
            answered(400, r#"{"error": "Invalid request"}"#),
            Write::Flatten,
            Refused,
        ),
        (
            answered(400, r#"{"error": "close_needs_reconciliation"}"#),
            close.clone(),
            Unknown,
        ),
        (
            answered(409, r#"{"error": "close_in_progress"}"#),
            close,
            Unknown,
        ),
        (
            answered(401, r#"{"error": "nothing"}"#),
            Write::Flatten,
            Refused,
        ),
        (answered(403, PAGE), Write::Flatten, Refused),
        (answered(404, PAGE), Write::Flatten, Refused),
        (answered(422, "{}"), Write::Flatten, Refused),
        (
            answered(408, r#"{"success": false, "error": "addon away"}"#),
            Write::Flatten,
            Unknown,
        ),
        (answered(429, ""), Write::Flatten, NotSent),
        (
            answered(500, r#"{"error": "nothing_to_flatten"}"#),
            Write::Flatten,
            Unknown,
        ),
        (answered(502, PAGE), Write::Flatten, Unknown),
        (
            answered(503, r#"{"success": true}"#),
            Write::Flatten,
            Unknown,
        ),
    ];
    for (sent, request, expected) in cases {
        let (outcome, status, words) = write(&sent, &request);
        assert_eq!(outcome, expected, "{sent:?}: {words}");
        let answered = matches!(sent, Sent::Answered(_));
        assert_eq!(status.is_some(), answered, "{sent:?}");
        assert!(
            !words.is_empty() || matches!(outcome, Acknowledged | NothingToDo),
            "{sent:?}"
        );
    }
}

#[test]
fn words_are_the_venues_own() {
    for (status, body, expected) in [
        (
            400,
            r#"{"error": "bad", "detail": "really"}"#,
            "bad: really",
        ),
        (200, r#"{"success": true, "pending": true}"#, "pending"),
        (
            200,
            r#"{"success": true, "remainingQuantity": 2}"#,
            "2 still open",
        ),
        (
            200,
            r#"{"success": true, "verified": false}"#,
            "not verified yet",
        ),
        (
            200,
            r#"{"success": true, "verified": true, "remainingQuantity": 0}"#,
            "",
        ),
        (422, "{}", "HTTP 422"),
        (
            200,
            "{}",
            "HTTP 200: the answer does not say whether it succeeded",
        ),
    ] {
        assert_eq!(write(&answered(status, body), &Write::Flatten).2, expected);
    }
}
