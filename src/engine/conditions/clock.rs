//! Where the present lies to the calendars of a condition. Finding that out takes
//! microseconds, so that an answer is kept until it may be another one.

use super::at;
use crate::domain::observation::Timestamp;
use crate::domain::window::{Window, WindowReading, read_any};
use crate::rules::book::{At, Condition};

/// Where the present lies to the calendar of one kind.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Clock {
    /// There is none, or it was not asked for.
    #[default]
    Unknown,
    /// Windows: so from this instant on.
    Windows(Timestamp, WindowReading),
    /// A schedule: a scheduled time waits to be acted upon.
    Due,
    /// A schedule: none waits.
    Pause(Pause),
}

/// A span of time in which nothing is scheduled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pause {
    /// Scheduled times up to this one had been decided.
    handled: Timestamp,
    from: Timestamp,
    next: Option<Timestamp>,
}

impl Clock {
    /// Where `now` lies to these windows.
    pub(super) fn windows(&mut self, windows: &[Window], now: Timestamp) -> WindowReading {
        if let Clock::Windows(from, known) = *self
            && from <= now
            && now < known.until
        {
            return known;
        }
        let reading = read_any(windows, now);
        *self = Clock::Windows(now, reading);
        reading
    }

    /// Whether a scheduled time after `handled` waits to be acted upon.
    pub(super) fn is_due(&mut self, rule: &At, handled: Timestamp, now: Timestamp) -> bool {
        if let Clock::Pause(pause) = self
            && pause.handled == handled
            && pause.from <= now
            && pause.next.is_none_or(|next| now < next)
        {
            return false;
        }
        *self = match at::due(rule, handled, now) {
            Some(_) => Clock::Due,
            None => Clock::Pause(Pause {
                handled,
                from: now,
                next: rule.schedule.next(now),
            }),
        };
        matches!(self, Clock::Due)
    }

    /// When the answer may be another one.
    const fn until(&self) -> Option<Timestamp> {
        match self {
            // What is due stays so until it is acted upon.
            Clock::Unknown | Clock::Due => None,
            Clock::Windows(_, reading) => Some(reading.until),
            Clock::Pause(pause) => pause.next,
        }
    }
}

/// The same for each kind of a tree, in the order in which it is read.
#[derive(Clone, Debug)]
pub struct Clocks(Vec<Clock>);

impl Clocks {
    /// Room for the kinds of this tree.
    pub fn of(condition: &Condition) -> Clocks {
        let mut clocks = Vec::new();
        condition.for_each_leaf(&mut |_| clocks.push(Clock::Unknown));
        Clocks(clocks)
    }

    pub(super) fn iter_mut(&mut self) -> std::slice::IterMut<'_, Clock> {
        self.0.iter_mut()
    }

    /// Whether a scheduled time of the tree, as it was read last, waits to be
    /// acted upon.
    pub fn has_due_time(&self) -> bool {
        self.0.iter().any(|clock| matches!(clock, Clock::Due))
    }

    /// The next instant by the wall clock at which a calendar changes an answer.
    pub fn until(&self) -> Option<Timestamp> {
        self.0.iter().filter_map(Clock::until).min()
    }
}
