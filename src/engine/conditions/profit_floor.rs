//! `profit_floor`: a floor under the session's P&L, armed by a profit.

use super::{Answer, Context, comparison};
use crate::engine::record::Fields;
use crate::engine::truth::Truth;
use crate::rules::ruleset::ProfitFloor;

pub(super) fn read<A: Answer>(rule: &ProfitFloor, context: &Context<'_>) -> A {
    let mark = || Some(context.memory.session.as_ref()?.marks.pnl?.value);
    let answer = match is_armed(rule, context) {
        Some(true) => {
            A::falls_to(context.pnl.total, Some(rule.floor), rule.breach).starting_at(mark)
        }
        Some(false) => A::of(Truth::False).showing(context.pnl.total),
        None => return A::of(Truth::Unknown),
    };
    answer.turning_at(mark, rule.arm_at)
}

/// Whether session P&L has reached the level; its high-water mark knows.
fn is_armed(rule: &ProfitFloor, context: &Context<'_>) -> Option<bool> {
    let mark = context.memory.session.as_ref()?.marks.pnl?;
    Some(mark.value >= rule.arm_at)
}

pub(super) fn describe(rule: &ProfitFloor, context: &Context<'_>, fields: &mut Fields) {
    let mark = context
        .memory
        .session
        .as_ref()
        .and_then(|session| session.marks.pnl);
    fields
        .put("metric", "session P&L")
        .put("comparison", comparison(rule.breach, true))
        .put("arm_at", rule.arm_at)
        .put("armed", is_armed(rule, context).unwrap_or(false))
        .put_known("high_water", mark.map(|mark| mark.value))
        .put_known("high_water_at", mark.map(|mark| mark.at.to_rfc3339()));
}
