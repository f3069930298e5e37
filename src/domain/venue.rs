//! What is known of a kind of venue: facts that decide how its answers are
//! read and how an account is closed there.

use chrono::TimeDelta;

/// The facts of one kind of venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VenueProfile {
    /// For how long the venue may answer polls from a cache. While it may, what
    /// a poll shows can be older than the poll.
    pub polls_cached_for: Option<TimeDelta>,
    /// Whether a flatten also cancels the working orders of what it closes, so
    /// that a cancel beside it can wait.
    pub flatten_cancels_orders: bool,
    /// Whether a second flatten or close that arrives while one is still filling
    /// joins it. Where it does not, it would turn the position round.
    pub repeated_close_joins: bool,
    /// How long an account is watched closely after it was proven flat: signals
    /// that the venue accepted before may still place orders.
    pub watch_after_flat: TimeDelta,
}

impl VenueProfile {
    /// CrossTrade in front of NinjaTrader 8.
    ///
    /// Snapshots are cached for 3 s (a note on its newest documentation); a
    /// flatten takes the orders of the account along (positions page); whether a
    /// repeated flatten joins is not documented, so it is taken not to; a webhook
    /// may be delayed by up to 60 s (delay timer page).
    pub const CROSSTRADE: VenueProfile = VenueProfile {
        polls_cached_for: Some(TimeDelta::seconds(3)),
        flatten_cancels_orders: true,
        repeated_close_joins: false,
        watch_after_flat: TimeDelta::seconds(75),
    };
}
