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

    /// Whether the record ends inside a quoted cell.
    pub(super) fn is_quote_open(&mut self) -> bool {
        let mut quotes = 0_usize;
        for_each(b'"', &self.buffer, |_| quotes = quotes.saturating_add(1));
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

    /// Takes the byte order mark off a record that was not split yet.
    pub(super) fn strip_byte_order_mark(&mut self) {
        const MARK: &[u8] = b"\xef\xbb\xbf";
        if self.buffer.starts_with(MARK) {
            self.buffer.drain(..MARK.len());
        }
    }

    /// Splits the record into its cells.
    pub(super) fn split(&mut self) -> Result<(), &'static str> {
        while matches!(self.buffer.last(), Some(b'\n' | b'\r')) {
            self.buffer.pop();
        }
        if self.is_quoted {
            return self.split_quoted();
        }
        let Cells { buffer, ranges, .. } = self;
        let mut start = 0;
        for_each(b',', buffer, |at| {
            ranges.push(trimmed(buffer, start..at));
            start = at.saturating_add(1);
        });
        ranges.push(trimmed(buffer, start..buffer.len()));
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

/// Calls `found` for the place of each such byte, eight bytes at a time: most
/// bytes of a history are neither commas nor quotes.
fn for_each(wanted: u8, text: &[u8], mut found: impl FnMut(usize)) {
    const LOW: u64 = u64::from_le_bytes([0x7f; 8]);
    let pattern = u64::from_le_bytes([wanted; 8]);
    let (words, rest) = text.as_chunks::<8>();
    let mut at = 0_usize;
    for word in words {
        let differs = u64::from_le_bytes(*word) ^ pattern;
        // The top bit of each byte that is zero, and of no other.
        let mut zeros = !(((differs & LOW).wrapping_add(LOW)) | differs | LOW);
        while zeros != 0 {
            found(at.saturating_add((zeros.trailing_zeros() / 8) as usize));
            zeros &= zeros.wrapping_sub(1);
        }
        at = at.saturating_add(8);
    }
    for (offset, byte) in rest.iter().enumerate() {
        if *byte == wanted {
            found(at.saturating_add(offset));
        }
    }
}

/// The range without the blanks around its text.
fn trimmed(buffer: &[u8], range: Range<usize>) -> Range<usize> {
    let is_blank = |at: usize| matches!(buffer.get(at), Some(b' ' | b'\t'));
    let Range { mut start, mut end } = range;
    while start < end && is_blank(start) {
        start = start.saturating_add(1);
    }
    while start < end && is_blank(end.saturating_sub(1)) {
        end = end.saturating_sub(1);
    }
    start..end
}

/// A plain decimal number: digits with at most one point and at most one sign.
pub(super) fn decimal(text: &[u8]) -> Option<Decimal> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let mut mantissa: i64 = 0;
    let mut scale: Option<u32> = None;
    for byte in digits {
        match byte {
            b'0'..=b'9' => {
                mantissa = mantissa
                    .wrapping_mul(10)
                    .wrapping_add(i64::from(byte.wrapping_sub(b'0')));
                scale = scale.map(|scale| scale.wrapping_add(1));
            }
            b'.' if scale.is_none() => scale = Some(0),
            _ => return None,
        }
    }
    // Digits on both sides of a point, and not nothing at all.
    let ends = [digits.first(), digits.last()];
    if !ends
        .into_iter()
        .all(|end| end.is_some_and(u8::is_ascii_digit))
    {
        return None;
    }
    if digits.len() > EASY_DIGITS {
        let text = std::str::from_utf8(digits).ok()?;
        let value = Decimal::from_str_exact(text).ok()?;
        return Some(if negative { -value } else { value });
    }
    let signed = if negative {
        mantissa.wrapping_neg()
    } else {
        mantissa
    };
    Some(Decimal::new(signed, scale.unwrap_or(0)))
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
