//! One rule.

use std::collections::{HashMap, HashSet};

use super::accounts::{Balance, Draft};
use super::condition::condition;
use super::{Declared, actions, flat, lints, unknown_name};
use crate::domain::account::{NotifierName, RuleName};
use crate::domain::instrument::Dialect;
use crate::domain::money::Fraction;
use crate::rules::book::{Condition, Leaf, PositionLimit, Rearm, Rule};
use crate::rules::diagnostic::{Diagnostic, Findings, Place, quoted};
use crate::rules::keys::Fields;
use crate::rules::node::{Node, Value};
use crate::rules::read;
use crate::rules::tables::{self, MAX_CONFIRM};
use rust_decimal::Decimal;

/// Longest rule name, in bytes.
pub(crate) const MAX_RULE_NAME: usize = 100;

/// What the parts of a rule must know of the rest of it.
pub(super) struct Scope<'d> {
    /// The accounts that the rule matches.
    pub(super) accounts: Vec<&'d Draft>,
    /// Where `hold` or a `confirm` above 1 stands.
    pub(super) patience: Option<Place>,
}

impl Scope<'_> {
    /// How instruments of the rule are read: with roots and months where each of its
    /// accounts is at a venue that has them, else as they stand.
    pub(super) fn dialect(&self) -> Dialect {
        let mut profiles = self.accounts.iter().filter_map(|account| account.profile);
        if profiles.all(|profile| profile.dialect == Dialect::Futures) {
            Dialect::Futures
        } else {
            Dialect::Symbols
        }
    }

    /// Reports the first account without a starting balance; `why` says what
    /// needs one.
    pub(super) fn need_starting_balance(&self, place: Place, why: &str, findings: &mut Findings) {
        let lacks = |draft: &&&Draft| draft.starting_balance == Balance::NotGiven;
        if let Some(draft) = self.accounts.iter().find(lacks) {
            let message = format!(
                "{why} needs a starting balance, and `{}` has none",
                draft.name
            );
            let help = format!("add `starting_balance:` to the account `{}`", draft.name);
            findings.push(Diagnostic::error(place, message).help(help));
        }
    }
}

/// Reports a rule whose name was used before.
pub(super) fn name_once<'n>(
    node: &'n Node<'_>,
    names: &mut HashMap<&'n str, Place>,
    findings: &mut Findings,
) {
    let Some(name) = node.get("name") else {
        return;
    };
    let Some(text) = name.scalar() else {
        return;
    };
    match names.get(text) {
        Some(first) => {
            let message = format!("there are two rules with the name {}", quoted(text));
            let help = format!(
                "the first is on line {}; state is kept under the name, so give this one another",
                first.line
            );
            findings.push(Diagnostic::error(name.place, message).help(help));
        }
        None => {
            names.insert(text, name.place);
        }
    }
}

/// A whole rule.
pub(super) fn rule(node: &Node<'_>, declared: &Declared, findings: &mut Findings) -> Option<Rule> {
    let fields = Fields::open(node, &tables::RULE, findings)?;
    let before = findings.errors();
    let name = fields.read("name", findings, rule_name);
    let accounts = fields.read("accounts", findings, |node, findings| {
        matching(node, declared, findings)
    });
    let hold = fields.read("hold", findings, read::duration);
    let confirm = fields.read("confirm", findings, |node, findings| {
        read::whole(node, 1, MAX_CONFIRM, findings)
    });
    let patience = match (hold, confirm) {
        (Some(_), _) => Some(fields.place("hold")),
        (None, Some(2..)) => Some(fields.place("confirm")),
        _ => None,
    };
    let scope = Scope {
        accounts: accounts.unwrap_or_default(),
        patience,
    };
    let when = fields.read("when", findings, |node, findings| {
        condition(node, &scope, findings)
    });
    let then = fields.read("then", findings, |node, findings| {
        actions::actions(node, declared, findings)
    });
    let notify = fields.read("notify", findings, |node, findings| {
        notify(node, declared, findings)
    });
    let warn_at = fields.read("warn_at", findings, |node, findings| {
        warn_at(node, findings)
    });
    let rearm = fields.read("rearm", findings, rearm);
    let enabled = fields.read("enabled", findings, read::flag).unwrap_or(true);
    let description = fields.read("description", findings, read::text);
    let (when, then) = (when?, then?);
    let rule = Rule {
        name: RuleName::from(name?),
        description: description.map(str::to_owned),
        accounts: scope
            .accounts
            .iter()
            .map(|draft| draft.name.clone())
            .collect(),
        rearm: rearm.unwrap_or_else(|| default_rearm(&when)),
        when,
        then,
        hold,
        confirm: confirm.unwrap_or(1),
        warn_at: warn_at.unwrap_or_default(),
        enabled,
        notify: notify.unwrap_or_default(),
        line: usize::try_from(node.place.line).unwrap_or(usize::MAX),
    };
    if findings.errors() == before {
        check_key_combinations(&rule, &fields, findings);
    }
    if findings.errors() == before {
        lints::rule(&rule, &fields, findings);
        lints::warn_unnotified(&rule, declared, &fields, findings);
        flat::warn(&rule, &scope, fields.place("when"), findings);
    }
    Some(rule)
}

/// What concerns several keys of a rule that are right by themselves.
fn check_key_combinations(rule: &Rule, fields: &Fields<'_, '_>, findings: &mut Findings) {
    actions::fit_condition(rule, fields, findings);
    if !rule.warn_at.is_empty() && !rule.when.has_leaf(has_limit) {
        let message = "`warn_at` needs a condition with a limit to come near to";
        let help = "pnl, profit_floor, trailing_drawdown, max_loss, position and orders have one";
        findings.push(Diagnostic::error(fields.place("warn_at"), message).help(help));
    }
}

/// Whether there is a number that a value can come near to.
fn has_limit(leaf: &Leaf) -> bool {
    match leaf {
        Leaf::Pnl(_)
        | Leaf::ProfitFloor(_)
        | Leaf::TrailingDrawdown(_)
        | Leaf::MaxLoss(_)
        | Leaf::Orders(_) => true,
        Leaf::Position(PositionLimit {
            contracts,
            per_instrument,
            positions,
            ..
        }) => contracts.is_some() || !per_instrument.is_empty() || positions.is_some(),
        _ => false,
    }
}

fn default_rearm(when: &Condition) -> Rearm {
    if when.has_leaf(Leaf::rearms_by_session) {
        Rearm::Session
    } else {
        Rearm::Clear
    }
}

fn rule_name<'n>(node: &'n Node<'_>, findings: &mut Findings) -> Option<&'n str> {
    let text = read::line_of_text(node, findings)?;
    if text.len() <= MAX_RULE_NAME {
        return Some(text);
    }
    let message = format!("a rule's name has at most {MAX_RULE_NAME} bytes");
    findings.push(Diagnostic::error(node.place, message).help("put the rest into `description`"));
    None
}

/// The accounts that the patterns match, in the order of the file.
fn matching<'d>(
    node: &Node<'_>,
    declared: &'d Declared,
    findings: &mut Findings,
) -> Option<Vec<&'d Draft>> {
    let items = read::list(
        node,
        "a list of account names, groups or patterns",
        findings,
    )?;
    let mut chosen = vec![false; declared.accounts.len()];
    for item in items {
        let Some(pattern) = read::scalar(item, "an account name, a group or a pattern", findings)
        else {
            continue;
        };
        let mut any = false;
        for (draft, chosen) in declared.accounts.iter().zip(&mut chosen) {
            if is_meant(pattern, draft) {
                any = true;
                *chosen = true;
            }
        }
        // With a broken account in the file, it could be that one that is meant.
        if !any && declared.accounts_complete {
            findings.push(no_account(item.place, pattern, declared));
        }
    }
    let pairs = declared.accounts.iter().zip(chosen);
    Some(
        pairs
            .filter_map(|(draft, chosen)| chosen.then_some(draft))
            .collect(),
    )
}

fn is_meant(pattern: &str, draft: &Draft) -> bool {
    let plain = !pattern.contains(['*', '?']);
    let groups = draft.groups.iter().map(|group| group.as_str());
    std::iter::once(draft.name.as_str())
        .chain(groups)
        .any(|name| pattern == name || (!plain && glob(pattern, name)))
}

fn no_account(place: Place, pattern: &str, declared: &Declared) -> Diagnostic {
    let names = declared.accounts.iter().flat_map(|draft| {
        let groups = draft.groups.iter().map(|group| group.as_str());
        std::iter::once(draft.name.as_str()).chain(groups)
    });
    let mut seen = HashSet::new();
    let names: Vec<&str> = names.filter(|name| seen.insert(*name)).collect();
    let wrong = unknown_name(place, "account or group", pattern, names.into_iter());
    if pattern.contains(['*', '?']) {
        Diagnostic {
            message: format!("{} matches no account and no group", quoted(pattern)),
            ..wrong
        }
    } else {
        wrong
    }
}

/// Whether a pattern with `*` (any text) and `?` (any character) matches all
/// of a name.
fn glob(pattern: &str, name: &str) -> bool {
    let (mut pattern, mut name) = (pattern.chars(), name.chars());
    // Where to go on after the newest star, which takes one character more
    // each time that the rest does not fit.
    let mut retry = None;
    loop {
        let (before_pattern, before_name) = (pattern.clone(), name.clone());
        match (pattern.next(), name.next()) {
            (None, None) => return true,
            (Some('*'), _) => {
                name = before_name;
                retry = Some((pattern.clone(), name.clone()));
            }
            (Some('?'), Some(_)) => {}
            (Some(wanted), Some(found)) if wanted == found => {}
            (_, None) if retry.is_none() || before_pattern.as_str().is_empty() => return false,
            _ => {
                let Some((after_star, mut from)) = retry else {
                    return false;
                };
                if from.next().is_none() {
                    return false;
                }
                pattern = after_star.clone();
                name = from.clone();
                retry = Some((after_star, from));
            }
        }
    }
}

fn notify(
    node: &Node<'_>,
    declared: &Declared,
    findings: &mut Findings,
) -> Option<Vec<NotifierName>> {
    if let Value::Scalar { .. } = node.value {
        return actions::notifier(node, declared, findings).map(|name| vec![name]);
    }
    let items = read::list(node, "a notifier or a list of them", findings)?;
    let mut names = Vec::new();
    for item in items {
        match actions::notifier(item, declared, findings) {
            Some(name) if names.contains(&name) => {
                findings.push(Diagnostic::error(
                    item.place,
                    "this notifier is a duplicate",
                ));
            }
            Some(name) => names.push(name),
            None => {}
        }
    }
    Some(names)
}

fn warn_at(node: &Node<'_>, findings: &mut Findings) -> Option<Vec<Fraction>> {
    if let Some(meant) = node.scalar().and_then(read::meant_percent) {
        let message = "expected a list of percentages, found a plain value";
        let help = format!("write it as a list: `[{meant}]`");
        findings.push(Diagnostic::error(node.place, message).help(help));
        return None;
    }
    let items = read::list(node, "a list of percentages", findings)?;
    let mut shares: Vec<Fraction> = Vec::new();
    for item in items {
        match read::percent(item, Decimal::ONE_HUNDRED, false, findings) {
            Some(share) if shares.contains(&share) => {
                findings.push(Diagnostic::error(
                    item.place,
                    "this percentage is a duplicate",
                ));
            }
            Some(share) => shares.push(share),
            None => {}
        }
    }
    shares.sort_unstable();
    Some(shares)
}

fn rearm(node: &Node<'_>, findings: &mut Findings) -> Option<Rearm> {
    let text = read::scalar(node, "a word or a duration", findings)?;
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return read::duration(node, findings).map(Rearm::After);
    }
    let help = "write `session`, `clear`, `flat`, `never`, or a duration such as `10m`";
    read::word_or(node, "a known word or a duration", help, findings)
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn patterns_match_whole_names() {
        let cases = [
            ("*", "apex-1", true),
            ("*", "", true),
            ("apex-*", "apex-1", true),
            ("apex-*", "apex-", true),
            ("apex-*", "apex", false),
            ("apex-?", "apex-1", true),
            ("apex-?", "apex-12", false),
            ("*-1", "apex-1-1", true),
            ("*a*b", "xaxbxb", true),
            ("*a*b", "xaxbxc", false),
            ("a**b", "ab", true),
            ("?", "é", true),
            ("", "", true),
            ("", "a", false),
            ("apex", "apex-1", false),
            ("a*", "ba", false),
            ("*ab", "aab", true),
            ("a?", "a", false),
        ];
        for (pattern, name, expect) in cases {
            assert_eq!(glob(pattern, name), expect, "{pattern} {name}");
        }
    }
}
