//! Whose observation a row is, and when it was made: all that must be known of
//! it to hand it to the one who reads the rest.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::DateTime;
use memchr::memchr;

use super::cells::{Cells, text};
use super::columns::Column;
use super::content::read_cells;
use super::{HistoryError, Read};
use crate::domain::observation::Timestamp;
use crate::rules::book::Account;
use crate::rules::diagnostic::{listed, quoted};
use crate::rules::suggest::did_you_mean;

/// Reads times and accounts.
#[derive(Debug)]
pub(super) struct KeyReader {
    columns: Arc<[Column]>,
    /// Whether the two stand in front of all else.
    is_in_front: bool,
    /// Whether cells without quotes can name every account.
    is_plain: bool,
    cells: Cells,
    keys: Keys,
}

/// The time and the account of one row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    pub(super) time: Timestamp,
    pub(super) account: usize,
    /// What need not be looked at again, when the cells are plain.
    pub(super) read: Option<Read>,
}

impl KeyReader {
    pub(super) fn new(columns: Arc<[Column]>, accounts: &[Arc<Account>]) -> KeyReader {
        KeyReader {
            is_in_front: columns.iter().take(2).all(|column| column.is_key()),
            is_plain: accounts
                .iter()
                .all(|account| is_plain(account.name.as_str())),
            columns,
            cells: Cells::default(),
            keys: Keys {
                clock: Clock::default(),
                accounts: Accounts::new(accounts),
            },
        }
    }

    /// The keys of a row; `None` for a blank one.
    ///
    /// # Errors
    /// The first cell that cannot be read, when it is not to the right of them.
    pub(super) fn read(&mut self, row: &[u8], line: u64) -> Result<Option<Key>, HistoryError> {
        if row.is_empty() {
            return Ok(None);
        }
        if self.is_plain
            && let Some(key) = self.quick(row)
        {
            return Ok(Some(key));
        }
        self.careful(row, line)
    }

    /// The usual form: cells without quotes, and no blanks around the two.
    /// `None` says nothing about the row but that it has another one.
    fn quick(&mut self, row: &[u8]) -> Option<Key> {
        let (mut time, mut account) = (None, None);
        let mut begin = 0_usize;
        for column in self.columns.iter() {
            let rest = row.get(begin..)?;
            let end_of = |cell: &[u8]| memchr(b',', cell).unwrap_or(cell.len());
            let length = match column {
                Column::Time => {
                    let clock = &mut self.keys.clock;
                    let length = clock.same_at(rest).unwrap_or_else(|| end_of(rest));
                    time = Some(clock.read(rest.get(..length)?)?);
                    length
                }
                Column::Account => {
                    let length = end_of(rest);
                    account = Some(self.keys.accounts.find(rest.get(..length)?)?);
                    length
                }
                // There may be commas inside.
                _ if rest.starts_with(b"\"") => return None,
                _ => end_of(rest),
            };
            let end = begin.checked_add(length)?;
            if let (Some(time), Some(account)) = (time, account) {
                self.keys.accounts.follow(account);
                let (columns, end) = if self.is_in_front { (2, end) } else { (0, 0) };
                let bytes = u32::try_from(end).ok()?;
                let read = Some(Read { columns, bytes });
                return Some(Key {
                    time,
                    account,
                    read,
                });
            }
            begin = end.checked_add(1)?;
        }
        None
    }

    /// Any form.
    fn careful(&mut self, row: &[u8], line: u64) -> Result<Option<Key>, HistoryError> {
        let KeyReader {
            columns,
            cells,
            keys,
            ..
        } = self;
        let wrong = |problem| HistoryError::on(line, problem);
        cells.take(row).map_err(wrong)?;
        if cells.is_blank() {
            return Ok(None);
        }
        let (mut time, mut account) = (None, None);
        read_cells(columns, cells, line, |column, cell| {
            match column {
                Column::Time => time = Some(keys.time(cell, line)?),
                _ => account = Some(keys.account(cell, line)?),
            }
            Ok(())
        })?;
        match (time, account) {
            (Some(time), Some(account)) => Ok(Some(Key {
                time,
                account,
                read: None,
            })),
            _ => Err(wrong("a row needs a time and an account")),
        }
    }
}

/// Whether a cell without quotes says just this.
fn is_plain(text: &str) -> bool {
    text.trim() == text && !text.contains([',', '"', '\n', '\r'])
}

#[derive(Debug)]
struct Keys {
    clock: Clock,
    accounts: Accounts,
}

impl Keys {
    /// The time in this cell.
    fn time(&mut self, cell: &[u8], line: u64) -> Result<Timestamp, HistoryError> {
        if let Some(time) = self.clock.read(cell) {
            return Ok(time);
        }
        let text = text(cell, line, Column::Time)?;
        let wrong = |message| HistoryError::in_column(line, Column::Time, message);
        match (DateTime::parse_from_rfc3339(text), self.clock.last) {
            (Ok(_), Some(last)) => {
                let last = last.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
                let message = format!("{} is before the row above ({last})", quoted(text));
                Err(wrong(message).help("sort the rows by time"))
            }
            _ => {
                let message = format!("{} is not a time with its date and offset", quoted(text));
                let help = "write it like `2026-03-05T09:30:00-05:00`, or with `Z` for UTC";
                Err(wrong(message).help(help))
            }
        }
    }

    /// The account in this cell, by its place in the rule file.
    fn account(&mut self, cell: &[u8], line: u64) -> Result<usize, HistoryError> {
        if let Some(account) = self.accounts.find(cell) {
            self.accounts.follow(account);
            return Ok(account);
        }
        let text = text(cell, line, Column::Account)?;
        let names = self.accounts.names.iter().map(|name| &**name);
        let help = did_you_mean(text, names.clone())
            .unwrap_or_else(|| format!("there are {}", listed(names.take(8))));
        let message = format!("there is no account {} in the rule file", quoted(text));
        Err(HistoryError::in_column(line, Column::Account, message).help(help))
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
    /// The length of a cell at the beginning of the text that repeats the time.
    fn same_at(&self, text: &[u8]) -> Option<usize> {
        let behind = text.strip_prefix(self.text.as_slice())?;
        matches!(behind.first(), None | Some(b',')).then_some(self.text.len())
    }

    /// A time that is not before the last one; it is the last one from here on.
    fn read(&mut self, cell: &[u8]) -> Option<Timestamp> {
        if self.text == cell && self.last.is_some() {
            return self.last;
        }
        let text = std::str::from_utf8(cell).ok()?;
        let time = DateTime::parse_from_rfc3339(text).ok()?.to_utc();
        if self.last.is_some_and(|last| time < last) {
            return None;
        }
        self.text.clear();
        self.text.extend_from_slice(cell);
        self.last = Some(time);
        self.last
    }
}

/// The accounts of the rule file.
#[derive(Debug)]
struct Accounts {
    names: Vec<Box<str>>,
    index: HashMap<Box<[u8]>, usize>,
    /// Which account's row came after one of this account: rows of many
    /// accounts come round in the same order.
    after: Vec<usize>,
    last: usize,
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
}
