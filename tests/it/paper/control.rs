//! The control API, the record of requests, and scenarios.

use std::time::Duration;

use reqwest::Method;
use riskd_paper::{CallKind, PaperClock, PaperConfig, PaperVenue, fault_kinds, serve};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{Paper, number, two_accounts};

#[tokio::test]
async fn everything_can_be_driven_by_hand() {
    let paper = Paper::start(two_accounts()).await;
    let ticket = json!({"instrument": "ES", "side": "sell", "quantity": 1,
                        "order_type": "limit", "limit_price": "5100.25"});
    for (path, body) in [
        ("/price", json!({"instrument": "ES", "price": 5000.25})),
        (
            "/open",
            json!({"account": "sim101", "instrument": "ES", "quantity": -2}),
        ),
        ("/order", json!({"account": "Sim101", "ticket": ticket})),
        ("/watch", json!({"account": "Sim101", "loss": "500"})),
        (
            "/motion",
            json!({"instrument": "ES", "motion": {"drift": {"ticks_per_second": 20}}}),
        ),
        (
            "/connection",
            json!({"account": "Eval 50K!", "status": "ConnectionLost"}),
        ),
        ("/addon", json!({"connected": true})),
    ] {
        let (status, answer) = paper.control(Method::POST, path, body).await;
        assert_eq!(status, 200, "{path}: {answer}");
    }
    paper.time.advance_ms(1000);
    paper.flatten("Sim101").await;
    let (_, state) = paper.control(Method::GET, "/state", Value::Null).await;
    assert_eq!(state["accounts"][0]["realized"], json!("-500.00"));
    assert_eq!(state["accounts"][0]["working_orders"], json!(0));
    let (_, crossings) = paper.control(Method::GET, "/crossings", Value::Null).await;
    assert_eq!(crossings[0]["latency_us"], json!(0), "{crossings}");
    assert_eq!(crossings[0]["flatten"]["call"], json!("Flatten"));
    let (_, flattens) = paper.control(Method::GET, "/flattens", Value::Null).await;
    assert_eq!(flattens[0][1]["since_start_us"], json!(1_000_000));
    assert_eq!(flattens[1][1], Value::Null);
    let (_, counters) = paper.control(Method::GET, "/counters", Value::Null).await;
    assert_eq!(
        counters["requests"],
        json!(1),
        "the control API itself is not counted"
    );
    let wrong = json!({"instrument": "ES", "price": -1});
    let (status, answer) = paper.control(Method::POST, "/price", wrong).await;
    assert_eq!((status.as_u16(), answer["error"].is_string()), (400, true));
}

#[tokio::test]
async fn faults_come_and_go_through_the_control_api() {
    let paper = Paper::start(two_accounts()).await;
    let rule = json!({"fault": {"status": {"code": 503}}, "class": "snapshot", "count": 2});
    let (_, added) = paper.control(Method::POST, "/faults", rule).await;
    assert_eq!(paper.get("/accounts/snapshot").await.0, 503);
    let (_, list) = paper.control(Method::GET, "/faults", Value::Null).await;
    assert_eq!(
        (&list[0]["left"], &list[0]["struck"]),
        (&json!(1), &json!(1))
    );
    let path = format!("/faults/{}", added["id"]);
    assert_eq!(
        paper.control(Method::DELETE, &path, Value::Null).await.0,
        200
    );
    assert_eq!(
        paper.control(Method::DELETE, &path, Value::Null).await.0,
        404
    );
    paper.read("/accounts/snapshot").await;
    let impossible = json!({"fault": {"status": {"code": 200}}});
    assert_eq!(
        paper.control(Method::POST, "/faults", impossible).await.0,
        400
    );
    let (_, kinds) = paper
        .control(Method::GET, "/faults/kinds", Value::Null)
        .await;
    assert_eq!(kinds.as_array().unwrap().len(), fault_kinds().len());
    for kind in kinds.as_array().unwrap() {
        let rule = json!({"fault": kind["example"]});
        assert_eq!(
            paper.control(Method::POST, "/faults", rule).await.0,
            200,
            "{kind}"
        );
    }
}

#[tokio::test]
async fn requests_are_recorded() {
    let paper = Paper::start(two_accounts()).await;
    paper
        .read("/accounts/Eval%2050K!/orders?activeOnly=true")
        .await;
    paper.time.advance_ms(250);
    paper.flatten("eval%2050k!").await;
    let requests = paper.venue.requests();
    let [orders, flatten] = requests.as_slice() else {
        panic!("{requests:?}");
    };
    assert_eq!(
        orders.path,
        "/v1/api/accounts/Eval%2050K!/orders?activeOnly=true"
    );
    assert_eq!(orders.account.as_deref(), Some("Eval 50K!"));
    assert_eq!(
        (orders.call, orders.status),
        (Some(CallKind::ListOrders), Some(200))
    );
    assert_eq!(flatten.since_start_us, 250_000);
    assert_eq!(flatten.latency_us, Some(0));
    let first = |after| paper.venue.first_flatten("Eval 50K!", after);
    assert_eq!(first(flatten.at).map(|request| request.number), Some(2));
    paper.time.advance_ms(1);
    assert!(first(paper.venue.now()).is_none());
}

#[test]
fn scenarios_are_json_and_checked() {
    let demo = serde_json::to_string(&PaperConfig::demo()).unwrap();
    let read: PaperConfig = serde_json::from_str(&demo).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), demo);
    let by_hand: PaperConfig = serde_json::from_str(
        r#"{"accounts": [{"name": "Sim101", "balance": 50000.5}],
            "instruments": [{"symbol": "SI 03-26", "price": 30, "tick_size": 0.005, "point_value": 5000}],
            "positions": [{"account": "Sim101", "instrument": "SI", "quantity": 1}]}"#,
    )
    .unwrap();
    let (clock, _) = PaperClock::manual(super::morning());
    let venue = PaperVenue::new(by_hand, clock.clone()).unwrap();
    venue.set_price("SI", number("30.005")).unwrap();
    assert_eq!(
        venue.figures("Sim101").unwrap().net_liquidation,
        number("50025.5")
    );
    assert!(serde_json::from_str::<PaperConfig>(r#"{"acounts": []}"#).is_err());
    for wrong in [
        two_accounts().account("sim101", 1),
        two_accounts().account(" ", 1),
        two_accounts().account("a/b", 1),
        two_accounts().account("..", 1),
        two_accounts().position("Nobody", "ES", 1),
        two_accounts().position("Sim101", "XX", 1),
        two_accounts().position("Sim101", "ES", 0),
        PaperConfig {
            token: String::new(),
            ..two_accounts()
        },
    ] {
        assert!(PaperVenue::new(wrong, clock.clone()).is_err());
    }
}

#[test]
fn the_same_seed_gives_the_same_hour() {
    let run = |seed| {
        let (clock, time) = PaperClock::manual(super::morning());
        let config = PaperConfig {
            seed,
            ..PaperConfig::demo()
        };
        let venue = PaperVenue::new(config, clock).unwrap();
        time.advance_ms(3_600_000);
        serde_json::to_string(&venue.snapshot()).unwrap()
    };
    assert_eq!(run(5), run(5));
    assert_ne!(run(5), run(6));
}

#[tokio::test(start_paused = true)]
async fn the_demo_runs_by_itself() {
    let stop = CancellationToken::new();
    let address = "127.0.0.1:0".parse().unwrap();
    let serving = serve(PaperConfig::demo(), address, stop.clone())
        .await
        .unwrap();
    let start = serving.venue.now();
    tokio::time::sleep(Duration::from_secs(12)).await;
    let [crossing] = serving.venue.crossings().try_into().unwrap();
    assert_eq!(crossing.account, "Sim101");
    assert_eq!((crossing.at - start).num_microseconds(), Some(10_000_000));
    stop.cancel();
    serving.ended().await.unwrap();
}

#[tokio::test]
async fn an_address_in_use_is_said() {
    let paper = Paper::start(two_accounts()).await;
    let taken = serve(
        two_accounts(),
        paper.serving.address,
        CancellationToken::new(),
    );
    let error = taken.await.unwrap_err().to_string();
    assert_eq!(error, format!("cannot listen on {}", paper.serving.address));
}

#[tokio::test]
async fn answers_carry_the_date_of_the_venues_own_clock() {
    let paper = Paper::start(super::two_accounts()).await;
    let date = async || {
        let asked = paper.request(Method::GET, "/accounts/snapshot");
        let answer = asked.send().await.unwrap();
        answer.headers()["date"].to_str().unwrap().to_owned()
    };
    assert_eq!(date().await, "Thu, 05 Mar 2026 15:00:00 GMT");
    paper.time.advance_ms(3_601_000);
    assert_eq!(date().await, "Thu, 05 Mar 2026 16:00:01 GMT");
}
