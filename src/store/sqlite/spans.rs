//! What is kept of old samples: one row a minute, later one an hour.
//!
//! All figures are compared and added as decimals, in this program and never
//! in SQLite, whose numbers are binary floats.

use sqlx::FromRow;
use sqlx::sqlite::SqliteConnection;

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
#[derive(Debug, FromRow)]
pub(super) struct RawSpan {
    at: i64,
    account: String,
    samples: u32,
    suspect: u32,
    missing: u32,
    #[sqlx(flatten)]
    realized: Realized,
    #[sqlx(flatten)]
    unrealized: Unrealized,
    #[sqlx(flatten)]
    pnl: Pnl,
    #[sqlx(flatten)]
    balance: Balance,
    #[sqlx(flatten)]
    equity: Equity,
    positions_last: Option<String>,
    orders_last: Option<u32>,
    orders_high: Option<u32>,
}

/// The four columns of a figure.
macro_rules! figure {
    ($name:ident, $first:literal, $last:literal, $low:literal, $high:literal) => {
        #[derive(Debug, FromRow)]
        struct $name {
            #[sqlx(rename = $first)]
            first: Option<String>,
            #[sqlx(rename = $last)]
            last: Option<String>,
            #[sqlx(rename = $low)]
            low: Option<String>,
            #[sqlx(rename = $high)]
            high: Option<String>,
        }

        impl $name {
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
    };
}

figure!(
    Realized,
    "realized_first",
    "realized_last",
    "realized_low",
    "realized_high"
);
figure!(
    Unrealized,
    "unrealized_first",
    "unrealized_last",
    "unrealized_low",
    "unrealized_high"
);
figure!(Pnl, "pnl_first", "pnl_last", "pnl_low", "pnl_high");
figure!(
    Balance,
    "balance_first",
    "balance_last",
    "balance_low",
    "balance_high"
);
figure!(
    Equity,
    "equity_first",
    "equity_last",
    "equity_low",
    "equity_high"
);

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
