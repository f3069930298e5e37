//! The five fields of a POSIX cron schedule.
//!
//! They are read here, value by value, and handed on as plain lists: neither
//! the numbers of weekdays nor steps nor ranges reach the crate that walks
//! them, which would read some of them otherwise.

use std::fmt;

use super::schedule::ScheduleError;

/// One of the five fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CronField {
    /// 0 to 59.
    Minute,
    /// 0 to 23.
    Hour,
    /// 1 to 31.
    DayOfMonth,
    /// 1 to 12, or `jan` to `dec`.
    Month,
    /// 0 to 7, or `sun` to `sat`; 0 and 7 are Sunday.
    DayOfWeek,
}

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// Sunday as the end of a range such as `fri-sun`.
const LAST_SUNDAY: u32 = 7;

/// The longest that each month can be; February in a leap year.
const MONTH_LENGTHS: [u32; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

impl CronField {
    /// The field's name, as in messages.
    pub const fn name(self) -> &'static str {
        match self {
            CronField::Minute => "minute",
            CronField::Hour => "hour",
            CronField::DayOfMonth => "day of month",
            CronField::Month => "month",
            CronField::DayOfWeek => "day of week",
        }
    }

    /// First and last value of `*`.
    const fn bounds(self) -> (u32, u32) {
        match self {
            CronField::Minute => (0, 59),
            CronField::Hour => (0, 23),
            CronField::DayOfMonth => (1, 31),
            CronField::Month => (1, 12),
            CronField::DayOfWeek => (0, 6),
        }
    }

    /// The greatest number that may be written.
    const fn greatest(self) -> u32 {
        match self {
            CronField::DayOfWeek => LAST_SUNDAY,
            other => other.bounds().1,
        }
    }

    const fn names(self) -> &'static [&'static str] {
        match self {
            CronField::Month => &MONTHS,
            CronField::DayOfWeek => &WEEKDAYS,
            _ => &[],
        }
    }

    /// A value for the crate `cron`: a weekday by name, for it numbers them
    /// from Sunday as 1.
    fn print(self, value: u32) -> String {
        let names: &[&str] = match self {
            CronField::DayOfWeek => &WEEKDAYS,
            _ => &[],
        };
        match usize::try_from(value)
            .ok()
            .and_then(|index| names.get(index))
        {
            Some(name) => (*name).to_owned(),
            None => value.to_string(),
        }
    }

    const fn values(self) -> &'static str {
        match self {
            CronField::Minute => "0 to 59",
            CronField::Hour => "0 to 23",
            CronField::DayOfMonth => "1 to 31",
            CronField::Month => "1 to 12 or jan to dec",
            CronField::DayOfWeek => "0 to 7 (0 and 7 are Sunday) or sun to sat",
        }
    }
}

impl fmt::Display for CronField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What is wrong with a field, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldProblem {
    /// Nothing between two commas.
    #[error("an empty entry in `{0}`; write values with one comma between two of them")]
    Empty(String),
    /// `*` beside other entries.
    #[error("`*` in `{0}` is every value already; write it alone")]
    StarInList(String),
    /// Not a value of the field.
    #[error("`{text}` is not a value; write {values}")]
    Value {
        /// What was written.
        text: String,
        /// What may be written.
        values: &'static str,
    },
    /// A range from a greater value to a smaller one.
    #[error("the range `{text}` runs backwards; write `{instead}`")]
    Backwards {
        /// What was written.
        text: String,
        /// What it may have meant.
        instead: String,
    },
    /// A step that is zero, not a number or longer than the field.
    #[error("`{text}` is not a step; write a number from 1 to {most}")]
    Step {
        /// What was written behind the slash.
        text: String,
        /// The greatest step of the field.
        most: u32,
    },
    /// A step behind a single value.
    #[error("`{text}` has a step without a range; write `{instead}`")]
    StepWithoutRange {
        /// What was written.
        text: String,
        /// What it may have meant.
        instead: String,
    },
}

/// The values of the five fields, and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CronFields {
    minutes: Values,
    hours: Values,
    days_of_month: Values,
    months: Values,
    days_of_week: Values,
}

impl CronFields {
    pub(super) fn parse(text: &str) -> Result<CronFields, ScheduleError> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        if let Some(nickname) = fields.first().filter(|first| first.starts_with('@')) {
            return Err(ScheduleError::Nickname((*nickname).to_owned()));
        }
        let [minute, hour, day_of_month, month, day_of_week] = fields[..] else {
            return Err(ScheduleError::FieldCount {
                found: fields.len(),
            });
        };
        let parsed = CronFields {
            minutes: parse_field(CronField::Minute, minute)?,
            hours: parse_field(CronField::Hour, hour)?,
            days_of_month: parse_field(CronField::DayOfMonth, day_of_month)?,
            months: parse_field(CronField::Month, month)?,
            days_of_week: parse_field(CronField::DayOfWeek, day_of_week)?,
        };
        if day_of_month != "*" && day_of_week != "*" {
            return Err(ScheduleError::TwoKindsOfDay {
                day_of_month: day_of_month.to_owned(),
                day_of_week: day_of_week.to_owned(),
            });
        }
        if !parsed.has_a_date() {
            return Err(ScheduleError::NeverFires {
                day_of_month: day_of_month.to_owned(),
                month: month.to_owned(),
            });
        }
        Ok(parsed)
    }

    /// Six fields, as the crate `cron` reads them: seconds first, weekdays by name, each field a plain list.
    pub(super) fn to_quartz(self) -> String {
        let fields = [
            self.minutes.list(CronField::Minute),
            self.hours.list(CronField::Hour),
            self.days_of_month.list(CronField::DayOfMonth),
            self.months.list(CronField::Month),
            self.days_of_week.list(CronField::DayOfWeek),
        ];
        format!("0 {}", fields.join(" "))
    }

    fn has_a_date(self) -> bool {
        (1..)
            .zip(MONTH_LENGTHS)
            .filter(|(month, _)| self.months.contains(*month))
            .any(|(_, length)| (1..=length).any(|day| self.days_of_month.contains(day)))
    }
}

/// A set of numbers below 64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Values(u64);

impl Values {
    fn insert(&mut self, value: u32) {
        self.0 |= 1_u64.checked_shl(value).unwrap_or(0);
    }

    fn contains(self, value: u32) -> bool {
        self.0.checked_shr(value).unwrap_or(0) & 1 == 1
    }

    fn list(self, field: CronField) -> String {
        let (first, last) = field.bounds();
        if (first..=last).all(|value| self.contains(value)) {
            return "*".to_owned();
        }
        let entries: Vec<String> = (first..=last)
            .filter(|value| self.contains(*value))
            .map(|value| field.print(value))
            .collect();
        entries.join(",")
    }
}

fn parse_field(field: CronField, text: &str) -> Result<Values, ScheduleError> {
    let mut values = Values::default();
    for entry in text.split(',') {
        let problem = if entry.is_empty() {
            Err(FieldProblem::Empty(text.to_owned()))
        } else if entry == "*" && text != "*" {
            Err(FieldProblem::StarInList(text.to_owned()))
        } else {
            add_entry(field, entry, &mut values)
        };
        problem.map_err(|problem| ScheduleError::Field { field, problem })?;
    }
    Ok(values)
}

/// Adds the values of `*`, `5`, `1-5`, `*/2` or `1-5/2`.
fn add_entry(field: CronField, entry: &str, values: &mut Values) -> Result<(), FieldProblem> {
    let (base, step) = match entry.split_once('/') {
        Some((base, step)) => (base, Some(parse_step(field, step)?)),
        None => (entry, None),
    };
    let (first, last) = match base.split_once('-') {
        _ if base == "*" => field.bounds(),
        Some((start, end)) => parse_range(field, base, start, end)?,
        None => single_value(field, entry, base, step)?,
    };
    let mut value = first;
    while value <= last {
        // Sunday is 0 from here on.
        let sunday = field == CronField::DayOfWeek && value == LAST_SUNDAY;
        values.insert(if sunday { 0 } else { value });
        value += step.unwrap_or(1);
    }
    Ok(())
}

fn single_value(
    field: CronField,
    entry: &str,
    base: &str,
    step: Option<u32>,
) -> Result<(u32, u32), FieldProblem> {
    let value = parse_value(field, base)?;
    match step {
        None => Ok((value, value)),
        Some(step) => Err(FieldProblem::StepWithoutRange {
            text: entry.to_owned(),
            instead: format!("{base}-{}/{step}", field.greatest()),
        }),
    }
}

fn parse_range(
    field: CronField,
    text: &str,
    start: &str,
    end: &str,
) -> Result<(u32, u32), FieldProblem> {
    let first = parse_value(field, start)?;
    let last = match parse_value(field, end)? {
        // `fri-sun` ends on the Sunday after Friday, `sun-tue` starts on the one before.
        0 if first > 0 && end.eq_ignore_ascii_case("sun") => LAST_SUNDAY,
        last => last,
    };
    if first <= last {
        return Ok((first, last));
    }
    let (least, most) = field.bounds();
    let instead = if first > most {
        format!("{least}-{last}")
    } else {
        format!("{first}-{most},{least}-{last}")
    };
    Err(FieldProblem::Backwards {
        text: text.to_owned(),
        instead,
    })
}

fn parse_value(field: CronField, text: &str) -> Result<u32, FieldProblem> {
    let least = field.bounds().0;
    let named = field
        .names()
        .iter()
        .position(|name| name.eq_ignore_ascii_case(text))
        .and_then(|position| u32::try_from(position).ok())
        .map(|position| position + least);
    named
        .or_else(|| parse_number(text))
        .filter(|value| (least..=field.greatest()).contains(value))
        .ok_or_else(|| FieldProblem::Value {
            text: text.to_owned(),
            values: field.values(),
        })
}

fn parse_step(field: CronField, text: &str) -> Result<u32, FieldProblem> {
    let most = field.bounds().1;
    parse_number(text)
        .filter(|step| (1..=most).contains(step))
        .ok_or_else(|| FieldProblem::Step {
            text: text.to_owned(),
            most,
        })
}

/// Digits alone: a sign is no part of a field.
fn parse_number(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}
