//! The one place that builds what is asked: the method, the path and the query of each
//! call. All are of the account that the key belongs to; every write stands in the
//! query, which is signed.

use reqwest::Method;
use rust_decimal::Decimal;

use super::dead_man::Countdown;
use crate::domain::holdings::{OrderBook, OrderSide};
use crate::domain::instrument::Instrument;
use crate::domain::position_key::PositionSide;
use crate::domain::request::CloseQuantity;
use crate::venue::exchange::ledger::Span;
use crate::venue::exchange::route::Route;

/// Most rows of one answer with what moved money.
pub(super) const INCOME_ROWS: usize = 1000;
/// Most rows of one answer with fills.
const MOST_FILLS: usize = 1000;
/// The longest order id that is sent, in digits.
const MAX_ORDER_ID: usize = 20;

/// Wallets and positions of the account.
pub(super) fn account() -> Route {
    Route::read("/fapi/v3/account")
}

/// Every position, with its prices and its margin asset.
pub(super) fn positions() -> Route {
    Route::read("/fapi/v3/positionRisk")
}

/// The working orders of a list, of one symbol or of all of them.
pub(super) fn orders(book: OrderBook, symbol: Option<&str>) -> Route {
    let route = Route::read(match book {
        OrderBook::Regular | OrderBook::Twap => "/fapi/v1/openOrders",
        OrderBook::Conditional => "/fapi/v1/openAlgoOrders",
    });
    match symbol {
        Some(symbol) => route.with("symbol", symbol),
        None => route,
    }
}

/// The rules of every symbol.
pub(super) fn symbols() -> Route {
    Route::public("/fapi/v1/exchangeInfo")
}

/// What time it is at the venue.
pub(super) fn time() -> Route {
    Route::public("/fapi/v1/time")
}

/// What the key may do; at the host of spot and wallet.
pub(super) fn key_rights() -> Route {
    Route::read("/sapi/v1/account/apiRestrictions")
}

/// The newest fills of a symbol, of seven days at most, oldest first.
pub(super) fn fills(symbol: &str) -> Route {
    Route::read("/fapi/v1/userTrades")
        .with("symbol", symbol)
        .with("limit", MOST_FILLS.to_string())
}

/// Modes of the account, and whether it may trade.
pub(super) fn account_config() -> Route {
    Route::read("/fapi/v1/accountConfig")
}

/// What moved money from a time to another, both included, of one type or of all,
/// oldest first.
pub(super) fn income(span: Span, kind: Option<&'static str>) -> Route {
    let route = Route::read("/fapi/v1/income")
        .with("startTime", span.since.to_string())
        .with("endTime", span.until.to_string())
        .with("limit", INCOME_ROWS.to_string());
    match kind {
        Some(kind) => route.with("incomeType", kind),
        None => route,
    }
}

/// A market order that closes a quantity and can do nothing else: reduce-only, or in
/// hedge mode the closing side of its position, where `reduceOnly` may not be sent.
pub(super) fn close(close: &CloseQuantity, id: &str) -> Route {
    let route = Route::write(Method::POST, "/fapi/v1/order")
        .with("symbol", close.position.instrument.as_str())
        .with("side", side(close.side))
        .with("type", "MARKET")
        .with("quantity", close.quantity.normalize().to_string());
    let route = match close.position.side {
        PositionSide::OneWay => route.with("reduceOnly", "true"),
        PositionSide::Long => route.with("positionSide", "LONG"),
        PositionSide::Short => route.with("positionSide", "SHORT"),
    };
    route
        .with("newClientOrderId", id)
        .with("newOrderRespType", "RESULT")
}

/// Whether a close trades against its position: in hedge mode the other way would add
/// to it.
pub(super) fn is_closing(close: &CloseQuantity) -> bool {
    let is_against = match close.position.side {
        PositionSide::OneWay => true,
        PositionSide::Long => close.side == OrderSide::Sell,
        PositionSide::Short => close.side == OrderSide::Buy,
    };
    is_against && close.quantity > Decimal::ZERO
}

/// In so long the regular orders of a symbol are cancelled; no time at all takes that
/// back.
pub(super) fn countdown(countdown: &Countdown) -> Route {
    let time = countdown.time.as_millis().to_string();
    Route::write(Method::POST, "/fapi/v1/countdownCancelAll")
        .with("symbol", countdown.symbol.as_str())
        .with("countdownTime", time)
}

/// Cancels the working orders of one symbol in one list.
pub(super) fn cancel_symbol(symbol: &Instrument, book: OrderBook) -> Route {
    let path = match book {
        OrderBook::Regular | OrderBook::Twap => "/fapi/v1/allOpenOrders",
        OrderBook::Conditional => "/fapi/v1/algoOpenOrders",
    };
    Route::write(Method::DELETE, path).with("symbol", symbol.as_str())
}

/// Cancels one order; `None` when its id cannot be one of the venue's.
pub(super) fn cancel_order(symbol: &Instrument, book: OrderBook, id: &str) -> Option<Route> {
    let is_digit = |byte: u8| byte.is_ascii_digit();
    let is_id = !id.is_empty() && id.len() <= MAX_ORDER_ID && id.bytes().all(is_digit);
    let route = match book {
        OrderBook::Regular | OrderBook::Twap => Route::write(Method::DELETE, "/fapi/v1/order")
            .with("symbol", symbol.as_str())
            .with("orderId", id),
        OrderBook::Conditional => {
            Route::write(Method::DELETE, "/fapi/v1/algoOrder").with("algoId", id)
        }
    };
    is_id.then_some(route)
}

const fn side(side: OrderSide) -> &'static str {
    match side {
        OrderSide::Buy => "BUY",
        OrderSide::Sell => "SELL",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::instrument::Dialect;
    use crate::domain::position_key::PositionKey;
    use crate::venue::rest::client::Access;

    fn close_of(key: &str, side: OrderSide, quantity: &str) -> CloseQuantity {
        CloseQuantity {
            position: PositionKey::of(key, Dialect::Symbols),
            side,
            quantity: quantity.parse().unwrap(),
            part: 1,
        }
    }

    /// B5: each kind of account has the parameters that it takes, and no others.
    #[test]
    fn b5_a_close_reduces_or_names_the_side_of_its_position() {
        let rest = "newClientOrderId=id-1&newOrderRespType=RESULT";
        for (key, side, quantity, expected) in [
            (
                "BTCUSDT",
                OrderSide::Sell,
                "0.500",
                "symbol=BTCUSDT&side=SELL&type=MARKET&quantity=0.5&reduceOnly=true",
            ),
            (
                "BTCUSDT/long",
                OrderSide::Sell,
                "1",
                "symbol=BTCUSDT&side=SELL&type=MARKET&quantity=1&positionSide=LONG",
            ),
            (
                "ETHUSDC/short",
                OrderSide::Buy,
                "100",
                "symbol=ETHUSDC&side=BUY&type=MARKET&quantity=100&positionSide=SHORT",
            ),
        ] {
            let wanted = close_of(key, side, quantity);
            assert!(is_closing(&wanted), "{key}");
            let route = close(&wanted, "id-1");
            assert_eq!((route.method, route.path), (Method::POST, "/fapi/v1/order"));
            assert_eq!(route.query.encoded(), format!("{expected}&{rest}"));
        }
        for (key, side) in [
            ("BTCUSDT/long", OrderSide::Buy),
            ("BTCUSDT/short", OrderSide::Sell),
        ] {
            assert!(!is_closing(&close_of(key, side, "1")), "{key}");
        }
        assert!(!is_closing(&close_of("BTCUSDT", OrderSide::Sell, "0")));
    }

    #[test]
    fn every_cancel_names_its_symbol_or_its_order() {
        let symbol = Instrument::of("BTCUSDT", Dialect::Symbols);
        let text = |route: Route| {
            let query = route.query.encoded();
            format!("{} {}?{query}", route.method, route.path)
        };
        use OrderBook::{Conditional, Regular};
        assert_eq!(
            [Regular, Conditional].map(|book| text(cancel_symbol(&symbol, book))),
            [
                "DELETE /fapi/v1/allOpenOrders?symbol=BTCUSDT",
                "DELETE /fapi/v1/algoOpenOrders?symbol=BTCUSDT",
            ]
        );
        // Ids are above 2^53.
        let id = "8389765700000000123";
        assert_eq!(
            [Regular, Conditional].map(|book| text(cancel_order(&symbol, book, id).unwrap())),
            [
                "DELETE /fapi/v1/order?symbol=BTCUSDT&orderId=8389765700000000123",
                "DELETE /fapi/v1/algoOrder?algoId=8389765700000000123",
            ]
        );
        for id in ["", "12a", "-1", "123456789012345678901"] {
            assert_eq!(cancel_order(&symbol, Regular, id), None, "{id}");
        }
    }

    #[test]
    fn what_everybody_may_ask_is_not_signed() {
        for route in [time(), symbols()] {
            assert_eq!(route.access, Access::Public);
        }
        let span = Span { since: 1, until: 2 };
        let income = income(span, Some("TRANSFER"));
        assert_eq!(income.access, Access::Private);
        assert_eq!(
            income.query.encoded(),
            "startTime=1&endTime=2&limit=1000&incomeType=TRANSFER"
        );
    }
}
