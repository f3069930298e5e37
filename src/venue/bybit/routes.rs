//! The one place that builds what is asked: the path, the query and the body of each
//! call. All are of the account that the key belongs to.

use rust_decimal::Decimal;
use serde_json::json;

use super::category::Category;
use crate::domain::holdings::OrderSide;
use crate::domain::instrument::Instrument;
use crate::domain::position_key::PositionSide;
use crate::domain::request::CloseQuantity;
use crate::venue::exchange::ledger::Span;
use crate::venue::rest::query::Pairs;

/// The longest order id that is sent, in bytes.
const MAX_ORDER_ID: usize = 64;
/// Most rows of a page of positions.
const POSITIONS_A_PAGE: &str = "200";
/// Most rows of a page of orders.
const ORDERS_A_PAGE: &str = "50";

/// A read: its path and its query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) path: &'static str,
    pub(super) query: Pairs,
}

/// A write: its path and its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) path: &'static str,
    pub(super) body: String,
}

/// Which kinds of orders a cancel of several takes along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kinds {
    /// All of them.
    All,
    /// Those that wait for a condition, by their filter.
    Conditional,
}

/// The wallets of the account.
pub(super) fn wallet() -> Read {
    read("/v5/account/wallet-balance").with("accountType", "UNIFIED")
}

/// Every position in one settle coin of a category.
pub(super) fn positions(group: Group) -> Read {
    read("/v5/position/list")
        .of(group)
        .with("limit", POSITIONS_A_PAGE)
}

/// Every working order in one settle coin of a category, of all kinds.
pub(super) fn orders(group: Group) -> Read {
    read("/v5/order/realtime")
        .of(group)
        .with("openOnly", "0")
        .with("limit", ORDERS_A_PAGE)
}

/// The rules of one symbol.
pub(super) fn symbol(category: Category, symbol: &str) -> Read {
    read("/v5/market/instruments-info")
        .with("category", category.word())
        .with("symbol", symbol)
}

/// What the key may do.
pub(super) fn key_rights() -> Read {
    read("/v5/user/query-api")
}

/// What moved money in the wallets in a span of time, of one type or of all, newest
/// first.
pub(super) fn transactions(span: Span, kind: Option<&'static str>) -> Read {
    let read = read("/v5/account/transaction-log")
        .with("accountType", "UNIFIED")
        .with("startTime", span.since.to_string())
        .with("endTime", span.until.to_string())
        .with("limit", ORDERS_A_PAGE);
    match kind {
        Some(kind) => read.with("type", kind),
        None => read,
    }
}

/// A part of the account that is listed by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) category: Category,
    /// The coin in which its contracts are settled, where the category has several
    /// that must be named.
    pub(super) settle: Option<&'static str>,
}

impl Group {
    /// Everything that a futures account can hold. A list by settle coin holds no
    /// empty rows (position page).
    pub(super) const ALL: [Group; 3] = [
        Group {
            category: Category::Linear,
            settle: Some("USDT"),
        },
        Group {
            category: Category::Linear,
            settle: Some("USDC"),
        },
        Group {
            category: Category::Inverse,
            settle: None,
        },
    ];
}

fn read(path: &'static str) -> Read {
    Read {
        path,
        query: Pairs::default(),
    }
}

impl Read {
    fn with(self, name: &'static str, value: impl Into<String>) -> Read {
        Read {
            query: self.query.with(name, value),
            ..self
        }
    }

    fn of(self, group: Group) -> Read {
        let read = self.with("category", group.category.word());
        match group.settle {
            Some(coin) => read.with("settleCoin", coin),
            None => read,
        }
    }

    /// The page behind this cursor, which came percent-encoded and goes back as it
    /// is.
    pub(super) fn page(&self, cursor: &str) -> Read {
        Read {
            query: self.query.clone().with_encoded("cursor", cursor),
            path: self.path,
        }
    }
}

/// A market order that closes a quantity and can do nothing else: `reduceOnly`, with
/// the index of the position's own side.
pub(super) fn close(category: Category, close: &CloseQuantity, link: &str) -> Command {
    let body = json!({
        "category": category.word(),
        "symbol": close.position.instrument.as_str(),
        "side": side(close.side),
        "orderType": "Market",
        "qty": plain(close.quantity),
        "reduceOnly": true,
        "positionIdx": index(close.position.side),
        "orderLinkId": link,
    });
    Command {
        path: "/v5/order/create",
        body: body.to_string(),
    }
}

/// Cancels the working orders of one symbol.
pub(super) fn cancel_symbol(category: Category, symbol: &Instrument, kinds: Kinds) -> Command {
    let mut body = json!({"category": category.word(), "symbol": symbol.as_str()});
    if kinds == Kinds::Conditional
        && let Some(body) = body.as_object_mut()
    {
        body.insert("orderFilter".to_owned(), json!("StopOrder"));
    }
    Command {
        path: "/v5/order/cancel-all",
        body: body.to_string(),
    }
}

/// Cancels one order; `None` when its id cannot be one of the venue's.
pub(super) fn cancel_order(category: Category, symbol: &Instrument, id: &str) -> Option<Command> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let is_id = !id.is_empty() && id.len() <= MAX_ORDER_ID && id.bytes().all(is_plain);
    let body = json!({"category": category.word(), "symbol": symbol.as_str(), "orderId": id});
    is_id.then(|| Command {
        path: "/v5/order/cancel",
        body: body.to_string(),
    })
}

/// 0 one-way, 1 the long and 2 the short one of hedge mode (position page).
const fn index(side: PositionSide) -> u8 {
    match side {
        PositionSide::OneWay => 0,
        PositionSide::Long => 1,
        PositionSide::Short => 2,
    }
}

const fn side(side: OrderSide) -> &'static str {
    match side {
        OrderSide::Buy => "Buy",
        OrderSide::Sell => "Sell",
    }
}

fn plain(quantity: Decimal) -> String {
    quantity.normalize().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::instrument::Dialect;
    use crate::domain::position_key::PositionKey;

    fn symbol_of(text: &str) -> Instrument {
        Instrument::of(text, Dialect::Symbols)
    }

    #[test]
    fn a_close_names_the_index_of_its_position_and_only_reduces() {
        let cases = [
            ("BTCUSDT", OrderSide::Sell, "0.500", "Sell", "0.5", 0),
            ("BTCUSDT/long", OrderSide::Sell, "1", "Sell", "1", 1),
            ("BTCPERP/short", OrderSide::Buy, "100", "Buy", "100", 2),
        ];
        for (key, side, quantity, word, shown, index) in cases {
            let wanted = CloseQuantity {
                position: PositionKey::of(key, Dialect::Symbols),
                side,
                quantity: quantity.parse().unwrap(),
                part: 1,
            };
            let command = close(Category::Linear, &wanted, "link-1");
            assert_eq!(command.path, "/v5/order/create");
            let body: serde_json::Value = serde_json::from_str(&command.body).unwrap();
            assert_eq!(
                body,
                json!({
                    "category": "linear",
                    "symbol": key.split('/').next().unwrap(),
                    "side": word,
                    "orderType": "Market",
                    "qty": shown,
                    "reduceOnly": true,
                    "positionIdx": index,
                    "orderLinkId": "link-1",
                })
            );
        }
    }

    #[test]
    fn every_cancel_names_its_symbol() {
        let all = cancel_symbol(Category::Linear, &symbol_of("BTCUSDT"), Kinds::All);
        assert_eq!(all.body, r#"{"category":"linear","symbol":"BTCUSDT"}"#);
        let stops = cancel_symbol(Category::Inverse, &symbol_of("BTCUSD"), Kinds::Conditional);
        let expected = r#"{"category":"inverse","orderFilter":"StopOrder","symbol":"BTCUSD"}"#;
        assert_eq!(stops.body, expected);
        let one = cancel_order(Category::Linear, &symbol_of("BTCUSDT"), "16f6-4a").unwrap();
        let expected = r#"{"category":"linear","orderId":"16f6-4a","symbol":"BTCUSDT"}"#;
        assert_eq!(one.body, expected);
        for id in ["", "a\"b", "a b", &"x".repeat(65)] {
            assert_eq!(cancel_order(Category::Linear, &symbol_of("A"), id), None);
        }
    }

    #[test]
    fn every_part_of_an_account_is_read() {
        let texts = Group::ALL.map(|group| positions(group).query.encoded());
        assert_eq!(
            texts,
            [
                "category=linear&settleCoin=USDT&limit=200",
                "category=linear&settleCoin=USDC&limit=200",
                "category=inverse&limit=200",
            ]
        );
        let next = orders(Group::ALL[0]).page("page_token%3A50");
        assert_eq!(
            next.query.encoded(),
            "category=linear&settleCoin=USDT&openOnly=0&limit=50&cursor=page_token%3A50"
        );
    }
}
