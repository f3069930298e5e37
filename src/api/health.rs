//! Whether riskd is well, and what is wrong if it is not.

use super::status::{Status, VenueStatus};
use crate::engine::status::AccountStatus;

/// Rounds after which enforcement is said not to get there.
const MANY_ROUNDS: u32 = 5;

/// Everything that a person should look at; none when all is well.
pub fn problems(status: &Status) -> Vec<String> {
    let mut problems = Vec::new();
    if !status.ready {
        problems.push("not every account was observed since the start".to_owned());
    }
    if status.record.state != "good" {
        let reason = status.record.reason.as_deref().unwrap_or("unknown reason");
        problems.push(format!("the record cannot be written: {reason}"));
    }
    if status.rules.refused.is_some() {
        problems.push("the rule file was refused; older rules are in force".to_owned());
    }
    problems.extend(status.venues.iter().filter_map(venue));
    problems.extend(status.accounts.iter().filter_map(data));
    problems.extend(status.accounts.iter().filter_map(enforcement));
    problems
}

fn venue(venue: &VenueStatus) -> Option<String> {
    let failure = venue.failure.as_ref()?;
    Some(format!("venue {}: {failure}", venue.venue))
}

fn data(account: &AccountStatus) -> Option<String> {
    if !matches!(account.data, "none" | "missing") {
        return None;
    }
    let reason = account.data_reason.as_deref().unwrap_or("not observed yet");
    Some(format!(
        "{}: no trustworthy figures for {} s ({reason})",
        account.account, account.data_age_seconds
    ))
}

fn enforcement(account: &AccountStatus) -> Option<String> {
    let enforcement = account.enforcement.as_ref()?;
    let round = enforcement.round;
    (round > MANY_ROUNDS).then(|| {
        format!(
            "{} is not {} after {round} rounds; riskd goes on",
            account.account,
            enforcement.goals.join(" and ")
        )
    })
}
