//! Histories for `riskd replay`: CSV with a header, one observation a row.
//!
//! | column | value |
//! |---|---|
//! | `time` | RFC 3339 with its offset; required, in order |
//! | `account` | the account's name in the rule file; required |
//! | `realized`, `unrealized`, `balance`, `equity` | decimal numbers |
//! | `margin` | the maintenance margin of what is held |
//! | `positions` | `ES 03-26:+2@5000.25`, `BTCUSDT/short:-0.5`, `;` between; `flat` for none |
//! | `mark_price`, `liquidation_price`, `notional` | of each position: `BTCUSDT:50100.5`, `;` between |
//! | `orders` | how many orders work |
//!
//! Columns stand in any order. An empty cell is unknown, and a row with nothing
//! but a time and an account is an observation that learned nothing. Cells may
//! be quoted (RFC 4180); a byte order mark and CRLF line ends are fine.

mod cells;
mod columns;
mod content;
mod error;
mod keys;
mod pieces;
mod worth;

use std::io;
use std::ops::Range;
use std::sync::Arc;

use crate::domain::instrument::Dialect;
use crate::domain::observation::{Content, Timestamp};
use crate::rules::book::Account;
use cells::Cells;
use columns::Column;
use keys::KeyReader;
use pieces::{CsvRecord, Pieces};

pub(super) use content::ContentReader;
pub use error::HistoryError;

/// Longest row, in bytes.
pub const MAX_ROW: usize = 1024 * 1024;

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

/// A row of which only the time and the account have been read. One thread
/// writes millions of them for another one to read, so they are kept short.
#[derive(Clone, Debug)]
pub(super) struct RowHead {
    /// When it was true.
    pub(super) time: Timestamp,
    /// The account, by its place in the rule file.
    account: u32,
    /// Where it stands in its piece, without the end of the line.
    start: u32,
    length: u32,
    /// The line that it begins on, from 1.
    line: u64,
    /// What need not be looked at again; `None` when it takes a closer look to
    /// tell the cells apart.
    read: Option<Read>,
}

/// The cells of a row that have been read.
#[derive(Clone, Copy, Debug)]
struct Read {
    /// The columns from the left.
    columns: u32,
    /// The bytes of the row up to the end of the last of them.
    bytes: u32,
}

impl RowHead {
    /// The account, by its place in the rule file.
    pub(super) const fn account(&self) -> usize {
        self.account as usize
    }

    /// The row in its piece, without the end of the line.
    fn text<'p>(&self, piece: &'p [u8]) -> &'p [u8] {
        let behind = piece.get(self.start as usize..).unwrap_or_default();
        behind.get(..self.length as usize).unwrap_or_default()
    }
}

/// A history that is being read, row by row.
#[derive(Debug)]
pub struct History<R> {
    pieces: Pieces<R>,
    columns: Arc<[Column]>,
    /// How the instruments of each account are named.
    dialects: Arc<[Dialect]>,
    keys: KeyReader,
    contents: ContentReader,
}

impl<R: io::Read> History<R> {
    /// Reads the header. `accounts` are those of the rule file, in its order.
    ///
    /// # Errors
    /// A text that is empty or cannot be read, and a header with a column that
    /// is unknown, twice or missing.
    pub fn open(source: R, accounts: &[Arc<Account>]) -> Result<History<R>, HistoryError> {
        const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
        let mut pieces = Pieces::of(source);
        let first = loop {
            if let Some(record) = pieces.next_record()? {
                break record;
            }
            if !pieces.turn()? {
                return Err(HistoryError::on(1, "the history is empty")
                    .help("the first line names the columns: `time,account,equity`"));
            }
        };
        let mut cells = Cells::default();
        let text = pieces.piece().get(row(&pieces, &first)).unwrap_or_default();
        let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        let wrong = |problem| HistoryError::on(first.line, problem);
        cells.take(text).map_err(wrong)?;
        let columns: Arc<[Column]> = columns::header(&cells, first.line)?.into();
        let dialects = accounts.iter().map(|account| account.profile.dialect);
        let dialects: Arc<[Dialect]> = dialects.collect();
        Ok(History {
            pieces,
            keys: KeyReader::new(Arc::clone(&columns), accounts),
            contents: ContentReader::new(Arc::clone(&columns), &dialects),
            dialects,
            columns,
        })
    }

    /// The next row, or `None` behind the last one.
    ///
    /// # Errors
    /// The first thing that is wrong with the row, with its line and column.
    pub fn next_row(&mut self) -> Result<Option<Row>, HistoryError> {
        loop {
            if let Some(head) = self.next_head()? {
                let content = self.contents.read(self.pieces.piece(), &head)?;
                return Ok(Some(Row {
                    time: head.time,
                    account: head.account(),
                    content: content.clone(),
                }));
            }
            if !self.turn()? {
                return Ok(None);
            }
        }
    }

    /// Goes on to the next piece of the history, once this one has no more
    /// rows; `false` at the end.
    pub(super) fn turn(&mut self) -> Result<bool, HistoryError> {
        self.pieces.turn()
    }

    /// The piece in which rows are found now.
    pub(super) const fn piece(&self) -> &Arc<Vec<u8>> {
        self.pieces.piece()
    }

    /// One who reads the contents of rows.
    pub(super) fn content_reader(&self) -> ContentReader {
        ContentReader::new(Arc::clone(&self.columns), &self.dialects)
    }

    /// The next row of this piece, or `None` when there is no whole one.
    ///
    /// # Errors
    /// The first thing that is wrong with its time, its account, or what stands
    /// to the left of them; where those are fine, whoever reads the content of
    /// the row finds out what is not.
    pub(super) fn next_head(&mut self) -> Result<Option<RowHead>, HistoryError> {
        while let Some(record) = self.pieces.next_record()? {
            let row = row(&self.pieces, &record);
            let text = self.pieces.piece().get(row.clone()).unwrap_or_default();
            if let Some(key) = self.keys.read(text, record.line)? {
                return Ok(Some(RowHead {
                    time: key.time,
                    account: short(key.account),
                    start: short(row.start),
                    length: short(text.len()),
                    line: record.line,
                    read: key.read,
                }));
            }
        }
        Ok(None)
    }
}

/// A place in a piece or in the rule file, neither of which is ever as long.
fn short(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

/// Where a record stands in the piece, without the end of its line.
fn row<R: io::Read>(pieces: &Pieces<R>, record: &CsvRecord) -> Range<usize> {
    let text = pieces.piece().get(record.bytes.clone()).unwrap_or_default();
    let is_text = |byte: &u8| !matches!(byte, b'\n' | b'\r');
    let length = text
        .iter()
        .rposition(is_text)
        .map_or(0, |last| last.saturating_add(1));
    record.bytes.start..record.bytes.start.saturating_add(length)
}
