//! How amounts and times are written.
//!
//! Amounts are exact inside and become floats here, with the noise that
//! NinjaTrader's own sums leave in them (`100565.00000000285`).

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::sim::random;

/// The most units in the last place by which noise moves an amount.
const NOISE_UNITS: u64 = 200;

/// How amounts and times are written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    pub(crate) noise: bool,
    pub(crate) timezone: Tz,
}

impl Style {
    /// An amount of money as a float.
    pub(crate) fn amount(&self, amount: Decimal) -> f64 {
        let exact = plain(amount);
        if self.noise && exact != 0.0 {
            with_noise(exact)
        } else {
            exact
        }
    }

    /// Local time with offset and seven fraction digits.
    pub(crate) fn local_with_offset(&self, time: DateTime<Utc>) -> String {
        let local = time.with_timezone(&self.timezone);
        format!("{}{}", self.local(time), local.format("%:z"))
    }

    /// Local time without zone, seven fraction digits.
    pub(crate) fn local(&self, time: DateTime<Utc>) -> String {
        let local = time.with_timezone(&self.timezone);
        let ticks = local.timestamp_subsec_nanos() / 100;
        format!("{}.{ticks:07}", local.format("%Y-%m-%dT%H:%M:%S"))
    }
}

/// A decimal as the nearest float.
pub(crate) fn plain(number: Decimal) -> f64 {
    number.to_f64().unwrap_or_default()
}

/// Moves an amount by a few units in its last place, the same for the same
/// amount.
fn with_noise(exact: f64) -> f64 {
    let draw = random::mix(exact.to_bits()) % (2 * NOISE_UNITS + 1);
    exact * (1.0 + (draw as f64 - NOISE_UNITS as f64) * f64::EPSILON)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::str::FromStr;

    const STYLE: Style = Style {
        noise: true,
        timezone: chrono_tz::America::Los_Angeles,
    };

    #[test]
    fn noise_is_there_and_far_below_a_cent() {
        for text in ["100565", "-500", "0.01", "1234567.89", "-1000"] {
            let exact = Decimal::from_str(text).unwrap();
            let noisy = STYLE.amount(exact);
            let back = Decimal::from_f64_retain(noisy).unwrap();
            assert_eq!(back.round_dp(2), exact.round_dp(2), "{noisy}");
            assert_eq!(STYLE.amount(exact), noisy, "repeatable");
        }
        let noisy = (1..100).filter(|n| with_noise(f64::from(*n)) != f64::from(*n));
        assert!(noisy.count() > 90);
        assert_eq!(STYLE.amount(Decimal::ZERO), 0.0);
    }

    #[test]
    fn times_have_seven_digits_and_the_local_offset() {
        let time = DateTime::from_timestamp(1_741_618_393, 90_880_912).unwrap();
        assert_eq!(
            STYLE.local_with_offset(time),
            "2025-03-10T07:53:13.0908809-07:00"
        );
        assert_eq!(STYLE.local(time), "2025-03-10T07:53:13.0908809");
    }
}
