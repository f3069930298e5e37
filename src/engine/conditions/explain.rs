//! Trees of conditions in plain words.

use super::kind;
use crate::rules::book::{Account, Condition, Leaf};

/// A whole condition, with "when" in front unless it is a schedule alone.
pub(in crate::engine) fn tree_in_words(condition: &Condition, accounts: &[&Account]) -> String {
    if is_schedule(condition) {
        part(condition, accounts)
    } else {
        format!("when {}", part(condition, accounts))
    }
}

fn part(condition: &Condition, accounts: &[&Account]) -> String {
    match condition {
        Condition::All(parts) => joined(parts, " and ", accounts),
        Condition::Any(parts) => joined(parts, " or ", accounts),
        Condition::Not(inner) => format!("not ({})", part(inner, accounts)),
        Condition::Is(leaf) => kind::of(leaf).explain(accounts),
    }
}

fn joined(parts: &[Condition], word: &str, accounts: &[&Account]) -> String {
    let texts: Vec<String> = parts
        .iter()
        .map(|inner| match inner {
            Condition::All(_) | Condition::Any(_) => format!("({})", part(inner, accounts)),
            _ => part(inner, accounts),
        })
        .collect();
    texts.join(word)
}

/// Whether a condition fires by the clock, and not when something becomes true.
fn is_schedule(condition: &Condition) -> bool {
    matches!(condition, Condition::Is(leaf) if matches!(**leaf, Leaf::At(_)))
}
