//! `no_data`: the newest trustworthy observation is too old.

use chrono::TimeDelta;

use super::kind::{Asked, ConditionKind};
use super::{Context, Reading};
use crate::domain::duration;
use crate::domain::observation::Timestamp;
use crate::engine::record::Fields;
use crate::engine::truth::Truth;
use crate::rules::book::{Account, Leaf, NoData};

impl ConditionKind for NoData {
    fn read(&self, _: &mut Asked<'_>, context: &Context<'_>) -> Reading {
        let age = context.now.since(context.data_since);
        // Never unknown: it is the one condition about not knowing.
        Reading::of(Truth::from(age >= self.after))
    }

    fn describe(&self, _: &Reading, _: Timestamp, context: &Context<'_>, fields: &mut Fields) {
        let age = context.now.since(context.data_since);
        let is_old = age >= self.after;
        // In full seconds, unless that would make it younger than the limit.
        let seconds = TimeDelta::seconds(age.num_seconds());
        let shown = if is_old {
            seconds.max(self.after)
        } else {
            seconds
        };
        let (age_words, limit) = (duration::write(shown), duration::write(self.after));
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
            .put("limit_seconds", self.after.num_seconds());
    }

    fn explain(&self, _: &[&Account]) -> String {
        format!(
            "there is no trustworthy data for {}",
            duration::write(self.after)
        )
    }

    fn is_as_tight_as(&self, old: &Leaf) -> bool {
        let Leaf::NoData(old) = old else {
            return false;
        };
        let NoData { after } = self;
        *after <= old.after
    }

    /// When it becomes true if nothing is learned until then.
    fn steady_deadline(&self, context: &Context<'_>) -> Option<Timestamp> {
        context.data_since.checked_add_signed(self.after)
    }
}
