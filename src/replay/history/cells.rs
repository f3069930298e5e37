//! Records of a CSV text, and the values in their cells.

use std::ops::Range;
use std::sync::Arc;

use memchr::{memchr, memchr_iter};
use rust_decimal::Decimal;

use super::HistoryError;
use super::columns::Column;
use crate::domain::holdings::Position;
use crate::domain::instrument::Dialect;
use crate::domain::position_key::PositionKey;
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
}

impl Cells {
    /// Takes a whole record and splits it.
    ///
    /// # Errors
    /// What is wrong with its quotes.
    pub(super) fn take(&mut self, record: &[u8]) -> Result<(), &'static str> {
        self.buffer.clear();
        self.ranges.clear();
        if record.contains(&b'"') {
            return self.split_quoted(record);
        }
        self.buffer.extend_from_slice(record);
        let Cells { buffer, ranges } = self;
        let mut start = 0;
        for comma in memchr_iter(b',', buffer).chain([buffer.len()]) {
            let mut range = start..comma;
            trim(buffer, &mut range);
            ranges.push(range);
            start = comma.saturating_add(1);
        }
        Ok(())
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

    /// Splits a record with quotes, which are taken out.
    fn split_quoted(&mut self, record: &[u8]) -> Result<(), &'static str> {
        let mut rest = record;
        loop {
            let start = self.buffer.len();
            let behind = match rest.strip_prefix(b"\"") {
                Some(quoted) => {
                    let behind = self.unquote(quoted)?;
                    self.ranges.push(start..self.buffer.len());
                    behind
                }
                None => {
                    let end = memchr(b',', rest);
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
            let end = memchr(b'"', rest);
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
    if let Some((value, behind)) = leading_decimal(text) {
        return behind.is_empty().then_some(value);
    }
    let (is_negative, digits) = unsigned(text);
    let is_plain = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    if !digits.iter().all(is_plain) || digits.starts_with(b".") || digits.ends_with(b".") {
        return None;
    }
    let value = Decimal::from_str_exact(std::str::from_utf8(digits).ok()?).ok()?;
    Some(if is_negative { -value } else { value })
}

/// The plain decimal number that the text begins with, unless it is a long one,
/// and what stands behind it.
///
/// A number that is handed back through memory is waited for: it is written in
/// parts and read as a whole.
#[inline(always)]
pub(super) fn leading_decimal(text: &[u8]) -> Option<(Decimal, &[u8])> {
    let (is_negative, digits) = unsigned(text);
    let (whole, behind) = leading_digits(0, digits);
    let mut mantissa = whole;
    let mut length = digits.len().wrapping_sub(behind.len());
    let mut scale = 0;
    let mut rest = behind;
    if let [b'.', fraction @ ..] = behind {
        (mantissa, rest) = leading_digits(whole, fraction);
        scale = fraction.len().wrapping_sub(rest.len());
        // Digits on both sides of a point.
        if length == 0 || scale == 0 {
            return None;
        }
        length = length.wrapping_add(scale);
    }
    if length == 0 || length > EASY_DIGITS {
        return None;
    }
    let [a, b, c, d, e, f, g, h] = mantissa.to_le_bytes();
    let (low, middle) = (
        u32::from_le_bytes([a, b, c, d]),
        u32::from_le_bytes([e, f, g, h]),
    );
    let scale = u32::try_from(scale).ok()?;
    let value = Decimal::from_parts(low, middle, 0, is_negative, scale);
    Some((value, rest))
}

/// The number so far with the digits that the text begins with, wrong when there
/// are more than [`EASY_DIGITS`], and what stands behind them.
#[inline]
fn leading_digits(mut number: u64, mut text: &[u8]) -> (u64, &[u8]) {
    while let [digit @ b'0'..=b'9', rest @ ..] = text {
        let digit = u64::from(digit.wrapping_sub(b'0'));
        number = number.wrapping_mul(10).wrapping_add(digit);
        text = rest;
    }
    (number, text)
}

/// Whether a number begins with a minus sign, and its digits.
const fn unsigned(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    }
}

/// The count that the text begins with, unless it is a long one, and what
/// stands behind it.
pub(super) fn leading_count(text: &[u8]) -> Option<(u32, &[u8])> {
    const EASY: usize = 9;
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, behind) = text.split_at_checked(digits)?;
    if digits.is_empty() || digits.len() > EASY {
        return None;
    }
    let count = digits.iter().fold(0_u32, |count, byte| {
        let digit = u32::from(byte.wrapping_sub(b'0'));
        count.wrapping_mul(10).wrapping_add(digit)
    });
    Some((count, behind))
}

/// The text of a cell.
pub(super) fn text(cell: &[u8], line: u64, column: Column) -> Result<&str, HistoryError> {
    std::str::from_utf8(cell)
        .map_err(|_| HistoryError::in_column(line, column, HistoryError::NOT_UTF_8))
}

/// Positions as `ES 03-26:+2@5000.25;NQ 03-26:-1`, or what is wrong with them
/// and what would be right.
pub(super) fn positions(
    text: &str,
    dialect: Dialect,
) -> Result<Arc<[Position]>, (String, &'static str)> {
    const HELP: &str = "write `ES 03-26:+2@5000.25`, with a side `BTCUSDT/long:+0.5`, `;` between positions, \
         or `flat` for none";
    if text == FLAT {
        return Ok(Arc::from([]));
    }
    let mut held: Vec<Position> = Vec::new();
    for part in text.split(';') {
        let position = position(part.trim(), dialect);
        let position =
            position.ok_or_else(|| (format!("{} is not a position", quoted(part)), HELP))?;
        if !held
            .iter()
            .all(|known| known.key.goes_beside(&position.key))
        {
            let message = format!("{} is a duplicate", quoted(&position.key.to_string()));
            return Err((
                message,
                "write one position for each instrument, or one for each of its sides",
            ));
        }
        held.push(position);
    }
    Ok(held.into())
}

fn position(text: &str, dialect: Dialect) -> Option<Position> {
    let (name, size) = text.rsplit_once(':')?;
    let (quantity, price) = match size.split_once('@') {
        Some((quantity, price)) => (quantity, Some(decimal(price.trim().as_bytes())?)),
        None => (size, None),
    };
    let quantity = decimal(quantity.trim().as_bytes())?;
    let key = PositionKey::of(name, dialect);
    if name.trim().is_empty() || !key.side.admits(quantity) {
        return None;
    }
    Some(Position {
        average_price: price,
        ..Position::new(key, quantity)
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
