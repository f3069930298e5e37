//! The rules of every symbol, which the venue says all at once: steps, largest orders
//! and margin assets.

use std::collections::BTreeMap;
use std::sync::Arc;

use rust_decimal::Decimal;

use crate::domain::symbols::SymbolFacts;
use crate::venue::exchange::listed_symbols::Rules;
use crate::venue::rest::json::{Node, Object, Unexpected};

/// What an answer says of every symbol. One that does not say its step or its margin
/// is left out.
///
/// # Errors
/// When it is no list of symbols.
pub(super) fn read(answer: Node<'_>) -> Result<Rules, Unexpected> {
    let mut facts = Vec::new();
    let mut margins = BTreeMap::new();
    for row in answer.as_object()?.need("symbols")?.as_list()? {
        let fields = row.as_object()?;
        let name = fields.need("symbol")?.as_label()?;
        let margin = fields.member("marginAsset").and_then(Node::label);
        margins.extend(margin.map(|margin| (name.clone(), margin)));
        facts.extend(facts_of(&fields)?.map(|facts| (name, facts)));
    }
    Ok(Rules {
        facts: Arc::new(facts.into_iter().collect()),
        margins,
    })
}

/// A market order keeps to the rules of all orders and to its own: the wider step and
/// the smaller quantity.
fn facts_of(fields: &Object<'_>) -> Result<Option<SymbolFacts>, Unexpected> {
    let (mut step, mut largest): (Option<Decimal>, Option<Decimal>) = (None, None);
    for filter in fields.need("filters")?.as_list()? {
        let filter = filter.as_object()?;
        let kind = filter.member("filterType").and_then(Node::text);
        if !matches!(kind.as_deref(), Some("LOT_SIZE" | "MARKET_LOT_SIZE")) {
            continue;
        }
        let number = |name| filter.member(name).and_then(Node::decimal);
        let is_some = |number: &Decimal| *number > Decimal::ZERO;
        step = step.max(number("stepSize").filter(is_some));
        let most = number("maxQty").filter(is_some);
        largest = match (largest, most) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
    Ok(step.map(|step| SymbolFacts {
        step: Some(step.normalize()),
        largest_market_order: largest.map(|most| most.normalize()),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::instrument::{Dialect, Instrument};
    use crate::venue::rest::json::Json;

    const INFO: &str = r#"{"timezone": "UTC", "symbols": [
        {"symbol": "BTCUSDT", "marginAsset": "USDT", "quantityPrecision": 4, "filters": [
            {"filterType": "PRICE_FILTER", "tickSize": "0.10"},
            {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "1000", "stepSize": "0.001"},
            {"filterType": "MARKET_LOT_SIZE", "minQty": "0.001", "maxQty": "120.000", "stepSize": "0.001"},
            {"filterType": "MIN_NOTIONAL", "notional": "100"}]},
        {"symbol": "NEWUSDC", "marginAsset": "USDC", "filters": []}]}"#;

    fn of(body: &str) -> Option<Rules> {
        let json = Json::parse(body.as_bytes()).unwrap();
        read(json.root()).ok()
    }

    #[test]
    fn a_symbol_says_its_step_its_largest_market_order_and_its_margin() {
        let rules = of(INFO).unwrap();
        let facts = |name| rules.facts.of(&Instrument::of(name, Dialect::Symbols));
        let btc = facts("BTCUSDT");
        assert_eq!(btc.step, Some(Decimal::new(1, 3)));
        assert_eq!(btc.largest_market_order, Some(Decimal::from(120)));
        assert_eq!(facts("NEWUSDC"), SymbolFacts::default());
        assert_eq!(rules.margins["NEWUSDC"], "USDC");
        // The step of all orders holds too.
        let wide = INFO.replacen(r#""stepSize": "0.001"#, r#""stepSize": "0.01"#, 1);
        let rules = of(&wide).unwrap();
        let btc = rules.facts.of(&Instrument::of("BTCUSDT", Dialect::Symbols));
        assert_eq!(btc.step, Some(Decimal::new(1, 2)));
        for wrong in ["[]", "{}", r#"{"symbols": null}"#, r#"{"symbols": [{}]}"#] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
