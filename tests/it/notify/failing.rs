//! Services that fail: what is tried again, when, and what is told.

use std::time::Duration;

use chrono::TimeDelta;

use super::stub::{Reply, Stub, between, nobody};
use super::{BOT_TOKEN, CANARY, Desk, Secrets, channels, fired, moment, notice, rule_set, to};
use riskd::engine::effect::Severity;
use riskd::notify::{Message, try_once};

fn hook(name: &str, stub: &Stub) -> String {
    format!("  {name}: {{ kind: webhook, url: '{}' }}\n", stub.url("/x"))
}

#[tokio::test]
async fn what_may_go_better_is_tried_again() {
    for bad in [
        Reply::status(500, "oops"),
        Reply::Reset,
        Reply::status(408, ""),
    ] {
        let stub = Stub::new([bad.clone(), bad, Reply::ok("")]).await;
        let mut desk = Desk::new(&hook("it", &stub));
        desk.send(notice(Severity::Warning, "r", "the text"));
        let asked = stub.wait(3).await;
        assert!(asked.iter().all(|one| one.body == asked[0].body));
        assert!(between(&asked, 0) >= Duration::from_secs(1));
        assert!(between(&asked, 1) >= Duration::from_secs(2));
        assert!(desk.failures.try_recv().is_err(), "it arrived in the end");
    }
}

#[tokio::test]
async fn the_wait_that_a_service_asks_for_is_kept() {
    let telegram = r#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 3","parameters":{"retry_after":3}}"#;
    let discord = r#"{"message":"You are being rate limited.","retry_after":2.57,"global":false}"#;
    for (reply, least) in [
        (
            Reply::Say(429, "retry-after: 3\r\n", "slow down".to_owned()),
            3000,
        ),
        (Reply::status(429, telegram), 3000),
        (Reply::status(429, discord), 2570),
    ] {
        let stub = Stub::new([reply, Reply::ok("")]).await;
        let mut desk = Desk::new(&hook("it", &stub));
        desk.send(notice(Severity::Warning, "r", "first"));
        stub.wait(1).await;
        // Not even this is a reason to come before the time.
        desk.send(fired("r"));
        let asked = stub.wait(3).await;
        assert!(between(&asked, 0) >= Duration::from_millis(least));
        assert!(asked[1].body.contains("critical"), "it comes first");
    }
}

/// After the third failure the next try is this far away, or more.
const FOURTH_TRY: Duration = Duration::from_secs(4);
/// On a busy machine a test may itself come too late to be before that try, once.
const ATTEMPTS: usize = 5;

#[tokio::test]
async fn a_critical_message_does_not_wait_behind_others() {
    for _ in 0..ATTEMPTS {
        if a_critical_message_goes_before_the_next_try().await {
            return;
        }
    }
    panic!("it waits for the next try");
}

async fn a_critical_message_goes_before_the_next_try() -> bool {
    let stub = Stub::new([
        Reply::status(500, ""),
        Reply::status(500, ""),
        Reply::status(500, ""),
        Reply::ok(""),
    ])
    .await;
    let mut desk = Desk::new(&hook("it", &stub));
    desk.send(notice(Severity::Info, "r", "first"));
    let before = stub.wait(3).await;
    desk.send(fired("r"));
    let asked = stub.wait(5).await;
    assert!(asked[3].body.contains("critical"));
    assert!(asked[4].body.contains("first"));
    asked[3].at - before[2].at < FOURTH_TRY
}

#[tokio::test]
async fn a_refusal_is_told_once_and_not_repeated() {
    for status in [401, 403, 404] {
        let stub = Stub::new([Reply::status(status, r#"{"description":"Unauthorized"}"#)]).await;
        let mut desk = Desk::new(&hook("it", &stub));
        for rule in ["a", "b", "c"] {
            desk.send(notice(Severity::Warning, rule, &format!("text {rule}")));
        }
        let told = desk.failure().await;
        assert!(
            told.contains("to it could not be delivered") && told.contains("Unauthorized: text a")
                || told.contains("Unauthorized): text a"),
            "{told}"
        );
        // This one is tried all the same, and told of.
        desk.send(fired("d"));
        let told = desk.failure().await;
        assert!(told.contains("P&L"), "{told}");
        assert_eq!(stub.asked().len(), 2);
        desk.notifiers.close(moment(), Duration::from_secs(5)).await;
        let told = desk.failure().await;
        assert!(
            told.contains("2 messages to it were not delivered"),
            "{told}"
        );
        assert!(desk.failures.try_recv().is_err());
    }
}

#[tokio::test]
async fn a_message_that_is_rejected_does_not_hold_up_the_next() {
    let stub = Stub::new([
        Reply::status(400, r#"{"ok":false,"description":"Bad Request: group chat was upgraded to a supergroup chat","parameters":{"migrate_to_chat_id":-100777}}"#),
        Reply::ok(""),
    ])
    .await;
    let mut desk = Desk::new(&hook("it", &stub));
    desk.send(notice(Severity::Warning, "a", "text a"));
    desk.send(notice(Severity::Warning, "b", "text b"));
    assert!(stub.wait(2).await[1].body.contains("text b"));
    let told = desk.failure().await;
    assert!(
        told.contains("supergroup chat; the chat is now -100777"),
        "{told}"
    );
}

#[tokio::test]
async fn a_critical_message_goes_to_another_notifier_that_works() {
    let (broken, working, third) = (
        Stub::new([Reply::status(403, "")]).await,
        Stub::new([Reply::ok("")]).await,
        Stub::new([Reply::status(500, "")]).await,
    );
    let notify = hook("phone", &broken) + &hook("mail", &working) + &hook("third", &third);
    let mut desk = Desk::new(&notify);
    // What each is worth is known before.
    desk.send(to("mail", notice(Severity::Info, "r", "hello")));
    desk.send(to("third", notice(Severity::Info, "r", "hello")));
    working.wait(1).await;
    third.wait(1).await;
    desk.send(to(
        "phone",
        notice(Severity::Warning, "w", "only a warning"),
    ));
    broken.wait(1).await;
    assert!(desk.failure().await.contains("only a warning"));
    desk.send(to("phone", fired("r")));
    let asked = working.wait(2).await;
    let text = asked[1].json()["text"].as_str().unwrap().to_owned();
    assert!(
        text.ends_with("[sent here because phone cannot be reached]"),
        "{text}"
    );
    let told = desk.failure().await;
    assert!(
        told.contains("phone") && told.contains("it goes to mail instead"),
        "{told}"
    );
    assert_eq!(broken.asked().len(), 2);
}

#[tokio::test]
async fn a_critical_message_does_not_wait_for_a_service_that_asks_for_time() {
    let (slow, working) = (
        Stub::new([Reply::Say(429, "retry-after: 600\r\n", String::new())]).await,
        Stub::new([Reply::ok("")]).await,
    );
    let mut desk = Desk::new(&(hook("phone", &slow) + &hook("mail", &working)));
    desk.send(to("phone", notice(Severity::Info, "r", "first")));
    slow.wait(1).await;
    desk.send(to("phone", fired("r")));
    let asked = working.wait(1).await;
    assert!(
        asked[0]
            .body
            .contains("sent here because phone cannot be reached")
    );
    desk.send(to("phone", fired("s")));
    working.wait(2).await;
    assert_eq!(slow.asked().len(), 1, "it asked for time");
}

#[tokio::test]
async fn one_that_went_to_everyone_is_not_sent_twice() {
    let (broken, working) = (
        Stub::new([Reply::status(403, "")]).await,
        Stub::new([Reply::ok("")]).await,
    );
    let mut desk = Desk::new(&(hook("phone", &broken) + &hook("mail", &working)));
    desk.send(fired("r"));
    let told = desk.failure().await;
    assert!(!told.contains("instead"), "{told}");
    desk.notifiers.close(moment(), Duration::from_secs(5)).await;
    assert_eq!(working.asked().len(), 1);
}

#[tokio::test]
async fn what_matters_least_is_dropped_first_and_counted() {
    let stub = Stub::new([Reply::Hang]).await;
    let mut desk = Desk::new(&hook("it", &stub));
    desk.send(notice(Severity::Info, "first", "being tried"));
    stub.wait(1).await;
    for number in 0..300 {
        let severity = match number % 3 {
            0 => Severity::Critical,
            1 => Severity::Warning,
            _ => Severity::Info,
        };
        desk.send(notice(severity, &format!("rule {number}"), "text"));
    }
    stub.release(Reply::ok(""));
    let asked = stub.wait(256).await;
    let told = desk.failure().await;
    assert!(told.contains("45 messages to it were dropped"), "{told}");
    let severities: Vec<String> = asked
        .iter()
        .skip(1)
        .map(|asked| asked.json()["severity"].as_str().unwrap().to_owned())
        .collect();
    let count = |word: &str| severities.iter().filter(|one| *one == word).count();
    assert_eq!(
        (count("critical"), count("warning"), count("info")),
        (100, 100, 55)
    );
    assert!(severities[..100].iter().all(|one| one == "critical"));
    // Of those that matter alike, the oldest were dropped.
    assert!(asked[201].body.contains("rule 137"), "{}", asked[201].body);
}

#[tokio::test]
async fn the_same_again_and_again_is_told_a_few_times() {
    let stub = Stub::new([Reply::ok("")]).await;
    let mut desk = Desk::new(&hook("it", &stub));
    for number in 0..20 {
        desk.send(notice(Severity::Warning, "r", &format!("number {number}")));
    }
    desk.send(notice(Severity::Warning, "another", "this one too"));
    desk.notifiers.tick(moment() + TimeDelta::seconds(1));
    assert_eq!(stub.wait(4).await.len(), 4);
    // At the end what was kept back is told, with its count.
    desk.notifiers.close(moment(), Duration::from_secs(5)).await;
    let asked = stub.wait(5).await;
    let last = asked[4].json()["text"].as_str().unwrap().to_owned();
    assert_eq!(
        last,
        "number 19 [the latest of 17 such messages within 60 s]"
    );
}

#[tokio::test]
async fn at_the_end_what_waits_is_tried_within_a_bound() {
    let (down, hanging, good) = (
        nobody().await,
        Stub::new([Reply::Hang]).await,
        Stub::new([Reply::ok("")]).await,
    );
    let notify = format!("  down: {{ kind: webhook, url: 'http://{down}' }}\n")
        + &hook("hanging", &hanging)
        + &hook("good", &good);
    let mut desk = Desk::new(&notify);
    desk.send(fired("a"));
    desk.send(fired("b"));
    hanging.wait(1).await;
    desk.notifiers.close(moment(), Duration::from_secs(2)).await;
    assert_eq!(good.asked().len(), 2);
    let mut told = Vec::new();
    while let Ok(failure) = desk.failures.try_recv() {
        told.push(failure.message);
    }
    for name in ["to down could", "to hanging could"] {
        assert_eq!(
            told.iter().filter(|told| told.contains(name)).count(),
            2,
            "{told:?}"
        );
    }
    // It was broken off, and did not end by itself: each try may take 10 s.
    let broken_off =
        |told: &&String| told.contains("to hanging could") && told.contains("ended before");
    assert_eq!(told.iter().filter(broken_off).count(), 2, "{told:?}");
}

#[tokio::test]
async fn what_waits_leaves_by_the_new_channel_after_a_reload() {
    for _ in 0..ATTEMPTS {
        if what_waits_leaves_before_the_next_try().await {
            return;
        }
    }
    panic!("it waits for the next try");
}

async fn what_waits_leaves_before_the_next_try() -> bool {
    let (old, new) = (
        Stub::new([Reply::status(500, "")]).await,
        Stub::new([Reply::ok("")]).await,
    );
    let mut desk = Desk::new(&(hook("it", &old) + &hook("gone", &old)));
    desk.send(to("it", notice(Severity::Info, "r", "the text")));
    let tried = old.wait(3).await;
    desk.notifiers.replace(channels(&hook("it", &new)));
    let asked = new.wait(1).await;
    assert!(asked[0].body.contains("the text"));
    asked[0].at - tried[2].at < FOURTH_TRY
}

/// Every kind with a secret, at this address.
fn secretive(secrets: &Secrets, base: &str) -> String {
    let token = secrets.file("token", &format!("tk-{CANARY}"));
    let bot = secrets.file("bot", BOT_TOKEN);
    let url = secrets.file("url", &format!("{base}/api/{CANARY}/{CANARY}?key={CANARY}"));
    let topic = secrets.file("topic", &format!("topic-{CANARY}"));
    format!(
        "  telegram: {{ kind: telegram, chat: '1', token: {bot}, api: '{base}' }}
  discord: {{ kind: discord, url: {url} }}
  slack: {{ kind: slack, url: {url} }}
  webhook: {{ kind: webhook, url: {url}, token: {token} }}
  ntfy: {{ kind: ntfy, server: '{base}', topic: {topic}, token: {token} }}"
    )
}

#[tokio::test]
async fn no_failure_holds_a_secret() {
    let secrets = Secrets::new();
    let away = nobody().await;
    for reply in [
        Some(Reply::Echo(502)),
        Some(Reply::Echo(404)),
        Some(Reply::Reset),
        None,
    ] {
        let base = match reply {
            Some(reply) => Stub::new([reply]).await.url(""),
            None => format!("http://{away}"),
        };
        let rules = rule_set(&secretive(&secrets, &base));
        assert_eq!(rules.notifiers.len(), 5);
        for notifier in &rules.notifiers {
            let failed = try_once(notifier, &Message::test(moment())).await;
            let words = failed.unwrap_err().to_string();
            assert!(!words.contains(CANARY), "{}: {words}", notifier.name);
            let shown = format!("{notifier:?}");
            assert!(!shown.contains(CANARY), "{shown}");
            assert!(words.len() < 400 && words.len() > 10, "{words}");
        }
    }
}

#[tokio::test]
async fn a_secret_that_cannot_be_right_is_said_without_it() {
    let secrets = Secrets::new();
    let long = "x".repeat(65);
    for (kind, name, secret, words) in [
        (
            "kind: telegram, chat: '1', token:",
            "a",
            "cAnArY",
            "like `123456:AbC-dEf`",
        ),
        (
            "kind: telegram, chat: '1', token:",
            "b",
            "1:cAnArY/../x",
            "like `123456:AbC-dEf`",
        ),
        (
            "kind: discord, url:",
            "c",
            "http://example.com/cAnArY",
            "plain http",
        ),
        ("kind: slack, url:", "d", "cAnArY", "not an address"),
        (
            "kind: webhook, url:",
            "e",
            "https://user:cAnArY@example.com/",
            "password",
        ),
        ("kind: ntfy, topic:", "f", "cAnArY/x", "the topic"),
        ("kind: ntfy, topic:", "g", &long, "the topic"),
    ] {
        let source = secrets.file(name, secret);
        let rules = rule_set(&format!("  it: {{ {kind} {source} }}"));
        let (_, wrong) = riskd::notify::Channels::of(&rules);
        let (name, error) = wrong.first().expect(kind);
        let error = error.to_string();
        assert!(name.as_str() == "it" && error.contains(words), "{error}");
        assert!(!error.contains(CANARY), "{error}");
    }
}
