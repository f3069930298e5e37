//! The list of what moved money: what each type of its rows is (income page and clients).

use std::sync::Arc;

use super::routes::INCOME_ROWS;
use crate::venue::exchange::ledger::{Meaning, Row, Span};
use crate::venue::rest::error::RestError;
use crate::venue::rest::json::{Node, Unexpected};

/// Types of rows that are flows. Those are asked for of a long span, each by itself.
pub(super) const FLOWS: [&str; 2] = ["TRANSFER", "TRIAL_FUND"];
/// Types of rows that are results.
const RESULTS: [&str; 7] = [
    "REALIZED_PNL",
    "FUNDING_FEE",
    "TRADING_FEE",
    "INSURANCE_CLEAR",
    "ADL",
    "SYSTEM_DEDUCTION",
    // What a stop costs whose price is guaranteed.
    "GTD_PRICE",
];

/// Adds the rows of an answer that are in an asset that counts; gives the time up to
/// which there may be more of them: the newest come first.
///
/// # Errors
/// When a row does not say what it moved, or the next answer would be the same.
pub(super) fn add(
    rows: &mut Vec<Row>,
    data: Node<'_>,
    span: Span,
    assets: &[String],
) -> Result<Option<i64>, RestError> {
    let page = data.as_list()?;
    let mut first = span.until;
    for row in &page {
        let (row, asset) = one(*row)?;
        first = first.min(row.at);
        if assets.contains(&asset) {
            rows.push(row);
        }
    }
    if page.len() < INCOME_ROWS {
        return Ok(None);
    }
    // There are no pages: the next answer ends with the time at which this one begins.
    if first >= span.until {
        return Err(RestError::NotJson("the list does not end"));
    }
    Ok(Some(first))
}

/// A row, and its asset.
fn one(row: Node<'_>) -> Result<(Row, String), Unexpected> {
    let fields = row.as_object()?;
    let asset = fields.need("asset")?.as_label()?;
    let kind = fields.need("incomeType")?.as_label()?;
    let at = fields.need("time")?.as_integer()?;
    let change = fields.need("income")?.as_decimal()?;
    let text = |name| fields.member(name).and_then(Node::label);
    // The number of a movement is its own within its type.
    let number = text("tranId").unwrap_or_else(|| at.to_string());
    let symbol = text("symbol").unwrap_or_default();
    let row = Row {
        id: Arc::from(format!("{kind} {number} {symbol} {asset} {change}")),
        at,
        change,
        meaning: meaning(&kind),
        kind,
    };
    Ok((row, asset))
}

fn meaning(kind: &str) -> Meaning {
    if FLOWS.contains(&kind) {
        Meaning::Flow
    } else if RESULTS.contains(&kind) {
        Meaning::Result
    } else {
        Meaning::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venue::rest::json::Json;

    const SPAN: Span = Span {
        since: 1000,
        until: 9000,
    };

    fn row(kind: &str, number: usize, income: &str, at: i64) -> String {
        format!(
            r#"{{"symbol": "", "incomeType": "{kind}", "income": "{income}", "asset": "USDT",
            "info": "{kind}", "time": {at}, "tranId": "{at}_{number}", "tradeId": ""}}"#
        )
    }

    fn read(rows: &[String]) -> Result<(Vec<Row>, Option<i64>), RestError> {
        let body = format!("[{}]", rows.join(","));
        let json = Json::parse(body.as_bytes()).unwrap();
        let mut read = Vec::new();
        let next = add(&mut read, json.root(), SPAN, &["USDT".to_owned()])?;
        Ok((read, next))
    }

    #[test]
    fn money_that_comes_or_goes_is_a_flow_and_the_rest_a_result() {
        for (kind, meaning) in [
            ("TRANSFER", Meaning::Flow),
            ("TRIAL_FUND", Meaning::Flow),
            ("REALIZED_PNL", Meaning::Result),
            ("TRADING_FEE", Meaning::Result),
            ("FUNDING_FEE", Meaning::Result),
            ("ADL", Meaning::Result),
            ("SOMETHING_NEW", Meaning::Unknown),
        ] {
            let (rows, next) = read(&[row(kind, 7, "-5.50", 2000)]).unwrap();
            assert_eq!((rows[0].meaning, next), (meaning, None), "{kind}");
            assert_eq!(&*rows[0].id, format!("{kind} 2000_7  USDT -5.50"));
        }
    }

    #[test]
    fn the_next_answer_ends_where_a_full_one_begins() {
        let time = |number: usize| 8000 - i64::try_from(number).unwrap();
        let full = |at: &dyn Fn(usize) -> i64| -> Vec<String> {
            let numbers = 0..INCOME_ROWS;
            numbers
                .map(|n| row("TRADING_FEE", n, "-1", at(n)))
                .collect()
        };
        let (rows, next) = read(&full(&time)).unwrap();
        assert_eq!((rows.len(), next), (INCOME_ROWS, Some(7001)));
        // A thousand rows of one moment cannot be got behind.
        assert!(read(&full(&|_| 9000)).is_err());
    }

    #[test]
    fn a_row_that_does_not_say_what_it_moved_spoils_the_list() {
        let good = row("TRANSFER", 1, "5", 2000);
        for (from, to) in [
            (r#""income": "5""#, r#""income": """#),
            (r#""asset": "USDT","#, ""),
            (r#""incomeType": "TRANSFER""#, r#""incomeType": null"#),
            (r#""time": 2000"#, r#""time": "soon""#),
        ] {
            assert!(read(&[good.replacen(from, to, 1)]).is_err(), "{to}");
        }
        assert!(read(&[good.replace("USDT", "BTC")]).unwrap().0.is_empty());
        let json = Json::parse(b"null").unwrap();
        assert!(add(&mut Vec::new(), json.root(), SPAN, &[]).is_err());
    }
}
