use super::*;
use crate::venue::rest::json::Json;

const START: i64 = 1_700_000_000_000;

fn look(balance: &str, held: &str, after_ms: i64) -> Look {
    Look {
        balance: balance.parse().unwrap(),
        held: held.to_owned(),
        stamp: START + after_ms,
    }
}

fn row(id: &str, kind: &str, change: &str, after_ms: i64) -> String {
    format!(
        r#"{{"id": "{id}", "type": "{kind}", "currency": "USDT", "change": "{change}",
        "transactionTime": "{}", "category": ""}}"#,
        START + after_ms
    )
}

fn read(rows: &[String]) -> Vec<Row> {
    let body = format!("[{}]", rows.join(","));
    let json = Json::parse(body.as_bytes()).unwrap();
    let mut read = Vec::new();
    let assets = ["USDT".to_owned()];
    add(&mut read, &json.root().list().unwrap(), &assets).unwrap();
    read
}

/// A ledger that has seen 10,000 and nothing held, and the list up to then.
fn begun() -> Ledger {
    let ledger = Ledger::default();
    let first = look("10000", "", 0);
    let now = Instant::now();
    let span = ledger.span(&first, now).unwrap();
    assert_eq!((span.since, span.until), (START - LONGEST_SPAN, START));
    assert_eq!(span.types(), [Some("TRANSFER_IN"), Some("TRANSFER_OUT")]);
    let old = read(&[row("1", "TRANSFER_IN", "10000", -60_000)]);
    assert_eq!(ledger.take(old, START).len(), 1);
    assert_eq!(ledger.judge(first, now), WalletChange::Explained);
    assert_eq!(ledger.span(&look("10000", "", 1000), now), None);
    ledger
}

fn amounts(flows: &[Flow]) -> Vec<String> {
    let words = flows
        .iter()
        .map(|flow| format!("{} {}", flow.kind, flow.amount));
    words.collect()
}

#[tokio::test(start_paused = true)]
async fn a_deposit_is_handed_on_with_the_wallet_that_holds_it() {
    let ledger = begun();
    let now = Instant::now();
    let seen = look("12000", "", 2000);
    let span = ledger.span(&seen, now).unwrap();
    assert_eq!((span.since, span.until), (START - OVERLAP, START + 2000));
    assert_eq!(span.types(), [None]);
    // The one that comes a moment later is not in this wallet.
    let rows = read(&[
        row("3", "TRANSFER_OUT", "-500", 2001),
        row("2", "TRANSFER_IN", "2000", 1500),
        row("1", "TRANSFER_IN", "10000", -60_000),
    ]);
    assert_eq!(
        amounts(&ledger.take(rows, seen.stamp)),
        ["transfer_in 2000.00"]
    );
    assert_eq!(ledger.judge(seen, now), WalletChange::Explained);
    let seen = look("11500", "", 3000);
    assert!(ledger.span(&seen, now).is_some());
    let rows = read(&[
        row("3", "TRANSFER_OUT", "-500", 2001),
        row("2", "TRANSFER_IN", "2000", 1500),
    ]);
    assert_eq!(
        amounts(&ledger.take(rows, seen.stamp)),
        ["transfer_out -500.00"]
    );
    assert_eq!(ledger.judge(seen, now), WalletChange::Explained);
}

#[tokio::test(start_paused = true)]
async fn results_are_no_flows_but_a_trade_of_spot_is_one() {
    let ledger = begun();
    let spot =
        row("9", "TRADE", "-100", 1100).replace(r#""category": """#, r#""category": "spot""#);
    let rows = read(&[
        row("2", "TRADE", "-50", 1000),
        row("3", "SETTLEMENT", "-1.5", 1000),
        row("4", "LIQUIDATION", "-20", 1000),
        row("5", "NEW_TYPE", "3", 1000),
        spot,
        row("6", "BONUS", "10", 1000),
    ]);
    let flows = ledger.take(rows, START + 2000);
    assert_eq!(amounts(&flows), ["trade -100.00", "bonus 10.00"]);
    let seen = look("9841.5", "", 2000);
    assert_eq!(ledger.judge(seen, Instant::now()), WalletChange::Explained);
}

#[tokio::test(start_paused = true)]
async fn a_change_that_is_listed_nowhere_is_in_doubt_for_a_minute() {
    let ledger = begun();
    let wrong = || look("8000", "", 2000);
    let missing = WalletChange::Unexplained(Money::from(-2000));
    assert!(ledger.span(&wrong(), Instant::now()).is_some());
    assert_eq!(ledger.judge(wrong(), Instant::now()), missing);
    tokio::time::advance(Duration::from_secs(6)).await;
    // The list is read again, and explains it.
    assert!(ledger.span(&wrong(), Instant::now()).is_some());
    let rows = read(&[row("2", "TRANSFER_OUT", "-2000", 1500)]);
    assert_eq!(ledger.take(rows, START + 2000).len(), 1);
    assert_eq!(
        ledger.judge(wrong(), Instant::now()),
        WalletChange::Explained
    );

    let zero = || look("0", "", 9000);
    let missing = Money::from(-8000);
    assert_eq!(
        ledger.judge(zero(), Instant::now()),
        WalletChange::Unexplained(missing)
    );
    tokio::time::advance(DOUBT).await;
    assert_eq!(
        ledger.judge(zero(), Instant::now()),
        WalletChange::TakenForResult(missing)
    );
    assert_eq!(
        ledger.judge(zero(), Instant::now()),
        WalletChange::Explained
    );
}

#[tokio::test(start_paused = true)]
async fn a_trade_explains_itself_and_its_row_may_come_late() {
    let ledger = begun();
    let now = Instant::now();
    let traded = look("9900", "BTCUSDT:+1", 2000);
    assert_eq!(ledger.judge(traded, now), WalletChange::Explained);
    let rows = read(&[row("2", "TRADE", "-100", 1900)]);
    ledger.take(rows, START + 3000);
    let later = look("9900", "BTCUSDT:+1", 3000);
    assert_eq!(ledger.judge(later, now), WalletChange::Explained);
    // A thousandth is no matter.
    let fee = look("9895", "BTCUSDT:+1", 4000);
    assert_eq!(ledger.judge(fee, now), WalletChange::Explained);
}

#[test]
fn a_row_that_does_not_say_what_it_moved_spoils_the_list() {
    let good = row("1", "TRADE", "5", 0);
    for (from, to) in [
        (r#""change": "5""#, r#""change": """#),
        (r#""currency": "USDT","#, ""),
        (r#""type": "TRADE""#, r#""type": null"#),
        (r#""transactionTime""#, r#""time""#),
    ] {
        let body = format!("[{}]", good.replacen(from, to, 1));
        let json = Json::parse(body.as_bytes()).unwrap();
        let assets = ["USDT".to_owned()];
        let rows = json.root().list().unwrap();
        assert!(add(&mut Vec::new(), &rows, &assets).is_err(), "{to}");
    }
    // Another asset says nothing of the wallet that counts.
    let other = good.replace("USDT", "BTC");
    assert!(read(&[other]).is_empty());
}
