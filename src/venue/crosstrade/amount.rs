//! What the venue's numbers are worth.
//!
//! NT8 computes in binary floats, so its figures carry noise such as
//! `100565.00000000285` or `-5.684341886080802E-14` (CrossTrade docs, get
//! account page). What is rounded here is that noise, and the rounding is
//! always to the cautious side.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::domain::money::Money;

/// Decimals that carry meaning in an amount of money; beyond them is noise.
const MONEY_NOISE: u32 = 6;
/// Decimals of money itself.
const CENTS: u32 = 2;
/// Decimals that carry meaning in a price or a quantity.
const PRICE_NOISE: u32 = 8;

/// An amount of money: noise is removed by rounding to six decimals, then what
/// is left below a cent is dropped towards minus infinity. A loss is thus never
/// shown smaller than it is, nor a profit larger.
pub(super) fn money(value: Decimal) -> Money {
    let value = value.round_dp_with_strategy(MONEY_NOISE, RoundingStrategy::MidpointNearestEven);
    let cents = value.round_dp_with_strategy(CENTS, RoundingStrategy::ToNegativeInfinity);
    Money::new(unsigned_zero(cents))
}

/// A price or a quantity: noise is removed by rounding to eight decimals.
pub(super) fn price(value: Decimal) -> Decimal {
    let value = value.round_dp_with_strategy(PRICE_NOISE, RoundingStrategy::MidpointNearestEven);
    unsigned_zero(value.normalize())
}

fn unsigned_zero(value: Decimal) -> Decimal {
    if value.is_zero() {
        Decimal::ZERO
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venue::rest::decimal;

    #[test]
    fn money_loses_noise_and_rounds_to_the_cautious_side() {
        let cases = [
            ("100565.00000000285", "100565.00"),
            ("-999.9899999999999", "-999.99"),
            ("-1000.0000000000001", "-1000.00"),
            ("999.9999999999999", "1000.00"),
            ("-999.991", "-1000.00"),
            ("999.999", "999.99"),
            ("-0.001", "-0.01"),
            ("0.009", "0.00"),
            ("-5.684341886080802E-14", "0.00"),
            ("-0.0", "0.00"),
        ];
        for (text, expected) in cases {
            let amount = money(decimal::parse(text).unwrap());
            assert_eq!(amount.to_string(), expected, "{text}");
            assert!(!amount.is_zero() || amount.decimal().is_sign_positive());
        }
    }

    #[test]
    fn a_price_keeps_eight_decimals() {
        let cases = [
            ("5803.250000000001", "5803.25"),
            ("0.00000001", "0.00000001"),
            ("1.123456785", "1.12345678"),
            ("2.0", "2"),
        ];
        for (text, expected) in cases {
            assert_eq!(price(decimal::parse(text).unwrap()).to_string(), expected);
        }
    }
}
