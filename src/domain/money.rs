//! Exact amounts of money, and fractions of them.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An exact amount in the account's currency.
///
/// Arithmetic is checked: a result that does not fit in 96 bits of mantissa is
/// `None`, which the engine treats as unknown. Sums and differences of amounts with
/// up to 28 digits are exact; what a product or a quotient has beyond the 28th digit
/// is rounded. Binary floats never become a
/// `Money`; the adapters read amounts from their decimal text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Money(Decimal);

impl Ord for Money {
    #[inline]
    fn cmp(&self, other: &Money) -> Ordering {
        match easy_order(self.0, other.0) {
            Some(order) => order,
            None => self.any_order(*other),
        }
    }
}

impl PartialOrd for Money {
    #[inline]
    fn partial_cmp(&self, other: &Money) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// How two numbers compare, when both are easy: of at most 18 digits or so once
/// they have as many behind the point. `None` says nothing about them but that;
/// the difference of two easy ones always fits in a `Decimal`.
///
/// Amounts are compared several times for each rule and observation, and this
/// takes a fraction of the time of the general comparison.
#[inline]
pub fn easy_order(left: Decimal, right: Decimal) -> Option<Ordering> {
    /// Ten to the power of each difference of scales.
    const POWERS: [i64; 7] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];
    let (one, scale) = short(left)?;
    let (other, other_scale) = short(right)?;
    if scale == other_scale {
        return Some(one.cmp(&other));
    }
    let power = *POWERS.get(scale.abs_diff(other_scale) as usize)?;
    Some(if scale < other_scale {
        one.checked_mul(power)?.cmp(&other)
    } else {
        one.cmp(&other.checked_mul(power)?)
    })
}

/// The sum of two numbers, when both are easy: of at most 18 digits or so, and
/// with as many behind the point, or one of them zero. It is what the general
/// addition gives, in a fraction of its time; `None` says nothing about them but
/// that.
#[inline]
fn easy_sum(left: Decimal, right: Decimal) -> Option<Decimal> {
    let (one, scale) = short(left)?;
    let (other, other_scale) = short(right)?;
    match (one, other) {
        (0, _) => Some(right),
        (_, 0) => Some(left),
        _ if scale != other_scale => None,
        _ => Some(from_short(one.checked_add(other)?, scale)),
    }
}

/// Their difference, likewise.
#[inline]
fn easy_difference(left: Decimal, right: Decimal) -> Option<Decimal> {
    let (one, scale) = short(left)?;
    let (other, other_scale) = short(right)?;
    match (one, other) {
        (_, 0) if one != 0 => Some(left),
        (0, _) => None,
        _ if scale != other_scale => None,
        _ => Some(from_short(one.checked_sub(other)?, scale)),
    }
}

#[inline]
fn from_short(number: i64, scale: u32) -> Decimal {
    let [a, b, c, d, e, f, g, h] = number.unsigned_abs().to_le_bytes();
    let (low, middle) = (
        u32::from_le_bytes([a, b, c, d]),
        u32::from_le_bytes([e, f, g, h]),
    );
    Decimal::from_parts(low, middle, 0, number < 0, scale)
}

/// The digits with their sign, and how many of them are behind the point, of a
/// number that is short enough.
#[inline]
fn short(number: Decimal) -> Option<(i64, u32)> {
    let parts = number.unpack();
    if parts.hi != 0 {
        return None;
    }
    let size = i64::try_from(u64::from(parts.mid) << 32 | u64::from(parts.lo)).ok()?;
    let signed = if parts.negative {
        size.wrapping_neg()
    } else {
        size
    };
    Some((signed, parts.scale))
}

/// The number in hundredths, when it was written with at most two decimals and is
/// not very large.
fn cents(number: Decimal) -> Option<i64> {
    let (digits, scale) = short(number)?;
    match scale {
        0 => digits.checked_mul(100),
        1 => digits.checked_mul(10),
        2 => Some(digits),
        _ => None,
    }
}

/// The most characters of so many cents: sign, 19 digits, point.
const LONGEST: usize = 21;

/// So many cents, with two digits after the point.
fn printed(cents: i64, digits: &mut [u8; LONGEST]) -> &str {
    let mut left = cents.unsigned_abs();
    let mut start = LONGEST;
    let mut places = 0;
    while left > 0 || places < 4 {
        start -= 1;
        digits[start] = match places {
            2 => b'.',
            _ => {
                let digit = left % 10;
                left /= 10;
                b'0' + digit as u8
            }
        };
        places += 1;
    }
    if cents < 0 {
        start -= 1;
        digits[start] = b'-';
    }
    str::from_utf8(&digits[start..]).unwrap_or_default()
}

impl Money {
    /// No money at all.
    pub const ZERO: Money = Money(Decimal::ZERO);

    /// The amount that `value` says.
    pub const fn new(value: Decimal) -> Money {
        Money(value)
    }

    /// The amount as a plain decimal number.
    pub const fn decimal(self) -> Decimal {
        self.0
    }

    #[cold]
    fn any_order(self, other: Money) -> Ordering {
        self.0.cmp(&other.0)
    }

    /// `self + other`, or `None` when it does not fit.
    #[inline]
    pub fn plus(self, other: Money) -> Option<Money> {
        match easy_sum(self.0, other.0) {
            Some(sum) => Some(Money(sum)),
            None => self.any_sum(other),
        }
    }

    #[cold]
    fn any_sum(self, other: Money) -> Option<Money> {
        self.0.checked_add(other.0).map(Money)
    }

    /// `self - other`, or `None` when it does not fit.
    #[inline]
    pub fn minus(self, other: Money) -> Option<Money> {
        match easy_difference(self.0, other.0) {
            Some(difference) => Some(Money(difference)),
            None => self.any_difference(other),
        }
    }

    #[cold]
    fn any_difference(self, other: Money) -> Option<Money> {
        self.0.checked_sub(other.0).map(Money)
    }

    /// Whether it is `one + other`, to the last digit; `false` also where
    /// [`Money::millionths`] cannot tell.
    #[inline]
    pub fn is_sum_of(self, one: Money, other: Money) -> bool {
        let parts = one.millionths().zip(other.millionths());
        let sum = parts.and_then(|(one, other)| one.checked_add(other));
        sum.is_some() && sum == self.millionths()
    }

    /// The given share of this amount, to the 28th digit, or `None` when it does not
    /// fit.
    pub fn share(self, fraction: Fraction) -> Option<Money> {
        self.0.checked_mul(fraction.0).map(Money)
    }

    /// The amount with its sign turned.
    pub fn negated(self) -> Money {
        Money(-self.0)
    }

    /// The amount in millionths; `None` when it is no whole number of them, or
    /// when that is a number of more than 18 digits or so.
    #[inline]
    pub fn millionths(self) -> Option<i64> {
        const POWERS: [i64; 7] = [1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];
        let (size, scale) = short(self.0)?;
        size.checked_mul(*POWERS.get(scale as usize)?)
    }

    /// Whether the amount is exactly zero.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// Whether the amount is above zero.
    pub fn is_positive(self) -> bool {
        self.0 > Decimal::ZERO
    }

    /// The amount for people: `-1,012.50`.
    pub fn grouped(self) -> String {
        let plain = self.to_string();
        let (sign, digits) = match plain.strip_prefix('-') {
            Some(rest) => ("-", rest),
            None => ("", plain.as_str()),
        };
        let (whole, cents) = digits.split_once('.').unwrap_or((digits, "00"));
        let mut grouped = String::with_capacity(plain.len().saturating_add(8));
        for (index, digit) in whole.char_indices() {
            if index > 0 && whole.len().saturating_sub(index).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        format!("{sign}{grouped}.{cents}")
    }
}

/// Prints at least two digits after the point and no needless zeros beyond:
/// `-1000.00`, `0.125`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Nearly every amount, and the state of an account holds many, is one of
        // whole cents that is printed without a width.
        let is_plain = f.width().is_none() && f.precision().is_none() && !f.sign_plus();
        if let Some(cents) = cents(self.0).filter(|_| is_plain) {
            let mut digits = [0; LONGEST];
            return f.write_str(printed(cents, &mut digits));
        }
        let mut value = self.0.normalize();
        if value.scale() < 2 {
            value.rescale(2);
        }
        value.fmt(f)
    }
}

impl FromStr for Money {
    type Err = rust_decimal::Error;

    fn from_str(text: &str) -> Result<Money, Self::Err> {
        Decimal::from_str_exact(text).map(Money)
    }
}

impl From<i64> for Money {
    fn from(whole: i64) -> Money {
        Money(Decimal::from(whole))
    }
}

/// A decimal string, as in every JSON that riskd writes for money.
impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Money, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A share of something: `0.7` is 70 %.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fraction(Decimal);

impl Fraction {
    /// The share that is `percent` hundredths; `None` when it does not fit.
    pub fn from_percent(percent: Decimal) -> Option<Fraction> {
        percent
            .checked_mul(Decimal::new(1, 2))
            .map(|share| Fraction(share.normalize()))
    }

    /// The share as a number, 1 being the whole.
    pub const fn decimal(self) -> Decimal {
        self.0
    }
}

/// Prints as a percentage: `70%`.
impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.checked_mul(Decimal::ONE_HUNDRED) {
            Some(percent) => write!(f, "{}%", percent.normalize()),
            None => write!(f, "{} of the whole", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    #[test]
    fn prints_at_least_cents_and_nothing_needless() {
        let cases = [
            ("-1000", "-1000.00", "-1,000.00"),
            ("0.1250", "0.125", "0.125"),
            ("1234567.8", "1234567.80", "1,234,567.80"),
            ("0", "0.00", "0.00"),
            ("-999.99", "-999.99", "-999.99"),
            ("-0.05", "-0.05", "-0.05"),
            ("-0.00", "0.00", "0.00"),
            ("-12.3", "-12.30", "-12.30"),
            (
                "92233720368547758.07",
                "92233720368547758.07",
                "92,233,720,368,547,758.07",
            ),
            (
                "92233720368547758.08",
                "92233720368547758.08",
                "92,233,720,368,547,758.08",
            ),
            (
                "-9223372036854775807",
                "-9223372036854775807.00",
                "-9,223,372,036,854,775,807.00",
            ),
        ];
        for (input, plain, grouped) in cases {
            assert_eq!(money(input).to_string(), plain);
            assert_eq!(money(input).grouped(), grouped);
            assert_eq!(format!("{:>1}", money(input)), plain, "as with a width");
        }
    }

    #[test]
    fn amounts_compare_as_their_decimals_do() {
        let texts = [
            "0",
            "0.00",
            "-0.00",
            "1",
            "1.00",
            "-1",
            "-0.999999",
            "0.0000001",
            "1000",
            "1000.000000",
            "999.9999999",
            "92233720368547758.07",
            "9223372036854775807",
            "9223372036854775808",
            "-9223372036854775808",
            "922337203685477580.8",
            "79228162514264337593543950335",
            "-79228162514264337593543950335",
            "0.0000000000000000000000000001",
        ];
        for left in texts.map(money) {
            for right in texts.map(money) {
                let expect = left.decimal().cmp(&right.decimal());
                assert_eq!(left.cmp(&right), expect, "{left} {right}");
                assert_eq!(left == right, expect.is_eq(), "{left} {right}");
                if let Some(sum) = easy_sum(left.decimal(), right.decimal()) {
                    let expect = left.decimal().checked_add(right.decimal()).unwrap();
                    assert_eq!(sum.unpack(), expect.unpack(), "{left} {right}");
                }
                if let Some(gap) = easy_difference(left.decimal(), right.decimal()) {
                    let expect = left.decimal().checked_sub(right.decimal()).unwrap();
                    assert_eq!(gap.unpack(), expect.unpack(), "{left} {right}");
                }
                if let Some(order) = easy_order(left.decimal(), right.decimal()) {
                    assert_eq!(order, expect, "{left} {right}");
                    let gap = left.minus(right).unwrap();
                    assert_eq!(gap.decimal().cmp(&Decimal::ZERO), expect, "{left} {right}");
                }
            }
        }
        assert_eq!(
            easy_order(Decimal::new(-100_001, 2), Decimal::from(-1_000)),
            Some(Ordering::Less)
        );
    }

    #[test]
    fn millionths_are_exact_or_refused() {
        let cases = [
            ("0", Some(0)),
            ("-12.5", Some(-12_500_000)),
            ("0.000001", Some(1)),
            ("0.0000010", None),
            ("9223372036854.775807", Some(i64::MAX)),
            ("9223372036854.775808", None),
            ("92233720368547758.07", None),
        ];
        for (text, expect) in cases {
            assert_eq!(money(text).millionths(), expect, "{text}");
        }
    }

    #[test]
    fn a_sum_that_does_not_fit_is_none() {
        let most = Money::new(Decimal::MAX);
        assert_eq!(most.plus(most), None);
        assert_eq!(most.negated().minus(most), None);
    }

    #[test]
    fn a_percentage_is_exact() {
        let share = Fraction::from_percent(Decimal::from(95)).unwrap();
        assert_eq!(money("125").share(share), Some(money("118.75")));
        assert_eq!(share.to_string(), "95%");
    }
}
