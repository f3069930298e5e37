//! Warns of conditions that are true before anything is traded: of a flat
//! account at its starting balance.

use rust_decimal::Decimal;

use super::rule::Scope;
use crate::domain::money::Money;
use crate::rules::book::{Action, Condition, Leaf, PnlPer, Rule};
use crate::rules::diagnostic::{Diagnostic, Findings, Place};
use crate::rules::expression::{Comparison, Value, Values, Variable, VariableKind};

/// Warns of a rule that would fire for an account that has done nothing. Rules
/// that only send messages may be about flat accounts.
pub(super) fn warn(rule: &Rule, scope: &Scope<'_>, place: Place, findings: &mut Findings) {
    if !can_be_true_when_flat(&rule.when) || is_message_about_holdings(rule) {
        return;
    }
    let mut last = None;
    for draft in &scope.accounts {
        let start = draft.starting_balance.known();
        // The accounts of a rule mostly began with the same.
        if last.replace(start) == Some(start) || truth(&rule.when, start) != Some(true) {
            continue;
        }
        let message = format!(
            "this is true of `{}` while it is flat at its starting balance, so that it fires \
             before anything is traded",
            draft.name
        );
        let help = help(&rule.when).unwrap_or_else(|| {
            "turn the comparison round, or add what must happen first".to_owned()
        });
        findings.push_doubt(Diagnostic::warning(place, message).help(help));
        return;
    }
}

/// Without an expression and without a `not`, no condition is.
fn can_be_true_when_flat(condition: &Condition) -> bool {
    match condition {
        Condition::Not(_) => true,
        Condition::All(parts) | Condition::Any(parts) => parts.iter().any(can_be_true_when_flat),
        Condition::Is(leaf) => matches!(**leaf, Leaf::Expr(_)),
    }
}

fn is_message_about_holdings(rule: &Rule) -> bool {
    let is_message = |action: &Action| matches!(action, Action::Notify(_));
    rule.then.iter().all(is_message) && rule.when.has_leaf(looks_at_holdings)
}

fn looks_at_holdings(leaf: &Leaf) -> bool {
    match leaf {
        Leaf::Position(_) | Leaf::Orders(_) | Leaf::Windows(_) => true,
        Leaf::Pnl(pnl) => pnl.per == PnlPer::Position,
        Leaf::Expr(expr) => {
            let is_holding =
                |read: &Variable| matches!(read.kind(), VariableKind::Count | VariableKind::Flag);
            expr.checked.reads().iter().any(is_holding)
        }
        Leaf::ProfitFloor(_)
        | Leaf::TrailingDrawdown(_)
        | Leaf::MaxLoss(_)
        | Leaf::At(_)
        | Leaf::NoData(_) => false,
    }
}

/// The answer for a flat account that began with this; `None` where it turns on
/// the time or on what is not known.
fn truth(condition: &Condition, start: Option<Money>) -> Option<bool> {
    match condition {
        Condition::Not(part) => truth(part, start).map(|answer| !answer),
        Condition::All(parts) => joined(parts, start, false),
        Condition::Any(parts) => joined(parts, start, true),
        Condition::Is(leaf) => leaf_truth(leaf, start),
    }
}

/// Parts of which one alone decides when it is `decisive`.
fn joined(parts: &[Condition], start: Option<Money>, decisive: bool) -> Option<bool> {
    let mut all = Some(!decisive);
    for part in parts {
        match truth(part, start) {
            Some(answer) if answer == decisive => return Some(decisive),
            Some(_) => {}
            None => all = None,
        }
    }
    all
}

fn leaf_truth(leaf: &Leaf, start: Option<Money>) -> Option<bool> {
    match leaf {
        // Amounts and levels are above zero, a floor lies below its mark, and what
        // is not held offends nothing.
        Leaf::Pnl(_)
        | Leaf::ProfitFloor(_)
        | Leaf::MaxLoss(_)
        | Leaf::Windows(_)
        | Leaf::Position(_)
        | Leaf::Orders(_) => Some(false),
        // A mark that is given tells of an account that is not at its start.
        Leaf::TrailingDrawdown(drawdown) => drawdown.high_water.is_none().then_some(false),
        Leaf::At(_) | Leaf::NoData(_) => None,
        Leaf::Expr(expr) => expr.checked.evaluate(&Flat(start)),
    }
}

/// A flat account that has done nothing since it began with this.
struct Flat(Option<Money>);

impl Values for Flat {
    fn value(&self, variable: Variable) -> Option<Value> {
        let start = || Some(Value::Number(self.0?.decimal()));
        match variable {
            Variable::Balance
            | Variable::Equity
            | Variable::StartingBalance
            | Variable::SessionOpenBalance
            | Variable::SessionOpenEquity
            | Variable::SessionEquityHigh
            | Variable::SessionBalanceHigh
            | Variable::LifetimeEquityHigh
            | Variable::LifetimeBalanceHigh => start(),
            Variable::SessionPnl
            | Variable::Realized
            | Variable::Unrealized
            | Variable::WeekPnl
            | Variable::WeekRealized
            | Variable::MonthPnl
            | Variable::MonthRealized
            | Variable::LifetimePnl
            | Variable::LifetimeRealized
            | Variable::SessionPnlHigh
            | Variable::UnrealizedHigh
            | Variable::Positions
            | Variable::Contracts
            | Variable::LongContracts
            | Variable::ShortContracts
            | Variable::WorkingOrders
            | Variable::LargestOrder => Some(Value::Number(Decimal::ZERO)),
            Variable::IsFlat => Some(Value::Flag(true)),
            Variable::MinutesSinceOpen | Variable::MinutesToClose | Variable::DataAgeSeconds => {
                None
            }
        }
    }
}

/// What would be right where a sign was forgotten: a loss is below zero.
fn help(condition: &Condition) -> Option<String> {
    let Condition::Is(leaf) = condition else {
        return None;
    };
    let Leaf::Expr(expr) = &**leaf else {
        return None;
    };
    let (variable, how, limit) = expr.checked.bound()?;
    let sign = match how {
        Comparison::Below => "<",
        Comparison::AtOrBelow => "<=",
        Comparison::Above | Comparison::AtOrAbove | Comparison::Equal | Comparison::NotEqual => {
            return None;
        }
    };
    let is_result = Flat(None).value(variable) == Some(Value::Number(Decimal::ZERO))
        && variable.kind() == VariableKind::Money;
    (is_result && limit > Decimal::ZERO).then(|| {
        let limit = limit.normalize();
        format!("a loss is below zero: write `{variable} {sign} -{limit}`")
    })
}
