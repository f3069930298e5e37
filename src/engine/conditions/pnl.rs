//! `pnl`: a threshold on profit and loss.

use super::tree::Each;
use super::{Answer, Context, Reading, Side, comparison, pnl_source, resolve};
use crate::domain::holdings::Position;
use crate::domain::money::Money;
use crate::engine::memory::{PnlSum, difference};
use crate::engine::record::Fields;
use crate::engine::truth::Truth;
use crate::rules::ruleset::{Pnl, PnlOf, PnlOver, PnlPer};

pub(super) fn read<A: Answer>(pnl: &Pnl, each: Each<'_>, context: &Context<'_>) -> A {
    let loss = pnl
        .loss
        .map(|loss| resolve(loss, context.account).map(Money::negated));
    let profit = pnl.profit.map(|profit| resolve(profit, context.account));
    match pnl.per {
        PnlPer::Account => {
            let value = value(pnl, context);
            either(pnl, value, loss, profit)
        }
        PnlPer::Position => match each.of(context) {
            None => A::of(Truth::Unknown),
            Some(positions) => positions
                .iter()
                .map(|position| either(pnl, position.unrealized, loss, profit))
                .reduce(A::or)
                .unwrap_or(A::of(Truth::False)),
        },
    }
}

fn either<A: Answer>(
    pnl: &Pnl,
    value: Option<Money>,
    loss: Option<Option<Money>>,
    profit: Option<Option<Money>>,
) -> A {
    let falls_to = |limit| A::falls_to(value, limit, pnl.breach);
    let rises_to = |limit| A::rises_to(value, limit, pnl.breach);
    match (loss, profit) {
        (Some(loss), None) => falls_to(loss),
        (None, Some(profit)) => rises_to(profit),
        (Some(loss), Some(profit)) => falls_to(loss).or(rises_to(profit)),
        (None, None) => A::of(Truth::False),
    }
}

fn value(pnl: &Pnl, context: &Context<'_>) -> Option<Money> {
    if pnl.of == PnlOf::Unrealized {
        return context.figures.unrealized;
    }
    let sum = match pnl.over {
        PnlOver::Session => context.pnl,
        PnlOver::Week => context.week(),
        PnlOver::Month => context.month(),
        PnlOver::Lifetime => PnlSum {
            total: difference(context.figures.equity, context.account.starting_balance),
            realized: difference(context.figures.balance, context.account.starting_balance),
        },
    };
    match pnl.of {
        PnlOf::Realized => sum.realized,
        PnlOf::Total | PnlOf::Unrealized => sum.total,
    }
}

pub(super) fn describe(pnl: &Pnl, reading: &Reading, context: &Context<'_>, fields: &mut Fields) {
    let of = match pnl.of {
        PnlOf::Total => "P&L",
        PnlOf::Realized => "realized P&L",
        PnlOf::Unrealized => "unrealized P&L",
    };
    let metric = match (pnl.per, pnl.of, pnl.over) {
        (PnlPer::Position, ..) => "unrealized P&L of one position".to_owned(),
        (_, PnlOf::Unrealized, _) => of.to_owned(),
        (_, _, over) => format!("{} {of}", span_name(over)),
    };
    let falling = reading.side != Side::Below;
    fields
        .put("metric", metric)
        .put("comparison", comparison(pnl.breach, falling));
    match pnl.per {
        PnlPer::Account => pnl_source::describe(pnl, context, fields),
        PnlPer::Position => {
            for position in offending(pnl, context) {
                fields.put("position", position);
            }
        }
    }
}

const fn span_name(over: PnlOver) -> &'static str {
    match over {
        PnlOver::Session => "session",
        PnlOver::Week => "week",
        PnlOver::Month => "month",
        PnlOver::Lifetime => "lifetime",
    }
}

/// The positions that are beyond the limit by themselves; none for a limit on
/// the account.
pub(super) fn offending<'a>(pnl: &Pnl, context: &Context<'a>) -> Vec<&'a Position> {
    if pnl.per == PnlPer::Account {
        return Vec::new();
    }
    let loss = pnl
        .loss
        .map(|loss| resolve(loss, context.account).map(Money::negated));
    let profit = pnl.profit.map(|profit| resolve(profit, context.account));
    let is_beyond = |open| either::<Truth>(pnl, open, loss, profit) == Truth::True;
    context
        .positions
        .unwrap_or_default()
        .iter()
        .filter(|position| is_beyond(position.unrealized))
        .collect()
}
