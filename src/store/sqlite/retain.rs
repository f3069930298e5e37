//! What becomes of samples after a while; everything else stays for ever.
//!
//! Full detail is rolled up into minutes, and minutes into hours, but for the
//! full detail around firings, which stays as long as they do. A walk goes from
//! the oldest on in short transactions between batches. How far samples are
//! rolled up stands in `meta`, so that none is counted twice.

use std::collections::BTreeMap;

use sqlx::SqliteConnection;

use super::fault::Fault;
use super::open::Store;
use super::row::RawSample;
use super::spans::{self, RawSpan};
use super::sql;
use super::time::to_millis;
use crate::domain::observation::Timestamp;
use crate::store::error::StoreError;
use crate::store::retention::{Retained, Retention, Stage, Sweep, SweepStep};
use crate::store::span::{Span, SpanLength};

/// About so many rows are rolled up at once, so that a vital batch never waits
/// long for it.
const CHUNK: i64 = 200;
/// Samples so long before a firing of their account stay, in milliseconds.
const KEPT_BEFORE_FIRING: i64 = 10 * 60 * 1000;
/// Samples so long after the work of the firing was done stay, in milliseconds.
const KEPT_AFTER_FLAT: i64 = 5 * 60 * 1000;
/// Work that takes longer keeps the samples of so many milliseconds after the
/// firing, so that an account that never gets flat does not fill the disk.
const KEPT_AT_MOST: i64 = 24 * 60 * 60 * 1000;
impl Store {
    /// Rolls up what need not be kept in full at `now`, in short transactions.
    ///
    /// # Errors
    /// Any [`StoreError`] of writing; what was done before stays done.
    pub async fn retain(
        &mut self,
        now: Timestamp,
        retention: Retention,
    ) -> Result<Retained, StoreError> {
        let mut sweep = Sweep::new(now, retention);
        let mut retained = Retained::default();
        loop {
            let step = self.sweep(&mut sweep).await?;
            retained.deleted = retained.deleted.saturating_add(step.deleted);
            retained.minutes = retained.minutes.saturating_add(step.minutes);
            if step.is_last {
                return Ok(retained);
            }
        }
    }

    /// Takes one step of a walk.
    pub(super) async fn sweep(&mut self, sweep: &mut Sweep) -> Result<SweepStep, StoreError> {
        self.settle().await?;
        let mut connection = self.take_connection().await?;
        let raw = &mut connection.raw;
        let step = async {
            sqlx::query(sql::BEGIN).execute(&mut *raw).await?;
            let step = match sweep.stage {
                Stage::Samples => roll_up_samples(raw, sweep.samples_before).await?,
                Stage::Minutes => roll_up_minutes(raw, sweep.minutes_before).await?,
            };
            sqlx::query(sql::COMMIT).execute(&mut *raw).await?;
            Ok(step)
        };
        // After a failure the connection is dropped, which rolls back.
        let mut step: SweepStep = step.await.map_err(|fault: Fault| fault.at(&self.path))?;
        self.connection = Some(connection);
        if step.is_last && sweep.stage == Stage::Samples {
            sweep.stage = Stage::Minutes;
            step.is_last = false;
        }
        Ok(step)
    }
}

async fn roll_up_samples(
    connection: &mut SqliteConnection,
    before: i64,
) -> Result<SweepStep, Fault> {
    let done: i64 = sqlx::query_scalar(sql::ROLLED_UP_TO)
        .fetch_one(&mut *connection)
        .await?;
    let chunk_end: Option<i64> = sqlx::query_scalar(sql::CHUNK_END)
        .bind(done)
        .bind(before)
        .bind(CHUNK)
        .fetch_optional(&mut *connection)
        .await?;
    let end = chunk_end.unwrap_or(before.saturating_sub(1));
    let rows: Vec<RawSample> = sqlx::query_as(sql::SAMPLES_BETWEEN)
        .bind(done)
        .bind(end)
        .fetch_all(&mut *connection)
        .await?;
    let ends = rows.first().zip(rows.last());
    let Some((first, last)) = ends.map(|(first, last)| (first.at(), last.at())) else {
        return Ok(SweepStep {
            is_last: true,
            ..SweepStep::default()
        });
    };
    for span in spans_of(rows)?.into_values() {
        spans::add(connection, SpanLength::Minute, span).await?;
    }
    let kept: Vec<KeptSpan> = sqlx::query_as(sql::KEPT_AROUND_FIRINGS)
        .bind(first)
        .bind(last)
        .bind(KEPT_BEFORE_FIRING)
        .bind(KEPT_AFTER_FLAT)
        .bind(KEPT_AT_MOST)
        .fetch_all(&mut *connection)
        .await?;
    let kept: Vec<KeptSpan> = kept.into_iter().filter(|kept| kept.2 >= first).collect();
    let kept = serde_json::to_string(&joined(kept))
        .map_err(|error| Fault::Unreadable(format!("spans to keep: {error}")))?;
    let deleted = sqlx::query(sql::DELETE_SAMPLES)
        .bind(done)
        .bind(last)
        .bind(kept)
        .execute(&mut *connection)
        .await?
        .rows_affected();
    sqlx::query(sql::SET_ROLLED_UP_TO)
        .bind(last)
        .execute(connection)
        .await?;
    Ok(SweepStep {
        deleted,
        is_last: chunk_end.is_none(),
        ..SweepStep::default()
    })
}

/// An account with the time from and to which its samples are kept.
type KeptSpan = (String, i64, i64);

/// The same spans, which are in the order of account and beginning, without
/// those that overlap.
fn joined(spans: Vec<KeptSpan>) -> Vec<KeptSpan> {
    let mut joined: Vec<KeptSpan> = Vec::new();
    for (account, since, until) in spans {
        match joined.last_mut() {
            Some((before, _, end)) if *before == account && since <= *end => {
                *end = until.max(*end);
            }
            _ => joined.push((account, since, until)),
        }
    }
    joined
}

/// The minutes of samples that are in the order of time. A row that cannot be
/// read counts as suspect: one bad row must not stop the walk for ever.
fn spans_of(rows: Vec<RawSample>) -> Result<BTreeMap<(i64, String), Span>, Fault> {
    let mut spans: BTreeMap<(i64, String), Span> = BTreeMap::new();
    for row in rows {
        let sample = row.sample_or_suspect()?;
        let span = Span::of(&sample, SpanLength::Minute)?;
        let key = (to_millis(span.at), span.account.as_str().to_owned());
        let span = match spans.remove(&key) {
            Some(before) => before.then(span),
            None => span,
        };
        spans.insert(key, span);
    }
    Ok(spans)
}

async fn roll_up_minutes(
    connection: &mut SqliteConnection,
    before: i64,
) -> Result<SweepStep, Fault> {
    let rows: Vec<RawSpan> = sqlx::query_as(sql::OLD_MINUTES)
        .bind(before)
        .bind(CHUNK)
        .fetch_all(&mut *connection)
        .await?;
    let count = rows.len();
    let mut last = None;
    let mut hours: BTreeMap<(i64, String), Span> = BTreeMap::new();
    for row in rows {
        last = Some(row.key());
        let minute = match row.span() {
            Ok(minute) => minute,
            Err(fault) => {
                tracing::warn!(
                    ?fault,
                    "a minute of samples cannot be read, and is left out"
                );
                continue;
            }
        };
        let hour = minute.within(SpanLength::Hour)?;
        let key = (to_millis(hour.at), hour.account.as_str().to_owned());
        let hour = match hours.remove(&key) {
            Some(before) => before.then(hour),
            None => hour,
        };
        hours.insert(key, hour);
    }
    let Some((at, account)) = last else {
        return Ok(SweepStep {
            is_last: true,
            ..SweepStep::default()
        });
    };
    for hour in hours.into_values() {
        spans::add(connection, SpanLength::Hour, hour).await?;
    }
    let minutes = sqlx::query(sql::DELETE_MINUTES)
        .bind(at)
        .bind(account)
        .execute(connection)
        .await?
        .rows_affected();
    Ok(SweepStep {
        minutes,
        is_last: i64::try_from(count).is_ok_and(|count| count < CHUNK),
        ..SweepStep::default()
    })
}
