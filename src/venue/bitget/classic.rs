//! The calls of classic accounts (v2).

use serde_json::{Value, json};

use super::family::Family;
use super::product::{Contract, Product};
use super::routes::{Command, Read, Says, hold_side, plain, side};
use crate::domain::holdings::OrderSide;
use crate::domain::instrument::Instrument;
use crate::domain::position_key::PositionSide;
use crate::domain::request::CloseQuantity;
use crate::venue::exchange::ledger::Span;

/// What is asked for to list conditional orders: three lists hold all kinds of them.
pub(super) const PLAN_LISTS: [&str; 3] = ["normal_plan", "track_plan", "profit_loss"];

fn in_product(path: &'static str, product: Product) -> Read {
    Read::of(path).in_product(Family::Classic, product)
}

/// The wallets of a product, by margin coin.
pub(super) fn accounts(product: Product) -> Read {
    in_product("/api/v2/mix/account/accounts", product)
}

/// Every position in a product.
pub(super) fn positions(product: Product) -> Read {
    in_product("/api/v2/mix/position/all-position", product)
}

/// The orders in the books of a product.
pub(super) fn orders(product: Product) -> Read {
    in_product("/api/v2/mix/order/orders-pending", product).in_pages()
}

/// The conditional orders of a product in one of their lists.
pub(super) fn plans(product: Product, list: &'static str) -> Read {
    in_product("/api/v2/mix/order/orders-plan-pending", product)
        .with("planType", list)
        .in_pages()
}

/// What moved money in the wallets of a product, of one kind or of all.
pub(super) fn bills(product: Product, span: Span, kind: Option<&'static str>) -> Read {
    let read = in_product("/api/v2/mix/account/bill", product)
        .within(span)
        .in_pages();
    match kind {
        Some(kind) => read.with("businessType", kind),
        None => read,
    }
}

/// The rules of a symbol.
pub(super) fn symbol(product: Product, symbol: &str) -> Read {
    Read::public("/api/v2/mix/market/contracts")
        .in_product(Family::Classic, product)
        .with("symbol", symbol)
}

/// What the key may do: told to one that may read the spot account.
pub(super) fn key_rights() -> Read {
    Read::of("/api/v2/spot/account/info")
}

/// A market order that closes a quantity and can do nothing else. In one-way mode it is
/// reduce-only. In hedge mode `tradeSide` says so, and `side` names the position and not
/// the trade: a long one is closed by `buy` (place-order page; B15).
pub(super) fn close(contract: &Contract, close: &CloseQuantity, link: &str) -> Command {
    let mut body = json!({
        "symbol": close.position.instrument.as_str(),
        "productType": contract.product.word(),
        "marginMode": if contract.is_isolated { "isolated" } else { "crossed" },
        "marginCoin": contract.coin,
        "size": plain(close.quantity),
        "orderType": "market",
        "clientOid": link,
    });
    let more = match close.position.side {
        PositionSide::OneWay => json!({"side": side(close.side), "reduceOnly": "YES"}),
        PositionSide::Long => json!({"side": side(OrderSide::Buy), "tradeSide": "close"}),
        PositionSide::Short => json!({"side": side(OrderSide::Sell), "tradeSide": "close"}),
    };
    if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
        body.extend(more);
    }
    Command::of("/api/v2/mix/order/place-order", Says::Order, &body)
}

/// Closes one side of a symbol at the market, whatever its size is. In one-way mode,
/// where there is no side to name, it is not asked for.
pub(super) fn close_side(
    contract: &Contract,
    symbol: &Instrument,
    of: PositionSide,
) -> Option<Command> {
    let body = json!({
        "symbol": symbol.as_str(),
        "productType": contract.product.word(),
        "holdSide": hold_side(of)?,
    });
    Some(Command::of(
        "/api/v2/mix/order/close-positions",
        Says::Lists,
        &body,
    ))
}

/// Cancels the orders of a symbol that are in the book.
pub(super) fn cancel_symbol(contract: &Contract, symbol: &Instrument) -> Command {
    let body = json!({
        "symbol": symbol.as_str(),
        "productType": contract.product.word(),
    });
    Command::of("/api/v2/mix/order/batch-cancel-orders", Says::Lists, &body)
}

/// Cancels one order that is in the book.
pub(super) fn cancel_order(contract: &Contract, symbol: &Instrument, id: &str) -> Command {
    let body = json!({
        "symbol": symbol.as_str(),
        "productType": contract.product.word(),
        "orderId": id,
    });
    Command::of("/api/v2/mix/order/cancel-order", Says::Order, &body)
}

/// Cancels one conditional order, which is not found without its own plan type.
pub(super) fn cancel_plan(
    contract: &Contract,
    symbol: &Instrument,
    plan: &str,
    id: &str,
) -> Command {
    let body = json!({
        "symbol": symbol.as_str(),
        "productType": contract.product.word(),
        "planType": plan,
        "orderIdList": [{"orderId": id}],
    });
    Command::of("/api/v2/mix/order/cancel-plan-order", Says::Lists, &body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::instrument::Dialect;
    use crate::domain::position_key::PositionKey;

    const CONTRACT: fn() -> Contract = || Contract {
        product: Product::Usdt,
        coin: "USDT".to_owned(),
        is_isolated: true,
    };

    fn body(command: &Command) -> Value {
        serde_json::from_str(&command.body).unwrap()
    }

    #[test]
    fn b15_a_close_of_hedge_mode_names_the_position_by_its_side() {
        for (key, trade, side, more) in [
            ("BTCUSDT", OrderSide::Sell, "sell", ("reduceOnly", "YES")),
            ("BTCUSDT", OrderSide::Buy, "buy", ("reduceOnly", "YES")),
            (
                "BTCUSDT/long",
                OrderSide::Sell,
                "buy",
                ("tradeSide", "close"),
            ),
            (
                "BTCUSDT/short",
                OrderSide::Buy,
                "sell",
                ("tradeSide", "close"),
            ),
        ] {
            let wanted = CloseQuantity {
                position: PositionKey::of(key, Dialect::Symbols),
                side: trade,
                quantity: "0.500".parse().unwrap(),
                part: 1,
            };
            let command = close(&CONTRACT(), &wanted, "link-1");
            assert_eq!(command.path, "/api/v2/mix/order/place-order");
            let (name, word) = more;
            let mut expected = json!({
                "symbol": "BTCUSDT",
                "productType": "USDT-FUTURES",
                "marginMode": "isolated",
                "marginCoin": "USDT",
                "size": "0.5",
                "side": side,
                "orderType": "market",
                "clientOid": "link-1",
            });
            expected[name] = json!(word);
            assert_eq!(body(&command), expected, "{key}");
        }
    }

    #[test]
    fn every_cancel_and_every_close_names_its_symbol() {
        let symbol = Instrument::of("BTCUSDT", Dialect::Symbols);
        let contract = CONTRACT();
        let one = cancel_plan(&contract, &symbol, "loss_plan", "7");
        assert_eq!(
            body(&one),
            json!({
                "symbol": "BTCUSDT",
                "productType": "USDT-FUTURES",
                "planType": "loss_plan",
                "orderIdList": [{"orderId": "7"}],
            })
        );
        let side = close_side(&contract, &symbol, PositionSide::Short).unwrap();
        assert_eq!(body(&side)["holdSide"], "short");
        assert_eq!(close_side(&contract, &symbol, PositionSide::OneWay), None);
        for command in [
            one,
            side,
            cancel_symbol(&contract, &symbol),
            cancel_order(&contract, &symbol, "7"),
        ] {
            assert_eq!(body(&command)["symbol"], "BTCUSDT", "{}", command.path);
        }
    }
}
