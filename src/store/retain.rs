//! What is deleted after a while: samples, and nothing else.

use super::error::{Fault, StoreError};
use super::open::{Durability, Store};
use super::sql;
use super::time::to_millis;
use crate::domain::observation::Timestamp;

/// About so many rows are deleted at once, so that a vital batch never waits
/// long for it.
const CHUNK: i64 = 2_000;
/// Samples so near to a firing of their account stay, in milliseconds.
const KEPT_AROUND_FIRING: i64 = 10 * 60 * 1000;
/// Milliseconds of a day of 24 hours.
const DAY: i64 = 24 * 60 * 60 * 1000;

/// How long what is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Samples older than so many days of 24 hours are deleted, but for those
    /// within ten minutes of a firing. Everything else stays for ever.
    pub samples_days: u32,
}

/// What was deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retained {
    /// Samples that are gone.
    pub deleted: u64,
}

/// A walk over the old samples, from the oldest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sweep {
    /// Samples of before this are old.
    before: i64,
    /// Those up to this have been seen.
    done: i64,
}

impl Sweep {
    pub(super) fn new(now: Timestamp, retention: Retention) -> Sweep {
        Sweep {
            before: to_millis(now)
                .saturating_sub(i64::from(retention.samples_days).saturating_mul(DAY)),
            done: i64::MIN,
        }
    }
}

/// One step of a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) deleted: u64,
    pub(super) is_last: bool,
}

impl Store {
    /// Deletes what need not be kept at `now`, in short transactions.
    ///
    /// # Errors
    /// Any [`StoreError`] of writing; what was deleted before stays deleted.
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
            if step.is_last {
                return Ok(retained);
            }
        }
    }

    /// Takes one step of a walk.
    pub(super) async fn sweep(&mut self, sweep: &mut Sweep) -> Result<Step, StoreError> {
        let mut connection = self.take_connection().await?;
        connection.set(Durability::Process, &self.path).await?;
        let failed = |error: sqlx::Error| Fault::from(error).at(&self.path);
        let chunk_end: Option<i64> = sqlx::query_scalar(sql::CHUNK_END)
            .bind(sweep.done)
            .bind(sweep.before)
            .bind(CHUNK)
            .fetch_optional(&mut connection.raw)
            .await
            .map_err(failed)?;
        let end = chunk_end.unwrap_or(sweep.before.saturating_sub(1));
        let deleted = sqlx::query(sql::DELETE_SAMPLES)
            .bind(sweep.done)
            .bind(end)
            .bind(KEPT_AROUND_FIRING)
            .execute(&mut connection.raw)
            .await
            .map_err(failed)?
            .rows_affected();
        self.connection = Some(connection);
        sweep.done = end;
        Ok(Step {
            deleted,
            is_last: chunk_end.is_none(),
        })
    }
}
