use super::*;
use crate::domain::money::Money;

fn number(text: &str) -> AccountNumber {
    AccountNumber::parse(text).unwrap()
}

/// What a snapshot with these rows says of `account`.
fn read(rows: &str, account: &str) -> Polled {
    let body = format!(r#"{{"type": "snapshot", "epoch": 1741618393090, "accounts": [{rows}]}}"#);
    let snapshot = Snapshot::parse(Node::parse(body.as_bytes()).unwrap()).unwrap();
    let account = number(account);
    snapshot
        .find(&account)
        .and_then(|row| row.learned(&account))
}

/// A row of account A with this in `item`.
fn with_item(item: &str) -> String {
    format!(
        r#"{{"account": {{"name": "A", "connectionStatus": "Connected", "item": {{{item}}}}},
            "positions": []}}"#
    )
}

fn amounts(figures: Figures) -> [Option<String>; 4] {
    [
        figures.realized,
        figures.unrealized,
        figures.balance,
        figures.equity,
    ]
    .map(|amount| amount.as_ref().map(Money::to_string))
}

#[test]
fn what_is_learned_carries_the_stamp_of_its_snapshot() {
    let learned = read(&with_item(r#""cashValue": 1"#), "A").unwrap();
    assert_eq!(learned.stamp, Some(1_741_618_393_090));
}

#[test]
fn figures_are_read_by_any_of_their_names() {
    let full = Some(["565.00", "12.50", "100565.00", "100577.50"]);
    let cases = [
        (
            r#""cashValue": 100565.00000000285, "netLiquidation": 100577.5,
               "realizedProfitLoss": 565.0, "grossRealizedProfitLoss": 1, "unrealizedProfitLoss": 12.5"#,
            full,
        ),
        (
            r#""cash_value": "100565", "netLiq": "100577.50", "realizedPnL": "565",
               "unrealized_pnl": 12.5"#,
            full,
        ),
        (
            r#""CASHVALUE": 100565, "net_liquidation": 100577.5, "realized_pnl": 565,
               "unrealizedPnl": 12.5"#,
            full,
        ),
        (
            r#""cashValue": 100565, "netLiquidation": 100577.5, "realizedProfitLoss": null,
               "realizedPnl": 565, "unrealizedProfitLoss": "NaN", "unrealizedPnl": 12.5"#,
            full,
        ),
    ];
    for (item, expected) in cases {
        let learned = read(&with_item(item), "a").unwrap();
        let expected = expected.map(|texts| texts.map(|text| Some(text.to_owned())));
        assert_eq!(Some(amounts(learned.figures)), expected, "{item}");
    }
}

#[test]
fn a_missing_figure_is_unknown_and_never_zero() {
    for (item, expected) in [
        ("", [None, None, None, None]),
        (
            r#""realizedProfitLoss": null, "cashValue": "", "netLiquidation": "Infinity""#,
            [None, None, None, None],
        ),
        (r#""realizedProfitLoss": 1e308"#, [None, None, None, None]),
        // Broken twice under one name.
        (
            r#""cashValue": 1, "cash_value": 2"#,
            [None, None, None, None],
        ),
        // Net liquidation that a broker does not fill: by definition instead.
        (
            r#""netLiquidation": 0.0, "cashValue": 50000.25, "unrealizedProfitLoss": -100"#,
            [None, Some("-100.00"), Some("50000.25"), Some("49900.25")],
        ),
        (
            r#""cashValue": 50000, "unrealizedProfitLoss": 10"#,
            [None, Some("10.00"), Some("50000.00"), Some("50010.00")],
        ),
        (
            r#""netLiquidation": 0, "cashValue": 50000"#,
            [None, None, Some("50000.00"), None],
        ),
        (r#""netLiquidation": 0"#, [None, None, None, None]),
        // All zero: said by the venue; whether that can be is for others to judge.
        (
            r#""netLiquidation": 0, "cashValue": 0, "unrealizedProfitLoss": 0"#,
            [None, Some("0.00"), Some("0.00"), Some("0.00")],
        ),
    ] {
        let learned = read(&with_item(item), "A").unwrap();
        let expected = expected.map(|text| text.map(ToOwned::to_owned));
        assert_eq!(amounts(learned.figures), expected, "{item}");
    }
}

#[test]
fn one_broken_account_does_not_spoil_the_others() {
    let rows = r#"
        {"account": {"name": "good", "connectionStatus": "connected", "isAccountFlat": false,
                     "item": {"cashValue": 1}},
         "positions": [{"instrument": "ES 03-26", "marketPosition": "Long", "quantity": 2,
                        "unrealizedProfitLoss": -12.5}]},
        {"account": {"name": "off", "connectionStatus": "ConnectionLost", "item": {"cashValue": 1}},
         "positions": []},
        {"account": {"name": "bare", "item": {"cashValue": 1}}, "positions": []},
        {"account": {"name": "itemless", "connectionStatus": "Connected"}, "positions": []},
        {"account": {"name": "odd", "connectionStatus": "Connected", "item": {"cashValue": 1}},
         "positions": [{"instrument": "ES", "marketPosition": "Long", "quantity": -2}]},
        {"account": {"name": "wrong", "connectionStatus": "Connected", "item": {"cashValue": 1}},
         "positions": "none"},
        {"account": {"name": "twin", "connectionStatus": "Connected", "item": {"cashValue": 1}}},
        {"account": {"name": "TWIN", "connectionStatus": "Connected", "item": {"cashValue": 1}}},
        {"account": {"name": "silent", "connectionStatus": "Connected", "item": {"cashValue": 1}}},
        {"account": {"name": "claims", "connectionStatus": "Connected", "isAccountFlat": true,
                     "item": {"cashValue": 1}},
         "positions": [{"instrument": "ES", "marketPosition": "Long", "quantity": 2}]},
        {"account": {"name": "orders", "connectionStatus": "Connected", "isAccountFlat": false,
                     "item": {"cashValue": 1}}, "positions": []},
        {"name": "level", "connectionStatus": "Connected", "cash_value": 7, "positions": []}"#;
    let missing = |account| read(rows, account).unwrap_err().missing;
    let good = read(rows, "GOOD").unwrap();
    let held = good.positions.unwrap();
    assert_eq!(held[0].to_string(), "ES 03-26:+2");
    assert_eq!(held[0].unrealized.unwrap().to_string(), "-12.50");
    assert_eq!(good.orders, WorkingOrders::NotRead);
    assert_eq!(missing("off"), Missing::Disconnected);
    assert_eq!(missing("bare"), Missing::Malformed);
    assert_eq!(missing("itemless"), Missing::Malformed);
    assert_eq!(missing("odd"), Missing::Malformed);
    assert_eq!(missing("wrong"), Missing::Malformed);
    assert_eq!(missing("twin"), Missing::Malformed);
    assert_eq!(missing("none"), Missing::NotListed);
    assert_eq!(read(rows, "silent").unwrap().positions, None);
    assert_eq!(read(rows, "claims").unwrap().positions, None);
    assert_eq!(read(rows, "orders").unwrap().is_flat(), Some(true));
    let level = read(rows, "level").unwrap();
    assert_eq!(level.figures.balance, Some(Money::from(7)));
    assert_eq!(level.is_flat(), Some(true));
    // A row without a name could be the missing account.
    let nameless = format!(r#"{rows}, {{"account": {{"item": {{}}}}}}"#);
    assert_eq!(
        read(&nameless, "none").unwrap_err().missing,
        Missing::Malformed
    );
    assert!(read(&nameless, "good").is_ok());
}

#[test]
fn a_snapshot_has_accounts_and_an_epoch() {
    let parse = |body: &str| {
        Snapshot::parse(Node::parse(body.as_bytes()).unwrap()).map(|snapshot| snapshot.epoch)
    };
    for (body, expected) in [
        (
            r#"{"epoch": 1741618393090, "accounts": []}"#,
            Some(Some(1_741_618_393_090)),
        ),
        (
            r#"{"epoch": "1741618393090", "accounts": []}"#,
            Some(Some(1_741_618_393_090)),
        ),
        (
            r#"{"epoch": 1741618393, "accounts": []}"#,
            Some(Some(1_741_618_393_000)),
        ),
        (
            r#"{"epoch": 1741618393090.0, "accounts": []}"#,
            Some(Some(1_741_618_393_090)),
        ),
        (
            r#"{"epoch": 1.741618393090e12, "accounts": []}"#,
            Some(Some(1_741_618_393_090)),
        ),
        (
            r#"{"data": {"epoch": 1741618393090, "accounts": []}}"#,
            Some(Some(1_741_618_393_090)),
        ),
        (r#"{"epoch": 0, "accounts": []}"#, Some(None)),
        (r#"{"epoch": null, "accounts": []}"#, Some(None)),
        (r#"{"accounts": []}"#, Some(None)),
        (r#"{"epoch": 1741618393090}"#, None),
        (r#"{"epoch": 1741618393090, "accounts": null}"#, None),
        (r#"{"epoch": 1741618393090, "accounts": {}}"#, None),
        ("[]", None),
    ] {
        assert_eq!(parse(body), expected, "{body}");
    }
}

#[test]
fn the_list_of_accounts_in_every_wrapper() {
    for (body, expected) in [
        (
            r#"{"accounts": [{"name": "A"}, {"name": "B"}], "success": true}"#,
            Some("A,B"),
        ),
        (r#"[{"name": "A"}]"#, Some("A")),
        (r#"["A", "B"]"#, Some("A,B")),
        (r#"{"accounts": ["A"]}"#, Some("A")),
        (r#"{"data": {"accounts": [{"name": "A"}]}}"#, Some("A")),
        (r#"{"accounts": {"A": {}, "B": {}}}"#, Some("A,B")),
        (r#"{"data": {"accounts": {"A": {}}}}"#, Some("A")),
        (r#"{"accounts": []}"#, Some("")),
        (r#"{"accounts": [{"id": 1}]}"#, None),
        (r#"{"success": true}"#, None),
        ("{}", None),
    ] {
        let found = names(Node::parse(body.as_bytes()).unwrap());
        assert_eq!(
            found.map(|names| names.join(",")).as_deref(),
            expected,
            "{body}"
        );
    }
}

/// Not a test of speed, but it prints one: `cargo test -- --ignored --nocapture`.
#[test]
#[ignore = "prints a measurement"]
fn parsing_twenty_accounts() {
    let items: Vec<String> = (0..32)
        .map(|index| format!(r#""figureNumber{index}": 1{index}00565.00000000285"#))
        .collect();
    let rows: Vec<String> = (0..20)
        .map(|index| {
            format!(
                r#"{{"account": {{"type": "NinjaTrader.Cbi.Account", "id": {index}, "name": "A{index}",
                "isAccountFlat": false, "connectionStatus": "Connected", "item": {{{},
                "cashValue": 100565.00000000285, "netLiquidation": 100577.5,
                "realizedProfitLoss": 565.0, "unrealizedProfitLoss": 12.5}}}},
                "positions": [{{"type": "NinjaTrader.Cbi.Position", "account": "A{index}",
                "instrument": "MES 12-25", "instrumentType": "Future", "marketPosition": "Short",
                "quantity": 1, "averagePrice": 5803.25, "marketPrice": 5802.0,
                "unrealizedProfitLoss": 6.25, "tag": null}}]}}"#,
                items.join(", ")
            )
        })
        .collect();
    let body = format!(
        r#"{{"type": "snapshot", "epoch": 1741618393090, "accounts": [{}]}}"#,
        rows.join(",")
    );
    let accounts: Vec<AccountNumber> = (0..20).map(|index| number(&format!("A{index}"))).collect();
    let rounds = 500;
    let start = std::time::Instant::now();
    for _ in 0..rounds {
        let snapshot = Snapshot::parse(Node::parse(body.as_bytes()).unwrap()).unwrap();
        for account in &accounts {
            assert!(snapshot.find(account).unwrap().learned(account).is_ok());
        }
    }
    println!("{} bytes: {:?} each", body.len(), start.elapsed() / rounds);
}
