//! Reading the record, with or without a daemon that writes it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use sqlx::{ConnectOptions, QueryBuilder, Sqlite, SqliteConnection};

use super::columns::columns;
use super::connection::CACHE;
use super::fault::Fault;
use super::instance::beside;
use super::layout::{self, Layout, MIGRATIONS};
use super::open::Store;
use super::path::{refuse_other_files, resolve};
use super::row::{Pairs, RawRuleSet, RawSample, from_json};
use super::time::{from_millis, to_millis};
use super::{restore, sql};
use crate::domain::account::{AccountName, RuleName};
use crate::domain::ids::FiringId;
use crate::domain::observation::Timestamp;
use crate::domain::timeouts;
use crate::engine::restore::KeptRows;
use crate::store::batch::Sample;
use crate::store::entry::{EntryFilter, EntryRow};
use crate::store::error::StoreError;
use crate::store::restored::KeptRuleSet;

/// Most connections that read at once.
const CONNECTIONS: u32 = 2;
/// How long a reader waits for one of them.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// Most rows that one call returns, whatever it asks for.
pub(super) const MOST_ROWS: u32 = 10_000;

/// The record, open for reading. Clones share their connections.
#[derive(Clone, Debug)]
pub struct Reader {
    pub(super) path: PathBuf,
    pub(super) pool: SqlitePool,
    options: SqliteConnectOptions,
}

columns! {
    /// A row of `entries`.
    pub(super) struct RawEntry {
        id: i64,
        at: i64,
        kind: String,
        account: Option<String>,
        rule: Option<String>,
        firing: Option<i64>,
        message: String,
        fields: String,
    }
}

impl RawEntry {
    pub(super) fn entry(self) -> Result<EntryRow, Fault> {
        let Pairs(fields) = from_json(&self.fields)?;
        Ok(EntryRow {
            id: self.id,
            at: from_millis(self.at)?,
            kind: self.kind,
            account: self.account,
            rule: self.rule,
            firing: self.firing.map(FiringId),
            message: self.message,
            fields,
        })
    }
}

impl Store {
    /// A reader of this record, for use beside the writer.
    pub fn reader(&self) -> Reader {
        let options = read_only(&self.path);
        Reader {
            path: self.path.clone(),
            pool: pool(options.clone()),
            options,
        }
    }
}

impl Reader {
    /// Opens the record at `path` for reading. A daemon may be writing it, and
    /// none needs to; nothing is created or changed but SQLite's own files
    /// beside it, where the folder allows it.
    ///
    /// # Errors
    /// [`StoreError::NoRecord`], [`StoreError::NotAllowed`], [`StoreError::CannotOpen`],
    /// [`StoreError::Newer`], [`StoreError::Older`], [`StoreError::Foreign`] or
    /// [`StoreError::Corrupt`].
    pub async fn open(path: &Path) -> Result<Reader, StoreError> {
        std::fs::metadata(path).map_err(|error| StoreError::reading(path, error))?;
        let path = resolve(path)?;
        refuse_other_files(&path)?;
        let options = match connectable(&path, read_only(&path)).await {
            Ok(options) => options,
            // Reading takes files of SQLite's beside the record. Where they
            // are missing and cannot be made, the record can still be read as
            // it is, provided that all of it is in the one file.
            Err(error) if needs_files_beside(&error) && is_settled(&path) => {
                connectable(&path, read_only(&path).immutable(true)).await?
            }
            Err(error) => return Err(error),
        };
        Ok(Reader {
            pool: pool(options.clone()),
            path,
            options,
        })
    }

    /// The log entries that pass the filter.
    ///
    /// # Errors
    /// Any [`StoreError`] of reading.
    pub async fn entries(&self, filter: &EntryFilter) -> Result<Vec<EntryRow>, StoreError> {
        let rows: Vec<RawEntry> = entries_query(filter)
            .build_query_as()
            .fetch_all(&self.pool)
            .await
            .map_err(|error| self.failed(error))?;
        rows.into_iter()
            .map(RawEntry::entry)
            .collect::<Result<_, _>>()
            .map_err(|fault| self.failed(fault))
    }

    /// What is kept under the name of one account, for who takes it up at this
    /// time.
    ///
    /// # Errors
    /// Any [`StoreError`] of reading; a row that cannot be understood is one,
    /// because a lock that is skipped would be a lock that is lost.
    pub async fn kept(
        &self,
        account: &AccountName,
        now: Timestamp,
    ) -> Result<KeptRows, StoreError> {
        // One transaction, so that the parts fit together while somebody writes.
        let mut snapshot = self
            .pool
            .begin()
            .await
            .map_err(|error| self.failed(error))?;
        let kept = restore::kept(&mut snapshot, Some(account), now).await;
        kept.map_err(|fault| self.failed(fault))
    }

    /// The rule set that was put into force last.
    ///
    /// # Errors
    /// Any [`StoreError`] of reading.
    pub async fn rules_in_force(&self) -> Result<Option<KeptRuleSet>, StoreError> {
        let row: Option<RawRuleSet> = sqlx::query_as(sql::RULES_IN_FORCE)
            .fetch_optional(&self.pool)
            .await
            .map_err(|error| self.failed(error))?;
        row.map(RawRuleSet::kept)
            .transpose()
            .map_err(|fault| self.failed(fault))
    }

    /// The rules that have fired and whose firing was not carried out, because
    /// riskd only observed, each with its account.
    ///
    /// # Errors
    /// Any [`StoreError`] of reading.
    pub async fn undone_rules(&self) -> Result<Vec<(AccountName, RuleName)>, StoreError> {
        let rows: Vec<(String, String)> = sqlx::query_as(sql::UNDONE_RULES)
            .fetch_all(&self.pool)
            .await
            .map_err(|error| self.failed(error))?;
        let named =
            |(account, rule): (String, String)| (account.as_str().into(), rule.as_str().into());
        Ok(rows.into_iter().map(named).collect())
    }

    /// What an account showed from `since` until before `until`, oldest first;
    /// at most `limit` rows.
    ///
    /// # Errors
    /// Any [`StoreError`] of reading.
    pub async fn samples(
        &self,
        account: &AccountName,
        since: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Sample>, StoreError> {
        let rows: Vec<RawSample> = sqlx::query_as(sql::SAMPLES)
            .bind(account.as_str())
            .bind(to_millis(since))
            .bind(to_millis(until))
            .bind(limit.min(MOST_ROWS))
            .fetch_all(&self.pool)
            .await
            .map_err(|error| self.failed(error))?;
        rows.into_iter()
            .map(RawSample::sample)
            .collect::<Result<_, _>>()
            .map_err(|fault| self.failed(fault))
    }

    /// A connection that is none of the pool's, for work that takes long.
    pub(super) async fn connect_alone(&self) -> Result<SqliteConnection, StoreError> {
        let options = self.options.clone().pragma("query_only", "off");
        let connected = options.connect().await;
        connected.map_err(|error| self.failed(error))
    }

    /// Closes the connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    pub(super) fn failed(&self, fault: impl Into<Fault>) -> StoreError {
        fault.into().at(&self.path)
    }
}

/// The query that a filter makes. Only what is asked for stands in it, so that
/// SQLite picks the index that fits.
pub(super) fn entries_query(filter: &EntryFilter) -> QueryBuilder<Sqlite> {
    /// How many lines are returned when no number is asked for.
    const USUAL_LIMIT: u32 = 100;
    let mut query = QueryBuilder::new(
        "select id, at, kind, account, rule, firing, message, fields from entries where true",
    );
    if let Some(account) = &filter.account {
        query
            .push(" and account = ")
            .push_bind(account.as_str().to_owned());
    }
    if let Some(rule) = &filter.rule {
        query
            .push(" and rule = ")
            .push_bind(rule.as_str().to_owned());
    }
    if let Some(kind) = filter.kind {
        query.push(" and kind = ").push_bind(kind.name());
    }
    if let Some(since) = filter.since {
        query.push(" and at >= ").push_bind(to_millis(since));
    }
    if let Some(id) = filter.after_id {
        let side = if filter.newest_first {
            " and id < "
        } else {
            " and id > "
        };
        query.push(side).push_bind(id);
    }
    let order = if filter.newest_first {
        " order by id desc limit "
    } else {
        " order by id limit "
    };
    let limit = match filter.limit {
        0 => USUAL_LIMIT,
        limit => limit.min(MOST_ROWS),
    };
    query.push(order).push_bind(limit);
    query
}

fn read_only(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .pragma("query_only", "on")
        .pragma("cache_size", CACHE)
        .busy_timeout(timeouts::DATABASE_BUSY)
        .disable_statement_logging()
}

fn pool(options: SqliteConnectOptions) -> SqlitePool {
    SqlitePoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // None stays open: the connections of a process share what SQLite knows
        // of the log, so one that was opened while the disk was read-only would
        // keep the writer from writing afterwards.
        .after_release(|_, _| Box::pin(async { Ok(false) }))
        .connect_lazy_with(options)
}

/// Whether a record that this program can read is reached by these options.
async fn connectable(
    path: &Path,
    options: SqliteConnectOptions,
) -> Result<SqliteConnectOptions, StoreError> {
    use sqlx::Connection as _;
    let mut connection = options
        .connect()
        .await
        .map_err(|error| Fault::from(error).at(path))?;
    let found = layout::inspect(&mut connection, path).await;
    if let Err(error) = connection.close().await {
        tracing::debug!(%error, "a reading connection could not be closed in order");
    }
    let known = layout::newest(&MIGRATIONS);
    let path = path.to_owned();
    match found? {
        Layout::Version(found) if found > known => Err(StoreError::Newer { path, found, known }),
        Layout::Version(found) if found < known => Err(StoreError::Older { path, found, known }),
        Layout::Version(_) => Ok(options),
        Layout::Empty => Err(StoreError::NoRecord { path }),
    }
}

fn needs_files_beside(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::CannotOpen { .. } | StoreError::ReadOnly { .. }
    )
}

/// Whether nothing waits in the write-ahead log. The daemon empties and removes
/// it when it stops, so it is there while one runs and after a crash.
fn is_settled(path: &Path) -> bool {
    match std::fs::metadata(beside(path, "-wal")) {
        Ok(log) => log.len() == 0,
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    }
}
