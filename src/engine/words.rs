//! Sentences of the story that more than one part of the engine needs.

use super::record::Fields;
use crate::domain::holdings::{Position, WorkingOrders};
use crate::domain::money::Money;
use crate::domain::request::Write;

/// What was compared with what: `session P&L -1,012.50 at or below -1,000.00`.
pub fn evidence(fields: &Fields) -> String {
    let metric = fields.get("metric").unwrap_or("the condition");
    match (fields.get("value"), fields.get("limit")) {
        (Some(value), Some(limit)) => format!(
            "{metric} {} {} {}",
            grouped(value),
            fields.get("comparison").unwrap_or("against"),
            grouped(limit)
        ),
        _ => match fields.get("due") {
            Some(due) => format!("{metric} is due since {due}"),
            None => metric.to_owned(),
        },
    }
}

fn grouped(number: &str) -> String {
    number
        .parse::<Money>()
        .map_or_else(|_| number.to_owned(), Money::grouped)
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
