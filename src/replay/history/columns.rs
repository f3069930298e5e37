//! The columns of a history, as its header names them.

use super::HistoryError;
use super::cells::Cells;
use crate::rules::diagnostic::{listed, quoted};
use crate::rules::suggest::did_you_mean;

/// A column of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Time,
    Account,
    Realized,
    Unrealized,
    Balance,
    Equity,
    Margin,
    Positions,
    MarkPrice,
    LiquidationPrice,
    Notional,
    Orders,
}

impl Column {
    const ALL: [(&'static str, Column); 12] = [
        ("time", Column::Time),
        ("account", Column::Account),
        ("realized", Column::Realized),
        ("unrealized", Column::Unrealized),
        ("balance", Column::Balance),
        ("equity", Column::Equity),
        ("margin", Column::Margin),
        ("positions", Column::Positions),
        ("mark_price", Column::MarkPrice),
        ("liquidation_price", Column::LiquidationPrice),
        ("notional", Column::Notional),
        ("orders", Column::Orders),
    ];

    pub(super) fn name(self) -> &'static str {
        let found = Column::ALL.iter().find(|(_, column)| *column == self);
        found.map_or("", |(name, _)| name)
    }

    /// Whether it says something of each position in the row.
    pub(super) const fn is_of_positions(self) -> bool {
        matches!(
            self,
            Column::MarkPrice | Column::LiquidationPrice | Column::Notional
        )
    }

    /// Whether it says whose observation the row is, and when it was made.
    pub(super) const fn is_key(self) -> bool {
        matches!(self, Column::Time | Column::Account)
    }
}

/// Reads the header, which is the record on this line.
pub(super) fn header(cells: &Cells, line: u64) -> Result<Vec<Column>, HistoryError> {
    let wrong = |message: String| HistoryError::on(line, message);
    let mut columns = Vec::new();
    for cell in cells.iter() {
        let name = std::str::from_utf8(cell)
            .map_err(|_| HistoryError::on(line, HistoryError::NOT_UTF_8))?;
        let names = Column::ALL.iter().map(|(name, _)| *name);
        let Some((_, column)) = Column::ALL.iter().find(|(known, _)| *known == name) else {
            let help = did_you_mean(name, names.clone())
                .unwrap_or_else(|| format!("columns are {}", listed(names)));
            return Err(wrong(format!("there is no column {}", quoted(name))).help(help));
        };
        if columns.contains(column) {
            return Err(wrong(format!("the column {} is a duplicate", quoted(name))));
        }
        columns.push(*column);
    }
    for required in [Column::Time, Column::Account] {
        if !columns.contains(&required) {
            let message = format!("the column {} is missing", quoted(required.name()));
            return Err(wrong(message).help("the first line names the columns"));
        }
    }
    Ok(columns)
}
