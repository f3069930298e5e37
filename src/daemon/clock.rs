//! The one place that reads the clocks.

use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use tokio::time::Instant;

use crate::domain::now::Now;
use crate::domain::observation::Timestamp;

/// The clocks of this process.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Origin>);

#[derive(Debug)]
struct Origin {
    wall: Timestamp,
    instant: Instant,
}

impl Clock {
    /// Clocks whose steady time begins at the wall time.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the wall clock"
    )]
    pub fn start() -> Clock {
        Clock(Arc::new(Origin {
            wall: Utc::now(),
            instant: Instant::now(),
        }))
    }

    /// The present by both clocks.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the wall clock"
    )]
    pub fn now(&self) -> Now {
        Now {
            wall: Utc::now(),
            steady: self.steady(Instant::now()),
        }
    }

    /// An instant of the runtime's clock as steady time.
    pub fn steady(&self, instant: Instant) -> Timestamp {
        let passed = instant.saturating_duration_since(self.0.instant);
        TimeDelta::from_std(passed)
            .ok()
            .and_then(|passed| self.0.wall.checked_add_signed(passed))
            .unwrap_or(self.0.wall)
    }
}

/// The time of day, for those who only need that.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the wall clock"
)]
pub fn wall() -> Timestamp {
    Utc::now()
}
