//! Numbers in the spelling of a country or of a program: with commas, with
//! points between thousands, with signs of currencies.

use rust_decimal::Decimal;

use super::number::parse_plain;

/// What a number that is not written plainly most likely means.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Meant {
    /// This plain number.
    One(String),
    /// One thousand and more, or less than a thousand with decimals.
    Either { thousands: String, decimals: String },
}

/// How a number with separators is written plainly, in words; `None` where
/// nothing plausible is meant by it.
pub(crate) fn plain_spelling(text: &str) -> Option<String> {
    Some(match meant(text)? {
        Meant::One(number) if number.contains('.') => format!("write `{number}`"),
        Meant::One(number) => format!("write digits alone: `{number}`"),
        Meant::Either {
            thousands,
            decimals,
        } => format!(
            "write `{thousands}` where the comma parts thousands, or `{decimals}` where it stands \
             for the point"
        ),
    })
}

/// The same for the digits of a percentage, in which nobody parts thousands.
pub(super) fn plain_percent(digits: &str) -> Option<String> {
    let number = match meant(digits)? {
        Meant::One(number) => number,
        Meant::Either { decimals, .. } => decimals,
    };
    let number = if number.contains('.') {
        number.trim_end_matches('0').trim_end_matches('.')
    } else {
        &number
    };
    Some(format!("write `{number}%`"))
}

/// The digits of a number whose point most likely parts thousands, as in
/// `50.000`: one to three digits, a point, and three more.
pub(crate) fn thousands_with_point(text: &str) -> Option<String> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, behind) = digits.split_once('.')?;
    let is_thousands = is_first_group(whole) && is_group(behind);
    is_thousands.then(|| text.replace('.', ""))
}

/// A number so that its point cannot part thousands.
pub(crate) fn with_clear_decimals(value: Decimal) -> String {
    let value = value.normalize();
    match value.scale() {
        0..=2 => format!("{value:.2}"),
        3 => format!("{value:.4}"),
        _ => value.to_string(),
    }
}

fn meant(text: &str) -> Option<Meant> {
    let (sign, digits) = match text.trim().strip_prefix(['-', '\u{2212}']) {
        Some(digits) => ("-", digits),
        None => ("", text.trim()),
    };
    let digits: String = digits
        .chars()
        .filter(|c| !c.is_whitespace() && !is_ornament(*c))
        .collect();
    let plain = |digits: String| Some(format!("{sign}{digits}")).filter(|text| is_plain(text));
    let separators: Vec<char> = digits.chars().filter(|c| !c.is_ascii_digit()).collect();
    if !separators.iter().all(|c| matches!(c, ',' | '.')) {
        return None;
    }
    match separators.as_slice() {
        [] | ['.'] => plain(digits).map(Meant::One),
        [','] => {
            let (whole, behind) = digits.split_once(',')?;
            let decimals = plain(format!("{whole}.{behind}"))?;
            if !(is_first_group(whole) && is_group(behind)) {
                return Some(Meant::One(decimals));
            }
            Some(Meant::Either {
                thousands: plain(format!("{whole}{behind}"))?,
                decimals: with_clear_decimals(parse_plain(&decimals).ok()?),
            })
        }
        // Only what parts thousands comes more than once.
        [first, rest @ ..] if rest.iter().all(|other| other == first) => {
            let groups = digits.split(*first).skip(1);
            let is_parted = groups.into_iter().all(|group| matches!(group.len(), 2 | 3));
            let joined = plain(digits.replace(*first, ""))?;
            is_parted.then_some(Meant::One(joined))
        }
        [thousands @ .., point] if !thousands.contains(point) => {
            let (whole, behind) = digits.rsplit_once(*point)?;
            let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
            plain(format!("{whole}.{behind}")).map(Meant::One)
        }
        _ => None,
    }
}

fn is_plain(text: &str) -> bool {
    parse_plain(text).is_ok()
}

/// What stands around digits and between them and says nothing.
fn is_ornament(c: char) -> bool {
    matches!(
        c,
        '_' | '\'' | '\u{2019}' | '+' | '$' | '\u{20ac}' | '\u{a3}' | '\u{a5}'
    )
}

fn is_first_group(digits: &str) -> bool {
    matches!(digits.len(), 1..=3)
        && !digits.starts_with('0')
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_group(digits: &str) -> bool {
    digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_are_read_as_they_are_meant() {
        let either = "write `1000` where the comma parts thousands, or `1.00` where it stands for \
                      the point";
        let finer = "write `1234` where the comma parts thousands, or `1.2340` where it stands for \
                     the point";
        for (text, expect) in [
            ("1000,50", Some("write `1000.50`")),
            ("999,5", Some("write `999.5`")),
            ("-999,5", Some("write `-999.5`")),
            ("0,125", Some("write `0.125`")),
            ("1000,500", Some("write `1000.500`")),
            ("1,000", Some(either)),
            ("1,234", Some(finer)),
            ("1,000.50", Some("write `1000.50`")),
            ("1.000,50", Some("write `1000.50`")),
            ("1.234.567,8", Some("write `1234567.8`")),
            ("1,000,000", Some("write digits alone: `1000000`")),
            ("1.000.000", Some("write digits alone: `1000000`")),
            ("1,00,000", Some("write digits alone: `100000`")),
            ("1'000.50", Some("write `1000.50`")),
            ("1_000", Some("write digits alone: `1000`")),
            ("$1,000.00", Some("write `1000.00`")),
            ("1 000 \u{20ac}", Some("write digits alone: `1000`")),
            ("1,2,3", None),
            ("1,000.000.000", None),
            ("1,", None),
            (",5", None),
            ("12:30", None),
            ("ten", None),
        ] {
            assert_eq!(plain_spelling(text).as_deref(), expect, "{text}");
        }
    }

    #[test]
    fn a_point_in_front_of_three_digits_may_part_thousands() {
        for (text, expect) in [
            ("50.000", Some("50000")),
            ("-1.500", Some("-1500")),
            ("999.999", Some("999999")),
            ("0.125", None),
            ("1000.000", None),
            ("50.00", None),
            ("50.0000", None),
            ("50", None),
        ] {
            assert_eq!(thousands_with_point(text).as_deref(), expect, "{text}");
        }
        for (text, expect) in [("50.000", "50.00"), ("1.257", "1.2570"), ("1.5", "1.50")] {
            assert_eq!(with_clear_decimals(text.parse().unwrap()), expect);
            assert_eq!(thousands_with_point(expect), None);
        }
    }
}
