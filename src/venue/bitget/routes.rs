//! What is asked: the path, the query and the body of a call. Those of classic accounts
//! are built in `classic`, those of unified ones in `unified`; all are of the account
//! that the key belongs to.

use rust_decimal::Decimal;
use serde_json::Value;

use super::family::Family;
use super::product::Product;
use crate::domain::holdings::OrderSide;
use crate::domain::position_key::PositionSide;
use crate::domain::request::CloseQuantity;
use crate::venue::exchange::ledger::Span;
use crate::venue::rest::client::Access;
use crate::venue::rest::query::Pairs;

/// The longest order id that is sent, in bytes.
const MAX_ORDER_ID: usize = 64;
/// Most rows of a page.
pub(super) const ROWS_A_PAGE: usize = 100;

/// A read: its path and its query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) path: &'static str,
    pub(super) query: Pairs,
    pub(super) access: Access,
}

/// A write: its path and its body, and what a yes to it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) path: &'static str,
    pub(super) body: String,
    pub(super) says: Says,
}

/// What the `data` of a yes says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    /// The ids of one order.
    Order,
    /// Nothing that counts: it may be null.
    Anything,
    /// What became of each order, in `successList` and `failureList`.
    Lists,
    /// What became of each order, in `list`: one that failed has a code.
    Entries,
}

/// What the key of a unified account may do, for which no right is asked; a classic one
/// is refused here (40084), which says which API its account speaks.
pub(super) fn probe() -> Read {
    Read::of("/api/v3/account/info")
}

impl Read {
    pub(super) fn of(path: &'static str) -> Read {
        Read {
            path,
            query: Pairs::default(),
            access: Access::Private,
        }
    }

    /// What anybody may ask.
    pub(super) fn public(path: &'static str) -> Read {
        Read {
            access: Access::Public,
            ..Read::of(path)
        }
    }

    #[must_use]
    pub(super) fn with(self, name: &'static str, value: impl Into<String>) -> Read {
        Read {
            query: self.query.with(name, value),
            ..self
        }
    }

    #[must_use]
    pub(super) fn in_product(self, family: Family, product: Product) -> Read {
        self.with(family.product(), product.word())
    }

    #[must_use]
    pub(super) fn within(self, span: Span) -> Read {
        self.with("startTime", span.since.to_string())
            .with("endTime", span.until.to_string())
    }

    #[must_use]
    pub(super) fn in_pages(self) -> Read {
        self.with("limit", ROWS_A_PAGE.to_string())
    }
}

impl Command {
    pub(super) fn of(path: &'static str, says: Says, body: &Value) -> Command {
        Command {
            path,
            body: body.to_string(),
            says,
        }
    }
}

/// Whether this can be an order's id, which stands in a body.
pub(super) fn is_order_id(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !id.is_empty() && id.len() <= MAX_ORDER_ID && id.bytes().all(is_plain)
}

/// Whether a close trades against the side that it names: in hedge mode it could open
/// that side else. In one-way mode it is reduce-only.
pub(super) fn is_closing(close: &CloseQuantity) -> bool {
    let fits = match close.position.side {
        PositionSide::OneWay => true,
        PositionSide::Long => close.side == OrderSide::Sell,
        PositionSide::Short => close.side == OrderSide::Buy,
    };
    fits && close.quantity > Decimal::ZERO
}

pub(super) const fn side(side: OrderSide) -> &'static str {
    match side {
        OrderSide::Buy => "buy",
        OrderSide::Sell => "sell",
    }
}

/// The side of hedge mode; none in one-way mode.
pub(super) const fn hold_side(side: PositionSide) -> Option<&'static str> {
    side.name()
}

pub(super) fn plain(quantity: Decimal) -> String {
    quantity.normalize().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::instrument::Dialect;
    use crate::domain::position_key::PositionKey;

    #[test]
    fn an_order_of_hedge_mode_that_would_open_is_none() {
        let close = |key: &str, side, quantity: &str| CloseQuantity {
            position: PositionKey::of(key, Dialect::Symbols),
            side,
            quantity: quantity.parse().unwrap(),
            part: 1,
        };
        for (key, buys, sells) in [
            ("BTCUSDT", true, true),
            ("BTCUSDT/long", false, true),
            ("BTCUSDT/short", true, false),
        ] {
            assert_eq!(is_closing(&close(key, OrderSide::Buy, "1")), buys, "{key}");
            assert_eq!(
                is_closing(&close(key, OrderSide::Sell, "1")),
                sells,
                "{key}"
            );
        }
        assert!(!is_closing(&close("BTCUSDT", OrderSide::Sell, "0")));
    }

    #[test]
    fn an_id_that_could_be_more_than_one_is_none() {
        assert!(is_order_id("1190384645000000001"));
        for id in ["", "a\"b", "a b", &"x".repeat(65)] {
            assert!(!is_order_id(id), "{id}");
        }
    }
}
