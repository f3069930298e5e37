//! What stands in columns of its own, for queries and for a start.

use riskd::domain::holdings::{OrderBook, OrderSide};
use riskd::domain::instrument::Instrument;
use riskd::domain::position_key::PositionKey;
use riskd::domain::request::CloseQuantity;
use riskd::rules::ruleset::RuleFile;
use riskd::store::{Batch, RuleSetRow};
use rust_decimal::Decimal;

use super::*;

fn rule_set() -> RuleSetRow {
    RuleSetRow {
        hash: "abc".to_owned(),
        text: "version: 1\n".to_owned(),
        files: None,
        loaded_at: at(0),
    }
}

/// What a write names stands in columns of its own beside its words.
#[tokio::test]
async fn what_a_write_names_is_in_columns() {
    let place = Place::new();
    let mut store = place.open().await;
    let part = CloseQuantity {
        position: PositionKey::new("BTCUSDT/long"),
        side: OrderSide::Sell,
        quantity: Decimal::new(50, 2),
        part: 2,
    };
    let book = Some(OrderBook::Conditional);
    let writes = [
        (Write::Flatten, "flatten|||||||"),
        (
            Write::ClosePosition(PositionKey::new("ES 03-26")),
            "close_position|ES 03-26|ES 03-26|||||",
        ),
        (
            Write::CloseQuantity(part),
            "close_position|sell 0.5 of BTCUSDT/long, part 2|BTCUSDT|long|sell|0.5||",
        ),
        (
            Write::CancelOrdersOf {
                instrument: Instrument::new("BTCUSDT"),
                book,
            },
            "cancel_orders_of|BTCUSDT (conditional)|BTCUSDT||||conditional|",
        ),
        (
            Write::CancelOrder {
                id: "77".into(),
                instrument: Some(Instrument::new("BTCUSDT")),
                book: None,
            },
            "cancel_order|77|BTCUSDT|||||77",
        ),
    ];
    let mut rows = Vec::new();
    for (id, (write, _)) in (1..).zip(&writes) {
        rows.push(RecordRow::Request(RequestRow {
            write: write.clone(),
            ..request(id, &[])
        }));
    }
    store.write(&rows.into()).await.unwrap();
    store.close().await.unwrap();
    let query = "select concat_ws('|', write, coalesce(target, ''), coalesce(instrument, ''),
        coalesce(position_side, ''), coalesce(side, ''), coalesce(quantity, ''),
        coalesce(book, ''), coalesce(order_id, '')) from requests order by id";
    let found = place.ask(query).await;
    let expected: Vec<&str> = writes.iter().map(|(_, columns)| *columns).collect();
    assert_eq!(found, expected);
}

/// A rule set comes back with the files that it was made of.
#[tokio::test]
async fn a_rule_set_keeps_its_files() {
    let place = Place::new();
    let mut store = place.open().await;
    let files = vec![RuleFile {
        path: "../cme.csv".to_owned(),
        text: "date,close_time\n2026-11-26,\n# \"\u{e4}\" \u{1}\n".to_owned(),
    }];
    let row = RuleSetRow {
        files: Some(files.clone()),
        ..rule_set()
    };
    let batch = Batch {
        rule_sets: vec![row],
        records: vec![RecordRow::Firing(firing(1))],
        ..Batch::default()
    };
    store.write(&batch).await.unwrap();
    let restored = store.restore().await.unwrap();
    assert_eq!(restored.rule_sets[0].files, Some(files.clone()));
    let reader = store.reader();
    let in_force = reader.rules_in_force().await.unwrap().unwrap();
    assert_eq!(in_force.files, Some(files.clone()));
    let report = reader.firing(FiringId(1)).await.unwrap().unwrap();
    assert_eq!(report.rule_set.unwrap().files, Some(files));
    assert_eq!(reader.verify(None).await.unwrap().findings, []);
}
