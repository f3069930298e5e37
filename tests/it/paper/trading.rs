//! Orders, positions and results, mostly through the API.

use riskd_paper::{
    ConnectionStatus, Motion, OrderState, PaperConfig, ScriptAction, ScriptStep, Side, Ticket,
};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{Paper, number, two_accounts};

async fn figures(paper: &Paper) -> (Value, Value, Value, Value) {
    let body = paper.read("/accounts/Sim101").await;
    let item = |key: &str| body["item"][key].clone();
    (
        item("cashValue"),
        item("realizedProfitLoss"),
        item("unrealizedProfitLoss"),
        item("netLiquidation"),
    )
}

async fn place(paper: &Paper, body: Value) -> String {
    let (status, body) = paper.post("/accounts/Sim101/orders/place", body).await;
    assert_eq!(status, 200, "{body}");
    body["orderId"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_trade_from_order_to_result() {
    let config = PaperConfig {
        commission: number("2.25"),
        ..two_accounts()
    };
    let paper = Paper::start(config).await;
    let buy = json!({"instrument": "ES 03-26", "action": "BUY", "quantity": 2,
                     "orderType": "MARKET", "timeInForce": "DAY"});
    let order = place(&paper, buy).await;
    assert_eq!(paper.venue.order_state(&order), Some(OrderState::Filled));
    paper
        .venue
        .set_price("ES 03-26", number("4999.75"))
        .unwrap();
    let expected = (json!(49_995.5), json!(-4.5), json!(-25.0), json!(49_970.5));
    assert_eq!(figures(&paper).await, expected);
    let (status, body) = paper.flatten("Sim101").await;
    assert_eq!(status, 200);
    assert_eq!(body["closedPositions"][0]["marketPosition"], json!("Long"));
    assert_eq!(body["closedPositions"][0]["quantity"], json!(2));
    let expected = (json!(49_966.0), json!(-34.0), json!(0.0), json!(49_966.0));
    assert_eq!(figures(&paper).await, expected);
}

#[tokio::test]
async fn resting_orders_fill_when_the_price_comes() {
    let paper = Paper::start(two_accounts().position("Sim101", "ES", 2)).await;
    let stop = json!({"instrument": "ES 03-26", "action": "SELL", "quantity": 2, "ocoId": "x",
                      "orderType": "STOPMARKET", "timeInForce": "GTC", "stopPrice": 4990.25});
    let target = json!({"instrument": "ES 03-26", "action": "SELL", "quantity": 2, "ocoId": "x",
                        "orderType": "LIMIT", "timeInForce": "GTC", "limitPrice": 5010});
    let entry = json!({"instrument": "ES 03-26", "action": "BUY", "quantity": 1,
                       "orderType": "STOPLIMIT", "timeInForce": "GTC",
                       "stopPrice": 5001, "limitPrice": 5000.5});
    let (stop, target) = (place(&paper, stop).await, place(&paper, target).await);
    let entry = place(&paper, entry).await;
    let states = || [&stop, &target, &entry].map(|id| paper.venue.order_state(id).unwrap());
    let waiting = [
        OrderState::Accepted,
        OrderState::Working,
        OrderState::Accepted,
    ];
    assert_eq!(states(), waiting);
    paper.venue.set_price("ES", number("4990.50")).unwrap();
    assert_eq!(states(), waiting);
    // The stop-limit is triggered above its limit and fills on the way back.
    paper.venue.set_price("ES", number("5001")).unwrap();
    assert_eq!(states(), waiting);
    paper.venue.set_price("ES", number("5000.25")).unwrap();
    assert_eq!(states()[2], OrderState::Filled);
    assert_eq!(paper.held("Sim101"), [("ES 03-26".to_owned(), 3)]);
    // A gap through the stop fills behind it, and its target goes.
    paper.venue.set_price("ES", number("4990")).unwrap();
    assert_eq!(
        states(),
        [
            OrderState::Filled,
            OrderState::Cancelled,
            OrderState::Filled
        ]
    );
    assert_eq!(paper.held("Sim101"), [("ES 03-26".to_owned(), 1)]);
}

#[tokio::test]
async fn impossible_orders_are_refused() {
    let paper = Paper::start(two_accounts()).await;
    let sound = json!({"instrument": "ES 03-26", "action": "BUY", "quantity": 1,
                       "orderType": "LIMIT", "timeInForce": "DAY", "limitPrice": 4000});
    for (key, value) in [
        ("instrument", json!("XX 03-26")),
        ("action", json!("HOLD")),
        ("quantity", json!(0)),
        ("quantity", json!(-1)),
        ("quantity", json!(1.5)),
        ("orderType", json!("ICEBERG")),
        ("timeInForce", Value::Null),
        ("limitPrice", Value::Null),
        ("limitPrice", json!(1e300)),
    ] {
        let mut body = sound.clone();
        body[key] = value;
        let (status, answer) = paper
            .post("/accounts/Sim101/orders/place", body.clone())
            .await;
        assert_eq!(
            (status.as_u16(), answer),
            (400, json!({"error": "Invalid request"})),
            "{body}"
        );
    }
    place(&paper, sound).await;
    let empty = paper.request(reqwest::Method::POST, "/accounts/Sim101/positions/flatten");
    assert_eq!(
        empty.send().await.unwrap().status(),
        400,
        "a body of nothing"
    );
}

#[tokio::test]
async fn cancelling() {
    let limit = |instrument| Ticket::limit(instrument, Side::Buy, 1, number("10"));
    let config = PaperConfig {
        cancel_phase_ms: 300,
        ..two_accounts()
            .order("Sim101", limit("ES"))
            .order("Sim101", limit("NQ"))
    };
    let paper = Paper::start(config.order("Eval 50K!", limit("ES"))).await;
    let path = "/accounts/Sim101/orders/cancel";
    let (_, body) = paper.post(path, json!({"instrument": "NQ 03-26"})).await;
    let [id] = body["orderIds"].as_array().unwrap().as_slice() else {
        panic!("{body}");
    };
    let state = || paper.venue.order_state(id.as_str().unwrap()).unwrap();
    assert_eq!(state(), OrderState::CancelPending);
    paper.time.advance_ms(300);
    assert_eq!(state(), OrderState::Cancelled);
    let (_, body) = paper.post(path, json!({})).await;
    assert_eq!(body["orderIds"].as_array().unwrap().len(), 1);
    paper.time.advance_ms(300);
    let (_, body) = paper.post(path, json!({})).await;
    assert_eq!(body, json!({"orderIds": [], "success": true}));
    assert_eq!(paper.venue.figures("Eval 50K!").unwrap().working_orders, 1);
}

#[tokio::test]
async fn flattening() {
    let limit = Ticket::limit("NQ", Side::Buy, 1, number("10"));
    let config = two_accounts()
        .position("Sim101", "ES", 2)
        .position("Sim101", "NQ", -1)
        .position("Eval 50K!", "ES", 1)
        .order("Sim101", limit.clone());
    let paper = Paper::start(config).await;
    let path = "/accounts/Sim101/positions/flatten";
    let (_, body) = paper.post(path, json!({"instrument": "ES 03-26"})).await;
    assert_eq!(body["closedPositions"].as_array().unwrap().len(), 1);
    assert_eq!(paper.held("Sim101"), [("NQ 03-26".to_owned(), -1)]);
    paper.flatten("Sim101").await;
    assert!(paper.venue.figures("Sim101").unwrap().is_flat_and_quiet());
    assert_eq!(paper.held("Eval 50K!"), [("ES 03-26".to_owned(), 1)]);
    // Without a position it says so and leaves orders, as users report.
    paper.venue.place("Sim101", &limit).unwrap();
    let (status, body) = paper.flatten("Sim101").await;
    assert_eq!((status.as_u16(), &body["success"]), (200, &json!(true)));
    assert!(body["warning"].is_string(), "{body}");
    assert_eq!(paper.venue.figures("Sim101").unwrap().working_orders, 1);
}

#[tokio::test]
async fn flattening_nothing_may_be_an_error() {
    let config = PaperConfig {
        flatten_when_flat_is_error: true,
        ..two_accounts()
    };
    let paper = Paper::start(config).await;
    let (status, body) = paper.flatten("Sim101").await;
    assert_eq!(
        (status.as_u16(), &body["error"]),
        (400, &json!("nothing_to_flatten"))
    );
}

#[tokio::test]
async fn closing_a_part_leaves_orders() {
    let limit = Ticket::limit("ES", Side::Buy, 1, number("10"));
    let config = two_accounts()
        .position("Sim101", "ES", 5)
        .order("Sim101", limit);
    let paper = Paper::start(config).await;
    let path = "/accounts/Sim101/positions/close";
    for (body, left) in [
        (json!({"instrument": "ES 03-26", "quantity": 1}), 4),
        (json!({"instrument": "ES 03-26", "percent": 0.3}), 2),
        (
            json!({"instrument": "ES 03-26", "quantity": 1, "percent": 1}),
            1,
        ),
    ] {
        assert_eq!(paper.post(path, body.clone()).await.0, 200, "{body}");
        assert_eq!(
            paper.held("Sim101"),
            [("ES 03-26".to_owned(), left)],
            "{body}"
        );
    }
    assert_eq!(paper.venue.figures("Sim101").unwrap().working_orders, 1);
    paper.post(path, json!({"instrument": "ES 03-26"})).await;
    assert!(paper.venue.figures("Sim101").unwrap().is_flat_and_quiet());
    let (status, body) = paper.post(path, json!({"instrument": "ES 03-26"})).await;
    let error = "No positions found for instrument 'ES 03-26'";
    assert_eq!((status.as_u16(), body), (400, json!({"error": error})));
}

#[tokio::test]
async fn names_with_spaces_and_in_any_casing() {
    let paper = Paper::start(two_accounts().position("Eval 50K!", "ES", 1)).await;
    for name in ["Eval%2050K!", "eval%2050k%21"] {
        let body = paper.read(&format!("/accounts/{name}")).await;
        assert_eq!(body["name"], json!("Eval 50K!"));
        let body = paper.read(&format!("/accounts/{name}/positions")).await;
        assert_eq!(body["positions"][0]["account"], json!("Eval 50K!"));
    }
    paper.flatten("EVAL%2050K!").await;
    assert!(paper.held("Eval 50K!").is_empty());
}

#[tokio::test]
async fn the_dangerous_endpoints_work_and_are_counted() {
    let limit = Ticket::limit("NQ", Side::Buy, 1, number("10"));
    let config = two_accounts()
        .position("Sim101", "ES", 2)
        .position("Eval 50K!", "ES", -1)
        .order("Sim101", limit.clone())
        .order("Eval 50K!", limit);
    let paper = Paper::start(config).await;
    paper.flatten("Nobody").await;
    assert_eq!(paper.venue.counters().all_accounts, 0);
    let filtered = json!({"account": "sim101", "marketPosition": "short"});
    paper.post("/positions/flatten", filtered).await;
    assert_eq!(paper.held("Sim101").len(), 1, "filters are and-ed");
    let (_, body) = paper.post("/orders/cancelall", json!({})).await;
    assert_eq!(body["orderIds"].as_array().unwrap().len(), 2);
    // A misspelt filter filters nothing.
    let (_, body) = paper
        .post("/positions/flatten", json!({"accountName": "Sim101"}))
        .await;
    assert_eq!(body["closedPositions"].as_array().unwrap().len(), 2);
    assert!(paper.held("Sim101").is_empty() && paper.held("Eval 50K!").is_empty());
    assert_eq!(paper.venue.counters().all_accounts, 3);
}

#[tokio::test]
async fn the_day_resets_at_six_and_drops_what_was_carried() {
    let paper = Paper::start(two_accounts().position("Sim101", "ES", 1)).await;
    paper.venue.set_price("ES", number("5002")).unwrap();
    // 17:59:59.999 in New York, then 18:00.
    paper.time.advance_ms(8 * 3_600_000 - 1);
    paper.venue.open("Sim101", "NQ", 1, None).unwrap();
    paper.venue.close("Sim101").unwrap();
    paper.venue.open("Sim101", "ES", 1, None).unwrap();
    let realized = || paper.venue.figures("Sim101").unwrap().realized;
    assert_eq!(realized(), number("100"));
    paper.time.advance_ms(1);
    assert_eq!(realized(), Decimal::ZERO);
    paper.venue.set_price("ES", number("5008")).unwrap();
    let day = (json!(50_100.0), json!(0.0), json!(300.0), json!(50_400.0));
    assert_eq!(figures(&paper).await, day);
    paper.flatten("Sim101").await;
    let day = (json!(50_400.0), json!(0.0), json!(0.0), json!(50_400.0));
    assert_eq!(figures(&paper).await, day);
}

#[tokio::test]
async fn figures_freeze_while_the_connection_is_away() {
    let paper = Paper::start(two_accounts().position("Sim101", "ES", 1)).await;
    let status = ConnectionStatus::ConnectionLost;
    paper.venue.set_connection("Sim101", status).unwrap();
    paper.venue.set_price("ES", number("4000")).unwrap();
    let body = paper.read("/accounts/Sim101").await;
    assert_eq!(body["connectionStatus"], json!("ConnectionLost"));
    assert_eq!(body["item"]["unrealizedProfitLoss"], json!(0.0));
    let (status, body) = paper.flatten("Sim101").await;
    assert_eq!(
        (status.as_u16(), &body["error"]),
        (400, &json!("account_disconnected"))
    );
    paper
        .venue
        .set_connection("Sim101", ConnectionStatus::Connected)
        .unwrap();
    let body = paper.read("/accounts/Sim101").await;
    assert_eq!(body["item"]["unrealizedProfitLoss"], json!(-50_000.0));
}

#[tokio::test]
async fn a_script_crosses_at_its_own_instant() {
    let step = |after_ms, action| ScriptStep { after_ms, action };
    let es = || "ES 03-26".to_owned();
    let fall = Motion::Drift {
        ticks_per_second: number("-4"),
    };
    let config = PaperConfig {
        script: vec![
            step(
                1000,
                ScriptAction::Motion {
                    instrument: es(),
                    motion: fall,
                },
            ),
            step(
                500,
                ScriptAction::Price {
                    instrument: es(),
                    price: number("5001"),
                },
            ),
        ],
        ..two_accounts().position("Sim101", "ES", 1)
    };
    let paper = Paper::start(config).await;
    paper.venue.watch("sim101", number("50")).unwrap();
    paper.time.advance_ms(60_000);
    let [crossing] = paper.venue.crossings().try_into().unwrap();
    assert_eq!(
        (crossing.account.as_str(), crossing.pnl),
        ("Sim101", number("-50"))
    );
    // From 5001 eight ticks down to 4999, a quarter of a second each.
    assert_eq!((crossing.at - super::morning()).num_milliseconds(), 3000);
}
