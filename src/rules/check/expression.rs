//! `expr`: an expression, and where in the file its mistakes stand.

use std::ops::Range;

use super::rule::Scope;
use crate::rules::book::Expr;
use crate::rules::diagnostic::{Diagnostic, Findings, Place};
use crate::rules::expression::{Expression, numbers};
use crate::rules::node::Node;
use crate::rules::read;

pub(super) fn expr(node: &Node<'_>, scope: &Scope<'_>, findings: &mut Findings) -> Option<Expr> {
    let text = read::text(node, findings)?;
    match Expression::parse(text) {
        Ok(checked) => {
            for variable in checked.reads() {
                if variable.needs_starting_balance() {
                    scope.need_starting_balance(node.place, &format!("`{variable}`"), findings);
                }
            }
            warn_of_thousands(node, text, findings);
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

fn warn_of_thousands(node: &Node<'_>, text: &str, findings: &mut Findings) {
    // Nearly every expression has no point.
    if !text.contains('.') {
        return;
    }
    for span in numbers(text) {
        let number = text.get(span.clone()).unwrap_or_default();
        if let Ok(value) = number.replace('_', "").parse() {
            read::warn_of_thousands(place(node, text, span), number, value, findings);
        }
    }
}

/// The place of a part of the text; all of it where the file writes the text in
/// another way than it reads: on several lines, with escapes, or elsewhere.
fn place(node: &Node<'_>, text: &str, span: Range<usize>) -> Place {
    part_of(node, text, span).unwrap_or(node.place)
}

fn part_of(node: &Node<'_>, text: &str, span: Range<usize>) -> Option<Place> {
    let whole = node.place;
    let quotes = match whole
        .end
        .checked_sub(whole.start)?
        .checked_sub(small(text.len())?)?
    {
        0 => 0,
        2 => 1,
        _ => return None,
    };
    if node.origin.is_some() || text.contains('\n') {
        return None;
    }
    let before = text.get(..span.start)?;
    let start = whole.start.checked_add(quotes)?;
    Some(Place {
        start: start.checked_add(small(span.start)?)?,
        end: start.checked_add(small(span.end)?)?,
        line: whole.line,
        column: whole
            .column
            .checked_add(quotes)?
            .checked_add(small(before.chars().count())?)?,
    })
}

fn small(count: usize) -> Option<u32> {
    u32::try_from(count).ok()
}
