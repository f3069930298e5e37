//! What a row says besides its time and its account. Several threads may read
//! the rows of one piece, each with a reader of its own.

use std::sync::Arc;

use memchr::{memchr, memchr2};

use super::cells::{Cells, decimal, leading_count, leading_decimal, positions, text};
use super::columns::Column;
use super::{HistoryError, RowHead, worth};
use crate::domain::holdings::{Position, WorkingOrders};
use crate::domain::instrument::Dialect;
use crate::domain::money::Money;
use crate::domain::observation::{Content, Learned, Missing};
use crate::rules::diagnostic::quoted;

/// What a row says that was never read.
const NOTHING: &Content = &Content::Missing(Missing::Stated);

/// Reads the contents of rows.
#[derive(Debug)]
pub(in crate::replay) struct ContentReader {
    columns: Arc<[Column]>,
    /// Whether there are figures of each position, which differ from row to row.
    has_worth: bool,
    cells: Cells,
    /// What the last row of each account said. The next one is read into its
    /// place: most of it is the same.
    said: Vec<LastSaid>,
}

/// What the last row of an account said.
#[derive(Clone, Debug)]
struct LastSaid {
    /// How its instruments are named.
    dialect: Dialect,
    content: Content,
    /// The positions that were read last, which may be of an earlier row.
    held: Option<Held>,
}

/// Positions as they were written, and read.
#[derive(Clone, Debug)]
struct Held {
    text: Box<[u8]>,
    /// Whether a cell without quotes can say this.
    is_plain: bool,
    positions: Arc<[Position]>,
}

impl ContentReader {
    /// Begins with nothing known of the accounts, whose instruments are named so.
    pub(super) fn new(columns: Arc<[Column]>, dialects: &[Dialect]) -> ContentReader {
        let nothing = |dialect: &Dialect| LastSaid {
            dialect: *dialect,
            content: NOTHING.clone(),
            held: None,
        };
        ContentReader {
            has_worth: columns.iter().any(|column| column.is_of_positions()),
            columns,
            cells: Cells::default(),
            said: dialects.iter().map(nothing).collect(),
        }
    }

    /// What a row of this piece says.
    ///
    /// # Errors
    /// The first cell that cannot be read, with its line and column.
    pub(in crate::replay) fn read(
        &mut self,
        piece: &[u8],
        head: &RowHead,
    ) -> Result<&Content, HistoryError> {
        if self.quick(piece, head).is_none() {
            self.careful(piece, head)?;
        }
        let said = self.said.get(head.account());
        Ok(said.map_or(NOTHING, |said| &said.content))
    }

    /// The usual form: no quotes, no blanks around a cell, no long number, and
    /// something known in the row before. `None` says nothing about the row but
    /// that it has another one.
    fn quick(&mut self, piece: &[u8], head: &RowHead) -> Option<()> {
        let read = head.read.filter(|_| !self.has_worth)?;
        let mut rest = head.text(piece).get(read.bytes as usize..)?;
        let LastSaid { content, held, .. } = self.said.get_mut(head.account())?;
        let Content::Learned(learned) = content else {
            return None;
        };
        let mut is_known = false;
        for (place, column) in self.columns.iter().enumerate().skip(read.columns as usize) {
            let cell = match place {
                0 => rest,
                _ => rest.strip_prefix(b",")?,
            };
            let is_empty = matches!(cell.first(), None | Some(b','));
            rest = match column {
                Column::Time | Column::Account => {
                    let end = memchr(b',', cell).unwrap_or(cell.len());
                    rest = cell.get(end..)?;
                    continue;
                }
                Column::Positions if is_empty => {
                    learned.positions = None;
                    cell
                }
                Column::Positions => {
                    let held = held.as_ref().filter(|held| held.is_plain)?;
                    if learned.positions.is_none() {
                        learned.positions = Some(Arc::clone(&held.positions));
                    }
                    cell.strip_prefix(&*held.text)?
                }
                Column::Orders if is_empty => {
                    learned.orders = WorkingOrders::Unknown;
                    cell
                }
                Column::Orders => {
                    let (count, behind) = leading_count(cell)?;
                    learned.orders = WorkingOrders::Counted(count);
                    behind
                }
                figure if is_empty => {
                    *slot(learned, *figure) = None;
                    cell
                }
                figure => {
                    let (value, behind) = leading_decimal(cell)?;
                    *slot(learned, *figure) = Some(Money::new(value));
                    behind
                }
            };
            is_known |= !is_empty;
        }
        if !is_known {
            *content = NOTHING.clone();
        }
        rest.is_empty().then_some(())
    }

    /// Any form.
    fn careful(&mut self, piece: &[u8], head: &RowHead) -> Result<(), HistoryError> {
        let wrong = |problem| HistoryError::on(head.line, problem);
        self.cells.take(head.text(piece)).map_err(wrong)?;
        let mut read = read_cells(&self.columns, &self.cells, head.line, |_, _| Ok(()))?;
        let Some(said) = self.said.get_mut(head.account()) else {
            return Ok(());
        };
        if let Some(cell) = read.positions {
            read.learned.positions = Some(held_in(cell, head.line, said.dialect, &mut said.held)?);
        }
        if !read.worth.is_empty() {
            let held = read.learned.positions.as_deref().unwrap_or_default();
            let held = worth::of_each(held, &read.worth, head.line, said.dialect)?;
            read.learned.positions = read.learned.positions.is_some().then_some(held);
        }
        said.content = if read.is_known {
            Content::Learned(read.learned)
        } else {
            NOTHING.clone()
        };
        Ok(())
    }
}

/// What the cells of a row say.
#[derive(Debug)]
pub(super) struct Said<'c> {
    learned: Learned,
    /// Positions, not read yet.
    positions: Option<&'c [u8]>,
    /// What is said of each position, not read yet.
    worth: Vec<(Column, &'c [u8])>,
    /// Whether it says anything.
    is_known: bool,
}

/// Reads all cells but positions, from left to right; `key` reads those with
/// the time and the account.
pub(super) fn read_cells<'c>(
    columns: &[Column],
    cells: &'c Cells,
    line: u64,
    mut key: impl FnMut(Column, &[u8]) -> Result<(), HistoryError>,
) -> Result<Said<'c>, HistoryError> {
    if cells.count() != columns.len() {
        let (found, wanted) = (cells.count(), columns.len());
        let message = format!("{found} cells, and the header has {wanted} columns");
        return Err(HistoryError::on(line, message).help("an unknown value is an empty cell"));
    }
    let mut said = Said {
        learned: Learned {
            orders: WorkingOrders::Unknown,
            ..Learned::default()
        },
        positions: None,
        worth: Vec::new(),
        is_known: false,
    };
    for (cell, column) in cells.iter().zip(columns) {
        match column {
            Column::Time | Column::Account => {
                key(*column, cell)?;
                continue;
            }
            _ if cell.is_empty() => continue,
            Column::Positions => said.positions = Some(cell),
            column if column.is_of_positions() => said.worth.push((*column, cell)),
            Column::Orders => said.learned.orders = orders(cell, line)?,
            figure => {
                let value = Some(number(cell, *figure, line)?);
                *slot(&mut said.learned, *figure) = value;
            }
        }
        said.is_known = true;
    }
    Ok(said)
}

fn number(cell: &[u8], column: Column, line: u64) -> Result<Money, HistoryError> {
    if let Some(value) = decimal(cell) {
        return Ok(Money::new(value));
    }
    let text = text(cell, line, column)?;
    let message = format!("{} is not a number", quoted(text));
    let help = "write digits with at most one point, such as `-1000.50`; \
                a value that is not known is an empty cell";
    Err(HistoryError::in_column(line, column, message).help(help))
}

fn orders(cell: &[u8], line: u64) -> Result<WorkingOrders, HistoryError> {
    let text = text(cell, line, Column::Orders)?;
    match text.parse() {
        Ok(count) => Ok(WorkingOrders::Counted(count)),
        Err(_) => {
            let message = format!("{} is not a count of orders", quoted(text));
            Err(HistoryError::in_column(line, Column::Orders, message).help("write a whole number"))
        }
    }
}

/// The positions in a cell: those that were read last, when it says the same.
fn held_in(
    cell: &[u8],
    line: u64,
    dialect: Dialect,
    last: &mut Option<Held>,
) -> Result<Arc<[Position]>, HistoryError> {
    if let Some(held) = last
        && *held.text == *cell
    {
        return Ok(Arc::clone(&held.positions));
    }
    let text = text(cell, line, Column::Positions)?;
    let positions = positions(text, dialect).map_err(|(message, help)| {
        HistoryError::in_column(line, Column::Positions, message).help(help)
    })?;
    *last = Some(Held {
        text: cell.into(),
        is_plain: memchr2(b',', b'"', cell).is_none(),
        positions: Arc::clone(&positions),
    });
    Ok(positions)
}

/// Where a figure of an observation goes.
fn slot(learned: &mut Learned, column: Column) -> &mut Option<Money> {
    match column {
        Column::Realized => &mut learned.figures.realized,
        Column::Unrealized => &mut learned.figures.unrealized,
        Column::Balance => &mut learned.figures.balance,
        Column::Margin => &mut learned.maintenance_margin,
        _ => &mut learned.figures.equity,
    }
}
