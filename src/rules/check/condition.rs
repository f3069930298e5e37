//! Condition trees: how kinds are combined. The kinds have their own files.

use super::rule::Scope;
use super::{drawdown, expression, holdings, pnl, time};
use crate::rules::book::{Breach, Condition, Leaf, WindowSide};
use crate::rules::diagnostic::{Diagnostic, Findings};
use crate::rules::keys::{Fields, open_one};
use crate::rules::node::{KeyValue, Node};
use crate::rules::read;
use crate::rules::tables;

/// A condition, which may be a tree.
pub(super) fn condition(
    node: &Node<'_>,
    scope: &Scope<'_>,
    findings: &mut Findings,
) -> Option<Condition> {
    let (key, entry) = open_one(node, &tables::CONDITION, findings)?;
    let value = &entry.value;
    match key.name {
        "all" => parts(value, scope, findings).map(Condition::All),
        "any" => parts(value, scope, findings).map(Condition::Any),
        "not" => {
            let inner = condition(value, scope, findings)?;
            if inner.has_leaf(|leaf| matches!(leaf, Leaf::At(_))) {
                let message =
                    "`at` is true for a moment only, so `not` of it is nearly always true";
                let help = "write the times as windows, with `inside` or `outside`";
                findings.push(Diagnostic::error(entry.key_place, message).help(help));
                return None;
            }
            Some(Condition::Not(Box::new(inner)))
        }
        kind => leaf(kind, entry, scope, findings).map(|leaf| Condition::Is(Box::new(leaf))),
    }
}

fn parts(node: &Node<'_>, scope: &Scope<'_>, findings: &mut Findings) -> Option<Vec<Condition>> {
    let items = read::list(node, "a list of conditions", findings)?;
    let read: Vec<Option<Condition>> = items
        .iter()
        .map(|item| condition(item, scope, findings))
        .collect();
    read.into_iter().collect()
}

fn leaf(
    kind: &str,
    entry: &KeyValue<'_>,
    scope: &Scope<'_>,
    findings: &mut Findings,
) -> Option<Leaf> {
    let value = &entry.value;
    match kind {
        "pnl" => pnl::pnl(value, scope, findings).map(Leaf::Pnl),
        "profit_floor" => pnl::profit_floor(value, findings).map(Leaf::ProfitFloor),
        "max_loss" => pnl::max_loss(value, scope, findings).map(Leaf::MaxLoss),
        "trailing_drawdown" => {
            drawdown::trailing_drawdown(value, scope, findings).map(Leaf::TrailingDrawdown)
        }
        "outside" => time::windows(value, WindowSide::Outside, scope, findings).map(Leaf::Windows),
        "inside" => time::windows(value, WindowSide::Inside, scope, findings).map(Leaf::Windows),
        "at" => time::at(value, entry.key_place, scope, findings).map(Leaf::At),
        "position" => holdings::position(value, scope, findings).map(Leaf::Position),
        "orders" => holdings::orders(value, findings).map(Leaf::Orders),
        "no_data" => time::no_data(value, scope, findings).map(Leaf::NoData),
        _ => expression::expr(value, scope, findings).map(Leaf::Expr),
    }
}

/// The `breach` of a kind.
pub(super) fn breach(fields: &Fields<'_, '_>, findings: &mut Findings) -> Breach {
    let read = fields.read("breach", findings, read::word);
    read.unwrap_or_default()
}
