//! `expr`: an expression over the account's figures.
//!
//! Inside an expression an unknown variable makes unknown what it decides, by
//! the same logic as in a tree of conditions.

use chrono::TimeDelta;
use rust_decimal::Decimal;

use super::kind::{Asked, ConditionKind};
use super::{Context, Reading, Side, orders};
use crate::domain::holdings::Position;
use crate::domain::money::Money;
use crate::domain::observation::Timestamp;
use crate::engine::memory::{SessionAnchor, SessionMemory, difference};
use crate::engine::record::Fields;
use crate::engine::truth::Truth;
use crate::rules::book::{Account, Expr, Leaf, Metric};
use crate::rules::expression::{Comparison, Value, Values, Variable, VariableKind};

const MINUTE: TimeDelta = TimeDelta::minutes(1);

impl ConditionKind for Expr {
    fn read(&self, _: &mut Asked<'_>, context: &Context<'_>) -> Reading {
        let Some(sides) = self.checked.sides(context) else {
            return Reading::of(Truth::from(self.checked.evaluate(context)));
        };
        Reading {
            truth: Truth::from(sides.holds()),
            value: sides.left,
            limit: sides.right,
            side: side(sides.comparison),
            start: None,
        }
    }

    /// The text, and every variable with its value, known or not.
    fn describe(&self, _: &Reading, _: Timestamp, context: &Context<'_>, fields: &mut Fields) {
        match self.checked.sides(context) {
            Some(sides) => fields
                .put("metric", format!("the left side of `{}`", self.text))
                .put("comparison", sides.comparison.words()),
            None => fields.put("metric", format!("`{}`", self.text)),
        };
        fields.put("expression", &self.text);
        for variable in self.checked.reads() {
            fields.put(variable.name(), shown(*variable, context));
        }
    }

    fn explain(&self, _: &[&Account]) -> String {
        format!("`{}`", self.text)
    }

    fn is_as_tight_as(&self, old: &Leaf) -> bool {
        matches!(old, Leaf::Expr(old) if self.checked.is_true_whenever(&old.checked))
    }

    fn may_need_orders(&self) -> bool {
        self.checked.reads().iter().any(|read| read.needs_orders())
    }

    fn wall_deadline(&self, context: &Context<'_>) -> Option<Timestamp> {
        minute_deadline(self, context)
    }

    fn steady_deadline(&self, context: &Context<'_>) -> Option<Timestamp> {
        second_deadline(self, context)
    }
}

/// From which side the left one comes to where the comparison holds.
const fn side(comparison: Comparison) -> Side {
    match comparison {
        Comparison::Below | Comparison::AtOrBelow => Side::Above,
        Comparison::Above | Comparison::AtOrAbove => Side::Below,
        Comparison::Equal | Comparison::NotEqual => Side::Neither,
    }
}

/// When the next full minute changes a variable of the expression, by the wall
/// clock.
fn minute_deadline(rule: &Expr, context: &Context<'_>) -> Option<Timestamp> {
    let session = context.memory.session.as_ref()?;
    let changes = rule.checked.reads().iter().filter_map(|read| match read {
        Variable::MinutesSinceOpen => {
            let minutes = minutes_since(session.open, context)?;
            shifted(session.open, MINUTE, minutes.checked_add(1)?)
        }
        Variable::MinutesToClose => {
            let minutes = minutes_to(session.close, context)?;
            shifted(session.close, MINUTE, 1_i64.checked_sub(minutes)?)
        }
        _ => None,
    });
    changes.min()
}

/// When the next full second changes the age of the data, by the steady clock.
fn second_deadline(rule: &Expr, context: &Context<'_>) -> Option<Timestamp> {
    if !rule.checked.reads().contains(&Variable::DataAgeSeconds) {
        return None;
    }
    let next = data_age(context).checked_add(1)?;
    shifted(context.data_since, TimeDelta::seconds(1), next)
}

/// `from` and `count` times the span.
fn shifted(from: Timestamp, span: TimeDelta, count: i64) -> Option<Timestamp> {
    let seconds = span.num_seconds().checked_mul(count)?;
    from.checked_add_signed(TimeDelta::try_seconds(seconds)?)
}

/// Full minutes since then; below zero before.
fn minutes_since(then: Timestamp, context: &Context<'_>) -> Option<i64> {
    let past = context.now.wall.signed_duration_since(then);
    Some(
        past.num_nanoseconds()?
            .div_euclid(MINUTE.num_nanoseconds()?),
    )
}

/// Minutes until then, begun ones counted; below zero afterwards.
fn minutes_to(then: Timestamp, context: &Context<'_>) -> Option<i64> {
    minutes_since(then, context)?.checked_neg()
}

fn data_age(context: &Context<'_>) -> i64 {
    context.now.since(context.data_since).num_seconds()
}

impl Values for Context<'_> {
    fn value(&self, variable: Variable) -> Option<Value> {
        match variable.kind() {
            VariableKind::Money => {
                money(variable, self).map(|money| Value::Number(money.decimal()))
            }
            VariableKind::Count => count(variable, self).map(Value::Number),
            VariableKind::Minutes | VariableKind::Seconds => {
                time(variable, self).map(|time| Value::Number(Decimal::from(time)))
            }
            VariableKind::Flag => flag(variable, self).map(Value::Flag),
        }
    }
}

fn money(variable: Variable, context: &Context<'_>) -> Option<Money> {
    let figures = context.figures;
    let lifetime = &context.memory.lifetime;
    let start = context.account.starting_balance;
    match variable {
        Variable::SessionPnl => context.pnl.total,
        Variable::Realized => context.pnl.realized,
        Variable::Unrealized => figures.unrealized,
        Variable::WeekPnl => context.week().total,
        Variable::WeekRealized => context.week().realized,
        Variable::MonthPnl => context.month().total,
        Variable::MonthRealized => context.month().realized,
        Variable::LifetimePnl => difference(figures.equity, start),
        Variable::LifetimeRealized => difference(figures.balance, start),
        Variable::Balance => figures.balance,
        Variable::Equity => figures.equity,
        Variable::StartingBalance => start,
        Variable::SessionOpenBalance => anchor(context)?.balance_at_open(),
        Variable::SessionOpenEquity => anchor(context)?.equity_at_open(),
        Variable::SessionPnlHigh => session_high(Metric::Pnl, context),
        Variable::SessionEquityHigh => session_high(Metric::Equity, context),
        Variable::SessionBalanceHigh => session_high(Metric::Balance, context),
        Variable::UnrealizedHigh => session_high(Metric::Unrealized, context),
        Variable::LifetimeEquityHigh => Some(lifetime.equity?.value).max(start),
        Variable::LifetimeBalanceHigh => Some(lifetime.balance?.value).max(start),
        _ => None,
    }
}

fn session<'c>(context: &Context<'c>) -> Option<&'c SessionMemory> {
    context.memory.session.as_ref()
}

fn anchor<'c>(context: &Context<'c>) -> Option<&'c SessionAnchor> {
    session(context)?.anchor.as_ref()
}

fn session_high(metric: Metric, context: &Context<'_>) -> Option<Money> {
    let mark = session(context)?.marks.of(metric)?;
    Some(mark.value)
}

fn count(variable: Variable, context: &Context<'_>) -> Option<Decimal> {
    match variable {
        Variable::Positions => context.positions.map(|held| Decimal::from(held.len())),
        Variable::Contracts => held(context, |_| true),
        Variable::LongContracts => held(context, |held| held.quantity.is_sign_positive()),
        Variable::ShortContracts => held(context, |held| held.quantity.is_sign_negative()),
        Variable::WorkingOrders => context.orders.count().map(Decimal::from),
        Variable::LargestOrder => orders::largest(context),
        _ => None,
    }
}

/// The sizes of the positions that count, added up.
fn held(context: &Context<'_>, counts: fn(&Position) -> bool) -> Option<Decimal> {
    context
        .positions?
        .iter()
        .filter(|position| counts(position))
        .try_fold(Decimal::ZERO, |sum, position| {
            sum.checked_add(position.quantity.abs())
        })
}

fn time(variable: Variable, context: &Context<'_>) -> Option<i64> {
    match variable {
        Variable::MinutesSinceOpen => minutes_since(session(context)?.open, context),
        Variable::MinutesToClose => minutes_to(session(context)?.close, context),
        Variable::DataAgeSeconds => Some(data_age(context)),
        _ => None,
    }
}

fn flag(variable: Variable, context: &Context<'_>) -> Option<bool> {
    match variable {
        Variable::IsFlat => context.positions.map(<[Position]>::is_empty),
        _ => None,
    }
}

fn shown(variable: Variable, context: &Context<'_>) -> String {
    match (context.value(variable), variable.kind()) {
        (None, _) => "unknown".to_owned(),
        (Some(Value::Flag(flag)), _) => flag.to_string(),
        (Some(Value::Number(number)), VariableKind::Money) => Money::new(number).to_string(),
        (Some(Value::Number(number)), _) => number.normalize().to_string(),
    }
}
