//! The links of rows of which only the parameters were committed.
//!
//! They follow from the rows, and are most of what a firing's transaction holds: a
//! request does not wait for them to be hashed and written.

use std::collections::BTreeMap;

use super::chain::{self, Change, Link, Value};
use super::fault::Fault;

/// The links of these rows, table by table, by the parameters of a transaction but for
/// the links themselves.
///
/// # Errors
/// [`Fault::Unreadable`] where they are not the parameters of a batch.
pub(super) fn links_of(parameters: &[String]) -> Result<Vec<Link>, Fault> {
    let [
        _,
        _,
        _,
        _,
        _samples,
        _accounts,
        _rules,
        firings,
        intents,
        requests,
        of_intents,
        replaced,
        locks,
        entries,
    ] = parameters
    else {
        return Err(unreadable("it has not as many parts as a batch"));
    };
    let requests = with_intents(rows_of(requests)?, &rows_of(of_intents)?)?;
    let tables = [
        (&chain::FIRING_ADDED, rows_of(firings)?),
        (&chain::INTENT_ADDED, rows_of(intents)?),
        (&chain::REQUEST_ADDED, requests),
        (&chain::LOCK_REPLACED, rows_of(replaced)?),
        (&chain::LOCK_ADDED, rows_of(locks)?),
        (&chain::ENTRY_ADDED, rows_of(entries)?),
    ];
    let mut links = Vec::new();
    for (change, rows) in tables {
        for values in rows {
            links.push(link(change, &values)?);
        }
    }
    Ok(links)
}

fn link(change: &Change, values: &[Value]) -> Result<Link, Fault> {
    if values.len() != change.columns.len() {
        return Err(unreadable("a row has not as many columns as its table"));
    }
    Ok(Link::new(change, values))
}

/// Requests as the chain tells them: the numbers of their intents, which are rows of
/// their own, stand in the seventh place.
fn with_intents(
    requests: Vec<Vec<Value>>,
    of_intents: &[Vec<Value>],
) -> Result<Vec<Vec<Value>>, Fault> {
    const PLACE: usize = 6;
    let mut intents: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for row in of_intents {
        let [Value::Integer(intent), Value::Integer(request)] = row.as_slice() else {
            return Err(unreadable("the intents of a request are no numbers"));
        };
        intents.entry(*request).or_default().push(*intent);
    }
    let linked = requests.into_iter().map(|mut values| {
        let its = match values.first() {
            Some(Value::Integer(id)) => intents.get(id).cloned().unwrap_or_default(),
            _ => return Err(unreadable("a request has no number")),
        };
        if values.len() < PLACE {
            return Err(unreadable("a row has not as many columns as its table"));
        }
        values.insert(PLACE, Value::Text(super::values::json(&its)?));
        Ok(values)
    });
    linked.collect()
}

/// The rows of a parameter.
fn rows_of(parameter: &str) -> Result<Vec<Vec<Value>>, Fault> {
    let rows: Vec<Vec<serde_json::Value>> = serde_json::from_str(parameter)
        .map_err(|error| Fault::Unreadable(format!("a table is no list of rows: {error}")))?;
    let rows = rows.into_iter().map(|row| row.into_iter().map(value_of));
    rows.map(Iterator::collect).collect()
}

fn value_of(column: serde_json::Value) -> Result<Value, Fault> {
    match column {
        serde_json::Value::Null => Ok(Value::Null),
        serde_json::Value::String(text) => Ok(Value::Text(text)),
        serde_json::Value::Number(number) => number
            .as_i64()
            .map(Value::Integer)
            .ok_or_else(|| unreadable("a number is no whole one")),
        _ => Err(unreadable("a column is neither text nor number")),
    }
}

fn unreadable(what: &str) -> Fault {
    Fault::Unreadable(what.to_owned())
}
