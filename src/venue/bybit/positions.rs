//! Positions, read so that doubt never looks like an empty account.

use chrono::DateTime;
use rust_decimal::Decimal;

use super::category::Category;
use super::routes::Group;
use crate::domain::holdings::Position;
use crate::domain::instrument::{Dialect, Instrument};
use crate::domain::money::Money;
use crate::domain::observation::Timestamp;
use crate::domain::position_key::{PositionKey, PositionSide};
use crate::venue::exchange::held::{self, Held};
use crate::venue::rest::json::{Node, Object, Unexpected};

/// Adds the rows of one page to what was read. Rows without a size are those of a
/// symbol that is not held (B11), and say nothing.
///
/// # Errors
/// When a row says something that cannot be: then none is believed.
pub(super) fn add(all: &mut Vec<Held>, rows: &[Node<'_>], group: Group) -> Result<(), Unexpected> {
    for row in rows {
        if let Some(new) = one(*row, group)? {
            held::add(all, new, *row)?;
        }
    }
    Ok(())
}

fn one(row: Node<'_>, group: Group) -> Result<Option<Held>, Unexpected> {
    let fields = row.as_object()?;
    let size = fields.need("size")?;
    let quantity = size.as_decimal()?;
    if quantity.is_zero() {
        return Ok(None);
    }
    if quantity < Decimal::ZERO {
        return Err(size.unexpected("a size of zero or more"));
    }
    let side = fields.need("side")?;
    let quantity = match side.as_text()?.as_str() {
        "Buy" => quantity,
        "Sell" => -quantity,
        _ => return Err(side.unexpected("`Buy` or `Sell`")),
    };
    let index = fields.need("positionIdx")?;
    let position_side = side_of(index)?;
    if !position_side.admits(quantity) {
        return Err(index.unexpected("the index of its side"));
    }
    let symbol = fields.need("symbol")?.as_label()?;
    let margin = margin(&symbol, group);
    let number = |name| fields.member(name).and_then(Node::decimal);
    // An inverse contract's result is in its coin.
    let unrealized = number("unrealisedPnl").filter(|_| group.category == Category::Linear);
    let mark = number("markPrice").filter(|price| *price > Decimal::ZERO);
    let key = PositionKey {
        instrument: Instrument::of(&symbol, Dialect::Symbols),
        side: position_side,
    };
    Ok(Some(Held {
        position: Position {
            average_price: number("avgPrice").map(|price| price.normalize()),
            unrealized: unrealized.map(|open| Money::new(open.normalize())),
            mark_price: mark.map(|price| price.normalize()),
            // An empty text says that no price between the least and the highest of the
            // symbol liquidates it (position page). It says so of every position of an
            // account with portfolio margin too, which has no such price.
            liquidation: held::liquidation(fields.member("liqPrice")),
            notional: notional(quantity, mark, group.category),
            opened: opened(&fields),
            ..Position::new(key, quantity.normalize())
        },
        margin: Some(margin),
    }))
}

/// `createdTime` is that of the first position ever held in the symbol.
fn opened(fields: &Object<'_>) -> Option<Timestamp> {
    let at = fields.member("openTime")?.as_integer().ok()?;
    DateTime::from_timestamp_millis(at).filter(|at| *at > Timestamp::UNIX_EPOCH)
}

/// What a position is worth at its mark price, in dollars. The venue's own
/// `positionValue` is by the entry price for some accounts (its sample of an inverse
/// contract), so it is worked out: the quantity of a linear contract is in coins, and
/// an inverse contract is one dollar.
fn notional(quantity: Decimal, mark: Option<Decimal>, category: Category) -> Option<Money> {
    let worth = match category {
        Category::Linear => quantity.abs().checked_mul(mark?)?,
        Category::Inverse => quantity.abs(),
    };
    Some(Money::new(worth.normalize()))
}

/// The side that a `positionIdx` stands for: 0 one-way, 1 the long and 2 the short one
/// of hedge mode, which belongs to a symbol and not to the account.
///
/// # Errors
/// When it is another number.
pub(super) fn side_of(index: Node<'_>) -> Result<PositionSide, Unexpected> {
    match index.as_integer()? {
        0 => Ok(PositionSide::OneWay),
        1 => Ok(PositionSide::Long),
        2 => Ok(PositionSide::Short),
        _ => Err(index.unexpected("0, 1 or 2")),
    }
}

/// The coin of a contract's margin: its settle coin, or that which is traded.
fn margin(symbol: &str, group: Group) -> String {
    match group.settle {
        Some(coin) => coin.to_owned(),
        None => {
            let end = symbol.find("USD").unwrap_or(symbol.len());
            symbol.get(..end).unwrap_or(symbol).to_owned()
        }
    }
}

/// The rows of an answer's page and the cursor of the next one, if there is one.
///
/// # Errors
/// When it lists nothing, or another category than was asked for.
pub(super) fn page<'a>(
    result: &Object<'a>,
    category: Option<Category>,
) -> Result<(Vec<Node<'a>>, Option<String>), Unexpected> {
    let said = result.member("category").zip(category);
    if let Some((said, asked)) = said
        && said.as_text()? != asked.word()
    {
        return Err(said.unexpected("the category that was asked for"));
    }
    let rows = result.need("list")?.as_list()?;
    let cursor = match result.member("nextPageCursor") {
        Some(cursor) => Some(cursor.as_text()?).filter(|cursor| !cursor.is_empty()),
        None => None,
    };
    Ok((rows, cursor))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venue::rest::json::Json;

    fn read(rows: &str, group: Group) -> Result<String, String> {
        let body = format!("[{rows}]");
        let json = Json::parse(body.as_bytes()).unwrap();
        let mut held = Vec::new();
        add(&mut held, &json.root().list().unwrap(), group).map_err(|error| error.to_string())?;
        let texts = held.iter().map(|held| {
            let open = held.position.unrealized;
            let open = open.map_or("?".to_owned(), |open| open.to_string());
            let margin = held.margin.as_deref().unwrap_or("?");
            format!("{} {open} {margin}", held.position)
        });
        Ok(texts.collect::<Vec<_>>().join("; "))
    }

    fn row(index: &str, side: &str, size: &str) -> String {
        format!(
            r#"{{"positionIdx": {index}, "symbol": "BTCUSDT", "side": "{side}", "size": "{size}",
            "avgPrice": "50000.10", "unrealisedPnl": "-12.5", "positionStatus": "Normal"}}"#
        )
    }

    const USDT: Group = Group::ALL[0];

    #[test]
    fn b11_both_sides_are_read_and_empty_rows_are_none() {
        let rows = [row("1", "", "0"), row("2", "Sell", "0.250")].join(",");
        assert_eq!(
            read(&rows, USDT).unwrap(),
            "BTCUSDT/short:-0.25@50000.1 -12.50 USDT"
        );
        let rows = [row("1", "Buy", "1"), row("2", "Sell", "0.25")].join(",");
        let both = "BTCUSDT/long:+1@50000.1 -12.50 USDT; BTCUSDT/short:-0.25@50000.1 -12.50 USDT";
        assert_eq!(read(&rows, USDT).unwrap(), both);
        assert_eq!(read("", USDT).unwrap(), "");
    }

    #[test]
    fn one_way_is_by_its_side_and_coins_have_no_result_in_dollars() {
        assert_eq!(
            read(&row("0", "Sell", "3"), USDT).unwrap(),
            "BTCUSDT:-3@50000.1 -12.50 USDT"
        );
        let inverse = row("0", "Buy", "100").replace("BTCUSDT", "BTCUSDM26");
        assert_eq!(
            read(&inverse, Group::ALL[2]).unwrap(),
            "BTCUSDM26:+100@50000.1 ? BTC"
        );
        let silent = row("0", "Buy", "1").replace("\"-12.5\"", "\"\"");
        assert_eq!(
            read(&silent.replace("\"50000.10\"", "\"\""), USDT).unwrap(),
            "BTCUSDT:+1 ? USDT"
        );
    }

    #[test]
    fn what_a_position_is_worth_is_read_as_far_as_it_is_said() {
        let told = |row: &str, group| {
            let body = format!("[{row}]");
            let json = Json::parse(body.as_bytes()).unwrap();
            let mut held = Vec::new();
            add(&mut held, &json.root().list().unwrap(), group).unwrap();
            let opened = held[0].position.opened.map(|at| at.timestamp_millis());
            (held[0].position.with_worth(), opened)
        };
        let full = row("0", "Sell", "0.5").replace(
            r#""positionStatus""#,
            r#""markPrice": "50100.50", "liqPrice": "61000", "positionValue": "25000.05",
               "openTime": 1700000000123, "positionStatus""#,
        );
        let expected = "BTCUSDT:-0.5@50000.1 (mark 50100.5, notional 25,050.25, liquidation 61000)";
        assert_eq!(
            told(&full, USDT),
            (expected.to_owned(), Some(1_700_000_000_123))
        );
        let far = full.replace(r#""61000""#, r#""""#);
        let expected =
            "BTCUSDT:-0.5@50000.1 (mark 50100.5, notional 25,050.25, no liquidation price)";
        assert_eq!(told(&far, USDT).0, expected);
        let silent = full
            .replace(r#""50100.50""#, r#""""#)
            .replace("liqPrice", "other")
            .replace("1700000000123", "0");
        assert_eq!(
            told(&silent, USDT),
            ("BTCUSDT:-0.5@50000.1".to_owned(), None)
        );
        // A contract of a dollar, whatever the coin costs.
        let inverse = full
            .replace("BTCUSDT", "BTCUSD")
            .replace(r#""0.5""#, r#""300""#);
        let expected = "BTCUSD:-300@50000.1 (mark 50100.5, notional 300.00, liquidation 61000)";
        assert_eq!(told(&inverse, Group::ALL[2]).0, expected);
    }

    #[test]
    fn a_row_that_cannot_be_spoils_the_list() {
        let good = row("0", "Buy", "1");
        for (from, to) in [
            (r#""size": "1""#, r#""size": "-1""#),
            (r#""size": "1""#, r#""size": """#),
            (r#""size": "1""#, r#""size": null"#),
            (r#""size": "1""#, r#""Size": "1""#),
            (r#""Buy""#, r#""""#),
            (r#""Buy""#, r#""None""#),
            (r#""positionIdx": 0"#, r#""positionIdx": 3"#),
            (r#""positionIdx": 0"#, r#""positionIdx": 2"#),
            (r#""positionIdx": 0"#, r#""idx": 0"#),
            (r#""BTCUSDT""#, r#""""#),
        ] {
            let rows = format!("{},{good}", good.replacen(from, to, 1));
            assert!(read(&rows, USDT).is_err(), "{to}");
        }
        assert!(read("null", USDT).is_err());
        // One symbol in two modes.
        let rows = format!("{good},{}", row("1", "Buy", "1"));
        assert!(read(&rows, USDT).is_err());
        // A list that moved between two pages shows a row twice.
        let rows = format!("{good},{good}");
        assert_eq!(read(&rows, USDT).unwrap(), "BTCUSDT:+1@50000.1 -12.50 USDT");
    }
}
