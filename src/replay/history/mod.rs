//! Histories for `riskd replay`: CSV with a header, one observation a row.
//!
//! | column | value |
//! |---|---|
//! | `time` | RFC 3339 with its offset; required, in order |
//! | `account` | the account's name in the rule file; required |
//! | `realized`, `unrealized`, `balance`, `equity` | decimal numbers |
//! | `positions` | `ES 03-26:+2@5000.25`, `;` between; `flat` for none |
//! | `orders` | how many orders work |
//!
//! Columns stand in any order. An empty cell is unknown, and a row with nothing
//! but a time and an account is an observation that learned nothing. Cells may
//! be quoted (RFC 4180); a byte order mark and CRLF line ends are fine.

mod cells;
mod error;

use std::collections::HashMap;
use std::io::{BufRead, Read};
use std::sync::Arc;

use chrono::DateTime;

use crate::domain::holdings::{Position, WorkingOrders};
use crate::domain::money::Money;
use crate::domain::observation::{Content, Figures, Learned, Missing, Timestamp};
use crate::rules::diagnostic::{listed, quoted};
use crate::rules::ruleset::Account;
use crate::rules::suggest::did_you_mean;
use cells::Cells;

pub use error::HistoryError;

/// Longest row, in bytes.
pub const MAX_ROW: u64 = 1024 * 1024;

/// One row of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// When it was true.
    pub time: Timestamp,
    /// The account, by its place in the rule file.
    pub account: usize,
    /// What was learned.
    pub content: Content,
}

/// A column of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Time,
    Account,
    Realized,
    Unrealized,
    Balance,
    Equity,
    Positions,
    Orders,
}

impl Column {
    const ALL: [(&'static str, Column); 8] = [
        ("time", Column::Time),
        ("account", Column::Account),
        ("realized", Column::Realized),
        ("unrealized", Column::Unrealized),
        ("balance", Column::Balance),
        ("equity", Column::Equity),
        ("positions", Column::Positions),
        ("orders", Column::Orders),
    ];

    fn name(self) -> &'static str {
        let found = Column::ALL.iter().find(|(_, column)| *column == self);
        found.map_or("", |(name, _)| name)
    }
}

/// A history that is being read, row by row.
#[derive(Debug)]
pub struct History<R> {
    source: R,
    columns: Vec<Column>,
    accounts: Accounts,
    cells: Cells,
    /// The line that the newest row begins on, from 1.
    line: u64,
    /// The lines of the newest row: a quoted cell may hold line breaks.
    height: u64,
    clock: Clock,
}

impl<R: BufRead> History<R> {
    /// Reads the header. `accounts` are those of the rule file, in its order.
    ///
    /// # Errors
    /// A text that is empty or cannot be read, and a header with a column that
    /// is unknown, twice or missing.
    pub fn open(source: R, accounts: &[Arc<Account>]) -> Result<History<R>, HistoryError> {
        let mut history = History {
            source,
            columns: Vec::new(),
            accounts: Accounts::new(accounts),
            cells: Cells::default(),
            line: 1,
            height: 0,
            clock: Clock::default(),
        };
        if !history.read_record()? {
            return Err(history
                .error("the history is empty")
                .help("the first line names the columns: `time,account,equity`"));
        }
        history.columns = history.header()?;
        Ok(history)
    }

    /// The next row, or `None` behind the last one.
    ///
    /// # Errors
    /// The first thing that is wrong with the row, with its line and column.
    pub fn next_row(&mut self) -> Result<Option<Row>, HistoryError> {
        while self.read_record()? {
            if !self.cells.is_blank() {
                return self.row().map(Some);
            }
        }
        Ok(None)
    }

    /// Shares nothing with the rows that were read so far: two threads that
    /// count the owners of one list of positions get into each other's way.
    pub(super) fn part_from_rows(&mut self) {
        self.accounts.held.fill(None);
    }

    /// The line that the newest row begins on, from 1.
    pub const fn line(&self) -> u64 {
        self.line
    }

    /// Reads the next record into `cells`; `false` at the end.
    fn read_record(&mut self) -> Result<bool, HistoryError> {
        self.line = self.line.saturating_add(self.height);
        self.height = 0;
        self.cells.clear();
        loop {
            let room = MAX_ROW.saturating_sub(self.cells.len());
            let read = Read::take(&mut self.source, room).read_until(b'\n', self.cells.buffer());
            let count = read.map_err(|error| self.error(format!("cannot be read: {error}")))?;
            if count == 0 && room == 0 {
                let message = format!("a row has more than {MAX_ROW} bytes");
                return Err(self.error(message).help("is a quote not closed?"));
            }
            if count == 0 && self.cells.len() == 0 {
                return Ok(false);
            }
            self.height = self.height.saturating_add(1);
            if !self.cells.is_quote_open() {
                break;
            }
            if count == 0 {
                return Err(self.error("a quoted cell is not closed"));
            }
        }
        if self.line == 1 {
            self.cells.strip_byte_order_mark();
        }
        self.cells.split().map_err(|problem| self.error(problem))?;
        Ok(true)
    }

    fn header(&self) -> Result<Vec<Column>, HistoryError> {
        let mut columns = Vec::new();
        for cell in self.cells.iter() {
            let name = self.text(cell, None)?;
            let names = Column::ALL.iter().map(|(name, _)| *name);
            let Some((_, column)) = Column::ALL.iter().find(|(known, _)| *known == name) else {
                let help = did_you_mean(name, names.clone())
                    .unwrap_or_else(|| format!("columns are {}", listed(names)));
                let message = format!("there is no column {}", quoted(name));
                return Err(self.error(message).help(help));
            };
            if columns.contains(column) {
                return Err(self.error(format!("the column {} is there twice", quoted(name))));
            }
            columns.push(*column);
        }
        for required in [Column::Time, Column::Account] {
            if !columns.contains(&required) {
                let message = format!("the column {} is missing", quoted(required.name()));
                return Err(self.error(message).help("the first line names the columns"));
            }
        }
        Ok(columns)
    }

    fn row(&mut self) -> Result<Row, HistoryError> {
        if self.cells.count() != self.columns.len() {
            let (found, wanted) = (self.cells.count(), self.columns.len());
            let message = format!("{found} cells, and the header has {wanted} columns");
            return Err(self
                .error(message)
                .help("an unknown value is an empty cell"));
        }
        let mut time = None;
        let mut account = None;
        let mut learned = Learned::default();
        let mut positions: Option<&[u8]> = None;
        let mut is_known = false;
        for (cell, column) in self.cells.iter().zip(&self.columns) {
            match column {
                Column::Time => time = Some(self.time(cell)?),
                Column::Account => account = Some(self.account(cell)?),
                _ if cell.is_empty() => {}
                Column::Positions => {
                    positions = Some(cell);
                    is_known = true;
                }
                Column::Orders => {
                    learned.orders = self.orders(cell)?;
                    is_known = true;
                }
                figure => {
                    is_known = true;
                    let value = Some(self.number(cell, *figure)?);
                    *slot(&mut learned.figures, *figure) = value;
                }
            }
        }
        let (Some((time, is_new)), Some(account)) = (time, account) else {
            return Err(self.error("a row needs a time and an account"));
        };
        if let Some(cell) = positions {
            let held = match self.accounts.held(account, cell) {
                Some(held) => held,
                None => {
                    let held = self.positions(cell)?;
                    self.accounts.keep(account, cell, &held);
                    held
                }
            };
            learned.positions = Some(held);
        }
        if is_new {
            self.clock.keep(&self.cells, &self.columns, time);
        }
        self.accounts.follow(account);
        Ok(Row {
            time,
            account,
            content: match is_known {
                true => Content::Learned(learned),
                false => Content::Missing(Missing::Stated),
            },
        })
    }

    /// The time, and whether it is another one than that of the row before.
    fn time(&self, cell: &[u8]) -> Result<(Timestamp, bool), HistoryError> {
        if let Some(time) = self.clock.same(cell) {
            return Ok((time, false));
        }
        let text = self.text(cell, Some(Column::Time))?;
        let Ok(time) = DateTime::parse_from_rfc3339(text) else {
            let message = format!("{} is not a time with its date and offset", quoted(text));
            let help = "write it like `2026-03-05T09:30:00-05:00`, or with `Z` for UTC";
            return Err(self.error_in(Column::Time, message).help(help));
        };
        let time = time.to_utc();
        match self.clock.last {
            Some(last) if time < last => {
                let last = last.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
                let message = format!("{} is before the row above ({last})", quoted(text));
                Err(self
                    .error_in(Column::Time, message)
                    .help("sort the rows by time"))
            }
            _ => Ok((time, true)),
        }
    }

    fn account(&self, cell: &[u8]) -> Result<usize, HistoryError> {
        if let Some(index) = self.accounts.find(cell) {
            return Ok(index);
        }
        let text = self.text(cell, Some(Column::Account))?;
        let names = self.accounts.names.iter().map(|name| &**name);
        let help = did_you_mean(text, names.clone())
            .unwrap_or_else(|| format!("there are {}", listed(names.take(8))));
        let message = format!("there is no account {} in the rule file", quoted(text));
        Err(self.error_in(Column::Account, message).help(help))
    }

    fn number(&self, cell: &[u8], column: Column) -> Result<Money, HistoryError> {
        if let Some(value) = cells::decimal(cell) {
            return Ok(Money::new(value));
        }
        let text = self.text(cell, Some(column))?;
        let message = format!("{} is not a number", quoted(text));
        let help = "write digits with at most one point, such as `-1000.50`; \
                    a value that is not known is an empty cell";
        Err(self.error_in(column, message).help(help))
    }

    fn orders(&self, cell: &[u8]) -> Result<WorkingOrders, HistoryError> {
        let text = self.text(cell, Some(Column::Orders))?;
        match text.parse() {
            Ok(count) => Ok(WorkingOrders::Counted(count)),
            Err(_) => {
                let message = format!("{} is not a count of orders", quoted(text));
                Err(self
                    .error_in(Column::Orders, message)
                    .help("write a whole number"))
            }
        }
    }

    fn positions(&self, cell: &[u8]) -> Result<Arc<[Position]>, HistoryError> {
        let text = self.text(cell, Some(Column::Positions))?;
        cells::positions(text)
            .map_err(|(message, help)| self.error_in(Column::Positions, message).help(help))
    }

    /// The text of a cell.
    fn text<'c>(&self, cell: &'c [u8], column: Option<Column>) -> Result<&'c str, HistoryError> {
        std::str::from_utf8(cell).map_err(|_| HistoryError {
            column: column.map(Column::name),
            ..self.error("this is not UTF-8")
        })
    }

    fn error_in(&self, column: Column, message: String) -> HistoryError {
        HistoryError {
            column: Some(column.name()),
            ..self.error(message)
        }
    }

    fn error(&self, message: impl Into<String>) -> HistoryError {
        HistoryError {
            line: self.line,
            column: None,
            message: message.into(),
            help: None,
        }
    }
}

/// Where a figure of an observation goes.
fn slot(figures: &mut Figures, column: Column) -> &mut Option<Money> {
    match column {
        Column::Realized => &mut figures.realized,
        Column::Unrealized => &mut figures.unrealized,
        Column::Balance => &mut figures.balance,
        _ => &mut figures.equity,
    }
}

/// The time of the row before, as it was written: in a history of many accounts
/// most rows repeat it.
#[derive(Debug, Default)]
struct Clock {
    text: Vec<u8>,
    last: Option<Timestamp>,
}

impl Clock {
    fn same(&self, cell: &[u8]) -> Option<Timestamp> {
        self.last.filter(|_| self.text == cell)
    }

    fn keep(&mut self, cells: &Cells, columns: &[Column], time: Timestamp) {
        let index = columns.iter().position(|column| *column == Column::Time);
        if let Some(cell) = index.and_then(|index| cells.iter().nth(index)) {
            self.text.clear();
            self.text.extend_from_slice(cell);
            self.last = Some(time);
        }
    }
}

/// The accounts of the rule file, and what was last read of each.
#[derive(Debug)]
struct Accounts {
    names: Vec<Box<str>>,
    index: HashMap<Box<[u8]>, usize>,
    /// Which account's row came after one of this account: rows of many
    /// accounts come round in the same order.
    after: Vec<usize>,
    last: usize,
    held: Vec<Option<Held>>,
}

/// Positions as they were written, and read.
#[derive(Clone, Debug)]
struct Held {
    text: Box<[u8]>,
    positions: Arc<[Position]>,
}

impl Accounts {
    fn new(accounts: &[Arc<Account>]) -> Accounts {
        let names: Vec<Box<str>> = accounts
            .iter()
            .map(|account| account.name.as_str().into())
            .collect();
        Accounts {
            index: names
                .iter()
                .enumerate()
                .map(|(index, name)| (name.as_bytes().into(), index))
                .collect(),
            after: vec![0; names.len()],
            last: 0,
            held: vec![None; names.len()],
            names,
        }
    }

    fn find(&self, cell: &[u8]) -> Option<usize> {
        let guess = self.after.get(self.last).copied();
        let is_it = |index: &usize| {
            let name = self.names.get(*index);
            name.is_some_and(|name| name.as_bytes() == cell)
        };
        guess
            .filter(is_it)
            .or_else(|| self.index.get(cell).copied())
    }

    fn follow(&mut self, account: usize) {
        if let Some(after) = self.after.get_mut(self.last) {
            *after = account;
        }
        self.last = account;
    }

    /// The positions of the row before of this account, when they are written
    /// in the same way.
    fn held(&self, account: usize, cell: &[u8]) -> Option<Arc<[Position]>> {
        let held = self.held.get(account)?.as_ref()?;
        (*held.text == *cell).then(|| Arc::clone(&held.positions))
    }

    fn keep(&mut self, account: usize, cell: &[u8], held: &Arc<[Position]>) {
        if let Some(slot) = self.held.get_mut(account) {
            *slot = Some(Held {
                text: cell.into(),
                positions: Arc::clone(held),
            });
        }
    }
}
