//! What is known of CrossTrade.

use std::time::Duration;

use chrono::TimeDelta;

use super::{VenueDay, VenueKind, VenueProfile};
use crate::domain::abilities::{Abilities, CancelScope, CloseScope};
use crate::domain::instrument::Dialect;
use crate::domain::limits::{
    Cost, Costs, Limit, LimitScope, OrderReads, Rate, RequestLimits, Reserves,
};

impl VenueProfile {
    /// CrossTrade in front of NinjaTrader 8.
    ///
    /// NinjaTrader's realized P&L starts anew at 18:00 New York (account manager
    /// overview and watermarks page); an account that has not loaded shows zeros.
    /// Snapshots are cached for 3 s (a note on its newest documentation); a
    /// flatten takes the orders of the account along (positions page); whether a
    /// repeated flatten joins is not documented, so it is taken not to; a webhook
    /// may be delayed by up to 60 s (delay timer page). 180 requests a minute from
    /// a bucket of 20 that refills at 3 a second (rate limiting page), 18 of which
    /// are kept so that as many accounts can be closed at once; proofs keep one, and
    /// three of a minute, so that the next account's flatten is not behind them.
    pub const CROSSTRADE: VenueProfile = VenueProfile {
        kind: VenueKind::CrossTrade,
        name: "crosstrade",
        base_url: "https://app.crosstrade.io/v1/api",
        rights_url: None,
        credential: &["token"],
        has_numbers: true,
        assets: &[],
        dialect: Dialect::Futures,
        day: Some(VenueDay {
            timezone: chrono_tz::America::New_York,
            reset_hour: 18,
        }),
        zero_means_unloaded: true,
        polls_cached_for: Some(TimeDelta::seconds(3)),
        abilities: Abilities {
            cancel: &[
                CancelScope::Account,
                CancelScope::Symbol,
                CancelScope::Order,
            ],
            close: &[CloseScope::Account, CloseScope::Position],
            books: &[],
            hedge_mode: false,
            flatten_cancels_orders: true,
            cancel_before_close: false,
            repeated_close_joins: false,
        },
        longest_dead_man: None,
        watch_after_flat: TimeDelta::seconds(75),
        limits: RequestLimits {
            limits: &[
                Limit {
                    counts: "requests",
                    scope: LimitScope::Credential,
                    rate: Rate::Bucket {
                        burst: 20,
                        per_second: 3,
                    },
                    reserves: Reserves {
                        can_wait: 18,
                        beside: 10,
                        reads: 1,
                        polls: 0,
                    },
                    told_by: None,
                },
                Limit {
                    counts: "requests",
                    scope: LimitScope::Credential,
                    rate: Rate::Window {
                        most: 180,
                        within: Duration::from_secs(60),
                    },
                    reserves: Reserves {
                        can_wait: 18,
                        beside: 10,
                        reads: 3,
                        polls: 0,
                    },
                    told_by: None,
                },
            ],
            costs: Costs::alike(Cost(&[("requests", 1)])),
            planned_by: "requests",
            turned_away: LimitScope::Credential,
            longest_pause: Duration::from_secs(30),
            ban_statuses: &[],
            order_reads: OrderReads::EACH_SECOND,
        },
    };
}
