//! Sentences of the story that more than one part of the engine needs.

use std::cmp::Ordering;

use super::record::Fields;
use crate::domain::holdings::{Position, WorkingOrders};
use crate::domain::money::Money;
use crate::domain::request::Write;

/// What was compared with what: `session P&L -1,012.50 at or below -1,000.00`;
/// for a warning how near it came: `session P&L -700.00, 70% of the limit of
/// -1,000.00`. Where no amounts were compared, what was found.
///
/// What is said of two numbers is true of them: a comparison that does not hold
/// is told turned round, as when a rule with `not` fired because it does not.
pub fn evidence(fields: &Fields) -> String {
    let metric = fields.get("metric").unwrap_or("the condition");
    let numbers = fields.get("value").zip(fields.get("limit"));
    if let (Some((value, limit)), Some(used)) = (numbers, fields.get("used")) {
        return near(metric, value, limit, used, fields);
    }
    if let Some(reason) = fields.get("reason") {
        return reason.to_owned();
    }
    if let Some((value, limit)) = numbers {
        let comparison = fields.get("comparison").unwrap_or("against");
        return format!(
            "{metric} {} {} {}",
            number(value, fields),
            as_it_holds(comparison, value, limit),
            number(limit, fields)
        );
    }
    match (fields.get("due_local"), fields.get("due")) {
        (Some(local), Some(due)) => format!("{metric} is due since {local} ({due})"),
        (_, Some(due)) => format!("{metric} is due since {due}"),
        _ if fields.get("negated").is_some() => format!("not {metric}"),
        _ => metric.to_owned(),
    }
}

/// How much of the limit is used, measured from where nothing of it is.
fn near(metric: &str, value: &str, limit: &str, used: &str, fields: &Fields) -> String {
    let value = number(value, fields);
    let limit = number(limit, fields);
    match fields.get("start") {
        None => format!("{metric} {value}, {used} of the limit of {limit}"),
        Some(start) => format!(
            "{metric} {value}, {used} of the way from {} to the limit of {limit}",
            number(start, fields)
        ),
    }
}

/// Comparisons in words, each with the one that holds exactly when it does not,
/// and the orders of value and limit in which it holds.
const COMPARISONS: [(&str, &str, &[Ordering]); 6] = [
    ("at or below", "above", &[Ordering::Less, Ordering::Equal]),
    ("below", "at or above", &[Ordering::Less]),
    (
        "at or above",
        "below",
        &[Ordering::Greater, Ordering::Equal],
    ),
    ("above", "at or below", &[Ordering::Greater]),
    ("equal to", "not equal to", &[Ordering::Equal]),
    (
        "not equal to",
        "equal to",
        &[Ordering::Less, Ordering::Greater],
    ),
];

/// The comparison, or its opposite when that is what holds.
fn as_it_holds<'a>(comparison: &'a str, value: &str, limit: &str) -> &'a str {
    let order = match (value.parse::<Money>(), limit.parse::<Money>()) {
        (Ok(value), Ok(limit)) => value.cmp(&limit),
        _ => return comparison,
    };
    COMPARISONS
        .iter()
        .find(|(words, ..)| *words == comparison)
        .filter(|(.., holds)| !holds.contains(&order))
        .map_or(comparison, |(_, opposite, _)| opposite)
}

/// An amount in groups; a count without a fraction that it does not have.
fn number(number: &str, fields: &Fields) -> String {
    match number.parse::<Money>() {
        Err(_) => number.to_owned(),
        Ok(count) if fields.get("unit") == Some("count") => count.decimal().normalize().to_string(),
        Ok(amount) => amount.grouped(),
    }
}

/// What is there to be undone: `2 working orders, ES 03-26:+2@5000.25`.
pub fn holdings(positions: Option<&[Position]>, orders: &WorkingOrders) -> String {
    let orders = match orders.count() {
        None => "working orders unknown".to_owned(),
        Some(1) => "1 working order".to_owned(),
        Some(count) => format!("{count} working orders"),
    };
    match positions {
        None => format!("{orders}, positions unknown"),
        Some([]) => format!("{orders}, no position"),
        Some(positions) => {
            let list: Vec<String> = positions.iter().map(ToString::to_string).collect();
            format!("{orders}, {}", list.join(", "))
        }
    }
}

/// The writes of one round: `cancel_orders and flatten`.
pub fn writes(writes: &[Write]) -> String {
    let names: Vec<String> = writes.iter().map(ToString::to_string).collect();
    names.join(" and ")
}
