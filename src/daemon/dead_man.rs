//! The venue's own dead man's switch: it cancels resting orders when riskd stays away.
//!
//! It is set again at a third of its time, and taken back before an orderly end. When
//! it may be set is the adapter's to say, by what it has seen.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use crate::domain::timeouts;
use crate::venue::Venue;

/// How long taking it back may take at the end.
pub(super) const LAST: Duration = Duration::from_secs(3);

/// Keeps the switch of a venue set until it is stopped.
pub(super) async fn keep(venue: Arc<dyn Venue>, time: Duration, stop: CancellationToken) {
    let mut due = interval(time / 3);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = due.tick() => {}
        }
        let _late = timeout(timeouts::POLL, venue.keep_dead_man(time)).await;
    }
    let _late = timeout(LAST, venue.release_dead_man()).await;
}
