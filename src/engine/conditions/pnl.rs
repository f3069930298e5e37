//! `pnl`: a threshold on profit and loss.

use super::kind::{Asked, ConditionKind};
use super::tightness::{is_breach_as_tight, is_limit_as_tight};
use super::{Context, Reading, Side, comparison, pnl_source, resolve, words};
use crate::domain::holdings::Position;
use crate::domain::money::Money;
use crate::domain::observation::Timestamp;
use crate::engine::memory::{PnlSum, difference};
use crate::engine::record::Fields;
use crate::engine::truth::Truth;
use crate::rules::book::{Account, Leaf, Pnl, PnlOf, PnlOver, PnlPer};

impl ConditionKind for Pnl {
    fn read(&self, asked: &mut Asked<'_>, context: &Context<'_>) -> Reading {
        let loss = self
            .loss
            .map(|loss| resolve(loss, context.account).map(Money::negated));
        let profit = self.profit.map(|profit| resolve(profit, context.account));
        match self.per {
            PnlPer::Account => {
                let value = value(self, context);
                either(self, value, loss, profit)
            }
            PnlPer::Position => match asked.each.or(context.positions) {
                None => Reading::of(Truth::Unknown),
                Some(positions) => positions
                    .iter()
                    .map(|position| either(self, position.unrealized, loss, profit))
                    .reduce(Reading::or)
                    .unwrap_or(Reading::of(Truth::False)),
            },
        }
    }

    fn describe(
        &self,
        reading: &Reading,
        _: Timestamp,
        context: &Context<'_>,
        fields: &mut Fields,
    ) {
        let of = match self.of {
            PnlOf::Total => "P&L",
            PnlOf::Realized => "realized P&L",
            PnlOf::Unrealized => "unrealized P&L",
        };
        let metric = match (self.per, self.of, self.over) {
            (PnlPer::Position, ..) => "unrealized P&L of one position".to_owned(),
            (_, PnlOf::Unrealized, _) => of.to_owned(),
            (_, _, over) => format!("{} {of}", span_name(over)),
        };
        let falling = reading.side != Side::Below;
        fields
            .put("metric", metric)
            .put("comparison", comparison(self.breach, falling));
        match self.per {
            PnlPer::Account => pnl_source::describe(self, context, fields),
            PnlPer::Position => {
                for position in offending(self, context) {
                    fields.put("position", position);
                }
            }
        }
    }

    fn explain(&self, accounts: &[&Account]) -> String {
        let what = match self.per {
            PnlPer::Position => "any one position's open P&L".to_owned(),
            PnlPer::Account => {
                let over = match self.over {
                    PnlOver::Session => "session",
                    PnlOver::Week => "the week's",
                    PnlOver::Month => "the month's",
                    PnlOver::Lifetime => "lifetime",
                };
                match self.of {
                    PnlOf::Total => format!("{over} P&L (realized + unrealized)"),
                    PnlOf::Realized => format!("{over} P&L (realized)"),
                    PnlOf::Unrealized => "unrealized P&L".to_owned(),
                }
            }
        };
        let loss = self.loss.map(|loss| {
            format!(
                "{} -{}",
                comparison(self.breach, true),
                words::amount(loss, accounts)
            )
        });
        let profit = self.profit.map(|profit| {
            format!(
                "{} {}",
                comparison(self.breach, false),
                words::amount(profit, accounts)
            )
        });
        let limits: Vec<String> = loss.into_iter().chain(profit).collect();
        format!("{what} is {}", limits.join(" or "))
    }

    /// Results of another sort, of another span or of single positions may be
    /// higher or lower than those tested before.
    fn is_as_tight_as(&self, old: &Leaf) -> bool {
        let Leaf::Pnl(old) = old else {
            return false;
        };
        let Pnl {
            loss,
            profit,
            of,
            over,
            per,
            breach,
        } = self;
        (*of, *over, *per) == (old.of, old.over, old.per)
            && is_limit_as_tight(old.loss, *loss)
            && is_limit_as_tight(old.profit, *profit)
            && is_breach_as_tight(old.breach, *breach)
    }

    fn offending<'a>(&self, context: &Context<'a>) -> Option<Vec<&'a Position>> {
        (self.per == PnlPer::Position).then(|| offending(self, context))
    }
}

fn either(
    pnl: &Pnl,
    value: Option<Money>,
    loss: Option<Option<Money>>,
    profit: Option<Option<Money>>,
) -> Reading {
    let falls_to = |limit| Reading::falls_to(value, limit, pnl.breach);
    let rises_to = |limit| Reading::rises_to(value, limit, pnl.breach);
    match (loss, profit) {
        (Some(loss), None) => falls_to(loss),
        (None, Some(profit)) => rises_to(profit),
        (Some(loss), Some(profit)) => falls_to(loss).or(rises_to(profit)),
        (None, None) => Reading::of(Truth::False),
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
fn offending<'a>(pnl: &Pnl, context: &Context<'a>) -> Vec<&'a Position> {
    if pnl.per == PnlPer::Account {
        return Vec::new();
    }
    let loss = pnl
        .loss
        .map(|loss| resolve(loss, context.account).map(Money::negated));
    let profit = pnl.profit.map(|profit| resolve(profit, context.account));
    let is_beyond = |open| either(pnl, open, loss, profit).truth == Truth::True;
    context
        .positions
        .unwrap_or_default()
        .iter()
        .filter(|position| is_beyond(position.unrealized))
        .collect()
}
