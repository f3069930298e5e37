//! `max_loss`: a floor that is fixed for its span.

use super::limit::{Inputs, Limit};
use super::{Answer, Context, comparison, resolve};
use crate::domain::money::Money;
use crate::engine::memory::PnlSum;
use crate::engine::record::Fields;
use crate::rules::ruleset::{Anchor, MaxLoss, MaxLossOf};

pub(super) fn read<A: Answer>(rule: &MaxLoss, limit: Limit, context: &Context<'_>) -> A {
    let value = match rule.of {
        MaxLossOf::Equity => context.figures.equity,
        MaxLossOf::Balance => context.figures.balance,
    };
    let floor = match limit {
        Limit::At(floor) => floor,
        Limit::Off | Limit::Unknown => None,
    };
    A::falls_to(value, floor, rule.breach).starting_at(|| anchor(rule.anchor, context))
}

/// The floor.
pub(super) fn limit(rule: &MaxLoss, context: &Context<'_>) -> Limit {
    Limit::At(floor(rule, context))
}

/// What the floor is worked out from; `None` when that is too much to keep.
pub(super) fn inputs(rule: &MaxLoss, context: &Context<'_>) -> Option<Inputs> {
    let start = context.account.starting_balance;
    let session = context.memory.session.as_ref();
    let at_open = session.and_then(|session| session.anchor.as_ref());
    match (rule.anchor, at_open) {
        (Anchor::StartingBalance, _) | (_, None) => Some([start, None, None]),
        (Anchor::SessionBalance, Some(at_open)) => {
            Some([start, at_open.balance, at_open.made_before.realized])
        }
        (Anchor::SessionEquity, Some(at_open)) => {
            Some([start, at_open.equity, at_open.made_before.total])
        }
        (Anchor::SessionMax, Some(_)) => None,
    }
}

fn floor(rule: &MaxLoss, context: &Context<'_>) -> Option<Money> {
    anchor(rule.anchor, context)?.minus(resolve(rule.amount, context.account)?)
}

fn anchor(anchor: Anchor, context: &Context<'_>) -> Option<Money> {
    if anchor == Anchor::StartingBalance {
        return context.account.starting_balance;
    }
    let at_open = context.memory.session.as_ref()?.anchor.as_ref()?;
    match anchor {
        Anchor::StartingBalance => context.account.starting_balance,
        Anchor::SessionBalance => at_open.balance_at_open(),
        Anchor::SessionEquity => at_open.equity_at_open(),
        Anchor::SessionMax => Some(at_open.balance_at_open()?.max(at_open.equity_at_open()?)),
    }
}

pub(super) fn describe(rule: &MaxLoss, context: &Context<'_>, fields: &mut Fields) {
    let metric = match rule.of {
        MaxLossOf::Equity => "equity",
        MaxLossOf::Balance => "balance",
    };
    let name = match rule.anchor {
        Anchor::StartingBalance => "starting balance",
        Anchor::SessionBalance => "balance at the session's open",
        Anchor::SessionEquity => "equity at the session's open",
        Anchor::SessionMax => "higher of balance and equity at the session's open",
    };
    fields
        .put("metric", metric)
        .put("comparison", comparison(rule.breach, true))
        .put_known("amount", resolve(rule.amount, context.account))
        .put("anchor", name)
        .put_known("anchor_value", anchor(rule.anchor, context));
    let at_open = context
        .memory
        .session
        .as_ref()
        .and_then(|s| s.anchor.as_ref());
    if let Some(at_open) = at_open.filter(|_| rule.anchor != Anchor::StartingBalance) {
        fields
            .put("anchor_source", at_open.source.name())
            .put("anchor_at", at_open.at.to_rfc3339());
        if at_open.made_before != PnlSum::ZERO {
            fields.put_known("made_before", at_open.made_before.total);
        }
    }
}
