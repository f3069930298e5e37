//! Positions, read so that doubt never looks like an empty account.
//!
//! Two calls list them in rows that are nearly alike: the account, of the very moment
//! of its figures, and the risk of positions, with prices and margin assets.

use rust_decimal::Decimal;

use crate::domain::holdings::Position;
use crate::domain::instrument::{Dialect, Instrument};
use crate::domain::money::Money;
use crate::domain::position_key::{PositionKey, PositionSide};
use crate::venue::exchange::held::{self, Held};
use crate::venue::rest::json::{Node, Unexpected};

/// Digits of a mark price behind the point.
const PRICE_DIGITS: u32 = 8;

/// Adds the rows of a list to what was read. Rows without an amount are those of
/// symbols with an order and no position.
///
/// # Errors
/// When a row says something that cannot be: then none is believed.
pub(super) fn add(all: &mut Vec<Held>, rows: &[Node<'_>]) -> Result<(), Unexpected> {
    for row in rows {
        if let Some(new) = one(*row)? {
            held::add(all, new, *row)?;
        }
    }
    Ok(())
}

fn one(row: Node<'_>) -> Result<Option<Held>, Unexpected> {
    let fields = row.as_object()?;
    let quantity = fields.need("positionAmt")?.as_decimal()?;
    if quantity.is_zero() {
        return Ok(None);
    }
    let side = fields.need("positionSide")?;
    let position_side =
        side_of(&side.as_text()?).ok_or_else(|| side.unexpected("`BOTH`, `LONG` or `SHORT`"))?;
    if !position_side.admits(quantity) {
        return Err(side.unexpected("the side of its amount"));
    }
    let symbol = fields.need("symbol")?.as_label()?;
    let number = |name| fields.member(name).and_then(Node::decimal);
    // The two calls spell it differently.
    let unrealized = number("unrealizedProfit").or_else(|| number("unRealizedProfit"));
    let notional = number("notional").map(|worth| worth.abs());
    let mark = number("markPrice").or_else(|| mark_of(notional?, quantity));
    let key = PositionKey {
        instrument: Instrument::of(&symbol, Dialect::Symbols),
        side: position_side,
    };
    Ok(Some(Held {
        position: Position {
            average_price: number("entryPrice").map(|price| price.normalize()),
            unrealized: unrealized.map(|open| Money::new(open.normalize())),
            mark_price: mark
                .filter(|price| *price > Decimal::ZERO)
                .map(|price| price.normalize()),
            liquidation: held::liquidation(fields.member("liquidationPrice")),
            notional: notional.map(|worth| Money::new(worth.normalize())),
            ..Position::new(key, quantity.normalize())
        },
        margin: fields.member("marginAsset").and_then(Node::label),
    }))
}

/// The price by which the venue values a position of which it says the worth alone.
fn mark_of(notional: Decimal, quantity: Decimal) -> Option<Decimal> {
    let price = notional.checked_div(quantity.abs())?;
    Some(price.round_dp(PRICE_DIGITS))
}

/// The side that a word stands for.
pub(super) fn side_of(word: &str) -> Option<PositionSide> {
    match word {
        "BOTH" => Some(PositionSide::OneWay),
        "LONG" => Some(PositionSide::Long),
        "SHORT" => Some(PositionSide::Short),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venue::rest::json::Json;

    fn read(rows: &str) -> Result<String, String> {
        let body = format!("[{rows}]");
        let json = Json::parse(body.as_bytes()).unwrap();
        let mut held = Vec::new();
        add(&mut held, &json.root().list().unwrap()).map_err(|error| error.to_string())?;
        let texts = held.iter().map(|one| {
            let open = one.position.unrealized;
            let open = open.map_or("?".to_owned(), |open| open.to_string());
            let margin = one.margin.as_deref().unwrap_or("?");
            format!("{} {open} {margin}", one.position)
        });
        Ok(texts.collect::<Vec<_>>().join("; "))
    }

    fn row(side: &str, amount: &str) -> String {
        format!(
            r#"{{"symbol": "BTCUSDT", "positionSide": "{side}", "positionAmt": "{amount}",
            "entryPrice": "50000.10", "unRealizedProfit": "-12.5", "marginAsset": "USDT"}}"#
        )
    }

    #[test]
    fn both_sides_are_read_and_rows_of_orders_are_none() {
        let rows = [row("LONG", "1"), row("SHORT", "-0.250")].join(",");
        let both = "BTCUSDT/long:+1@50000.1 -12.50 USDT; BTCUSDT/short:-0.25@50000.1 -12.50 USDT";
        assert_eq!(read(&rows).unwrap(), both);
        assert_eq!(read(&row("BOTH", "0.000")).unwrap(), "");
        assert_eq!(
            read(&row("BOTH", "-3")).unwrap(),
            "BTCUSDT:-3@50000.1 -12.50 USDT"
        );
        let of_account = r#"{"symbol": "BTCUSDT", "positionSide": "BOTH", "positionAmt": "1",
            "unrealizedProfit": "5"}"#;
        assert_eq!(read(of_account).unwrap(), "BTCUSDT:+1 5.00 ?");
        assert_eq!(read("").unwrap(), "");
    }

    #[test]
    fn what_a_position_is_worth_is_read_as_far_as_it_is_said() {
        let told = |row: &str| {
            let body = format!("[{row}]");
            let json = Json::parse(body.as_bytes()).unwrap();
            let mut held = Vec::new();
            add(&mut held, &json.root().list().unwrap()).unwrap();
            held[0].position.with_worth()
        };
        let full = row("BOTH", "-0.5").replace(
            r#""marginAsset""#,
            r#""markPrice": "50100.50000000", "notional": "-25050.25000000",
               "liquidationPrice": "61000", "marginAsset""#,
        );
        let worth = "mark 50100.5, notional 25,050.25";
        let expected = format!("BTCUSDT:-0.5@50000.1 ({worth}, liquidation 61000)");
        assert_eq!(told(&full), expected);
        let far = full.replace(r#""61000""#, r#""0""#);
        let expected = format!("BTCUSDT:-0.5@50000.1 ({worth}, no liquidation price)");
        assert_eq!(told(&far), expected);
        // The account says the worth alone.
        let bare = full
            .replace("markPrice", "other")
            .replace("liquidationPrice", "another");
        assert_eq!(told(&bare), format!("BTCUSDT:-0.5@50000.1 ({worth})"));
    }

    #[test]
    fn a_row_that_cannot_be_spoils_the_list() {
        let good = row("BOTH", "1");
        for (from, to) in [
            (r#""positionAmt": "1""#, r#""positionAmt": """#),
            (r#""positionAmt": "1""#, r#""positionAmt": null"#),
            (r#""positionAmt": "1""#, r#""amount": "1""#),
            (r#""BOTH""#, r#""SHORT""#),
            (r#""BOTH""#, r#""NONE""#),
            (r#""positionSide": "BOTH""#, r#""side": "BOTH""#),
            (r#""BTCUSDT""#, r#""""#),
        ] {
            let rows = format!("{},{good}", good.replacen(from, to, 1));
            assert!(read(&rows).is_err(), "{to}");
        }
        assert!(read("null").is_err());
        // One symbol in two modes.
        assert!(read(&format!("{good},{}", row("LONG", "1"))).is_err());
    }
}
