//! Records of a CSV text, and the values in their cells.

use std::ops::Range;
use std::sync::Arc;

use rust_decimal::Decimal;

use crate::domain::holdings::Position;
use crate::domain::instrument::Instrument;
use crate::rules::diagnostic::quoted;

/// The word for holding nothing: an empty cell is unknown.
const FLAT: &str = "flat";

/// Most digits of a number that is read without help.
const EASY_DIGITS: usize = 18;

/// The cells of one record; kept from record to record for its room.
#[derive(Debug, Default)]
pub(super) struct Cells {
    buffer: Vec<u8>,
    /// Where each cell lies in the buffer.
    ranges: Vec<Range<usize>>,
    /// Whether there is a quote in the record.
    is_quoted: bool,
}

impl Cells {
    pub(super) fn clear(&mut self) {
        self.buffer.clear();
        self.ranges.clear();
    }

    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Bytes of the record so far.
    pub(super) fn len(&self) -> u64 {
        u64::try_from(self.buffer.len()).unwrap_or(u64::MAX)
    }

    /// Finds commas and quotes in the record so far; whether it ends inside a
    /// quoted cell.
    pub(super) fn is_quote_open(&mut self) -> bool {
        let Cells { buffer, ranges, .. } = self;
        let mut quotes = 0_usize;
        let mut start = 0;
        ranges.clear();
        for_each_mark(buffer, |at| match buffer.get(at) {
            Some(b'"') => quotes = quotes.saturating_add(1),
            _ => {
                ranges.push(start..at);
                start = at.saturating_add(1);
            }
        });
        ranges.push(start..buffer.len());
        self.is_quoted = quotes > 0;
        !quotes.is_multiple_of(2)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> + Clone {
        self.ranges
            .iter()
            .map(|range| self.buffer.get(range.clone()).unwrap_or_default())
    }

    pub(super) fn count(&self) -> usize {
        self.ranges.len()
    }

    /// Whether the record is a blank line.
    pub(super) fn is_blank(&self) -> bool {
        self.count() == 1 && self.iter().all(<[u8]>::is_empty)
    }

    /// Takes the byte order mark off the first record.
    pub(super) fn strip_byte_order_mark(&mut self) {
        const MARK: &[u8] = b"\xef\xbb\xbf";
        if self.buffer.starts_with(MARK) {
            self.buffer.drain(..MARK.len());
            self.is_quote_open();
        }
    }

    /// Splits the record, whose commas were found, into its cells.
    pub(super) fn split(&mut self) -> Result<(), &'static str> {
        while matches!(self.buffer.last(), Some(b'\n' | b'\r')) {
            self.buffer.pop();
        }
        if self.is_quoted {
            self.ranges.clear();
            return self.split_quoted();
        }
        let Cells { buffer, ranges, .. } = self;
        for range in ranges.iter_mut() {
            range.end = range.end.min(buffer.len());
            trim(buffer, range);
        }
        Ok(())
    }

    /// The same for a record with quotes, which are taken out.
    fn split_quoted(&mut self) -> Result<(), &'static str> {
        let record = std::mem::take(&mut self.buffer);
        let mut rest = record.as_slice();
        loop {
            let start = self.buffer.len();
            let behind = match rest.strip_prefix(b"\"") {
                Some(quoted) => {
                    let behind = self.unquote(quoted)?;
                    self.ranges.push(start..self.buffer.len());
                    behind
                }
                None => {
                    let end = rest.iter().position(|byte| *byte == b',');
                    let (cell, behind) = rest.split_at(end.unwrap_or(rest.len()));
                    if cell.contains(&b'"') {
                        return Err("a quote inside a cell that is not quoted");
                    }
                    self.buffer.extend_from_slice(cell.trim_ascii());
                    self.ranges.push(start..self.buffer.len());
                    behind
                }
            };
            match behind.split_first() {
                None => return Ok(()),
                Some((b',', next)) => rest = next,
                Some(_) => return Err("text behind a quoted cell"),
            }
        }
    }

    /// Takes a quoted cell into the buffer; what stands behind its last quote.
    fn unquote<'r>(&mut self, mut rest: &'r [u8]) -> Result<&'r [u8], &'static str> {
        loop {
            let end = rest.iter().position(|byte| *byte == b'"');
            let (text, behind) = rest.split_at(end.unwrap_or(rest.len()));
            self.buffer.extend_from_slice(text);
            match behind {
                [b'"', b'"', more @ ..] => {
                    self.buffer.push(b'"');
                    rest = more;
                }
                [b'"', more @ ..] => return Ok(more),
                _ => return Err("a quoted cell is not closed"),
            }
        }
    }
}

/// Calls `found` for the place of each comma and quote, eight bytes at a time:
/// most bytes of a history are neither.
fn for_each_mark(text: &[u8], mut found: impl FnMut(usize)) {
    const COMMAS: u64 = u64::from_le_bytes([b','; 8]);
    const QUOTES: u64 = u64::from_le_bytes([b'"'; 8]);
    let (words, rest) = text.as_chunks::<8>();
    let mut at = 0_usize;
    for word in words {
        let word = u64::from_le_bytes(*word);
        let mut marks = zeros(word ^ COMMAS) | zeros(word ^ QUOTES);
        while marks != 0 {
            found(at.saturating_add((marks.trailing_zeros() / 8) as usize));
            marks &= marks.wrapping_sub(1);
        }
        at = at.saturating_add(8);
    }
    for (offset, byte) in rest.iter().enumerate() {
        if matches!(byte, b',' | b'"') {
            found(at.saturating_add(offset));
        }
    }
}

/// The top bit of each byte that is zero, and of no other.
const fn zeros(bytes: u64) -> u64 {
    const LOW: u64 = u64::from_le_bytes([0x7f; 8]);
    !(((bytes & LOW).wrapping_add(LOW)) | bytes | LOW)
}

/// Takes the blanks around the text off a range.
fn trim(buffer: &[u8], range: &mut Range<usize>) {
    let is_blank = |at: usize| matches!(buffer.get(at), Some(b' ' | b'\t'));
    while range.start < range.end && is_blank(range.start) {
        range.start = range.start.saturating_add(1);
    }
    while range.start < range.end && is_blank(range.end.saturating_sub(1)) {
        range.end = range.end.saturating_sub(1);
    }
}

/// A plain decimal number: digits with at most one point and at most one sign.
pub(super) fn decimal(text: &[u8]) -> Option<Decimal> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let mut mantissa: u64 = 0;
    let mut point = None;
    for (at, byte) in digits.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
        } else if *byte == b'.' && point.is_none() {
            point = Some(at);
        } else {
            return None;
        }
    }
    let last = digits.len().checked_sub(1)?;
    // Digits on both sides of a point, and not nothing at all.
    if point.is_some_and(|at| at == 0 || at == last) {
        return None;
    }
    if digits.len() > EASY_DIGITS {
        let text = std::str::from_utf8(digits).ok()?;
        let value = Decimal::from_str_exact(text).ok()?;
        return Some(if negative { -value } else { value });
    }
    let scale = point.map_or(0, |at| last.saturating_sub(at));
    let [a, b, c, d, e, f, g, h] = mantissa.to_le_bytes();
    let (low, high) = (
        u32::from_le_bytes([a, b, c, d]),
        u32::from_le_bytes([e, f, g, h]),
    );
    let scale = u32::try_from(scale).ok()?;
    Some(Decimal::from_parts(low, high, 0, negative, scale))
}

/// Positions as `ES 03-26:+2@5000.25;NQ 03-26:-1`, or what is wrong with them
/// and what would be right.
pub(super) fn positions(text: &str) -> Result<Arc<[Position]>, (String, &'static str)> {
    const HELP: &str =
        "write `ES 03-26:+2@5000.25`, with `;` between positions, or `flat` for none";
    if text == FLAT {
        return Ok(Arc::from([]));
    }
    let mut held: Vec<Position> = Vec::new();
    for part in text.split(';') {
        let position = position(part.trim());
        let position =
            position.ok_or_else(|| (format!("{} is not a position", quoted(part)), HELP))?;
        if held
            .iter()
            .any(|known| known.instrument == position.instrument)
        {
            let message = format!("{} is there twice", quoted(position.instrument.as_str()));
            return Err((message, "write one position for each instrument"));
        }
        held.push(position);
    }
    Ok(held.into())
}

fn position(text: &str) -> Option<Position> {
    let (name, size) = text.rsplit_once(':')?;
    let (quantity, price) = match size.split_once('@') {
        Some((quantity, price)) => (quantity, Some(decimal(price.trim().as_bytes())?)),
        None => (size, None),
    };
    let quantity = decimal(quantity.trim().as_bytes())?;
    if name.trim().is_empty() || quantity.is_zero() {
        return None;
    }
    Some(Position {
        instrument: Instrument::new(name),
        quantity,
        average_price: price,
        unrealized: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact_or_refused() {
        for good in [
            "0",
            "-0.01",
            "+2",
            "5000.25",
            "007",
            "123456789012345678",
            "-1234567890123456789.5",
        ] {
            let expect: Decimal = good.parse().unwrap();
            assert_eq!(decimal(good.as_bytes()), Some(expect), "{good}");
        }
        for bad in [
            "", "-", "+", ".", "1.", ".5", "1e3", "1,000", "--1", "NaN", "0x10", "1.2.3",
        ] {
            assert_eq!(decimal(bad.as_bytes()), None, "{bad}");
        }
    }
}
