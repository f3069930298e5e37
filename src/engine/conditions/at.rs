//! `at`: true once at each scheduled time.

use super::Context;
use crate::domain::observation::Timestamp;
use crate::engine::record::Fields;
use crate::engine::truth::Truth;
use crate::rules::ruleset::At;

/// A span of time in which nothing is scheduled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pause {
    handled: Timestamp,
    from: Timestamp,
    next: Option<Timestamp>,
}

impl Pause {
    fn holds(&self, handled: Timestamp, now: Timestamp) -> bool {
        self.handled == handled && self.from <= now && self.next.is_none_or(|next| now < next)
    }
}

/// True while a scheduled time after `handled` waits to be acted upon.
pub(super) fn read(
    rule: &At,
    handled: Timestamp,
    pause: &mut Option<Pause>,
    now: Timestamp,
) -> Truth {
    if pause.is_some_and(|pause| pause.holds(handled, now)) {
        return Truth::False;
    }
    let due = due(rule, handled, now);
    *pause = match due {
        Some(_) => None,
        None => Some(Pause {
            handled,
            from: now,
            next: rule.schedule.next(now),
        }),
    };
    Truth::from(due.is_some())
}

/// Whether the pause begins now, or there is none.
pub(super) fn is_new(pause: Option<Pause>, now: Timestamp) -> bool {
    pause.is_none_or(|pause| pause.from == now)
}

/// The scheduled time that waits to be acted upon: the newest one after
/// `handled` that is not too old to be caught up.
pub(super) fn due(rule: &At, handled: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let oldest = now.checked_sub_signed(rule.catch_up).unwrap_or(handled);
    rule.schedule
        .latest(now, handled)
        .filter(|due| *due >= oldest)
}

/// The next scheduled time, while one is known to come.
pub(super) fn deadline(pause: Option<Pause>) -> Option<Timestamp> {
    pause.and_then(|pause| pause.next)
}

pub(super) fn describe(rule: &At, handled: Timestamp, context: &Context<'_>, fields: &mut Fields) {
    let due = due(rule, handled, context.now.wall);
    fields
        .put("metric", "schedule")
        .put("cron", rule.schedule.cron())
        .put("timezone", rule.schedule.timezone().name())
        .put_known("due", due.map(|due| due.to_rfc3339()))
        .put_known("due_local", due.map(|due| local(rule, due)))
        .put_known(
            "late_seconds",
            due.map(|due| context.now.wall.signed_duration_since(due).num_seconds()),
        );
}

/// The time as the schedule says it: `2026-03-05 09:31 America/New_York`.
fn local(rule: &At, due: Timestamp) -> String {
    let timezone = rule.schedule.timezone();
    let local = due.with_timezone(&timezone);
    format!("{} {}", local.format("%Y-%m-%d %H:%M"), timezone.name())
}
