use super::*;

const START: i64 = 1_700_000_000_000;

fn look(balance: &str, held: &str, after_ms: i64) -> Look {
    Look {
        balance: balance.parse().unwrap(),
        held: held.to_owned(),
        stamp: START + after_ms,
    }
}

fn row(id: &str, kind: &str, change: &str, after_ms: i64) -> Row {
    Row {
        id: id.into(),
        at: START + after_ms,
        change: change.parse().unwrap(),
        kind: kind.to_owned(),
        meaning: match kind {
            "IN" | "OUT" | "BONUS" => Meaning::Flow,
            "TRADE" | "FUNDING" => Meaning::Result,
            _ => Meaning::Unknown,
        },
    }
}

/// A ledger that has seen 10,000 and nothing held, and the list up to then.
fn begun() -> Ledger {
    let ledger = Ledger::new(10);
    let first = look("10000", "", 0);
    let now = Instant::now();
    let Due { span, parts, .. } = ledger.due(&first, now).unwrap();
    let end = START + OVERLAP;
    assert_eq!((span.since, span.until), (end - LONGEST_SPAN, end));
    assert_eq!(parts, [Part::Flows]);
    let old = vec![row("1", "IN", "10000", -60_000)];
    assert_eq!(ledger.take(old, START).len(), 1);
    ledger.read_until(START);
    assert_eq!(ledger.judge(first, now), WalletChange::Explained);
    assert_eq!(ledger.due(&look("10000", "", 1000), now), None);
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
    let Due { span, parts, .. } = ledger.due(&seen, now).unwrap();
    let end = START + 2000 + OVERLAP;
    assert_eq!((span.since, span.until), (START - OVERLAP, end));
    assert_eq!(parts, [Part::All]);
    // The one that comes a moment later is not in this wallet.
    let rows = vec![
        row("3", "OUT", "-500", 2001),
        row("2", "IN", "2000", 1500),
        row("1", "IN", "10000", -60_000),
    ];
    assert_eq!(amounts(&ledger.take(rows, seen.stamp)), ["in 2000.00"]);
    assert_eq!(ledger.judge(seen, now), WalletChange::Explained);
    let seen = look("11500", "", 3000);
    assert!(ledger.due(&seen, now).is_some());
    let rows = vec![row("3", "OUT", "-500", 2001), row("2", "IN", "2000", 1500)];
    assert_eq!(amounts(&ledger.take(rows, seen.stamp)), ["out -500.00"]);
    assert_eq!(ledger.judge(seen, now), WalletChange::Explained);
}

#[tokio::test(start_paused = true)]
async fn results_are_no_flows_and_unknown_rows_count_as_results() {
    let ledger = begun();
    let rows = vec![
        row("2", "TRADE", "-50", 1000),
        row("3", "FUNDING", "-1.5", 1000),
        row("5", "NEW_TYPE", "3", 1000),
        row("6", "BONUS", "10", 1000),
    ];
    let flows = ledger.take(rows, START + 2000);
    assert_eq!(amounts(&flows), ["bonus 10.00"]);
    let seen = look("9961.5", "", 2000);
    assert_eq!(ledger.judge(seen, Instant::now()), WalletChange::Explained);
}

#[tokio::test(start_paused = true)]
async fn the_list_is_not_read_more_often_than_its_weight_allows() {
    let ledger = Ledger::new(2);
    let is_read = |balance: &str| {
        let seen = look(balance, "BTCUSDT:+1", 0);
        let due = ledger.due(&seen, Instant::now());
        ledger.read_until(seen.stamp);
        ledger.judge(seen, Instant::now());
        due.is_some()
    };
    let trades = ["10000", "9900", "9800", "9700"].map(is_read);
    assert_eq!(trades, [true, true, false, false]);
    tokio::time::advance(READ_EVERY).await;
    assert_eq!(["9600", "9500"].map(is_read), [true, false]);
}

#[tokio::test(start_paused = true)]
async fn a_change_that_is_listed_nowhere_is_in_doubt_for_a_minute() {
    let ledger = begun();
    let wrong = || look("8000", "", 2000);
    let missing = WalletChange::Unexplained(Money::from(-2000));
    assert!(ledger.due(&wrong(), Instant::now()).is_some());
    assert_eq!(ledger.judge(wrong(), Instant::now()), missing);
    tokio::time::advance(Duration::from_secs(6)).await;
    // The list is read again, and explains it.
    assert!(ledger.due(&wrong(), Instant::now()).is_some());
    let rows = vec![row("2", "OUT", "-2000", 1500)];
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
    let rows = vec![row("2", "TRADE", "-100", 1900)];
    ledger.take(rows, START + 3000);
    let later = look("9900", "BTCUSDT:+1", 3000);
    assert_eq!(ledger.judge(later, now), WalletChange::Explained);
    // A thousandth is no matter.
    let fee = look("9895", "BTCUSDT:+1", 4000);
    assert_eq!(ledger.judge(fee, now), WalletChange::Explained);
}

#[tokio::test(start_paused = true)]
async fn after_a_gap_of_hours_results_are_read_behind_the_flows() {
    let ledger = begun();
    let hours = LONG_SPAN * 3;
    let seen = look("9700", "", hours);
    let read = async |_: Span, part| {
        let out = row("2", "OUT", "-200", 1500);
        Ok(match part {
            Part::Flows => vec![out],
            Part::All => vec![row("3", "FUNDING", "-100", hours - 1), out],
        })
    };
    let (flows, change) = ledger.explain(seen, read).await;
    assert_eq!(amounts(&flows), ["out -200.00"]);
    assert_eq!(change, WalletChange::Explained);
}

#[tokio::test(start_paused = true)]
async fn flows_are_handed_on_when_the_results_take_too_long() {
    let ledger = begun();
    let read = async |_: Span, part| match part {
        Part::Flows => Ok(vec![row("2", "OUT", "-200", 1500)]),
        Part::All => std::future::pending().await,
    };
    let seen = look("9800", "", LONG_SPAN * 3);
    let (flows, change) = ledger.explain(seen, read).await;
    assert_eq!(amounts(&flows), ["out -200.00"]);
    assert_eq!(change, WalletChange::Explained);
}

/// Seed 283 of the simulator at Bybit: money is withdrawn between a kill and the first
/// look, whose list cannot be read.
#[tokio::test(start_paused = true)]
async fn a_wallet_is_in_doubt_until_the_list_was_read_once() {
    let ledger = Ledger::new(10);
    let seen = || look("9000", "", 0);
    assert!(ledger.due(&seen(), Instant::now()).is_some());
    let doubt = WalletChange::Unexplained(Money::ZERO);
    assert_eq!(ledger.judge(seen(), Instant::now()), doubt);
    // What cannot be read is tried again, and not with each look.
    assert_eq!(ledger.due(&seen(), Instant::now()), None);
    tokio::time::advance(READ_EVERY).await;
    let read = async |_: Span, _| Ok(vec![row("2", "OUT", "-1000", -1500)]);
    let (flows, change) = ledger.explain(seen(), read).await;
    assert_eq!(amounts(&flows), ["out -1000.00"]);
    assert_eq!(change, WalletChange::Explained);
    // Without a list it is believed after a minute.
    let blind = Ledger::new(10);
    assert_eq!(blind.judge(seen(), Instant::now()), doubt);
    tokio::time::advance(DOUBT).await;
    assert_eq!(blind.judge(seen(), Instant::now()), WalletChange::Explained);
}

/// Seed 2743 of the simulator at Bybit: by the clock of the answers the withdrawal comes
/// after the first wallet, which lacks it already.
#[tokio::test(start_paused = true)]
async fn a_flow_that_is_newer_than_the_first_wallet_leaves_it_in_doubt() {
    let ledger = Ledger::new(10);
    let rows = || vec![row("1", "IN", "500", -10), row("2", "OUT", "-1000", 2000)];
    let read = async |_: Span, _| Ok(rows());
    let (flows, change) = ledger.explain(look("9500", "", 0), read).await;
    assert_eq!(amounts(&flows), ["in 500.00"]);
    assert_eq!(change, WalletChange::Unexplained(Money::ZERO));
    tokio::time::advance(READ_EVERY).await;
    let (flows, change) = ledger.explain(look("9500", "", 5000), read).await;
    assert_eq!(amounts(&flows), ["out -1000.00"]);
    assert_eq!(change, WalletChange::Explained);
}
