//! What stands in the columns of a row, in the order of its statement.

use super::chain::{self, Change, Value};
use super::fault::Fault;
use super::sql;
use super::time::{to_millis, to_millis_up};
use crate::domain::holdings::OrderBook;
use crate::domain::instrument::Instrument;
use crate::domain::lock::LockEnd;
use crate::domain::money::Money;
use crate::domain::request::Write;
use crate::engine::record::{
    Cause, FiringRow, Goal, IntentRow, LockRow, LogEntry, RecordRow, RequestRow,
};
use crate::rules::ruleset::RuleFile;
use crate::store::batch::Sample;

pub(super) fn sample(row: &Sample) -> Vec<Value> {
    let figures = &row.figures;
    vec![
        Value::Integer(to_millis(row.at)),
        Value::text(Some(row.account.as_str())),
        Value::text(Some(row.quality.name())),
        Value::text(row.quality.reason()),
        amount(figures.realized),
        amount(figures.unrealized),
        amount(figures.balance),
        amount(figures.equity),
        Value::text(row.positions.as_deref()),
        Value::integer(row.orders),
    ]
}

pub(super) fn firing(row: &FiringRow) -> Result<Vec<Value>, Fault> {
    Ok(vec![
        Value::Integer(row.id.0),
        Value::text(Some(row.account.as_str())),
        Value::text(Some(row.rule.as_str())),
        Value::Integer(to_millis(row.at)),
        Value::Text(json(&row.actions)?),
        Value::Text(json(&row.evidence)?),
        Value::text(Some(&row.rules_hash)),
    ])
}

pub(super) fn intent(row: &IntentRow) -> Result<Vec<Value>, Fault> {
    let instruments = match &row.goal {
        Goal::Closed(positions) => Some(json(positions)?),
        Goal::Quiet | Goal::FlatAndQuiet | Goal::ReduceOnly => None,
    };
    let (cause, firing, words) = match &row.cause {
        Cause::Firing(id) => ("firing", Some(id.0), None),
        Cause::Lock => ("lock", None, None),
        Cause::Person(words) => ("person", None, Some(words.as_str())),
    };
    Ok(vec![
        Value::Integer(row.id.0),
        Value::text(Some(row.account.as_str())),
        Value::text(Some(row.goal.name())),
        Value::text(instruments.as_deref()),
        Value::text(Some(cause)),
        Value::integer(firing),
        Value::text(words),
        Value::Integer(to_millis(row.at)),
    ])
}

/// Without the intents, which are rows of their own.
pub(super) fn request(row: &RequestRow) -> Vec<Value> {
    let mut values = asked(row);
    values.extend(named(&row.write));
    values
}

/// The same as the chain tells it, with the intents.
pub(super) fn request_linked(row: &RequestRow) -> Result<Vec<Value>, Fault> {
    let mut values = asked(row);
    values.push(Value::Text(json(&intents(row))?));
    values.extend(named(&row.write));
    Ok(values)
}

fn asked(row: &RequestRow) -> Vec<Value> {
    vec![
        Value::Integer(row.id.0),
        Value::text(Some(row.account.as_str())),
        Value::text(Some(row.write.name())),
        Value::text(row.write.target().as_deref()),
        Value::integer(Some(row.round)),
        Value::Integer(to_millis(row.at)),
    ]
}

/// What a write names: instrument and side of the position, side and quantity of the
/// order, the list of orders, and the venue's number of one.
fn named(write: &Write) -> [Value; 6] {
    let position = write.position();
    let (instrument, book, order) = match write {
        Write::CancelOrders | Write::Flatten => (None, None, None),
        Write::ClosePosition(position) => (Some(&position.instrument), None, None),
        Write::CloseQuantity(close) => (Some(&close.position.instrument), None, None),
        Write::CancelOrdersOf { instrument, book } => (Some(instrument), *book, None),
        Write::CancelOrder {
            id,
            instrument,
            book,
        } => (instrument.as_ref(), *book, Some(&**id)),
    };
    let closed = match write {
        Write::CloseQuantity(close) => Some(close),
        _ => None,
    };
    let quantity = closed.map(|close| close.quantity.normalize().to_string());
    [
        Value::text(instrument.map(Instrument::as_str)),
        Value::text(position.and_then(|position| position.side.name())),
        Value::text(closed.map(|close| close.side.name())),
        Value::text(quantity.as_deref()),
        Value::text(book.map(OrderBook::name)),
        Value::text(order),
    ]
}

/// The files that a rule set names; null when they are not known.
pub(super) fn files(files: &Option<Vec<RuleFile>>) -> Result<Value, Fault> {
    Ok(match files {
        Some(files) => Value::Text(json(files)?),
        None => Value::Null,
    })
}

/// The intents of a request, each once, in rising order.
pub(super) fn intents(row: &RequestRow) -> Vec<i64> {
    let mut intents: Vec<i64> = row.intents.iter().map(|intent| intent.0).collect();
    intents.sort_unstable();
    intents.dedup();
    intents
}

/// A lock that is in force: number, beginning and end.
pub(super) type InForce = (i64, i64, Option<i64>);

/// What is in force once a lock is there under this number. It is never shorter than
/// the one of its kind that was in force, whatever the row says: after a restart this
/// is all that is known of it.
pub(super) fn in_force(row: &LockRow, id: i64, before: Option<InForce>) -> InForce {
    let mut since = to_millis(row.since);
    let mut until = match row.end {
        LockEnd::At(end) => Some(to_millis_up(end)),
        LockEnd::Manual => None,
    };
    if let Some((_, old_since, old_until)) = before {
        since = since.min(old_since);
        until = until.zip(old_until).map(|(new, old)| new.max(old));
    }
    (id, since, until)
}

/// A lock as a row.
pub(super) fn lock(row: &LockRow, in_force: InForce) -> Vec<Value> {
    let (id, since, until) = in_force;
    vec![
        Value::Integer(id),
        Value::text(Some(row.account.as_str())),
        Value::text(Some(row.kind.name())),
        Value::Integer(since),
        Value::integer(until),
        Value::text(Some(&row.reason)),
        Value::integer(row.firing.map(|firing| firing.0)),
    ]
}

/// A log entry under this number.
pub(super) fn entry(row: &LogEntry, id: i64) -> Result<Vec<Value>, Fault> {
    Ok(vec![
        Value::Integer(id),
        Value::Integer(to_millis(row.at)),
        Value::text(Some(row.kind.name())),
        Value::text(row.account.as_ref().map(|account| account.as_str())),
        Value::text(row.rule.as_ref().map(|rule| rule.as_str())),
        Value::integer(row.firing.map(|firing| firing.0)),
        Value::text(Some(&row.message)),
        Value::Text(json(&row.fields)?),
    ])
}

/// A change of a row that should be there.
#[derive(Debug)]
pub(super) struct Changed {
    pub(super) change: &'static Change,
    pub(super) statement: &'static str,
    pub(super) values: Vec<Value>,
    /// The change in words.
    pub(super) name: String,
}

/// The change of one row that a record asks for, if it is one.
pub(super) fn changed(record: &RecordRow) -> Option<Changed> {
    match record {
        RecordRow::IntentEnded { id, at, end } => Some(Changed {
            change: &chain::INTENT_ENDED,
            statement: sql::END_INTENT,
            values: vec![
                Value::Integer(id.0),
                Value::Integer(to_millis(*at)),
                Value::text(Some(end.name())),
            ],
            name: format!("the end of intent {id}"),
        }),
        RecordRow::Sent {
            request,
            at,
            unrecorded,
        } => Some(Changed {
            change: &chain::REQUEST_SENT,
            statement: sql::PUT_SENT,
            values: vec![
                Value::Integer(request.0),
                Value::Integer(to_millis(*at)),
                Value::text(unrecorded.as_deref()),
            ],
            name: format!("the sending of request {request}"),
        }),
        RecordRow::Answer(row) => Some(Changed {
            change: &chain::REQUEST_ANSWERED,
            statement: sql::PUT_ANSWER,
            values: vec![
                Value::Integer(row.request.0),
                Value::Integer(to_millis(row.at)),
                Value::text(Some(row.outcome.name())),
                Value::integer(row.status),
                Value::text(Some(&row.words)),
            ],
            name: format!("the answer to request {}", row.request),
        }),
        RecordRow::AccountState { .. }
        | RecordRow::RuleState { .. }
        | RecordRow::Firing(_)
        | RecordRow::Intent(_)
        | RecordRow::Request(_)
        | RecordRow::Lock(_)
        | RecordRow::LockEnded { .. }
        | RecordRow::LogEntry(_) => None,
    }
}

fn amount(amount: Option<Money>) -> Value {
    amount.map_or(Value::Null, |amount| Value::Text(amount.to_string()))
}

pub(super) fn json(value: &impl serde::Serialize) -> Result<String, Fault> {
    serde_json::to_string(value)
        .map_err(|error| Fault::Unreadable(format!("a value cannot be written as JSON: {error}")))
}
