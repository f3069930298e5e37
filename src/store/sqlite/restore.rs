//! What a start needs of the record, and what taking up one account needs.

use sqlx::SqliteConnection;

use super::fault::Fault;
use super::open::Store;
use super::read::RawEntry;
use super::rescue;
use super::row::{RawIntent, RawLock, RawRecentRequest, RawRuleSet};
use super::sql;
use super::time::{from_millis, to_millis};
use crate::domain::account::AccountName;
use crate::domain::ids::{FiringId, IntentId, RequestId, WriterId};
use crate::domain::observation::Timestamp;
use crate::engine::NextIds;
use crate::engine::restore::KeptRows;
use crate::store::error::StoreError;
use crate::store::restored::Restored;

impl Store {
    /// Reads what was in force when the record was last written.
    ///
    /// # Errors
    /// Any [`StoreError`] of reading; a row that cannot be understood is one,
    /// because a lock that is skipped would be a lock that is lost.
    pub async fn restore(&mut self) -> Result<Restored, StoreError> {
        let mut connection = self.take_connection().await?;
        match restored(&mut connection.raw, self.writer, self.opened).await {
            Ok(restored) => {
                self.connection = Some(connection);
                Ok(restored)
            }
            Err(fault) => Err(rescue::with_locks(fault.at(&self.path), &self.path).await),
        }
    }
}

/// How far back requests may count for a venue's budget, in milliseconds.
const RECENT: i64 = 10_000;

/// What a start of this writer needs, of whatever writers it is.
pub(super) async fn restored(
    connection: &mut SqliteConnection,
    writer: WriterId,
    now: Timestamp,
) -> Result<Restored, Fault> {
    let rules_hash = sqlx::query_scalar(sql::RULES_HASH)
        .fetch_optional(&mut *connection)
        .await?;
    let rule_sets: Vec<RawRuleSet> = sqlx::query_as(sql::LAST_RULE_SETS)
        .fetch_all(&mut *connection)
        .await?;
    let last_entry: Option<RawEntry> = sqlx::query_as(sql::LAST_ENTRY)
        .fetch_optional(&mut *connection)
        .await?;
    let last_sign: Option<i64> = sqlx::query_scalar(sql::LAST_SIGN)
        .fetch_one(&mut *connection)
        .await?;
    Ok(Restored {
        kept: kept(connection, None, now).await?,
        next: NextIds {
            firing: FiringId(next(connection, writer, sql::NEXT_FIRING).await?),
            intent: IntentId(next(connection, writer, sql::NEXT_INTENT).await?),
            request: RequestId(next(connection, writer, sql::NEXT_REQUEST).await?),
        },
        rules_hash,
        rule_sets: rule_sets
            .into_iter()
            .map(RawRuleSet::kept)
            .collect::<Result<_, Fault>>()?,
        last_entry: last_entry.map(RawEntry::entry).transpose()?,
        last_sign: last_sign.map(from_millis).transpose()?,
    })
}

/// What is kept under the name of one account, or of all of them.
pub(super) async fn kept(
    connection: &mut SqliteConnection,
    account: Option<&AccountName>,
    now: Timestamp,
) -> Result<KeptRows, Fault> {
    let account = account.map(|account| account.as_str());
    let account_states: Vec<(String, String)> = sqlx::query_as(sql::ACCOUNT_STATES)
        .bind(account)
        .fetch_all(&mut *connection)
        .await?;
    let rule_states: Vec<(String, String, String)> = sqlx::query_as(sql::RULE_STATES)
        .bind(account)
        .fetch_all(&mut *connection)
        .await?;
    let locks: Vec<RawLock> = sqlx::query_as(sql::LOCKS_IN_FORCE)
        .bind(account)
        .fetch_all(&mut *connection)
        .await?;
    let intents: Vec<RawIntent> = sqlx::query_as(sql::OPEN_INTENTS)
        .bind(account)
        .fetch_all(&mut *connection)
        .await?;
    let observed: Vec<i64> = sqlx::query_scalar(sql::OBSERVED_FIRINGS)
        .bind(account)
        .fetch_all(&mut *connection)
        .await?;
    let recent: Vec<RawRecentRequest> = sqlx::query_as(sql::RECENT_REQUESTS)
        .bind(account)
        .bind(to_millis(now).saturating_sub(RECENT))
        .fetch_all(&mut *connection)
        .await?;
    Ok(KeptRows {
        accounts: account_states
            .into_iter()
            .map(|(account, state)| (account.as_str().into(), state))
            .collect(),
        rules: rule_states
            .into_iter()
            .map(|(account, rule, state)| (account.as_str().into(), rule.as_str().into(), state))
            .collect(),
        locks: locks.iter().map(RawLock::lock).collect::<Result<_, _>>()?,
        intents: intents
            .iter()
            .map(RawIntent::intent)
            .collect::<Result<_, _>>()?,
        recent: recent
            .into_iter()
            .map(RawRecentRequest::request)
            .collect::<Result<_, Fault>>()?,
        observed: observed.into_iter().map(FiringId).collect(),
    })
}

/// The next number of a writer.
async fn next(
    connection: &mut SqliteConnection,
    writer: WriterId,
    query: &'static str,
) -> Result<i64, Fault> {
    Ok(sqlx::query_scalar(query)
        .bind(writer.before_first())
        .bind(writer.last())
        .fetch_one(connection)
        .await?)
}
