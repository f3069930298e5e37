//! Positions, read so that doubt never looks like an empty account.
//!
//! A row names its direction, `LONG` or `SHORT`, in both modes of an account, and mostly
//! beside it whether its symbol has one position alone. Where it does not, the mode of the
//! account is asked for. Some pages show `BOTH` and a sign.

use chrono::DateTime;
use rust_decimal::Decimal;

use super::parts::Part;
use super::routes::is_id;
use crate::domain::holdings::Position;
use crate::domain::instrument::{Dialect, Instrument};
use crate::domain::money::Money;
use crate::domain::observation::Timestamp;
use crate::domain::position_key::{PositionKey, PositionSide};
use crate::venue::exchange::held::{self, Held};
use crate::venue::rest::json::{Node, Object, Unexpected};

/// How an account holds a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Long or short.
    OneWay,
    /// Long and short, each by itself.
    Hedge,
}

/// Whether a row leaves open in which mode it is held.
///
/// # Errors
/// When it is no list of positions.
pub(super) fn need_mode(list: Node<'_>) -> Result<bool, Unexpected> {
    for row in list.as_list()? {
        let fields = row.as_object()?;
        let is_held = !fields.need("positionAmt")?.as_decimal()?.is_zero();
        let is_both = fields.need("positionSide")?.as_text()? == "BOTH";
        if is_held && !is_both && mode_of(&fields).is_none() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Every position of a list; `mode` is that of the account, where that was asked for.
///
/// # Errors
/// When a row says something that cannot be: then none is believed.
pub(super) fn read(list: Node<'_>, mode: Option<Mode>) -> Result<Vec<Held>, Unexpected> {
    let mut held: Vec<Held> = Vec::new();
    let mut ids: Vec<String> = Vec::new();
    for row in list.as_list()? {
        let fields = row.as_object()?;
        let Some(new) = one(&fields, mode)? else {
            continue;
        };
        let id = fields.member("positionId").and_then(Node::label);
        if id.as_ref().is_some_and(|id| ids.contains(id)) {
            return Err(row.unexpected("a position of its own"));
        }
        let is_same = |known: &&mut Held| known.position.key == new.position.key;
        match (held.iter_mut().find(is_same), &id) {
            (None, _) => held::add(&mut held, new, row)?,
            // With a margin for each opening a side is held in several parts.
            (Some(known), Some(_)) => join(known, &new, row)?,
            (Some(_), None) => return Err(row.unexpected("a position of its own")),
        }
        ids.extend(id);
    }
    Ok(held)
}

/// The same, by the ids under which they are held.
///
/// # Errors
/// As [`read`].
pub(super) fn parts(list: Node<'_>, mode: Option<Mode>) -> Result<Vec<Part>, Unexpected> {
    let mut parts = Vec::new();
    for row in list.as_list()? {
        let fields = row.as_object()?;
        let id = fields.member("positionId").and_then(Node::label);
        let held = one(&fields, mode)?;
        let part = |(held, id): (Held, String)| Part {
            key: held.position.key,
            id,
            quantity: held.position.quantity.abs(),
        };
        parts.extend(held.zip(id.filter(|id| is_id(id))).map(part));
    }
    Ok(parts)
}

/// Adds a part of a position to another one.
fn join(known: &mut Held, new: &Held, row: Node<'_>) -> Result<(), Unexpected> {
    let (one, other) = (&mut known.position, &new.position);
    let both = one.quantity.checked_add(other.quantity);
    one.quantity = both
        .filter(|both| one.key.side.admits(*both))
        .filter(|_| one.quantity.is_sign_negative() == other.quantity.is_sign_negative())
        .ok_or_else(|| row.unexpected("a part of the same position"))?;
    let plus = |one: Option<Money>, other: Option<Money>| one?.plus(other?);
    one.unrealized = plus(one.unrealized, other.unrealized);
    one.notional = plus(one.notional, other.notional);
    // Each part has its own.
    one.average_price = None;
    one.liquidation = held::liquidation(None);
    one.opened = one.opened.min(other.opened);
    Ok(())
}

fn one(fields: &Object<'_>, mode: Option<Mode>) -> Result<Option<Held>, Unexpected> {
    let amount = fields.need("positionAmt")?;
    let size = amount.as_decimal()?;
    if size.is_zero() {
        return Ok(None);
    }
    let (side, quantity) = side(fields, amount, mode)?;
    let symbol = fields.need("symbol")?.as_label()?;
    let number = |name| fields.member(name).and_then(Node::decimal);
    let mark = number("markPrice").filter(|price| *price > Decimal::ZERO);
    let worth = number("positionValue").map(|worth| worth.abs());
    let worth = worth
        .filter(|worth| !worth.is_zero())
        .or_else(|| size.abs().checked_mul(mark?));
    let key = PositionKey {
        instrument: Instrument::of(&symbol, Dialect::Symbols),
        side,
    };
    let unrealized = number("unrealizedProfit");
    Ok(Some(Held {
        position: Position {
            average_price: number("avgPrice").map(|price| price.normalize()),
            unrealized: unrealized.map(|open| Money::new(open.normalize())),
            mark_price: mark.map(|price| price.normalize()),
            liquidation: held::liquidation(fields.member("liquidationPrice")),
            notional: worth.map(|worth| Money::new(worth.normalize())),
            opened: opened(fields),
            ..Position::new(key, quantity.normalize())
        },
        margin: fields.member("currency").and_then(Node::label),
    }))
}

/// The side of a position, and its quantity with its sign.
fn side(
    fields: &Object<'_>,
    amount: Node<'_>,
    mode: Option<Mode>,
) -> Result<(PositionSide, Decimal), Unexpected> {
    let word = fields.need("positionSide")?;
    let size = amount.as_decimal()?;
    let quantity = match word.as_text()?.as_str() {
        "BOTH" => return Ok((PositionSide::OneWay, size)),
        "LONG" if size > Decimal::ZERO => size,
        "LONG" => return Err(amount.unexpected("an amount above zero")),
        "SHORT" => -size.abs(),
        _ => return Err(word.unexpected("`LONG`, `SHORT` or `BOTH`")),
    };
    let mode = mode_of(fields).or(mode);
    let side = match mode.ok_or_else(|| word.unexpected("a side of a known mode"))? {
        Mode::OneWay => PositionSide::OneWay,
        Mode::Hedge if quantity > Decimal::ZERO => PositionSide::Long,
        Mode::Hedge => PositionSide::Short,
    };
    Ok((side, quantity))
}

/// What a row says of the mode.
fn mode_of(fields: &Object<'_>) -> Option<Mode> {
    let is_one = fields.member("onlyOnePosition")?.boolean()?;
    Some(if is_one { Mode::OneWay } else { Mode::Hedge })
}

/// The mode of the account, as the call for it says: a text, or a boolean.
///
/// # Errors
/// When it says none.
pub(super) fn read_mode(data: Node<'_>) -> Result<Mode, Unexpected> {
    let is_hedge = data.as_object()?.need("dualSidePosition")?.as_boolean()?;
    Ok(if is_hedge { Mode::Hedge } else { Mode::OneWay })
}

fn opened(fields: &Object<'_>) -> Option<Timestamp> {
    let at = fields.member("createTime")?.as_integer().ok()?;
    DateTime::from_timestamp_millis(at).filter(|at| *at > Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venue::rest::json::Json;

    fn of(rows: &[String], mode: Option<Mode>) -> Result<String, String> {
        let body = format!("[{}]", rows.join(","));
        let json = Json::parse(body.as_bytes()).unwrap();
        let held = read(json.root(), mode).map_err(|error| error.to_string())?;
        let texts = held.iter().map(|one| {
            let open = one.position.unrealized;
            let open = open.map_or("?".to_owned(), |open| open.to_string());
            let margin = one.margin.as_deref().unwrap_or("?");
            format!("{} {open} {margin}", one.position)
        });
        Ok(texts.collect::<Vec<_>>().join("; "))
    }

    fn row(id: u64, side: &str, amount: &str, only_one: Option<bool>) -> String {
        let only_one =
            only_one.map_or(String::new(), |one| format!(r#""onlyOnePosition": {one},"#));
        format!(
            r#"{{"positionId": "{id}", "symbol": "BTC-USDT", "currency": "USDT",
            "positionSide": "{side}", "positionAmt": "{amount}", {only_one}
            "avgPrice": "50000.10", "unrealizedProfit": "-12.5", "leverage": 5}}"#
        )
    }

    #[test]
    fn a_row_names_its_direction_in_both_modes() {
        let one = "BTC-USDT:-0.25@50000.1 -12.50 USDT";
        assert_eq!(
            of(&[row(1, "SHORT", "0.250", Some(true))], None).unwrap(),
            one
        );
        assert_eq!(
            of(&[row(1, "BOTH", "-0.25", Some(true))], None).unwrap(),
            one
        );
        let both = [
            row(1, "LONG", "1", Some(false)),
            row(2, "SHORT", "0.25", Some(false)),
        ];
        assert_eq!(
            of(&both, None).unwrap(),
            "BTC-USDT/long:+1@50000.1 -12.50 USDT; BTC-USDT/short:-0.25@50000.1 -12.50 USDT"
        );
        assert_eq!(of(&[], None).unwrap(), "");
        assert_eq!(of(&[row(1, "LONG", "0.000", None)], None).unwrap(), "");
    }

    #[test]
    fn a_row_that_does_not_say_its_mode_has_that_of_the_account() {
        let rows = [row(1, "SHORT", "0.25", None)];
        let body = format!("[{}]", rows[0]);
        let json = Json::parse(body.as_bytes()).unwrap();
        assert_eq!(need_mode(json.root()), Ok(true));
        assert!(of(&rows, None).is_err());
        for (mode, key) in [(Mode::OneWay, "BTC-USDT"), (Mode::Hedge, "BTC-USDT/short")] {
            let expected = format!("{key}:-0.25@50000.1 -12.50 USDT");
            assert_eq!(of(&rows, Some(mode)).unwrap(), expected);
        }
        for said in [
            row(1, "SHORT", "0.25", Some(false)),
            row(1, "BOTH", "0.25", None),
            row(1, "SHORT", "0", None),
        ] {
            let body = format!("[{said}]");
            let json = Json::parse(body.as_bytes()).unwrap();
            assert_eq!(need_mode(json.root()), Ok(false), "{said}");
        }
        let mode = |body: &str| read_mode(Json::parse(body.as_bytes()).unwrap().root()).ok();
        for (body, expected) in [
            (r#"{"dualSidePosition": "true"}"#, Some(Mode::Hedge)),
            (r#"{"dualSidePosition": false}"#, Some(Mode::OneWay)),
            (r#"{"dualSidePosition": null}"#, None),
            ("{}", None),
        ] {
            assert_eq!(mode(body), expected, "{body}");
        }
    }

    #[test]
    fn parts_of_one_side_are_one_position() {
        let parts = [
            row(1, "LONG", "1", Some(false)),
            row(2, "LONG", "0.5", Some(false)),
        ];
        assert_eq!(of(&parts, None).unwrap(), "BTC-USDT/long:+1.5 -25.00 USDT");
        // One row twice is no two parts.
        let twice = [parts[0].clone(), parts[0].clone()];
        assert!(of(&twice, None).is_err());
        let body = format!("[{},{}]", parts[0], parts[1]);
        let json = Json::parse(body.as_bytes()).unwrap();
        let ids = super::parts(json.root(), None).unwrap().into_iter();
        let ids = ids.map(|part| format!("{} {}: {}", part.key, part.id, part.quantity));
        let expected = ["BTC-USDT/long 1: 1", "BTC-USDT/long 2: 0.5"];
        assert_eq!(ids.collect::<Vec<_>>(), expected);
        let nameless = parts.map(|row| row.replace("positionId", "other"));
        assert!(of(&nameless, None).is_err());
        // Both directions of one-way mode cannot be.
        let both = [
            row(1, "LONG", "1", Some(true)),
            row(2, "SHORT", "0.5", Some(true)),
        ];
        assert!(of(&both, None).is_err());
    }

    #[test]
    fn what_a_position_is_worth_is_read_as_far_as_it_is_said() {
        let told = |row: &str| {
            let body = format!("[{row}]");
            let json = Json::parse(body.as_bytes()).unwrap();
            let held = read(json.root(), None).unwrap();
            let opened = held[0].position.opened.map(|at| at.timestamp_millis());
            (held[0].position.with_worth(), opened)
        };
        let full = row(1, "SHORT", "0.5", Some(true)).replace(
            r#""leverage""#,
            r#""markPrice": "50100.50", "positionValue": "25050.2500",
               "liquidationPrice": 61000.5, "createTime": 1700000000123, "leverage""#,
        );
        let worth = "mark 50100.5, notional 25,050.25";
        assert_eq!(
            told(&full),
            (
                format!("BTC-USDT:-0.5@50000.1 ({worth}, liquidation 61000.5)"),
                Some(1_700_000_000_123)
            )
        );
        let far = full
            .replace("61000.5", "0")
            .replace("positionValue", "other");
        let expected = format!("BTC-USDT:-0.5@50000.1 ({worth}, no liquidation price)");
        assert_eq!(told(&far).0, expected);
        // As in a recorded reply, which has neither.
        let bare = row(1, "SHORT", "0.5", Some(true));
        assert_eq!(told(&bare), ("BTC-USDT:-0.5@50000.1".to_owned(), None));
    }

    #[test]
    fn a_row_that_cannot_be_spoils_the_list() {
        let good = row(1, "LONG", "1", Some(true));
        for (from, to) in [
            (r#""positionAmt": "1""#, r#""positionAmt": "-1""#),
            (r#""positionAmt": "1""#, r#""positionAmt": """#),
            (r#""positionAmt": "1""#, r#""positionAmt": null"#),
            (r#""positionAmt": "1""#, r#""amount": "1""#),
            (r#""LONG""#, r#""Long""#),
            (r#""positionSide": "LONG""#, r#""side": "LONG""#),
            (r#""BTC-USDT""#, r#""""#),
            (r#""onlyOnePosition": true"#, r#""onlyOnePosition": 1"#),
        ] {
            let wrong = good.replacen(from, to, 1);
            let other = good
                .replace("BTC", "ETH")
                .replace("\"1\", \"symbol", "\"2\", \"symbol");
            assert!(of(&[wrong, other], None).is_err(), "{to}");
        }
        for wrong in ["null", "{}", r#"{"positions": []}"#] {
            let json = Json::parse(wrong.as_bytes()).unwrap();
            assert!(read(json.root(), None).is_err(), "{wrong}");
        }
    }
}
