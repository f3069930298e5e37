//! Times as people write and read them.

use chrono::{
    DateTime, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, TimeDelta, Timelike, Utc,
};
use chrono_tz::Tz;

use crate::domain::duration;
use crate::domain::observation::Timestamp;

/// A point in the past, as `--since` takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Since {
    /// So long before now.
    Ago(TimeDelta),
    /// At this instant.
    At(Timestamp),
}

impl Since {
    /// Reads `2h`, `1d12h`, `2026-11-21`, `2026-11-21T14:30` (both UTC) or RFC 3339.
    pub(super) fn parse(text: &str) -> Result<Since, String> {
        let text = text.trim();
        if let Some(span) = duration::parse(text) {
            return Ok(Since::Ago(span));
        }
        if let Ok(at) = DateTime::parse_from_rfc3339(text) {
            return Ok(Since::At(at.with_timezone(&Utc)));
        }
        let formats = [
            "%Y-%m-%dT%H:%M",
            "%Y-%m-%d %H:%M",
            "%Y-%m-%dT%H:%M:%S",
            "%Y-%m-%d %H:%M:%S",
        ];
        let local = formats
            .iter()
            .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
        let midnight = || {
            let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
            Some(date.and_time(NaiveTime::MIN))
        };
        local
            .or_else(midnight)
            .map(|at| Since::At(at.and_utc()))
            .ok_or_else(|| {
                "expected a duration such as 2h, a day such as 2026-11-21 (UTC), or an RFC 3339 time"
                    .to_owned()
            })
    }

    /// The instant.
    pub(super) fn instant(self, now: Timestamp) -> Timestamp {
        match self {
            Since::At(at) => at,
            Since::Ago(span) => now.checked_sub_signed(span).unwrap_or(Timestamp::MIN_UTC),
        }
    }
}

/// A point in time that is an argument, written as for `--since`.
pub(super) fn instant(text: &str) -> Result<Timestamp, String> {
    match Since::parse(text) {
        Ok(Since::At(at)) => Ok(at),
        Ok(Since::Ago(_)) | Err(_) => Err(
            "expected a day such as 2026-11-21, a time such as 2026-11-21T14:30 (both UTC), or RFC 3339"
                .to_owned(),
        ),
    }
}

/// A duration that is an argument and may not be zero.
pub(super) fn wait(text: &str) -> Result<std::time::Duration, String> {
    duration::parse(text)
        .and_then(|span| span.to_std().ok())
        .filter(|span| !span.is_zero())
        .ok_or_else(|| "expected a duration such as 60s or 2m".to_owned())
}

/// `2026-11-21 14:03:12.345 UTC`
pub(super) fn full(at: Timestamp) -> String {
    at.format("%Y-%m-%d %H:%M:%S%.3f UTC").to_string()
}

/// `Sun 2026-11-22 16:00 America/New_York (2026-11-22 21:00 UTC)`, with the
/// seconds where there are some; by UTC alone when `zone` is that or no zone.
pub(super) fn in_zone(at: Timestamp, zone: &str) -> String {
    let clock = match at.second() {
        0 => "%Y-%m-%d %H:%M",
        _ => "%Y-%m-%d %H:%M:%S",
    };
    match zone.parse::<Tz>() {
        Ok(tz) if tz != Tz::UTC => {
            let local = at.with_timezone(&tz);
            let (day, time, utc) = (local.format("%a"), local.format(clock), at.format(clock));
            format!("{day} {time} {zone} ({utc} UTC)")
        }
        _ => format!("{} {} UTC", at.format("%a"), at.format(clock)),
    }
}

/// RFC 3339 with milliseconds, for other programs.
pub(super) fn rfc3339(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// How long it took, for people: `12 ms`, `1.250 s`.
pub(super) fn took(span: TimeDelta) -> String {
    let millis = span.num_milliseconds();
    if millis.abs() < 1_000 {
        return format!("{millis} ms");
    }
    if millis.abs() < 120_000 {
        return format!("{}.{:03} s", millis / 1_000, (millis % 1_000).abs());
    }
    duration::write(TimeDelta::seconds(span.num_seconds()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_in_the_past_are_read_as_people_write_them() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let cases = [
            ("2h", "2026-11-21T10:00:00.000Z"),
            ("1d12h", "2026-11-20T00:00:00.000Z"),
            ("90s", "2026-11-21T11:58:30.000Z"),
            ("2026-11-20", "2026-11-20T00:00:00.000Z"),
            ("2026-11-20 09:30", "2026-11-20T09:30:00.000Z"),
            ("2026-11-20T09:30:00-05:00", "2026-11-20T14:30:00.000Z"),
        ];
        for (text, expect) in cases {
            let since = Since::parse(text).unwrap();
            assert_eq!(rfc3339(since.instant(now)), expect, "{text}");
        }
        for bad in [
            "",
            "h",
            "2",
            "2x",
            "1m1h",
            "1h1h",
            "yesterday",
            "2026-13-01",
        ] {
            assert!(Since::parse(bad).is_err(), "{bad:?}");
        }
    }
}
