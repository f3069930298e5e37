//! The rules of every symbol, which the venue says all at once: steps, largest orders
//! and margin assets.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rust_decimal::Decimal;
use tokio::time::Instant;

use crate::domain::symbols::{SymbolFacts, Symbols};
use crate::locked::Locked;
use crate::venue::rest::json::{Node, Object, Unexpected};

/// How long they are good: rules of symbols change within a day.
const GOOD_FOR: Duration = Duration::from_secs(60 * 60);
/// The least time between two reads of them.
const LEAST_WAIT: Duration = Duration::from_secs(10);
/// How long a poll waits for them the first time: half a thousand symbols are a
/// megabyte.
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// How long it waits later, while what was known stands.
const LATER_WAIT: Duration = Duration::from_secs(1);

/// What is known of symbols.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    rules: Rules,
    read_at: Option<Instant>,
    /// Whether they seem to have changed since.
    are_doubtful: bool,
    tried_at: Option<Instant>,
}

/// What an answer says of symbols.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rules {
    facts: Arc<Symbols>,
    margins: BTreeMap<String, String>,
}

impl Known {
    /// For how long the rules are to be waited for now; `None` when they need not be
    /// read. They are when they are old or doubtful, or one of these symbols is not among
    /// them.
    pub(super) fn due<'s>(&self, mut held: impl Iterator<Item = &'s str>) -> Option<Duration> {
        let now = Instant::now();
        let mut state = self.0.locked();
        let since = |at: Option<Instant>| at.map(|at| now.saturating_duration_since(at));
        let is_old = since(state.read_at).is_none_or(|age| age >= GOOD_FOR);
        let is_new = held.any(|symbol| !state.rules.margins.contains_key(symbol));
        let was_tried = since(state.tried_at).is_some_and(|age| age < LEAST_WAIT);
        if was_tried || !(is_old || is_new || state.are_doubtful) {
            return None;
        }
        state.tried_at = Some(now);
        Some(match state.read_at {
            None => FIRST_WAIT,
            Some(_) => LATER_WAIT,
        })
    }

    /// They were read.
    pub(super) fn learn(&self, rules: Rules) {
        let mut state = self.0.locked();
        state.rules = rules;
        state.read_at = Some(Instant::now());
        state.are_doubtful = false;
    }

    /// The venue refused an order: its rules may have changed.
    pub(super) fn doubt(&self) {
        self.0.locked().are_doubtful = true;
    }

    /// Everything that is known.
    pub(super) fn all(&self) -> Arc<Symbols> {
        Arc::clone(&self.0.locked().rules.facts)
    }

    /// The asset of a symbol's margin.
    pub(super) fn margin(&self, symbol: &str) -> Option<String> {
        self.0.locked().rules.margins.get(symbol).cloned()
    }
}

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

    #[tokio::test(start_paused = true)]
    async fn they_are_read_when_they_are_old_or_lack_what_is_held() {
        let known = Known::default();
        let due = |held: &'static [&'static str]| known.due(held.iter().copied());
        assert_eq!(due(&[]), Some(FIRST_WAIT));
        assert_eq!(due(&[]), None);
        tokio::time::advance(LEAST_WAIT).await;
        assert_eq!(due(&[]), Some(FIRST_WAIT));
        known.learn(of(INFO).unwrap());
        tokio::time::advance(LEAST_WAIT).await;
        assert_eq!(due(&["BTCUSDT"]), None);
        assert_eq!(due(&["BTCUSDT", "ETHUSDT"]), Some(LATER_WAIT));
        tokio::time::advance(GOOD_FOR).await;
        assert_eq!(due(&["BTCUSDT"]), Some(LATER_WAIT));
        assert_eq!(known.margin("BTCUSDT").as_deref(), Some("USDT"));
    }
}
