//! `expr`: an expression, and where in the file its mistakes stand.

use std::ops::Range;

use super::rule::Scope;
use crate::rules::diagnostic::{Diagnostic, Findings, Place};
use crate::rules::expression::Expression;
use crate::rules::node::Node;
use crate::rules::read;
use crate::rules::ruleset::Expr;

pub(super) fn expr(node: &Node<'_>, scope: &Scope<'_>, findings: &mut Findings) -> Option<Expr> {
    let text = read::text(node, findings)?;
    match Expression::parse(text) {
        Ok(checked) => {
            for variable in checked.reads() {
                if variable.needs_starting_balance() {
                    scope.need_starting_balance(node.place, &format!("`{variable}`"), findings);
                }
            }
            Some(Expr {
                text: text.into(),
                checked,
            })
        }
        Err(mistakes) => {
            for mistake in mistakes {
                let place = place(node, text, mistake.span);
                let wrong = Diagnostic::error(place, mistake.message);
                findings.push(wrong.maybe_help(mistake.help));
            }
            None
        }
    }
}

/// The place of a part of the text; all of it where the file writes the text in
/// another way than it reads: on several lines, with escapes, or elsewhere.
fn place(node: &Node<'_>, text: &str, span: Range<usize>) -> Place {
    let whole = node.place;
    let length = whole.end.saturating_sub(whole.start);
    let quotes = match length.checked_sub(text.len()) {
        Some(0) => 0,
        Some(2) => 1,
        _ => return whole,
    };
    if node.origin.is_some() || text.contains('\n') {
        return whole;
    }
    let before = text.get(..span.start).unwrap_or_default();
    let start = whole.start.saturating_add(quotes);
    Place {
        start: start.saturating_add(span.start),
        end: start.saturating_add(span.end),
        line: whole.line,
        column: whole
            .column
            .saturating_add(quotes)
            .saturating_add(before.chars().count()),
    }
}
