//! Notifiers that hang and fail hold up nothing, and the heartbeat is silent
//! when something is wrong.

use std::net::{SocketAddr, TcpListener};

use serde_json::Value;

use super::rig::{LOSS_LIMIT, Rig};
use crate::notify::stub::{Reply, Stub, nobody};

const ES: &str = "ES 03-26";

/// A rig that is long 2 ES, whose rule file is changed before it starts.
fn long_two(change: impl Fn(&Rig, String) -> String) -> Rig {
    let rig = Rig::new(&["Sim101"], LOSS_LIMIT);
    rig.venue.set_price(ES, 5000).unwrap();
    rig.venue.open("Sim101", ES, 2, None).unwrap();
    let text = std::fs::read_to_string(rig.rules()).unwrap();
    rig.write_rules(&change(&rig, text));
    rig
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
}

/// Has the account made flat; the time from the observation to the first
/// request, in microseconds, as the daemon measured it.
fn made_flat(notify: &str, then: &str) -> (Rig, u64) {
    let http = free_address();
    let mut rig = long_two(|_, text| {
        text.replace("http: off", &format!("http: '{http}'"))
            .replace("notify:\n", &format!("notify:\n{notify}"))
            .replace("{ notify: log }", then)
    });
    rig.start_ready();
    rig.venue.set_price(ES, 4990).unwrap();
    rig.wait_for("flat", |rig| rig.count("verified") > 0);
    assert!(rig.is_flat_and_quiet("Sim101"));
    let status = rig
        .riskd()
        .args(["status", "--json", "--rules"])
        .arg(rig.rules())
        .output()
        .unwrap();
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    let reaction = status["reaction"]["p99_us"].as_u64().unwrap();
    (rig, reaction)
}

#[tokio::test(flavor = "multi_thread")]
async fn notifiers_that_hang_or_fail_do_not_hold_up_the_flatten() {
    let (hanging, failing, resetting) = (
        Stub::new([Reply::Hang]).await,
        Stub::new([Reply::status(500, "down")]).await,
        Stub::new([Reply::Reset]).await,
    );
    let (refusing, away) = (Stub::new([Reply::Echo(403)]).await, nobody().await);
    let notify = format!(
        "  hanging: {{ kind: webhook, url: '{}' }}
  failing: {{ kind: ntfy, server: '{}', topic: t }}
  resetting: {{ kind: webhook, url: '{}' }}
  refusing: {{ kind: webhook, url: '{}' }}
  away: {{ kind: email, host: 127.0.0.1, port: {}, tls: none, from: a@b.example, to: c@d.example }}\n",
        hanging.url("/x"),
        failing.url(""),
        resetting.url("/x"),
        refusing.url("/x"),
        away.port()
    );
    let then = "{ notify: hanging }, { notify: failing }, { notify: resetting }, { notify: refusing }, { notify: away }";
    tokio::task::spawn_blocking(move || {
        let (_, without) = made_flat("", "{ notify: log }");
        let (mut rig, with) = made_flat(&notify, then);
        println!("observation to first request: {without} us with the log alone, {with} us with five notifiers that hang or fail");
        // Each try with the one that hangs takes 10 s: it was not waited for.
        assert!(with < 10_000_000, "{with} us");
        // It is the last that is told of.
        for name in ["refusing", "failing", "resetting", "away"] {
            rig.wait_for(name, |rig| {
                rig.events().iter().any(|event| {
                    event["kind"] == "notify_failed"
                        && event["message"]
                            .as_str()
                            .unwrap()
                            .contains(&format!("to {name} could not be delivered"))
                })
            });
        }
        // It stops in time, and says what was left.
        assert_eq!(rig.terminate(), Some(0));
        let told = rig.events();
        let hangs = told.iter().any(|event| {
            event["message"]
                .as_str()
                .unwrap()
                .contains("to hanging could not be delivered")
        });
        assert!(hangs, "{told:#?}");
    })
    .await
    .unwrap();
    assert!(!hanging.asked().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_heartbeat_is_silent_while_something_is_wrong() {
    let stub = Stub::new([Reply::ok("OK")]).await;
    let beats = stub.clone();
    tokio::task::spawn_blocking(move || {
        let mut rig = long_two(|rig, text| {
            let file = rig.folder.path().join("beat-url");
            std::fs::copy(rig.folder.path().join("token"), &file).unwrap();
            std::fs::write(&file, beats.url("/ping/cAnArY")).unwrap();
            let beat = format!(
                "heartbeat: {{ url: {{ file: '{}' }}, every: 5s }}",
                file.display()
            );
            text.replace("http: off", &format!("http: off, {beat}"))
        });
        rig.venue.set_addon(false);
        rig.start();
        rig.wait_for("the outage to be told", |rig| rig.count("data_lost") > 0);
        assert!(beats.asked().is_empty(), "not before all is well");
        rig.venue.set_addon(true);
        rig.wait_for("the first beat", |_| !beats.asked().is_empty());
        let first = beats.asked().remove(0);
        assert_eq!((&*first.method, &*first.target), ("GET", "/ping/cAnArY"));

        rig.venue.set_addon(false);
        rig.wait_for("silence to be told", |rig| {
            rig.log().contains("the heartbeat is withheld")
        });
        let count = beats.asked().len();
        // The time of more than one beat.
        std::thread::sleep(std::time::Duration::from_secs(7));
        assert_eq!(beats.asked().len(), count);
        rig.venue.set_addon(true);
        rig.wait_for("the next beat", |_| beats.asked().len() > count);

        // Its receiver goes away: said once.
        beats.release(Reply::Reset);
        rig.wait_for("the loss to be told", |rig| {
            rig.log().contains("does not arrive")
        });
        let count = beats.asked().len();
        rig.wait_for("another try", |_| beats.asked().len() > count + 1);
        assert_eq!(
            rig.log().matches("the heartbeat does not arrive").count(),
            1
        );
        assert!(!rig.log().contains("cAnArY"));

        // A reload takes it away.
        let text = std::fs::read_to_string(rig.rules()).unwrap();
        let start = text.find(", heartbeat:").unwrap();
        let end = start + text[start..].find("5s }").unwrap() + "5s }".len();
        rig.write_rules(&format!("{}{}", &text[..start], &text[end..]));
        super::rig::signal(rig.pid(), "HUP");
        rig.wait_for("the reload", |rig| rig.count("rules_loaded") > 0);
        let count = beats.asked().len();
        std::thread::sleep(std::time::Duration::from_secs(7));
        assert_eq!(beats.asked().len(), count);
        assert_eq!(rig.terminate(), Some(0));
    })
    .await
    .unwrap();
}
