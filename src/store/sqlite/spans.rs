//! What is kept of old samples: one row a minute, later one an hour.
//!
//! All figures are compared and added as decimals, in this program and never
//! in SQLite, whose numbers are binary floats.

use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{FromRow, Row as _};

use super::fault::Fault;
use super::read::{MOST_ROWS, Reader};
use super::sql;
use super::time::{from_millis, to_millis};
use crate::domain::account::AccountName;
use crate::domain::money::Money;
use crate::domain::observation::Timestamp;
use crate::store::batch::{Quality, Sample};
use crate::store::error::StoreError;
use crate::store::span::{Course, Span, SpanLength};

impl SpanLength {
    const fn get(self) -> &'static str {
        match self {
            SpanLength::Minute => sql::GET_MINUTE,
            SpanLength::Hour => sql::GET_HOUR,
        }
    }

    const fn put(self) -> &'static str {
        match self {
            SpanLength::Minute => sql::PUT_MINUTE,
            SpanLength::Hour => sql::PUT_HOUR,
        }
    }
}

impl Span {
    /// The span of one sample.
    pub(super) fn of(sample: &Sample, length: SpanLength) -> Result<Span, Fault> {
        let is_good = sample.quality == Quality::Good;
        let figure = |value: Option<Money>| Course::of(value.filter(|_| is_good));
        let figures = &sample.figures;
        let pnl = figures.realized.zip(figures.unrealized);
        let orders = sample.orders.filter(|_| is_good);
        Ok(Span {
            account: sample.account.clone(),
            at: from_millis(length.begin(to_millis(sample.at)))?,
            samples: 1,
            suspect: u32::from(matches!(sample.quality, Quality::Suspect(_))),
            missing: u32::from(matches!(sample.quality, Quality::Missing(_))),
            realized: figure(figures.realized),
            unrealized: figure(figures.unrealized),
            pnl: figure(pnl.and_then(|(realized, unrealized)| realized.plus(unrealized))),
            balance: figure(figures.balance),
            equity: figure(figures.equity),
            positions: sample.positions.clone().filter(|_| is_good),
            orders,
            most_orders: orders,
        })
    }

    /// The same as a part of a longer span.
    pub(super) fn within(self, length: SpanLength) -> Result<Span, Fault> {
        Ok(Span {
            at: from_millis(length.begin(to_millis(self.at)))?,
            ..self
        })
    }
}

/// A row of `samples_minute` or `samples_hour`.
#[derive(Debug)]
pub(super) struct RawSpan {
    at: i64,
    account: String,
    samples: u32,
    suspect: u32,
    missing: u32,
    realized: RawCourse,
    unrealized: RawCourse,
    pnl: RawCourse,
    balance: RawCourse,
    equity: RawCourse,
    positions_last: Option<String>,
    orders_last: Option<u32>,
    orders_high: Option<u32>,
}

impl FromRow<'_, SqliteRow> for RawSpan {
    fn from_row(row: &SqliteRow) -> sqlx::Result<RawSpan> {
        Ok(RawSpan {
            at: row.try_get("at")?,
            account: row.try_get("account")?,
            samples: row.try_get("samples")?,
            suspect: row.try_get("suspect")?,
            missing: row.try_get("missing")?,
            realized: RawCourse::read(row, "realized")?,
            unrealized: RawCourse::read(row, "unrealized")?,
            pnl: RawCourse::read(row, "pnl")?,
            balance: RawCourse::read(row, "balance")?,
            equity: RawCourse::read(row, "equity")?,
            positions_last: row.try_get("positions_last")?,
            orders_last: row.try_get("orders_last")?,
            orders_high: row.try_get("orders_high")?,
        })
    }
}

/// The four columns of a figure.
#[derive(Debug)]
struct RawCourse {
    first: Option<String>,
    last: Option<String>,
    low: Option<String>,
    high: Option<String>,
}

impl RawCourse {
    fn read(row: &SqliteRow, figure: &str) -> sqlx::Result<RawCourse> {
        let column = |end: &str| row.try_get(format!("{figure}_{end}").as_str());
        Ok(RawCourse {
            first: column("first")?,
            last: column("last")?,
            low: column("low")?,
            high: column("high")?,
        })
    }

    fn course(&self) -> Result<Course, Fault> {
        let amount = |text: &Option<String>| match text.as_deref().map(str::parse) {
            None => Ok(None),
            Some(Ok(amount)) => Ok(Some(amount)),
            Some(Err(_)) => Err(Fault::Unreadable(format!(
                "{text:?} as an amount of a span of samples"
            ))),
        };
        Ok(Course {
            first: amount(&self.first)?,
            last: amount(&self.last)?,
            low: amount(&self.low)?,
            high: amount(&self.high)?,
        })
    }
}

impl RawSpan {
    /// Its beginning in milliseconds, and its account.
    pub(super) fn key(&self) -> (i64, String) {
        (self.at, self.account.clone())
    }

    pub(super) fn span(self) -> Result<Span, Fault> {
        Ok(Span {
            account: self.account.as_str().into(),
            at: from_millis(self.at)?,
            samples: self.samples,
            suspect: self.suspect,
            missing: self.missing,
            realized: self.realized.course()?,
            unrealized: self.unrealized.course()?,
            pnl: self.pnl.course()?,
            balance: self.balance.course()?,
            equity: self.equity.course()?,
            positions: self.positions_last,
            orders: self.orders_last,
            most_orders: self.orders_high,
        })
    }
}

/// Adds to the span that is there, or makes it. What is added comes after what
/// is there.
pub(super) async fn add(
    connection: &mut SqliteConnection,
    length: SpanLength,
    later: Span,
) -> Result<(), Fault> {
    let before: Option<RawSpan> = sqlx::query_as(length.get())
        .bind(to_millis(later.at))
        .bind(later.account.as_str())
        .fetch_optional(&mut *connection)
        .await?;
    let span = match before {
        // One bad row must not stop the walk for ever.
        Some(before) => match before.span() {
            Ok(before) => before.then(later),
            Err(_) => later,
        },
        None => later,
    };
    let mut query = sqlx::query(length.put())
        .bind(to_millis(span.at))
        .bind(span.account.as_str())
        .bind(span.samples)
        .bind(span.suspect)
        .bind(span.missing);
    for course in span.courses() {
        for value in [course.first, course.last, course.low, course.high] {
            query = query.bind(value.map(|value| value.to_string()));
        }
    }
    query
        .bind(&span.positions)
        .bind(span.orders)
        .bind(span.most_orders)
        .execute(connection)
        .await?;
    Ok(())
}

impl Reader {
    /// What is kept of an account's old samples from `since` until before
    /// `until`, oldest first; at most `limit` rows.
    ///
    /// # Errors
    /// Any [`StoreError`] of reading.
    pub async fn spans(
        &self,
        length: SpanLength,
        account: &AccountName,
        since: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Span>, StoreError> {
        let query = match length {
            SpanLength::Minute => sql::MINUTES,
            SpanLength::Hour => sql::HOURS,
        };
        let rows: Vec<RawSpan> = sqlx::query_as(query)
            .bind(account.as_str())
            .bind(to_millis(since))
            .bind(to_millis(until))
            .bind(limit.min(MOST_ROWS))
            .fetch_all(&self.pool)
            .await
            .map_err(|error| self.failed(error))?;
        rows.into_iter()
            .map(RawSpan::span)
            .collect::<Result<_, _>>()
            .map_err(|fault| self.failed(fault))
    }
}
