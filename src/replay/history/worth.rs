//! What a row says of the worth of each of its positions.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::HistoryError;
use super::cells::{decimal, text};
use super::columns::Column;
use crate::domain::holdings::{Liquidation, Position};
use crate::domain::instrument::Dialect;
use crate::domain::money::Money;
use crate::domain::position_key::{PositionKey, PositionSide};
use crate::rules::diagnostic::quoted;

const HELP: &str = "write `BTCUSDT:50100.5`, with a side `BTCUSDT/long:50100.5`, `;` between positions; \
     an empty cell where nothing is known";

/// The positions of a row with what these cells say of them.
///
/// # Errors
/// The first part that is none, or that is of something the row does not hold.
pub(super) fn of_each(
    held: &[Position],
    cells: &[(Column, &[u8])],
    line: u64,
    dialect: Dialect,
) -> Result<Arc<[Position]>, HistoryError> {
    let mut held = held.to_vec();
    for (column, cell) in cells {
        let wrong = |message: String, help: &'static str| {
            HistoryError::in_column(line, *column, message).help(help)
        };
        for part in text(cell, line, *column)?.split(';') {
            let Some((name, number)) = read(part, *column) else {
                return Err(wrong(format!("{} is no such figure", quoted(part)), HELP));
            };
            let key = PositionKey::of(name, dialect);
            let mut is_held = false;
            for position in held.iter_mut().filter(|position| is_of(&key, position)) {
                is_held = true;
                put(position, *column, number);
            }
            if !is_held {
                let message = format!("the row holds no {}", quoted(name));
                let help = "`positions` of the row says what is held";
                return Err(wrong(message, help));
            }
        }
    }
    Ok(held.into())
}

/// A part of a cell: of which position, and the number; none for the word `none`.
fn read(part: &str, column: Column) -> Option<(&str, Option<Decimal>)> {
    let (name, number) = part.rsplit_once(':')?;
    let (name, number) = (name.trim(), number.trim());
    if number == "none" && column == Column::LiquidationPrice {
        return Some((name, None));
    }
    let number = decimal(number.as_bytes()).filter(|number| *number > Decimal::ZERO)?;
    Some((name, Some(number)))
}

/// Whether a name means this position: without a side it means both.
fn is_of(key: &PositionKey, position: &Position) -> bool {
    let is_either = key.side == PositionSide::OneWay;
    key.instrument == position.key.instrument && (is_either || key.side == position.key.side)
}

fn put(position: &mut Position, column: Column, number: Option<Decimal>) {
    match column {
        Column::MarkPrice => position.mark_price = number,
        Column::LiquidationPrice => {
            position.liquidation = number.map_or(Liquidation::Never, Liquidation::At);
        }
        _ => position.notional = number.map(Money::new),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::history::cells::positions;

    fn said(cells: &[(Column, &str)]) -> Result<String, String> {
        let held = positions(
            "BTCUSDT/long:+1@50000;BTCUSDT/short:-2;ETHUSDT:+3",
            Dialect::Symbols,
        );
        let cells: Vec<(Column, &[u8])> = cells
            .iter()
            .map(|(column, text)| (*column, text.as_bytes()))
            .collect();
        let held = of_each(&held.unwrap(), &cells, 7, Dialect::Symbols);
        let held = held.map_err(|error| error.to_string())?;
        let held: Vec<String> = held.iter().map(Position::with_worth).collect();
        Ok(held.join("; "))
    }

    #[test]
    fn each_position_gets_its_own() {
        let told = said(&[
            (Column::MarkPrice, "BTCUSDT:50100.50; ETHUSDT:3000"),
            (Column::LiquidationPrice, "BTCUSDT/long:41000;ETHUSDT:none"),
            (Column::Notional, "ETHUSDT:9000"),
        ]);
        assert_eq!(
            told.unwrap(),
            "BTCUSDT/long:+1@50000 (mark 50100.5, liquidation 41000); \
             BTCUSDT/short:-2 (mark 50100.5); \
             ETHUSDT:+3 (mark 3000, notional 9,000.00, no liquidation price)"
        );
    }

    #[test]
    fn a_part_that_says_nothing_of_what_is_held_is_wrong() {
        for (cell, part) in [
            ("BTCUSDT", "is no such figure"),
            ("BTCUSDT:", "is no such figure"),
            ("BTCUSDT:0", "is no such figure"),
            ("BTCUSDT:-1", "is no such figure"),
            ("BTCUSDT:none", "is no such figure"),
            ("ETHUSDT:1;;", "is no such figure"),
            ("ETHUSDT/long:1", "the row holds no"),
            ("SOLUSDT:1", "the row holds no"),
        ] {
            let error = said(&[(Column::MarkPrice, cell)]).unwrap_err();
            assert!(
                error.contains(part) && error.contains("mark_price"),
                "{cell}: {error}"
            );
        }
    }
}
