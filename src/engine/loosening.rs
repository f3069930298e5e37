//! Whether a change makes a rule looser.
//!
//! Only what is provably as tight as before counts as such; any other change
//! of a condition counts as a loosening.

use rust_decimal::Decimal;

use crate::rules::ruleset::{
    Action, Amount, Breach, Condition, Leaf, MaxLoss, Pnl, ProfitFloor, Rule, TrailingDrawdown,
};

/// Whether `new` might let something pass that `old` would not.
pub fn is_looser(old: &Rule, new: &Rule) -> bool {
    !(new.enabled
        && new.hold.unwrap_or_default() <= old.hold.unwrap_or_default()
        && new.confirm <= old.confirm
        && (new.rearm == old.rearm)
        && is_as_tight(&old.when, &new.when)
        && does_as_much(&old.then, &new.then))
}

/// Every action of the old rule is in the new one, as it was.
fn does_as_much(old: &[Action], new: &[Action]) -> bool {
    old.iter()
        .filter(|action| !matches!(action, Action::Notify(_)))
        .all(|action| new.contains(action))
}

fn is_as_tight(old: &Condition, new: &Condition) -> bool {
    match (old, new) {
        (Condition::Is(old), Condition::Is(new)) => is_leaf_as_tight(old, new),
        (Condition::Any(old), Condition::Any(new)) => old
            .iter()
            .all(|part| new.iter().any(|other| is_as_tight(part, other))),
        (Condition::All(old), Condition::All(new)) => {
            old.len() == new.len()
                && old
                    .iter()
                    .zip(new)
                    .all(|(part, other)| is_as_tight(part, other))
        }
        // Under a `not`, tighter means looser: only the same is the same.
        (Condition::Not(_), Condition::Not(_)) => format!("{old:?}") == format!("{new:?}"),
        _ => false,
    }
}

fn is_leaf_as_tight(old: &Leaf, new: &Leaf) -> bool {
    match (old, new) {
        (Leaf::Pnl(old), Leaf::Pnl(new)) => is_pnl_as_tight(old, new),
        (Leaf::ProfitFloor(old), Leaf::ProfitFloor(new)) => is_floor_as_tight(old, new),
        (Leaf::TrailingDrawdown(old), Leaf::TrailingDrawdown(new)) => {
            is_drawdown_as_tight(old, new)
        }
        (Leaf::MaxLoss(old), Leaf::MaxLoss(new)) => is_max_loss_as_tight(old, new),
        (Leaf::NoData(old), Leaf::NoData(new)) => new.after <= old.after,
        (Leaf::Orders(old), Leaf::Orders(new)) => {
            is_limit_as_tight(
                old.working.map(Decimal::from),
                new.working.map(Decimal::from),
            ) && is_limit_as_tight(old.quantity, new.quantity)
        }
        _ => format!("{old:?}") == format!("{new:?}"),
    }
}

fn is_pnl_as_tight(old: &Pnl, new: &Pnl) -> bool {
    let rest = |rule: &Pnl| (rule.of, rule.over, rule.per);
    rest(old) == rest(new)
        && is_breach_as_tight(old.breach, new.breach)
        && is_amount_as_tight(old.loss, new.loss)
        && is_amount_as_tight(old.profit, new.profit)
}

fn is_floor_as_tight(old: &ProfitFloor, new: &ProfitFloor) -> bool {
    new.arm_at <= old.arm_at && new.floor >= old.floor && is_breach_as_tight(old.breach, new.breach)
}

fn is_drawdown_as_tight(old: &TrailingDrawdown, new: &TrailingDrawdown) -> bool {
    let rest = |rule: &TrailingDrawdown| {
        (
            rule.metric,
            rule.mark,
            rule.span,
            rule.ratchet,
            rule.lock_at,
            rule.arm_at,
        )
    };
    rest(old) == rest(new)
        // A floor follows the higher of the mark and what is given here.
        && new.high_water >= old.high_water
        && is_breach_as_tight(old.breach, new.breach)
        && is_amount_as_tight(Some(old.trail), Some(new.trail))
}

fn is_max_loss_as_tight(old: &MaxLoss, new: &MaxLoss) -> bool {
    (old.anchor, old.of) == (new.anchor, new.of)
        && is_breach_as_tight(old.breach, new.breach)
        && is_amount_as_tight(Some(old.amount), Some(new.amount))
}

fn is_breach_as_tight(old: Breach, new: Breach) -> bool {
    old == new || new == Breach::Touch
}

/// A smaller amount of the same sort is tighter; a limit that was not there may
/// be added, one that was may not go.
fn is_amount_as_tight(old: Option<Amount>, new: Option<Amount>) -> bool {
    match (old, new) {
        (None, _) => true,
        (Some(Amount::Money(old)), Some(Amount::Money(new))) => new <= old,
        (Some(Amount::Share(old)), Some(Amount::Share(new))) => new <= old,
        _ => false,
    }
}

fn is_limit_as_tight(old: Option<Decimal>, new: Option<Decimal>) -> bool {
    match (old, new) {
        (None, _) => true,
        (Some(old), Some(new)) => new <= old,
        (Some(_), None) => false,
    }
}
