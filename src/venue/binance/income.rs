//! The list of what moved money: what each type of its rows is (income page, which names
//! all of these but `SPECIAL_FUNDING_FEE`, which is in the vendor's own client).

use std::sync::Arc;

use super::routes::INCOME_ROWS;
use crate::venue::exchange::ledger::{Meaning, Row, Span};
use crate::venue::rest::error::RestError;
use crate::venue::rest::json::{Node, Unexpected};

/// Types of rows that are flows.
const FLOWS: [&str; 9] = [
    "TRANSFER",
    "INTERNAL_TRANSFER",
    "CROSS_COLLATERAL_TRANSFER",
    "STRATEGY_UMFUTURES_TRANSFER",
    "COIN_SWAP_DEPOSIT",
    "COIN_SWAP_WITHDRAW",
    "AUTO_EXCHANGE",
    "WELCOME_BONUS",
    "BFUSD_REWARD",
];
/// Those that are asked for of a long span, each by itself: what moves money in or out
/// of most accounts.
pub(super) const FLOWS_OF_LONG_SPAN: [&str; 4] = [
    "TRANSFER",
    "INTERNAL_TRANSFER",
    "COIN_SWAP_DEPOSIT",
    "COIN_SWAP_WITHDRAW",
];
/// Types of rows that are results.
const RESULTS: [&str; 14] = [
    "REALIZED_PNL",
    "COMMISSION",
    "FUNDING_FEE",
    "SPECIAL_FUNDING_FEE",
    "INSURANCE_CLEAR",
    "REFERRAL_KICKBACK",
    "COMMISSION_REBATE",
    "POSITION_LIMIT_INCREASE_FEE",
    "FEE_RETURN",
    "API_REBATE",
    "CONTEST_REWARD",
    "OPTIONS_PREMIUM_FEE",
    "OPTIONS_SETTLE_PROFIT",
    // Spelled so.
    "DELIVERED_SETTELMENT",
];

/// Adds the rows of an answer that are in an asset that counts; gives the time from
/// which on there may be more of them.
///
/// # Errors
/// When a row does not say what it moved, or the next answer would be the same.
pub(super) fn add(
    rows: &mut Vec<Row>,
    answer: Node<'_>,
    span: Span,
    assets: &[String],
) -> Result<Option<i64>, RestError> {
    let page = answer.as_list()?;
    let mut last = span.since;
    for row in &page {
        let (row, asset) = one(*row)?;
        last = last.max(row.at);
        if assets.contains(&asset) {
            rows.push(row);
        }
    }
    if page.len() < INCOME_ROWS {
        return Ok(None);
    }
    // There are no pages: the next answer begins with the time at which this one ends.
    if last <= span.since {
        return Err(RestError::NotJson("the list does not end"));
    }
    Ok(Some(last))
}

/// A row, and its asset.
fn one(row: Node<'_>) -> Result<(Row, String), Unexpected> {
    let fields = row.as_object()?;
    let asset = fields.need("asset")?.as_label()?;
    let kind = fields.need("incomeType")?.as_label()?;
    let at = fields.need("time")?.as_integer()?;
    let change = fields.need("income")?.as_decimal()?;
    let text = |name| fields.member(name).and_then(Node::label);
    // The number of a movement is its own within its type; a conversion is two rows,
    // one of each asset, and the funding of a symbol is one of each side.
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
            "info": "{kind}", "time": {at}, "tranId": {number}, "tradeId": ""}}"#
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
            ("COIN_SWAP_WITHDRAW", Meaning::Flow),
            ("REALIZED_PNL", Meaning::Result),
            ("COMMISSION", Meaning::Result),
            ("FUNDING_FEE", Meaning::Result),
            ("INSURANCE_CLEAR", Meaning::Result),
            ("DELIVERED_SETTELMENT", Meaning::Result),
            ("SOMETHING_NEW", Meaning::Unknown),
        ] {
            let (rows, next) = read(&[row(kind, 7, "-5.50", 2000)]).unwrap();
            assert_eq!((rows[0].meaning, next), (meaning, None), "{kind}");
            assert_eq!(&*rows[0].id, format!("{kind} 7  USDT -5.50"));
        }
    }

    #[test]
    fn the_next_answer_begins_where_a_full_one_ends() {
        let time = |number: usize| 2000 + i64::try_from(number).unwrap();
        let full = |at: &dyn Fn(usize) -> i64| -> Vec<String> {
            let numbers = 0..INCOME_ROWS;
            numbers.map(|n| row("COMMISSION", n, "-1", at(n))).collect()
        };
        let (rows, next) = read(&full(&time)).unwrap();
        assert_eq!((rows.len(), next), (INCOME_ROWS, Some(2999)));
        // A thousand rows of one moment cannot be got behind.
        assert!(read(&full(&|_| 1000)).is_err());
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
        assert!(read(&[good.replace("USDT", "BNB")]).unwrap().0.is_empty());
    }
}
