//! The one place that builds what is asked: the method, the path and the query of each
//! call. All are of the account that the key belongs to; every write stands in the
//! query, which is signed.

use reqwest::Method;
use rust_decimal::Decimal;

use super::parts::Part;
use crate::domain::holdings::OrderSide;
use crate::domain::instrument::Instrument;
use crate::domain::position_key::PositionSide;
use crate::domain::request::CloseQuantity;
use crate::venue::exchange::ledger::Span;
use crate::venue::exchange::route::Route;

/// Most rows of one answer with what moved money.
pub(super) const INCOME_ROWS: usize = 1000;
/// The shortest time of a countdown, in seconds.
const LEAST_COUNTDOWN: u64 = 10;
/// The longest id of an order or a position that is sent, in digits.
const LONGEST_ID: usize = 20;

/// The wallets of the account.
pub(super) fn balance() -> Route {
    Route::read("/openApi/swap/v3/user/balance")
}

/// Every position.
pub(super) fn positions() -> Route {
    Route::read("/openApi/swap/v2/user/positions")
}

/// Whether the account can hold a symbol long and short at once.
pub(super) fn position_mode() -> Route {
    Route::read("/openApi/swap/v1/positionSide/dual")
}

/// Working orders of every kind but TWAP.
pub(super) fn orders() -> Route {
    Route::read("/openApi/swap/v2/trade/openOrders")
}

/// Working TWAP orders.
pub(super) fn twaps() -> Route {
    Route::read("/openApi/swap/v1/twap/openOrders")
}

/// The rules of every symbol.
pub(super) fn symbols() -> Route {
    Route::public("/openApi/swap/v2/quote/contracts")
}

/// What time it is at the venue.
pub(super) fn time() -> Route {
    Route::public("/openApi/swap/v2/server/time")
}

/// What the key may do.
pub(super) fn key_rights() -> Route {
    Route::read("/openApi/v1/account/apiPermissions")
}

/// What moved money from a time to another, both included, of one type or of all,
/// newest first.
pub(super) fn income(span: Span, kind: Option<&'static str>) -> Route {
    let route = Route::read("/openApi/swap/v2/user/income")
        .with("startTime", span.since.to_string())
        .with("endTime", span.until.to_string())
        .with("limit", INCOME_ROWS.to_string());
    match kind {
        Some(kind) => route.with("incomeType", kind),
        None => route,
    }
}

/// Closes every position of the account at the market. Its orders stay.
pub(super) fn close_all() -> Route {
    Route::write(Method::POST, "/openApi/swap/v2/trade/closeAllPositions")
}

/// A market order that closes a quantity and can do nothing else: reduce-only, or in
/// hedge mode the closing side of its position, where `reduceOnly` may not be sent. The
/// side is always said: left out it is `LONG` (B20).
pub(super) fn close(close: &CloseQuantity, id: &str) -> Route {
    let route = Route::write(Method::POST, "/openApi/swap/v2/trade/order")
        .with("symbol", close.position.instrument.as_str())
        .with("side", side(close.side))
        .with("type", "MARKET")
        .with("quantity", close.quantity.normalize().to_string())
        .with("clientOrderId", id);
    match close.position.side {
        PositionSide::OneWay => route
            .with("positionSide", "BOTH")
            .with("reduceOnly", "true"),
        PositionSide::Long => route.with("positionSide", "LONG"),
        PositionSide::Short => route.with("positionSide", "SHORT"),
    }
}

/// The same for one of the positions that a side consists of, and no more than it holds.
pub(super) fn close_part(close: &CloseQuantity, part: &Part, id: &str) -> Route {
    let of_part = CloseQuantity {
        quantity: part.quantity,
        ..close.clone()
    };
    self::close(&of_part, id).with("positionId", part.id.as_str())
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

/// Cancels the working orders of the account, or of one symbol: all kinds but TWAP.
pub(super) fn cancel_orders(symbol: Option<&Instrument>) -> Route {
    let route = Route::write(Method::DELETE, "/openApi/swap/v2/trade/allOpenOrders");
    match symbol {
        Some(symbol) => route.with("symbol", symbol.as_str()),
        None => route,
    }
}

/// Cancels one order; `None` when its id cannot be one of the venue's.
pub(super) fn cancel_order(symbol: &Instrument, id: &str) -> Option<Route> {
    is_id(id).then(|| {
        Route::write(Method::DELETE, "/openApi/swap/v2/trade/order")
            .with("symbol", symbol.as_str())
            .with("orderId", id)
    })
}

/// Cancels one TWAP order; `None` when its id cannot be one of the venue's.
pub(super) fn cancel_twap(id: &str) -> Option<Route> {
    is_id(id).then(|| {
        Route::write(Method::POST, "/openApi/swap/v1/twap/cancelOrder").with("mainOrderId", id)
    })
}

/// Whether this can be one of the venue's ids.
pub(super) fn is_id(id: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit();
    !id.is_empty() && id.len() <= LONGEST_ID && id.bytes().all(is_digit)
}

/// In so many seconds the orders of the account are cancelled; `None` takes that back.
pub(super) fn countdown(seconds: Option<u64>) -> Route {
    let route = Route::write(Method::POST, "/openApi/swap/v2/trade/cancelAllAfter");
    match seconds {
        Some(seconds) => route
            .with("type", "ACTIVATE")
            .with("timeOut", seconds.to_string()),
        // The time is needed, and one outside its bounds may be refused (cancel-all-after
        // page).
        None => route
            .with("type", "CLOSE")
            .with("timeOut", LEAST_COUNTDOWN.to_string()),
    }
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

    fn text(route: &Route) -> String {
        format!("{} {}?{}", route.method, route.path, route.query.encoded())
    }

    /// B20: the side is said, and the quantity stands alone.
    #[test]
    fn b20_a_close_names_its_side_and_only_reduces() {
        let rest = "type=MARKET&quantity";
        for (key, side, quantity, expected) in [
            (
                "BTC-USDT",
                OrderSide::Sell,
                "0.500",
                format!(
                    "symbol=BTC-USDT&side=SELL&{rest}=0.5&clientOrderId=id-1\
                     &positionSide=BOTH&reduceOnly=true"
                ),
            ),
            (
                "BTC-USDT/long",
                OrderSide::Sell,
                "1",
                format!("symbol=BTC-USDT&side=SELL&{rest}=1&clientOrderId=id-1&positionSide=LONG"),
            ),
            (
                "ETH-USDC/short",
                OrderSide::Buy,
                "100",
                format!(
                    "symbol=ETH-USDC&side=BUY&{rest}=100&clientOrderId=id-1&positionSide=SHORT"
                ),
            ),
        ] {
            let wanted = close_of(key, side, quantity);
            assert!(is_closing(&wanted), "{key}");
            let expected = format!("POST /openApi/swap/v2/trade/order?{expected}");
            assert_eq!(text(&close(&wanted, "id-1")), expected);
        }
        for (key, side) in [
            ("BTC-USDT/long", OrderSide::Buy),
            ("BTC-USDT/short", OrderSide::Sell),
        ] {
            assert!(!is_closing(&close_of(key, side, "1")), "{key}");
        }
        assert!(!is_closing(&close_of("BTC-USDT", OrderSide::Sell, "0")));
    }

    #[test]
    fn cancels_name_what_they_take_along() {
        let symbol = Instrument::of("BTC-USDT", Dialect::Symbols);
        let all = "DELETE /openApi/swap/v2/trade/allOpenOrders?";
        assert_eq!(text(&cancel_orders(None)), all);
        let of_symbol = format!("{all}symbol=BTC-USDT");
        assert_eq!(text(&cancel_orders(Some(&symbol))), of_symbol);
        // Ids are above 2^53, and neighbours are two orders.
        let id = "1736008778921491201";
        assert_eq!(
            text(&cancel_order(&symbol, id).unwrap()),
            format!("DELETE /openApi/swap/v2/trade/order?symbol=BTC-USDT&orderId={id}")
        );
        assert_eq!(
            text(&cancel_twap(id).unwrap()),
            format!("POST /openApi/swap/v1/twap/cancelOrder?mainOrderId={id}")
        );
        for id in ["", "12a", "-1", "123456789012345678901"] {
            assert_eq!(cancel_order(&symbol, id), None, "{id}");
            assert_eq!(cancel_twap(id), None, "{id}");
        }
        let path = "POST /openApi/swap/v2/trade/cancelAllAfter?";
        assert_eq!(
            [Some(60), None].map(|seconds| text(&countdown(seconds))),
            [
                format!("{path}type=ACTIVATE&timeOut=60"),
                format!("{path}type=CLOSE&timeOut=10"),
            ]
        );
    }

    #[test]
    fn what_everybody_may_ask_is_not_signed() {
        for route in [time(), symbols()] {
            assert_eq!(route.access, Access::Public);
        }
        let income = income(Span { since: 1, until: 2 }, Some("TRANSFER"));
        assert_eq!(income.access, Access::Private);
        assert_eq!(
            income.query.encoded(),
            "startTime=1&endTime=2&limit=1000&incomeType=TRANSFER"
        );
    }
}
