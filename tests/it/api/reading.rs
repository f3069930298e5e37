//! What anybody on this machine may see.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_can_be_read_and_nothing_is_leaked_to_other_sites() {
    let rig = Rig::start("observe").await;
    page(&rig).await;
    state(&rig).await;
    events(&rig).await;
    strangers(&rig).await;
    rig.end().await;
}

async fn page(rig: &Rig) {
    for (path, kind) in [
        ("/", "text/html; charset=utf-8"),
        ("/page.css", "text/css; charset=utf-8"),
        ("/page.js", "text/javascript; charset=utf-8"),
    ] {
        let answer = rig.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.headers["content-type"], kind);
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'self';"), "{policy}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        // The policy allows nothing inline, and the page asks nobody else.
        assert!(!answer.body.contains("style=") && !answer.body.contains("http"));
        assert!(!answer.body.contains("POST"), "the page only reads");
    }
    let nothing = rig.get("/nothing").await;
    assert_eq!((nothing.status, &*nothing.error()), (404, "not found"));
    assert_eq!(rig.get("/lock").await.status, 405);
}

async fn state(rig: &Rig) {
    let account = rig.account("one").await;
    assert_eq!(account["data"], "good");
    assert_eq!(account["equity"], "50000.00");
    let ready = rig.get("/readyz").await;
    assert_eq!(
        (ready.status, &ready.json()["ready"]),
        (200, &Value::Bool(true))
    );
    let health = rig.get("/healthz").await.json();
    assert_eq!(health["state"], "good", "{health}");

    rig.venue.venue.set_addon(false);
    let ill = rig.until("/healthz", |answer| answer.status == 503).await;
    let problems = ill.json()["problems"].to_string();
    assert!(problems.contains("venue paper: "), "{problems}");
    rig.venue.venue.set_addon(true);
    rig.until("/healthz", |answer| answer.status == 200).await;
}

async fn events(rig: &Rig) {
    let lines = async |query: &str| -> Vec<Value> {
        let answer = rig.get(&format!("/events{query}")).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.headers["content-type"], "application/x-ndjson");
        let lines = answer.body.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    rig.until("/events?kind=fired", |answer| !answer.body.is_empty())
        .await;
    let all = lines("").await;
    let ids: Vec<i64> = all
        .iter()
        .map(|line| line["id"].as_i64().unwrap())
        .collect();
    assert!(ids.is_sorted() && ids.len() > 3, "{ids:?}");
    assert_eq!(all[0]["kind"], "started");
    let fired = lines("?kind=fired&account=one&rule=no+big+%22size%22").await;
    assert_eq!(fired.len(), 1);
    assert!(
        fired[0]["fields"].is_object() && fired[0]["firing"] == 1,
        "{}",
        fired[0]
    );
    assert_eq!(lines("?kind=fired&account=two").await.len(), 0);
    let last = lines("?limit=2").await;
    assert_eq!(last[1]["id"], *ids.last().unwrap());
    let after = lines("?after_id=1&limit=1").await;
    assert_eq!(after[0]["id"], 2);
    let time = all[2]["time"].as_str().unwrap().to_owned();
    let since = lines(&format!("?since={time}")).await;
    assert_eq!(since[0]["time"], time);
    let offset = time.replace('Z', "+00:00");
    assert_eq!(lines(&format!("?since={offset}")).await[0], since[0]);
    for wrong in [
        "?limit=0",
        "?limit=1001",
        "?kind=none",
        "?since=today",
        "?acount=one",
    ] {
        let answer = rig.get(&format!("/events{wrong}")).await;
        assert_eq!(answer.status, 400, "{wrong}");
        assert!(!answer.error().is_empty());
    }
}

/// Requests that a browser sends for another site.
async fn strangers(rig: &Rig) {
    for (header, value) in [
        ("host", "evil.example"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        let request = rig.client.get(rig.url("/status")).header(header, value);
        let refused = answer(request).await.unwrap();
        assert_eq!(refused.status, 403, "{header}: {value}");
        assert!(!refused.body.contains("accounts"));
    }
    let own = rig.client.get(rig.url("/status"));
    let own = own.header("origin", format!("http://{}", rig.address));
    assert_eq!(answer(own).await.unwrap().status, 200);
}
