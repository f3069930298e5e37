//! `max_loss`: a floor that is fixed for its span.

use super::kind::{Asked, ConditionKind};
use super::tightness::{is_amount_as_small, is_breach_as_tight};
use super::{Context, Reading, comparison, resolve, words};
use crate::domain::money::Money;
use crate::domain::observation::Timestamp;
use crate::engine::memory::PnlSum;
use crate::engine::record::Fields;
use crate::rules::book::{Account, Anchor, Leaf, MaxLoss, MaxLossOf};

impl ConditionKind for MaxLoss {
    fn read(&self, _: &mut Asked<'_>, context: &Context<'_>) -> Reading {
        let value = match self.of {
            MaxLossOf::Equity => context.figures.equity,
            MaxLossOf::Balance => context.figures.balance,
        };
        let floor = floor(self, context);
        Reading::falls_to(value, floor, self.breach).starting_at(anchor(self.anchor, context))
    }

    fn describe(&self, _: &Reading, _: Timestamp, context: &Context<'_>, fields: &mut Fields) {
        let metric = match self.of {
            MaxLossOf::Equity => "equity",
            MaxLossOf::Balance => "balance",
        };
        let name = match self.anchor {
            Anchor::StartingBalance => "starting balance",
            Anchor::SessionBalance => "balance at the session's open",
            Anchor::SessionEquity => "equity at the session's open",
            Anchor::SessionMax => "higher of balance and equity at the session's open",
        };
        fields
            .put("metric", metric)
            .put("comparison", comparison(self.breach, true))
            .put_known("amount", resolve(self.amount, context.account))
            .put("anchor", name)
            .put_known("anchor_value", anchor(self.anchor, context));
        let at_open = context
            .memory
            .session
            .as_ref()
            .and_then(|s| s.anchor.as_ref());
        if let Some(at_open) = at_open.filter(|_| self.anchor != Anchor::StartingBalance) {
            fields
                .put("anchor_source", at_open.source.name())
                .put("anchor_at", at_open.at.to_rfc3339());
            if at_open.made_before != PnlSum::ZERO {
                fields.put_known("made_before", at_open.made_before.total);
            }
        }
    }

    fn explain(&self, accounts: &[&Account]) -> String {
        let of = match self.of {
            MaxLossOf::Equity => "equity",
            MaxLossOf::Balance => "balance",
        };
        let anchor = match (self.anchor, words::start(accounts)) {
            (Anchor::StartingBalance, Some(start)) => {
                format!("the starting balance of {}", start.grouped())
            }
            (Anchor::StartingBalance, None) => "the starting balance".to_owned(),
            (Anchor::SessionBalance, _) => "the balance at the session's open".to_owned(),
            (Anchor::SessionEquity, _) => "the equity at the session's open".to_owned(),
            (Anchor::SessionMax, _) => {
                "the higher of balance and equity at the session's open".to_owned()
            }
        };
        let below = comparison(self.breach, true);
        let amount = words::amount(self.amount, accounts);
        format!("{of} is {below} a floor {amount} under {anchor}")
    }

    fn is_as_tight_as(&self, old: &Leaf) -> bool {
        let Leaf::MaxLoss(old) = old else {
            return false;
        };
        let MaxLoss {
            amount,
            anchor,
            of,
            breach,
        } = self;
        // The higher of balance and equity is as high as either, but unknown where one
        // of them is.
        (*anchor, *of) == (old.anchor, old.of)
            && is_amount_as_small(old.amount, *amount)
            && is_breach_as_tight(old.breach, *breach)
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
