//! The rules of every symbol, which the venue says all at once: steps and margin assets.
//! How large an order may be it does not say.

use std::collections::BTreeMap;
use std::sync::Arc;

use rust_decimal::Decimal;

use crate::domain::symbols::SymbolFacts;
use crate::venue::exchange::listed_symbols::Rules;
use crate::venue::rest::json::{Node, Unexpected};

/// The most digits of a quantity behind its point that are believed.
const MOST_DIGITS: u32 = 18;

/// What an answer says of every symbol. One that does not say its step or its margin is
/// left out.
///
/// # Errors
/// When it is no list of symbols.
pub(super) fn read(data: Node<'_>) -> Result<Rules, Unexpected> {
    let mut facts = Vec::new();
    let mut margins = BTreeMap::new();
    for row in data.as_list()? {
        let fields = row.as_object()?;
        let name = fields.need("symbol")?.as_label()?;
        let margin = fields.member("currency").and_then(Node::label);
        margins.extend(margin.map(|margin| (name.clone(), margin)));
        let digits = fields.member("quantityPrecision");
        let digits = digits.and_then(|digits| digits.as_integer().ok());
        let digits = digits.and_then(|digits| u32::try_from(digits).ok());
        let step = digits
            .filter(|digits| *digits <= MOST_DIGITS)
            .map(|digits| Decimal::new(1, digits));
        facts.extend(step.map(|step| {
            let facts = SymbolFacts {
                step: Some(step),
                largest_market_order: None,
            };
            (name, facts)
        }));
    }
    Ok(Rules {
        facts: Arc::new(facts.into_iter().collect()),
        margins,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::instrument::{Dialect, Instrument};
    use crate::venue::rest::json::Json;

    #[test]
    fn a_symbol_says_its_step_and_its_margin() {
        let of = |body: &str| read(Json::parse(body.as_bytes()).unwrap().root()).ok();
        let rules = of(
            r#"[{"contractId": "100", "symbol": "BTC-USDT", "quantityPrecision": 4,
                "tradeMinQuantity": 0.0001, "currency": "USDT"},
                {"symbol": "PEPE-USDC", "quantityPrecision": 0, "currency": "USDC"},
                {"symbol": "NEW-USDT", "quantityPrecision": 99}]"#,
        )
        .unwrap();
        let step = |name: &str| rules.facts.of(&Instrument::of(name, Dialect::Symbols)).step;
        assert_eq!(step("BTC-USDT"), Some(Decimal::new(1, 4)));
        assert_eq!(step("PEPE-USDC"), Some(Decimal::ONE));
        assert_eq!(step("NEW-USDT"), None);
        assert_eq!(rules.margins["PEPE-USDC"], "USDC");
        for wrong in ["{}", "null", "[{}]", "[[]]"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
