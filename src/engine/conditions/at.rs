//! `at`: true once at each scheduled time.

use super::kind::{Asked, ConditionKind};
use super::{Context, Reading};
use crate::domain::duration;
use crate::domain::observation::Timestamp;
use crate::engine::record::Fields;
use crate::engine::truth::Truth;
use crate::rules::book::{Account, At, Leaf};

impl ConditionKind for At {
    /// True while a scheduled time after `handled` waits to be acted upon.
    fn read(&self, asked: &mut Asked<'_>, context: &Context<'_>) -> Reading {
        let is_due = asked.clock.is_due(self, asked.handled, context.now.wall);
        Reading::of(Truth::from(is_due))
    }

    fn describe(
        &self,
        _: &Reading,
        handled: Timestamp,
        context: &Context<'_>,
        fields: &mut Fields,
    ) {
        let due = due(self, handled, context.now.wall);
        fields
            .put("metric", "schedule")
            .put("cron", self.schedule.cron())
            .put("timezone", self.schedule.timezone().name())
            .put_known("due", due.map(|due| due.to_rfc3339()))
            .put_known("due_local", due.map(|due| local(self, due)))
            .put_known(
                "late_seconds",
                due.map(|due| context.now.wall.signed_duration_since(due).num_seconds()),
            );
    }

    fn explain(&self, _: &[&Account]) -> String {
        format!(
            "at each time of `{}` {} (a missed one is caught up for {})",
            self.schedule.cron(),
            self.schedule.timezone(),
            duration::write(self.catch_up)
        )
    }

    /// More times, each caught up for as long.
    fn is_as_tight_as(&self, old: &Leaf) -> bool {
        let Leaf::At(old) = old else {
            return false;
        };
        let At { schedule, catch_up } = self;
        schedule.has_all_of(&old.schedule) && *catch_up >= old.catch_up
    }
}

/// The scheduled time that waits to be acted upon: the newest one after
/// `handled` that is not too old to be caught up.
pub(super) fn due(rule: &At, handled: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let oldest = now.checked_sub_signed(rule.catch_up).unwrap_or(handled);
    rule.schedule
        .latest(now, handled)
        .filter(|due| *due >= oldest)
}

/// The time as the schedule says it: `2026-03-05 09:31 America/New_York`.
fn local(rule: &At, due: Timestamp) -> String {
    let timezone = rule.schedule.timezone();
    let local = due.with_timezone(&timezone);
    format!("{} {}", local.format("%Y-%m-%d %H:%M"), timezone.name())
}
