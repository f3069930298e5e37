//! Working orders: those in the books, and those that wait for a condition, which v2
//! keeps in three lists by their plan type and v3 in one as strategies.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use rust_decimal::Decimal;

use super::family::Family;
use super::positions::{is_hedged, named_side};
use crate::domain::holdings::{OrderBook, OrderKind, OrderSide, WorkingOrder};
use crate::domain::instrument::{Dialect, Instrument};
use crate::domain::position_key::PositionSide;
use crate::locked::Locked;
use crate::venue::rest::json::{Node, Object, Unexpected};

/// States in which an order can no longer fill (order pages). Every other state, known
/// or not, may still fill.
const TERMINAL: [&str; 6] = [
    "filled",
    "canceled",
    "cancelled",
    "executed",
    "fail_execute",
    "failed",
];
/// The state of a strategy that says none: the list is of those that wait.
const WAITING: &str = "pending";

/// The plan types of conditional orders by their ids, as they were listed last: without
/// its own type an order is not found.
#[derive(Debug, Default)]
pub(super) struct Plans(Mutex<BTreeMap<String, String>>);

impl Plans {
    /// These are all that there are now.
    pub(super) fn learn_all(&self, listed: impl Iterator<Item = Listed>) {
        let plans = listed.filter_map(|one| Some((one.order.id?.to_string(), one.plan?)));
        *self.0.locked() = plans.collect();
    }

    /// The type of an order that was listed.
    pub(super) fn of(&self, id: &str) -> Option<String> {
        self.0.locked().get(id).cloned()
    }
}

/// A working order, with its plan type where it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) order: WorkingOrder,
    pub(super) plan: Option<String>,
}

/// A list of orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct List {
    pub(super) family: Family,
    pub(super) book: OrderBook,
}

/// Adds the orders of one page that may still fill to what was read. A list may move
/// between two pages, so one that is there already is left out.
///
/// # Errors
/// When a row is no order, or has no id to be cancelled by: then none is believed.
pub(super) fn add(
    working: &mut Vec<Listed>,
    rows: &[Node<'_>],
    list: List,
) -> Result<(), Unexpected> {
    for row in rows {
        let fields = row.as_object()?;
        let listed = match (list.family, list.book) {
            (Family::Classic, OrderBook::Regular | OrderBook::Twap) => classic(&fields)?,
            (Family::Classic, OrderBook::Conditional) => plan(&fields)?,
            (Family::Unified, OrderBook::Regular | OrderBook::Twap) => unified(&fields)?,
            (Family::Unified, OrderBook::Conditional) => strategy(&fields)?,
        };
        let is_over = TERMINAL.contains(&&*listed.order.state);
        let id = &listed.order.id;
        let is_known = working.iter().any(|known| known.order.id == *id);
        if !is_over && !is_known {
            working.push(listed);
        }
    }
    Ok(())
}

/// What every list says in the same way.
fn base(fields: &Object<'_>, book: OrderBook, state: &str) -> Result<WorkingOrder, Unexpected> {
    let symbol = fields.need("symbol")?.as_label()?;
    Ok(WorkingOrder {
        id: Some(Arc::from(fields.need("orderId")?.as_label()?)),
        instrument: Some(Instrument::of(&symbol, Dialect::Symbols)),
        book: Some(book),
        state: Arc::from(state),
        ..WorkingOrder::default()
    })
}

/// An order in a book of v2.
fn classic(fields: &Object<'_>) -> Result<Listed, Unexpected> {
    let state = fields.need("status")?.as_label()?;
    let about = About::classic(fields);
    let order = WorkingOrder {
        side: about.side,
        position: about.position,
        kind: kind_of_type(fields),
        reduce_only: about.reduce_only,
        remaining: remaining(fields, "size", Some("baseVolume")),
        ..base(fields, OrderBook::Regular, &state)?
    };
    Ok(Listed { order, plan: None })
}

/// A conditional order of v2. What takes profit or stops a loss can only reduce.
fn plan(fields: &Object<'_>) -> Result<Listed, Unexpected> {
    let state = fields.member("planStatus").and_then(Node::label);
    let state = state.unwrap_or_else(|| "live".to_owned());
    let plan = fields.need("planType")?.as_label()?;
    let about = About::classic(fields);
    let is_of_position = !matches!(plan.as_str(), "normal_plan" | "track_plan");
    let order = WorkingOrder {
        side: about.side,
        position: about.position,
        kind: Some(match plan.as_str() {
            "normal_plan" | "loss_plan" | "pos_loss" => stop(fields, "orderType"),
            "profit_plan" | "pos_profit" => OrderKind::Target,
            "track_plan" | "moving_plan" => OrderKind::Trailing,
            _ => OrderKind::Other,
        }),
        reduce_only: if is_of_position {
            Some(true)
        } else {
            about.reduce_only
        },
        // One of the whole position has no size.
        remaining: remaining(fields, "size", None),
        ..base(fields, OrderBook::Conditional, &state)?
    };
    Ok(Listed {
        order,
        plan: Some(plan),
    })
}

/// An order in a book of v3.
fn unified(fields: &Object<'_>) -> Result<Listed, Unexpected> {
    let state = fields.need("orderStatus")?.as_label()?;
    let about = About::unified(fields);
    let order = WorkingOrder {
        side: about.side,
        position: about.position,
        kind: kind_of_type(fields),
        reduce_only: about.reduce_only,
        remaining: remaining(fields, "qty", Some("cumExecQty")),
        ..base(fields, OrderBook::Regular, &state)?
    };
    Ok(Listed { order, plan: None })
}

/// A strategy of v3: one that takes profit or stops a loss says neither a side nor a
/// state, and closes the position whose side it names.
fn strategy(fields: &Object<'_>) -> Result<Listed, Unexpected> {
    let state = fields.member("status").and_then(Node::label);
    let state = state.unwrap_or_else(|| WAITING.to_owned());
    let about = About::unified(fields);
    let is_said = |name| fields.member(name).and_then(Node::label).is_some();
    let (takes, stops) = (is_said("takeProfit"), is_said("stopLoss"));
    let is_of_position = about.side.is_none() && (takes || stops);
    let closing = match about.position {
        Some(PositionSide::Long) => Some(OrderSide::Sell),
        Some(PositionSide::Short) => Some(OrderSide::Buy),
        Some(PositionSide::OneWay) | None => None,
    };
    let order = WorkingOrder {
        side: if is_of_position { closing } else { about.side },
        position: about.position,
        kind: Some(match (is_of_position, takes, stops) {
            (true, true, false) => OrderKind::Target,
            (true, false, _) => stop(fields, "slOrderType"),
            (true, true, true) => OrderKind::Other,
            (false, ..) => stop(fields, "triggerOrderType"),
        }),
        reduce_only: if is_of_position {
            Some(true)
        } else {
            about.reduce_only
        },
        remaining: remaining(fields, "qty", None),
        ..base(fields, OrderBook::Conditional, &state)?
    };
    Ok(Listed { order, plan: None })
}

/// Which way an order trades, of which position, and whether it can only reduce that.
#[derive(Clone, Copy, Debug, Default)]
struct About {
    side: Option<OrderSide>,
    position: Option<PositionSide>,
    reduce_only: Option<bool>,
}

fn text(fields: &Object<'_>, name: &str) -> String {
    let text = fields.member(name).and_then(Node::text);
    text.unwrap_or_default().to_ascii_lowercase()
}

fn traded(word: &str) -> Option<OrderSide> {
    match word {
        "buy" => Some(OrderSide::Buy),
        "sell" => Some(OrderSide::Sell),
        _ => None,
    }
}

fn yes_or_no(word: &str) -> Option<bool> {
    match word {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

impl About {
    /// In hedge mode `side` names the position and not the trade (B15), so that
    /// `posSide` and `tradeSide` decide.
    fn classic(fields: &Object<'_>) -> About {
        let position = named_side(&text(fields, "posSide"));
        let mode = fields
            .member("posMode")
            .and_then(|mode| is_hedged(mode).ok());
        let trade = text(fields, "tradeSide");
        let reduce_only = yes_or_no(&text(fields, "reduceOnly"));
        match (mode, position) {
            (Some(false), _) => About {
                side: traded(&text(fields, "side")),
                position: Some(PositionSide::OneWay),
                reduce_only,
            },
            (Some(true), Some(side @ (PositionSide::Long | PositionSide::Short))) => {
                let closes = match trade.as_str() {
                    "open" => Some(false),
                    "close" => Some(true),
                    // Those of liquidations and offsets.
                    word if word.contains("close") => Some(true),
                    _ => None,
                };
                About {
                    side: closes.map(|closes| trade_of(side, closes)),
                    position: Some(side),
                    reduce_only: closes.or(reduce_only),
                }
            }
            _ => About {
                reduce_only,
                ..About::default()
            },
        }
    }

    fn unified(fields: &Object<'_>) -> About {
        let side = traded(&text(fields, "side"));
        let position = named_side(&text(fields, "posSide"));
        let reduce_only = yes_or_no(&text(fields, "reduceOnly"));
        let mode = fields
            .member("holdMode")
            .and_then(|mode| is_hedged(mode).ok());
        let closes = match (position, side) {
            (Some(PositionSide::Long), Some(side)) => Some(side == OrderSide::Sell),
            (Some(PositionSide::Short), Some(side)) => Some(side == OrderSide::Buy),
            _ => None,
        };
        match mode {
            // An account without sides may name the one that it trades.
            Some(false) => About {
                side,
                position: Some(PositionSide::OneWay),
                reduce_only,
            },
            Some(true) => About {
                side,
                position,
                reduce_only: closes.or(reduce_only),
            },
            None => About {
                side,
                position,
                reduce_only,
            },
        }
    }
}

const fn trade_of(position: PositionSide, closes: bool) -> OrderSide {
    match (position, closes) {
        (PositionSide::Short, false) | (PositionSide::Long | PositionSide::OneWay, true) => {
            OrderSide::Sell
        }
        (PositionSide::Short, true) | (PositionSide::Long | PositionSide::OneWay, false) => {
            OrderSide::Buy
        }
    }
}

fn kind_of_type(fields: &Object<'_>) -> Option<OrderKind> {
    match text(fields, "orderType").as_str() {
        "" => None,
        "limit" => Some(OrderKind::Limit),
        "market" => Some(OrderKind::Market),
        _ => Some(OrderKind::Other),
    }
}

/// A stop, by what it becomes when it is triggered.
fn stop(fields: &Object<'_>, name: &str) -> OrderKind {
    match text(fields, name).as_str() {
        "limit" => OrderKind::StopLimit,
        _ => OrderKind::Stop,
    }
}

/// What may still fill.
fn remaining(fields: &Object<'_>, size: &str, filled: Option<&str>) -> Option<Decimal> {
    let number = |name| fields.member(name).and_then(Node::decimal);
    let size = number(size)?;
    let left = match filled {
        Some(filled) => size.checked_sub(number(filled)?)?,
        None => size,
    };
    (left > Decimal::ZERO).then(|| left.normalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venue::rest::json::Json;

    const CLASSIC: &str = r#"{"symbol": "BTCUSDT", "size": "0.50", "orderId": "1190384645000000007",
        "clientOid": "2", "baseVolume": "0.1", "price": "60000", "status": "partially_filled",
        "side": "buy", "posSide": "long", "reduceOnly": "NO", "tradeSide": "close",
        "posMode": "hedge_mode", "orderType": "limit"}"#;
    const PLAN: &str = r#"{"planType": "loss_plan", "symbol": "BTCUSDT", "size": "",
        "orderId": "7", "triggerPrice": "45000", "planStatus": "live", "side": "sell",
        "posSide": "net", "tradeSide": "sell_single", "posMode": "one_way_mode",
        "orderType": "market"}"#;
    const UNIFIED: &str = r#"{"orderId": "8", "symbol": "BTCUSDT", "side": "sell",
        "orderType": "limit", "qty": "0.5", "cumExecQty": "0", "orderStatus": "live",
        "posSide": "long", "holdMode": "hedge_mode", "reduceOnly": "NO"}"#;
    const STRATEGY: &str = r#"{"orderId": "9", "symbol": "BTCUSDT", "qty": "0.5",
        "posSide": "short", "takeProfit": "", "stopLoss": "55000", "slOrderType": "market"}"#;

    const fn list(family: Family, book: OrderBook) -> List {
        List { family, book }
    }

    const BOOK: List = list(Family::Classic, OrderBook::Regular);
    const PLANS: List = list(Family::Classic, OrderBook::Conditional);
    const UNIFIED_BOOK: List = list(Family::Unified, OrderBook::Regular);
    const STRATEGIES: List = list(Family::Unified, OrderBook::Conditional);

    fn read(rows: &str, list: List) -> Result<Vec<Listed>, String> {
        let body = format!("[{rows}]");
        let json = Json::parse(body.as_bytes()).unwrap();
        let mut working = Vec::new();
        add(&mut working, &json.root().list().unwrap(), list).map_err(|error| error.to_string())?;
        Ok(working)
    }

    fn one(row: &str, list: List) -> Listed {
        read(row, list).unwrap().remove(0)
    }

    #[test]
    fn b15_a_side_of_hedge_mode_names_the_position_and_not_the_trade() {
        let found = one(CLASSIC, BOOK);
        let expected = WorkingOrder {
            id: Some("1190384645000000007".into()),
            instrument: Some(Instrument::of("BTCUSDT", Dialect::Symbols)),
            side: Some(OrderSide::Sell),
            position: Some(PositionSide::Long),
            kind: Some(OrderKind::Limit),
            book: Some(OrderBook::Regular),
            reduce_only: Some(true),
            remaining: Some(Decimal::new(4, 1)),
            state: "partially_filled".into(),
        };
        assert_eq!(found.order, expected);
        for (position, trade, side, reduces) in [
            ("long", "open", OrderSide::Buy, false),
            ("long", "close", OrderSide::Sell, true),
            ("short", "open", OrderSide::Sell, false),
            ("short", "close", OrderSide::Buy, true),
            ("short", "burst_close_short", OrderSide::Buy, true),
        ] {
            let row = CLASSIC
                .replace("\"long\"", &format!("\"{position}\""))
                .replace("\"close\"", &format!("\"{trade}\""));
            let order = one(&row, BOOK).order;
            assert_eq!(order.side, Some(side), "{position} {trade}");
            assert_eq!(order.reduce_only, Some(reduces), "{position} {trade}");
        }
        // Without the mode nobody knows what the side names.
        let silent = one(&CLASSIC.replace("posMode", "mode"), BOOK).order;
        assert_eq!((silent.side, silent.position), (None, None));
    }

    #[test]
    fn conditional_orders_are_read_with_what_they_do() {
        let plan = one(PLAN, PLANS);
        assert_eq!(plan.plan.as_deref(), Some("loss_plan"));
        assert_eq!(plan.order.kind, Some(OrderKind::Stop));
        assert_eq!(plan.order.reduce_only, Some(true));
        assert_eq!(plan.order.position, Some(PositionSide::OneWay));
        assert_eq!(plan.order.remaining, None);
        for (word, kind, reduces) in [
            ("normal_plan", OrderKind::Stop, None),
            ("track_plan", OrderKind::Trailing, None),
            ("moving_plan", OrderKind::Trailing, Some(true)),
            ("profit_plan", OrderKind::Target, Some(true)),
            ("pos_profit", OrderKind::Target, Some(true)),
            ("pos_loss", OrderKind::Stop, Some(true)),
            ("new_plan", OrderKind::Other, Some(true)),
        ] {
            let order = one(&PLAN.replace("loss_plan", word), PLANS).order;
            assert_eq!(order.kind, Some(kind), "{word}");
            assert_eq!(order.reduce_only, reduces, "{word}");
        }
        let strategy = one(STRATEGY, STRATEGIES).order;
        assert_eq!(strategy.side, Some(OrderSide::Buy));
        assert_eq!(strategy.position, Some(PositionSide::Short));
        assert_eq!(strategy.reduce_only, Some(true));
        assert_eq!(&*strategy.state, "pending");
        // One that trades by a trigger may open.
        let trigger = r#"{"orderId": "9", "symbol": "BTCUSDT", "qty": "0.5", "posSide": "net",
            "side": "buy", "status": "pending", "triggerPrice": "55000",
            "triggerOrderType": "limit"}"#;
        let trigger = one(trigger, STRATEGIES).order;
        assert_eq!(trigger.side, Some(OrderSide::Buy));
        assert_eq!(trigger.reduce_only, None);
        assert_eq!(trigger.kind, Some(OrderKind::StopLimit));
    }

    #[test]
    fn a_unified_order_trades_as_it_says() {
        let order = one(UNIFIED, UNIFIED_BOOK).order;
        assert_eq!(order.side, Some(OrderSide::Sell));
        assert_eq!(order.reduce_only, Some(true));
        let opens = UNIFIED.replace("\"sell\"", "\"buy\"");
        assert_eq!(one(&opens, UNIFIED_BOOK).order.reduce_only, Some(false));
        let one_way = UNIFIED.replace("hedge_mode", "one_way_mode");
        let order = one(&one_way, UNIFIED_BOOK).order;
        assert_eq!(order.position, Some(PositionSide::OneWay));
        assert_eq!(order.reduce_only, Some(false));
    }

    #[test]
    fn a_row_that_is_no_order_spoils_the_list_and_what_is_over_is_left_out() {
        for (row, list) in [
            (CLASSIC, BOOK),
            (PLAN, PLANS),
            (UNIFIED, UNIFIED_BOOK),
            (STRATEGY, STRATEGIES),
        ] {
            for name in ["orderId", "symbol"] {
                let wrong = row.replace(&format!("\"{name}\""), "\"other\"");
                assert!(read(&format!("{wrong}, {row}"), list).is_err(), "{name}");
            }
            assert_eq!(read(&format!("{row}, {row}"), list).unwrap().len(), 1);
        }
        assert!(read(&CLASSIC.replace("status", "state"), BOOK).is_err());
        assert!(read(&PLAN.replace("planType", "type"), PLANS).is_err());
        let over = CLASSIC.replace("partially_filled", "canceled");
        assert_eq!(read(&over, BOOK).unwrap(), []);
    }

    #[test]
    fn the_type_of_a_plan_is_known_as_long_as_it_is_listed() {
        let plans = Plans::default();
        plans.learn_all(read(PLAN, PLANS).unwrap().into_iter());
        assert_eq!(plans.of("7").as_deref(), Some("loss_plan"));
        plans.learn_all(read(CLASSIC, BOOK).unwrap().into_iter());
        assert_eq!(plans.of("7"), None);
    }
}
