//! How far an answer is from turning over: how far apart the amounts are that are
//! compared, in millionths; zero where nobody can tell.

use crate::domain::money::Money;
use crate::engine::conditions::{Context, Reading, high_water, read_alone, value_of};
use crate::engine::truth::Truth;
use crate::rules::book::{Amount, Condition, Leaf, Pnl, PnlPer, ProfitFloor, TrailingDrawdown};

/// What never turns over as long as all but the figures is the same.
const NEVER: u64 = u64::MAX;

/// The nearest comparison of a tree.
pub(super) fn nearest(condition: &Condition, context: &Context<'_>) -> u64 {
    let mut nearest = NEVER;
    condition.for_each_leaf(&mut |leaf| nearest = nearest.min(of_leaf(leaf, context)));
    nearest
}

fn of_leaf(leaf: &Leaf, context: &Context<'_>) -> u64 {
    match leaf {
        Leaf::Pnl(rule) => of_pnl(rule, context),
        Leaf::ProfitFloor(rule) => of_profit_floor(rule, leaf, context),
        Leaf::TrailingDrawdown(rule) => of_drawdown(rule, leaf, context),
        Leaf::MaxLoss(_) => between(&read_alone(leaf, context)),
        Leaf::Windows(_) | Leaf::Position(_) | Leaf::Orders(_) => if_known(leaf, context),
        Leaf::At(_) => NEVER,
        // Time alone changes them, or what they compare is not to be seen from here.
        Leaf::NoData(_) | Leaf::Expr(_) => 0,
    }
}

/// No amount of the account is compared.
fn if_known(leaf: &Leaf, context: &Context<'_>) -> u64 {
    match read_alone(leaf, context).truth {
        Truth::True | Truth::False => NEVER,
        Truth::Unknown => 0,
    }
}

fn of_pnl(rule: &Pnl, context: &Context<'_>) -> u64 {
    if rule.per == PnlPer::Position {
        // The results of positions stand in their list, which is the same.
        return if_known(&Leaf::Pnl(rule.clone()), context);
    }
    // A reading shows one of the limits only.
    let loss = rule.loss.map(|loss| Pnl {
        loss: Some(loss),
        profit: None,
        ..rule.clone()
    });
    let profit = rule.profit.map(|profit| Pnl {
        loss: None,
        profit: Some(profit),
        ..rule.clone()
    });
    let limits = loss.into_iter().chain(profit);
    let apart = limits.map(|limit| between(&read_alone(&Leaf::Pnl(limit), context)));
    apart.min().unwrap_or(NEVER)
}

fn of_profit_floor(rule: &ProfitFloor, leaf: &Leaf, context: &Context<'_>) -> u64 {
    let session = context.memory.session.as_ref();
    let Some(mark) = session.and_then(|session| session.marks.pnl) else {
        return 0;
    };
    let to_arming = apart(mark.value, rule.arm_at);
    if mark.value < rule.arm_at {
        return to_arming;
    }
    between(&read_alone(leaf, context)).min(to_arming)
}

fn of_drawdown(rule: &TrailingDrawdown, leaf: &Leaf, context: &Context<'_>) -> u64 {
    let Some(mark) = high_water(rule, context) else {
        return 0;
    };
    let to_arming = rule.arm_at.map_or(NEVER, |level| apart(mark, level));
    let reading = read_alone(leaf, context);
    if reading.limit.is_some() {
        return between(&reading).min(to_arming);
    }
    if reading.truth != Truth::False {
        return 0;
    }
    // A share comes into force once what the mark follows is above zero.
    let to_force = match rule.trail {
        Amount::Money(_) => NEVER,
        Amount::Share(_) => {
            value_of(rule.mark, context).map_or(0, |value| apart(value, Money::ZERO))
        }
    };
    to_arming.min(to_force)
}

/// How far the value and the limit of a reading lie apart.
fn between(reading: &Reading) -> u64 {
    let both = reading.value.zip(reading.limit);
    both.map_or(0, |(value, limit)| {
        apart(Money::new(value), Money::new(limit))
    })
}

fn apart(one: Money, other: Money) -> u64 {
    let both = one.millionths().zip(other.millionths());
    both.map_or(0, |(one, other)| one.abs_diff(other))
}
