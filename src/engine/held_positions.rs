//! Which of the positions that are held now were held before.
//!
//! What belongs to a position, such as the mark of its open profit, ends with it,
//! and two polls may lie on both sides of its end. They show it when nothing was
//! held between them, or when a position has another sign; or when it has another
//! entry price and is no larger, because closing a part leaves the entry price as
//! it is. A position that is larger has been added to, as far as a poll can tell.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::memory::AccountMemory;
use crate::domain::holdings::Position;
use crate::domain::observation::Timestamp;
use crate::domain::position_key::PositionKey;

/// A position as it was seen last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldPosition {
    /// Which one: the instrument as the venue spells it, with the side.
    #[serde(rename = "instrument")]
    pub key: PositionKey,
    /// How much is held.
    pub quantity: Decimal,
    /// The average entry price, as far as it was ever known.
    pub average_price: Option<Decimal>,
    /// Its number among the positions of the account that riskd has seen.
    pub number: u64,
}

impl HeldPosition {
    /// Whether the position is this one, added to or closed in part.
    fn goes_on_as(&self, position: &Position) -> bool {
        let is_same_side = self.quantity.is_sign_negative() == position.quantity.is_sign_negative();
        let is_larger = position.quantity.abs() > self.quantity.abs();
        let prices = self.average_price.zip(position.average_price);
        let has_same_price = prices.is_none_or(|(before, now)| before == now);
        is_same_side && (is_larger || has_same_price) && self.key == position.key
    }

    fn at(&self, position: &Position) -> HeldPosition {
        HeldPosition {
            key: position.key.clone(),
            quantity: position.quantity,
            average_price: position.average_price.or(self.average_price),
            number: self.number,
        }
    }
}

impl AccountMemory {
    /// Takes the positions that are held now, which must be known for sure. When
    /// none of those before is among them, the account was flat in between, and
    /// what belongs to its open result begins anew.
    pub(super) fn follow_positions(&mut self, positions: &[Position], at: Timestamp) {
        let mut last_number = self.last_position;
        let mut goes_on = false;
        let held: Vec<HeldPosition> = positions
            .iter()
            .map(|position| match self.held_before(position) {
                Some(before) => {
                    goes_on = true;
                    before.at(position)
                }
                None => {
                    last_number = last_number.saturating_add(1);
                    first_seen(position, last_number)
                }
            })
            .collect();
        if !goes_on && !self.held.is_empty() {
            self.end_open_result(at);
        }
        self.last_position = last_number;
        self.held = held;
    }

    /// The number of a position that is held, once it was followed.
    pub(super) fn position_number(&self, position: &Position) -> Option<u64> {
        self.held_before(position).map(|held| held.number)
    }

    fn held_before(&self, position: &Position) -> Option<&HeldPosition> {
        self.held.iter().find(|held| held.goes_on_as(position))
    }

    fn end_open_result(&mut self, at: Timestamp) {
        if let Some(session) = &mut self.session {
            session.marks.forget_open_result(at);
        }
    }
}

fn first_seen(position: &Position, number: u64) -> HeldPosition {
    HeldPosition {
        key: position.key.clone(),
        quantity: position.quantity,
        average_price: position.average_price,
        number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(text: &str) -> Position {
        let (instrument, rest) = text.split_once(':').unwrap();
        let (quantity, price) = rest.split_once('@').unwrap_or((rest, ""));
        Position {
            average_price: price.parse().ok(),
            ..Position::new(PositionKey::new(instrument), quantity.parse().unwrap())
        }
    }

    /// Looks, and the numbers that the positions of each get.
    type Case = (
        &'static [&'static [&'static str]],
        &'static [&'static [u64]],
    );

    /// The numbers that the positions of several looks get.
    fn numbers(looks: &[&[&str]]) -> Vec<Vec<u64>> {
        let mut memory = AccountMemory::default();
        let number = |look: &&[&str]| {
            let positions: Vec<Position> = look.iter().map(|text| position(text)).collect();
            memory.follow_positions(&positions, Timestamp::default());
            memory.held.iter().map(|held| held.number).collect()
        };
        looks.iter().map(number).collect()
    }

    #[test]
    fn a_position_is_the_same_until_a_look_shows_that_it_is_not() {
        let cases: [Case; 13] = [
            (&[&["ES:1@5000"], &["ES:1@5000"]], &[&[1], &[1]]),
            (&[&["ES:1@5000"], &[], &["ES:1@5000"]], &[&[1], &[], &[2]]),
            (&[&["ES:1@5000"], &["ES:-1@5000"]], &[&[1], &[2]]),
            (&[&["ES:1@5000"], &["ES:1@5010"]], &[&[1], &[2]]),
            // Added to, whatever the price.
            (&[&["ES:1@5000"], &["ES:2@5005"]], &[&[1], &[1]]),
            // Closed in part; and closed, and opened with less.
            (&[&["ES:2@5000"], &["ES:1@5000"]], &[&[1], &[1]]),
            (&[&["ES:2@5000"], &["ES:1@5010"]], &[&[1], &[2]]),
            // A price that is not told is no other price, and is not forgotten.
            (
                &[&["ES:1@5000"], &["ES:1"], &["ES:1@5010"]],
                &[&[1], &[1], &[2]],
            ),
            // Another spelling of the same contract.
            (&[&["ES 03-26:1@5000"], &["ESH26:1@5000"]], &[&[1], &[1]]),
            (
                &[&["ES:1@5000", "NQ:1"], &["NQ:1", "ES:-1@5000"], &["NQ:1"]],
                &[&[1, 2], &[2, 3], &[2]],
            ),
            (&[&["ES:1"], &["NQ:1"], &["ES:1"]], &[&[1], &[2], &[3]]),
            // Long and short of one instrument are two, and go on by themselves.
            (
                &[
                    &["BTC/long:0.5", "BTC/short:-0.2"],
                    &["BTC/short:-0.2", "BTC/long:0.1"],
                ],
                &[&[1, 2], &[2, 1]],
            ),
            // A side and no side are not the same position.
            (&[&["BTC:0.5"], &["BTC/long:0.5"]], &[&[1], &[2]]),
        ];
        for (looks, expect) in cases {
            assert_eq!(numbers(looks), expect, "{looks:?}");
        }
    }
}
