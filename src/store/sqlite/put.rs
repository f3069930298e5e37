//! The rows of a transaction, one by one, each of evidence with the link that
//! tells of it. It is what is done where [`together`](super::together) cannot
//! tell which row SQLite refuses.

use sqlx::SqliteConnection;
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteQueryResult};

use super::chain::{self, Change, Link, Value};
use super::fault::{Fault, is_about_the_row};
use super::sql;
use super::time::to_millis;
use super::values;
use super::write::Tail;
use crate::domain::account::AccountName;
use crate::domain::lock::LockKind;
use crate::domain::observation::Timestamp;
use crate::engine::record::{LockRow, LogEntry, RecordRow, RequestRow};
use crate::store::batch::{Batch, RuleSetRow, Sample};
use crate::store::batch::{Refused, Written};

/// Puts the rows of a batch into the transaction that is open, behind those that the
/// tail tells of. What the chain is to tell of them is still to be added.
pub(super) async fn all(
    connection: &mut SqliteConnection,
    batch: &Batch,
    tail: &mut Tail,
) -> Result<(Written, Vec<Link>), Fault> {
    let mut rows = Rows {
        connection,
        tail,
        written: Written::default(),
        links: Vec::new(),
    };
    for rule_set in &batch.rule_sets {
        rows.rule_set(rule_set).await?;
    }
    for sample in &batch.samples {
        rows.sample(sample).await?;
    }
    for record in &batch.records {
        rows.record(record).await?;
    }
    Ok((rows.written, rows.links))
}

type Statement<'q> = Query<'q, Sqlite, SqliteArguments>;

/// The rows of one transaction.
struct Rows<'c> {
    connection: &'c mut SqliteConnection,
    tail: &'c mut Tail,
    written: Written,
    /// What the chain is to tell of them.
    links: Vec<Link>,
}

impl Rows<'_> {
    async fn record(&mut self, record: &RecordRow) -> Result<(), Fault> {
        if let Some(changed) = values::changed(record) {
            let name = || changed.name;
            return self
                .change(changed.change, changed.statement, &changed.values, name)
                .await;
        }
        match record {
            RecordRow::AccountState { account, state } => {
                let query = sqlx::query(sql::PUT_ACCOUNT_STATE)
                    .bind(account.as_str())
                    .bind(state);
                self.put(query, || format!("the state of {account}")).await
            }
            RecordRow::RuleState {
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
            RecordRow::Firing(row) => {
                let (values, name) = (values::firing(row)?, || format!("firing {}", row.id));
                let added = self.add(&chain::FIRING_ADDED, sql::ADD_FIRING, &values, name);
                added.await.map(drop)
            }
            RecordRow::Intent(row) => {
                let (values, name) = (values::intent(row)?, || format!("intent {}", row.id));
                let added = self.add(&chain::INTENT_ADDED, sql::ADD_INTENT, &values, name);
                added.await.map(drop)
            }
            RecordRow::Request(row) => self.request(row).await,
            RecordRow::Lock(row) => self.lock(row).await,
            RecordRow::LockEnded {
                account,
                kind,
                at,
                reason,
            } => self.end_lock(account, *kind, *at, reason).await,
            RecordRow::LogEntry(entry) => self.entry(entry).await,
            // These are changes, and done above.
            RecordRow::IntentEnded { .. } | RecordRow::Sent { .. } | RecordRow::Answer(_) => Ok(()),
        }
    }

    async fn rule_set(&mut self, row: &RuleSetRow) -> Result<(), Fault> {
        let loaded_at = Value::Integer(to_millis(row.loaded_at));
        let hash = Value::text(Some(&row.hash));
        let loaded = [hash.clone(), loaded_at.clone()];
        let query = bound(sql::LOAD_RULE_SET, &loaded);
        let known = query.execute(&mut *self.connection).await?;
        if known.rows_affected() > 0 {
            self.written.rows = self.written.rows.saturating_add(1);
        } else {
            let files = values::files(&row.files)?;
            let added = [hash, Value::text(Some(&row.text)), loaded_at, files];
            let name = || format!("rule set {}", row.hash);
            let change = &chain::RULE_SET_ADDED;
            if !self.add(change, sql::ADD_RULE_SET, &added, name).await? {
                return Ok(());
            }
        }
        self.links.push(Link::new(&chain::RULE_SET_LOADED, &loaded));
        sqlx::query(sql::SET_RULES_HASH)
            .bind(&row.hash)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    async fn sample(&mut self, row: &Sample) -> Result<(), Fault> {
        let values = values::sample(row);
        self.put(bound(sql::PUT_SAMPLE, &values), || {
            format!("a sample of {}", row.account)
        })
        .await
    }

    async fn request(&mut self, row: &RequestRow) -> Result<(), Fault> {
        let intents = values::intents(row);
        let name = || format!("request {}", row.id);
        let query = bound(sql::ADD_REQUEST, &values::request(row));
        if self.run(query, name).await?.is_none() {
            // Its intents would be those of another request with its number.
            return Ok(());
        }
        for intent in &intents {
            sqlx::query(sql::ADD_REQUEST_INTENT)
                .bind(*intent)
                .bind(row.id.0)
                .execute(&mut *self.connection)
                .await?;
        }
        let linked = values::request_linked(row)?;
        self.links.push(Link::new(&chain::REQUEST_ADDED, &linked));
        Ok(())
    }

    /// A lock takes the place of the one of its kind that is in force.
    async fn lock(&mut self, row: &LockRow) -> Result<(), Fault> {
        let key = (row.account.as_str().to_owned(), row.kind.name().to_owned());
        let before = self.tail.locks.get(&key).copied();
        let id = self.tail.lock.saturating_add(1);
        if let Some((replaced, ..)) = before {
            self.replace_lock(replaced, Some(id)).await?;
        }
        let in_force = values::in_force(row, id, before);
        let values = values::lock(row, in_force);
        let name = || format!("a lock of {}", row.account);
        let added = self
            .add(&chain::LOCK_ADDED, sql::ADD_LOCK, &values, name)
            .await?;
        match before {
            _ if added => {
                self.tail.lock = id;
                self.tail.locks.insert(key, in_force);
                Ok(())
            }
            // A new lock that was refused must not take the old one with it.
            Some((kept, ..)) => self.replace_lock(kept, None).await,
            None => Ok(()),
        }
    }

    async fn replace_lock(&mut self, lock: i64, by: Option<i64>) -> Result<(), Fault> {
        let values = [Value::Integer(lock), Value::integer(by)];
        bound(sql::REPLACE_LOCK, &values)
            .execute(&mut *self.connection)
            .await?;
        self.links.push(Link::new(&chain::LOCK_REPLACED, &values));
        Ok(())
    }

    async fn end_lock(
        &mut self,
        account: &AccountName,
        kind: LockKind,
        at: Timestamp,
        reason: &str,
    ) -> Result<(), Fault> {
        let key = (account.as_str().to_owned(), kind.name().to_owned());
        let in_force = self.tail.locks.remove(&key);
        let values = [
            // Without one in force the number is that of no lock.
            Value::integer(in_force.map(|(id, ..)| id)),
            Value::Integer(to_millis(at)),
            Value::text(Some(reason)),
        ];
        self.change(&chain::LOCK_ENDED, sql::END_LOCK, &values, || {
            format!("the end of a lock of {account}")
        })
        .await
    }

    async fn entry(&mut self, row: &LogEntry) -> Result<(), Fault> {
        let id = self.tail.entry.saturating_add(1);
        let values = values::entry(row, id)?;
        let name = || format!("entry {:?}", row.message);
        let change = &chain::ENTRY_ADDED;
        if self.add(change, sql::ADD_ENTRY, &values, name).await? {
            self.tail.entry = id;
        }
        Ok(())
    }

    /// Adds a row of evidence with these values and a link that tells of it;
    /// `false` when SQLite refused the row.
    async fn add(
        &mut self,
        change: &Change,
        statement: &'static str,
        values: &[Value],
        name: impl FnOnce() -> String,
    ) -> Result<bool, Fault> {
        let done = self.run(bound(statement, values), name).await?;
        if done.is_some() {
            self.links.push(Link::new(change, values));
        }
        Ok(done.is_some())
    }

    /// Changes a row of evidence that should be there, and adds a link that
    /// tells of it.
    async fn change(
        &mut self,
        change: &Change,
        statement: &'static str,
        values: &[Value],
        name: impl FnOnce() -> String,
    ) -> Result<(), Fault> {
        let done = self.run(bound(statement, values), name).await?;
        match done.map(|done| done.rows_affected()) {
            None => {}
            Some(0) => self.written.unmatched = self.written.unmatched.saturating_add(1),
            Some(_) => self.links.push(Link::new(change, values)),
        }
        Ok(())
    }

    /// Runs a statement that adds or sets a row.
    async fn put(
        &mut self,
        query: Statement<'_>,
        name: impl FnOnce() -> String,
    ) -> Result<(), Fault> {
        self.run(query, name).await.map(|_| ())
    }

    /// Runs a statement and says what it did; `None` when SQLite refused the
    /// row.
    async fn run(
        &mut self,
        query: Statement<'_>,
        name: impl FnOnce() -> String,
    ) -> Result<Option<SqliteQueryResult>, Fault> {
        match query.execute(&mut *self.connection).await {
            Ok(done) => {
                self.written.rows = self.written.rows.saturating_add(1);
                Ok(Some(done))
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

/// A statement with these values for its numbered parameters.
pub(super) fn bound<'q>(statement: &'static str, values: &[Value]) -> Statement<'q> {
    values
        .iter()
        .fold(sqlx::query(statement), |query, value| match value {
            Value::Integer(number) => query.bind(*number),
            Value::Text(text) => query.bind(text.clone()),
            Value::Null | Value::Long(..) | Value::Strange => query.bind(None::<i64>),
        })
}
