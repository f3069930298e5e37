//! What the venue says of the symbols that are held: steps and largest orders.

use rust_decimal::Decimal;

use super::family::Family;
use crate::domain::symbols::SymbolFacts;
use crate::venue::rest::json::{Node, Object, Unexpected};

/// What an answer says of the symbol that was asked for.
///
/// # Errors
/// When it is of another one, or says no step.
pub(super) fn read(
    envelope: &Object<'_>,
    family: Family,
    symbol: &str,
) -> Result<SymbolFacts, Unexpected> {
    let list = envelope.need("data")?;
    let rows = list.as_list()?;
    let [row] = rows.as_slice() else {
        return Err(list.unexpected("a list of one symbol"));
    };
    let row = row.as_object()?;
    let name = row.need("symbol")?;
    if name.as_text()? != symbol {
        return Err(name.unexpected("the symbol that was asked for"));
    }
    let step = row.need(match family {
        Family::Classic => "sizeMultiplier",
        Family::Unified => "quantityMultiplier",
    })?;
    let number = |name| {
        let number = row.member(name).and_then(Node::decimal);
        number.filter(|number| *number > Decimal::ZERO)
    };
    Ok(SymbolFacts {
        step: Some(step.as_decimal()?),
        largest_market_order: number("maxMarketOrderQty").or_else(|| number("maxOrderQty")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venue::rest::json::Json;

    const BTC: &str = r#"{"data": [{"symbol": "BTCUSDT", "minTradeNum": "0.001",
        "sizeMultiplier": "0.001", "volumePlace": "3", "maxMarketOrderQty": "220",
        "maxOrderQty": "1200"}]}"#;

    fn of(body: &str, family: Family) -> Option<SymbolFacts> {
        let json = Json::parse(body.as_bytes()).unwrap();
        read(&json.root().object().unwrap(), family, "BTCUSDT").ok()
    }

    #[test]
    fn a_symbol_says_its_step_and_its_largest_order_in_both_apis() {
        let unified = BTC.replace("sizeMultiplier", "quantityMultiplier");
        for (body, family) in [(BTC, Family::Classic), (&*unified, Family::Unified)] {
            let facts = of(body, family).unwrap();
            assert_eq!(facts.step, Some(Decimal::new(1, 3)));
            assert_eq!(facts.largest_market_order, Some(Decimal::from(220)));
        }
        assert_eq!(of(BTC, Family::Unified), None);
        let largest = |body: &str| of(body, Family::Classic).unwrap().largest_market_order;
        let silent = BTC.replace("\"220\"", "\"\"");
        assert_eq!(largest(&silent), Some(Decimal::from(1200)));
        for (from, to) in [
            ("BTCUSDT", "ETHUSDT"),
            (r#""0.001", "volumePlace"#, r#""", "volumePlace"#),
            ("[{", "{"),
        ] {
            let body = BTC.replace(from, to);
            let body = if to == "{" {
                body.replace("}]", "}")
            } else {
                body
            };
            assert_eq!(of(&body, Family::Classic), None, "{to}");
        }
        assert_eq!(of(r#"{"data": []}"#, Family::Classic), None);
    }
}
