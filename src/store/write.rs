//! Writing a batch: one transaction.

use sqlx::SqliteConnection;
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments};

use super::batch::{Batch, RuleSetRow, Sample};
use super::error::{Fault, StoreError, is_about_the_row};
use super::open::{Connection, Durability, Store, last_batch};
use super::sql;
use super::time::{to_millis, to_millis_up};
use crate::domain::lock::LockEnd;
use crate::domain::money::Money;
use crate::engine::record::{
    AnswerRow, Cause, Entry, FiringRow, Goal, IntentRow, LockRow, Record, RequestRow,
};

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// How many of its rows are in the record.
    pub rows: usize,
    /// Rows that SQLite refused for what is in them. The others are written:
    /// one bad row must not hold up the record.
    pub refused: Vec<Refused>,
    /// Endings and answers whose beginning is not in the record.
    pub unmatched: usize,
}

/// A row that could not be written whenever it is tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Which row.
    pub row: String,
    /// Why.
    pub reason: String,
}

impl Store {
    /// Writes a batch in one transaction. When this returns, a batch with a
    /// vital row survives a loss of power, any other the end of the process.
    ///
    /// A caller in a hurry may drop the future; the batch is then either
    /// written whole or not at all.
    ///
    /// # Errors
    /// Any [`StoreError`] but those of opening. Nothing of the batch is written
    /// then, and the store can be used again: it makes a new connection where
    /// the old one cannot be trusted.
    pub async fn write(&mut self, batch: &Batch) -> Result<Written, StoreError> {
        let durability = if batch.is_vital() {
            Durability::Power
        } else {
            Durability::Process
        };
        let number = self.take_number();
        self.write_numbered(number, batch, durability).await
    }

    /// A number for a batch that may have to be written more than once.
    pub(super) fn take_number(&mut self) -> i64 {
        let number = self.next_batch;
        self.next_batch = number.saturating_add(1);
        number
    }

    /// Writes a batch under a number. One that failed is handed in again under
    /// the same number and unchanged, before any other: if it was committed
    /// after all, it is not written twice.
    pub(super) async fn write_numbered(
        &mut self,
        number: i64,
        batch: &Batch,
        durability: Durability,
    ) -> Result<Written, StoreError> {
        let mut connection = self.take_connection().await?;
        connection.set(durability, &self.path).await?;
        match transaction(&mut connection.raw, number, batch).await {
            Ok(written) => {
                self.connection = Some(connection);
                Ok(written)
            }
            Err(fault) => {
                let error = fault.at(&self.path);
                if is_passing(&error) && rolled_back(&mut connection).await {
                    self.connection = Some(connection);
                }
                Err(error)
            }
        }
    }
}

/// Whether the failure says nothing against the connection.
fn is_passing(error: &StoreError) -> bool {
    matches!(error, StoreError::DiskFull { .. } | StoreError::Busy { .. })
}

/// Makes sure that no transaction is open. SQLite may have rolled back by
/// itself, in which case there is nothing to roll back.
async fn rolled_back(connection: &mut Connection) -> bool {
    match sqlx::query(sql::ROLLBACK)
        .execute(&mut connection.raw)
        .await
    {
        Ok(_) => true,
        Err(error) => error.to_string().contains("no transaction is active"),
    }
}

async fn transaction(
    connection: &mut SqliteConnection,
    number: i64,
    batch: &Batch,
) -> Result<Written, Fault> {
    sqlx::query(sql::BEGIN).execute(&mut *connection).await?;
    let numbered = sqlx::query(sql::SET_BATCH)
        .bind(number)
        .execute(&mut *connection)
        .await?
        .rows_affected();
    if numbered == 0 {
        let last = last_batch(connection).await?;
        sqlx::query(sql::ROLLBACK).execute(&mut *connection).await?;
        tracing::info!(number, last, "a batch was committed before");
        return Ok(Written {
            rows: batch.rows(),
            ..Written::default()
        });
    }
    let mut rows = Rows {
        connection,
        written: Written::default(),
    };
    rows.add_all(batch).await?;
    let Rows {
        connection,
        written,
    } = rows;
    sqlx::query(sql::COMMIT).execute(connection).await?;
    Ok(written)
}

type Statement<'q> = Query<'q, Sqlite, SqliteArguments>;

/// The rows of one transaction.
struct Rows<'c> {
    connection: &'c mut SqliteConnection,
    written: Written,
}

impl Rows<'_> {
    async fn add_all(&mut self, batch: &Batch) -> Result<(), Fault> {
        for rule_set in &batch.rule_sets {
            self.rule_set(rule_set).await?;
        }
        for sample in &batch.samples {
            self.sample(sample).await?;
        }
        for record in &batch.records {
            self.record(record).await?;
        }
        Ok(())
    }

    async fn record(&mut self, record: &Record) -> Result<(), Fault> {
        match record {
            Record::AccountState { account, state } => {
                let query = sqlx::query(sql::PUT_ACCOUNT_STATE)
                    .bind(account.as_str())
                    .bind(state);
                self.put(query, || format!("the state of {account}")).await
            }
            Record::RuleState {
                account,
                rule,
                state,
            } => {
                let query = sqlx::query(sql::PUT_RULE_STATE)
                    .bind(account.as_str())
                    .bind(rule.as_str())
                    .bind(state);
                self.put(query, || format!("the state of {rule} for {account}"))
                    .await
            }
            Record::Firing(row) => self.firing(row).await,
            Record::Intent(row) => self.intent(row).await,
            Record::IntentEnded { id, at, end } => {
                let query = sqlx::query(sql::END_INTENT)
                    .bind(id.0)
                    .bind(to_millis(*at))
                    .bind(end.name());
                self.matched(query, || format!("the end of intent {id}"))
                    .await
            }
            Record::Request(row) => self.request(row).await,
            Record::Answer(row) => self.answer(row).await,
            Record::Lock(row) => self.lock(row).await,
            Record::LockEnded {
                account,
                kind,
                at,
                reason,
            } => {
                let query = sqlx::query(sql::END_LOCK)
                    .bind(account.as_str())
                    .bind(kind.name())
                    .bind(to_millis(*at))
                    .bind(reason);
                self.matched(query, || format!("the end of a lock of {account}"))
                    .await
            }
            Record::Entry(entry) => self.entry(entry).await,
        }
    }

    async fn rule_set(&mut self, row: &RuleSetRow) -> Result<(), Fault> {
        let query = sqlx::query(sql::PUT_RULE_SET)
            .bind(&row.hash)
            .bind(&row.text)
            .bind(to_millis(row.loaded_at));
        self.put(query, || format!("rule set {}", row.hash)).await?;
        sqlx::query(sql::SET_RULES_HASH)
            .bind(&row.hash)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    async fn sample(&mut self, row: &Sample) -> Result<(), Fault> {
        let query = sqlx::query(sql::PUT_SAMPLE)
            .bind(to_millis(row.at))
            .bind(row.account.as_str())
            .bind(row.quality.name())
            .bind(row.quality.reason())
            .bind(text(row.figures.realized))
            .bind(text(row.figures.unrealized))
            .bind(text(row.figures.balance))
            .bind(text(row.figures.equity))
            .bind(row.positions.as_deref())
            .bind(row.orders);
        self.put(query, || format!("a sample of {}", row.account))
            .await
    }

    async fn firing(&mut self, row: &FiringRow) -> Result<(), Fault> {
        let query = sqlx::query(sql::ADD_FIRING)
            .bind(row.id.0)
            .bind(row.account.as_str())
            .bind(row.rule.as_str())
            .bind(to_millis(row.at))
            .bind(json(&row.actions)?)
            .bind(json(&row.evidence)?)
            .bind(&row.rules_hash);
        self.put(query, || format!("firing {}", row.id)).await
    }

    async fn intent(&mut self, row: &IntentRow) -> Result<(), Fault> {
        let instruments = match &row.goal {
            Goal::Closed(instruments) => Some(json(instruments)?),
            Goal::Quiet | Goal::FlatAndQuiet | Goal::ReduceOnly => None,
        };
        let (cause, firing, words) = match &row.cause {
            Cause::Firing(id) => ("firing", Some(id.0), None),
            Cause::Lock => ("lock", None, None),
            Cause::Person(words) => ("person", None, Some(words.as_str())),
        };
        let query = sqlx::query(sql::ADD_INTENT)
            .bind(row.id.0)
            .bind(row.account.as_str())
            .bind(row.goal.name())
            .bind(instruments)
            .bind(cause)
            .bind(firing)
            .bind(words)
            .bind(to_millis(row.at));
        self.put(query, || format!("intent {}", row.id)).await
    }

    async fn request(&mut self, row: &RequestRow) -> Result<(), Fault> {
        let query = sqlx::query(sql::ADD_REQUEST)
            .bind(row.id.0)
            .bind(row.account.as_str())
            .bind(row.write)
            .bind(row.target.as_deref())
            .bind(row.round)
            .bind(to_millis(row.at));
        self.put(query, || format!("request {}", row.id)).await?;
        for intent in &row.intents {
            sqlx::query(sql::ADD_REQUEST_INTENT)
                .bind(intent.0)
                .bind(row.id.0)
                .execute(&mut *self.connection)
                .await?;
        }
        Ok(())
    }

    async fn answer(&mut self, row: &AnswerRow) -> Result<(), Fault> {
        let query = sqlx::query(sql::PUT_ANSWER)
            .bind(row.request.0)
            .bind(to_millis(row.at))
            .bind(row.outcome.name())
            .bind(row.status)
            .bind(&row.words);
        self.matched(query, || format!("the answer to request {}", row.request))
            .await
    }

    /// A lock takes the place of the one of its kind that is in force. It is
    /// never shorter than that one, whatever the row says: after a restart
    /// this is all that is known of it.
    async fn lock(&mut self, row: &LockRow) -> Result<(), Fault> {
        let before: Option<(i64, i64, Option<i64>)> = sqlx::query_as(sql::LOCK_IN_FORCE)
            .bind(row.account.as_str())
            .bind(row.kind.name())
            .fetch_optional(&mut *self.connection)
            .await?;
        let id: i64 = sqlx::query_scalar(sql::NEXT_LOCK)
            .fetch_one(&mut *self.connection)
            .await?;
        let mut since = to_millis(row.since);
        let mut until = match row.end {
            LockEnd::At(end) => Some(to_millis_up(end)),
            LockEnd::Manual => None,
        };
        if let Some((replaced, old_since, old_until)) = before {
            since = since.min(old_since);
            until = until.zip(old_until).map(|(new, old)| new.max(old));
            self.replace_lock(replaced, Some(id)).await?;
        }
        let query = sqlx::query(sql::ADD_LOCK)
            .bind(id)
            .bind(row.account.as_str())
            .bind(row.kind.name())
            .bind(since)
            .bind(until)
            .bind(&row.reason)
            .bind(row.firing.map(|firing| firing.0));
        let added = self
            .run(query, || format!("a lock of {}", row.account))
            .await?;
        match before {
            // A new lock that was refused must not take the old one with it.
            Some((kept, ..)) if added.is_none() => self.replace_lock(kept, None).await,
            _ => Ok(()),
        }
    }

    async fn replace_lock(&mut self, lock: i64, by: Option<i64>) -> Result<(), Fault> {
        sqlx::query(sql::REPLACE_LOCK)
            .bind(lock)
            .bind(by)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    async fn entry(&mut self, row: &Entry) -> Result<(), Fault> {
        let query = sqlx::query(sql::ADD_ENTRY)
            .bind(to_millis(row.at))
            .bind(row.kind.name())
            .bind(row.account.as_ref().map(|account| account.as_str()))
            .bind(row.rule.as_ref().map(|rule| rule.as_str()))
            .bind(row.firing.map(|firing| firing.0))
            .bind(&row.message)
            .bind(json(&row.fields)?);
        self.put(query, || format!("entry {:?}", row.message)).await
    }

    /// Runs a statement that adds or sets a row.
    async fn put(
        &mut self,
        query: Statement<'_>,
        name: impl FnOnce() -> String,
    ) -> Result<(), Fault> {
        self.run(query, name).await.map(|_| ())
    }

    /// Runs a statement that changes a row that should be there.
    async fn matched(
        &mut self,
        query: Statement<'_>,
        name: impl FnOnce() -> String,
    ) -> Result<(), Fault> {
        if self.run(query, name).await? == Some(0) {
            self.written.unmatched = self.written.unmatched.saturating_add(1);
        }
        Ok(())
    }

    /// Runs a statement and says how many rows it changed; `None` when SQLite
    /// refused the row.
    async fn run(
        &mut self,
        query: Statement<'_>,
        name: impl FnOnce() -> String,
    ) -> Result<Option<u64>, Fault> {
        match query.execute(&mut *self.connection).await {
            Ok(done) => {
                self.written.rows = self.written.rows.saturating_add(1);
                Ok(Some(done.rows_affected()))
            }
            Err(error) if is_about_the_row(&error) => {
                self.written.refused.push(Refused {
                    row: name(),
                    reason: error.to_string(),
                });
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn text(amount: Option<Money>) -> Option<String> {
    amount.map(|amount| amount.to_string())
}

fn json(value: &impl serde::Serialize) -> Result<String, Fault> {
    serde_json::to_string(value)
        .map_err(|error| Fault::Unreadable(format!("a value cannot be written as JSON: {error}")))
}
