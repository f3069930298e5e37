//! The rows of a transaction, each of evidence with the link that tells of it.

use sqlx::SqliteConnection;
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteQueryResult};

use super::batch::{Batch, RuleSetRow, Sample};
use super::chain::{self, Change, Link, Value};
use super::error::{Fault, is_about_the_row};
use super::sql;
use super::time::{to_millis, to_millis_up};
use super::write::{Refused, Written};
use crate::domain::account::AccountName;
use crate::domain::lock::{LockEnd, LockKind};
use crate::domain::money::Money;
use crate::domain::observation::Timestamp;
use crate::engine::record::{
    AnswerRow, Cause, Entry, FiringRow, Goal, IntentRow, LockRow, Record, RequestRow,
};

/// Puts the rows of a batch into the transaction that is open. What the chain is
/// to tell of them is still to be added.
pub(super) async fn all(
    connection: &mut SqliteConnection,
    batch: &Batch,
) -> Result<(Written, Vec<Link>), Fault> {
    let mut rows = Rows {
        connection,
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
    written: Written,
    /// What the chain is to tell of them.
    links: Vec<Link>,
}

impl Rows<'_> {
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
                let values = [
                    Value::Integer(id.0),
                    Value::Integer(to_millis(*at)),
                    Value::text(Some(end.name())),
                ];
                self.change(&chain::INTENT_ENDED, sql::END_INTENT, &values, || {
                    format!("the end of intent {id}")
                })
                .await
            }
            Record::Request(row) => self.request(row).await,
            Record::Sent {
                request,
                at,
                unrecorded,
            } => {
                let values = [
                    Value::Integer(request.0),
                    Value::Integer(to_millis(*at)),
                    Value::text(unrecorded.as_deref()),
                ];
                self.change(&chain::REQUEST_SENT, sql::PUT_SENT, &values, || {
                    format!("the sending of request {request}")
                })
                .await
            }
            Record::Answer(row) => self.answer(row).await,
            Record::Lock(row) => self.lock(row).await,
            Record::LockEnded {
                account,
                kind,
                at,
                reason,
            } => self.end_lock(account, *kind, *at, reason).await,
            Record::Entry(entry) => self.entry(entry).await,
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
            let added = [hash, Value::text(Some(&row.text)), loaded_at];
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
        let values = [
            Value::Integer(row.id.0),
            Value::text(Some(row.account.as_str())),
            Value::text(Some(row.rule.as_str())),
            Value::Integer(to_millis(row.at)),
            Value::Text(json(&row.actions)?),
            Value::Text(json(&row.evidence)?),
            Value::text(Some(&row.rules_hash)),
        ];
        let name = || format!("firing {}", row.id);
        self.add(&chain::FIRING_ADDED, sql::ADD_FIRING, &values, name)
            .await
            .map(|_| ())
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
        let values = [
            Value::Integer(row.id.0),
            Value::text(Some(row.account.as_str())),
            Value::text(Some(row.goal.name())),
            Value::text(instruments.as_deref()),
            Value::text(Some(cause)),
            Value::integer(firing),
            Value::text(words),
            Value::Integer(to_millis(row.at)),
        ];
        let name = || format!("intent {}", row.id);
        self.add(&chain::INTENT_ADDED, sql::ADD_INTENT, &values, name)
            .await
            .map(|_| ())
    }

    async fn request(&mut self, row: &RequestRow) -> Result<(), Fault> {
        let mut intents: Vec<i64> = row.intents.iter().map(|intent| intent.0).collect();
        intents.sort_unstable();
        intents.dedup();
        let columns = [
            Value::Integer(row.id.0),
            Value::text(Some(row.account.as_str())),
            Value::text(Some(row.write)),
            Value::text(row.target.as_deref()),
            Value::integer(Some(row.round)),
            Value::Integer(to_millis(row.at)),
        ];
        let name = || format!("request {}", row.id);
        let query = bound(sql::ADD_REQUEST, &columns);
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
        let [id, account, write, target, round, at] = columns;
        let intents = Value::Text(json(&intents)?);
        let values = [id, account, write, target, round, at, intents];
        self.links.push(Link::new(&chain::REQUEST_ADDED, &values));
        Ok(())
    }

    async fn answer(&mut self, row: &AnswerRow) -> Result<(), Fault> {
        let values = [
            Value::Integer(row.request.0),
            Value::Integer(to_millis(row.at)),
            Value::text(Some(row.outcome.name())),
            Value::integer(row.status),
            Value::text(Some(&row.words)),
        ];
        self.change(&chain::REQUEST_ANSWERED, sql::PUT_ANSWER, &values, || {
            format!("the answer to request {}", row.request)
        })
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
        let values = [
            Value::Integer(id),
            Value::text(Some(row.account.as_str())),
            Value::text(Some(row.kind.name())),
            Value::Integer(since),
            Value::integer(until),
            Value::text(Some(&row.reason)),
            Value::integer(row.firing.map(|firing| firing.0)),
        ];
        let name = || format!("a lock of {}", row.account);
        let added = self
            .add(&chain::LOCK_ADDED, sql::ADD_LOCK, &values, name)
            .await?;
        match before {
            // A new lock that was refused must not take the old one with it.
            Some((kept, ..)) if !added => self.replace_lock(kept, None).await,
            _ => Ok(()),
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
        let in_force: Option<(i64, i64, Option<i64>)> = sqlx::query_as(sql::LOCK_IN_FORCE)
            .bind(account.as_str())
            .bind(kind.name())
            .fetch_optional(&mut *self.connection)
            .await?;
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

    async fn entry(&mut self, row: &Entry) -> Result<(), Fault> {
        let columns = [
            Value::Integer(to_millis(row.at)),
            Value::text(Some(row.kind.name())),
            Value::text(row.account.as_ref().map(|account| account.as_str())),
            Value::text(row.rule.as_ref().map(|rule| rule.as_str())),
            Value::integer(row.firing.map(|firing| firing.0)),
            Value::text(Some(&row.message)),
            Value::Text(json(&row.fields)?),
        ];
        let name = || format!("entry {:?}", row.message);
        let query = bound(sql::ADD_ENTRY, &columns);
        if let Some(done) = self.run(query, name).await? {
            let mut values = vec![Value::Integer(done.last_insert_rowid())];
            values.extend(columns);
            self.links.push(Link::new(&chain::ENTRY_ADDED, &values));
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
fn bound<'q>(statement: &'static str, values: &[Value]) -> Statement<'q> {
    values
        .iter()
        .fold(sqlx::query(statement), |query, value| match value {
            Value::Integer(number) => query.bind(*number),
            Value::Text(text) => query.bind(text.clone()),
            Value::Null | Value::Long(..) | Value::Strange => query.bind(None::<i64>),
        })
}

fn text(amount: Option<Money>) -> Option<String> {
    amount.map(|amount| amount.to_string())
}

fn json(value: &impl serde::Serialize) -> Result<String, Fault> {
    serde_json::to_string(value)
        .map_err(|error| Fault::Unreadable(format!("a value cannot be written as JSON: {error}")))
}
