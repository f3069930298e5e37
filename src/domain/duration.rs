//! Durations as people write them: `500ms`, `10m`, `1h30m`.

use std::fmt::Write as _;

use chrono::TimeDelta;

/// The units with their length in milliseconds, longest first.
const UNITS: [(&str, i64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// Reads whole numbers with units, each unit at most once, the longest first;
/// `None` for everything else and for more than fits.
pub fn parse(text: &str) -> Option<TimeDelta> {
    let mut rest = text;
    let mut total = 0_i64;
    let mut shortest = i64::MAX;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (count, behind) = rest.split_at_checked(digits)?;
        let letters = behind.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, behind) = behind.split_at_checked(letters)?;
        let (_, length) = UNITS.iter().find(|(name, _)| *name == unit)?;
        if *length >= shortest {
            return None;
        }
        shortest = *length;
        let part = count.parse::<i64>().ok()?.checked_mul(*length)?;
        total = total.checked_add(part)?;
        rest = behind;
    }
    let is_said = !text.is_empty();
    is_said.then(|| TimeDelta::try_milliseconds(total))?
}

/// Writes a duration, to the millisecond, so that [`parse`] reads it again: `1h30m`, `0s`; with
/// a sign when it is below zero.
pub fn write(duration: TimeDelta) -> String {
    let millis = duration.num_milliseconds();
    let mut rest = millis.unsigned_abs();
    if rest == 0 {
        return "0s".to_owned();
    }
    let mut text = if millis < 0 { "-" } else { "" }.to_owned();
    for (unit, length) in UNITS {
        let length = length.unsigned_abs();
        let count = rest / length;
        rest %= length;
        if count > 0 {
            // Writing into a text cannot fail.
            let _ = write!(text, "{count}{unit}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for text in [
            "0s",
            "1ms",
            "90ms",
            "10s",
            "1m",
            "1h30m",
            "2d",
            "366d23h59m59s999ms",
        ] {
            let span = parse(text).unwrap();
            assert_eq!(write(span), text);
        }
        assert_eq!(write(TimeDelta::seconds(-90)), "-1m30s");
        assert_eq!(parse("90m"), Some(TimeDelta::minutes(90)));
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "5",
            "m",
            "5 m",
            "5min",
            "5M",
            "30m1h",
            "1h1h",
            "1.5h",
            "-1h",
            "+1h",
            "99999999999999999999d",
            "9223372036854775807s",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
