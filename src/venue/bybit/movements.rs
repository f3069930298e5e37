//! The rows of the transaction log: what each type of them is (enum page).

use std::sync::Arc;

use crate::venue::exchange::ledger::{Meaning, Part, Row};
use crate::venue::rest::json::{Node, Object, Unexpected};

/// Types of rows that are flows (enum page, transaction log). A trade is one where it
/// was of spot: one asset became another.
const FLOWS: [&str; 24] = [
    "TRANSFER_IN",
    "TRANSFER_OUT",
    "TRANSFER_IN_INS_LOAN",
    "TRANSFER_OUT_INS_LOAN",
    "BORROWED_AMOUNT_INS_LOAN",
    "PRINCIPLE_REPAYMENT_INS_LOAN",
    "AUTO_PRINCIPLE_REPAYMENT_INS_LOAN",
    "BONUS",
    "BONUS_TRANSFER_IN",
    "BONUS_TRANSFER_OUT",
    "BONUS_RECOLLECT",
    "AIRDROP",
    "CURRENCY_BUY",
    "CURRENCY_SELL",
    "CONVERT",
    "SPOT_REPAYMENT_SELL",
    "SPOT_REPAYMENT_BUY",
    "TOKENS_SUBSCRIPTION",
    "TOKENS_REDEMPTION",
    "FLEXIBLE_STAKING_SUBSCRIPTION",
    "FLEXIBLE_STAKING_REDEMPTION",
    "FIXED_STAKING_SUBSCRIPTION",
    "BYBITCARD_USD_IN",
    "BYBITCARD_USD_OUT",
];
/// Types of rows that are results.
const RESULTS: [&str; 9] = [
    "TRADE",
    "SETTLEMENT",
    "DELIVERY",
    "LIQUIDATION",
    "ADL",
    "FEE_REFUND",
    "INTEREST",
    "INTEREST_REPAYMENT_INS_LOAN",
    "AUTO_INTEREST_REPAYMENT_INS_LOAN",
];

/// The types of rows to be asked for; `None` for all of them.
pub(super) const fn types(part: Part) -> &'static [Option<&'static str>] {
    match part {
        Part::Flows => &[Some("TRANSFER_IN"), Some("TRANSFER_OUT")],
        Part::All => &[None],
    }
}

/// Adds the rows of one page that are in an asset that counts.
///
/// # Errors
/// When a row does not say what it moved.
pub(super) fn add(
    rows: &mut Vec<Row>,
    page: &[Node<'_>],
    assets: &[String],
) -> Result<(), Unexpected> {
    for row in page {
        let fields = row.as_object()?;
        let currency = fields.need("currency")?.as_text()?;
        if !assets.contains(&currency) {
            continue;
        }
        let at = fields.need("transactionTime")?.as_integer()?;
        let change = fields.need("change")?.as_decimal()?;
        let kind = fields.need("type")?.as_label()?;
        let meaning = meaning(&fields, &kind);
        let id = fields.member("id").and_then(Node::label);
        // Rows of old had no id of their own.
        let id = id.unwrap_or_else(|| format!("{at} {kind} {currency} {change}"));
        rows.push(Row {
            id: Arc::from(id),
            at,
            change,
            kind,
            meaning,
        });
    }
    Ok(())
}

fn meaning(fields: &Object<'_>, kind: &str) -> Meaning {
    let category = fields.member("category").and_then(Node::text);
    if FLOWS.contains(&kind) || (kind == "TRADE" && category.as_deref() == Some("spot")) {
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

    fn row(kind: &str, category: &str) -> String {
        format!(
            r#"{{"id": "1", "type": "{kind}", "currency": "USDT", "change": "-5",
            "transactionTime": "1700000000000", "category": "{category}"}}"#
        )
    }

    fn read(row: &str) -> Result<Vec<Row>, String> {
        let body = format!("[{row}]");
        let json = Json::parse(body.as_bytes()).unwrap();
        let mut read = Vec::new();
        let assets = ["USDT".to_owned()];
        add(&mut read, &json.root().list().unwrap(), &assets).map_err(|error| error.to_string())?;
        Ok(read)
    }

    #[test]
    fn a_trade_of_spot_is_a_flow_and_another_one_a_result() {
        for (kind, category, meaning) in [
            ("TRADE", "linear", Meaning::Result),
            ("TRADE", "spot", Meaning::Flow),
            ("SETTLEMENT", "linear", Meaning::Result),
            ("LIQUIDATION", "linear", Meaning::Result),
            ("TRANSFER_IN", "", Meaning::Flow),
            ("BONUS", "", Meaning::Flow),
            ("NEW_TYPE", "", Meaning::Unknown),
        ] {
            let rows = read(&row(kind, category)).unwrap();
            assert_eq!(rows[0].meaning, meaning, "{kind} {category}");
        }
    }

    #[test]
    fn a_row_that_does_not_say_what_it_moved_spoils_the_list() {
        let good = row("TRADE", "linear");
        for (from, to) in [
            (r#""change": "-5""#, r#""change": """#),
            (r#""currency": "USDT","#, ""),
            (r#""type": "TRADE""#, r#""type": null"#),
            (r#""transactionTime""#, r#""time""#),
        ] {
            assert!(read(&good.replacen(from, to, 1)).is_err(), "{to}");
        }
        // Another asset says nothing of the wallet that counts.
        assert!(read(&good.replace("USDT", "BTC")).unwrap().is_empty());
        let nameless = good.replace(r#""id": "1","#, "");
        let id = read(&nameless).unwrap().remove(0).id;
        assert_eq!(&*id, "1700000000000 TRADE USDT -5");
    }
}
