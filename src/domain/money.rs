//! Exact amounts of money, and fractions of them.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An exact amount in the account's currency.
///
/// Arithmetic is checked: a result that does not fit in 96 bits of mantissa is
/// `None`, which the engine treats as unknown. Binary floats never become a
/// `Money`; the adapters read amounts from their decimal text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(Decimal);

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

    /// `self + other`, or `None` when it does not fit.
    pub fn plus(self, other: Money) -> Option<Money> {
        self.0.checked_add(other.0).map(Money)
    }

    /// `self - other`, or `None` when it does not fit.
    pub fn minus(self, other: Money) -> Option<Money> {
        self.0.checked_sub(other.0).map(Money)
    }

    /// The given share of this amount, exact, or `None` when it does not fit.
    pub fn share(self, fraction: Fraction) -> Option<Money> {
        self.0.checked_mul(fraction.0).map(Money)
    }

    /// The amount with its sign turned.
    pub fn negated(self) -> Money {
        Money(-self.0)
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
        ];
        for (input, plain, grouped) in cases {
            assert_eq!(money(input).to_string(), plain);
            assert_eq!(money(input).grouped(), grouped);
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
