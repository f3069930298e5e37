//! What only the holder of the token may do.

use std::os::unix::fs::PermissionsExt;

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_needs_the_token_and_a_whole_command() {
    let rig = Rig::start("enforce").await;
    token(&rig).await;
    mistakes(&rig).await;
    commands(&rig).await;
    rig.end().await;
}

async fn token(rig: &Rig) {
    let path = rig.folder.path().join("api-token");
    let mode = std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let right = rig.token();
    let wrong = right.chars().rev().collect::<String>();
    let shown: [Option<String>; 5] = [
        None,
        Some(String::new()),
        Some(format!("Bearer {wrong}")),
        Some(format!("Basic {right}")),
        Some(format!("Bearer {}", &right[..63])),
    ];
    for shown in shown {
        for path in ["/lock", "/unlock", "/rearm", "/flatten"] {
            let mut request = rig.client.post(rig.url(path));
            if let Some(shown) = &shown {
                request = request.header("authorization", shown);
            }
            let refused = answer(request.body("{}")).await.unwrap();
            assert_eq!(refused.status, 401, "{path} {shown:?}");
            assert_eq!(refused.headers["www-authenticate"], "Bearer");
            assert!(!refused.body.contains(&right));
        }
    }
    let stranger = rig.client.post(rig.url("/flatten")).bearer_auth(&right);
    let stranger = stranger.header("origin", "https://evil.example");
    assert_eq!(answer(stranger).await.unwrap().status, 403);
}

async fn mistakes(rig: &Rig) {
    let long = "x".repeat(501);
    let cases = [
        ("/flatten", "", 400, "EOF"),
        ("/flatten", "[]", 400, "invalid"),
        ("/flatten", r#"{"account": "two"}"#, 400, "reason"),
        (
            "/flatten",
            r#"{"account": "two", "reason": " "}"#,
            400,
            "1 to 500",
        ),
        (
            "/flatten",
            &format!(r#"{{"account": "two", "reason": "{long}"}}"#),
            400,
            "1 to 500",
        ),
        (
            "/flatten",
            r#"{"account": "two", "reason": "a\nb"}"#,
            400,
            "one line",
        ),
        (
            "/flatten",
            r#"{"account": "two", "reason": "a", "all": true}"#,
            400,
            "all",
        ),
        (
            "/flatten",
            r#"{"account": "two", "reason": "a", "sent": true}"#,
            400,
            "sent",
        ),
        (
            "/flatten",
            r#"{"account": "two", "reason": "a", "sent": {"number": "Sim102", "scope": "00", "requests": 0, "flatten": "lost"}}"#,
            400,
            "expected `answered` or `refused`",
        ),
        (
            "/flatten",
            r#"{"account": "two", "reason": "a", "sent": {"number": "Sim102", "scope": "00", "requests": 0, "flatten": "refused"}}"#,
            409,
            "two is another account here",
        ),
        (
            "/flatten",
            r#"{"account": "two", "reason": "a", "sent": {"number": "Sim102", "scope": "00", "requests": 1}}"#,
            409,
            "two is another account here",
        ),
        (
            "/flatten",
            r#"{"account": "three", "reason": "a", "sent": {"number": "Sim102", "scope": "00", "requests": 1}}"#,
            404,
            "no account three",
        ),
        (
            "/flatten",
            r#"{"account": "", "reason": "a"}"#,
            404,
            "no account",
        ),
        (
            "/flatten",
            r#"{"account": "three", "reason": "a"}"#,
            404,
            "no account three",
        ),
        (
            "/unlock",
            r#"{"account": "*", "reason": "a"}"#,
            404,
            "no account *",
        ),
        (
            "/rearm",
            r#"{"account": "two", "rule": "no", "reason": "a"}"#,
            404,
            "no rule no",
        ),
        (
            "/lock",
            r#"{"account": "two", "until": "soon", "reason": "a"}"#,
            400,
            "until: ",
        ),
        (
            "/lock",
            r#"{"account": "two", "until": "10", "reason": "a"}"#,
            400,
            "add a unit",
        ),
        (
            "/lock",
            r#"{"account": "two", "until": "25:00", "reason": "a"}"#,
            400,
            "time of day",
        ),
    ];
    for (path, body, status, words) in cases {
        let refused = rig.post(path, body).await;
        assert_eq!(refused.status, status, "{path} {body}: {}", refused.body);
        assert!(
            refused.error().contains(words),
            "{path} {body}: {}",
            refused.body
        );
    }
    let huge = format!(r#"{{"account": "two", "reason": "{}"}}"#, "x".repeat(9000));
    assert_eq!(rig.post("/flatten", huge).await.status, 413);
    assert!(
        rig.account("two").await["locks"]
            .as_array()
            .unwrap()
            .is_empty()
    );
}

async fn commands(rig: &Rig) {
    let lock =
        |until: &str| format!(r#"{{"account": "two", "until": "{until}", "reason": "lunch"}}"#);
    for (until, outcome) in [
        ("48h", "set"),
        ("1h", "kept"),
        ("72h", "extended"),
        ("manual", "extended"),
        ("session_end", "kept"),
    ] {
        let done = rig.post("/lock", lock(until)).await;
        let said = done.json();
        assert_eq!(done.status, 200, "{until}: {said}");
        let told = (&said["ok"], &said["outcome"], &said["timezone"]);
        let expect = (&Value::Bool(true), &outcome.into(), &"UTC".into());
        assert_eq!(told, expect, "{until}");
        // What holds is told, and what was asked for.
        let is_longer = said["lock"]["until"] != said["asked_until"];
        assert_eq!(is_longer, outcome == "kept", "{until}: {said}");
        assert_eq!(said["lock"]["kind"], "lock");
    }
    let locks = rig.account("two").await["locks"].clone();
    assert_eq!(
        (&locks[0]["until"], &locks[0]["reason"]),
        (&"manual".into(), &"lunch".into())
    );
    // It is on record when the answer is there.
    let story = rig.get("/events?account=two&kind=locked").await;
    assert_eq!(story.body.lines().count(), 1);

    let unlock = r#"{"account": "two", "reason": "back"}"#;
    let done = rig.post("/unlock", unlock).await.json();
    assert_eq!(
        (&done["ok"], &done["recorded"], &done["outcome"]),
        (&true.into(), &true.into(), &"unlocked".into())
    );
    assert_eq!(
        (&done["ended"][0]["until"], &done["fired"]),
        (&"manual".into(), &serde_json::json!([]))
    );
    let again = rig.post("/unlock", unlock).await.json();
    assert_eq!(
        (&again["ok"], &again["recorded"], &again["outcome"]),
        (&true.into(), &false.into(), &"not_locked".into())
    );
    let bare = r#"{"account": "two", "until": "1s"}"#;
    let done = rig.post("/lock", bare).await.json();
    assert_eq!(done["lock"]["reason"], "by hand", "{done}");
    rig.post("/unlock", unlock).await;
    assert!(
        rig.account("two").await["locks"]
            .as_array()
            .unwrap()
            .is_empty()
    );

    // The rule on the size fired at the start; its lock made the account flat.
    rig.until("/events?account=one&kind=verified", |answer| {
        !answer.body.is_empty()
    })
    .await;
    let rearm = r#"{"account": "one", "rule": "no big \"size\"", "reason": "my fault"}"#;
    let done = rig.post("/rearm", rearm).await.json();
    assert_eq!(
        (&done["ok"], &done["outcome"], &done["firing"]),
        (&true.into(), &"rearmed".into(), &1.into())
    );
    let again = rig.post("/rearm", rearm).await.json();
    assert_eq!(
        (&again["ok"], &again["recorded"], &again["outcome"]),
        (&true.into(), &false.into(), &"not_fired".into())
    );
    let story = rig.get("/events?account=one&kind=rearmed").await;
    assert!(story.body.contains("my fault"), "{}", story.body);

    rig.venue.venue.open("Sim102", "ES 03-26", 1, None).unwrap();
    let flatten = r#"{"account": "two", "reason": "enough"}"#;
    assert_eq!(rig.post("/flatten", flatten).await.status, 200);
    rig.until("/events?account=two&kind=verified", |answer| {
        !answer.body.is_empty()
            && rig
                .venue
                .venue
                .figures("Sim102")
                .unwrap()
                .is_flat_and_quiet()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn observing_does_not_pretend_to_have_acted() {
    let rig = Rig::start("observe").await;
    let flatten = r#"{"account": "one", "reason": "enough"}"#;
    let refused = rig.post("/flatten", flatten).await;
    assert_eq!(refused.status, 409);
    assert!(refused.error().contains("riskd flatten one"));
    let lock = r#"{"account": "one", "until": "manual", "reason": "enough"}"#;
    assert_eq!(rig.post("/lock", lock).await.status, 409);
    let requests = rig.venue.venue.requests();
    assert!(requests.iter().all(|request| request.method == "GET"));
    rig.end().await;
}
