//! Warnings: what is possible, and probably not meant.

use std::collections::HashSet;
use std::sync::Arc;

use super::Declared;
use crate::domain::account::AccountName;
use crate::domain::severity::Severity;
use crate::rules::book::{Action, Leaf, Rule};
use crate::rules::diagnostic::{Diagnostic, Findings, quoted};
use crate::rules::keys::Fields;

/// Warnings about one rule.
pub(super) fn rule(rule: &Rule, fields: &Fields<'_, '_>, findings: &mut Findings) {
    let has = |test: fn(&Action) -> bool| rule.then.iter().any(test);
    let flattens = has(|action| matches!(action, Action::Flatten));
    let closes = has(|action| matches!(action, Action::ClosePosition));
    let locks = has(|action| matches!(action, Action::Lock { .. }));
    let acts = has(|action| !matches!(action, Action::Notify(_)));
    let place = fields.place("then");
    if locks && !flattens {
        let message = "this rule locks the account without `flatten`";
        let help = "a lock flattens whatever it finds; add `flatten` so that the rule says so";
        findings.push(Diagnostic::warning(place, message).help(help));
    } else if acts && !flattens && !closes && rule.when.has_leaf(Leaf::rearms_by_session) {
        let message = "this rule tests a result and leaves positions open";
        let help = "add `flatten`, or `close_position` where single positions are tested";
        findings.push(Diagnostic::warning(place, message).help(help));
    }
    if flattens && closes {
        let message = "`flatten` closes every position; `close_position` adds nothing";
        findings.push(Diagnostic::warning(place, message).help("keep one of them"));
    }
}

/// Warns of what nobody would hear of.
pub(super) fn warn_unnotified(
    rule: &Rule,
    declared: &Declared,
    fields: &Fields<'_, '_>,
    findings: &mut Findings,
) {
    // Of a file that cannot be used nothing is heard at all.
    if findings.errors() > 0 {
        return;
    }
    if !rule.notifiers().is_empty() {
        return warn_unnotified_warnings(rule, declared, fields, findings);
    }
    let mut names: Vec<&str> = declared.notifier_names.iter().map(String::as_str).collect();
    names.sort_unstable();
    // Without notifiers nobody wants to hear; warnings were asked for.
    let (place, message) = match (rule.warn_at.is_empty(), names.is_empty()) {
        (false, _) => (
            fields.place("warn_at"),
            "nobody hears of these warnings".to_owned(),
        ),
        (true, false) if rule.enabled => (
            fields.place("then"),
            format!("nobody hears when {} fires", quoted(rule.name.as_str())),
        ),
        _ => return,
    };
    let help = match names.first() {
        Some(name) => format!("add `{{ notify: {name} }}` to `then`"),
        None => "add `notify:` to the file and to the rule".to_owned(),
    };
    findings.push(Diagnostic::warning(place, message).help(help));
}

/// Warns of warnings that every notifier of the rule is deaf to.
fn warn_unnotified_warnings(
    rule: &Rule,
    declared: &Declared,
    fields: &Fields<'_, '_>,
    findings: &mut Findings,
) {
    if rule.warn_at.is_empty() {
        return;
    }
    let is_deaf = |name| {
        let mut known = declared.notifiers.iter();
        known.any(|one| one.name == name && one.severity > Severity::Warning)
    };
    if rule.notifiers().into_iter().all(is_deaf) {
        let message = "nobody hears of these warnings: the notifiers hear only what is critical";
        let help = "add one with `severity: warning` or `info` to `notify:` of the rule";
        findings.push(Diagnostic::warning(fields.place("warn_at"), message).help(help));
    }
}

/// Warnings about what is declared and not used.
pub(super) fn unused(
    fields: &Fields<'_, '_>,
    declared: &Declared,
    rules: &[Arc<Rule>],
    findings: &mut Findings,
) {
    let enabled = rules.iter().filter(|rule| rule.enabled);
    let watched: HashSet<&AccountName> = enabled.flat_map(|rule| &rule.accounts).collect();
    for draft in &declared.accounts {
        if !watched.contains(&draft.name) {
            let message = format!("no rule watches the account `{}`", draft.name);
            let help = "add it to the `accounts` of a rule";
            findings.push(Diagnostic::warning(draft.place, message).help(help));
        }
    }
    let venues: HashSet<&str> = declared
        .accounts
        .iter()
        .filter_map(|draft| draft.venue.as_ref())
        .map(|venue| venue.as_str())
        .collect();
    let sessions: HashSet<&str> = declared
        .accounts
        .iter()
        .filter_map(|draft| draft.session.as_ref())
        .map(|session| session.name())
        .collect();
    // A notifier that no rule names is used all the same: messages that concern
    // no rule go to every one.
    for (section, used) in [("venues", venues), ("sessions", sessions)] {
        let entries = fields.get(section).and_then(|node| node.entries());
        for entry in entries.unwrap_or_default() {
            if !used.contains(entry.key.as_ref()) {
                let message = format!("nothing uses `{}`", entry.key);
                findings.push(Diagnostic::warning(entry.key_place, message));
            }
        }
    }
}
