//! `profit_floor`: a floor under the session's P&L, armed by a profit.

use super::kind::{Asked, ConditionKind};
use super::tightness::is_breach_as_tight;
use super::{Context, Reading, comparison};
use crate::domain::observation::Timestamp;
use crate::engine::record::Fields;
use crate::engine::truth::Truth;
use crate::rules::book::{Account, Leaf, ProfitFloor};

impl ConditionKind for ProfitFloor {
    fn read(&self, _: &mut Asked<'_>, context: &Context<'_>) -> Reading {
        let mark = context
            .memory
            .session
            .as_ref()
            .and_then(|session| session.marks.pnl);
        match is_armed(self, context) {
            Some(true) => Reading::falls_to(context.pnl.total, Some(self.floor), self.breach)
                .starting_at(mark.map(|mark| mark.value)),
            Some(false) => Reading::of(Truth::False).showing(context.pnl.total),
            None => Reading::of(Truth::Unknown),
        }
    }

    fn describe(&self, _: &Reading, _: Timestamp, context: &Context<'_>, fields: &mut Fields) {
        let mark = context
            .memory
            .session
            .as_ref()
            .and_then(|session| session.marks.pnl);
        fields
            .put("metric", "session P&L")
            .put("comparison", comparison(self.breach, true))
            .put("arm_at", self.arm_at)
            .put("armed", is_armed(self, context).unwrap_or(false))
            .put_known("high_water", mark.map(|mark| mark.value))
            .put_known("high_water_at", mark.map(|mark| mark.at.to_rfc3339()));
    }

    fn explain(&self, _: &[&Account]) -> String {
        format!(
            "session P&L, after it has reached {}, is {} {}",
            self.arm_at.grouped(),
            comparison(self.breach, true),
            self.floor.grouped()
        )
    }

    /// Armed by a smaller profit, with a higher floor.
    fn is_as_tight_as(&self, old: &Leaf) -> bool {
        let Leaf::ProfitFloor(old) = old else {
            return false;
        };
        let ProfitFloor {
            arm_at,
            floor,
            breach,
        } = self;
        *arm_at <= old.arm_at && *floor >= old.floor && is_breach_as_tight(old.breach, *breach)
    }
}

/// Whether session P&L has reached the level; its high-water mark knows.
fn is_armed(rule: &ProfitFloor, context: &Context<'_>) -> Option<bool> {
    let mark = context.memory.session.as_ref()?.marks.pnl?;
    Some(mark.value >= rule.arm_at)
}
