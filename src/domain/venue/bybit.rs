//! What is known of Bybit's v5.

use std::time::Duration;

use chrono::TimeDelta;

use super::{VenueKind, VenueProfile};
use crate::domain::abilities::{Abilities, CancelScope, CloseScope};
use crate::domain::instrument::Dialect;
use crate::domain::limits::{
    Cost, Costs, Limit, LimitScope, OrderReads, Rate, RequestLimits, Reserves, UsageHeader,
};

impl VenueProfile {
    /// Bybit v5.
    ///
    /// No figure of a day; an account may be empty. No call closes a position whatever
    /// its size is, and one that cancels is asked for by symbol, all kinds of orders
    /// together (cancel-all page; it takes a settle coin too, of which an account has
    /// several). A close is a reduce-only market order, so that a second one can only
    /// reduce what is left (create-order page). Limits by key and endpoint in a
    /// rolling second, 600 requests of an address in 5 s (rate-limit page): over
    /// these HTTP 403 for ten minutes at least. A key is one account.
    pub const BYBIT: VenueProfile = VenueProfile {
        kind: VenueKind::Bybit,
        name: "bybit",
        base_url: "https://api.bybit.com",
        rights_url: None,
        credential: &["key", "secret"],
        has_numbers: false,
        assets: &["USDT", "USDC"],
        dialect: Dialect::Symbols,
        day: None,
        zero_means_unloaded: false,
        polls_cached_for: None,
        abilities: Abilities {
            cancel: &[CancelScope::Symbol, CancelScope::Order],
            close: &[CloseScope::Quantity],
            books: &[],
            hedge_mode: true,
            flatten_cancels_orders: false,
            cancel_before_close: false,
            repeated_close_joins: true,
        },
        longest_dead_man: None,
        // A signal that the venue has accepted is an order at once.
        watch_after_flat: TimeDelta::seconds(10),
        limits: RequestLimits {
            limits: &[
                Limit {
                    counts: "requests",
                    scope: LimitScope::Address,
                    rate: Rate::Window {
                        most: 600,
                        within: Duration::from_secs(5),
                    },
                    reserves: Reserves {
                        can_wait: 300,
                        beside: 150,
                        reads: 100,
                        polls: 100,
                    },
                    told_by: None,
                },
                of_key("wallets", 50, 10),
                of_key("positions", 50, 10),
                of_key("orders", 50, 10),
                of_key("ledgers", 25, 0),
                of_key("closes", 10, 0),
                of_key("cancels", 10, 0),
            ],
            costs: Costs {
                // The wallet, and the positions in USDT, USDC and coins.
                poll: Cost(&[("requests", 4), ("wallets", 1), ("positions", 3)]),
                list: Cost(&[("requests", 1), ("wallets", 1)]),
                positions: Cost(&[("requests", 3), ("positions", 3)]),
                alive: Cost(&[("requests", 1), ("wallets", 1)]),
                orders: Cost(&[("requests", 3), ("orders", 3)]),
                orders_of_held: Cost(&[("requests", 3), ("orders", 3)]),
                flatten: Cost::NOTHING,
                close: Cost(&[("requests", 1), ("closes", 1)]),
                cancel_orders: Cost(&[("requests", 1), ("cancels", 1)]),
                cancel_order: Cost(&[("requests", 1), ("cancels", 1)]),
            },
            planned_by: "requests",
            turned_away: LimitScope::Credential,
            longest_pause: Duration::from_secs(30),
            ban_statuses: &[403],
            order_reads: OrderReads::EACH_SECOND,
        },
    };
}

/// A limit of Bybit's: so many requests of a key to one endpoint in a second. The
/// header says what is left of that endpoint's.
const fn of_key(counts: &'static str, most: u32, reserve: u32) -> Limit {
    Limit {
        counts,
        scope: LimitScope::Credential,
        rate: Rate::Window {
            most,
            within: Duration::from_secs(1),
        },
        reserves: Reserves {
            can_wait: reserve,
            beside: 0,
            reads: 0,
            polls: 0,
        },
        told_by: Some(UsageHeader::Left("x-bapi-limit-status")),
    }
}
