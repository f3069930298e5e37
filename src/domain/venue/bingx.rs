//! What is known of BingX's perpetual swaps.

use std::time::Duration;

use chrono::TimeDelta;

use super::{VenueKind, VenueProfile};
use crate::domain::abilities::{Abilities, CancelScope, CloseScope};
use crate::domain::holdings::OrderBook;
use crate::domain::instrument::Dialect;
use crate::domain::limits::{
    Cost, Costs, Limit, LimitScope, OrderReads, Rate, RequestLimits, Reserves,
};

impl VenueProfile {
    /// BingX perpetual swaps, v2 and v3.
    ///
    /// No figure of a day; an account may be empty. All kinds of orders stand in one list
    /// and are cancelled at once, of the account or of a symbol, but those that it trades
    /// in parts (TWAP): these have a list of their own and go one by one. One call closes
    /// every position and says which it could not (close-all page); orders stay, and
    /// resting ones hold what it would close (101212), so that they are cancelled with it.
    /// Whether that call only reduces is not said: what it has left is closed by orders
    /// that do, reduce-only or by the position's side. A few requests a second for each
    /// call, of an account and of an address; those of an address are the smaller ones (the
    /// vendor's list for programs). Over that 100410 or HTTP 429, then 418, for about five
    /// minutes (support article on limits). A key is one account.
    pub const BINGX: VenueProfile = VenueProfile {
        kind: VenueKind::BingX,
        name: "bingx",
        base_url: "https://open-api.bingx.com",
        rights_url: None,
        credential: &["key", "secret"],
        has_numbers: false,
        assets: &["USDT", "USDC"],
        dialect: Dialect::Symbols,
        day: None,
        zero_means_unloaded: false,
        polls_cached_for: None,
        abilities: Abilities {
            cancel: &[
                CancelScope::Account,
                CancelScope::Symbol,
                CancelScope::Order,
            ],
            close: &[CloseScope::Account, CloseScope::Quantity],
            books: &[OrderBook::Regular, OrderBook::Twap],
            hedge_mode: true,
            flatten_cancels_orders: false,
            cancel_before_close: true,
            repeated_close_joins: true,
        },
        longest_dead_man: Some(TimeDelta::seconds(120)),
        // A signal that the venue has accepted is an order at once.
        watch_after_flat: TimeDelta::seconds(10),
        limits: RequestLimits {
            limits: &[
                of_call("wallet reads", 3, 1, 0),
                of_call("positions", 3, 1, 1),
                of_call("orders", 3, 1, 0),
                of_call("twaps", 2, 0, 0),
                of_call("flattens", 2, 0, 0),
                of_call("closes", 3, 0, 0),
                of_call("cancels", 2, 0, 0),
                of_call("single cancels", 2, 0, 0),
                of_call("ledgers", 2, 0, 0),
                of_call("symbols", 1, 0, 0),
                of_call("modes", 2, 0, 0),
                of_call("rights", 2, 0, 0),
                of_call("timers", 1, 0, 0),
            ],
            costs: Costs {
                poll: Cost(&[("wallet reads", 1), ("positions", 1)]),
                positions: Cost(&[("positions", 1)]),
                orders: Cost(&[("orders", 1), ("twaps", 1)]),
                orders_of_held: Cost(&[("orders", 1), ("twaps", 1)]),
                flatten: Cost(&[("flattens", 1)]),
                close: Cost(&[("closes", 1)]),
                cancel_orders: Cost(&[("cancels", 1)]),
                // Those of both lists.
                cancel_order: Cost(&[("single cancels", 1)]),
                ..Costs::alike(Cost(&[("wallet reads", 1)]))
            },
            planned_by: "wallet reads",
            turned_away: LimitScope::Address,
            longest_pause: Duration::from_secs(30),
            ban_statuses: &[403, 418],
            order_reads: OrderReads {
                every: Duration::from_secs(2),
                all_every: Duration::from_secs(2),
                all_every_flat: Duration::from_secs(2),
            },
        },
    };
}

/// A limit of BingX's: so many requests of one call, from one address, in a second.
/// Reads that can wait leave some of it alone, and so do reads that prove something.
const fn of_call(counts: &'static str, most: u32, can_wait: u32, reads: u32) -> Limit {
    Limit {
        counts,
        scope: LimitScope::Address,
        rate: Rate::Window {
            most,
            within: Duration::from_secs(1),
        },
        reserves: Reserves {
            can_wait,
            beside: 0,
            reads,
            polls: 0,
        },
        told_by: None,
    }
}
