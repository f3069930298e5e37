//! The rows of a batch in a few statements.
//!
//! Each statement of its own is a way to SQLite's thread and back. When twenty
//! accounts fire in one poll that would be hundreds, and their requests wait for
//! the commit. So all rows of one table are one statement, and all statements
//! are one way.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::batch::Batch;
use super::chain::{self, Change, Link, Value};
use super::error::Fault;
use super::put::bound;
use super::sql;
use super::values::{self, Changed, InForce};
use super::write::Written;
use crate::engine::record::{LockRow, Record, RequestRow};

/// Most rows of one statement, so that SQLite has parameters enough.
const AT_ONCE: usize = 64;

/// Puts the rows of a batch into the transaction that is open, and says what the
/// chain is to tell of them; `None` when this batch takes the other way.
pub(super) async fn all(
    connection: &mut SqliteConnection,
    batch: &Batch,
) -> Result<Option<(Written, Vec<Link>)>, Fault> {
    if !is_plain(batch) {
        return Ok(None);
    }
    let mut rows = Rows::default();
    for sample in &batch.samples {
        rows.add(sql::PUT_SAMPLE, values::sample(sample));
    }
    let mut locks = Vec::new();
    for record in &batch.records {
        rows.record(record, &mut locks)?;
    }
    rows.locks(connection, &locks).await?;
    rows.write(connection, batch).await.map(Some)
}

/// Whether no row depends on another one of the batch, and none is a rule set.
fn is_plain(batch: &Batch) -> bool {
    let mut locks = BTreeSet::new();
    batch.rule_sets.is_empty()
        && batch.records.iter().all(|record| match record {
            Record::Lock(row) => locks.insert((row.account.as_str(), row.kind.name())),
            Record::LockEnded { .. } => false,
            _ => true,
        })
}

/// The rows by their statements, and the links in the order of the records.
#[derive(Debug, Default)]
struct Rows {
    /// In the order in which they are first needed.
    tables: Vec<(&'static str, Vec<Vec<Value>>)>,
    entries: Vec<Vec<Value>>,
    replaced: Vec<[Value; 2]>,
    changes: Vec<(usize, Changed)>,
    /// `None` for what is only known once the rows are written.
    links: Vec<Option<Link>>,
    /// Where the links of the entries go.
    of_entries: Vec<usize>,
    /// Where the links of the locks go, two each: of the one that is replaced,
    /// if there is one, and of the new one.
    of_locks: Vec<usize>,
}

impl Rows {
    fn record<'b>(
        &mut self,
        record: &'b Record,
        locks: &mut Vec<&'b LockRow>,
    ) -> Result<(), Fault> {
        if let Some(changed) = values::changed(record) {
            self.changes.push((self.links.len(), changed));
            self.links.push(None);
            return Ok(());
        }
        match record {
            Record::AccountState { account, state } => {
                let values = [account.as_str(), state].map(|text| Value::text(Some(text)));
                self.add(sql::PUT_ACCOUNT_STATE, values.into());
            }
            Record::RuleState {
                account,
                rule,
                state,
            } => {
                let values = [account.as_str(), rule.as_str(), state];
                let values = values.map(|text| Value::text(Some(text)));
                self.add(sql::PUT_RULE_STATE, values.into());
            }
            Record::Firing(row) => {
                self.evidence(&chain::FIRING_ADDED, sql::ADD_FIRING, values::firing(row)?);
            }
            Record::Intent(row) => {
                self.evidence(&chain::INTENT_ADDED, sql::ADD_INTENT, values::intent(row)?);
            }
            Record::Request(row) => self.request(row)?,
            Record::Lock(row) => {
                locks.push(row);
                self.of_locks.push(self.links.len());
                self.links.extend([None, None]);
            }
            Record::Entry(row) => {
                self.entries.push(values::entry(row)?);
                self.of_entries.push(self.links.len());
                self.links.push(None);
            }
            // The first are changes; a batch with the last takes the other way.
            Record::IntentEnded { .. }
            | Record::Sent { .. }
            | Record::Answer(_)
            | Record::LockEnded { .. } => {}
        }
        Ok(())
    }

    fn add(&mut self, statement: &'static str, values: Vec<Value>) {
        match self.tables.iter_mut().find(|(of, _)| *of == statement) {
            Some((_, rows)) => rows.push(values),
            None => self.tables.push((statement, vec![values])),
        }
    }

    fn evidence(&mut self, change: &Change, statement: &'static str, values: Vec<Value>) {
        self.links.push(Some(Link::new(change, &values)));
        self.add(statement, values);
    }

    fn request(&mut self, row: &RequestRow) -> Result<(), Fault> {
        let values = values::request(row);
        let intents = values::intents(row);
        let mut told = values.clone();
        told.push(Value::Text(values::json(&intents)?));
        self.links
            .push(Some(Link::new(&chain::REQUEST_ADDED, &told)));
        self.add(sql::ADD_REQUEST, values);
        for intent in intents {
            let values = [Value::Integer(intent), Value::Integer(row.id.0)];
            self.add(sql::ADD_REQUEST_INTENT, values.into());
        }
        Ok(())
    }

    /// Each takes the place of the one of its kind that is in force.
    async fn locks(
        &mut self,
        connection: &mut SqliteConnection,
        locks: &[&LockRow],
    ) -> Result<(), Fault> {
        if locks.is_empty() {
            return Ok(());
        }
        let (mut id, before) = locks_before(connection).await?;
        let places = std::mem::take(&mut self.of_locks);
        for (row, place) in locks.iter().zip(places) {
            let key = (row.account.as_str().to_owned(), row.kind.name().to_owned());
            let before = before.get(&key).copied();
            let values = values::lock(row, id, before);
            let mut links = [None, Some(Link::new(&chain::LOCK_ADDED, &values))];
            if let Some((old, ..)) = before {
                let replaced = [Value::Integer(old), Value::Integer(id)];
                links[0] = Some(Link::new(&chain::LOCK_REPLACED, &replaced));
                self.replaced.push(replaced);
            }
            for (slot, link) in self.links.iter_mut().skip(place).zip(links) {
                *slot = link;
            }
            self.add(sql::ADD_LOCK, values);
            id = id.saturating_add(1);
        }
        Ok(())
    }

    async fn write(
        mut self,
        connection: &mut SqliteConnection,
        batch: &Batch,
    ) -> Result<(Written, Vec<Link>), Fault> {
        let mut written = Written {
            rows: batch.rows(),
            ..Written::default()
        };
        // Before the new ones: only one of a kind may be in force.
        for values in &self.replaced {
            let query = bound(sql::REPLACE_LOCK, values);
            query.execute(&mut *connection).await?;
        }
        self.rows(connection).await?;
        self.entries(connection).await?;
        for (place, changed) in std::mem::take(&mut self.changes) {
            let done = bound(changed.statement, &changed.values);
            let done = done.execute(&mut *connection).await?;
            if done.rows_affected() == 0 {
                written.unmatched = written.unmatched.saturating_add(1);
            } else if let Some(slot) = self.links.get_mut(place) {
                *slot = Some(Link::new(changed.change, &changed.values));
            }
        }
        Ok((written, self.links.into_iter().flatten().collect()))
    }

    async fn rows(&mut self, connection: &mut SqliteConnection) -> Result<(), Fault> {
        if self.tables.is_empty() {
            return Ok(());
        }
        let mut query = QueryBuilder::<Sqlite>::new("");
        for (statement, rows) in std::mem::take(&mut self.tables) {
            for some in rows.chunks(AT_ONCE) {
                push(&mut query, statement, some);
            }
        }
        let query = query.build().persistent(false);
        query.execute(connection).await?;
        Ok(())
    }

    /// SQLite gives them numbers in a row, which their links tell.
    async fn entries(&mut self, connection: &mut SqliteConnection) -> Result<(), Fault> {
        let entries = std::mem::take(&mut self.entries);
        let mut places = std::mem::take(&mut self.of_entries).into_iter();
        for some in entries.chunks(AT_ONCE) {
            let mut query = QueryBuilder::<Sqlite>::new("");
            push(&mut query, sql::ADD_ENTRY, some);
            let query = query.build().persistent(false);
            let last = query.execute(&mut *connection).await?.last_insert_rowid();
            let count = i64::try_from(some.len()).unwrap_or(i64::MAX);
            let first = last.saturating_sub(count).saturating_add(1);
            for ((id, columns), place) in (first..).zip(some).zip(places.by_ref()) {
                let mut values = vec![Value::Integer(id)];
                values.extend_from_slice(columns);
                if let Some(slot) = self.links.get_mut(place) {
                    *slot = Some(Link::new(&chain::ENTRY_ADDED, &values));
                }
            }
        }
        Ok(())
    }
}

/// The number of the next lock, and the locks in force by account and kind.
async fn locks_before(
    connection: &mut SqliteConnection,
) -> Result<(i64, BTreeMap<(String, String), InForce>), Fault> {
    type Row = (
        i64,
        Option<i64>,
        Option<String>,
        Option<String>,
        Option<i64>,
        Option<i64>,
    );
    let rows: Vec<Row> = sqlx::query_as(sql::LOCKS_BEFORE)
        .fetch_all(connection)
        .await?;
    let next = rows.first().map_or(1, |row| row.0);
    let in_force = rows
        .into_iter()
        .filter_map(|(_, id, account, kind, since, until)| {
            Some(((account?, kind?), (id?, since?, until)))
        });
    Ok((next, in_force.collect()))
}

/// Adds a statement for several rows, made of the one for one row.
fn push(query: &mut QueryBuilder<Sqlite>, statement: &'static str, rows: &[Vec<Value>]) {
    let (head, rest) = statement.split_once("values (").unwrap_or((statement, ""));
    let tail = rest.split_once(')').map_or("", |(_, tail)| tail);
    query.push(head);
    query.push_values(rows, |mut row, values| {
        for value in values {
            match value {
                Value::Integer(number) => row.push_bind(*number),
                Value::Text(text) => row.push_bind(text.clone()),
                Value::Null | Value::Long(..) | Value::Strange => row.push_bind(None::<i64>),
            };
        }
    });
    query.push(tail).push("; ");
}
