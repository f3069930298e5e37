//! Numbers from decimal text, without a binary float on the way.

use std::borrow::Cow;
use std::str::FromStr;

use rust_decimal::Decimal;

/// The longest text of a number that is read.
const MAX_TEXT: usize = 400;
/// Exponents beyond this are nothing that an account can hold.
const MAX_EXPONENT: i32 = 400;

/// Reads a number as JSON writes it: sign, digits, point, exponent. `None` for
/// everything else (`NaN`, `Infinity`, `1,000.00`) and for what does not fit.
pub(crate) fn parse(text: &str) -> Option<Decimal> {
    let text = text.trim();
    if text.len() > MAX_TEXT {
        return None;
    }
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    if !is_plain(mantissa) || exponent.abs() > MAX_EXPONENT {
        return None;
    }
    let plain = match exponent {
        0 => Cow::Borrowed(mantissa),
        exponent => Cow::Owned(shifted(mantissa, exponent)?),
    };
    Decimal::from_str(&plain).ok()
}

/// Whether this is an optional minus, digits, and an optional point with digits.
fn is_plain(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    digits(whole) && digits(fraction)
}

/// The plain decimal with its point moved by `exponent` places to the right.
fn shifted(mantissa: &str, exponent: i32) -> Option<String> {
    let (sign, unsigned) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = format!("{whole}{fraction}");
    let point = i32::try_from(whole.len()).ok()?.checked_add(exponent)?;
    let moved = match usize::try_from(point) {
        Ok(point) if point >= digits.len() => format!("{digits:0<point$}"),
        Ok(point) => {
            let (before, after) = digits.split_at_checked(point)?;
            let before = if before.is_empty() { "0" } else { before };
            format!("{before}.{after}")
        }
        Err(_) => {
            let zeros = usize::try_from(point.checked_neg()?).ok()?;
            format!("0.{}{digits}", "0".repeat(zeros))
        }
    };
    Some(format!("{sign}{moved}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form_of_a_number_and_nothing_else() {
        let cases = [
            ("12.5", Some("12.5")),
            ("-0", Some("0")),
            ("-0.0", Some("0.0")),
            (" 7 ", Some("7")),
            ("100565.00000000285", Some("100565.00000000285")),
            ("1.5e3", Some("1500")),
            ("1.5E+3", Some("1500")),
            ("15E-1", Some("1.5")),
            (
                "-5.684341886080802E-14",
                Some("-0.0000000000000568434188608080"),
            ),
            ("1e-300", Some("0")),
            ("0e300", Some("0")),
            ("1e308", None),
            ("1e99999999999", None),
            ("79228162514264337593543950336", None),
            ("NaN", None),
            ("Infinity", None),
            ("-Infinity", None),
            ("", None),
            ("-", None),
            ("1,000.00", None),
            ("1_000", None),
            ("0x10", None),
            (".5", None),
            ("5.", None),
            ("+5", None),
            ("1e", None),
            ("e5", None),
            ("1.2.3", None),
            ("٣", None),
        ];
        for (text, expected) in cases {
            let expected = expected.map(|text| Decimal::from_str_exact(text).unwrap());
            assert_eq!(parse(text), expected, "{text}");
        }
        assert_eq!(parse(&"9".repeat(401)), None);
    }
}
