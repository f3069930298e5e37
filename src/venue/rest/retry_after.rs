//! What the headers of an answer say about time: how long to wait after "too
//! many requests", and what time it is elsewhere.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use reqwest::header::{AGE, DATE, HeaderMap, HeaderName, RETRY_AFTER};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::clock::Clock;
use super::decimal;
use super::reply::Reply;
use crate::domain::observation::Timestamp;

/// The longest wait that is read; how much of it is believed is up to the venue's
/// profile.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// The wait when the venue does not say one.
const UNTOLD: Duration = Duration::from_secs(1);
/// A body's figure above this is milliseconds (clients of the venue have seen
/// both units).
const SECONDS_UP_TO: i64 = 1000;

/// What the header says: seconds, or a date. A date is counted from the
/// answer's own `Date` where there is one, since clocks differ.
pub(super) fn told_by_header(headers: &HeaderMap, clock: &Clock) -> Option<Duration> {
    from_header(
        text_of(headers, RETRY_AFTER)?,
        text_of(headers, DATE),
        clock,
    )
}

/// When an answer was given, by its own account, and how long a cache has held it
/// since.
pub(super) fn date_and_age(headers: &HeaderMap) -> Option<(Timestamp, TimeDelta)> {
    let date = http_date(text_of(headers, DATE)?)?;
    let age = text_of(headers, AGE).and_then(|age| age.trim().parse().ok());
    Some((
        date,
        age.and_then(TimeDelta::try_seconds).unwrap_or_default(),
    ))
}

fn text_of(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn from_header(text: &str, date: Option<&str>, clock: &Clock) -> Option<Duration> {
    if let Some(seconds) = decimal::parse(text) {
        return pause(seconds);
    }
    let until = http_date(text)?;
    let from = date.and_then(http_date).unwrap_or_else(|| clock());
    let pause = until.signed_duration_since(from).to_std();
    Some(pause.unwrap_or_default().min(LONGEST))
}

/// What the body says: `retryAfter` in seconds, or in milliseconds when it is
/// too large for seconds.
pub(super) fn told_by_body(reply: &Reply) -> Option<Duration> {
    let told = reply.json()?.root().object()?.decimal(&["retryafter"])?;
    if told > Decimal::from(SECONDS_UP_TO) {
        return pause(told.checked_div(Decimal::ONE_THOUSAND)?);
    }
    pause(told)
}

/// The wait when nothing was said, with a random part below `jitter`.
pub(super) fn untold(jitter: Duration) -> Duration {
    let most = u64::try_from(jitter.as_millis()).unwrap_or(u64::MAX);
    let random = RandomState::new().hash_one(0_u8);
    UNTOLD.saturating_add(Duration::from_millis(
        random.checked_rem(most).unwrap_or_default(),
    ))
}

/// These seconds, at least none and at most the longest that is read.
fn pause(seconds: Decimal) -> Option<Duration> {
    if seconds < Decimal::ZERO {
        return None;
    }
    let longest = Decimal::from(LONGEST.as_secs());
    let millis = seconds
        .min(longest)
        .checked_mul(Decimal::ONE_THOUSAND)?
        .ceil()
        .to_u64()?;
    Some(Duration::from_millis(millis))
}

fn http_date(text: &str) -> Option<Timestamp> {
    DateTime::parse_from_rfc2822(text.trim())
        .ok()
        .map(|date| date.to_utc())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn clock() -> Clock {
        Arc::new(|| http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap())
    }

    #[test]
    fn the_header_is_seconds_or_a_date() {
        let date = Some("Sun, 06 Nov 1994 08:49:50 GMT");
        for (text, date, expected) in [
            ("7", None, Some(7000)),
            (" 7 ", None, Some(7000)),
            ("0.35", None, Some(350)),
            ("0", None, Some(0)),
            ("86400", None, Some(86_400_000)),
            ("99999999999999999999", None, Some(604_800_000)),
            ("-1", None, None),
            ("soon", None, None),
            ("", None, None),
            ("Sun, 06 Nov 1994 08:49:40 GMT", None, Some(3000)),
            ("Sun, 06 Nov 1994 08:49:57 GMT", date, Some(7000)),
            ("Sun, 06 Nov 1994 08:49:57 GMT", Some("?"), Some(20_000)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", date, Some(0)),
            ("Mon, 07 Nov 1994 08:00:00 GMT", date, Some(83_410_000)),
        ] {
            assert_eq!(
                from_header(text, date, &clock()),
                expected.map(Duration::from_millis),
                "{text}"
            );
        }
    }

    #[test]
    fn the_body_is_seconds_or_milliseconds() {
        for (body, expected) in [
            (
                r#"{"success": false, "error": "rate_limited", "retryAfter": 2}"#,
                Some(2000),
            ),
            (r#"{"retry_after": "1.5"}"#, Some(1500)),
            (r#"{"retryAfter": 1500}"#, Some(1500)),
            (r#"{"retryAfter": 1000}"#, Some(1_000_000)),
            (r#"{"retryAfter": null}"#, None),
            (r#"{"error": "Rate limit exceeded"}"#, None),
            ("<html>", None),
        ] {
            let reply = Reply::of(429, Ok(body.as_bytes().to_vec()));
            assert_eq!(
                told_by_body(&reply),
                expected.map(Duration::from_millis),
                "{body}"
            );
        }
        let jitter = Duration::from_millis(250);
        assert!(untold(jitter) >= UNTOLD && untold(jitter) <= UNTOLD + jitter);
        assert_eq!(untold(Duration::ZERO), UNTOLD);
    }
}
