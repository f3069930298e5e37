//! What the venue says of the symbols that are held: steps and largest orders.

use crate::domain::symbols::SymbolFacts;
use crate::venue::rest::json::{Node, Object, Unexpected};

/// What an answer's result says of the symbol that was asked for.
///
/// # Errors
/// When it is of another one, or says no step.
pub(super) fn read(result: &Object<'_>, symbol: &str) -> Result<SymbolFacts, Unexpected> {
    let list = result.need("list")?;
    let rows = list.as_list()?;
    let [row] = rows.as_slice() else {
        return Err(list.unexpected("a list of one symbol"));
    };
    let row = row.as_object()?;
    let name = row.need("symbol")?;
    if name.as_text()? != symbol {
        return Err(name.unexpected("the symbol that was asked for"));
    }
    let lots = row.need("lotSizeFilter")?.as_object()?;
    let number = |name| lots.member(name).and_then(Node::decimal);
    let step = lots.need("qtyStep")?.as_decimal()?;
    let largest = number("maxMktOrderQty").or_else(|| number("maxOrderQty"));
    Ok(SymbolFacts {
        step: Some(step),
        largest_market_order: largest,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venue::rest::json::Json;
    use rust_decimal::Decimal;

    const BTC: &str = r#"{"category": "linear", "list": [{"symbol": "BTCUSDT",
        "lotSizeFilter": {"minOrderQty": "0.001", "maxOrderQty": "1190.000",
        "maxMktOrderQty": "500.000", "qtyStep": "0.001", "minNotionalValue": "5"}}]}"#;

    fn of(body: &str) -> Option<SymbolFacts> {
        let json = Json::parse(body.as_bytes()).unwrap();
        read(&json.root().object().unwrap(), "BTCUSDT").ok()
    }

    #[test]
    fn a_symbol_says_its_step_and_its_largest_order() {
        let facts = of(BTC).unwrap();
        assert_eq!(facts.step, Some(Decimal::new(1, 3)));
        assert_eq!(facts.largest_market_order, Some(Decimal::from(500)));
        let spot = of(&BTC.replace("maxMktOrderQty", "other")).unwrap();
        assert_eq!(spot.largest_market_order, Some(Decimal::from(1190)));
        for (from, to) in [
            ("BTCUSDT", "ETHUSDT"),
            ("qtyStep", "step"),
            ("lotSizeFilter", "lots"),
            (r#""0.001", "minNotional"#, r#""", "minNotional"#),
        ] {
            assert_eq!(of(&BTC.replace(from, to)), None, "{to}");
        }
        assert_eq!(of(r#"{"list": []}"#), None);
    }
}
