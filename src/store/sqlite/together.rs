//! The rows of a batch in one way to SQLite and back.
//!
//! Each way is two changes of thread, and a request waits for the commit of the
//! firing behind it. So all rows of a table are one parameter, a JSON array of
//! arrays, and a whole transaction is one text that is always the same: SQLite has
//! it prepared. A batch with changes of rows is two ways, because what the chain says
//! of those depends on what is there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::{Serialize, Serializer};
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _, SqlSafeStr as _, SqlStr, SqliteConnection};

use super::chain::{self, Change, Link, Value};
use super::fault::Fault;
use super::relink;
use super::sql;
use super::values;
use super::write::Tail;
use crate::domain::ids::WriterId;
use crate::engine::record::{LockRow, RecordRow, RequestRow};
use crate::store::batch::Batch;
use crate::store::batch::Written;

/// What opens a transaction and puts the rows that depend on no other.
static BEGINNING: LazyLock<String> = LazyLock::new(|| {
    let rows = [
        of_many(sql::PUT_SAMPLE),
        of_many(sql::PUT_ACCOUNT_STATE),
        of_many(sql::PUT_RULE_STATE),
        of_many(sql::ADD_FIRING),
        of_many(sql::ADD_INTENT),
        of_many(sql::ADD_REQUEST),
        of_many(sql::ADD_REQUEST_INTENT),
    ];
    let set_batch = ["?1", "?2", "?3"]
        .iter()
        .fold(sql::SET_BATCH.to_owned(), |text, one| {
            text.replace(one, "?")
        });
    format!("{}; {set_batch}; {}", sql::BEGIN, rows.join("; "))
});

/// What puts the others and ends it.
static END: LazyLock<String> = LazyLock::new(|| {
    let rows = [
        // Before the new ones: only one of a kind may be in force.
        sql::REPLACE_LOCKS.to_owned(),
        of_many(sql::ADD_LOCK),
        of_many(sql::ADD_ENTRY),
        sql::ADD_LINKS.to_owned(),
    ];
    format!("{}; {}", rows.join("; "), sql::COMMIT)
});

/// All in one way.
static WHOLE: LazyLock<SqlStr> = LazyLock::new(|| text(format!("{}; {}", *BEGINNING, *END)));
/// The first of two ways: the answer says what was changed.
static FIRST: LazyLock<SqlStr> = LazyLock::new(|| {
    text(format!(
        "{}; {}; {}; {}",
        *BEGINNING,
        sql::END_INTENTS,
        sql::PUT_ALL_SENT,
        sql::PUT_ANSWERS,
    ))
});
/// The second of two ways.
static SECOND: LazyLock<SqlStr> = LazyLock::new(|| text(END.clone()));

fn text(text: String) -> SqlStr {
    AssertSqlSafe(text).into_sql_str()
}

/// The statement for all rows of one parameter, made of the one for one row. The
/// parameters of a text are taken in order, so none has a number.
fn of_many(statement: &str) -> String {
    let (head, rest) = statement.split_once("values (").unwrap_or((statement, ""));
    let (values, tail) = rest.split_once(')').unwrap_or((rest, ""));
    let columns: Vec<String> = (0..values.split(',').count())
        .map(|place| format!("value ->> {place}"))
        .collect();
    // Without the condition SQLite takes `on` for that of a join.
    format!(
        "{head} select {} from json_each(?) where true {tail}",
        columns.join(", ")
    )
}

/// Writes a batch that was never tried before in a transaction of its own, and
/// says what the record ends with then; `None`, with nothing done, for a batch
/// that takes the other way.
pub(super) async fn committed(
    connection: &mut SqliteConnection,
    number: i64,
    batch: &Batch,
    tail: Tail,
) -> Result<Option<(Written, Tail)>, Fault> {
    let Some(mut rows) = Rows::of(batch, tail)? else {
        return Ok(None);
    };
    let mut written = Written {
        rows: batch.rows(),
        ..Written::default()
    };
    if rows.changes.is_empty() {
        let mut parameters = rows.beginning(number)?;
        parameters.extend(rows.end()?);
        run(connection, &WHOLE, &parameters).await?;
    } else {
        let mut parameters = rows.beginning(number)?;
        parameters.extend(rows.changes()?);
        let found = run(connection, &FIRST, &parameters).await?;
        written.unmatched = rows.settle(&changed_rows(&found)?);
        run(connection, &SECOND, &rows.end()?).await?;
    }
    Ok(Some((written, rows.tail)))
}

/// The parameters of the transaction that writes a batch, where it is one way, but for
/// the links, which follow from the others.
pub(super) fn parameters(
    number: i64,
    batch: &Batch,
    tail: Tail,
) -> Result<Option<Vec<String>>, Fault> {
    match Rows::of(batch, tail)? {
        Some(rows) if rows.changes.is_empty() => {
            let mut parameters = rows.beginning(number)?;
            parameters.extend(rows.last_tables()?);
            Ok(Some(parameters))
        }
        _ => Ok(None),
    }
}

/// The number of the batch with these parameters, and whose it is.
pub(super) fn number_and_writer(parameters: &[String]) -> Option<(i64, WriterId)> {
    let [number, _, writer, ..] = parameters else {
        return None;
    };
    Some((number.parse().ok()?, WriterId::new(writer.parse().ok()?)?))
}

/// Writes a batch by its parameters, of which the links are made.
pub(super) async fn put(
    connection: &mut SqliteConnection,
    writer: WriterId,
    mut parameters: Vec<String>,
) -> Result<(), Fault> {
    let links = relink::links_of(&parameters)?;
    let mut head = chain::head(connection, writer).await?;
    let links = chain::numbered(&mut head, links.into_iter());
    parameters.push(values::json(&links)?);
    run(connection, &WHOLE, &parameters).await.map(drop)
}

async fn run(
    connection: &mut SqliteConnection,
    text: &LazyLock<SqlStr>,
    parameters: &[String],
) -> Result<Vec<SqliteRow>, Fault> {
    let mut query = sqlx::query(SqlStr::clone(text));
    for parameter in parameters {
        query = query.bind(parameter.as_str());
    }
    Ok(query.fetch_all(connection).await?)
}

/// The rows by their tables, and what the chain is to tell of them.
#[derive(Debug)]
struct Rows {
    samples: Vec<Vec<Value>>,
    account_states: Vec<Vec<Value>>,
    rule_states: Vec<Vec<Value>>,
    firings: Vec<Vec<Value>>,
    intents: Vec<Vec<Value>>,
    requests: Vec<Vec<Value>>,
    request_intents: Vec<Vec<Value>>,
    /// By what they change and the number of the row.
    changes: BTreeMap<(&'static str, i64), Vec<Value>>,
    replaced: Vec<Vec<Value>>,
    locks: Vec<Vec<Value>>,
    entries: Vec<Vec<Value>>,
    links: Vec<Pending>,
    /// What the record ends with, these rows included.
    tail: Tail,
}

/// What the chain is to tell of a record.
#[derive(Debug)]
enum Pending {
    /// This.
    Link(Link),
    /// This, if the row is there.
    IfChanged(&'static str, i64, Link),
}

impl Rows {
    fn of(batch: &Batch, tail: Tail) -> Result<Option<Rows>, Fault> {
        if !is_plain(batch) {
            return Ok(None);
        }
        let mut rows = Rows {
            samples: batch.samples.iter().map(values::sample).collect(),
            account_states: Vec::new(),
            rule_states: Vec::new(),
            firings: Vec::new(),
            intents: Vec::new(),
            requests: Vec::new(),
            request_intents: Vec::new(),
            changes: BTreeMap::new(),
            replaced: Vec::new(),
            locks: Vec::new(),
            entries: Vec::new(),
            links: Vec::new(),
            tail,
        };
        for record in &batch.records {
            rows.record(record)?;
        }
        Ok(rows.fit_into_json().then_some(rows))
    }

    fn record(&mut self, record: &RecordRow) -> Result<(), Fault> {
        if let Some(changed) = values::changed(record) {
            let link = Link::new(changed.change, &changed.values);
            if let Some(Value::Integer(id)) = changed.values.first() {
                let (what, id) = (changed.change.name, *id);
                self.links.push(Pending::IfChanged(what, id, link));
                self.changes.insert((what, id), changed.values);
            }
            return Ok(());
        }
        match record {
            RecordRow::AccountState { account, state } => {
                let values = [account.as_str(), state].map(|text| Value::text(Some(text)));
                self.account_states.push(values.into());
            }
            RecordRow::RuleState {
                account,
                rule,
                state,
            } => {
                let values = [account.as_str(), rule.as_str(), state];
                let values = values.map(|text| Value::text(Some(text)));
                self.rule_states.push(values.into());
            }
            RecordRow::Firing(row) => {
                let values = values::firing(row)?;
                self.add_link(&chain::FIRING_ADDED, &values);
                self.firings.push(values);
            }
            RecordRow::Intent(row) => {
                let values = values::intent(row)?;
                self.add_link(&chain::INTENT_ADDED, &values);
                self.intents.push(values);
            }
            RecordRow::Request(row) => self.request(row)?,
            RecordRow::Lock(row) => self.lock(row),
            RecordRow::LogEntry(row) => {
                let id = self.tail.entry.saturating_add(1);
                self.tail.entry = id;
                let values = values::entry(row, id)?;
                self.add_link(&chain::ENTRY_ADDED, &values);
                self.entries.push(values);
            }
            // The first are changes; a batch with the last takes the other way.
            RecordRow::IntentEnded { .. }
            | RecordRow::Sent { .. }
            | RecordRow::Answer(_)
            | RecordRow::LockEnded { .. } => {}
        }
        Ok(())
    }

    fn add_link(&mut self, change: &Change, values: &[Value]) {
        self.links.push(Pending::Link(Link::new(change, values)));
    }

    fn request(&mut self, row: &RequestRow) -> Result<(), Fault> {
        self.add_link(&chain::REQUEST_ADDED, &values::request_linked(row)?);
        self.requests.push(values::request(row));
        for intent in values::intents(row) {
            let values = [Value::Integer(intent), Value::Integer(row.id.0)];
            self.request_intents.push(values.into());
        }
        Ok(())
    }

    /// Decides what the chain tells of the changes. Says how many found no row.
    fn settle(&mut self, changed: &BTreeSet<(String, i64)>) -> usize {
        let mut missing = 0_usize;
        for pending in std::mem::take(&mut self.links) {
            match pending {
                Pending::Link(_) => self.links.push(pending),
                Pending::IfChanged(what, row, link) => {
                    if changed.contains(&(what.to_owned(), row)) {
                        self.links.push(Pending::Link(link));
                    } else {
                        missing = missing.saturating_add(1);
                    }
                }
            }
        }
        missing
    }

    /// It takes the place of the one of its kind that is in force.
    fn lock(&mut self, row: &LockRow) {
        let id = self.tail.lock.saturating_add(1);
        self.tail.lock = id;
        let key = (row.account.as_str().to_owned(), row.kind.name().to_owned());
        let before = self.tail.locks.get(&key).copied();
        if let Some((old, ..)) = before {
            let values = vec![Value::Integer(old), Value::Integer(id)];
            self.add_link(&chain::LOCK_REPLACED, &values);
            self.replaced.push(values);
        }
        let in_force = values::in_force(row, id, before);
        self.tail.locks.insert(key, in_force);
        let values = values::lock(row, in_force);
        self.add_link(&chain::LOCK_ADDED, &values);
        self.locks.push(values);
    }

    /// What the parameters of the beginning hold.
    fn beginning(&self, number: i64) -> Result<Vec<String>, Fault> {
        Ok(vec![
            number.to_string(),
            self.tail.entry.to_string(),
            self.tail.writer.to_string(),
            number.to_string(),
            json(&self.samples)?,
            json(&self.account_states)?,
            json(&self.rule_states)?,
            json(&self.firings)?,
            json(&self.intents)?,
            json(&self.requests)?,
            json(&self.request_intents)?,
        ])
    }

    /// What those of the changes hold.
    fn changes(&self) -> Result<[String; 3], Fault> {
        let changes = |of: &Change| {
            let its = self
                .changes
                .iter()
                .filter(|((what, _), _)| *what == of.name);
            let its: Vec<&Vec<Value>> = its.map(|(_, values)| values).collect();
            json(its)
        };
        Ok([
            changes(&chain::INTENT_ENDED)?,
            changes(&chain::REQUEST_SENT)?,
            changes(&chain::REQUEST_ANSWERED)?,
        ])
    }

    /// What those of the end hold. The links are numbered behind the last one.
    fn end(&mut self) -> Result<[String; 4], Fault> {
        let links = std::mem::take(&mut self.links).into_iter();
        let links = links.filter_map(|pending| match pending {
            Pending::Link(link) => Some(link),
            Pending::IfChanged(..) => None,
        });
        let links = chain::numbered(&mut self.tail.head, links);
        let [replaced, locks, entries] = self.last_tables()?;
        Ok([replaced, locks, entries, values::json(&links)?])
    }

    /// What those of the end hold, but for the links.
    fn last_tables(&self) -> Result<[String; 3], Fault> {
        Ok([
            json(&self.replaced)?,
            json(&self.locks)?,
            json(&self.entries)?,
        ])
    }

    /// Whether SQLite reads back out of JSON what is put in: a text with a
    /// character zero ends there.
    fn fit_into_json(&self) -> bool {
        let tables = [
            &self.samples,
            &self.account_states,
            &self.rule_states,
            &self.firings,
            &self.intents,
            &self.requests,
            &self.locks,
            &self.entries,
        ];
        let rows = tables.into_iter().flatten().chain(self.changes.values());
        let has_zero = |value: &Value| matches!(value, Value::Text(text) if text.contains('\0'));
        !rows.flatten().any(has_zero)
    }
}

/// Whether the rows can be put table by table: none depends on another one of the
/// batch, none is changed twice in the same way, and none is a rule set.
fn is_plain(batch: &Batch) -> bool {
    let mut locks = BTreeSet::new();
    let mut changes = BTreeSet::new();
    batch.rule_sets.is_empty()
        && batch.records.iter().all(|record| match record {
            RecordRow::Lock(row) => locks.insert((row.account.as_str(), row.kind.name())),
            RecordRow::IntentEnded { id, .. } => changes.insert((0, id.0)),
            RecordRow::Sent { request, .. } => changes.insert((1, request.0)),
            RecordRow::Answer(row) => changes.insert((2, row.request.0)),
            RecordRow::LockEnded { .. } => false,
            _ => true,
        })
}

/// The rows that the first of two ways changed: what was changed, and the number of
/// the row.
fn changed_rows(rows: &[SqliteRow]) -> Result<BTreeSet<(String, i64)>, Fault> {
    let mut changed = BTreeSet::new();
    for row in rows {
        changed.insert((row.try_get(0)?, row.try_get(1)?));
    }
    Ok(changed)
}

fn json<'v>(rows: impl IntoIterator<Item = &'v Vec<Value>>) -> Result<String, Fault> {
    let rows: Vec<Vec<Column<'_>>> = rows
        .into_iter()
        .map(|values| values.iter().map(Column).collect())
        .collect();
    values::json(&rows)
}

/// A column as JSON.
struct Column<'v>(&'v Value);

impl Serialize for Column<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Integer(number) => serializer.serialize_i64(*number),
            Value::Text(text) => serializer.serialize_str(text),
            Value::Null | Value::Long(..) | Value::Strange => serializer.serialize_none(),
        }
    }
}
