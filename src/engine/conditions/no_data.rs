//! `no_data`: the newest trustworthy observation is too old.

use chrono::TimeDelta;

use super::Context;
use crate::domain::duration;
use crate::domain::observation::Timestamp;
use crate::engine::record::Fields;
use crate::engine::truth::Truth;
use crate::rules::ruleset::NoData;

/// Never unknown: it is the one condition about not knowing.
pub(super) fn read(rule: &NoData, context: &Context<'_>) -> Truth {
    let age = context.now.since(context.data_since);
    Truth::from(age >= rule.after)
}

/// When it becomes true if nothing is learned until then, by the steady clock.
pub(super) fn deadline(rule: &NoData, context: &Context<'_>) -> Option<Timestamp> {
    context.data_since.checked_add_signed(rule.after)
}

pub(super) fn describe(rule: &NoData, context: &Context<'_>, fields: &mut Fields) {
    let age = context.now.since(context.data_since);
    let is_old = age >= rule.after;
    // In full seconds, unless that would make it younger than the limit.
    let seconds = TimeDelta::seconds(age.num_seconds());
    let shown = if is_old {
        seconds.max(rule.after)
    } else {
        seconds
    };
    let (age_words, limit) = (duration::write(shown), duration::write(rule.after));
    let reason = if is_old {
        format!("no trustworthy data for {age_words} (limit {limit})")
    } else {
        format!("the newest trustworthy data is {age_words} old (limit {limit})")
    };
    fields
        .put("metric", "age of the newest trustworthy observation")
        .put("comparison", "at or above")
        .put("reason", reason)
        .put("age_seconds", age.num_seconds())
        .put("limit_seconds", rule.after.num_seconds());
}
