//! The rules of every symbol of a venue that says them all at once: when they are read
//! anew, and what was known of them last.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::symbols::Symbols;
use crate::locked::Locked;

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
pub(in crate::venue) struct Known(Mutex<State>);

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
pub(in crate::venue) struct Rules {
    /// Steps and largest orders.
    pub(in crate::venue) facts: Arc<Symbols>,
    /// The asset of each symbol's margin, by its name.
    pub(in crate::venue) margins: BTreeMap<String, String>,
}

impl Known {
    /// For how long the rules are to be waited for now; `None` when they need not be
    /// read. They are when they are old or doubtful, or one of these symbols is not among
    /// them.
    pub(in crate::venue) fn due<'s>(
        &self,
        mut held: impl Iterator<Item = &'s str>,
    ) -> Option<Duration> {
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
    pub(in crate::venue) fn learn(&self, rules: Rules) {
        let mut state = self.0.locked();
        state.rules = rules;
        state.read_at = Some(Instant::now());
        state.are_doubtful = false;
    }

    /// The venue refused an order: its rules may have changed.
    pub(in crate::venue) fn doubt(&self) {
        self.0.locked().are_doubtful = true;
    }

    /// Everything that is known.
    pub(in crate::venue) fn all(&self) -> Arc<Symbols> {
        Arc::clone(&self.0.locked().rules.facts)
    }

    /// The asset of a symbol's margin.
    pub(in crate::venue) fn margin(&self, symbol: &str) -> Option<String> {
        self.0.locked().rules.margins.get(symbol).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn they_are_read_when_they_are_old_or_lack_what_is_held() {
        let known = Known::default();
        let due = |held: &'static [&'static str]| known.due(held.iter().copied());
        assert_eq!(due(&[]), Some(FIRST_WAIT));
        assert_eq!(due(&[]), None);
        tokio::time::advance(LEAST_WAIT).await;
        assert_eq!(due(&[]), Some(FIRST_WAIT));
        known.learn(Rules {
            margins: [("BTCUSDT".to_owned(), "USDT".to_owned())].into(),
            ..Rules::default()
        });
        tokio::time::advance(LEAST_WAIT).await;
        assert_eq!(due(&["BTCUSDT"]), None);
        assert_eq!(due(&["BTCUSDT", "ETHUSDT"]), Some(LATER_WAIT));
        tokio::time::advance(GOOD_FOR).await;
        assert_eq!(due(&["BTCUSDT"]), Some(LATER_WAIT));
        assert_eq!(known.margin("BTCUSDT").as_deref(), Some("USDT"));
    }
}
