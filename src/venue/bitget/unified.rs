//! The calls of unified accounts (v3).

use serde_json::json;

use super::family::Family;
use super::product::{Contract, Product};
use super::routes::{Command, Read, Says, hold_side, plain, side};
use crate::domain::instrument::Instrument;
use crate::domain::request::CloseQuantity;
use crate::venue::exchange::ledger::Span;

/// The categories of what moved money. Transfers may stand in `OTHER`, and a coin that was
/// bought or sold in `SPOT`: an account has one wallet for all of them.
pub(super) const RECORDS: [&str; 6] = [
    "USDT-FUTURES",
    "USDC-FUTURES",
    "COIN-FUTURES",
    "SPOT",
    "MARGIN",
    "OTHER",
];
/// Those of them that hold most flows.
pub(super) const RECORDS_OF_FLOWS: [&str; 2] = ["OTHER", "SPOT"];

fn in_product(path: &'static str, product: Product) -> Read {
    Read::of(path).in_product(Family::Unified, product)
}

/// The wallets of the account.
pub(super) fn assets() -> Read {
    Read::of("/api/v3/account/assets")
}

/// Every position in a product.
pub(super) fn positions(product: Product) -> Read {
    in_product("/api/v3/position/current-position", product)
}

/// The orders in the books of a product.
pub(super) fn orders(product: Product) -> Read {
    in_product("/api/v3/trade/unfilled-orders", product).in_pages()
}

/// The conditional orders of a product.
pub(super) fn strategies(product: Product) -> Read {
    in_product("/api/v3/trade/unfilled-strategy-orders", product)
}

/// What moved money in a category.
pub(super) fn records(category: &'static str, span: Span) -> Read {
    Read::of("/api/v3/account/financial-records")
        .with("category", category)
        .within(span)
        .in_pages()
}

/// The rules of a symbol.
pub(super) fn symbol(product: Product, symbol: &str) -> Read {
    Read::public("/api/v3/market/instruments")
        .in_product(Family::Unified, product)
        .with("symbol", symbol)
}

/// A market order that closes a quantity and can do nothing else: reduce-only in one-way
/// mode; in hedge mode it trades against the side that it names.
pub(super) fn close(contract: &Contract, close: &CloseQuantity, link: &str) -> Command {
    let mut body = json!({
        "category": contract.product.word(),
        "symbol": close.position.instrument.as_str(),
        "side": side(close.side),
        "orderType": "market",
        "qty": plain(close.quantity),
        "clientOid": link,
    });
    if let Some(body) = body.as_object_mut() {
        let (name, word) = match hold_side(close.position.side) {
            Some(side) => ("posSide", side),
            None => ("reduceOnly", "yes"),
        };
        body.insert(name.to_owned(), json!(word));
    }
    Command::of("/api/v3/trade/place-order", Says::Order, &body)
}

/// Cancels the orders of a symbol that are in the book.
pub(super) fn cancel_symbol(contract: &Contract, symbol: &Instrument) -> Command {
    let body = json!({"category": contract.product.word(), "symbol": symbol.as_str()});
    Command::of("/api/v3/trade/cancel-symbol-order", Says::Entries, &body)
}

/// Cancels one order that is in the book.
pub(super) fn cancel_order(id: &str) -> Command {
    let body = json!({"orderId": id});
    Command::of("/api/v3/trade/cancel-order", Says::Order, &body)
}

/// Cancels one conditional order.
pub(super) fn cancel_strategy(id: &str) -> Command {
    let body = json!({"orderId": id});
    Command::of("/api/v3/trade/cancel-strategy-order", Says::Anything, &body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::holdings::OrderSide;
    use crate::domain::instrument::Dialect;
    use crate::domain::position_key::PositionKey;

    #[test]
    fn a_close_trades_against_the_side_that_it_names_or_only_reduces() {
        for (key, trade, side, more) in [
            ("BTCPERP", OrderSide::Sell, "sell", ("reduceOnly", "yes")),
            ("BTCPERP/long", OrderSide::Sell, "sell", ("posSide", "long")),
            ("BTCPERP/short", OrderSide::Buy, "buy", ("posSide", "short")),
        ] {
            let wanted = CloseQuantity {
                position: PositionKey::of(key, Dialect::Symbols),
                side: trade,
                quantity: "2".parse().unwrap(),
                part: 1,
            };
            let contract = Contract {
                product: Product::Usdc,
                coin: "USDC".to_owned(),
                is_isolated: false,
            };
            let command = close(&contract, &wanted, "link-1");
            assert_eq!(command.path, "/api/v3/trade/place-order");
            let (name, word) = more;
            let mut expected = json!({
                "category": "USDC-FUTURES",
                "symbol": "BTCPERP",
                "side": side,
                "orderType": "market",
                "qty": "2",
                "clientOid": "link-1",
            });
            expected[name] = json!(word);
            let body: serde_json::Value = serde_json::from_str(&command.body).unwrap();
            assert_eq!(body, expected, "{key}");
        }
    }

    #[test]
    fn every_part_of_an_account_is_read() {
        let asked = Product::ALL.map(|product| positions(product).query.encoded());
        assert_eq!(
            asked,
            [
                "category=USDT-FUTURES",
                "category=USDC-FUTURES",
                "category=COIN-FUTURES",
            ]
        );
    }
}
