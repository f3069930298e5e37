//! Whether the wall clock can be believed, by what the venues say.
//!
//! riskd goes on by its own clock in any case: a venue's may be wrong as well,
//! and a person must decide. But that person must hear of it.

use chrono::TimeDelta;

/// How far off the clock is told of.
const OFF: TimeDelta = TimeDelta::seconds(5);
/// How far off it may be when it is right again.
const RIGHT: TimeDelta = TimeDelta::seconds(2);
/// How many answers in a row must agree: one alone may have crossed a clock that
/// was being set.
const IN_A_ROW: u8 = 3;

/// What one venue's answers say of the clock of this machine.
#[derive(Clone, Debug, Default)]
pub(super) struct ClockSkew {
    is_told: bool,
    in_a_row: u8,
}

/// What has turned out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// The clock is ahead by so much, or behind where that is below zero.
    Off(TimeDelta),
    /// It is right again.
    Right,
}

impl ClockSkew {
    /// Takes how far the clock is ahead by one answer; what is to be told, once
    /// for each change.
    pub(super) fn hears(&mut self, ahead: TimeDelta) -> Option<Finding> {
        let differs = if self.is_told {
            ahead.abs() <= RIGHT
        } else {
            ahead.abs() >= OFF
        };
        self.in_a_row = if differs {
            self.in_a_row.saturating_add(1)
        } else {
            0
        };
        if self.in_a_row < IN_A_ROW {
            return None;
        }
        self.in_a_row = 0;
        self.is_told = !self.is_told;
        Some(if self.is_told {
            Finding::Off(ahead)
        } else {
            Finding::Right
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_told_once_and_only_when_it_lasts() {
        let mut clock_skew = ClockSkew::default();
        let mut hears = |seconds: i64| clock_skew.hears(TimeDelta::seconds(seconds));
        let heard = [
            0, 60, 60, 0, 60, 61, 62, 60, 4, 4, 4, 1, 0, 0, 0, -9, -9, -9,
        ];
        let told: Vec<_> = heard.into_iter().filter_map(&mut hears).collect();
        let seconds = |seconds| Finding::Off(TimeDelta::seconds(seconds));
        assert_eq!(told, [seconds(62), Finding::Right, seconds(-9)]);
    }
}
