//! Rules in plain words, made from the values that riskd will use: who reads
//! them sees whether he was understood.

use super::conditions::tree_in_words;
use super::conditions::words::same;
use crate::domain::duration;
use crate::domain::time_of_day::TimeOfDay;
use crate::rules::book::RuleBook;
use crate::rules::book::{Account, Action, Rearm, Rule, Until};

/// A rule as one sentence or two.
pub fn rule(rules: &RuleBook, rule: &Rule) -> String {
    let accounts: Vec<&Account> = rule
        .accounts
        .iter()
        .filter_map(|name| rules.account(name))
        .map(AsRef::as_ref)
        .collect();
    let names: Vec<&str> = rule.accounts.iter().map(|name| name.as_str()).collect();
    let mut text = format!("{}: ", rule.name);
    if !rule.enabled {
        text.push_str("(disabled) ");
    }
    text.push_str(&format!("on {}: ", names.join(", ")));
    text.push_str(&tree_in_words(&rule.when, &accounts));
    text.push_str(&patience(rule));
    text.push_str(&format!(": {}. ", actions(&rule.then, &accounts)));
    text.push_str(&warnings(rule));
    text.push_str(rearm(rule.rearm).as_str());
    text
}

/// Every rule of a file, in its order.
pub fn rules(rules: &RuleBook) -> Vec<String> {
    rules.rules.iter().map(|one| rule(rules, one)).collect()
}

fn patience(rule: &Rule) -> String {
    let mut text = String::new();
    if let Some(hold) = rule.hold {
        text.push_str(&format!(", for {} without a break", duration::write(hold)));
    }
    if rule.confirm > 1 {
        text.push_str(&format!(", on {} observations in a row", rule.confirm));
    }
    text
}

fn actions(then: &[Action], accounts: &[&Account]) -> String {
    let texts: Vec<String> = then
        .iter()
        .map(|action| one_action(action, accounts))
        .collect();
    sequence(&texts)
}

fn one_action(action: &Action, accounts: &[&Account]) -> String {
    match action {
        Action::CancelOrders => "cancel all orders".to_owned(),
        Action::Flatten => "flatten".to_owned(),
        Action::ClosePosition => "close the offending positions".to_owned(),
        Action::Lock { until: end } => {
            format!("keep the account flat and quiet {}", until(*end, accounts))
        }
        Action::CloseOnly { until: end } => {
            format!(
                "allow only orders that reduce a position {}",
                until(*end, accounts)
            )
        }
        Action::Notify(name) => format!("notify {name}"),
    }
}

fn until(end: Until, accounts: &[&Account]) -> String {
    match end {
        Until::SessionEnd => match same(accounts, |account| {
            let session = &account.session;
            (TimeOfDay::from(session.open()), session.timezone())
        }) {
            Some((open, zone)) => format!("until the next session opens ({open} {zone})"),
            None => "until the account's next session opens".to_owned(),
        },
        Until::TimeOfDay(time) => {
            let time = TimeOfDay::from(time);
            match same(accounts, |account| account.session.timezone()) {
                Some(zone) => format!("until {time} {zone}"),
                None => format!("until {time} in the zone of the account's session"),
            }
        }
        Until::For(span) => format!("for {}", duration::write(span)),
        Until::Manual => "until a person unlocks it".to_owned(),
    }
}

fn warnings(rule: &Rule) -> String {
    if rule.warn_at.is_empty() {
        return String::new();
    }
    let shares: Vec<String> = rule.warn_at.iter().map(ToString::to_string).collect();
    format!("Warns at {} of the limit. ", sequence(&shares))
}

fn rearm(rearm: Rearm) -> String {
    match rearm {
        Rearm::Session => "Fires once a session.".to_owned(),
        Rearm::Clear => "May fire again once the condition was false.".to_owned(),
        Rearm::Flat => "May fire again once the account was flat and quiet.".to_owned(),
        Rearm::Never => "Fires once, until a person re-arms it.".to_owned(),
        Rearm::After(span) => format!("May fire again after {}.", duration::write(span)),
    }
}

/// "a, b and c".
fn sequence(texts: &[String]) -> String {
    match texts.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}
