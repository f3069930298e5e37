//! `riskd notify-test` on the real binary.

use std::process::Output;

use super::stub::{Reply, Stub};
use super::{CANARY, Secrets, rule_file};
use crate::machine;

async fn notify_test(secrets: &Secrets, notify: &str, args: &[&str]) -> Output {
    let rules = secrets.path("rules.yaml");
    std::fs::write(&rules, rule_file(notify)).unwrap();
    let mut command = machine::riskd();
    command
        .arg("notify-test")
        .args(args)
        .arg("--rules")
        .arg(rules);
    // The stub lives on this thread's runtime.
    tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test]
async fn it_prints_what_the_service_answered() {
    let secrets = Secrets::new();
    let good = Stub::new([Reply::ok("ok")]).await;
    let bad = Stub::new([Reply::Echo(403)]).await;
    let good_url = secrets.file("good", &good.url("/services/x"));
    let bad_url = secrets.file("bad", &bad.url(&format!("/api/webhooks/1/{CANARY}")));
    let notify = format!(
        "  desk: {{ kind: slack, url: {good_url}, severity: critical }}
  team: {{ kind: discord, url: {bad_url} }}
  log: {{ kind: log }}"
    );
    let one = notify_test(&secrets, &notify, &["desk"]).await;
    assert_eq!(one.status.code(), Some(0), "{one:?}");
    assert_eq!(
        text(&one.stdout),
        "desk (slack): the server answered 200 OK: ok\n"
    );
    let sent = good.asked()[0].json()["text"].as_str().unwrap().to_owned();
    assert!(
        sent.contains("this is a test of riskd's notifications"),
        "{sent}"
    );

    let all = notify_test(&secrets, &notify, &["--all"]).await;
    assert_eq!(all.status.code(), Some(1));
    let out = text(&all.stdout);
    assert_eq!(out.lines().count(), 3, "{out}");
    assert!(
        text(&all.stderr).contains("this is a test"),
        "the log has it"
    );
    assert!(
        out.contains("team (discord): the server answered 403 Forbidden"),
        "{out}"
    );
    assert!(!format!("{all:?}").contains(CANARY), "{all:?}");
    assert_eq!((good.asked().len(), bad.asked().len()), (2, 1));
}

#[tokio::test]
async fn a_name_that_is_not_there_gets_those_that_are() {
    let secrets = Secrets::new();
    let notify = "  phone: { kind: log }\n  desk: { kind: log }";
    let output = notify_test(&secrets, notify, &["phon"]).await;
    assert_eq!(output.status.code(), Some(1));
    let error = text(&output.stderr);
    assert!(
        error.contains("no notifier phon") && error.contains("phone, desk"),
        "{error}"
    );
    let output = notify_test(&secrets, notify, &[]).await;
    assert_eq!(output.status.code(), Some(2), "neither a name nor --all");
}

#[tokio::test]
async fn a_secret_that_is_not_there_is_said() {
    let secrets = Secrets::new();
    let notify = "  phone: { kind: telegram, chat: '1', token: { file: /none/such } }";
    let output = notify_test(&secrets, notify, &["phone"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("/none/such"), "{output:?}");
}
