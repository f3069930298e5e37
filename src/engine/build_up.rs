//! How a rule that waits builds up to its firing, where it waits for each position
//! by itself: one that ends takes its time and its count along.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::truth::Truth;
use crate::domain::now::Now;
use crate::domain::observation::Timestamp;

/// What a condition answers for one position by itself; without a number, for what
/// holds whatever the positions are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForPosition {
    /// The number of the position.
    pub number: Option<u64>,
    /// The answer.
    pub truth: Truth,
}

/// For how long, and how often, a condition has been true of one position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildUp {
    /// The number of the position.
    number: Option<u64>,
    /// Since when it has been true, by the steady clock; time in which it was
    /// unknown is left out.
    pub(super) true_since: Timestamp,
    /// Since when it has been unknown for this position alone.
    unknown_since: Option<Timestamp>,
    /// On how many observations in a row it was true.
    pub(super) confirmed: u32,
}

impl BuildUp {
    /// Moves everything later, as for a time that does not count or another clock.
    pub(super) fn shift(&mut self, span: TimeDelta) {
        let later = |at: &mut Timestamp| *at = at.checked_add_signed(span).unwrap_or(*at);
        later(&mut self.true_since);
        self.unknown_since.iter_mut().for_each(later);
    }

    fn is_true(&mut self, observed: bool, now: Now) {
        if let Some(unknown) = self.unknown_since.take() {
            self.shift(now.since(unknown));
        }
        if observed {
            self.confirmed = self.confirmed.saturating_add(1);
        }
    }
}

/// Takes the answers for each position, and gives back the one that has built up
/// for longest.
pub fn follow<'a>(
    known: &'a mut Vec<BuildUp>,
    answers: &[ForPosition],
    observed: bool,
    now: Now,
) -> Option<&'a BuildUp> {
    let truth_of = |number: Option<u64>| {
        let mut found = answers.iter().filter(|answer| answer.number == number);
        found.next().map_or(Truth::False, |answer| answer.truth)
    };
    known.retain(|position| truth_of(position.number) != Truth::False);
    for answer in answers.iter().filter(|answer| answer.truth == Truth::True) {
        if !known.iter().any(|known| known.number == answer.number) {
            known.push(BuildUp {
                number: answer.number,
                true_since: now.steady,
                unknown_since: None,
                confirmed: 0,
            });
        }
    }
    for position in known.iter_mut() {
        match truth_of(position.number) {
            Truth::True => position.is_true(observed, now),
            Truth::Unknown | Truth::False => {
                position.unknown_since.get_or_insert(now.steady);
            }
        }
    }
    let holding = known.iter().filter(|known| known.unknown_since.is_none());
    holding.min_by_key(|known| known.true_since)
}
