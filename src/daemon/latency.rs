//! Time from a received observation to the first request that it led to.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;

/// How many of the last measurements are kept.
const KEPT: usize = 4096;

/// The last measurements.
#[derive(Debug, Default)]
pub(super) struct Latencies(Mutex<VecDeque<Duration>>);

/// The distribution of the last measurements, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LatencyStatus {
    /// How many there are, at most 4096.
    pub count: usize,
    /// Median.
    pub p50_us: u64,
    /// 99th percentile.
    pub p99_us: u64,
    /// The longest.
    pub max_us: u64,
}

impl Latencies {
    pub(super) fn note(&self, latency: Duration) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back(latency);
    }

    pub(super) fn status(&self) -> LatencyStatus {
        let mut sorted: Vec<Duration> = {
            let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.iter().copied().collect()
        };
        sorted.sort_unstable();
        let at = |percent: usize| {
            let index = sorted.len().saturating_mul(percent) / 100;
            sorted
                .get(index.min(sorted.len().saturating_sub(1)))
                .map_or(0, |latency| {
                    u64::try_from(latency.as_micros()).unwrap_or(u64::MAX)
                })
        };
        LatencyStatus {
            count: sorted.len(),
            p50_us: at(50),
            p99_us: at(99),
            max_us: at(100),
        }
    }
}
