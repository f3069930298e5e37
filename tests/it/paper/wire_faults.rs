//! Faults on the wire, as a real client sees them.

use std::time::Duration;

use reqwest::Method;
use riskd_paper::{Fault, FaultLayer, FaultRule, RequestClass, fault_kinds};
use serde_json::{Value, json};

use super::{Paper, two_accounts};

/// What a client gets from one flatten.
#[derive(Debug, PartialEq)]
enum Got {
    Status(u16),
    /// Broken off, or no answer in time.
    NoAnswer,
    BrokenBody,
}

/// Sends a flatten under a fault: what came back, and whether the position is gone.
async fn check(fault: Fault, got: Got, effect: bool) {
    let paper = Paper::start(two_accounts().position("Sim101", "ES", 1)).await;
    let rule = FaultRule::new(fault.clone()).on(RequestClass::Flatten);
    paper.venue.set_fault(rule.times(1)).unwrap();
    let request = paper
        .request(Method::POST, "/accounts/Sim101/positions/flatten")
        .json(&json!({}))
        .timeout(Duration::from_millis(700));
    let seen = match request.send().await {
        Err(_) => Got::NoAnswer,
        Ok(response) => {
            let status = response.status().as_u16();
            match response.bytes().await {
                Ok(_) => Got::Status(status),
                Err(_) => Got::BrokenBody,
            }
        }
    };
    assert_eq!(seen, got, "{fault:?}");
    assert_eq!(paper.held("Sim101").is_empty(), effect, "{fault:?}");
    assert_eq!(
        paper.venue.requests()[0].status.is_none(),
        got == Got::NoAnswer
    );
    // The fault is spent and the server lives.
    assert_eq!(paper.flatten("Sim101").await.0, 200, "{fault:?}");
}

fn status(code: u16, after_effect: bool) -> Fault {
    Fault::Status {
        code,
        retry_after: None,
        after_effect,
    }
}

#[tokio::test]
async fn before_the_effect() {
    check(Fault::Hang, Got::NoAnswer, false).await;
    check(Fault::LostBeforeEffect, Got::NoAnswer, false).await;
    check(Fault::SuccessFalse, Got::Status(200), false).await;
    check(Fault::Redirect, Got::Status(302), false).await;
    for code in [400, 401, 403, 404, 408, 429, 500, 502, 503] {
        check(status(code, false), Got::Status(code), false).await;
    }
}

#[tokio::test]
async fn after_the_effect() {
    check(Fault::HangAfterEffect, Got::NoAnswer, true).await;
    check(Fault::LostAfterEffect, Got::NoAnswer, true).await;
    check(status(502, true), Got::Status(502), true).await;
    check(Fault::Delay { ms: 10_000 }, Got::NoAnswer, true).await;
    check(Fault::HtmlBody, Got::Status(200), true).await;
    check(Fault::EmptyBody, Got::Status(200), true).await;
    check(Fault::TruncatedJson, Got::Status(200), true).await;
    check(Fault::ResetMidBody, Got::BrokenBody, true).await;
    check(Fault::SlowLoris { interval_ms: 100 }, Got::BrokenBody, true).await;
}

#[tokio::test]
async fn a_closed_connection_is_not_a_timeout() {
    let paper = Paper::start(two_accounts()).await;
    // The second request reuses the first one's connection.
    paper.read("/accounts").await;
    paper
        .venue
        .set_fault(FaultRule::new(Fault::LostBeforeEffect))
        .unwrap();
    let error = paper
        .request(Method::GET, "/accounts")
        .send()
        .await
        .unwrap_err();
    assert!(!error.is_timeout() && !error.is_connect(), "{error:?}");
    assert_eq!(paper.venue.counters().requests, 2, "not sent again");
}

#[tokio::test]
async fn bodies_that_are_not_what_was_promised() {
    for (fault, sound) in [
        (Fault::HtmlBody, false),
        (Fault::EmptyBody, false),
        (Fault::TruncatedJson, false),
        (Fault::HugeBody, true),
        (Fault::SlowLoris { interval_ms: 1 }, true),
    ] {
        let paper = Paper::start(two_accounts()).await;
        paper
            .venue
            .set_fault(FaultRule::new(fault.clone()))
            .unwrap();
        let path = "/accounts/Sim101/positions";
        let response = paper.request(Method::GET, path).send().await.unwrap();
        let html = response.headers()["content-type"]
            .to_str()
            .unwrap()
            .contains("html");
        assert_eq!(html, fault == Fault::HtmlBody);
        let text = response.text().await.unwrap();
        let parsed = serde_json::from_str::<Value>(&text);
        assert_eq!(parsed.is_ok(), sound, "{fault:?}");
        assert_eq!(text.len() == 10 * 1024 * 1024, fault == Fault::HugeBody);
    }
}

#[tokio::test]
async fn a_status_may_say_when_to_come_back() {
    let paper = Paper::start(two_accounts()).await;
    let fault = Fault::Status {
        code: 429,
        retry_after: Some(7),
        after_effect: false,
    };
    paper.venue.set_fault(FaultRule::new(fault)).unwrap();
    let response = paper
        .request(Method::GET, "/accounts")
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["retry-after"], "7");
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["retryAfter"], json!(7));
    paper.venue.clear_faults();
    paper.read("/accounts").await;
}

#[tokio::test]
async fn the_rate_limit_says_when_to_come_back() {
    let mut config = two_accounts();
    config.rate_limit = true;
    let paper = Paper::start(config).await;
    for _ in 0..20 {
        paper.read("/accounts").await;
    }
    let response = paper
        .request(Method::GET, "/accounts")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "1");
    let body: Value = response.json().await.unwrap();
    let expected = json!({"success": false, "error": "rate_limited", "retryAfter": 1});
    assert_eq!(body, expected);
    paper.time.advance_ms(1000);
    for expected in [200, 200, 200, 429] {
        assert_eq!(paper.get("/accounts").await.0, expected);
    }
    let counters = paper.venue.counters();
    assert_eq!((counters.requests, counters.rate_limited), (25, 2));
    assert_eq!(counters.worst_minute, 25);
}

/// Whatever the fault, the server stops when told to and other requests go on.
#[tokio::test]
async fn no_wire_fault_holds_the_server() {
    for kind in fault_kinds() {
        if kind.layer != FaultLayer::Wire {
            continue;
        }
        let mut paper = Paper::start(two_accounts()).await;
        let rule = FaultRule::new(kind.example).on(RequestClass::Snapshot);
        paper.venue.set_fault(rule).unwrap();
        let request = paper.request(Method::GET, "/accounts/snapshot");
        let stuck = tokio::spawn(async move {
            if let Ok(response) = request.send().await {
                let _body = response.bytes().await;
            }
        });
        while paper.venue.counters().requests == 0 {
            tokio::task::yield_now().await;
        }
        paper.read("/accounts").await;
        paper.stop.cancel();
        let address = "127.0.0.1:0".parse().unwrap();
        let other = riskd_paper::serve_venue(paper.venue.clone(), address, paper.stop.clone());
        let serving = std::mem::replace(&mut paper.serving, other.await.unwrap());
        let ended = tokio::time::timeout(Duration::from_secs(5), serving.ended()).await;
        ended.expect(&kind.name).unwrap();
        tokio::time::timeout(Duration::from_secs(5), stuck)
            .await
            .expect(&kind.name)
            .unwrap();
    }
}

/// Every byte that comes back on a connection of its own until it closes.
async fn raw_answer(paper: &Paper, fault: Fault) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    paper.venue.clear_faults();
    paper.venue.set_fault(FaultRule::new(fault)).unwrap();
    let address = paper.serving.address;
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = "GET /v1/api/accounts/Sim101/positions HTTP/1.1\r\nHost: paper\r\n\
                   Authorization: Bearer paper-token\r\n\r\n";
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    // A reset instead of an orderly close is as good an end.
    let end = socket.read_to_end(&mut bytes);
    let _closed = tokio::time::timeout(Duration::from_secs(5), end)
        .await
        .unwrap();
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn what_really_leaves_on_the_wire() {
    let paper = Paper::start(two_accounts()).await;
    assert_eq!(raw_answer(&paper, Fault::LostBeforeEffect).await, "");
    assert_eq!(raw_answer(&paper, Fault::LostAfterEffect).await, "");
    let half = raw_answer(&paper, Fault::ResetMidBody).await;
    let (head, body) = half.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("content-length: 31"), "{head}");
    assert_eq!(body, r#"{"positions":[]"#);
}
