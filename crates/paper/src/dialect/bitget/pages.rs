//! Lists that begin with the newest and go on by the id of the last row.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::params::Params;
use super::reply::{Refusal, wrong};
use crate::dialect::exchange::span::Span;

/// How long a log is kept.
const KEPT: TimeDelta = TimeDelta::days(90);
/// The most rows of a page.
const MOST: usize = 100;

/// A row with its id, which falls from row to row.
pub(crate) type Row = (u64, Value);

/// One page of rows, and the id of its last; empty without one. `name` is that of the
/// parameter that says where the page begins.
pub(crate) fn page(
    rows: Vec<Row>,
    params: &Params,
    name: &str,
    usual: usize,
) -> Result<(Vec<Value>, String), Refusal> {
    let limit = match params.whole("limit")? {
        None => usual,
        Some(limit) => usize::try_from(limit)
            .ok()
            .filter(|limit| (1..=MOST).contains(limit))
            .ok_or_else(|| wrong("limit"))?,
    };
    let before = match params.text(name) {
        None => u64::MAX,
        Some(text) => text.parse().map_err(|_| wrong(name))?,
    };
    let rows = rows.into_iter().filter(|(id, _)| *id < before);
    let rows: Vec<Row> = rows.take(limit).collect();
    let end = rows.last().map(|(id, _)| id.to_string());
    let rows = rows.into_iter().map(|(_, row)| row).collect();
    Ok((rows, end.unwrap_or_default()))
}

/// From when to when a log is asked for; all that is kept without times.
pub(crate) fn span(
    params: &Params,
    now: DateTime<Utc>,
    longest: TimeDelta,
) -> Result<Span, Refusal> {
    let time = |name: &str| -> Result<Option<DateTime<Utc>>, Refusal> {
        let Some(ms) = params.whole(name)? else {
            return Ok(None);
        };
        let time = DateTime::from_timestamp_millis(ms);
        time.map(Some).ok_or_else(|| wrong(name))
    };
    let oldest = now.checked_sub_signed(KEPT).unwrap_or(now);
    let (from, to) = (time("startTime")?, time("endTime")?);
    let end = to.unwrap_or(now);
    if let Some(start) = from
        && !(Span { start, end }).is_at_most(longest)
    {
        let days = longest.num_days();
        let text = format!("startTime and endTime interval cannot be greater than {days} days");
        return Err(Refusal::new("00001", &text));
    }
    let start = from.unwrap_or(oldest).max(oldest);
    Ok(Span { start, end })
}
