//! Times of day, durations, days and time zones.

use chrono::{NaiveTime, TimeDelta};
use chrono_tz::{TZ_VARIANTS, Tz};

use super::{Findings, Node, list, scalar};
use crate::domain::days::DaySet;
use crate::domain::duration;
use crate::domain::time_of_day::TimeOfDay;
use crate::rules::diagnostic::{Diagnostic, quoted};
use crate::rules::suggest::did_you_mean;

/// Longest duration, in days.
pub(crate) const MAX_DURATION_DAYS: i64 = 366;

/// A duration above zero, such as `500ms`, `10m`, `1h30m`.
pub(crate) fn duration(node: &Node<'_>, findings: &mut Findings) -> Option<TimeDelta> {
    let text = scalar(node, "a duration such as `10s`", findings)?;
    let problem = match duration::parse(text) {
        None => {
            let message = format!("{} is not a duration", quoted(text));
            Diagnostic::error(node.place, message).help(duration_help(text))
        }
        Some(span) if span.is_zero() => {
            Diagnostic::error(node.place, "a duration must be above zero")
                .help("leave the key out for none")
        }
        Some(span) if span > TimeDelta::days(MAX_DURATION_DAYS) => {
            let message = format!("more than {MAX_DURATION_DAYS} days");
            Diagnostic::error(node.place, message)
        }
        span => return span,
    };
    findings.push(problem);
    None
}

fn duration_help(text: &str) -> String {
    let text = text.trim();
    if text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty() {
        return format!("add a unit: `{text}s` for seconds, `{text}m` for minutes");
    }
    "write whole numbers with units, the longest first: `500ms`, `10s`, `5m`, `1h30m`, `2d`"
        .to_owned()
}

/// Whether a text was probably meant to be a time of day.
pub(crate) fn looks_like_time(text: &str) -> bool {
    text.contains(':')
}

/// A time of day from `00:00` to `24:00`.
pub(crate) fn time_of_day(node: &Node<'_>, findings: &mut Findings) -> Option<TimeOfDay> {
    let text = scalar(node, "a time of day such as `\"09:30\"`", findings)?;
    match text.parse() {
        Ok(time) => Some(time),
        Err(_) => {
            let message = format!("{} is not a time of day", quoted(text));
            findings.push(Diagnostic::error(node.place, message).help(time_help(text)));
            None
        }
    }
}

/// A time that a clock can show: `00:00` to `23:59`.
pub(crate) fn clock_time(node: &Node<'_>, findings: &mut Findings) -> Option<NaiveTime> {
    let time = time_of_day(node, findings)?.to_clock();
    if time.is_none() {
        let message = "`24:00` can only end a window";
        findings.push(Diagnostic::error(node.place, message).help("write `\"00:00\"`"));
    }
    time
}

fn time_help(text: &str) -> String {
    let parts: Vec<&str> = text.trim().split([':', '.', 'h']).collect();
    if let [hours, minutes] = parts.as_slice()
        && let (Ok(hours), Ok(minutes)) = (hours.parse::<u8>(), minutes.parse::<u8>())
        && hours < 24
        && minutes < 60
    {
        return format!("write `\"{hours:02}:{minutes:02}\"`");
    }
    // YAML 1.1 reads 17:00 as the sexagesimal number 1020, and editors that
    // tidy a file sometimes write it back so.
    if let Ok(minutes) = text.parse::<u16>()
        && minutes > 24
        && minutes < 24 * 60
    {
        let (hours, minutes) = (minutes / 60, minutes % 60);
        return format!("write hours and minutes in quotes; `\"{hours:02}:{minutes:02}\"`?");
    }
    "write hours and minutes, 24-hour clock, in quotes: `\"16:55\"`".to_owned()
}

/// A set of days from a list of `mon` to `sun`.
pub(crate) fn days(node: &Node<'_>, findings: &mut Findings) -> Option<DaySet> {
    if let Some(meant) = node.scalar().and_then(range_of_days) {
        let message = "expected a list of days, found a plain value";
        let help = format!("write every day: `{meant}`");
        findings.push(Diagnostic::error(node.place, message).help(help));
        return None;
    }
    let items = list(node, "a list of days", findings)?;
    let mut set = DaySet::NONE;
    let mut right = true;
    for item in items {
        match scalar(item, "a day", findings).map(|text| (text, DaySet::parse_day(text))) {
            Some((_, Ok(day))) if set.contains(day) => {
                right = false;
                findings.push(Diagnostic::error(item.place, "this day is a duplicate"));
            }
            Some((_, Ok(day))) => set = set.with(day),
            Some((text, Err(_))) => {
                right = false;
                let message = format!("{} is not a day", quoted(text));
                findings.push(Diagnostic::error(item.place, message).help(day_help(text)));
            }
            None => right = false,
        }
    }
    right.then_some(set)
}

/// The list that `mon-fri` and the like mean.
fn range_of_days(text: &str) -> Option<String> {
    const WEEK: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let lower = text.trim().to_lowercase();
    let (first, last) = match lower.as_str() {
        "weekdays" | "workdays" => ("mon", "fri"),
        "daily" | "all" | "every day" | "everyday" => ("mon", "sun"),
        other => ["-", "\u{2013}", "..", " to "]
            .iter()
            .find_map(|between| other.split_once(between))?,
    };
    let index = |day: &str| {
        let day = day.trim();
        WEEK.iter().position(|known| day.starts_with(known))
    };
    let (first, last) = (index(first)?, index(last)?);
    let count = WEEK.len().saturating_add(last).saturating_sub(first) % WEEK.len();
    let days = WEEK
        .iter()
        .cycle()
        .skip(first)
        .take(count.saturating_add(1));
    let days: Vec<&str> = days.copied().collect();
    Some(format!("[{}]", days.join(", ")))
}

fn day_help(text: &str) -> String {
    if let Some(meant) = range_of_days(text) {
        return format!("write every day: `{meant}`");
    }
    let start: String = text.chars().take(3).collect::<String>().to_lowercase();
    match DaySet::parse_day(&start) {
        Ok(_) => format!("write `{start}`"),
        Err(_) => "days are mon, tue, wed, thu, fri, sat, sun".to_owned(),
    }
}

/// Zones that keep one offset all year though their names are used for places
/// that change their clocks, and what is usually meant.
const FIXED_ZONES: [(&str, &str); 7] = [
    ("EST", "America/New_York"),
    ("EDT", "America/New_York"),
    ("ET", "America/New_York"),
    ("CST", "America/Chicago"),
    ("CT", "America/Chicago"),
    ("MST", "America/Denver"),
    ("PST", "America/Los_Angeles"),
];

/// An IANA time zone.
pub(crate) fn timezone(node: &Node<'_>, findings: &mut Findings) -> Option<Tz> {
    let text = scalar(node, "a time zone", findings)?;
    if let Some((_, meant)) = FIXED_ZONES.iter().find(|(name, _)| *name == text) {
        let message = format!("{} says nothing of summer time", quoted(text));
        let help = format!("write the place: `{meant}`");
        findings.push(Diagnostic::error(node.place, message).help(help));
        return None;
    }
    let found = text.parse().ok();
    if found.is_none() {
        let message = format!("{} is not a time zone", quoted(text));
        let help = did_you_mean(text, TZ_VARIANTS.iter().map(|zone| zone.name()))
            .unwrap_or_else(|| "write an IANA name such as `America/New_York`".to_owned());
        findings.push(Diagnostic::error(node.place, message).help(help));
    }
    found
}
