//! Plans for venues that are not flattened by one request.

use super::*;
use crate::domain::abilities::{CancelScope, CloseScope};
use crate::domain::holdings::OrderBook;
use crate::domain::instrument::Dialect;
use crate::domain::position_key::PositionSide;
use crate::domain::symbols::SymbolFacts;

/// An exchange: a list of stops of its own, every cancel by symbol, no close of
/// everything, long and short at once.
const EXCHANGE: Abilities = Abilities {
    cancel: &[CancelScope::Symbol, CancelScope::Order],
    close: &[CloseScope::Quantity],
    books: &[OrderBook::Regular, OrderBook::Conditional],
    hedge_mode: true,
    flatten_cancels_orders: false,
    cancel_before_close: false,
    repeated_close_joins: true,
};
/// The same, where resting orders of a symbol are in the way of its close.
const CANCELS_FIRST: Abilities = Abilities {
    cancel_before_close: true,
    ..EXCHANGE
};
/// One that cancels everything at once, and closes whole positions one by one.
const BY_POSITION: Abilities = Abilities {
    cancel: &[CancelScope::Account, CancelScope::Order],
    close: &[CloseScope::Position],
    books: &[],
    ..EXCHANGE
};
/// One that cancels and closes a whole account, all but orders that it trades in parts,
/// and that closes by quantity too.
const WHOLE: Abilities = Abilities {
    cancel: &[
        CancelScope::Account,
        CancelScope::Symbol,
        CancelScope::Order,
    ],
    close: &[CloseScope::Account, CloseScope::Quantity],
    books: &[OrderBook::Regular, OrderBook::Twap],
    ..CANCELS_FIRST
};
/// One that cancels order by order.
const BY_ORDER: Abilities = Abilities {
    cancel: &[CancelScope::Order],
    ..EXCHANGE
};

/// `BTCUSDT/long:0.5 ETHUSDT:-2`, or nothing.
fn held(text: &str) -> Vec<Position> {
    let one = |text: &str| {
        let (key, quantity) = text.split_once(':').unwrap();
        Position::new(
            PositionKey::of(key, Dialect::Symbols),
            quantity.parse().unwrap(),
        )
    };
    text.split_whitespace().map(one).collect()
}

/// `1:BTCUSDT/long:sell:0.5 2:ETHUSDT:buy:1:conditional`, each with its id, the
/// position that it acts on, its way, its size and its list (`twap` is another).
fn working(text: &str) -> Vec<WorkingOrder> {
    let one = |text: &str| {
        let words: Vec<&str> = text.split(':').collect();
        let key = PositionKey::of(words[1], Dialect::Symbols);
        WorkingOrder {
            id: Some(Arc::from(words[0])),
            instrument: Some(key.instrument),
            position: Some(key.side),
            side: Some(match words[2] {
                "buy" => OrderSide::Buy,
                _ => OrderSide::Sell,
            }),
            remaining: words[3].parse().ok(),
            book: Some(match words.get(4) {
                Some(&"twap") => OrderBook::Twap,
                Some(_) => OrderBook::Conditional,
                None => OrderBook::Regular,
            }),
            state: Arc::from("NEW"),
            ..WorkingOrder::default()
        }
    };
    text.split_whitespace().map(one).collect()
}

fn out_of(keys: &[&str]) -> Goal {
    Goal::Closed(keys.iter().map(|key| PositionKey::new(key)).collect())
}

/// The writes of a plan, one a line; `positions` and `orders` are unknown when they
/// are `?`.
fn writes(
    abilities: &Abilities,
    goal: &Goal,
    is_proof: bool,
    positions: &str,
    orders: &str,
) -> String {
    let symbols: Symbols = [(
        "BTCUSDT".to_owned(),
        SymbolFacts {
            step: "0.001".parse().ok(),
            largest_market_order: "10".parse().ok(),
        },
    )]
    .into_iter()
    .collect();
    let means = Means {
        abilities,
        symbols: &symbols,
    };
    let held = (positions != "?").then(|| held(positions));
    let orders = match orders {
        "?" => WorkingOrders::Unknown,
        orders => listed(working(orders)),
    };
    let seen = Seen {
        positions: held.as_deref(),
        orders: &orders,
        is_proof,
    };
    let plan = plan(goal, seen, means);
    let writes = merged(plan.writes);
    let mut lines: Vec<String> = writes
        .iter()
        .map(|one| format!("{:?} {}", one.urgency, one.write).to_lowercase())
        .collect();
    if plan.is_complete && lines.is_empty() {
        lines.push("reached".to_owned());
    }
    lines.join("\n")
}

#[test]
fn an_exchange_is_flattened_symbol_by_symbol_and_side_by_side() {
    let flat = &Goal::FlatAndQuiet;
    let both = "BTCUSDT/long:0.5 BTCUSDT/short:-0.2 ETHUSDT/long:2";
    // From a glimpse: what is seen is closed, and each symbol's orders go, in both
    // lists.
    assert_eq!(
        writes(&EXCHANGE, flat, false, both, "1:SOLUSDT:buy:3"),
        "close close_position sell 0.5 of btcusdt/long\n\
         close close_position buy 0.2 of btcusdt/short\n\
         close close_position sell 2 of ethusdt/long\n\
         cancel cancel_orders_of solusdt (regular)\n\
         cancel cancel_orders_of solusdt (conditional)\n\
         cancel cancel_orders_of btcusdt (regular)\n\
         cancel cancel_orders_of btcusdt (conditional)\n\
         cancel cancel_orders_of ethusdt (regular)\n\
         cancel cancel_orders_of ethusdt (conditional)"
    );
    // Nothing is known: it is looked first.
    assert_eq!(writes(&EXCHANGE, flat, false, "?", "?"), "");
    assert_eq!(writes(&EXCHANGE, flat, true, "?", ""), "");
    assert_eq!(writes(&EXCHANGE, flat, true, "", "?"), "");
    assert_eq!(writes(&EXCHANGE, flat, true, "", ""), "reached");
    // By what was read: no more than what is there.
    assert_eq!(
        writes(
            &EXCHANGE,
            flat,
            true,
            "BTCUSDT/short:-0.2",
            "1:SOLUSDT:buy:3:conditional 2:SOLUSDT:buy:3:conditional"
        ),
        "close close_position buy 0.2 of btcusdt/short\n\
         cancel cancel_orders_of solusdt (conditional)"
    );
    // Orders are not known: those of what is held go along.
    assert_eq!(
        writes(&EXCHANGE, flat, true, "ETHUSDT:-2", "?"),
        "close close_position buy 2 of ethusdt\n\
         cancel cancel_orders_of ethusdt (regular)\n\
         cancel cancel_orders_of ethusdt (conditional)"
    );
}

#[test]
fn a_position_is_closed_in_orders_that_the_venue_takes() {
    let flat = &Goal::FlatAndQuiet;
    let parts = |held| writes(&EXCHANGE, flat, true, held, "");
    assert_eq!(
        parts("BTCUSDT:25.0009"),
        "close close_position sell 10 of btcusdt\n\
         close close_position sell 10 of btcusdt, part 2\n\
         close close_position sell 5 of btcusdt, part 3"
    );
    // What is less than a step no order can close: it counts as flat.
    assert_eq!(parts("BTCUSDT:0.0009"), "reached");
}

#[test]
fn where_orders_are_in_the_way_of_a_close_they_go_first_and_with_it() {
    assert_eq!(
        writes(
            &CANCELS_FIRST,
            &Goal::FlatAndQuiet,
            true,
            "BTCUSDT/long:0.5",
            "1:BTCUSDT/long:sell:0.5:conditional 2:SOLUSDT:buy:1"
        ),
        "close cancel_orders_of btcusdt (conditional)\n\
         close close_position sell 0.5 of btcusdt/long\n\
         cancel cancel_orders_of solusdt (regular)"
    );
}

#[test]
fn what_a_venue_can_do_decides_how_it_is_done() {
    let orders = "1:BTCUSDT/long:sell:1 2:SOLUSDT:buy:1";
    let of = |abilities, goal| writes(abilities, goal, true, "BTCUSDT/long:1", orders);
    assert_eq!(
        of(&BY_POSITION, &Goal::FlatAndQuiet),
        "close close_position btcusdt/long\ncancel cancel_orders"
    );
    assert_eq!(
        of(&BY_ORDER, &Goal::FlatAndQuiet),
        "close close_position sell 1 of btcusdt/long\n\
         cancel cancel_order 1 (regular)\n\
         cancel cancel_order 2 (regular)"
    );
    assert_eq!(of(&BY_POSITION, &Goal::Quiet), "cancel cancel_orders");
    assert_eq!(
        of(&EXCHANGE, &Goal::Quiet),
        "cancel cancel_orders_of btcusdt (regular)\ncancel cancel_orders_of solusdt (regular)"
    );
}

#[test]
fn what_a_close_of_the_account_leaves_is_closed_by_its_quantity() {
    let of = |is_proof, held, orders| {
        let goal = &Goal::FlatAndQuiet;
        writes(&WHOLE, goal, is_proof, held, orders)
    };
    // Orders that are traded in parts go by their ids, whatever else goes at once.
    let twap = "7:ETHUSDT:buy:1:twap";
    assert_eq!(
        of(false, "BTCUSDT:0.5", twap),
        "close cancel_orders\nclose cancel_order 7 (twap)\nclose flatten"
    );
    assert_eq!(of(false, "?", "?"), "close cancel_orders\nclose flatten");
    let both = format!("{twap} 8:ETHUSDT:buy:1");
    assert_eq!(
        of(true, "BTCUSDT:0.5", &both),
        "close cancel_orders\n\
         close close_position sell 0.5 of btcusdt\n\
         cancel cancel_order 7 (twap)"
    );
    assert_eq!(of(true, "", twap), "cancel cancel_order 7 (twap)");
    assert_eq!(of(true, "BTCUSDT:0.0009", ""), "reached");
    assert_eq!(of(true, "", ""), "reached");
    // One side alone: the other one's stop stays, and what is traded in parts goes.
    let goal = out_of(&["BTCUSDT/long"]);
    let orders = "1:BTCUSDT/long:sell:1:twap 2:BTCUSDT/short:buy:1";
    assert_eq!(
        writes(&WHOLE, &goal, true, "BTCUSDT/long:1", orders),
        "close cancel_order 1 (twap)\nclose close_position sell 1 of btcusdt/long"
    );
    // One without an id nobody can cancel.
    let mut nameless = working(twap);
    nameless[0].id = None;
    let orders = listed(nameless);
    let means = Means {
        abilities: &WHOLE,
        symbols: Symbols::NONE,
    };
    let seen = Seen::proof(Some(&[]), &orders);
    assert_eq!(plan(&Goal::FlatAndQuiet, seen, means), Plan::default());
}

#[test]
fn one_side_is_closed_and_the_other_keeps_what_protects_it() {
    let goal = &out_of(&["BTCUSDT/long"]);
    let both = "BTCUSDT/long:0.5 BTCUSDT/short:-0.2";
    let of = |is_proof, held, orders| writes(&EXCHANGE, goal, is_proof, held, orders);
    // The short one's stop stays; what opens a short, or is of the long one, goes.
    let orders = "1:BTCUSDT/long:sell:0.5 2:BTCUSDT/short:buy:0.2:conditional \
                  3:BTCUSDT/short:sell:1 4:ETHUSDT/long:buy:1";
    assert_eq!(
        of(true, both, orders),
        "close close_position sell 0.5 of btcusdt/long\n\
         cancel cancel_order 1 (regular)\n\
         cancel cancel_order 3 (regular)"
    );
    let stop = "2:BTCUSDT/short:buy:0.2:conditional";
    assert_eq!(of(true, "BTCUSDT/short:-0.2", stop), "reached");
    // None of the other side's: the symbol's orders go at once.
    assert_eq!(
        of(
            true,
            both,
            "1:BTCUSDT/long:sell:0.5 5:BTCUSDT/long:sell:0.1"
        ),
        "close close_position sell 0.5 of btcusdt/long\n\
         cancel cancel_orders_of btcusdt (regular)"
    );
    // Before the orders are read nothing is cancelled that may protect the other side.
    let close = "close close_position sell 0.5 of btcusdt/long";
    assert_eq!(of(false, both, "?"), close);
    assert_eq!(of(true, both, "?"), close);
}

#[test]
fn close_only_knows_what_can_only_reduce() {
    let of = |held, orders| writes(&EXCHANGE, &Goal::ReduceOnly, true, held, orders);
    assert_eq!(
        of(
            "BTCUSDT/long:0.5",
            "a:BTCUSDT/long:sell:9 b:BTCUSDT/long:buy:1 c:BTCUSDT/short:buy:1 \
             d:BTCUSDT/short:sell:1:conditional e:BTCUSDT:sell:0.1"
        ),
        "cancel cancel_order b (regular)\n\
         cancel cancel_order d (conditional)\n\
         cancel cancel_order e (regular)"
    );
    // The venue's own word for it is enough, whatever else the order says.
    let mut orders = working("a:ETHUSDT:sell:9 b:ETHUSDT:sell:9");
    orders[0].reduce_only = Some(true);
    orders[1].reduce_only = Some(false);
    let ids: Vec<_> = increasing_orders(&orders, &[], true)
        .into_iter()
        .filter_map(|order| order.id.as_deref())
        .collect();
    assert_eq!(ids, ["b"]);
    // Where accounts have sides, an order must say which it acts on.
    orders[1].position = None;
    orders[1].remaining = Some(Decimal::ONE);
    let long = held("ETHUSDT:2");
    assert_eq!(increasing_orders(&orders, &long, true).len(), 1);
    assert_eq!(increasing_orders(&orders, &long, false).len(), 0);
}

#[test]
fn what_no_request_can_cancel_is_not_done() {
    let mut order = working("1:BTCUSDT:sell:1").remove(0);
    order.instrument = None;
    order.id = None;
    order.position = Some(PositionSide::OneWay);
    let orders = listed(vec![order]);
    let means = Means {
        abilities: &EXCHANGE,
        symbols: Symbols::NONE,
    };
    for goal in [
        Goal::Quiet,
        Goal::FlatAndQuiet,
        Goal::ReduceOnly,
        out_of(&["BTCUSDT"]),
    ] {
        let plan = plan(&goal, Seen::proof(Some(&[]), &orders), means);
        assert_eq!(plan, Plan::default(), "{goal:?}");
    }
}

#[test]
fn what_waits_is_kept_for_the_goals_that_it_serves() {
    let closed = out_of(&["BTCUSDT/long"]);
    let btc = Instrument::new("BTCUSDT");
    let long = Write::ClosePosition(PositionKey::new("BTCUSDT/long"));
    let short = Write::ClosePosition(PositionKey::new("BTCUSDT/short"));
    let cancel = Write::cancel_orders_of(btc);
    let cases = [
        (&Goal::FlatAndQuiet, &short, true),
        (&Goal::FlatAndQuiet, &cancel, true),
        (&Goal::Quiet, &cancel, true),
        (&Goal::Quiet, &long, false),
        (&Goal::ReduceOnly, &Write::CancelOrders, true),
        (&Goal::ReduceOnly, &Write::Flatten, false),
        (&closed, &long, true),
        (&closed, &short, false),
        (&closed, &cancel, true),
        (&closed, &Write::CancelOrders, false),
        (&closed, &Write::Flatten, false),
    ];
    for (goal, write, expect) in cases {
        assert_eq!(serves(goal, write), expect, "{goal:?} {write}");
    }
}
