//! Time from a received observation to the first request that it led to.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use crate::api::status::{Histogram, LatencyStatus};
use crate::locked::Locked;

/// How many of the last measurements are kept.
const KEPT: usize = 4096;

/// The last measurements, and all of them by size.
#[derive(Debug, Default)]
pub(super) struct Latencies(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    last: VecDeque<u64>,
    all: Histogram,
}

impl Latencies {
    pub(super) fn note(&self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        let mut kept = self.kept();
        if kept.last.len() >= KEPT {
            kept.last.pop_front();
        }
        kept.last.push_back(micros);
        kept.all.note(micros);
    }

    /// All measurements by size.
    pub(super) fn histogram(&self) -> Histogram {
        self.kept().all
    }

    pub(super) fn status(&self) -> LatencyStatus {
        let mut sorted: Vec<u64> = self.kept().last.iter().copied().collect();
        sorted.sort_unstable();
        let at = |percent: usize| {
            let index = sorted.len().saturating_mul(percent) / 100;
            let index = index.min(sorted.len().saturating_sub(1));
            sorted.get(index).copied().unwrap_or_default()
        };
        LatencyStatus {
            count: sorted.len(),
            p50_us: at(50),
            p99_us: at(99),
            max_us: at(100),
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.locked()
    }
}
