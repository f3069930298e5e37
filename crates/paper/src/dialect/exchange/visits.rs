//! Counting the requests of a rolling window.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};

use crate::sim::clock;

/// Counts a visit unless there are as many in the window; whether it may go on.
pub(crate) fn count(
    visits: &mut VecDeque<DateTime<Utc>>,
    now: DateTime<Utc>,
    most: usize,
    window_ms: u64,
) -> bool {
    forget(visits, now, window_ms);
    let is_free = visits.len() < most;
    if is_free {
        visits.push_back(now);
    }
    is_free
}

/// Forgets what is out of the window.
pub(crate) fn forget(visits: &mut VecDeque<DateTime<Utc>>, now: DateTime<Utc>, window_ms: u64) {
    while let Some(first) = visits.front()
        && clock::after(*first, window_ms) <= now
    {
        visits.pop_front();
    }
}
