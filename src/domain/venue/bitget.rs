//! What is known of Bitget's futures.

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
    /// Bitget's futures, v2 for classic and v3 for unified accounts.
    ///
    /// No figure of a day; an account may be empty. A close is a market order that is
    /// reduce-only or names its side, so that a second one can only reduce what is left;
    /// what resting orders hold of a side of hedge mode is not closed, so that they are
    /// cancelled with it (facts on its closes). The orders of a symbol that are in the book
    /// go by one cancel; conditional ones are cancelled one by one, by their plan type at
    /// a classic account and without one at a unified one. Limits by key and call in a
    /// second, where v2 and v3 differ, or the pages and a client, the smaller; 6,000
    /// requests of an address in a minute, as third parties quote it; over these HTTP 429.
    /// How long an address is turned away is not documented. A key is one account.
    pub const BITGET: VenueProfile = VenueProfile {
        kind: VenueKind::Bitget,
        name: "bitget",
        base_url: "https://api.bitget.com",
        rights_url: None,
        credential: &["key", "secret", "passphrase"],
        has_numbers: false,
        assets: &["USDT", "USDC"],
        dialect: Dialect::Symbols,
        day: None,
        zero_means_unloaded: false,
        polls_cached_for: None,
        abilities: Abilities {
            cancel: &[CancelScope::RegularOfSymbol, CancelScope::Order],
            close: &[CloseScope::Quantity],
            books: &[OrderBook::Regular, OrderBook::Conditional],
            hedge_mode: true,
            flatten_cancels_orders: false,
            cancel_before_close: true,
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
                        most: 6000,
                        within: Duration::from_secs(60),
                    },
                    reserves: Reserves {
                        can_wait: 3000,
                        beside: 1500,
                        reads: 1000,
                        polls: 500,
                    },
                    told_by: None,
                },
                of_call("wallets", 10),
                of_call("positions", 5),
                of_call("orders", 10),
                of_call("plans", 10),
                of_call("ledgers", 10),
                of_call("closes", 10),
                of_call("cancels", 5),
                of_call("cancels_of_one", 10),
            ],
            costs: Costs {
                // Wallets and positions in USDT, in USDC and in coins.
                poll: Cost(&[("requests", 6), ("wallets", 3), ("positions", 3)]),
                list: Cost(&[("requests", 3), ("wallets", 3)]),
                positions: Cost(&[("requests", 3), ("positions", 3)]),
                alive: Cost(&[("requests", 3), ("wallets", 3)]),
                // Of each of the three the book and three lists of conditional orders.
                orders: Cost(&[("requests", 12), ("orders", 3), ("plans", 9)]),
                orders_of_held: Cost(&[("requests", 12), ("orders", 3), ("plans", 9)]),
                flatten: Cost::NOTHING,
                close: Cost(&[("requests", 1), ("closes", 1)]),
                cancel_orders: Cost(&[("requests", 1), ("cancels", 1)]),
                cancel_order: Cost(&[("requests", 1), ("cancels_of_one", 1)]),
            },
            planned_by: "requests",
            turned_away: LimitScope::Credential,
            longest_pause: Duration::from_secs(30),
            ban_statuses: &[403],
            order_reads: OrderReads {
                every: Duration::from_secs(2),
                all_every: Duration::from_secs(2),
                all_every_flat: Duration::from_secs(2),
            },
        },
    };
}

/// A limit of Bitget's: so many requests of a key by one call in a second. No header says
/// how many are left.
const fn of_call(counts: &'static str, most: u32) -> Limit {
    Limit {
        counts,
        scope: LimitScope::Credential,
        rate: Rate::Window {
            most,
            within: Duration::from_secs(1),
        },
        reserves: Reserves::NONE,
        told_by: None,
    }
}
