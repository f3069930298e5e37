//! What goes wrong with many accounts on one token, and on the way to flat:
//! kept snapshots, another program, flattens that fill late, bots, copiers.

use std::time::Duration;

use reqwest::Method;
use riskd_paper::{
    Fault, FaultError, FaultRule, PaperConfig, Repeat, RequestClass, Side, Ticket, fault_kinds,
};
use serde_json::{Value, json};

use super::{Paper, number, two_accounts};

const ES: &str = "ES 03-26";

/// Sim101 holds two ES, the other account one NQ.
fn held() -> PaperConfig {
    two_accounts()
        .position("Sim101", "ES", 2)
        .position("Eval 50K!", "NQ", 1)
}

fn es(quantity: i64) -> Vec<(String, i64)> {
    vec![(ES.to_owned(), quantity)]
}

async fn start_with(rule: FaultRule) -> Paper {
    let paper = Paper::start(held()).await;
    paper.venue.set_fault(rule).unwrap();
    paper
}

#[tokio::test]
async fn a_snapshot_is_kept_for_three_seconds_after_it_was_made() {
    let config = PaperConfig {
        snapshot_cache_ms: 3_000,
        ..held()
    };
    let paper = Paper::start(config).await;
    let made = paper.venue.now();
    let first = paper.read("/accounts/snapshot").await;
    paper.time.advance_ms(1_500);
    paper.flatten("Sim101").await;
    let other = paper.read("/accounts/Sim101/positions").await;
    assert_eq!(other["positions"], json!([]), "only snapshots are kept");
    paper.time.advance_ms(1_499);
    assert_eq!(paper.read("/accounts/snapshot").await, first);
    paper.time.advance_ms(1);
    let fresh = paper.read("/accounts/snapshot").await;
    assert_eq!(fresh["accounts"][0]["positions"], json!([]));
    let epoch = |body: &Value| body["epoch"].as_i64().unwrap();
    assert_eq!(epoch(&fresh) - epoch(&first), 3_000);
    let requests = paper.venue.requests();
    let content: Vec<_> = requests.iter().filter_map(|one| one.content_at).collect();
    assert_eq!(content, [made, made, paper.venue.now()]);
    paper.venue.set_snapshot_cache(0);
    paper.time.advance_ms(1);
    let newest = paper.read("/accounts/snapshot").await;
    assert_eq!(epoch(&newest) - epoch(&fresh), 1);
}

#[tokio::test]
async fn a_kept_snapshot_can_be_distorted_and_is_whole_afterwards() {
    let config = PaperConfig {
        snapshot_cache_ms: 3_000,
        ..held()
    };
    let paper = Paper::start(config).await;
    let whole = paper.read("/accounts/snapshot").await;
    let rule = FaultRule::new(Fault::PositionsMissing).times(1);
    paper.venue.set_fault(rule).unwrap();
    let distorted = paper.read("/accounts/snapshot").await;
    assert_eq!(distorted["accounts"][0]["positions"], json!([]));
    assert_eq!(paper.read("/accounts/snapshot").await, whole);
}

#[tokio::test]
async fn another_program_empties_the_bucket() {
    let config = PaperConfig {
        rate_limit: true,
        ..held()
    };
    let paper = Paper::start(config).await;
    let rule = FaultRule::new(Fault::OtherProgram { per_second: 4 });
    let id = paper.venue.set_fault(rule).unwrap();
    for expected in [200; 20].into_iter().chain([429]) {
        assert_eq!(paper.get("/accounts/snapshot").await.0, expected);
    }
    // All that is refilled is taken by the other one.
    paper.time.advance_ms(10_000);
    assert_eq!(paper.get("/accounts/snapshot").await.0, 429);
    let statuses = paper.venue.faults();
    assert_eq!((statuses[0].id, statuses[0].struck), (id, 30));
    assert!(paper.venue.clear_fault(id));
    paper.time.advance_ms(1_000);
    for expected in [200, 200, 200, 429] {
        assert_eq!(paper.get("/accounts/snapshot").await.0, expected);
    }
    assert_eq!(
        paper.venue.counters().requests,
        26,
        "the other program's requests are not counted"
    );
}

#[tokio::test]
async fn closes_are_refused_for_one_account_alone() {
    let rule = FaultRule::new(Fault::FlattenRefused {
        error: "Market is closed".to_owned(),
    });
    let paper = start_with(rule.of("Sim101")).await;
    let refused = json!({"error": "Market is closed"});
    let (status, body) = paper.flatten("Sim101").await;
    assert_eq!((status.as_u16(), body), (400, refused.clone()));
    for whole_or_part in [
        json!({"instrument": ES}),
        json!({"instrument": ES, "quantity": 1}),
    ] {
        let close = "/accounts/Sim101/positions/close";
        let (status, body) = paper.post(close, whole_or_part).await;
        assert_eq!((status.as_u16(), body), (400, refused.clone()));
    }
    assert_eq!(paper.held("Sim101"), es(2));
    assert_eq!(paper.flatten("Eval%2050K!").await.0, 200);
    assert!(paper.held("Eval 50K!").is_empty());
}

/// Two flattens 400 ms apart that fill after 800 ms; what is held in the end.
async fn check_repeat(repeat: Repeat, pending: bool, expected: Vec<(String, i64)>) {
    let paper = start_with(FaultRule::new(Fault::FlattenFillsLate {
        ms: 800,
        pending,
        repeat,
    }))
    .await;
    let (status, body) = paper.flatten("Sim101").await;
    assert_eq!(status, 200);
    assert_eq!(body["pending"], json!(pending.then_some(true)), "{body}");
    assert_eq!(body["closedPositions"][0]["quantity"], json!(2));
    paper.time.advance_ms(400);
    assert_eq!(paper.held("Sim101"), es(2));
    paper.flatten("Sim101").await;
    paper.time.advance_ms(399);
    assert_eq!(paper.held("Sim101"), es(2));
    paper.time.advance_ms(1);
    assert!(paper.held("Sim101").is_empty());
    paper.time.advance_ms(400);
    assert_eq!(paper.held("Sim101"), expected, "{repeat:?}");
    assert_eq!(paper.venue.counters().overlapping_flattens, 1);
    // By now nothing fills: one that comes later is alone.
    paper.flatten("Sim101").await;
    assert_eq!(paper.venue.counters().overlapping_flattens, 1);
}

#[tokio::test]
async fn a_second_flatten_sells_again_or_joins() {
    check_repeat(Repeat::SellsAgain, false, es(-2)).await;
    check_repeat(Repeat::SellsAgain, true, es(-2)).await;
    check_repeat(Repeat::Joins, false, vec![]).await;
    check_repeat(Repeat::Joins, true, vec![]).await;
}

#[tokio::test]
async fn a_close_fills_late_too_and_keeps_to_its_instrument() {
    let config = held().position("Sim101", "NQ", -1);
    let paper = Paper::start(config).await;
    let fault = Fault::FlattenFillsLate {
        ms: 500,
        pending: false,
        repeat: Repeat::SellsAgain,
    };
    paper.venue.set_fault(FaultRule::new(fault)).unwrap();
    let close = "/accounts/Sim101/positions/close";
    let part = json!({"instrument": ES, "quantity": 1});
    assert_eq!(paper.post(close, part).await.0, 200);
    let rest = json!({"instrument": ES});
    assert_eq!(paper.post(close, rest).await.0, 200);
    assert_eq!(paper.held("Sim101").len(), 2);
    paper.time.advance_ms(500);
    let nq = ("NQ 03-26".to_owned(), -1);
    assert_eq!(paper.held("Sim101"), [nq, (ES.to_owned(), -1)]);
}

#[tokio::test]
async fn a_bot_opens_again_after_every_close() {
    let rule = FaultRule::new(Fault::Reopens { after_ms: 300 });
    let paper = start_with(rule.of("Sim101").times(3)).await;
    let stop = Ticket::stop("ES", Side::Sell, 2, number("4990"));
    paper.venue.place("Sim101", &stop).unwrap();
    let closes_and_comes_back = async |price: &str| {
        paper.venue.set_price("ES", number(price)).unwrap();
        assert!(paper.held("Sim101").is_empty());
        paper.time.advance_ms(299);
        assert!(paper.held("Sim101").is_empty());
        paper.time.advance_ms(1);
        assert_eq!(paper.held("Sim101"), es(2));
    };
    // A stop's fill, a person's close and a flatten are all the same to it.
    closes_and_comes_back("4990").await;
    paper.venue.close("Sim101").unwrap();
    closes_and_comes_back("4991").await;
    paper.flatten("Sim101").await;
    closes_and_comes_back("4992").await;
    paper.flatten("Eval%2050K!").await;
    paper.flatten("Sim101").await;
    paper.time.advance_ms(60_000);
    assert!(paper.held("Sim101").is_empty(), "three times, and no more");
    assert!(paper.held("Eval 50K!").is_empty(), "of another account");
    let status = &paper.venue.faults()[0];
    assert_eq!((status.struck, status.left), (3, Some(0)));
}

#[tokio::test]
async fn a_bot_opens_what_there_was_before_it_was_closed_in_parts() {
    let paper = start_with(FaultRule::new(Fault::Reopens { after_ms: 300 })).await;
    let part = json!({"instrument": ES, "quantity": 1});
    for _ in 0..2 {
        let close = "/accounts/Sim101/positions/close";
        assert_eq!(paper.post(close, part.clone()).await.0, 200);
    }
    paper.time.advance_ms(300);
    assert_eq!(paper.held("Sim101"), es(2));
    paper.venue.clear_faults();
    paper.flatten("Sim101").await;
    paper.time.advance_ms(60_000);
    assert!(paper.held("Sim101").is_empty());
}

#[tokio::test]
async fn a_copier_undoes_the_flatten_of_a_follower() {
    let config = held().account("Sim103", 50_000);
    let paper = Paper::start(config).await;
    let copier = FaultRule::new(Fault::Copier {
        leader: "sim101".to_owned(),
        every_ms: 3_000,
    });
    let id = paper.venue.set_fault(copier.of("Sim103")).unwrap();
    paper.time.advance_ms(3_000);
    assert_eq!(paper.held("Sim103"), es(2));
    assert_eq!(paper.held("Eval 50K!").len(), 1, "it follows nobody");
    paper.flatten("Sim103").await;
    paper.time.advance_ms(2_999);
    assert!(paper.held("Sim103").is_empty());
    paper.time.advance_ms(1);
    assert_eq!(paper.held("Sim103"), es(2));
    // The leader's flatten takes the follower along.
    paper.flatten("Sim101").await;
    paper.time.advance_ms(3_000);
    assert!(paper.held("Sim103").is_empty());
    assert!(paper.venue.clear_fault(id));
    paper.venue.open("Sim101", "ES", 1, None).unwrap();
    paper.time.advance_ms(60_000);
    assert!(paper.held("Sim103").is_empty());
}

#[tokio::test]
async fn a_stop_that_a_close_left_opens_a_short() {
    let paper = start_with(FaultRule::new(Fault::FlattenLeavesOrders)).await;
    let stop = Ticket::stop("ES", Side::Sell, 2, number("4990"));
    paper.venue.place("Sim101", &stop).unwrap();
    let close = "/accounts/Sim101/positions/close";
    assert_eq!(paper.post(close, json!({"instrument": ES})).await.0, 200);
    assert!(paper.held("Sim101").is_empty());
    assert_eq!(paper.venue.figures("Sim101").unwrap().working_orders, 1);
    paper.venue.set_price("ES", number("4989")).unwrap();
    assert_eq!(paper.held("Sim101"), es(-2));
}

#[tokio::test]
async fn one_answer_of_a_class_is_429_401_or_403() {
    for (code, retry_after) in [(429, Some(60)), (401, None), (403, None)] {
        let fault = Fault::Status {
            code,
            retry_after,
            after_effect: false,
        };
        let rule = FaultRule::new(fault).on(RequestClass::Snapshot).times(1);
        let paper = start_with(rule).await;
        assert_eq!(paper.flatten("Sim101").await.0, 200);
        let request = paper.request(Method::GET, "/accounts/snapshot");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), code);
        let header = answer.headers().get("retry-after");
        assert_eq!(header.is_some(), retry_after.is_some());
        paper.read("/accounts/snapshot").await;
    }
}

#[tokio::test]
async fn a_cancel_hangs_while_flattens_work() {
    let paper = start_with(FaultRule::new(Fault::Hang).on(RequestClass::Cancel)).await;
    let request = paper.request(Method::POST, "/accounts/Sim101/orders/cancel");
    let cancel = request.json(&json!({})).timeout(Duration::from_millis(200));
    assert!(cancel.send().await.unwrap_err().is_timeout());
    assert_eq!(paper.flatten("Sim101").await.0, 200);
    assert!(paper.held("Sim101").is_empty());
}

#[tokio::test]
async fn reads_can_be_slow_while_writes_are_not() {
    let paper =
        start_with(FaultRule::new(Fault::Delay { ms: 60_000 }).on(RequestClass::Reads)).await;
    assert_eq!(paper.flatten("Sim101").await.0, 200);
    for path in ["/accounts/snapshot", "/accounts/Sim101/orders"] {
        let read = paper.request(Method::GET, path);
        let answer = read.timeout(Duration::from_millis(100)).send().await;
        assert!(answer.unwrap_err().is_timeout(), "{path}");
    }
    paper.venue.clear_faults();
    let rule = FaultRule::new(Fault::SuccessFalse).on(RequestClass::Writes);
    paper.venue.set_fault(rule).unwrap();
    assert_eq!(paper.flatten("Sim101").await.1["success"], json!(false));
    assert_eq!(paper.read("/accounts").await["success"], json!(true));
}

#[tokio::test]
async fn flattens_that_were_not_needed_are_counted() {
    let limit = Ticket::limit("ES", Side::Buy, 1, number("10"));
    let paper = Paper::start(held().order("Sim101", limit)).await;
    let needless = || paper.venue.counters().needless_flattens;
    paper.flatten("Sim101").await;
    assert_eq!(needless(), 0);
    paper.flatten("Sim101").await;
    assert_eq!(needless(), 1);
    paper.flatten("Nobody").await;
    paper
        .post("/accounts/Sim101/orders/cancel", json!({}))
        .await;
    assert_eq!(needless(), 1);
    let requests = paper.venue.requests();
    let [first, second, unknown, cancel] = requests.as_slice() else {
        panic!("{requests:?}");
    };
    let found = first.found.unwrap();
    assert_eq!((found.positions, found.working_orders), (1, 1));
    assert!(second.is_needless_flatten() && !first.is_needless_flatten());
    assert_eq!(unknown.found, None);
    assert!(cancel.found.is_some() && !cancel.is_needless_flatten());
    let failing = FaultRule::new(Fault::Status {
        code: 503,
        retry_after: None,
        after_effect: false,
    });
    paper.venue.set_fault(failing).unwrap();
    paper.flatten("Sim101").await;
    assert_eq!(needless(), 2, "it arrived, whatever was answered");
}

#[tokio::test]
async fn what_others_do_is_checked() {
    let paper = Paper::start(held()).await;
    let copier = |leader: &str, every_ms| Fault::Copier {
        leader: leader.to_owned(),
        every_ms,
    };
    let bot = Fault::Reopens { after_ms: 300 };
    for (rule, expected) in [
        (
            FaultRule::new(Fault::OtherProgram { per_second: 0 }),
            FaultError::OtherProgram,
        ),
        (
            FaultRule::new(Fault::OtherProgram { per_second: 101 }),
            FaultError::OtherProgram,
        ),
        (
            FaultRule::new(Fault::Reopens { after_ms: 0 }),
            FaultError::Interval,
        ),
        (FaultRule::new(copier("Sim101", 99)), FaultError::Comparison),
        (
            FaultRule::new(copier("Nobody", 3_000)),
            FaultError::NoAccount,
        ),
        (
            FaultRule::new(bot.clone()).of("Nobody"),
            FaultError::NoAccount,
        ),
        (
            FaultRule::new(bot).with_probability(0.5, 1),
            FaultError::NoChance,
        ),
    ] {
        assert_eq!(
            paper.venue.set_fault(rule.clone()),
            Err(expected),
            "{rule:?}"
        );
    }
    assert!(paper.venue.faults().is_empty());
}

#[test]
fn a_scenario_can_begin_with_all_of_it() {
    let scenario = r#"{
        "accounts": [{"name": "Sim101", "balance": 50000}, {"name": "Sim102", "balance": 50000}],
        "snapshot_cache_ms": 3000,
        "faults": [
            {"fault": {"other_program": {"per_second": 2}}},
            {"fault": {"reopens": {"after_ms": 300}}, "account": "Sim101"},
            {"fault": {"copier": {"leader": "Sim101", "every_ms": 3000}}, "account": "Sim102"},
            {"fault": {"flatten_fills_late": {"ms": 800, "repeat": "joins"}}, "account": "Sim101"},
            {"fault": {"delay": {"ms": 300}}, "class": "reads"}
        ]
    }"#;
    let config: PaperConfig = serde_json::from_str(scenario).unwrap();
    let (clock, _) = riskd_paper::PaperClock::manual(super::morning());
    let venue = riskd_paper::PaperVenue::new(config, clock).unwrap();
    assert_eq!(venue.faults().len(), 5);
}

#[test]
fn the_page_names_every_kind_and_every_test_of_this_file() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/faults.md")).unwrap();
    for kind in fault_kinds() {
        // With its settings it stands in a line of JSON.
        let forms = [format!("`{}`", kind.name), format!("\"{}\"", kind.name)];
        assert!(
            forms.iter().any(|form| page.contains(form)),
            "{}",
            kind.name
        );
    }
    let (_, table) = page.split_once("## Trouble of many accounts").unwrap();
    let tests = include_str!("trouble.rs");
    for row in table.lines().filter(|line| line.starts_with("| ")).skip(1) {
        let mut cells = row.trim_matches(['|', ' ']).split(" | ");
        let (asked, test) = (cells.nth(1).unwrap(), cells.next().unwrap());
        assert!(
            tests.contains(&format!("fn {}(", test.trim_matches('`'))),
            "{row}"
        );
        let json = asked.trim_matches('`');
        if json.starts_with('{') {
            serde_json::from_str::<FaultRule>(json).expect(row);
        }
    }
}
