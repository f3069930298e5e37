//! Exactly what arrives at each service, by its own documentation.

use serde_json::json;

use super::stub::{Asked, Reply, Stub};
use super::{BOT_TOKEN, CANARY, Desk, Secrets, fired, notice};
use riskd::engine::effect::Severity;

/// What stands at the front of a whole message.
const HEAD: &str = "riskd critical: apex_1, daily loss";
const TIME: &str = "2026-03-05 14:30:00 UTC";

/// Sends one message through the notifier and gives what arrived.
async fn arrived(stub: &Stub, notifier: &str) -> Asked {
    let mut desk = Desk::new(&format!("  it: {notifier}"));
    desk.send(fired("daily loss"));
    let asked = stub.wait(1).await.remove(0);
    assert_eq!(asked.method, "POST");
    assert_eq!(asked.header("content-type"), Some("application/json"));
    assert!(asked.header("user-agent").unwrap().starts_with("riskd/"));
    asked
}

#[tokio::test]
async fn telegram_gets_plain_text() {
    let secrets = Secrets::new();
    let stub = Stub::new([Reply::ok(r#"{"ok":true,"result":{"message_id":1}}"#)]).await;
    let token = secrets.file("bot", BOT_TOKEN);
    let asked = arrived(
        &stub,
        &format!(
            "{{ kind: telegram, chat: '-10012345', token: {token}, api: '{}' }}",
            stub.url("")
        ),
    )
    .await;
    assert_eq!(asked.target, format!("/bot{BOT_TOKEN}/sendMessage"));
    assert_eq!(
        asked.json(),
        json!({
            "chat_id": "-10012345",
            "text": format!("{HEAD}\nP&L -1,012.50 <= -1,000.00 *now*, closing ES_03-26 @everyone\n{TIME}"),
            "link_preview_options": { "is_disabled": true },
        })
    );
}

#[tokio::test]
async fn discord_gets_escaped_text_that_calls_nobody() {
    let secrets = Secrets::new();
    let stub = Stub::new([Reply::ok("{}")]).await;
    let url = secrets.file("url", &stub.url(&format!("/api/webhooks/1/{CANARY}")));
    let asked = arrived(&stub, &format!("{{ kind: discord, url: {url} }}")).await;
    assert_eq!(asked.target, format!("/api/webhooks/1/{CANARY}?wait=true"));
    let text = r"P&L -1,012.50 \<= -1,000.00 \*now\*, closing ES\_03-26 \@everyone";
    assert_eq!(
        asked.json(),
        json!({
            "content": format!("riskd critical: apex\\_1, daily loss\n{text}\n{TIME}"),
            "allowed_mentions": { "parse": [] },
        })
    );
}

#[tokio::test]
async fn a_query_of_a_discord_address_stays() {
    let secrets = Secrets::new();
    let stub = Stub::new([Reply::status(204, "")]).await;
    let url = secrets.file("url", &stub.url("/api/webhooks/1/x?thread_id=7"));
    let asked = arrived(&stub, &format!("{{ kind: discord, url: {url} }}")).await;
    assert_eq!(asked.target, "/api/webhooks/1/x?thread_id=7&wait=true");
}

#[tokio::test]
async fn slack_gets_three_characters_escaped() {
    let secrets = Secrets::new();
    let stub = Stub::new([Reply::ok("ok")]).await;
    let url = secrets.file("url", &stub.url("/services/T0/B0/x"));
    let asked = arrived(&stub, &format!("{{ kind: slack, url: {url} }}")).await;
    assert_eq!(asked.target, "/services/T0/B0/x");
    let text = "P&amp;L -1,012.50 &lt;= -1,000.00 *now*, closing ES_03-26 @everyone";
    assert_eq!(
        asked.json(),
        json!({ "text": format!("{HEAD}\n{text}\n{TIME}"), "mrkdwn": false, "unfurl_links": false })
    );
}

#[tokio::test]
async fn ntfy_gets_title_priority_and_tags() {
    let secrets = Secrets::new();
    let token = secrets.file("token", "tk_cAnArY");
    let topic = secrets.file("topic", "my-topic");
    for (severity, priority, tag) in [
        (Severity::Critical, 5, "rotating_light"),
        (Severity::Warning, 4, "warning"),
        (Severity::Info, 2, "information_source"),
    ] {
        let stub = Stub::new([Reply::ok("{}")]).await;
        let mut desk = Desk::new(&format!(
            "  it: {{ kind: ntfy, server: '{}', topic: {topic}, token: {token} }}",
            stub.url("")
        ));
        desk.send(notice(severity, "größe", "some text"));
        let asked = stub.wait(1).await.remove(0);
        assert_eq!((&*asked.method, &*asked.target), ("POST", "/"));
        assert_eq!(asked.header("authorization"), Some("Bearer tk_cAnArY"));
        assert_eq!(
            asked.json(),
            json!({
                "topic": "my-topic",
                "title": format!("riskd {}: apex_1, größe", severity.name()),
                "message": format!("some text\n{TIME}"),
                "priority": priority,
                "tags": [tag, "fired"],
            })
        );
    }
}

#[tokio::test]
async fn a_webhook_gets_everything_as_json() {
    let secrets = Secrets::new();
    let stub = Stub::new([Reply::ok("")]).await;
    let token = secrets.file("token", "some-cAnArY");
    let url = stub.url("/hook?x=1");
    let asked = arrived(
        &stub,
        &format!("{{ kind: webhook, url: '{url}', token: {token} }}"),
    )
    .await;
    assert_eq!(asked.target, "/hook?x=1");
    assert_eq!(asked.header("authorization"), Some("Bearer some-cAnArY"));
    assert_eq!(
        asked.json(),
        json!({
            "text": "P&L -1,012.50 <= -1,000.00 *now*, closing ES_03-26 @everyone",
            "severity": "critical",
            "event": "fired",
            "account": "apex_1",
            "rule": "daily loss",
            "time": "2026-03-05T14:30:00+00:00",
        })
    );
}

#[tokio::test]
async fn long_messages_are_cut_to_what_the_service_takes() {
    let secrets = Secrets::new();
    let token = secrets.file("bot", BOT_TOKEN);
    // Each is two UTF-16 units and four bytes, and `_` needs escaping.
    let long = "\u{1f6a8}_&".repeat(3000);
    let stub = Stub::new([Reply::ok(r#"{"ok":true}"#)]).await;
    let url = secrets.file("url", &stub.url("/x"));
    let (api, server) = (stub.url("/telegram"), stub.url(""));
    let cases = [
        (
            format!("kind: telegram, chat: '1', token: {token}, api: '{api}'"),
            "text",
            4096,
        ),
        (format!("kind: discord, url: {url}"), "content", 2000),
        (format!("kind: slack, url: {url}"), "text", 4000),
        (
            format!("kind: ntfy, server: '{server}', topic: t"),
            "message",
            4096,
        ),
    ];
    for (count, (notifier, key, most)) in cases.into_iter().enumerate() {
        let mut desk = Desk::new(&format!("  it: {{ {notifier} }}"));
        desk.send(notice(Severity::Info, "r", &long));
        let body = stub.wait(count + 1).await[count].json();
        let text = body[key].as_str().unwrap();
        let length = match key {
            "message" => text.len(),
            _ => text.encode_utf16().count(),
        };
        assert!(length <= most && length > most - 10, "{notifier}: {length}");
        assert!(text.ends_with(" [cut]"), "{notifier}");
    }
}

#[tokio::test]
async fn each_hears_what_matters_enough_to_it() {
    let stub = Stub::new([Reply::ok("")]).await;
    let mut desk = Desk::new(&format!(
        "  all: {{ kind: webhook, url: '{0}' }}
  some: {{ kind: webhook, url: '{1}', severity: warning }}
  few: {{ kind: webhook, url: '{2}', severity: critical }}",
        stub.url("/all"),
        stub.url("/some"),
        stub.url("/few")
    ));
    for severity in [Severity::Info, Severity::Warning, Severity::Critical] {
        desk.send(notice(severity, severity.name(), "text"));
    }
    let asked = stub.wait(6).await;
    let mut heard: Vec<String> = asked
        .iter()
        .map(|asked| {
            format!(
                "{} {}",
                asked.target,
                asked.json()["severity"].as_str().unwrap()
            )
        })
        .collect();
    heard.sort();
    assert_eq!(
        heard,
        [
            "/all critical",
            "/all info",
            "/all warning",
            "/few critical",
            "/some critical",
            "/some warning"
        ]
    );
}
