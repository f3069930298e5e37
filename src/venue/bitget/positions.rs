//! Positions, read so that doubt never looks like an empty account.

use std::collections::BTreeMap;

use chrono::DateTime;
use rust_decimal::Decimal;

use super::family::Family;
use super::product::{Contract, Product};
use crate::domain::holdings::Position;
use crate::domain::instrument::{Dialect, Instrument};
use crate::domain::money::Money;
use crate::domain::observation::Timestamp;
use crate::domain::position_key::{PositionKey, PositionSide};
use crate::venue::exchange::held::{self, Held};
use crate::venue::rest::json::{Node, Object, Unexpected};

/// What an account holds.
#[derive(Debug, Default)]
pub(super) struct Holdings {
    pub(super) held: Vec<Held>,
    /// What orders must say of their contracts, by symbol.
    pub(super) contracts: BTreeMap<String, Contract>,
    /// The maintenance margin by margin coin; `None` where it is not known.
    maintenance: BTreeMap<String, Option<Decimal>>,
}

/// How an API names what both have.
struct Names {
    side: &'static str,
    mode: &'static str,
    entry: &'static str,
    open: &'static str,
    rate: &'static str,
    created: &'static str,
}

const fn names(family: Family) -> Names {
    match family {
        Family::Classic => Names {
            side: "holdSide",
            mode: "posMode",
            entry: "openPriceAvg",
            open: "unrealizedPL",
            rate: "keepMarginRate",
            created: "cTime",
        },
        Family::Unified => Names {
            side: "posSide",
            mode: "holdMode",
            entry: "avgPrice",
            open: "unrealisedPnl",
            rate: "mmr",
            created: "createdTime",
        },
    }
}

/// Whether an account, or a contract, is in hedge mode.
///
/// # Errors
/// When it says another word.
pub(super) fn is_hedged(mode: Node<'_>) -> Result<bool, Unexpected> {
    match mode.as_text()?.as_str() {
        "one_way_mode" => Ok(false),
        "hedge_mode" => Ok(true),
        _ => Err(mode.unexpected("`one_way_mode` or `hedge_mode`")),
    }
}

/// The side that a word names, whatever the mode is.
pub(super) fn named_side(word: &str) -> Option<PositionSide> {
    match word {
        "long" => Some(PositionSide::Long),
        "short" => Some(PositionSide::Short),
        "net" => Some(PositionSide::OneWay),
        _ => None,
    }
}

impl Holdings {
    /// Adds the rows of a product to what was read. Rows without a size say nothing.
    ///
    /// # Errors
    /// When a row says something that cannot be: then none is believed.
    pub(super) fn add(
        &mut self,
        rows: &[Node<'_>],
        family: Family,
        product: Product,
    ) -> Result<(), Unexpected> {
        for row in rows {
            self.add_one(*row, family, product)?;
        }
        Ok(())
    }

    fn add_one(
        &mut self,
        row: Node<'_>,
        family: Family,
        product: Product,
    ) -> Result<(), Unexpected> {
        let fields = row.as_object()?;
        let Some(position) = position(&fields, family, product)? else {
            return Ok(());
        };
        let symbol = position.key.instrument.as_str().to_owned();
        let coin = fields.member("marginCoin").and_then(Node::label);
        let coin = coin.unwrap_or_else(|| product.coin(&symbol));
        let rate = fields.member(names(family).rate).and_then(Node::decimal);
        let maintenance = maintenance(&position, rate);
        let known = self.held.len();
        let held = Held {
            position,
            margin: Some(coin.clone()),
        };
        held::add(&mut self.held, held, row)?;
        if self.held.len() == known {
            return Ok(());
        }
        let sum = self.maintenance.entry(coin.clone());
        let sum = sum.or_insert(Some(Decimal::ZERO));
        *sum = sum
            .zip(maintenance)
            .and_then(|(one, other)| one.checked_add(other));
        let margin_mode = fields.member("marginMode").and_then(Node::text);
        let contract = Contract {
            product,
            coin,
            is_isolated: margin_mode.as_deref() == Some("isolated"),
        };
        self.contracts.insert(symbol, contract);
        Ok(())
    }

    /// Both together; `None` when a symbol stands in both.
    pub(super) fn and(mut self, other: Holdings) -> Option<Holdings> {
        let mut symbols = other.contracts.keys();
        if symbols.any(|symbol| self.contracts.contains_key(symbol)) {
            return None;
        }
        self.held.extend(other.held);
        self.contracts.extend(other.contracts);
        for (coin, margin) in other.maintenance {
            let sum = self.maintenance.entry(coin).or_insert(Some(Decimal::ZERO));
            *sum = sum
                .zip(margin)
                .and_then(|(one, other)| one.checked_add(other));
        }
        Some(self)
    }

    /// Whether something is held with its margin in this coin.
    pub(super) fn holds_in(&self, coin: &str) -> bool {
        self.maintenance.contains_key(coin)
    }

    /// The maintenance margin in this coin, of nothing where nothing is held.
    pub(super) fn maintenance_in(&self, coin: &str) -> Option<Decimal> {
        let known = self.maintenance.get(coin).copied();
        known.unwrap_or(Some(Decimal::ZERO))
    }
}

fn position(
    fields: &Object<'_>,
    family: Family,
    product: Product,
) -> Result<Option<Position>, Unexpected> {
    let names = names(family);
    let total = fields.need("total")?;
    let size = total.as_decimal()?;
    if size.is_zero() {
        return Ok(None);
    }
    if size < Decimal::ZERO {
        return Err(total.unexpected("a size of zero or more"));
    }
    let side = fields.need(names.side)?;
    let (named, quantity) = match side.as_text()?.as_str() {
        "long" => (PositionSide::Long, size),
        "short" => (PositionSide::Short, -size),
        _ => return Err(side.unexpected("`long` or `short`")),
    };
    let symbol = fields.need("symbol")?.as_label()?;
    let key = PositionKey {
        instrument: Instrument::of(&symbol, Dialect::Symbols),
        side: if is_hedged(fields.need(names.mode)?)? {
            named
        } else {
            PositionSide::OneWay
        },
    };
    let number = |name| fields.member(name).and_then(Node::decimal);
    // A coin future's result is in its coin.
    let unrealized = number(names.open).filter(|_| product != Product::Coin);
    let mark = number("markPrice").filter(|price| *price > Decimal::ZERO);
    let notional = mark.and_then(|mark| size.checked_mul(mark));
    Ok(Some(Position {
        average_price: number(names.entry).map(|price| price.normalize()),
        unrealized: unrealized.map(|open| Money::new(open.normalize())),
        mark_price: mark.map(|price| price.normalize()),
        // Zero or less says that no price liquidates it.
        liquidation: held::liquidation(fields.member("liquidationPrice")),
        notional: notional.map(|worth| Money::new(worth.normalize())),
        opened: opened(fields, names.created),
        ..Position::new(key, quantity.normalize())
    }))
}

/// What the venue wants to stay behind a position: its rate of what the position is worth.
fn maintenance(position: &Position, rate: Option<Decimal>) -> Option<Decimal> {
    position.notional?.decimal().checked_mul(rate?)
}

fn opened(fields: &Object<'_>, name: &str) -> Option<Timestamp> {
    let at = fields.member(name)?.as_integer().ok()?;
    DateTime::from_timestamp_millis(at).filter(|at| *at > Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venue::rest::json::Json;

    const CLASSIC: &str = r#"{"marginCoin": "USDT", "symbol": "BTCUSDT", "holdSide": "short",
        "total": "0.50", "available": "0.5", "locked": "0", "openPriceAvg": "50000.10",
        "marginMode": "isolated", "posMode": "hedge_mode", "unrealizedPL": "-12.5",
        "liquidationPrice": "61000", "keepMarginRate": "0.004", "markPrice": "50100.50",
        "cTime": "1700000000123"}"#;

    const UNIFIED: &str = r#"{"symbol": "BTCPERP", "holdMode": "one_way_mode",
        "posSide": "long", "total": "1", "avgPrice": "50000", "unrealisedPnl": "",
        "liquidationPrice": "0", "marginMode": "crossed"}"#;

    fn read(rows: &str, family: Family, product: Product) -> Result<Holdings, String> {
        let body = format!("[{rows}]");
        let json = Json::parse(body.as_bytes()).unwrap();
        let mut read = Holdings::default();
        read.add(
            &json.root().as_list().map_err(|error| error.to_string())?,
            family,
            product,
        )
        .map_err(|error| error.to_string())?;
        Ok(read)
    }

    fn told(read: &Holdings) -> String {
        let texts = read.held.iter().map(|held| {
            let open = held.position.unrealized;
            let open = open.map_or("?".to_owned(), |open| open.to_string());
            let margin = held.margin.as_deref().unwrap_or("?");
            format!("{} {open} {margin}", held.position.with_worth())
        });
        texts.collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn a_position_is_read_as_far_as_it_goes_in_both_apis() {
        let classic = read(CLASSIC, Family::Classic, Product::Usdt).unwrap();
        let expected = "BTCUSDT/short:-0.5@50000.1 (mark 50100.5, notional 25,050.25, \
                        liquidation 61000) -12.50 USDT";
        assert_eq!(told(&classic), expected);
        let position = &classic.held[0].position;
        assert_eq!(
            position.opened.unwrap().timestamp_millis(),
            1_700_000_000_123
        );
        assert_eq!(classic.maintenance_in("USDT"), "100.201".parse().ok());
        assert_eq!(classic.maintenance_in("USDC"), Some(Decimal::ZERO));
        assert!(classic.contracts["BTCUSDT"].is_isolated);
        let unified = read(UNIFIED, Family::Unified, Product::Usdc).unwrap();
        assert_eq!(
            told(&unified),
            "BTCPERP:+1@50000 (no liquidation price) ? USDC"
        );
        assert_eq!(unified.maintenance_in("USDC"), None);
        let both = classic.and(unified).unwrap();
        assert_eq!(both.held.len(), 2);
        assert!(both.holds_in("USDT") && both.holds_in("USDC") && !both.holds_in("BTC"));
    }

    #[test]
    fn coins_have_no_result_in_dollars_and_one_symbol_no_two_products() {
        let coin = CLASSIC
            .replace("BTCUSDT", "BTCUSD")
            .replace("\"USDT\"", "\"BTC\"");
        let coin = read(&coin, Family::Classic, Product::Coin).unwrap();
        assert!(told(&coin).ends_with(" ? BTC"), "{}", told(&coin));
        let one = read(CLASSIC, Family::Classic, Product::Usdt).unwrap();
        let other = read(CLASSIC, Family::Classic, Product::Usdc).unwrap();
        assert!(one.and(other).is_none());
    }

    #[test]
    fn a_row_that_cannot_be_spoils_the_list() {
        for (from, to) in [
            (r#""total": "0.50""#, r#""total": "-0.5""#),
            (r#""total": "0.50""#, r#""total": """#),
            (r#""total": "0.50""#, r#""total": null"#),
            (r#""total": "0.50""#, r#""size": "1""#),
            (r#""short""#, r#""""#),
            (r#""short""#, r#""net""#),
            (r#""hedge_mode""#, r#""both""#),
            (r#""posMode""#, r#""mode""#),
            (r#""BTCUSDT""#, r#""""#),
        ] {
            let rows = format!("{},{CLASSIC}", CLASSIC.replacen(from, to, 1));
            assert!(read(&rows, Family::Classic, Product::Usdt).is_err(), "{to}");
        }
        // One symbol in two modes.
        let other = CLASSIC.replace("hedge_mode", "one_way_mode");
        let rows = format!("{CLASSIC},{other}");
        assert!(read(&rows, Family::Classic, Product::Usdt).is_err());
        // A row twice is one, and one without a size is none.
        let empty = CLASSIC.replace("\"0.50\"", "\"0\"");
        let rows = format!("{CLASSIC},{CLASSIC},{empty}");
        let read = read(&rows, Family::Classic, Product::Usdt).unwrap();
        assert_eq!(read.held.len(), 1);
        assert_eq!(read.maintenance_in("USDT"), "100.201".parse().ok());
    }
}
