//! What of an edit would wait for the next session.

use std::path::Path;

use crate::daemon::{database_path, load_rules};
use crate::engine::loosening::is_looser;
use crate::rules::ruleset::{Loosening, RuleSet};
use crate::store::Reader;

/// What of this edit would wait for the next session, compared with the rules
/// that the record says are in force. Without a record there is nothing to
/// compare with.
pub(super) fn lines(path: &Path, rules: &RuleSet) -> Vec<String> {
    let Some(old) = in_force(path, rules) else {
        return Vec::new();
    };
    // The edit that allows loosening is itself one that loosens.
    let held = [&old, rules].map(|rules| rules.daemon.loosening);
    if !held.contains(&Loosening::NextSession) {
        return Vec::new();
    }
    old.rules
        .iter()
        .filter(|rule| rule.enabled)
        .filter_map(|rule| {
            let new = rules.rules.iter().find(|new| new.name == rule.name);
            let why = match new {
                Some(new) if is_looser(rule, new) => "this edit may loosen it",
                Some(_) => return None,
                None => "this edit removes it",
            };
            Some(format!(
                "{}: stays as it is until each account's next session: {why}, and `loosening` is `next_session`",
                rule.name
            ))
        })
        .collect()
}

fn in_force(path: &Path, rules: &RuleSet) -> Option<RuleSet> {
    let database = database_path(None, Some(rules));
    let text = crate::cli::runtime::short(async {
        let reader = Reader::open(&database).await?;
        let text = reader.rules_in_force().await?;
        reader.close().await;
        Ok(text)
    });
    load_rules(path, &text.ok()??).rules
}
