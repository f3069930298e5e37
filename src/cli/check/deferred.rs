//! What of an edit would wait for the next session.

use std::path::Path;

use crate::daemon::{database_path, load_kept};
use crate::engine::loosening::is_looser;
use crate::rules::book::{Account, Loosening, Rule};
use crate::rules::ruleset::RuleSet;
use crate::store::Reader;

/// What of this edit would wait for the next session, compared with the rules
/// that the record says are in force. Without a record there is nothing to
/// compare with.
pub(super) fn lines(path: &Path, rules: &RuleSet) -> Vec<String> {
    let Some(old) = in_force(path, rules) else {
        return Vec::new();
    };
    // The edit that allows loosening is itself one that loosens.
    let held = [&old, rules].map(|rules| rules.book.loosening);
    if !held.contains(&Loosening::NextSession) {
        return Vec::new();
    }
    let enabled = old.book.rules.iter().filter(|rule| rule.enabled);
    let of_rules = enabled.filter_map(|rule| held_rule(rule, rules));
    let accounts = old.book.accounts.iter();
    of_rules
        .chain(accounts.filter_map(|account| deferred_account(account, rules)))
        .collect()
}

fn held_rule(rule: &Rule, rules: &RuleSet) -> Option<String> {
    let why = match rules.book.rules.iter().find(|new| new.name == rule.name) {
        None => "this edit removes it".to_owned(),
        Some(new) if is_looser(rule, new) => "this edit may loosen it".to_owned(),
        Some(new) => {
            let is_kept = |account| new.accounts.contains(account);
            let left = rule.accounts.iter().filter(|account| !is_kept(account));
            let left: Vec<&str> = left.map(|account| account.as_str()).collect();
            if left.is_empty() {
                return None;
            }
            format!("this edit takes {} out of its scope", left.join(", "))
        }
    };
    Some(format!(
        "{}: stays as it is until each account's next session: {why}, and `loosening` is `next_session`",
        rule.name
    ))
}

fn deferred_account(account: &Account, rules: &RuleSet) -> Option<String> {
    let name = &account.name;
    let same = rules
        .account(name)
        .filter(|new| new.number == account.number);
    let Some(new) = same else {
        return Some(format!(
            "{name}: is taken out of the file, or has another number: a reload is refused until its session has closed, because `loosening` is `next_session`"
        ));
    };
    let days = (new.session != account.session).then_some("trading days");
    let balance =
        account.starting_balance.is_some() && new.starting_balance != account.starting_balance;
    let balance = balance.then_some("starting balance");
    let what: Vec<&str> = days.into_iter().chain(balance).collect();
    (!what.is_empty()).then(|| {
        format!(
            "{name}: keeps its {} until its next session: a change could loosen a rule, and `loosening` is `next_session`",
            what.join(" and ")
        )
    })
}

fn in_force(path: &Path, rules: &RuleSet) -> Option<RuleSet> {
    let database = database_path(None, Some(&rules.daemon));
    let kept = crate::cli::runtime::short(async {
        let reader = Reader::open(&database).await?;
        let kept = reader.rules_in_force().await?;
        reader.close().await;
        Ok(kept)
    });
    load_kept(path, &kept.ok()??).rules
}
