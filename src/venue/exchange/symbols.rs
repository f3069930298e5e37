//! What is known of the symbols that are held, where a venue says it symbol by symbol.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::symbols::{SymbolFacts, Symbols};
use crate::locked::Locked;

/// How long what a symbol says is good: rules of symbols change within a day.
const GOOD_FOR: Duration = Duration::from_secs(60 * 60);
/// How long after a read that failed the next one is tried.
const RETRY_AFTER: Duration = Duration::from_secs(10);
/// Most symbols that are read beside one poll.
const MOST_AT_ONCE: usize = 10;

/// What is known of symbols.
#[derive(Debug, Default)]
pub(in crate::venue) struct Known(Mutex<BTreeMap<String, Fact>>);

#[derive(Clone, Copy, Debug)]
struct Fact {
    facts: Option<SymbolFacts>,
    /// When it was read last, or could not be.
    tried: Instant,
    /// When it is to be read again.
    due: Instant,
}

impl Known {
    /// Those of these symbols that are to be read now.
    pub(in crate::venue) fn due<'s>(&self, symbols: impl Iterator<Item = &'s str>) -> Vec<String> {
        let now = Instant::now();
        let known = self.0.locked();
        let is_due = |symbol: &&str| known.get(*symbol).is_none_or(|fact| fact.due <= now);
        let mut due: Vec<String> = symbols.filter(is_due).map(str::to_owned).collect();
        due.sort_unstable();
        due.dedup();
        due.truncate(MOST_AT_ONCE);
        due
    }

    /// A symbol was read, or could not be: what was known of it stands then.
    pub(in crate::venue) fn learn(&self, symbol: &str, facts: Option<SymbolFacts>) {
        let now = Instant::now();
        let mut known = self.0.locked();
        let before = known.get(symbol).and_then(|fact| fact.facts);
        let wait = if facts.is_some() {
            GOOD_FOR
        } else {
            RETRY_AFTER
        };
        let fact = Fact {
            facts: facts.or(before),
            tried: now,
            due: now.checked_add(wait).unwrap_or(now),
        };
        known.insert(symbol.to_owned(), fact);
    }

    /// The venue refused an order: the rules of its symbol may have changed.
    pub(in crate::venue) fn doubt(&self, symbol: &str) {
        if let Some(fact) = self.0.locked().get_mut(symbol) {
            let soon = fact.tried.checked_add(RETRY_AFTER).unwrap_or(fact.due);
            fact.due = fact.due.min(soon);
        }
    }

    /// Everything that is known.
    pub(in crate::venue) fn all(&self) -> Arc<Symbols> {
        let known = self.0.locked();
        let facts = known
            .iter()
            .filter_map(|(symbol, fact)| Some((symbol.clone(), fact.facts?)));
        Arc::new(facts.collect())
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_known_stands_until_it_is_read_anew() {
        let known = Known::default();
        let due = || known.due(["B", "A", "A"].into_iter());
        assert_eq!(due(), ["A", "B"]);
        let facts = SymbolFacts {
            step: Some(Decimal::ONE),
            largest_market_order: None,
        };
        known.learn("A", Some(facts));
        known.learn("B", None);
        assert!(due().is_empty());
        tokio::time::advance(RETRY_AFTER).await;
        assert_eq!(due(), ["B"]);
        tokio::time::advance(GOOD_FOR).await;
        known.learn("A", None);
        let all = known.all();
        let instrument = crate::domain::instrument::Instrument::of(
            "A",
            crate::domain::instrument::Dialect::Symbols,
        );
        assert_eq!(all.of(&instrument), facts);
    }
}
