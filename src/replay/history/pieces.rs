//! A history in pieces that fit a core's cache, cut between two records. A
//! piece can be read by several threads at once while the next one is fetched.

use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;

use memchr::{memchr, memchr2_iter};

use super::{HistoryError, MAX_ROW};

/// Bytes of a piece, unless a record is longer.
const PIECE: usize = 256 * 1024;

/// Where a record stands.
#[derive(Clone, Debug)]
pub(super) struct CsvRecord {
    /// Its bytes in the piece, with the end of the line.
    pub(super) bytes: Range<usize>,
    /// The line that it begins on, from 1.
    pub(super) line: u64,
}

/// A source that is read piece by piece.
#[derive(Debug)]
pub(super) struct Pieces<R> {
    source: R,
    piece: Arc<Vec<u8>>,
    /// Where the next record begins in the piece.
    at: usize,
    /// The line that it begins on, from 1.
    line: u64,
    /// Whether a line break of the piece may stand inside a cell.
    has_quotes: bool,
    /// How the source ended, once it has.
    end: Option<End>,
}

#[derive(Debug)]
enum End {
    Reached,
    Broken(io::Error),
}

impl<R: Read> Pieces<R> {
    /// Begins before the first piece.
    pub(super) fn of(source: R) -> Pieces<R> {
        Pieces {
            source,
            piece: Arc::default(),
            at: 0,
            line: 1,
            has_quotes: false,
            end: None,
        }
    }

    /// The piece in which records are found now.
    pub(super) const fn piece(&self) -> &Arc<Vec<u8>> {
        &self.piece
    }

    /// Goes on to the next piece, once this one has no more records; `false`
    /// at the end of the source.
    pub(super) fn turn(&mut self) -> Result<bool, HistoryError> {
        let begun = self.piece.get(self.at..).unwrap_or_default();
        if begun.len() > MAX_ROW {
            return Err(self.too_long());
        }
        let before = begun.len();
        let mut piece = Vec::with_capacity(PIECE.max(before.saturating_mul(2)));
        piece.extend_from_slice(begun);
        if self.end.is_none() {
            self.end = fill(&mut self.source, &mut piece);
        }
        if piece.len() == before {
            return match self.end.take() {
                Some(End::Broken(error)) => Err(HistoryError::on(
                    self.line,
                    format!("cannot be read: {error}"),
                )),
                end => {
                    self.end = end;
                    Ok(before > 0)
                }
            };
        }
        self.has_quotes = memchr(b'"', &piece).is_some();
        self.piece = Arc::new(piece);
        self.at = 0;
        Ok(true)
    }

    /// The next record of this piece, or `None` when there is no whole one.
    pub(super) fn next_record(&mut self) -> Result<Option<CsvRecord>, HistoryError> {
        let rest = self.piece.get(self.at..).unwrap_or_default();
        let Some((length, height)) = self.first_record(rest)? else {
            return Ok(None);
        };
        if length > MAX_ROW {
            return Err(self.too_long());
        }
        let end = self.at.saturating_add(length);
        let record = CsvRecord {
            bytes: self.at..end,
            line: self.line,
        };
        self.at = end;
        self.line = self.line.saturating_add(height);
        Ok(Some(record))
    }

    /// How many bytes and lines the first record has: up to the first line
    /// break that is not inside a quoted cell.
    fn first_record(&self, rest: &[u8]) -> Result<Option<(usize, u64)>, HistoryError> {
        let mut height = 1_u64;
        if self.has_quotes {
            let mut is_inside = false;
            for at in memchr2_iter(b'\n', b'"', rest) {
                match rest.get(at) {
                    Some(b'"') => is_inside = !is_inside,
                    _ if is_inside => height = height.saturating_add(1),
                    _ => return Ok(Some((at.saturating_add(1), height))),
                }
            }
            if is_inside && rest.len() > MAX_ROW {
                return Err(self.too_long());
            }
            if is_inside && self.is_at_end() {
                return Err(HistoryError::on(self.line, "a quoted cell is not closed"));
            }
        } else if let Some(at) = memchr(b'\n', rest) {
            return Ok(Some((at.saturating_add(1), height)));
        }
        let is_last = self.is_at_end() && !rest.is_empty();
        Ok(is_last.then_some((rest.len(), height)))
    }

    const fn is_at_end(&self) -> bool {
        matches!(self.end, Some(End::Reached))
    }

    fn too_long(&self) -> HistoryError {
        let message = format!("a row has more than {MAX_ROW} bytes");
        HistoryError::on(self.line, message).help("is a quote not closed?")
    }
}

/// Fills the room of a piece; how the source ended, if it did.
fn fill(source: &mut impl Read, piece: &mut Vec<u8>) -> Option<End> {
    let mut length = piece.len();
    piece.resize(piece.capacity(), 0);
    let end = loop {
        let room = piece.get_mut(length..).unwrap_or_default();
        if room.is_empty() {
            break None;
        }
        match source.read(room) {
            Ok(0) => break Some(End::Reached),
            Ok(count) => length = length.saturating_add(count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => break Some(End::Broken(error)),
        }
    };
    piece.truncate(length);
    end
}
