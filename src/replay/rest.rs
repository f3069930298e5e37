//! What a replay leaves out: a history has a row a second, and almost every row moves
//! figures a little, far from any limit. Once all rules rest, it is found out how far
//! the figures may move before one of them can answer otherwise, and until then no rule
//! is read.

mod band;
mod margin;

use std::sync::Arc;

use band::Band;

use crate::domain::holdings::Position;
use crate::engine::RuleRun;
use crate::engine::conditions::Context;
use crate::engine::shortcut::Shortcut;

/// On so many rows in a row all rules rest before it is found out how far figures may
/// move: that is worth it only where the next rows are like these.
const A_WHILE: u32 = 8;

/// What is known of the rules of one account.
#[derive(Debug, Default)]
pub(super) struct Rest {
    band: Option<Band>,
    /// On how many rows in a row all rules rested when they were read.
    rested: u32,
    /// For how many rows the band has held.
    held: u32,
}

impl Shortcut for Rest {
    fn holds(&mut self, context: &Context<'_>) -> bool {
        let holds = self.band.as_ref().is_some_and(|band| band.holds(context));
        if holds {
            self.held = self.held.saturating_add(1);
        }
        holds
    }

    fn note_read(
        &mut self,
        rules: &[RuleRun],
        positions: Option<&Arc<[Position]>>,
        context: &Context<'_>,
    ) {
        self.band = None;
        let was_worth_it = std::mem::take(&mut self.held) >= A_WHILE;
        self.rested = match (rules.iter().all(RuleRun::rests), was_worth_it) {
            // The next band is sought at once.
            (true, true) => A_WHILE,
            (true, false) => self.rested.saturating_add(1),
            (false, _) => 0,
        };
        if self.rested < A_WHILE {
            return;
        }
        self.rested = 0;
        let distances = rules
            .iter()
            .map(|run| margin::nearest(run.condition(), context));
        let nearest = distances.min().unwrap_or(u64::MAX);
        let until = rules.iter().filter_map(RuleRun::calendar_until);
        self.band = Band::around(context, positions, nearest, until.min());
    }

    fn forget(&mut self) {
        self.band = None;
    }
}
