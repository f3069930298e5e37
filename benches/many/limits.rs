//! What the budget of one token allows, and what design asks for.

use super::run::Variant;

/// Requests that a full bucket allows at once.
const BURST: f64 = 20.0;
/// Requests a second that come back.
const REFILL: f64 = 3.0;
/// Requests that a start takes for sent by the process before it, beside those on
/// record.
const UNRECORDED: f64 = 7.0;
/// Requests a second of the other program.
pub const OTHER: u32 = 2;
/// How long the venue keeps a snapshot, in milliseconds.
pub const CACHE_MS: u64 = 3_000;
/// Polls never stop for longer, in seconds.
pub const POLL_GAP: f64 = 2.0;

/// Seconds until something has been reached.
#[derive(Clone, Copy)]
pub struct Bounds {
    pub last_flatten: f64,
    pub positions_proven: f64,
    pub all_proven: f64,
}

/// The arithmetic of the budget: the burst at once, then what is left of the
/// refill beside one snapshot a second (one in two seconds where another program
/// leaves no more). An account needs a flatten; one snapshot proves the positions
/// of all; each needs a read of its orders after that. Where snapshots are kept for
/// a while, reads of the positions of each prove sooner when there is room for them.
/// A start in between has some requests less.
pub fn budget(count: usize, variant: Variant) -> Bounds {
    let spare = match variant {
        Variant::Other => REFILL - f64::from(OTHER) - 0.5,
        _ => REFILL - 1.0,
    };
    let burst = match variant {
        Variant::Kill => BURST - UNRECORDED,
        _ => BURST,
    };
    let seconds = |requests: f64| (requests - burst).max(0.0) / spare;
    let count = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    let lag = match variant {
        Variant::Cache => CACHE_MS as f64 / 1000.0,
        _ => 0.0,
    };
    let last_flatten = seconds(count);
    let by_snapshot = last_flatten + 1.0 + 2.0 * lag;
    let by_reads = seconds(3.0 * count) + 1.0;
    Bounds {
        last_flatten,
        positions_proven: by_snapshot.min(by_reads),
        all_proven: seconds(2.0 * count).max(by_snapshot.min(by_reads)),
    }
}

/// The limits of design; between its counts, and where there is less of the budget
/// than it takes for granted, those of the budget.
pub fn limits(count: usize, variant: Variant) -> Bounds {
    let arithmetic = budget(count, variant);
    let has_whole_budget = !matches!(variant, Variant::Other | Variant::Kill);
    let (last_flatten, all_proven) = match count {
        20 if has_whole_budget => (0.5, 12.0),
        50 if has_whole_budget => (16.0, 42.0),
        200 if has_whole_budget => (95.0, 200.0),
        _ => (
            arithmetic.last_flatten.mul_add(1.06, 0.5),
            arithmetic.all_proven.mul_add(1.06, 2.0),
        ),
    };
    let positions_proven = match variant {
        Variant::Cache => last_flatten + 6.5,
        _ => last_flatten + 1.5,
    };
    Bounds {
        last_flatten,
        positions_proven,
        all_proven,
    }
}
