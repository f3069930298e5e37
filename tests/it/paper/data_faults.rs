//! Faults in what reads say, and in what flattens and cancels do.

use reqwest::Method;
use riskd_paper::{
    Fault, FaultLayer, FaultRule, OrderState, PaperConfig, Side, Ticket, fault_kinds,
};
use serde_json::{Value, json};

use super::{Paper, number, two_accounts};

const READS: [&str; 5] = [
    "/accounts/snapshot",
    "/accounts",
    "/accounts/Sim101",
    "/accounts/Sim101/positions",
    "/accounts/Sim101/orders?activeOnly=true",
];

fn busy() -> PaperConfig {
    let limit = Ticket::limit("ES", Side::Sell, 1, number("5050"));
    two_accounts()
        .position("Sim101", "ES", -2)
        .position("Eval 50K!", "NQ", 1)
        .order("Sim101", limit)
}

/// What the reads answer; where it is JSON, with the members in one order, since
/// that is another one where a fault looked at the answer.
async fn texts(paper: &Paper) -> Vec<String> {
    let mut texts = Vec::new();
    for path in READS {
        let response = paper.request(Method::GET, path).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let text = response.text().await.unwrap();
        let value: Result<Value, _> = serde_json::from_str(&text);
        texts.push(value.map_or(text, |value| value.to_string()));
    }
    texts
}

#[tokio::test]
async fn every_data_fault_shows_and_ends() {
    let paper = Paper::start(busy()).await;
    paper.venue.set_price("ES", number("5001")).unwrap();
    let clean = texts(&paper).await;
    for kind in fault_kinds() {
        if kind.layer != FaultLayer::Data {
            continue;
        }
        let repeats = matches!(kind.example, Fault::StaleEpoch | Fault::Cached { .. });
        let id = paper.venue.set_fault(FaultRule::new(kind.example)).unwrap();
        let distorted = texts(&paper).await;
        assert_eq!(distorted == clean, repeats, "{}", kind.name);
        assert!(paper.venue.clear_fault(id));
        assert_eq!(texts(&paper).await, clean, "{}", kind.name);
    }
    let figures = paper.venue.figures("Sim101").unwrap();
    assert_eq!(figures.unrealized, number("-100"), "the truth is untouched");
}

#[tokio::test]
async fn a_stale_snapshot_stays_and_a_cached_one_expires() {
    for (fault, after_three_seconds) in [(Fault::StaleEpoch, 0), (Fault::Cached { ms: 3000 }, 3000)]
    {
        let paper = Paper::start(busy()).await;
        paper.venue.set_fault(FaultRule::new(fault)).unwrap();
        let first = paper.read("/accounts/snapshot").await;
        paper.venue.set_price("ES", number("5002")).unwrap();
        paper.time.advance_ms(2999);
        assert_eq!(paper.read("/accounts/snapshot").await, first);
        paper.time.advance_ms(1);
        let later = paper.read("/accounts/snapshot").await;
        let age = later["epoch"].as_i64().unwrap() - first["epoch"].as_i64().unwrap();
        assert_eq!(age, after_three_seconds);
    }
}

#[tokio::test]
async fn a_fault_of_one_account_leaves_the_others() {
    let paper = Paper::start(busy()).await;
    let rule = FaultRule::new(Fault::AccountMissing).of("sim101").times(1);
    paper.venue.set_fault(rule).unwrap();
    let snapshot = paper.read("/accounts/snapshot").await;
    let names: Vec<&Value> = snapshot["accounts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["account"]["name"])
        .collect();
    assert_eq!(names, [&json!("Eval 50K!")]);
    let snapshot = paper.read("/accounts/snapshot").await;
    assert_eq!(snapshot["accounts"].as_array().unwrap().len(), 2);
}

/// Positions and working orders of Sim101 right after a flatten under a
/// fault, and a second later.
async fn check_flatten(fault: Fault, at_once: (i64, usize), later: (i64, usize)) {
    let paper = Paper::start(busy()).await;
    let rule = FaultRule::new(fault.clone()).times(1);
    paper.venue.set_fault(rule).unwrap();
    let refused = matches!(fault, Fault::FlattenRefused { .. });
    let (status, body) = paper.flatten("Sim101").await;
    assert_eq!(status.as_u16() == 400, refused, "{body}");
    let late = matches!(fault, Fault::FlattenLate { .. });
    assert_eq!(body["pending"] == json!(true), late, "{body}");
    let seen = || {
        let figures = paper.venue.figures("Sim101").unwrap();
        let quantity = figures.positions.first().map_or(0, |held| held.1);
        (quantity, figures.working_orders)
    };
    assert_eq!(seen(), at_once, "{fault:?} at once");
    paper.time.advance_ms(1000);
    assert_eq!(seen(), later, "{fault:?} later");
    let _second = paper.flatten("Sim101").await;
    assert_eq!(seen().0, 0, "{fault:?} is spent");
}

#[tokio::test]
async fn flattens_that_do_not_flatten() {
    check_flatten(Fault::FlattenNothing, (-2, 1), (-2, 1)).await;
    check_flatten(Fault::FlattenHalf, (-1, 0), (-1, 0)).await;
    check_flatten(Fault::FlattenLate { ms: 1000 }, (-2, 0), (0, 0)).await;
    check_flatten(Fault::FlattenLeavesOrders, (0, 1), (0, 1)).await;
    let error = "Market is closed".to_owned();
    check_flatten(Fault::FlattenRefused { error }, (-2, 1), (-2, 1)).await;
    check_flatten(Fault::Reenters { after_ms: 1000 }, (0, 0), (-2, 0)).await;
}

#[tokio::test]
async fn a_trader_comes_back_as_often_as_told() {
    let paper = Paper::start(busy()).await;
    let rule = FaultRule::new(Fault::Reenters { after_ms: 500 }).times(2);
    paper.venue.set_fault(rule).unwrap();
    for expected in [2, 2, 0] {
        paper.flatten("Sim101").await;
        // A flatten of nothing is not what the trader answers to.
        paper.flatten("Sim101").await;
        assert!(paper.held("Sim101").is_empty());
        paper.time.advance_ms(500);
        let held: i64 = paper.held("Sim101").iter().map(|held| held.1.abs()).sum();
        assert_eq!(held, expected);
    }
}

/// The order's state right after its cancel under a fault, and a second later.
async fn check_cancel(fault: Fault, at_once: OrderState, later: OrderState) {
    let paper = Paper::start(busy()).await;
    paper
        .venue
        .set_fault(FaultRule::new(fault.clone()))
        .unwrap();
    let (status, body) = paper
        .post("/accounts/Sim101/orders/cancel", json!({}))
        .await;
    assert_eq!(status, 200, "{body}");
    let id = body["orderIds"][0].as_str().unwrap();
    assert_eq!(paper.venue.order_state(id), Some(at_once), "{fault:?}");
    paper.time.advance_ms(1000);
    assert_eq!(paper.venue.order_state(id), Some(later), "{fault:?}");
}

#[tokio::test]
async fn cancels_that_do_not_cancel() {
    use OrderState::{CancelPending, Cancelled, Filled, Working};
    check_cancel(Fault::CancelNothing, Working, Working).await;
    check_cancel(Fault::CancelLate { ms: 1000 }, CancelPending, Cancelled).await;
    check_cancel(Fault::CancelStuck, CancelPending, CancelPending).await;
    check_cancel(Fault::FillsOnCancel, Filled, Filled).await;
}
