//! What a start with `mode: enforce` arms again: rules that fired while riskd only
//! observed, by the record.

use crate::daemon::database_path;
use crate::domain::account::{AccountName, RuleName};
use crate::rules::ruleset::RuleSet;
use crate::rules::settings::Mode;
use crate::store::Reader;

/// A line for each rule of this file whose firing was not carried out. Without a
/// record nothing is known to have fired.
pub(super) fn lines(rules: &RuleSet) -> Vec<String> {
    if rules.daemon.mode == Mode::Observe {
        return Vec::new();
    }
    let is_in_force = |(account, rule): &(AccountName, RuleName)| {
        rules.rules_of(account).any(|known| known.name == *rule)
    };
    let undone = undone(rules).into_iter().filter(is_in_force);
    undone
        .map(|(account, rule)| {
            format!(
                "{rule}: fired on {account} while riskd only observed, and nothing was done; a start with `mode: enforce` arms it again, and it acts at once if its condition is true"
            )
        })
        .collect()
}

fn undone(rules: &RuleSet) -> Vec<(AccountName, RuleName)> {
    let database = database_path(None, Some(&rules.daemon));
    let undone = crate::cli::runtime::short(async {
        let reader = Reader::open(&database).await?;
        let undone = reader.undone_rules().await?;
        reader.close().await;
        Ok(undone)
    });
    undone.unwrap_or_default()
}
