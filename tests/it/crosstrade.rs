//! The CrossTrade adapter at its outermost door: requests on the wire, and what
//! it makes of answers and of their absence.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use riskd::domain::account::AccountNumber;
use riskd::domain::holdings::{Position, WorkingOrders};
use riskd::domain::instrument::Instrument;
use riskd::domain::limits::Ask;
use riskd::domain::observation::Missing;
use riskd::domain::position_key::PositionKey;
use riskd::domain::request::{Answer, Outcome, Write};
use riskd::domain::venue::VenueProfile;
use riskd::secret::Secret;
use riskd::venue::budget::RequestBudget;
use riskd::venue::{Failure, Lane, Polled, Venue};
use riskd::venue::{crosstrade::CrossTrade, rest::Limits};

mod stub;

use self::stub::{Do, Stub};

const TOKEN: &str = "s3cret-token-value";
const EPOCH_MS: i64 = 1_741_618_393_090;

fn wall() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(EPOCH_MS).unwrap()
}

fn adapter_at(base: &str) -> CrossTrade {
    let limits = Limits {
        connect: Duration::from_millis(200),
        poll: Duration::from_millis(400),
        read: Duration::from_millis(400),
        write: Duration::from_millis(400),
        poll_bytes: 200_000,
        read_bytes: 2000,
        ..Limits::DEFAULT
    };
    let token = Secret::new(TOKEN.to_owned()).unwrap();
    CrossTrade::with_limits(base, token, wall, limits).unwrap()
}

fn adapter(stub: &Stub) -> CrossTrade {
    adapter_at(&stub.base())
}

/// Waits for a permit, and polls.
async fn poll(adapter: &CrossTrade, accounts: &[AccountNumber]) -> Vec<Polled> {
    let permit = adapter.admit_poll().await.unwrap();
    let mut polls = adapter.poll(accounts, permit).await;
    let in_order = accounts
        .iter()
        .map(|account| polls.remove(account).unwrap());
    in_order.collect()
}

/// Waits for a permit, and writes.
async fn write(adapter: &CrossTrade, account: &str, write: &Write) -> Answer {
    let permit = adapter.admit(Lane::Close, Ask::Write(write)).await.unwrap();
    adapter.write(&number(account), write, permit).await
}

/// Waits for a permit, and reads the positions; an empty list only of an account
/// of which it can be believed.
async fn positions(adapter: &CrossTrade, account: &str) -> Result<Arc<[Position]>, Failure> {
    let account = number(account);
    let permit = adapter
        .admit(Lane::Positions, Ask::Positions)
        .await
        .unwrap();
    let positions = adapter.positions(&account, permit).await?;
    if positions.is_empty() {
        let permit = adapter.admit(Lane::Verify, Ask::Orders).await.unwrap();
        adapter.check_alive(&account, permit).await?;
    }
    Ok(positions)
}

/// Waits for a permit, and reads the working orders.
async fn orders(adapter: &CrossTrade, account: &str) -> Result<WorkingOrders, Failure> {
    let permit = adapter.admit(Lane::Verify, Ask::Orders).await.unwrap();
    adapter.orders(&number(account), permit).await
}

/// A budget that nobody else draws on.
fn unshared() -> RequestBudget {
    RequestBudget::new(&VenueProfile::CROSSTRADE.limits)
}

fn number(text: &str) -> AccountNumber {
    AccountNumber::parse(text).unwrap()
}

/// A base address at which nobody listens.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}/v1/api", listener.local_addr().unwrap())
}

const SNAPSHOT: &str = r#"{"type": "snapshot", "timestamp": "2025-03-10T07:53:13.0908809-07:00",
    "epoch": 1741618393090, "accounts": [
      {"account": {"type": "NinjaTrader.Cbi.Account", "id": 1, "name": "Sim101",
         "isAccountFlat": false, "connectionStatus": "Connected",
         "item": {"cashValue": 100565.00000000285, "netLiquidation": 100577.5,
                  "realizedProfitLoss": 565.0, "unrealizedProfitLoss": 12.5}},
       "positions": [{"type": "NinjaTrader.Cbi.Position", "instrument": "MES 12-25",
         "marketPosition": "Short", "quantity": 1, "averagePrice": 5803.25}]},
      {"account": {"name": "Off", "connectionStatus": "Disconnected", "item": {}}, "positions": []}]}"#;

#[tokio::test]
async fn one_poll_reads_every_account_in_the_order_asked() {
    let stub = Stub::json(200, SNAPSHOT);
    let adapter = adapter(&stub);
    let accounts = [number("absent"), number("off"), number("sim101")];
    let polled = poll(&adapter, &accounts).await;
    assert_eq!(polled[0].as_ref().unwrap_err().missing, Missing::NotListed);
    assert_eq!(
        polled[1].as_ref().unwrap_err().missing,
        Missing::Disconnected
    );
    let learned = polled[2].as_ref().unwrap();
    assert_eq!(learned.figures.balance.unwrap().to_string(), "100565.00");
    assert_eq!(learned.figures.equity.unwrap().to_string(), "100577.50");
    assert_eq!(
        learned.positions.as_ref().unwrap()[0].to_string(),
        "MES 12-25:-1@5803.25"
    );
    assert_eq!(learned.orders.count(), None);

    let seen = stub.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].line, "GET /v1/api/accounts/snapshot");
    assert_eq!(
        seen[0].header("authorization"),
        Some("Bearer s3cret-token-value")
    );
    let agent = format!("riskd/{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(seen[0].header("user-agent"), Some(agent.as_str()));
    assert!(poll(&adapter, &[]).await.is_empty());
    assert_eq!(stub.seen().len(), 1);
}

#[tokio::test]
async fn writes_carry_exactly_the_path_of_their_account() {
    let stub = Stub::json(200, r#"{"success": true}"#);
    let adapter = adapter(&stub);
    let writes = [
        (Write::CancelOrders, "orders/cancel", "{}"),
        (Write::Flatten, "positions/flatten", "{}"),
        (
            Write::ClosePosition(PositionKey::new("ES 03-26")),
            "positions/close",
            r#"{"instrument":"ES 03-26"}"#,
        ),
        (
            Write::cancel_orders_of(Instrument::new("ES 03-26")),
            "orders/cancel",
            r#"{"instrument":"ES 03-26"}"#,
        ),
        (Write::cancel_order("a b"), "orders/a%20b/cancel", "{}"),
    ];
    let accounts = [
        ("PA APEX 12!", "PA%20APEX%2012!"),
        ("100%", "100%25"),
        ("Kontö", "Kont%C3%B6"),
        ("%2e%2e", "%252e%252e"),
    ];
    let mut sent = 0;
    for (account, encoded) in accounts {
        for (asked, tail, body) in &writes {
            let answer = write(&adapter, account, asked).await;
            assert_eq!(answer.outcome, Outcome::Acknowledged);
            assert_eq!(answer.status, Some(200));
            let seen = stub.seen();
            sent += 1;
            assert_eq!(seen.len(), sent);
            let last = seen.last().unwrap();
            assert_eq!(last.line, format!("POST /v1/api/accounts/{encoded}/{tail}"));
            assert_eq!(last.body, *body);
            assert_eq!(last.header("content-type"), Some("application/json"));
        }
    }
    let elsewhere = Write::cancel_order("../../positions");
    let refused = write(&adapter, "A", &elsewhere).await;
    assert_eq!(refused.outcome, Outcome::NotSent);
    assert_eq!(stub.seen().len(), sent);
}

#[tokio::test]
async fn paths_carry_the_casing_that_the_venue_echoes() {
    let stub = Stub::new(|seen| match seen.line.as_str() {
        "GET /v1/api/accounts/snapshot" => Do::Json(200, SNAPSHOT),
        _ => Do::Json(200, r#"{"success": true}"#),
    });
    let adapter = adapter(&stub);
    write(&adapter, "SIM101", &Write::Flatten).await;
    poll(&adapter, &[number("SIM101")]).await;
    write(&adapter, "SIM101", &Write::Flatten).await;
    let lines: Vec<String> = stub.seen().into_iter().map(|seen| seen.line).collect();
    assert_eq!(lines[0], "POST /v1/api/accounts/SIM101/positions/flatten");
    assert_eq!(lines[2], "POST /v1/api/accounts/Sim101/positions/flatten");
}

#[tokio::test]
async fn what_an_answer_does_not_list_is_not_empty() {
    let stub = Stub::new(|seen| match seen.line.as_str() {
        "GET /v1/api/accounts/A/positions" => Do::Json(
            200,
            r#"{"positions": [{"instrument": "ES 03-26", "marketPosition": "Long",
                "quantity": 2, "averagePrice": 5000.25}], "success": true}"#,
        ),
        "GET /v1/api/accounts/A/orders?activeOnly=true" => Do::Json(
            200,
            r#"{"orders": [{"orderId": "1", "orderState": "Working"},
                           {"orderId": "2", "orderState": "Filled"}], "success": true}"#,
        ),
        "GET /v1/api/accounts/B/orders?activeOnly=true" => Do::Json(200, r#"{"orders": []}"#),
        _ => Do::Json(200, r#"{"success": true}"#),
    });
    let adapter = adapter(&stub);
    let held = positions(&adapter, "A").await.unwrap();
    assert_eq!(held[0].to_string(), "ES 03-26:+2@5000.25");
    let working = orders(&adapter, "A").await.unwrap();
    assert_eq!(working.count(), Some(1));
    assert_eq!(orders(&adapter, "B").await.unwrap().count(), Some(0));
    // Neither list stands in for the other one.
    let failure = positions(&adapter, "B").await.unwrap_err();
    assert_eq!(failure.missing, Missing::Malformed);
    let failure = orders(&adapter, "C").await.unwrap_err();
    assert_eq!(failure.missing, Missing::Malformed);
    let account = number("C");
    let permit = adapter.admit(Lane::Verify, Ask::Orders).await.unwrap();
    let failure = adapter.check_alive(&account, permit).await.unwrap_err();
    assert_eq!(failure.missing, Missing::Malformed);
}

#[tokio::test]
async fn an_empty_list_is_believed_of_an_account_that_is_up_and_loaded() {
    let stub = Stub::new(|seen| match seen.line.as_str() {
        line if line.ends_with("/positions") => Do::Json(200, r#"{"positions": []}"#),
        line if line.contains("/orders") => Do::Json(200, r#"{"orders": []}"#),
        "GET /v1/api/accounts/up" => Do::Json(
            200,
            r#"{"account": {"name": "up", "connectionStatus": "Connected",
                "item": {"cashValue": 50000, "netLiquidation": 50000}}}"#,
        ),
        "GET /v1/api/accounts/bare" => Do::Json(
            200,
            r#"{"account": {"name": "bare", "connectionStatus": "Connected"}}"#,
        ),
        "GET /v1/api/accounts/down" => Do::Json(
            200,
            r#"{"account": {"name": "down", "connectionStatus": "ConnectionLost"}}"#,
        ),
        "GET /v1/api/accounts/loading" => Do::Json(
            200,
            r#"{"account": {"name": "loading", "connectionStatus": "Connected",
                "item": {"cashValue": 0, "netLiquidation": 0, "unrealizedProfitLoss": 0}}}"#,
        ),
        _ => Do::Json(404, "{}"),
    });
    let adapter = adapter(&stub);
    for account in ["up", "bare"] {
        let held = positions(&adapter, account).await.unwrap();
        assert!(held.is_empty(), "{account}");
    }
    for (account, missing) in [
        ("down", Missing::Disconnected),
        ("loading", Missing::Malformed),
    ] {
        let failure = positions(&adapter, account).await.unwrap_err();
        assert_eq!(failure.missing, missing, "{account}");
    }
}

#[tokio::test]
async fn connections_are_used_again() {
    let stub = Stub::json(200, r#"{"accounts": ["A"], "success": true}"#);
    let adapter = adapter(&stub);
    for _ in 0..5 {
        assert_eq!(adapter.list().await.unwrap(), ["A"]);
    }
    assert!(stub.seen().iter().all(|seen| seen.connection == 1));
}

#[tokio::test]
async fn a_request_that_never_left_is_not_sent() {
    let adapter = adapter_at(&nobody());
    let answer = write(&adapter, "A", &Write::Flatten).await;
    assert_eq!(answer.outcome, Outcome::NotSent);
    assert_eq!(answer.status, None);
    assert!(answer.words.contains("refused"), "{}", answer.words);
    let failure = adapter.list().await.unwrap_err();
    assert_eq!(failure.missing, Missing::Unreachable);

    // TLS that does not come about: nothing of the request has left either.
    let plain = Stub::json(200, "{}");
    let adapter = adapter_at(&plain.base().replace("http:", "https:"));
    let answer = write(&adapter, "A", &Write::Flatten).await;
    assert_eq!(answer.outcome, Outcome::NotSent, "{}", answer.words);
    assert_eq!(plain.seen().len(), 0);

    // A name that does not resolve.
    let adapter = adapter_at("https://no-such-host.invalid/v1/api");
    let answer = write(&adapter, "A", &Write::Flatten).await;
    assert_eq!(answer.outcome, Outcome::NotSent, "{}", answer.words);
}

#[tokio::test]
async fn a_lost_answer_to_a_write_is_unknown_and_the_write_is_sent_once() {
    for (act, part) in [
        ((|| Do::Hang) as fn() -> Do, "400ms"),
        (|| Do::Close, "broke"),
        (|| Do::HalfAnswer, "broke off"),
        (|| Do::Drip, "did not end within 400ms"),
        (|| Do::Endless, "longer than 2000 bytes"),
    ] {
        let stub = Stub::new(move |_| act());
        let adapter = adapter(&stub);
        let answer = write(&adapter, "A", &Write::Flatten).await;
        assert_eq!(answer.outcome, Outcome::Unknown, "{part}");
        assert!(answer.words.contains(part), "{}", answer.words);
        assert_eq!(stub.seen().len(), 1, "{part}");
    }
}

#[tokio::test]
async fn a_connection_that_closes_under_a_second_write_is_unknown() {
    let stub = Stub::new(|seen| match seen.body.as_str() {
        "{}" => Do::Json(200, r#"{"success": true}"#),
        _ => Do::Close,
    });
    let adapter = adapter(&stub);
    let first = write(&adapter, "A", &Write::Flatten).await;
    assert_eq!(first.outcome, Outcome::Acknowledged);
    let close = Write::ClosePosition(PositionKey::new("ES"));
    let second = write(&adapter, "A", &close).await;
    assert_eq!(second.outcome, Outcome::Unknown);
    assert_eq!(stub.seen().len(), 2);
}

#[tokio::test]
async fn a_lost_answer_to_a_poll_is_unreachable_for_every_account() {
    for (act, missing) in [
        ((|| Do::Hang) as fn() -> Do, Missing::Unreachable),
        (|| Do::Close, Missing::Unreachable),
        (|| Do::HalfAnswer, Missing::Unreachable),
        (|| Do::Drip, Missing::Unreachable),
        (|| Do::Endless, Missing::Malformed),
        (|| Do::Json(200, "{}"), Missing::Malformed),
        (
            || Do::Json(200, r#"{"epoch": 1741618393090, "accounts": ["#),
            Missing::Malformed,
        ),
        (|| Do::Json(200, r#"{"accounts": []}"#), Missing::Malformed),
        (
            || Do::Answer(200, "content-type: text/html\r\n", b"<html>".to_vec()),
            Missing::Malformed,
        ),
        (
            || Do::Json(408, r#"{"success": false, "error": "away"}"#),
            Missing::PlatformOffline,
        ),
        (|| Do::Json(401, "{}"), Missing::Unauthorized),
        (|| Do::Json(500, "oops"), Missing::Unreachable),
    ] {
        let stub = Stub::new(move |_| act());
        let polled = poll(&adapter(&stub), &[number("A"), number("B")]).await;
        let found: Vec<Missing> = polled.into_iter().map(|p| p.unwrap_err().missing).collect();
        assert_eq!(found, [missing, missing]);
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Stub::json(200, r#"{"accounts": ["A"], "success": true}"#);
    let target = format!("location: http://{}/v1/api/accounts\r\n", elsewhere.address);
    let target: &'static str = target.leak();
    for status in [301, 302, 303, 307, 308] {
        let stub = Stub::new(move |_| Do::Answer(status, target, Vec::new()));
        let adapter = adapter(&stub);
        let failure = adapter.list().await.unwrap_err();
        assert_eq!(failure.missing, Missing::Malformed);
        assert!(failure.words.contains("redirect"), "{}", failure.words);
        let answer = write(&adapter, "A", &Write::Flatten).await;
        assert_eq!(answer.outcome, Outcome::Unknown);
    }
    assert!(elsewhere.seen().is_empty());
}

/// For how long it is held stands in the adapter's own tests, where time is
/// virtual.
#[tokio::test]
async fn too_many_requests_is_not_sent_and_closes_the_budget() {
    for (headers, body) in [
        ("retry-after: 30\r\n", "{}"),
        ("", r#"{"error": "rate_limited", "retryAfter": 30}"#),
    ] {
        let stub = Stub::new(move |seen| {
            if seen.line.starts_with("POST") {
                Do::Answer(429, headers, body.as_bytes().to_vec())
            } else {
                Do::Json(200, r#"{"positions": [], "orders": []}"#)
            }
        });
        let adapter = adapter(&stub);
        assert_eq!(adapter.budget().left, 20);
        let answer = write(&adapter, "A", &Write::Flatten).await;
        assert_eq!(answer.outcome, Outcome::NotSent);
        assert_eq!(answer.status, Some(429));
        assert_eq!(adapter.budget().left, 0);
        assert!(adapter.admit_poll().await.is_err());
        let failure = adapter.list().await.unwrap_err();
        assert_eq!(
            failure.to_string(),
            "no request is allowed now: riskd's own request budget is used up"
        );
        assert_eq!(stub.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_repeated_snapshot_is_no_news_and_one_without_an_epoch_is_no_answer() {
    const OLD: &str = r#"{"epoch": 1741618300000, "accounts": [{"account": {"name": "Sim101",
        "connectionStatus": "Connected", "item": {"cashValue": 1}}, "positions": []}]}"#;
    const NEXT: &str = r#"{"epoch": 1741618301000, "accounts": [{"account": {"name": "Sim101",
        "connectionStatus": "Connected", "item": {"cashValue": 1}}, "positions": []}]}"#;
    const NO_EPOCH: &str = r#"{"accounts": [{"account": {"name": "Sim101",
        "connectionStatus": "Connected", "item": {"cashValue": 1}}, "positions": []}]}"#;
    let bodies = [OLD, OLD, NEXT, NEXT, OLD, NO_EPOCH];
    let expected = [
        Some(Missing::Frozen),
        Some(Missing::Frozen),
        None,
        Some(Missing::Unchanged),
        Some(Missing::Frozen),
        Some(Missing::Malformed),
    ];
    let turn = std::sync::atomic::AtomicUsize::new(0);
    let stub = Stub::new(move |_| {
        let turn = turn.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Do::Json(200, bodies[turn])
    });
    let adapter = adapter(&stub);
    for expected in expected {
        let polled = poll(&adapter, &[number("Sim101")]).await;
        assert_eq!(
            polled[0].as_ref().err().map(|failure| failure.missing),
            expected
        );
    }
}

#[tokio::test]
async fn a_compressed_answer_counts_by_what_it_becomes() {
    // `{"accounts": ["A"]}` and 5000 spaces.
    const GZIP: [u8; 65] = [
        31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 237, 193, 177, 13, 128, 48, 12, 0, 176, 87, 162, 156, 193,
        214, 59, 80, 7, 148, 157, 14, 180, 19, 226, 247, 94, 193, 102, 251, 205, 171, 106, 172,
        123, 62, 121, 196, 153, 45, 251, 23, 0, 0, 0, 0, 192, 239, 54, 37, 21, 255, 207, 155, 19,
        0, 0,
    ];
    let stub = Stub::new(|_| Do::Answer(200, "content-encoding: gzip\r\n", GZIP.to_vec()));
    let failure = adapter(&stub).list().await.unwrap_err();
    assert!(
        failure.words.contains("longer than 2000 bytes"),
        "{failure}"
    );
    let token = Secret::new(TOKEN.to_owned()).unwrap();
    let roomy = CrossTrade::new(&stub.base(), token, unshared(), wall).unwrap();
    assert_eq!(roomy.list().await.unwrap(), ["A"]);
    assert_eq!(stub.seen()[0].header("accept-encoding"), Some("gzip"));
}

#[tokio::test]
async fn an_echoed_token_is_hidden() {
    let stub = Stub::json(
        400,
        r#"{"error": "bad\u0007 token s3cret-token-value", "detail": "line\nbreak"}"#,
    );
    let adapter = adapter(&stub);
    let answer = write(&adapter, "A", &Write::Flatten).await;
    assert_eq!(&*answer.words, "bad token [token]: line break");
    let failure = adapter.list().await.unwrap_err();
    assert!(!failure.to_string().contains(TOKEN), "{failure}");
    assert!(!format!("{adapter:?}").contains(TOKEN));
}

#[tokio::test]
async fn ten_megabytes_are_not_read_to_the_end() {
    let stub = Stub::new(|_| Do::Answer(200, "", vec![b' '; 10 * 1024 * 1024]));
    let token = Secret::new(TOKEN.to_owned()).unwrap();
    let adapter = CrossTrade::new(&stub.base(), token, unshared(), wall).unwrap();
    let polled = poll(&adapter, &[number("A")]).await;
    let failure = polled[0].as_ref().unwrap_err();
    assert_eq!(failure.missing, Missing::Malformed);
    assert!(failure.words.contains("8388608 bytes"), "{failure}");
}
