use std::future::ready;

use super::*;

const START: i64 = 1_700_000_000_000;
/// How far the clock of the wallets may be from that of the list.
const OFF: [i64; 3] = [0, -90_000, 90_000];

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

/// The flows and the judgement of a look behind which the list shows these rows.
async fn judged(ledger: &Ledger, look: Look, rows: &[Row]) -> (Vec<String>, WalletChange) {
    let read = |_: Span, _: Part| ready(Ok(rows.to_vec()));
    let (flows, change) = ledger.explain_look(look, read).await;
    (amounts(&flows), change)
}

/// A ledger that has seen 10,000 and nothing held, by a clock that is off by so much,
/// and the list up to then.
async fn begun_at(off: i64) -> Ledger {
    let ledger = Ledger::new(100);
    let old = [row("1", "IN", "10000", -600_000)];
    let (flows, change) = judged(&ledger, look("10000", "", off), &old).await;
    assert_eq!(flows, ["in 10000.00"]);
    assert_eq!(change, WalletChange::Explained);
    ledger
}

async fn begun() -> Ledger {
    begun_at(0).await
}

fn due(ledger: &Ledger, look: &Look) -> Option<Due> {
    ledger.0.locked().due(look, Instant::now())
}

fn amounts(flows: &[Flow]) -> Vec<String> {
    let words = flows
        .iter()
        .map(|flow| format!("{} {}", flow.kind, flow.amount));
    words.collect()
}

fn missing(amount: i64) -> WalletChange {
    WalletChange::Unexplained(Money::from(amount))
}

#[tokio::test(start_paused = true)]
async fn the_list_is_read_when_the_wallet_has_changed_and_some_time_around_it() {
    let ledger = Ledger::new(10);
    let first = look("10000", "", 0);
    let Due { span, parts } = due(&ledger, &first).unwrap();
    let end = START + OVERLAP;
    assert_eq!((span.since, span.until), (end - LONGEST_SPAN, end));
    assert_eq!(parts, [Part::Flows]);
    let ledger = begun().await;
    assert_eq!(due(&ledger, &look("10000", "", 1000)), None);
    let Due { span, parts } = due(&ledger, &look("12000", "", 2000)).unwrap();
    let end = START + 2000 + OVERLAP;
    assert_eq!((span.since, span.until), (START - OVERLAP, end));
    assert_eq!(parts, [Part::All]);
}

#[tokio::test(start_paused = true)]
async fn a_deposit_is_handed_on_with_the_wallet_that_holds_it() {
    for off in OFF {
        let ledger = begun_at(off).await;
        // The one that comes a moment later is not in this wallet.
        let rows = [
            row("3", "OUT", "-500", 200_001),
            row("2", "IN", "2000", 200_000),
            row("1", "IN", "10000", -600_000),
        ];
        let seen = look("12000", "", 200_000 + off);
        let expected = (vec!["in 2000.00".to_owned()], WalletChange::Explained);
        assert_eq!(judged(&ledger, seen, &rows).await, expected, "{off}");
        let seen = look("11500", "", 201_000 + off);
        let expected = (vec!["out -500.00".to_owned()], WalletChange::Explained);
        assert_eq!(judged(&ledger, seen, &rows).await, expected, "{off}");
    }
}

#[tokio::test(start_paused = true)]
async fn results_are_no_flows_and_unknown_rows_count_as_results() {
    let ledger = begun().await;
    let rows = [
        row("2", "TRADE", "-50", 1000),
        row("3", "FUNDING", "-1.5", 1000),
        row("5", "NEW_TYPE", "3", 1000),
        row("6", "BONUS", "10", 1000),
    ];
    let expected = (vec!["bonus 10.00".to_owned()], WalletChange::Explained);
    let seen = look("9961.5", "", 2000);
    assert_eq!(judged(&ledger, seen, &rows).await, expected);
}

#[tokio::test(start_paused = true)]
async fn the_list_is_not_read_more_often_than_its_weight_allows() {
    let ledger = Ledger::new(2);
    let is_read = async |balance: &str| {
        let reads = std::cell::Cell::new(0);
        let read = |_: Span, _: Part| {
            reads.set(reads.get() + 1);
            ready(Ok(Vec::new()))
        };
        let seen = look(balance, "BTCUSDT:+1", 0);
        ledger.explain_look(seen, read).await;
        reads.get() > 0
    };
    for (balance, expected) in [
        ("10000", true),
        ("9900", true),
        ("9800", false),
        ("9700", false),
    ] {
        assert_eq!(is_read(balance).await, expected, "{balance}");
    }
    tokio::time::advance(READ_EVERY).await;
    assert!(is_read("9600").await);
    assert!(!is_read("9500").await);
}

#[tokio::test(start_paused = true)]
async fn a_change_that_is_listed_nowhere_is_in_doubt_for_a_minute() {
    let ledger = begun().await;
    let wrong = || look("8000", "", 2000);
    assert_eq!(judged(&ledger, wrong(), &[]).await.1, missing(-2000));
    tokio::time::advance(Duration::from_secs(6)).await;
    // The list is read again, and explains it.
    let rows = [row("2", "OUT", "-2000", 1500)];
    let expected = (vec!["out -2000.00".to_owned()], WalletChange::Explained);
    assert_eq!(judged(&ledger, wrong(), &rows).await, expected);

    let zero = || look("0", "", 9000);
    assert_eq!(judged(&ledger, zero(), &rows).await.1, missing(-8000));
    tokio::time::advance(Duration::from_secs(60)).await;
    let (_, change) = judged(&ledger, zero(), &rows).await;
    assert_eq!(change, WalletChange::TakenForResult(Money::from(-8000)));
    let (_, change) = judged(&ledger, zero(), &rows).await;
    assert_eq!(change, WalletChange::Explained);
}

#[tokio::test(start_paused = true)]
async fn a_trade_explains_itself_and_its_row_may_come_late() {
    let ledger = begun().await;
    let explained = (Vec::new(), WalletChange::Explained);
    let traded = look("9900", "BTCUSDT:+1", 2000);
    assert_eq!(judged(&ledger, traded, &[]).await, explained);
    let rows = [row("2", "TRADE", "-100", 1900)];
    let later = look("9900", "BTCUSDT:+1", 3000);
    assert_eq!(judged(&ledger, later, &rows).await, explained);
    // A thousandth is no matter.
    let fee = look("9895", "BTCUSDT:+1", 4000);
    assert_eq!(judged(&ledger, fee, &rows).await, explained);
}

#[tokio::test(start_paused = true)]
async fn after_a_gap_of_hours_results_are_read_behind_the_flows() {
    let ledger = begun().await;
    let hours = LONG_SPAN * 3;
    let seen = look("9700", "", hours);
    let read = async |_: Span, part| {
        let out = row("2", "OUT", "-200", 1500);
        Ok(match part {
            Part::Flows => vec![out],
            Part::All => vec![row("3", "FUNDING", "-100", hours - 1), out],
        })
    };
    let (flows, change) = ledger.explain_look(seen, read).await;
    assert_eq!(amounts(&flows), ["out -200.00"]);
    assert_eq!(change, WalletChange::Explained);
}

#[tokio::test(start_paused = true)]
async fn flows_are_handed_on_when_the_results_take_too_long() {
    let ledger = begun().await;
    let read = async |_: Span, part| match part {
        Part::Flows => Ok(vec![row("2", "OUT", "-200", 1500)]),
        Part::All => std::future::pending().await,
    };
    let seen = look("9800", "", LONG_SPAN * 3);
    let (flows, change) = ledger.explain_look(seen, read).await;
    assert_eq!(amounts(&flows), ["out -200.00"]);
    assert_eq!(change, WalletChange::Explained);
}

/// Seed 283 of the simulator at Bybit: money is withdrawn between a kill and the first
/// look, whose list cannot be read.
#[tokio::test(start_paused = true)]
async fn a_wallet_is_in_doubt_until_the_list_was_read_once() {
    let seen = || look("9000", "", 0);
    let unreadable = async |_: Span, _| std::future::pending::<Result<Vec<Row>, Failure>>().await;
    let ledger = Ledger::new(10);
    let (_, change) = ledger.explain_look(seen(), unreadable).await;
    assert_eq!(change, missing(0));
    // What cannot be read is tried again, and not with each look.
    assert_eq!(due(&ledger, &seen()), None);
    tokio::time::advance(READ_EVERY).await;
    let rows = [row("2", "OUT", "-1000", -150_000)];
    let expected = (vec!["out -1000.00".to_owned()], WalletChange::Explained);
    assert_eq!(judged(&ledger, seen(), &rows).await, expected);
    // Without a list it is believed after a minute.
    let blind = Ledger::new(0);
    assert_eq!(judged(&blind, seen(), &[]).await.1, missing(0));
    tokio::time::advance(Duration::from_secs(60)).await;
    assert_eq!(judged(&blind, seen(), &[]).await.1, WalletChange::Explained);
}

/// Seed 2743 of the simulator at Bybit: money moves around the first wallet, and the
/// clocks do not say whether it is in there.
#[tokio::test(start_paused = true)]
async fn a_flow_around_the_first_wallet_leaves_it_in_doubt_for_a_look() {
    for off in OFF {
        let ledger = Ledger::new(10);
        let mut rows = vec![row("1", "IN", "500", -2_000), row("2", "OUT", "-1000", 10)];
        let (flows, change) = judged(&ledger, look("9500", "", off), &rows).await;
        assert_eq!(flows, ["in 500.00", "out -1000.00"], "{off}");
        assert_eq!(change, missing(0), "{off}");
        // The next one holds all that was listed before it was asked for.
        let explained = (Vec::new(), WalletChange::Explained);
        let seen = look("8500", "", 1_000 + off);
        assert_eq!(judged(&ledger, seen, &rows).await, explained, "{off}");
        rows.push(row("3", "OUT", "-300", 1_500));
        let seen = look("8200", "", 2_000 + off);
        let expected = (vec!["out -300.00".to_owned()], WalletChange::Explained);
        assert_eq!(judged(&ledger, seen, &rows).await, expected, "{off}");
    }
}

/// The same while something is traded, whose result is listed late: until it is known
/// whether the wallet holds the flow, the result of the trade is not known either.
#[tokio::test(start_paused = true)]
async fn a_trade_does_not_hide_a_flow_beside_it() {
    for off in OFF {
        let ledger = begun_at(off).await;
        let out = row("2", "OUT", "-700", 200_000);
        let seen = look("9200", "BTCUSDT:+1", 200_100 + off);
        let (flows, change) = judged(&ledger, seen, std::slice::from_ref(&out)).await;
        assert!(flows.is_empty(), "{off}");
        assert!(
            matches!(change, WalletChange::Unexplained(_)),
            "{off}: {change:?}"
        );
        let rows = [out, row("3", "TRADE", "-100", 200_050)];
        let seen = look("9200", "BTCUSDT:+1", 201_000 + off);
        let expected = (vec!["out -700.00".to_owned()], WalletChange::Explained);
        assert_eq!(judged(&ledger, seen, &rows).await, expected, "{off}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_loss_is_not_taken_for_a_flow_that_comes_later() {
    for off in OFF {
        let ledger = begun_at(off).await;
        // Something else is lost than will be withdrawn in a moment.
        let rows = [
            row("2", "TRADE", "-750", 199_000),
            row("3", "OUT", "-500", 200_100),
        ];
        let seen = look("9250", "", 200_000 + off);
        let nothing = (Vec::new(), WalletChange::Explained);
        assert_eq!(judged(&ledger, seen, &rows).await, nothing, "{off}");
        let seen = look("8750", "", 201_000 + off);
        let out = (vec!["out -500.00".to_owned()], WalletChange::Explained);
        assert_eq!(judged(&ledger, seen, &rows).await, out, "{off}");
        // One that is listed nowhere stays in doubt beside a flow of another size.
        let rows = [row("4", "OUT", "-500", 300_000)];
        let seen = look("8000", "", 300_100 + off);
        let (flows, change) = judged(&ledger, seen, &rows).await;
        assert!(flows.is_empty(), "{off}");
        assert!(
            matches!(change, WalletChange::Unexplained(_)),
            "{off}: {change:?}"
        );
    }
}

/// A row that no wallet shows to have come was in the first one, or in what was taken
/// for a result.
#[tokio::test(start_paused = true)]
async fn a_row_that_is_listed_late_is_handed_on_after_a_minute() {
    let ledger = begun().await;
    let traded = look("9600", "BTCUSDT:+1", 2000);
    assert_eq!(
        judged(&ledger, traded, &[]).await.1,
        WalletChange::Explained
    );
    // A withdrawal of 300 was in there, beside a loss that is not listed yet.
    let rows = [row("2", "OUT", "-300", 1900)];
    let seen = |after_ms| look("9595", "BTCUSDT:+1", after_ms);
    let nothing = (Vec::new(), WalletChange::Explained);
    assert_eq!(judged(&ledger, seen(3000), &rows).await, nothing);
    tokio::time::advance(Duration::from_secs(60)).await;
    let out = (vec!["out -300.00".to_owned()], WalletChange::Explained);
    assert_eq!(judged(&ledger, seen(63_000), &rows).await, out);
    let rows = [
        row("3", "TRADE", "-100", 1900),
        row("4", "IN", "50", 64_000),
    ];
    let expected = (vec!["in 50.00".to_owned()], WalletChange::Explained);
    let seen = look("9645", "BTCUSDT:+1", 65_000);
    assert_eq!(judged(&ledger, seen, &rows).await, expected);
}

#[tokio::test(start_paused = true)]
async fn a_wallet_without_a_time_is_in_doubt() {
    use crate::domain::observation::Figures;
    let ledger = begun().await;
    let read = async |_: Span, _| Ok(Vec::new());
    let of = |balance: Option<i64>| Wallet {
        figures: Figures {
            balance: balance.map(Money::from),
            ..Figures::default()
        },
        ..Wallet::default()
    };
    let (_, change) = ledger.explain(&of(Some(10_000)), &[], None, read).await;
    assert_eq!(change, missing(0));
    // Of one whose money is not known nothing is reckoned.
    let (_, change) = ledger.explain(&of(None), &[], None, read).await;
    assert_eq!(change, WalletChange::Explained);
}
