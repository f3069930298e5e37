//! Numbers: read from their text, never through a binary float.

use rust_decimal::Decimal;

use super::{Findings, Node, scalar, separators};
use crate::domain::money::{Fraction, Money};
use crate::rules::book::{Amount, Level};
use crate::rules::diagnostic::{Diagnostic, Place, quoted};

/// Largest amount of money, to keep sums of amounts exact.
pub(crate) const MAX_AMOUNT: i64 = 1_000_000_000_000_000;

/// Most digits behind the point.
pub(crate) const MAX_DECIMALS: usize = 10;

/// A plain number: digits, at most one point, at most a leading minus.
pub(crate) fn number(node: &Node<'_>, findings: &mut Findings) -> Option<Decimal> {
    let text = scalar(node, "a number", findings)?;
    match parse_number(text) {
        Ok(value) => {
            warn_of_thousands(node.place, text, value, findings);
            Some(value)
        }
        Err(help) => {
            let message = format!("{} is not a plain number", quoted(text));
            findings.push(Diagnostic::error(node.place, message).help(help));
            None
        }
    }
}

/// Warns of a number such as `50.000`, whose point is most likely meant to part
/// thousands.
pub(crate) fn warn_of_thousands(place: Place, text: &str, value: Decimal, findings: &mut Findings) {
    if let Some(thousands) = separators::thousands_with_point(text) {
        let message = format!("{} is read as {}", quoted(text), value.normalize());
        let help = format!(
            "write `{thousands}` where the point parts thousands, or `{}` where it does not",
            separators::with_clear_decimals(value)
        );
        findings.push(Diagnostic::warning(place, message).help(help));
    }
}

/// Reads a plain number, or says how it is written.
fn parse_number(text: &str) -> Result<Decimal, String> {
    parse_plain(text).map_err(|wrong| match wrong {
        NotPlain::Spelling => number_help(text),
        NotPlain::LeadingZeros(right) => format!("write it without leading zeros: {right}"),
        NotPlain::TooLong => {
            format!("at most {MAX_AMOUNT} with {MAX_DECIMALS} digits behind the point")
        }
    })
}

/// Why a text is no plain number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NotPlain {
    /// There is something else than digits and a point.
    Spelling,
    /// It would be right in this way.
    LeadingZeros(String),
    /// It is too large, or has too many decimals.
    TooLong,
}

pub(super) fn parse_plain(text: &str) -> Result<Decimal, NotPlain> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, behind) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(whole) || !all_digits(behind) {
        return Err(NotPlain::Spelling);
    }
    if whole.len() > 1 && whole.starts_with('0') {
        return Err(NotPlain::LeadingZeros(unpadded(whole, digits)));
    }
    if behind.len() > MAX_DECIMALS {
        return Err(NotPlain::TooLong);
    }
    let value = Decimal::from_str_exact(text).map_err(|_| NotPlain::TooLong)?;
    if value.abs() > Decimal::from(MAX_AMOUNT) {
        Err(NotPlain::TooLong)
    } else {
        Ok(value)
    }
}

fn unpadded(whole: &str, digits: &str) -> String {
    let kept = whole.trim_start_matches('0');
    let kept = if kept.is_empty() { "0" } else { kept };
    format!("`{kept}{}`", digits.strip_prefix(whole).unwrap_or_default())
}

/// What would be right for the usual mistakes.
fn number_help(text: &str) -> String {
    let lower = text.trim().to_ascii_lowercase();
    if let Some(help) = separators::plain_spelling(text) {
        return help;
    }
    if lower.contains("inf") || lower.contains("nan") {
        return "leave the key out where there is no limit".to_owned();
    }
    if lower.starts_with("0x") || lower.starts_with("0o") || lower.starts_with("0b") {
        return "write a decimal number".to_owned();
    }
    if lower.ends_with('%') {
        return "a percentage is not possible here; write an amount".to_owned();
    }
    let exponent = lower.split_once('e').is_some_and(|(mantissa, power)| {
        parse_number(mantissa).is_ok() && power.trim_start_matches(['+', '-']).parse::<u8>().is_ok()
    });
    if exponent {
        return "write all digits, without an exponent".to_owned();
    }
    if lower.starts_with('.') || lower.ends_with('.') {
        return "write digits on both sides of the point".to_owned();
    }
    "write digits with at most one point, such as `1000` or `1000.50`".to_owned()
}

/// An amount of money, also below zero.
pub(crate) fn money(node: &Node<'_>, findings: &mut Findings) -> Option<Money> {
    number(node, findings).map(Money::new)
}

/// An amount of money above zero.
pub(crate) fn positive_money(node: &Node<'_>, findings: &mut Findings) -> Option<Money> {
    let value = number(node, findings)?;
    above_zero(node, value, findings).map(Money::new)
}

fn above_zero(node: &Node<'_>, value: Decimal, findings: &mut Findings) -> Option<Decimal> {
    if value > Decimal::ZERO {
        return Some(value);
    }
    let help = if value < Decimal::ZERO {
        format!("write it without the minus: `{}`", value.abs())
    } else {
        "write a number such as `1000`, or leave the key out where nothing is meant".to_owned()
    };
    findings.push(Diagnostic::error(node.place, "this must be above zero").help(help));
    None
}

/// A quantity: zero or above, in contracts or units.
pub(crate) fn quantity(node: &Node<'_>, findings: &mut Findings) -> Option<Decimal> {
    let value = number(node, findings)?;
    if value >= Decimal::ZERO {
        return Some(value);
    }
    let help = format!("write it without the minus: `{}`", value.abs());
    findings.push(Diagnostic::error(node.place, "this must not be below zero").help(help));
    None
}

/// A whole number from `least` to `most`.
pub(crate) fn whole(
    node: &Node<'_>,
    least: u32,
    most: u32,
    findings: &mut Findings,
) -> Option<u32> {
    let value = number(node, findings)?;
    let found = u32::try_from(value.normalize())
        .ok()
        .filter(|_| value.fract().is_zero())
        .filter(|value| (least..=most).contains(value));
    if found.is_none() {
        let message = format!("{value} is not a whole number from {least} to {most}");
        findings.push(Diagnostic::error(node.place, message));
    }
    found
}

/// An amount above zero, or a percentage from above 0 % to `most_percent`.
pub(crate) fn amount(
    node: &Node<'_>,
    most_percent: u32,
    findings: &mut Findings,
) -> Option<Amount> {
    let text = scalar(node, "an amount or a percentage", findings)?;
    if text.trim_end().ends_with('%') {
        return percent(node, Decimal::from(most_percent), true, findings).map(Amount::Share);
    }
    positive_money(node, findings).map(Amount::Money)
}

/// A percentage above 0 % and up to `most`, which counts when `inclusive`.
pub(crate) fn percent(
    node: &Node<'_>,
    most: Decimal,
    inclusive: bool,
    findings: &mut Findings,
) -> Option<Fraction> {
    let text = scalar(node, "a percentage", findings)?;
    let Some(digits) = text.strip_suffix('%') else {
        let message = format!("{} is not a percentage", quoted(text));
        findings.push(Diagnostic::error(node.place, message).help(percent_help(text)));
        return None;
    };
    let value = match parse_number(digits) {
        Ok(value) => value,
        Err(help) => {
            let help = match parse_number(digits.trim()) {
                Ok(value) => format!("write `{value}%`, without the space"),
                Err(_) => separators::plain_percent(digits).unwrap_or(help),
            };
            let message = format!("{} is not a percentage", quoted(text));
            findings.push(Diagnostic::error(node.place, message).help(help));
            return None;
        }
    };
    let fits = value < most || (inclusive && value == most);
    if value > Decimal::ZERO && fits {
        return Fraction::from_percent(value);
    }
    let edge = if inclusive { "up to" } else { "below" };
    let message = format!("{text} is out of range: above 0% and {edge} {most}%");
    findings.push(Diagnostic::error(node.place, message));
    None
}

fn percent_help(text: &str) -> String {
    match meant_percent(text) {
        Some(percent) => format!("write `{percent}`"),
        None => "write it like `70%`".to_owned(),
    }
}

/// The percentage that is most likely meant: `70%` for `70` and for `0.7`.
pub(crate) fn meant_percent(text: &str) -> Option<String> {
    match parse_number(text.trim_end_matches('%').trim()) {
        Ok(value) if value > Decimal::ZERO && value < Decimal::ONE && !text.contains('%') => {
            let percent = value.saturating_mul(Decimal::ONE_HUNDRED).normalize();
            Some(format!("{percent}%"))
        }
        Ok(value) => Some(format!("{value}%")),
        Err(_) => None,
    }
}

/// A level: a number, `start`, or `start + N`.
pub(crate) fn level(node: &Node<'_>, findings: &mut Findings) -> Option<Level> {
    let text = scalar(node, "a level", findings)?;
    let Some(rest) = text.strip_prefix("start") else {
        return money(node, findings).map(Level::Money);
    };
    let rest = rest.trim();
    if rest.is_empty() {
        return Some(Level::StartPlus(Money::ZERO));
    }
    let more = rest.strip_prefix('+').map(str::trim);
    match more.and_then(|digits| parse_number(digits).ok()) {
        Some(value) if value >= Decimal::ZERO => {
            warn_of_thousands(node.place, more.unwrap_or_default(), value, findings);
            Some(Level::StartPlus(Money::new(value)))
        }
        _ => {
            let message = format!("{} is not a level", quoted(text));
            let help = "write a number, `start`, or `start + 100`";
            findings.push(Diagnostic::error(node.place, message).help(help));
            None
        }
    }
}
