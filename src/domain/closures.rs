//! Holidays and early closes.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveTime};

use super::time_of_day::TimeOfDay;
use super::trade_date::TradeDate;

/// What happens to a trade date that is not a usual one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closure {
    /// There is no session with this trade date.
    AllDay,
    /// The session closes at this wall time of its trade date already.
    Early(NaiveTime),
}

/// The closures of a calendar by trade date.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Closures(BTreeMap<TradeDate, Closure>);

impl Closures {
    /// The most trade dates that one list may hold: far more than a century of
    /// holidays.
    pub const MAX_DATES: usize = 10_000;

    /// The most wrong lines that are told of.
    pub const MAX_ERRORS: usize = 10;

    /// Reads a list with the columns `date,close_time`.
    ///
    /// A date is a trade date such as `2026-12-25`; a time such as `12:15` is
    /// the early close on that date in the session's zone, and no time means
    /// closed all day. The header line may be left out; empty lines and what
    /// follows a `#` are skipped.
    ///
    /// # Errors
    /// The lines that are none of this, or that name a date again: the first
    /// [`Closures::MAX_ERRORS`] of them, at least one.
    pub fn parse(text: &str) -> Result<Closures, Vec<ClosuresError>> {
        let mut dates = BTreeMap::new();
        let mut errors = Vec::new();
        let mut header_may_follow = true;
        for (line, content) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
            let content = content.split('#').next().unwrap_or_default().trim();
            if content.is_empty() {
                continue;
            }
            let may_be_header = std::mem::take(&mut header_may_follow);
            if may_be_header && is_header(content) {
                continue;
            }
            let problem = match parse_row(content) {
                Err(_) if may_be_header && is_nearly_header(content) => {
                    Some(ClosureProblem::Header(clipped(content)))
                }
                Err(problem) => Some(problem),
                Ok((date, closure)) => dates
                    .insert(date, closure)
                    .map(|_| ClosureProblem::Repeated(date)),
            };
            errors.extend(problem.map(|problem| ClosuresError { line, problem }));
            if dates.len() > Closures::MAX_DATES {
                let problem = ClosureProblem::TooMany;
                errors.push(ClosuresError { line, problem });
                break;
            }
            if errors.len() >= Closures::MAX_ERRORS {
                break;
            }
        }
        if errors.is_empty() {
            Ok(Closures(dates))
        } else {
            Err(errors)
        }
    }

    /// What happens on a trade date, if anything does.
    pub fn on(&self, date: TradeDate) -> Option<Closure> {
        self.0.get(&date).copied()
    }

    /// Every closure, in the order of dates.
    pub fn iter(&self) -> impl Iterator<Item = (TradeDate, Closure)> {
        self.0.iter().map(|(date, closure)| (*date, *closure))
    }

    /// Whether there is no closure.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(TradeDate, Closure)> for Closures {
    fn from_iter<I: IntoIterator<Item = (TradeDate, Closure)>>(dates: I) -> Closures {
        Closures(dates.into_iter().collect())
    }
}

/// Why a list of closures cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct ClosuresError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: ClosureProblem,
}

/// What is wrong with one line of a list of closures.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClosureProblem {
    /// The first line begins with `date` and is not the header.
    #[error("`{0}` is not the header; the header is `date,close_time`")]
    Header(String),
    /// More than two columns.
    #[error("{0} columns; write `date,close_time`, such as `2026-12-24,12:15`")]
    Columns(usize),
    /// The first column is no date.
    #[error("`{0}` is not a date; write year, month and day as in 2026-12-25")]
    Date(String),
    /// The second column is no time on a clock.
    #[error(
        "`{0}` is not a closing time; write hours and minutes as in 12:15, or nothing for closed all day"
    )]
    Time(String),
    /// A date that stands on an earlier line.
    #[error("{0} is listed again; keep one line for each date")]
    Repeated(TradeDate),
    /// More dates than [`Closures::MAX_DATES`].
    #[error("more than 10000 dates; leave out those that are long past")]
    TooMany,
}

fn is_header(content: &str) -> bool {
    let mut columns = content.split(',').map(str::trim);
    columns.next() == Some("date") && matches!(columns.next(), None | Some("close_time"))
}

/// Whether a first line was meant to be the header.
fn is_nearly_header(content: &str) -> bool {
    let first = content.split([',', ';']).next().unwrap_or_default();
    first.trim().eq_ignore_ascii_case("date")
}

fn parse_row(content: &str) -> Result<(TradeDate, Closure), ClosureProblem> {
    let columns: Vec<&str> = content.split(',').map(str::trim).collect();
    let (date, time) = match columns[..] {
        [date] => (date, ""),
        [date, time] => (date, time),
        _ => return Err(ClosureProblem::Columns(columns.len())),
    };
    let date = parse_date(date).ok_or_else(|| ClosureProblem::Date(clipped(date)))?;
    if time.is_empty() {
        return Ok((date, Closure::AllDay));
    }
    let close = time.parse().ok().and_then(TimeOfDay::to_clock);
    let close = close.ok_or_else(|| ClosureProblem::Time(clipped(time)))?;
    Ok((date, Closure::Early(close)))
}

/// What a message repeats of a line.
fn clipped(text: &str) -> String {
    const MOST: usize = 60;
    text.chars()
        .filter(|c| !c.is_control())
        .take(MOST)
        .collect()
}

/// Ten characters: chrono alone would read `2026-1-5` and `+2026-01-05` too.
fn parse_date(text: &str) -> Option<TradeDate> {
    let plain = text.len() == 10 && text.starts_with(|first: char| first.is_ascii_digit());
    let date: NaiveDate = plain.then(|| text.parse().ok()).flatten()?;
    Some(TradeDate::new(date))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> TradeDate {
        TradeDate::new(text.parse().unwrap())
    }

    #[test]
    fn reads_dates_with_and_without_a_time() {
        let text = "\u{feff}# Globex, equity index\r\n\ndate,close_time\r\n2026-12-25,\r\n2026-11-27 , 12:15 # the day after\n2027-01-01\n";
        let closures = Closures::parse(text).unwrap();
        let noon = NaiveTime::from_hms_opt(12, 15, 0).unwrap();
        assert_eq!(
            closures.iter().collect::<Vec<_>>(),
            [
                (date("2026-11-27"), Closure::Early(noon)),
                (date("2026-12-25"), Closure::AllDay),
                (date("2027-01-01"), Closure::AllDay),
            ]
        );
        assert_eq!(closures.on(date("2026-12-24")), None);
        assert!(Closures::parse("").unwrap().is_empty());
        assert!(!Closures::parse("2026-12-25,").unwrap().is_empty());
    }

    #[test]
    fn a_wrong_line_is_named_with_what_would_be_right() {
        let cases = [
            (
                "2026-12-25,\n2026-13-01,",
                "line 2: `2026-13-01` is not a date; write year, month and day as in 2026-12-25",
            ),
            (
                "12/25/2026,",
                "line 1: `12/25/2026` is not a date; write year, month and day as in 2026-12-25",
            ),
            (
                "2026-1-5,",
                "line 1: `2026-1-5` is not a date; write year, month and day as in 2026-12-25",
            ),
            (
                "#\n\n2026-12-24,12.15",
                "line 3: `12.15` is not a closing time; write hours and minutes as in 12:15, or nothing for closed all day",
            ),
            (
                "2026-12-24,24:00",
                "line 1: `24:00` is not a closing time; write hours and minutes as in 12:15, or nothing for closed all day",
            ),
            (
                "2026-12-24,12:15,x",
                "line 1: 3 columns; write `date,close_time`, such as `2026-12-24,12:15`",
            ),
            (
                "date,close_time\n2026-12-25,\n2026-12-25,12:00",
                "line 3: 2026-12-25 is listed again; keep one line for each date",
            ),
            (
                "date,close\n2026-12-25,",
                "line 1: `date,close` is not the header; the header is `date,close_time`",
            ),
            (
                "Date;Time\n2026-12-25,",
                "line 1: `Date;Time` is not the header; the header is `date,close_time`",
            ),
            (
                "date,close_time\ndate,close_time",
                "line 2: `date` is not a date; write year, month and day as in 2026-12-25",
            ),
        ];
        for (text, message) in cases {
            let errors = Closures::parse(text).unwrap_err();
            assert_eq!(errors.len(), 1);
            assert_eq!(errors[0].to_string(), message);
        }
    }

    #[test]
    fn every_wrong_line_is_told_of_up_to_a_limit() {
        let errors = Closures::parse("x\n2026-12-25,\n2026-12-24,noon\n").unwrap_err();
        let lines: Vec<usize> = errors.iter().map(|error| error.line).collect();
        assert_eq!(lines, [1, 3]);
        let errors = Closures::parse(&"x\n".repeat(100)).unwrap_err();
        assert_eq!(errors.len(), Closures::MAX_ERRORS);
    }

    #[test]
    fn the_list_has_an_end() {
        let first: NaiveDate = "2000-01-01".parse().unwrap();
        let rows = |count: usize| -> String {
            first
                .iter_days()
                .take(count)
                .map(|date| format!("{date},\n"))
                .collect()
        };
        assert!(Closures::parse(&rows(Closures::MAX_DATES)).is_ok());
        let error = Closures::parse(&rows(Closures::MAX_DATES + 1)).unwrap_err();
        assert_eq!(error[0].problem, ClosureProblem::TooMany);
    }
}
