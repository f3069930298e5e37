//! What moved money: the bills of classic accounts and the financial records of unified
//! ones. What each kind of them is, in v2's words; v3 writes them in capitals.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::family::Family;
use crate::venue::exchange::ledger::{Meaning, Row};
use crate::venue::rest::json::{Node, Object, Unexpected};

/// Kinds that are flows. The venue documents the first two (bill page); the others stand
/// in the histories that it exports and in programs that read these lists.
const FLOWS: [&str; 33] = [
    "trans_from_exchange",
    "trans_to_exchange",
    "trans_from_contract",
    "trans_to_contract",
    "trans_from_otc",
    "trans_to_otc",
    "trans_from_cross",
    "trans_to_cross",
    "trans_from_isolated",
    "trans_to_isolated",
    "trans_from_strategy",
    "trans_to_strategy",
    "transfer_in",
    "transfer_out",
    "transfer_to_future_copytrade",
    "transfer_from_future_copytrade",
    "trace_transfer_user_in",
    "trace_transfer_user_out",
    "mt5_transfer_in",
    "mt5_transfer_out",
    "on_chain_transfer_out",
    "on_chain_transfer_refund",
    "deposit",
    "withdraw",
    "cash_gift_issue",
    "cash_gift_recycle",
    "bonus",
    "bonus_issue",
    "bonus_recycle",
    "bonus_recollect",
    "user_grants_issue",
    "trial_fund",
    "trial_fund_recycle",
];
/// Kinds that are results.
const RESULTS: [&str; 39] = [
    "open_long",
    "open_short",
    "close_long",
    "close_short",
    "force_close_long",
    "force_close_short",
    "burst_open_long",
    "burst_open_short",
    "burst_close_long",
    "burst_close_short",
    "burst_long_loss_query",
    "burst_short_loss_query",
    "buy",
    "sell",
    "force_buy",
    "force_sell",
    "burst_buy",
    "burst_sell",
    "trade",
    "close_pnl",
    "realized_pnl",
    "liquidation",
    "adl",
    "contract_settle_fee",
    "contract_main_settle_fee",
    "contract_margin_settle_fee",
    "settle_fee",
    "settle_fee_user_in",
    "settle_fee_user_out",
    "funding_fee",
    "delivery_long",
    "delivery_short",
    "delivery_fee",
    "delivery_settle",
    "risk_captital_user_transfer",
    "tracking_follow_pay",
    "tracking_follow_back",
    "tracking_trader_income",
    "interest",
];
/// Kinds that move money between the wallet and the margin of a position, both of which
/// are the account's.
const WITHIN: [&str; 4] = [
    "append_margin",
    "reduce_margin",
    "auto_append_margin",
    "adjust_down_lever_append_margin",
];
/// The kinds of a classic account that hold most flows.
pub(super) const KINDS_OF_FLOWS: [&str; 2] = ["trans_from_exchange", "trans_to_exchange"];

/// How an API names what a row says.
struct Names {
    id: &'static str,
    kind: &'static str,
    time: &'static str,
}

const fn names(family: Family) -> Names {
    match family {
        Family::Classic => Names {
            id: "billId",
            kind: "businessType",
            time: "cTime",
        },
        Family::Unified => Names {
            id: "id",
            kind: "type",
            time: "ts",
        },
    }
}

/// Adds the rows of one page that are in an asset that counts. `category` is what a
/// unified account was asked for.
///
/// # Errors
/// When a row does not say what it moved.
pub(super) fn add(
    rows: &mut Vec<Row>,
    page: &[Node<'_>],
    family: Family,
    category: Option<&str>,
    assets: &[String],
) -> Result<(), Unexpected> {
    for row in page {
        let fields = row.as_object()?;
        let coin = fields.need("coin")?.as_text()?;
        if assets.contains(&coin) {
            rows.extend(one(&fields, family, category, &coin)?);
        }
    }
    Ok(())
}

fn one(
    fields: &Object<'_>,
    family: Family,
    category: Option<&str>,
    coin: &str,
) -> Result<Option<Row>, Unexpected> {
    let names = names(family);
    let kind = fields.need(names.kind)?.as_label()?;
    let word = kind.to_ascii_lowercase();
    if WITHIN.contains(&word.as_str()) {
        return Ok(None);
    }
    let at = fields.need(names.time)?.as_integer()?;
    let amount = fields.need("amount")?;
    // A fee that was paid is below zero in both lists (bill page; facts on records).
    let fee = match fields.member("fee") {
        Some(fee) if fee.text().is_some_and(|text| text.is_empty()) => Decimal::ZERO,
        Some(fee) => fee.as_decimal()?,
        None => Decimal::ZERO,
    };
    let change = amount.as_decimal()?.checked_add(fee);
    let change = change.ok_or_else(|| amount.unexpected("an amount"))?;
    let id = fields.member(names.id).and_then(Node::label);
    let id = id.unwrap_or_else(|| format!("{at} {kind} {coin} {change}"));
    Ok(Some(Row {
        id: Arc::from(id),
        at,
        change,
        meaning: meaning(&word, category),
        kind,
    }))
}

/// What was bought or sold for it at the spot market is another asset now.
fn meaning(word: &str, category: Option<&str>) -> Meaning {
    if FLOWS.contains(&word) || category == Some("SPOT") {
        Meaning::Flow
    } else if RESULTS.contains(&word) {
        Meaning::Result
    } else {
        Meaning::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venue::rest::json::Json;

    const BILL: &str = r#"{"billId": "1", "symbol": "BTCUSDT", "amount": "-5", "fee": "-0.25",
        "feeByCoupon": "", "businessType": "close_long", "coin": "USDT", "balance": "10",
        "cTime": "1700000000000"}"#;
    const RECORD: &str = r#"{"category": "OTHER", "id": "2", "symbol": "", "coin": "USDT",
        "type": "TRANSFER_IN", "amount": "100", "fee": "0", "balance": "10",
        "ts": "1700000000000"}"#;

    fn read(row: &str, family: Family, category: Option<&str>) -> Result<Vec<Row>, String> {
        let body = format!("[{row}]");
        let json = Json::parse(body.as_bytes()).unwrap();
        let mut read = Vec::new();
        let assets = ["USDT".to_owned()];
        let page = json.root().list().unwrap();
        add(&mut read, &page, family, category, &assets).map_err(|error| error.to_string())?;
        Ok(read)
    }

    #[test]
    fn a_row_moves_its_amount_and_its_fee() {
        let rows = read(BILL, Family::Classic, None).unwrap();
        let expected = Row {
            id: "1".into(),
            at: 1_700_000_000_000,
            change: "-5.25".parse().unwrap(),
            kind: "close_long".to_owned(),
            meaning: Meaning::Result,
        };
        assert_eq!(rows, [expected]);
        let rows = read(RECORD, Family::Unified, Some("OTHER")).unwrap();
        assert_eq!((&*rows[0].id, rows[0].meaning), ("2", Meaning::Flow));
        assert_eq!(rows[0].kind, "TRANSFER_IN");
        // Another asset says nothing of the wallet that counts, and neither does margin
        // that was added to a position.
        let other = BILL.replace("\"USDT\"", "\"BTC\"");
        assert_eq!(read(&other, Family::Classic, None).unwrap(), []);
        let margin = BILL.replace("close_long", "append_margin");
        assert_eq!(read(&margin, Family::Classic, None).unwrap(), []);
        let free = BILL.replace("\"-0.25\"", "\"\"");
        let rows = read(&free, Family::Classic, None).unwrap();
        assert_eq!(rows[0].change, Decimal::from(-5));
    }

    #[test]
    fn each_kind_is_a_flow_or_a_result_or_told() {
        for (word, category, meaning) in [
            ("trans_to_exchange", None, Meaning::Flow),
            ("bonus_recycle", None, Meaning::Flow),
            ("contract_settle_fee", None, Meaning::Result),
            ("burst_long_loss_query", None, Meaning::Result),
            ("new_kind", None, Meaning::Unknown),
            ("ORDER_DEALT_OUT", Some("SPOT"), Meaning::Flow),
            ("ORDER_DEALT_OUT", Some("USDT-FUTURES"), Meaning::Unknown),
        ] {
            let row = RECORD.replace("TRANSFER_IN", word);
            let rows = read(&row, Family::Unified, category).unwrap();
            assert_eq!(rows[0].meaning, meaning, "{word}");
        }
    }

    #[test]
    fn a_row_that_does_not_say_what_it_moved_spoils_the_list() {
        for (from, to) in [
            (r#""amount": "-5""#, r#""amount": """#),
            (r#""fee": "-0.25""#, r#""fee": "?""#),
            (r#""coin": "USDT","#, ""),
            (r#""businessType": "close_long""#, r#""businessType": null"#),
            (r#""cTime""#, r#""time""#),
        ] {
            let row = BILL.replacen(from, to, 1);
            assert!(read(&row, Family::Classic, None).is_err(), "{to}");
        }
        let nameless = BILL.replace(r#""billId": "1","#, "");
        let id = read(&nameless, Family::Classic, None).unwrap().remove(0).id;
        assert_eq!(&*id, "1700000000000 close_long USDT -5.25");
    }
}
